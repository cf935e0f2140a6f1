//! What a document says about its own age: when it was written or took effect, when it expires, and
//! whether it was replaced. When two documents contradict each other, the newer one wins.
//!
//! A date counts only beside a word that explains it ("Effective January 15, 2024", "Stand: 1. März 2026");
//! a date alone may mean anything. English, German, Spanish, French, Italian and Portuguese.

mod dates;

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::language::{Language, data};

/// How much of the beginning of a text is read, in bytes.
const TOP: usize = 3_000;
/// How much of its end is read, in bytes: the last line may say "Last updated …".
const END: usize = 600;
/// How far before a date the word that explains it may stand, in bytes.
const NEAR: usize = 60;

/// The file says what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    of_the_day: Vec<String>,
    until: Vec<String>,
    other: Vec<String>,
    editions: Vec<String>,
    replaced: Vec<String>,
    months: HashMap<String, i8>,
}

static FILE: &str = include_str!("dated.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// What a text says about its own age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The date of the text: the latest that it gives for itself.
    pub of: Option<Date>,
    /// The last day on which it is valid.
    pub until: Option<Date>,
    /// The sentence that says it was replaced or is no longer valid.
    pub replaced: Option<String>,
}

impl Said {
    /// The beginning of the day `of` in UTC, as Unix ms.
    pub fn at(&self) -> Option<i64> {
        let zoned = self.of?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp().as_millisecond())
    }

    /// A warning for the owner when the text calls itself out of date on the day `today`.
    pub fn warning(&self, today: Date) -> Option<String> {
        if let Some(sentence) = &self.replaced {
            return Some(format!(
                "The document says that it is no longer valid: “{sentence}” Delete it if that is so."
            ));
        }
        let until = self.until.filter(|day| *day < today)?;
        Some(format!(
            "The document says that it was valid until {until}. Upload the current one."
        ))
    }
}

pub fn said(text: &str, language: Language) -> Said {
    let top = text.get(..text.floor_char_boundary(TOP)).unwrap_or(text);
    let end = text.ceil_char_boundary(text.len().saturating_sub(END).max(top.len()));
    let end = text.get(end..).unwrap_or_default();
    let mut said = Said::default();
    for part in [top, end] {
        read(part, language, &mut said);
    }
    if said.of.is_none() {
        said.of = edition(top);
    }
    said
}

fn read(part: &str, language: Language, said: &mut Said) {
    // Lowercasing can change the byte length of letters, so all offsets refer to the lowercased text.
    let lower = part.to_lowercase();
    for found in dates::find(&lower, language) {
        let from = lower.floor_char_boundary(found.range.start.saturating_sub(NEAR));
        let before = lower.get(from..found.range.start).unwrap_or_default();
        // An earlier line, cell or sentence says nothing about this date.
        let before = before.rsplit(['\n', '|']).next().unwrap_or_default();
        let before = before.rsplit(". ").next().unwrap_or_default();
        let last = |words: &[String]| words.iter().filter_map(|w| before.rfind(w)).max();
        // The word nearest to the date counts; "valid until" holds the word "until" too.
        let (of, until, other) = (
            last(&LISTS.of_the_day),
            last(&LISTS.until),
            last(&LISTS.other),
        );
        if of.is_some() && of > until && of > other {
            said.of = said.of.max(Some(found.date));
        } else if until.is_some() && until > of {
            said.until = said.until.max(Some(found.date));
        }
    }
    if said.replaced.is_none() {
        said.replaced = part
            .unicode_sentences()
            .flat_map(str::lines)
            .find(|sentence| {
                let lower = sentence.to_lowercase();
                LISTS.replaced.iter().any(|words| lower.contains(words))
            })
            .map(|sentence| sentence.trim().chars().take(200).collect());
    }
}

/// "2026 edition", "Price list 2026": the first day of that year.
fn edition(top: &str) -> Option<Date> {
    for line in top.lines().filter(|l| !l.trim().is_empty()).take(12) {
        let lower = line.to_lowercase();
        if line.chars().count() > 120 || !LISTS.editions.iter().any(|word| lower.contains(word)) {
            continue;
        }
        let years: Vec<i16> = lower
            .unicode_words()
            .filter(|w| w.len() == 4)
            .filter_map(|w| w.parse().ok())
            .filter(|y| (1990..=2100).contains(y))
            .collect();
        if let [year] = years.as_slice() {
            return Date::new(*year, 1, 1).ok();
        }
    }
    None
}

#[cfg(test)]
#[path = "dated_tests.rs"]
mod tests;
