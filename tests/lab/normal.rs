//! Words of a text, however they are written.

use crate::score::words;

#[test]
fn what_is_said_alike_is_alike() {
    for (one, other) in [
        (
            "We're open from 9am to 1 p.m.",
            "were open from nine am to one pm",
        ),
        (
            "It costs $120.50, or €5.",
            "it costs one hundred twenty dollars fifty cents or five euros",
        ),
        ("It costs 120 dollars and 50 cents", "it costs $120.50"),
        (
            "December 24th, 2026 at 10:30",
            "december twenty fourth twenty twenty six at ten thirty",
        ),
        (
            "Call 555-0142 [music]",
            "call five five five zero one four two",
        ),
        (
            "Um, 20% of 1,048",
            "twenty percent of one thousand and forty-eight",
        ),
        ("Okay, Dr. Smith", "OK doctor Smith"),
        (
            "Write to info@bluefin-dental.com",
            "write to info at bluefin dental dot com",
        ),
        (
            "at 5:05 it is 3.5",
            "at five oh five it is three point five",
        ),
        ("Wi‑Fi", "wi fi"),
        ("B7X9Q", "b 7 x 9 q"),
    ] {
        assert_eq!(words(one), words(other));
    }
}

#[test]
fn what_is_said_otherwise_stays_so() {
    assert_ne!(words("15 guests"), words("50 guests"));
    assert_ne!(words("at 8:00"), words("at 8:05"));
    assert!(words(" [coughs] ... ").is_empty());
}

#[test]
fn odd_text_is_no_trouble() {
    for odd in [
        "",
        "$",
        "%%",
        "1:",
        ":5",
        "1.",
        "$x.y",
        "9999999999999999999999",
        "१२",
    ] {
        words(odd);
    }
}
