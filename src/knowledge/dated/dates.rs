//! Dates in a text: numbers and month names of six languages.

use std::ops::Range;

use jiff::civil::Date;

use super::LISTS;
use crate::language::{Language, calendar};

/// Languages whose month names are read. Those of other languages are ordinary words here: Turkish "mart"
/// is March.
const LANGUAGES: [Language; 6] = [
    Language::En,
    Language::De,
    Language::Es,
    Language::Fr,
    Language::It,
    Language::Pt,
];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub date: Date,
    pub range: Range<usize>,
}

struct Token<'a> {
    text: &'a str,
    range: Range<usize>,
}

/// All dates in a lowercased text that give a year and a month, with or without a day.
pub(super) fn find(lower: &str, language: Language) -> Vec<Found> {
    let tokens = tokens(lower);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        match parse_named(rest).or_else(|| parse_numeric(rest, lower, language)) {
            Some((date, used)) => {
                let start = rest.first().map_or(0, |t| t.range.start);
                let end = rest.get(used - 1).map_or(start, |t| t.range.end);
                found.push(Found {
                    date,
                    range: start..end,
                });
                at += used;
            }
            None => at += 1,
        }
    }
    found
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                tokens.push(Token {
                    text: text.get(from..at).unwrap_or_default(),
                    range: from..at,
                });
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

fn month(word: &str) -> Option<i8> {
    let mut languages = LANGUAGES.into_iter();
    let named = languages.find_map(|language| calendar::lower(language)?.month(word));
    named.or_else(|| LISTS.months.get(word).copied())
}

/// A day of the month, also as "1st" or "1er".
fn day(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let suffix = word.get(digits.len()..)?;
    let usual = matches!(suffix, "" | "st" | "nd" | "rd" | "th" | "er");
    digits
        .parse()
        .ok()
        .filter(|d| usual && (1..=31).contains(d))
}

fn year(word: &str) -> Option<i16> {
    word.parse()
        .ok()
        .filter(|y| word.len() == 4 && (1990..=2100).contains(y))
}

fn is_link(word: &str) -> bool {
    matches!(word, "de" | "del" | "of" | "d")
}

/// A date with the name of a month, and the number of tokens it spans.
fn parse_named(tokens: &[Token<'_>]) -> Option<(Date, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |t| t.text);
    // "March 2, 2026" and "March 2026"
    if let Some(month) = month(word(0)) {
        if let (Some(day), Some(year)) = (day(word(1)), year(word(2))) {
            return Some((Date::new(year, month, day).ok()?, 3));
        }
        let skip = usize::from(is_link(word(1)));
        let year = year(word(1 + skip))?;
        return Some((Date::new(year, month, 1).ok()?, 2 + skip));
    }
    // "2 March 2026", "2 de marzo de 2026", "2. März 2026"
    let day = day(word(0))?;
    let mut at = 1 + usize::from(is_link(word(1)));
    let month = month(word(at))?;
    at += 1;
    at += usize::from(is_link(word(at)));
    let year = year(word(at))?;
    Some((Date::new(year, month, day).ok()?, at + 1))
}

/// "2026-06-15", "15.6.2026", "6/15/2026".
fn parse_numeric(tokens: &[Token<'_>], text: &str, language: Language) -> Option<(Date, usize)> {
    let [a, b, c, ..] = tokens else { return None };
    let between =
        |x: &Token<'_>, y: &Token<'_>| text.get(x.range.end..y.range.start).map(str::trim);
    let separator = between(a, b).filter(|s| matches!(*s, "-" | "." | "/"))?;
    if between(b, c) != Some(separator) {
        return None;
    }
    if let Some(year) = year(a.text) {
        let (month, day) = (b.text.parse().ok()?, c.text.parse().ok()?);
        return Some((Date::new(year, month, day).ok()?, 3));
    }
    let year = year(c.text)?;
    let (first, second): (i8, i8) = (a.text.parse().ok()?, b.text.parse().ok()?);
    // Only English with slashes puts the month first, and only where it can be one.
    let month_first = separator == "/" && matches!(language, Language::En) && first <= 12;
    let (day, month) = match month_first || second > 12 {
        true => (second, first),
        false => (first, second),
    };
    Some((Date::new(year, month, day).ok()?, 3))
}
