//! Word errors.

use crate::score::{Errors, compare};

fn errors(said: &str, heard: &str) -> usize {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    compare(&words(said), &words(heard)).errors
}

#[test]
fn errors_are_counted_by_the_cheapest_way() {
    for (said, heard, count) in [
        ("we open at nine", "we open at nine", 0),
        ("we open at nine", "we open nine", 1),
        ("we open at nine", "we do open at nine", 1),
        ("we open at nine", "we opened at five", 2),
        ("", "thank you", 2),
        ("thank you", "", 2),
        ("a b c d", "b c d e", 2),
    ] {
        assert_eq!(errors(said, heard), count, "{said} / {heard}");
    }
}

#[test]
fn compounds_may_be_written_apart() {
    assert_eq!(errors("the wi fi is free", "the wifi is free"), 0);
    assert_eq!(errors("the email address", "the e mail address"), 0);
    assert_eq!(errors("the email address", "the e male address"), 2);
}

#[test]
fn rates_are_of_what_was_said() {
    let sum = Errors {
        errors: 1,
        words: 3,
    }
    .plus(Errors {
        errors: 0,
        words: 7,
    });
    assert!((sum.rate() - 0.1).abs() < 1e-9);
    assert!(Errors::default().rate().abs() < 1e-9);
}
