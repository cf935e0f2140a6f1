//! Splits text into folded words, numbers and marks.

use std::ops::Range;

use crate::language::words::without_accent;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// ASCII digits.
    Number,
    /// Any other character except apostrophes and white space.
    Mark(char),
}

/// A word without case and accents, a number, or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Byte range in the original text.
    pub(super) range: Range<usize>,
    pub(super) capital: bool,
}

impl Token {
    /// The value of a number of at most four digits.
    pub(super) fn number(&self) -> Option<i16> {
        (self.kind == Kind::Number && self.text.len() <= 4)
            .then(|| self.text.parse().ok())
            .flatten()
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Appends a letter in lower case and without accent.
fn push_folded(letter: char, out: &mut String) {
    out.extend(letter.to_lowercase().flat_map(without_accent));
}

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let kind = if c.is_ascii_digit() {
            Kind::Number
        } else if c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) {
            Kind::Word
        } else {
            open = false;
            if !c.is_whitespace() && !matches!(c, '\'' | '’' | '`' | '´') {
                out.push(Token {
                    text: c.to_string(),
                    kind: Kind::Mark(c),
                    range: at..end,
                    capital: false,
                });
            }
            continue;
        };
        match out.last_mut() {
            Some(last) if open && last.kind == kind => {
                push_folded(c, &mut last.text);
                last.range.end = end;
            }
            _ => {
                let mut text = String::new();
                push_folded(c, &mut text);
                out.push(Token {
                    text,
                    kind,
                    range: at..end,
                    capital: c.is_uppercase(),
                });
                open = true;
            }
        }
    }
    out
}

/// Whether `written` is `word`, give or take one typo in a long word.
pub(super) fn is_like(written: &str, word: &str) -> bool {
    if written == word {
        return true;
    }
    let (a, b) = (written.chars().count(), word.chars().count());
    if b < 5 || a.abs_diff(b) > 1 || strsim::osa_distance(written, word) != 1 {
        return false;
    }
    // At five letters only accept two swapped letters: other typos often make a different word.
    if b == 5 {
        let (mut x, mut y): (Vec<char>, Vec<char>) =
            (written.chars().collect(), word.chars().collect());
        x.sort_unstable();
        y.sort_unstable();
        return x == y;
    }
    true
}

/// How many tokens `phrase` spans at `at`, if it is there.
pub(super) fn phrase_at(tokens: &[Token], at: usize, phrase: &str) -> Option<usize> {
    let mut taken = 0;
    for word in phrase.split(' ') {
        // Ignore a hyphen or a full stop between words: "mid-day", "st. stephen's".
        if taken > 0
            && tokens
                .get(at + taken)
                .is_some_and(|t| t.is_mark('-') || t.is_mark('.'))
        {
            taken += 1;
        }
        let token = tokens.get(at + taken)?;
        if !(token.text == word || (word.len() >= 6 && is_like(&token.text, word))) {
            return None;
        }
        taken += 1;
    }
    Some(taken)
}

/// The length of the longest of the phrases at `at`, in tokens.
pub(super) fn any_at<S: AsRef<str>>(tokens: &[Token], at: usize, phrases: &[S]) -> Option<usize> {
    phrases
        .iter()
        .filter_map(|phrase| phrase_at(tokens, at, phrase.as_ref()))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_case_and_accents() {
        let found = tokens("¿Abren el MIÉRCOLES 24.12. o'clock?");
        let texts: Vec<&str> = found.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "¿",
                "abren",
                "el",
                "miercoles",
                "24",
                ".",
                "12",
                ".",
                "o",
                "clock",
                "?"
            ]
        );
        assert_eq!(&"¿Abren el MIÉRCOLES"[found[3].range.clone()], "MIÉRCOLES");
    }

    #[test]
    fn slips_of_the_fingers_pass_in_long_words_only() {
        assert!(is_like("satuday", "saturday"));
        assert!(is_like("firday", "friday"));
        assert!(is_like("colse", "close"));
        assert!(!is_like("clone", "close"));
        assert!(!is_like("monday", "sunday"));
        assert!(!is_like("sit", "sat"));
    }
}
