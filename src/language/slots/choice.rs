//! Finds which of several options a text names.

use super::Read;
use super::tokens::{Phrases, Text, Token};
use crate::language::Language;
use crate::language::words::stem;

/// The option that a text names, by its place. Options are phrases each; the longest one that is said counts. Where it was
/// `asked` for, "the second" and "2" are answers too.
pub fn choice(text: &Text<'_>, options: &[Phrases], asked: bool) -> Option<Read<usize>> {
    let mut best: Option<(usize, Read<usize>)> = None;
    for (option, phrases) in options.iter().enumerate() {
        for at in 0..text.tokens.len() {
            let Some(count) = longest(phrases, text, at) else {
                continue;
            };
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((
                    count,
                    Read {
                        what: option,
                        tokens: at..at + count,
                    },
                ));
            }
        }
    }
    if let Some((_, read)) = best {
        return Some(read);
    }
    if !asked || text.left() > 5 {
        return None;
    }
    let place = (0..text.tokens.len()).find_map(|at| {
        let token = text.token(at)?;
        let number = match token.number() {
            Some(number) => number,
            None => text
                .words
                .ordinals
                .value(&token.text)
                .filter(|_| token.is_word())?,
        };
        Some((at, usize::try_from(number).ok()?.checked_sub(1)?))
    });
    let (at, option) = place?;
    (option < options.len()).then_some(Read {
        what: option,
        tokens: at..at + 1,
    })
}

/// Whether one of the phrases is said, in any form of its words.
pub fn is_said(text: &Text<'_>, phrases: &Phrases) -> bool {
    (0..text.tokens.len()).any(|at| longest(phrases, text, at).is_some())
}

/// The longest phrase at a token, comparing stems: "haircuts" is "haircut".
fn longest(phrases: &Phrases, text: &Text<'_>, at: usize) -> Option<usize> {
    if let Some(count) = phrases.at(&text.tokens, at) {
        return Some(count);
    }
    let spans = |phrase: &[String]| {
        let mut next = at;
        for word in phrase {
            next += usize::from(next > at && text.is_mark(next, '-'));
            let token = text.token(next).filter(|token| token.is_word())?;
            if !is_alike(text.language, token, word) {
                return None;
            }
            next += 1;
        }
        Some(next - at)
    };
    phrases.iter().filter_map(spans).max()
}

fn is_alike(language: Language, token: &Token, word: &str) -> bool {
    token.text == word
        || (token.text.len() > 3
            && word.len() > 3
            && stem(language, &token.text) == stem(language, word))
}

/// Whether all words of one of the phrases are said in their order, with at most two other words between any two.
pub fn is_said_loosely(text: &Text<'_>, phrases: &Phrases) -> bool {
    let words: Vec<&Token> = text.tokens.iter().filter(|token| token.is_word()).collect();
    let from = |start: usize, phrase: &[String]| {
        let mut next = start;
        for (n, word) in phrase.iter().enumerate() {
            let reach = if n == 0 { 1 } else { 3 };
            let ahead = words.iter().skip(next).take(reach);
            let found = ahead
                .clone()
                .position(|token| is_alike(text.language, token, word));
            match found {
                Some(at) => next += at + 1,
                None => return false,
            }
        }
        true
    };
    phrases
        .iter()
        .any(|phrase| (0..words.len()).any(|start| from(start, phrase)))
}
