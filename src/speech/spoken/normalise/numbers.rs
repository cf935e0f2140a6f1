//! Numbers: cardinals, ordinals, decimals, fractions, ranges, years, Roman numerals, digits in a row.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::pattern;
use crate::language::data::{self, WordSet};
use crate::language::numbers as words;
pub(in crate::speech::spoken) use crate::language::numbers::cardinal;

/// Word lists; the TOML file explains each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    no_names: WordSet,
    kings: WordSet,
}

static FILE: &str = include_str!("numbers.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// "first", "twenty second".
pub(super) fn ordinal(number: u64) -> String {
    words::ordinal(&cardinal(number))
}

/// Digit by digit.
pub(super) fn digits(text: &str) -> String {
    let each: Vec<&str> = text
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(|d| words::one(u64::from(d)))
        .collect();
    each.join(" ")
}

/// A year as it is spoken: "twenty twenty six", "two thousand five", "nineteen oh one".
pub(super) fn year(number: u64) -> String {
    let (century, rest) = (number / 100, number % 100);
    match (century, rest) {
        (20, 0..=9) | (10, 0..=9) => cardinal(number),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// Reads a number as written: with commas for thousands, a decimal point, a sign, or as a range ("2-3").
pub(super) fn quantity(text: &str) -> String {
    let text = text.trim();
    for dash in ['–', '—', '-', '−'] {
        if let Some((left, right)) = text.split_once(dash)
            && left.ends_with(|c: char| c.is_ascii_digit() || c == ' ')
            && !left.trim().is_empty()
        {
            return format!("{} to {}", quantity(left), quantity(right));
        }
    }
    if let Some(rest) = text.strip_prefix(['-', '−']) {
        return format!("minus {}", quantity(rest));
    }
    if let Some((over, under)) = text.split_once('/') {
        return fraction(over, under)
            .unwrap_or_else(|| format!("{} over {}", quantity(over), quantity(under)));
    }
    let plain = text.replace(',', "");
    if let Some((whole, part)) = plain.split_once('.') {
        let whole = if whole.is_empty() {
            "zero".to_owned()
        } else {
            quantity(whole)
        };
        return if part.is_empty() {
            whole
        } else {
            format!("{whole} point {}", digits(part))
        };
    }
    // A leading zero means a code, and so do numbers too long to be said.
    let zero = plain.len() > 1 && plain.starts_with('0');
    match plain.parse::<u64>() {
        Ok(number) if !zero && plain.len() < 16 => cardinal(number),
        _ => digits(&plain),
    }
}

pub(super) fn is_one(text: &str) -> bool {
    text.trim() == "1"
}

fn fraction(over: &str, under: &str) -> Option<String> {
    let (n, d) = (
        over.trim().parse::<u64>().ok()?,
        under.trim().parse::<u64>().ok()?,
    );
    if n == 0 || !(2..=100).contains(&d) || (n >= d && d > 16) {
        return None;
    }
    let part = match d {
        2 if n == 1 => "half".to_owned(),
        2 => "halves".to_owned(),
        4 if n == 1 => "quarter".to_owned(),
        4 => "quarters".to_owned(),
        _ if n == 1 => ordinal(d),
        _ => format!("{}s", ordinal(d)),
    };
    Some(if n == 1 {
        format!("one {part}")
    } else {
        format!("{} {part}", cardinal(n))
    })
}

static MIXED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:\b(\d{1,4})[ -])?\b(\d{1,3})/(\d{1,3})\b"));
static ORDINAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b"));
static RANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d[\d,]*(?:\.\d+)?)( ?[–—−] ?| - |-)(\d[\d,]*(?:\.\d+)?%?)"));
static DECADE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:\b|['’])(\d\d|\d{4})['’]?s\b"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(^|[\s(])?([-−])?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*|\.\d+)")
});
static ROMAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b([A-Z][a-z]+) (II|III|IV|VI|VII|VIII|IX|XI|XII|XIII|XIV|XV|XVI|XX|XXI)\b")
});

