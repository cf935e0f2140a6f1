//! Text as folded words.

use std::ops::Range;

use crate::language::words::without_accent;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters.
    Word,
    /// ASCII digits.
    Number,
    /// One character that is neither, apostrophes and white space left out.
    Mark(char),
}

/// A piece of a text: a word without case and accents, a number, or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Bytes of the original text.
    pub(super) range: Range<usize>,
    /// Whether it begins with a capital letter.
    pub(super) capital: bool,
}

impl Token {
    /// The number, if it is one of at most four digits.
    pub(super) fn number(&self) -> Option<i16> {
        (self.kind == Kind::Number && self.text.len() <= 4)
            .then(|| self.text.parse().ok())
            .flatten()
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// A letter without its accent, in lower case.
fn folded(letter: char, out: &mut String) {
    out.extend(letter.to_lowercase().flat_map(without_accent));
}

/// The tokens of a text.
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
                folded(c, &mut last.text);
                last.range.end = end;
            }
            _ => {
                let mut text = String::new();
                folded(c, &mut text);
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

/// Whether `written` is `word`, letting one slip of the fingers pass in a long word.
pub(super) fn is_like(written: &str, word: &str) -> bool {
    if written == word {
        return true;
    }
    let (a, b) = (written.chars().count(), word.chars().count());
    if b < 5 || a.abs_diff(b) > 1 || strsim::osa_distance(written, word) != 1 {
        return false;
    }
    // Of five letters only two that changed places: other slips make other words of it.
    if b == 5 {
        let (mut x, mut y): (Vec<char>, Vec<char>) =
            (written.chars().collect(), word.chars().collect());
        x.sort_unstable();
        y.sort_unstable();
        return x == y;
    }
    true
}

/// Whether the words of `phrase` stand at `at`; gives how many tokens they take.
pub(super) fn phrase_at(tokens: &[Token], at: usize, phrase: &str) -> Option<usize> {
    let mut taken = 0;
    for word in phrase.split(' ') {
        // A hyphen or a full stop between them changes nothing: "mid-day", "st. stephen's".
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

/// The longest of the phrases that stands at `at`.
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
