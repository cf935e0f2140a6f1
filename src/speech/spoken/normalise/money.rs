//! Money: dollars, euros and pounds, with cents, in thousands and millions.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{numbers, pattern};

const AMOUNT: &str = r"(\d{1,3}(?:,\d{3})+|\d+)(?:([.,])(\d{1,2}|\d{4,})\b)?";
const SCALE: &str = r"(?:\s?(thousand|million|billion|trillion|mio|bn|[kKmMB])\b)?";

static RANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"([$€£]\s?\d[\d,.]*)\s?[-–—]\s?([$€£]?)\s?(\d[\d,.]*)"));
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"([-−])?(?:\b(?:US|CA|AU|A|C))?([$€£]|\b(?:USD|EUR|GBP)\b)\s?{AMOUNT}{SCALE}"
    ))
});
static AFTER: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"{AMOUNT}{SCALE}\s?([$€£]|\b(?:USD|EUR|GBP)\b|¢)")));
static CENTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{1,3})\s?(?:¢|ct\b)"));
static PER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(dollars?|euros?|pounds?|cents?|pence)\s?/\s?(hours?|hr|h|months?|mo|years?|yr|days?|nights?|persons?|weeks?|min|minutes?|visits?|users?|each|kg|lb|km|mile)\b",
    )
});

/// Reads amounts of money.
pub(super) fn read(text: &str) -> String {
    if !text.contains(['$', '€', '£', '¢'])
        && !["USD", "EUR", "GBP"].iter().any(|code| text.contains(code))
    {
        return text.to_owned();
    }
    let text = RANGE.replace_all(text, |found: &Captures<'_>| {
        // Name the unit once: "twenty to thirty dollars".
        let (sign, low) = found[1].split_at(found[1].chars().next().map_or(0, char::len_utf8));
        let high = &found[3];
        let (low, stop) = (low.trim(), high.trim_end_matches(['.', ',']));
        let tail = &high[stop.len()..];
        if low.contains('.') {
            format!("{sign}{low} to {sign}{stop}{tail}")
        } else {
            format!("{} to {sign}{stop}{tail}", numbers::quantity(low))
        }
    });
    let text = BEFORE.replace_all(&text, |found: &Captures<'_>| {
        let minus = if found.get(1).is_some() { "minus " } else { "" };
        let amount = read_amount(
            &found[2],
            &found[3],
            decimals(found, 4),
            found.get(6).map(|scale| scale.as_str()),
        );
        format!("{minus}{amount}")
    });
    let text = AFTER.replace_all(&text, |found: &Captures<'_>| {
        read_amount(
            &found[5],
            &found[1],
            decimals(found, 2),
            found.get(4).map(|scale| scale.as_str()),
        )
    });
    let text = CENTS.replace_all(&text, |found: &Captures<'_>| {
        format!("{} cents", numbers::quantity(&found[1]))
    });
    PER.replace_all(&text, |found: &Captures<'_>| {
        let unit = match &found[2] {
            "hr" | "h" => "hour",
            "mo" => "month",
            "yr" => "year",
            "min" => "minute",
            "kg" => "kilogram",
            "lb" => "pound",
            "km" => "kilometer",
            other => other,
        };
        format!("{} per {unit}", &found[1])
    })
    .into_owned()
}

/// Digits after the decimal point (or comma, as in Europe).
fn decimals<'a>(found: &'a Captures<'_>, at: usize) -> Option<&'a str> {
    found
        .get(at)
        .and_then(|_| found.get(at + 1))
        .map(|part| part.as_str())
}

fn read_amount(currency: &str, whole: &str, part: Option<&str>, scale: Option<&str>) -> String {
    let (one, many, small_one, small_many) = match currency {
        "€" | "EUR" => ("euro", "euros", "cent", "cents"),
        "£" | "GBP" => ("pound", "pounds", "penny", "pence"),
        "¢" => ("cent", "cents", "cent", "cents"),
        _ => ("dollar", "dollars", "cent", "cents"),
    };
    let units = if numbers::is_one(whole) { one } else { many };
    if let Some(scale) = scale {
        let scale = match scale {
            "k" | "K" | "thousand" => "thousand",
            "m" | "M" | "mio" | "million" => "million",
            "trillion" => "trillion",
            _ => "billion",
        };
        let point = part
            .map(|part| format!(" point {}", numbers::digits(part)))
            .unwrap_or_default();
        return format!("{}{point} {scale} {many}", numbers::quantity(whole));
    }
    let Some(part) = part else {
        return format!("{} {units}", numbers::quantity(whole));
    };
    // More than two decimals are not cents.
    if part.len() > 2 {
        return format!(
            "{} point {} {many}",
            numbers::quantity(whole),
            numbers::digits(part)
        );
    }
    let cents = part.parse::<u64>().unwrap_or_default() * if part.len() == 1 { 10 } else { 1 };
    let small = if cents == 1 { small_one } else { small_many };
    match (whole, cents) {
        (_, 0) => format!("{} {units}", numbers::quantity(whole)),
        ("0", _) => format!("{} {small}", numbers::cardinal(cents)),
        _ => format!(
            "{} {units} and {} {small}",
            numbers::quantity(whole),
            numbers::cardinal(cents)
        ),
    }
}