/// Reads every number that is left. Special notations go before the plain numbers in them.
pub(super) fn read(text: &str) -> String {
    let text = ROMAN.replace_all(text, |found: &Captures<'_>| {
        if LISTS.no_names.contains(&found[1]) {
            return found[0].to_owned();
        }
        let number = parse_roman(&found[2]);
        let words = if LISTS.kings.contains(&found[1]) {
            format!("the {}", ordinal(number))
        } else {
            cardinal(number)
        };
        format!("{} {words}", &found[1])
    });
    let text = MIXED.replace_all(&text, |found: &Captures<'_>| {
        match (found.get(1), fraction(&found[2], &found[3])) {
            (Some(whole), Some(part)) => {
                let part = part
                    .strip_prefix("one ")
                    .map_or(part.clone(), |rest| format!("a {rest}"));
                format!("{} and {part}", quantity(whole.as_str()))
            }
            (None, Some(part)) => part,
            (whole, None) => {
                let whole = whole
                    .map(|whole| format!("{} ", quantity(whole.as_str())))
                    .unwrap_or_default();
                format!(
                    "{whole}{} slash {}",
                    quantity(&found[2]),
                    quantity(&found[3])
                )
            }
        }
    });
    let text = DECADE.replace_all(&text, |found: &Captures<'_>| read_decade(&found[1]));
    let text = ORDINAL.replace_all(&text, |found: &Captures<'_>| {
        found[1]
            .replace(',', "")
            .parse()
            .map_or_else(|_| digits(&found[1]), ordinal)
    });
    let text = RANGE.replace_all(&text, |found: &Captures<'_>| {
        let years =
            |text: &str| text.len() == 4 && (text.starts_with("19") || text.starts_with("20"));
        let say = |text: &str| {
            text.parse()
                .ok()
                .filter(|_| years(text))
                .map_or_else(|| text.to_owned(), year)
        };
        format!("{} to {}", say(&found[1]), say(&found[3]))
    });
    let numbers = NUMBER.replace_all(&text, |found: &Captures<'_>| {
        // A dash after a letter or digit is a hyphen, not a minus.
        let before = found.get(1).map_or("", |space| space.as_str());
        let free = found.get(1).is_some();
        let minus = if found.get(2).is_none() {
            ""
        } else if free {
            "minus "
        } else {
            " "
        };
        format!("{before} {minus}{} ", read_single(&found[3]))
    });
    numbers.into_owned()
}

/// Reads one number without a sign.
fn read_single(text: &str) -> String {
    // Versions and network addresses: "2.0.1".
    if text.matches('.').count() > 1 {
        return text
            .split('.')
            .map(quantity)
            .collect::<Vec<_>>()
            .join(" point ");
    }
    let bare = text.len() == 4 && text.chars().all(|c| c.is_ascii_digit());
    match text.parse::<u64>() {
        // Four plain digits in this range are most likely a year.
        Ok(number @ 1100..=2099) if bare && (number >= 1900 || number % 100 != 0) => {
            if number >= 1900 || number % 100 > 9 {
                year(number)
            } else {
                cardinal(number)
            }
        }
        // Long numbers without commas are identifiers.
        Ok(_) if text.len() > 6 => in_groups(text),
        _ => quantity(text),
    }
}

/// Reads a long row of digits in groups of three, with pauses.
pub(super) fn in_groups(text: &str) -> String {
    let all: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let groups: Vec<String> = match all.len() {
        0..=4 => vec![digits(text)],
        n => {
            // A rest of one digit joins the first group: a single digit is hard to follow.
            let odd = if n % 3 == 1 { 4 } else { n % 3 };
            let head = if odd == 0 { 3 } else { odd };
            let mut groups = vec![all[..head].iter().collect::<String>()];
            groups.extend(
                all[head..]
                    .chunks(3)
                    .map(|chunk| chunk.iter().collect::<String>()),
            );
            groups.iter().map(|group| digits(group)).collect()
        }
    };
    groups.join(", ")
}

/// "90s", "1980s".
fn read_decade(text: &str) -> String {
    let number: u64 = text.parse().unwrap_or_default();
    let words = if text.len() == 4 {
        year(number)
    } else {
        cardinal(number)
    };
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{words}s"),
    }
}

fn parse_roman(text: &str) -> u64 {
    let value = |c: char| match c {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        _ => 0,
    };
    let values: Vec<u64> = text.chars().map(value).collect();
    values.iter().enumerate().fold(0, |sum, (at, value)| {
        if values.get(at + 1).is_some_and(|next| next > value) {
            sum
        } else {
            sum + value - subtrahend_before(&values, at)
        }
    })
}

/// How much the numeral before takes away, like the I of IV.
fn subtrahend_before(values: &[u64], at: usize) -> u64 {
    at.checked_sub(1).map_or(0, |before| {
        if values[before] < values[at] {
            values[before]
        } else {
            0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.kings.contains("Henry") && lists.no_names.contains("The"));
        assert_eq!(read("Henry VIII").trim(), "Henry the eighth");
    }
}
