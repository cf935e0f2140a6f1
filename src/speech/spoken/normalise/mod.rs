//! Written text → words. Each kind of notation has its file with a pure `read`, which finds it in a
//! text and puts words in its place; the order matters, as a date is also a phone number's look-alike.

mod abbreviations;
mod clock;
mod codes;
mod dates;
mod measures;
mod money;
pub(super) mod numbers;
mod phones;
mod signs;
mod web;

use regex::Regex;

use super::pronounce::LETTER;

/// The words of a clause, with `,` `.` `?` `!` as pauses; letters that are named have the mark
/// [`LETTER`] before them.
pub(super) fn normalise(text: &str) -> String {
    let mut words = signs::tidy(text);
    for read in [
        web::read,
        dates::read,
        clock::read,
        money::read,
        phones::read,
        measures::read,
        abbreviations::read,
        codes::read,
        numbers::read,
        signs::read,
    ] {
        words = read(&words);
    }
    words
}

/// A fixed pattern.
#[expect(
    clippy::expect_used,
    reason = "the patterns are fixed and a test compiles each"
)]
pub(super) fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("a fixed pattern")
}

/// Letters to be named, in a row.
fn named(letters: &str) -> String {
    let marked: Vec<String> = letters
        .chars()
        .filter(|c| c.is_alphabetic())
        .map(|c| format!("{LETTER}{c}"))
        .collect();
    marked.join(" ")
}

/// Whether a character belongs to a letter before it.
pub(super) fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests;
