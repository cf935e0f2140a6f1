//! A text as words without case and accents, numbers and marks.

use std::ops::Range;

use serde::{Deserialize, Deserializer};

use super::words::{self, Words};
use crate::language::Language;
use crate::language::words::unaccented;

/// Only so much of a text is read, in characters: what somebody wants to say stands at its beginning.
const LONGEST: usize = 2000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// ASCII digits.
    Number,
    /// Any other character but white space and apostrophes.
    Mark(char),
    /// Somebody read this token already.
    Taken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case and without accents.
    pub(super) text: String,
    pub(super) kind: Kind,
    /// First byte in the text, and one past the last.
    pub(super) range: Range<usize>,
}

impl Token {
    /// The value of a number of at most four digits.
    pub(super) fn number(&self) -> Option<u32> {
        let is_short = self.kind == Kind::Number && self.text.len() <= 4;
        is_short.then(|| self.text.parse().ok()).flatten()
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// What a person wrote, in tokens.
#[derive(Debug, Clone)]
pub struct Text<'a> {
    raw: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) words: &'static Words,
    pub(super) language: Language,
}

impl<'a> Text<'a> {
    pub fn new(raw: &'a str, language: Language) -> Self {
        let end = raw.char_indices().nth(LONGEST);
        let raw = end.map_or(raw, |(at, _)| raw.get(..at).unwrap_or(raw));
        Self {
            raw,
            tokens: split(raw),
            words: words::of(language),
            language,
        }
    }

    /// As it was written.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Marks tokens as read, so that no other reader takes them.
    pub fn take(&mut self, tokens: &Range<usize>) {
        let taken = self.tokens.get_mut(tokens.clone()).unwrap_or_default();
        for token in taken {
            token.kind = Kind::Taken;
        }
    }

    /// How many words and numbers nobody has read yet.
    pub fn left(&self) -> usize {
        let left = |token: &&Token| matches!(token.kind, Kind::Word | Kind::Number);
        self.tokens.iter().filter(left).count()
    }

    /// How many words and numbers there are.
    pub fn len(&self) -> usize {
        let marks = self
            .tokens
            .iter()
            .filter(|t| matches!(t.kind, Kind::Mark(_)));
        self.tokens.len() - marks.count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    pub(super) fn number(&self, at: usize) -> Option<u32> {
        self.token(at).and_then(Token::number)
    }

    pub(super) fn is_mark(&self, at: usize, mark: char) -> bool {
        self.token(at).is_some_and(|token| token.is_mark(mark))
    }

    /// Whether nothing stands between a token and the one before it.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        before
            .zip(self.token(at))
            .is_some_and(|(before, token)| before.range.end == token.range.start)
    }

    /// The token before one.
    pub(super) fn before(&self, at: usize) -> Option<&Token> {
        at.checked_sub(1).and_then(|before| self.token(before))
    }

    /// Whether a phrase of the list ends right before a token.
    pub(super) fn follows(&self, phrases: &Phrases, at: usize) -> bool {
        (1..=4).any(|back| {
            at.checked_sub(back)
                .is_some_and(|from| phrases.at(&self.tokens, from) == Some(back))
        })
    }

    /// The first place of a phrase of the list.
    pub(super) fn find(&self, phrases: &Phrases) -> Option<Range<usize>> {
        (0..self.tokens.len())
            .find_map(|at| phrases.at(&self.tokens, at).map(|count| at..at + count))
    }

    /// The same, also among what was read already.
    pub(super) fn find_anywhere(&self, phrases: &Phrases) -> Option<Range<usize>> {
        (0..self.tokens.len()).find_map(|at| {
            phrases
                .spans(&self.tokens, at, true)
                .map(|count| at..at + count)
        })
    }

    /// A number in figures or as a word, and how many tokens it spans.
    pub(super) fn counted(&self, at: usize) -> Option<(u32, usize)> {
        if let Some(number) = self.number(at) {
            return Some((number, 1));
        }
        let token = self.token(at).filter(|token| token.is_word())?;
        let number = self.words.numbers.value(&token.text)?;
        // "twenty one"
        let behind = at + 1 + usize::from(self.is_mark(at + 1, '-'));
        if number >= 20
            && number % 10 == 0
            && let Some(next) = self.token(behind).filter(|next| next.is_word())
            && let Some(one) = self.words.numbers.value(&next.text)
            && (1..10).contains(&one)
        {
            return Some((number + one, behind + 1 - at));
        }
        Some((number, 1))
    }
}

/// Phrases of one or more words each; in a file they stand in one text with `|` between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrases(Vec<Vec<String>>);

impl Phrases {
    pub fn of<S: AsRef<str>>(phrases: impl IntoIterator<Item = S>) -> Self {
        let read = phrases.into_iter().map(|phrase| words_of(phrase.as_ref()));
        Self(read.filter(|words| !words.is_empty()).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The length of the longest phrase at a token, in tokens. A hyphen between its words does not matter.
    pub(super) fn at(&self, tokens: &[Token], at: usize) -> Option<usize> {
        self.spans(tokens, at, false)
    }

    fn spans(&self, tokens: &[Token], at: usize, even_taken: bool) -> Option<usize> {
        let counts = |token: &Token| match token.kind {
            Kind::Word | Kind::Number => true,
            Kind::Taken => even_taken,
            Kind::Mark(_) => false,
        };
        let spans = |phrase: &Vec<String>| {
            let mut next = at;
            for (n, word) in phrase.iter().enumerate() {
                if n > 0 && tokens.get(next).is_some_and(|token| token.is_mark('-')) {
                    next += 1;
                }
                let token = tokens.get(next)?;
                if !counts(token) || token.text != *word {
                    return None;
                }
                next += 1;
            }
            Some(next - at)
        };
        self.0.iter().filter_map(spans).max()
    }

    /// Whether the tokens, without marks, are exactly one of the phrases.
    pub(super) fn is_whole(&self, tokens: &[Token]) -> bool {
        let said: Vec<&str> = tokens
            .iter()
            .filter(|token| matches!(token.kind, Kind::Word | Kind::Number))
            .map(|token| token.text.as_str())
            .collect();
        self.0.iter().any(|phrase| *phrase == said)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().map(Vec::as_slice)
    }
}

impl<'de> Deserialize<'de> for Phrases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::of(text.split('|')))
    }
}

/// The words and numbers of a phrase, folded.
fn words_of(phrase: &str) -> Vec<String> {
    let tokens = split(phrase).into_iter();
    let words = tokens.filter(|token| matches!(token.kind, Kind::Word | Kind::Number));
    words.map(|token| token.text).collect()
}

fn split(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut open = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let kind = if c.is_ascii_digit() {
            Kind::Number
        } else if c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) {
            Kind::Word
        } else {
            open = None;
            if !c.is_whitespace() && !matches!(c, '\'' | '’' | '`' | '´') {
                out.push(Token {
                    text: c.to_string(),
                    kind: Kind::Mark(match c {
                        '–' | '—' | '‑' => '-',
                        c => c,
                    }),
                    range: at..end,
                });
            }
            continue;
        };
        match out.last_mut() {
            Some(last) if open == Some(kind) => last.range.end = end,
            _ => out.push(Token {
                text: String::new(),
                kind,
                range: at..end,
            }),
        }
        open = Some(kind);
    }
    for token in &mut out {
        if matches!(token.kind, Kind::Word | Kind::Number) {
            token.text = unaccented(text.get(token.range.clone()).unwrap_or_default());
        }
    }
    out
}
