//! Arithmetic over quoted words: a price times a count, the sum of two rows, the cheapest row of a table, whether
//! an age falls under a rule, the day a given time before another. The answer shows the formula and cites its
//! inputs. When in doubt we compute nothing, and the visitor reads the quotation.

mod age;
mod amount;
mod cheapest;
mod lists;
mod product;
mod rows;
mod sum;
mod until;

use std::ops::Range;

use jiff::Zoned;
use unicode_segmentation::UnicodeSegmentation;

use self::lists::LISTS;
pub(super) use self::rows::{Extent, Row, Table};
use crate::language::Language;
use crate::language::lists::is_function_word;
use crate::language::words::unaccented;

/// The question, and when and in which language it is asked.
pub(super) struct MathQuestion<'a> {
    pub(super) question: &'a str,
    pub(super) language: Language,
    /// Local time at the business; required if [`needs_time`] says so.
    pub(super) now: Option<&'a Zoned>,
}

/// Whether the answer may depend on today's date.
pub(super) fn needs_time(question: &str) -> bool {
    until::asks(question)
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Computed {
    /// As shown to the visitor: "3 × $45 = $135".
    pub(super) formula: String,
    /// The table rows used, as byte ranges of the passage, if they differ from the quoted row; the answering row
    /// comes first.
    pub(super) rows: Vec<Range<usize>>,
}

impl Computed {
    fn of_quotation(formula: String) -> Self {
        Self {
            formula,
            rows: Vec::new(),
        }
    }
}

/// Computes from the cell or sentence that holds the answer.
pub(super) fn from_quotation(asked: &MathQuestion<'_>, quotation: &str) -> Option<Computed> {
    product::multiply(asked.question, asked.language, quotation)
        .or_else(|| age::compare(asked.question, quotation))
        .or_else(|| until::find_last_day(asked, quotation))
        .map(Computed::of_quotation)
}

/// Computes from the rows of the table that holds the answer.
pub(super) fn from_table(asked: &MathQuestion<'_>, table: &Table<'_>) -> Option<Computed> {
    cheapest::find_cheapest(asked, table)
        .or_else(|| sum::add_rows(asked, table))
        .or_else(|| age::find_row(asked, table))
}

fn words(text: &str) -> Vec<String> {
    text.split_word_bounds()
        .filter(|w| w.chars().any(char::is_alphanumeric) || matches!(*w, "/" | "%" | "+"))
        .map(unaccented)
        .collect()
}

/// Whether the words contain one of the phrases. The last word may have an ending, unless the phrase ends in a space.
fn says(words: &[String], phrases: &[String]) -> bool {
    let text = format!(" {} ", words.join(" "));
    phrases
        .iter()
        .any(|phrase| text.contains(&format!(" {phrase}")))
}

/// The words of a question that name its subject.
fn content(words: &[String], language: Language) -> Vec<&str> {
    words
        .iter()
        .map(String::as_str)
        .filter(|w| !is_function_word(language, w) && !LISTS.asking.contains(w))
        .collect()
}

/// Whether two folded words are forms of the same word: "haircut" and "haircuts".
fn are_alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    long.strip_prefix(short)
        .is_some_and(|rest| match short.chars().count() {
            0..=3 => rest.is_empty() || rest == "s",
            _ => rest.chars().count() <= 3,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn asked(question: &str) -> MathQuestion<'_> {
        let now = "2026-05-04T10:00[Europe/London]";
        MathQuestion {
            question,
            language: crate::language::of_question(question),
            now: Some(Box::leak(Box::new(now.parse().expect("a time")))),
        }
    }

    /// The table of `text` whose quoted row holds `words`.
    pub(super) fn table<'t>(text: &'t str, words: &str, above: &'t str) -> Table<'t> {
        let at = text.find(words).expect("the words are there");
        Table::around(text, &(at..at + words.len()), above).expect("a table")
    }
}
