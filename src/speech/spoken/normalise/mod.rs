//! Turns written text into words. Each notation has a file with a pure `read` that replaces it by
//! words. The order matters: a date, for example, looks like a phone number.

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

/// Returns the words of a clause, with `,` `.` `?` `!` as pauses. Letters to spell out are preceded by
/// [`LETTER`].
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

#[expect(
    clippy::expect_used,
    reason = "the patterns are fixed and a test compiles each"
)]
pub(super) fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("a fixed pattern")
}

/// Marks letters to be spelled out.
fn mark_letters(letters: &str) -> String {
    let marked: Vec<String> = letters
        .chars()
        .filter(|c| c.is_alphabetic())
        .map(|c| format!("{LETTER}{c}"))
        .collect();
    marked.join(" ")
}

/// Whether a character is a combining accent of the letter before it.
pub(super) fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests;
