//! Arithmetic over quoted words: a price times a count, the sum of two rows, the cheapest of a table, whether an
//! age falls within a rule, a day so long before another. The formula is shown and what went into it is cited;
//! where anything is not sure nothing is reckoned, and the visitor reads the quotation.

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

/// What was asked, and the words that answer.
pub(super) struct MathQuestion<'a> {
    pub(super) question: &'a str,
    pub(super) language: Language,
    /// The time at the business; needed where [`needs_time`] says so.
    pub(super) now: Option<&'a Zoned>,
}

/// Whether the answer to a question may have to be reckoned from today's date.
pub(super) fn needs_time(question: &str) -> bool {
    until::asks(question)
}

/// The result of reckoning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Computed {
    /// As it is shown: "3 × $45 = $135".
    pub(super) formula: String,
    /// Rows of the table that it was reckoned from, where these are others than the quoted one; the first is
    /// the one that answers.
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

/// Reckons with the cell or sentence that holds the words that answer.
pub(super) fn from_quotation(asked: &MathQuestion<'_>, quotation: &str) -> Option<Computed> {
    product::product(asked.question, asked.language, quotation)
        .or_else(|| age::within(asked.question, quotation))
        .or_else(|| until::until(asked, quotation))
        .map(Computed::of_quotation)
}

/// Reckons with the rows of the table that the answer stands in.
pub(super) fn from_table(asked: &MathQuestion<'_>, table: &Table<'_>) -> Option<Computed> {
    cheapest::cheapest(asked, table)
        .or_else(|| sum::sum(asked, table))
        .or_else(|| age::row(asked, table))
}

fn words(text: &str) -> Vec<String> {
    text.split_word_bounds()
        .filter(|w| w.chars().any(char::is_alphanumeric) || matches!(*w, "/" | "%" | "+"))
        .map(unaccented)
        .collect()
}

/// Whether one of the phrases stands in the words. The last word of a phrase may go on, unless a space follows it.
fn says(words: &[String], phrases: &[String]) -> bool {
    let text = format!(" {} ", words.join(" "));
    phrases
        .iter()
        .any(|phrase| text.contains(&format!(" {phrase}")))
}

/// The words of a question that name what is asked for.
fn content(words: &[String], language: Language) -> Vec<&str> {
    words
        .iter()
        .map(String::as_str)
        .filter(|w| !is_function_word(language, w) && !LISTS.asking.contains(w))
        .collect()
}

/// Whether two folded words are forms of one: "haircut" and "haircuts".
fn alike(one: &str, other: &str) -> bool {
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
