//! Times of day and their ranges.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{mark_letters, numbers, pattern};

const HALF: &str = r"(?:([AaPp])\.?\s?([Mm])\b\.?)";

/// "9am–1pm", "9:00 - 17:00". The second half must be a clear time, so that codes do not match.
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(\d{1,2}(?::\d\d)?\s?(?:[ap]\.?m\b\.?)?)\s?[-–—]\s?(\d{1,2}(?::\d\d)?\s?[ap]\.?m\b|\d{1,2}:\d\d)",
    )
});
static FULL: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\b(\d{{1,2}})[:.](\d\d)(?::(\d\d))?\s?{HALF}")));
static HOUR: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"\b(\d{{1,2}})\s?{HALF}")));
static COLON: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2}):(\d\d)(?::(\d\d))?\b(?: ?(h|hrs|Uhr)\b)?"));
static LONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([AaPp])\.\s?([Mm])\."));

/// Reads times: "ten thirty", "five forty five P M".
pub(super) fn read(text: &str) -> String {
    if !text.contains(|c: char| c.is_ascii_digit()) && !text.contains(['M', 'm']) {
        return text.to_owned();
    }
    let ends = text.trim_end().ends_with("m.");
    let text = RANGE.replace_all(text, |found: &Captures<'_>| {
        format!("{} to {}", found[1].trim(), &found[2])
    });
    let text = FULL.replace_all(&text, |found: &Captures<'_>| {
        let half = mark_letters(&format!("{}{}", &found[4], &found[5]).to_uppercase());
        let Some(time) = read_time(&found[1], &found[2], None, true) else {
            return found[0].to_owned();
        };
        format!("{time} {half}")
    });
    let text = HOUR.replace_all(&text, |found: &Captures<'_>| {
        format!(
            "{} {}",
            numbers::quantity(&found[1]),
            mark_letters(&format!("{}{}", &found[2], &found[3]).to_uppercase())
        )
    });
    let text = COLON.replace_all(&text, |found: &Captures<'_>| {
        read_time(
            &found[1],
            &found[2],
            found.get(3).map(|s| s.as_str()),
            false,
        )
        .unwrap_or_else(|| found[0].to_owned())
    });
    let text = LONE.replace_all(&text, |found: &Captures<'_>| {
        mark_letters(&format!("{}{}", &found[1], &found[2]).to_uppercase())
    });
    // The full stop of a final "p.m." also ends the sentence.
    if ends && !text.trim_end().ends_with('.') {
        format!("{}.", text.trim_end())
    } else {
        text.into_owned()
    }
}

fn read_time(hour: &str, minute: &str, second: Option<&str>, half: bool) -> Option<String> {
    let (h, m): (u64, u64) = (hour.parse().ok()?, minute.parse().ok()?);
    if h > 24 || m > 59 {
        return None;
    }
    let hours = if h == 0 {
        "zero".to_owned()
    } else {
        numbers::cardinal(h)
    };
    let mut words = match m {
        0 if half => hours,
        0 if (1..=12).contains(&h) => format!("{hours} o'clock"),
        0 if h == 0 => "midnight".to_owned(),
        0 => format!("{hours} hundred"),
        1..=9 => format!("{hours} oh {}", numbers::cardinal(m)),
        _ => format!("{hours} {}", numbers::cardinal(m)),
    };
    if let Some(seconds) = second {
        words.push_str(&format!(
            " and {} seconds",
            numbers::quantity(seconds.trim_start_matches('0'))
        ));
    }
    Some(words)
}
