//! Finds what may be an e-mail address or a telephone number. Whether it is one is for `contacts` to say.

use std::ops::Range;

use super::Read;
use super::tokens::{Kind, Text};

/// Fewest digits of a telephone number.
const FEWEST: usize = 6;
/// Fewest of one that nobody asked for and that does not begin as one does.
const FEWEST_UNASKED: usize = 9;
/// Most.
const MOST: usize = 18;

/// The tokens that lie in a range of bytes.
fn tokens_in(text: &Text<'_>, bytes: &Range<usize>) -> Range<usize> {
    let inside = |at: &usize| {
        let token = text.token(*at);
        token.is_some_and(|t| t.range.start >= bytes.start && t.range.end <= bytes.end)
    };
    let first = (0..text.tokens.len()).find(inside).unwrap_or(0);
    let count = (first..text.tokens.len()).take_while(inside).count();
    first..first + count
}

/// What looks like an e-mail address, written or spelled out ("anna at example dot com").
pub fn email(text: &Text<'_>, asked: bool) -> Option<Read<String>> {
    let raw = text.raw();
    let mut from = 0;
    for word in raw.split_whitespace() {
        let at = raw.get(from..)?.find(word)? + from;
        from = at + word.len();
        let clean = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+' && c != '_');
        let start = at + word.find(clean).unwrap_or(0);
        let is_one = clean.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.starts_with('.')
        });
        if is_one {
            let bytes = start..start + clean.len();
            return Some(Read {
                what: clean.to_owned(),
                tokens: tokens_in(text, &bytes),
            });
        }
    }
    asked.then(|| spelled(text)).flatten()
}

/// "anna punkt weber ät beispiel punkt de"
fn spelled(text: &Text<'_>) -> Option<Read<String>> {
    let words = text.words;
    let ats = (0..text.tokens.len()).filter(|at| words.spoken_at.at(&text.tokens, *at).is_some());
    for at in ats {
        let is_dot = |place: usize| {
            words.spoken_dot.at(&text.tokens, place).is_some() || text.is_mark(place, '.')
        };
        let is_part = |place: usize| {
            let token = text.token(place);
            token.is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Number))
        };
        let piece = |place: usize| -> Option<String> {
            match is_dot(place) {
                true => Some(".".to_owned()),
                false if is_part(place) => Some(text.token(place)?.text.clone()),
                false => None,
            }
        };
        // Before it: a word, or words with dots between.
        let mut start = at.checked_sub(1)?;
        while start >= 2 && is_dot(start - 1) {
            start -= 2;
        }
        let mut end = at + 1;
        let mut dots = 0;
        while is_part(end) && is_dot(end + 1) && is_part(end + 2) {
            dots += 1;
            end += 2;
        }
        if dots == 0 || !is_part(start) {
            continue;
        }
        let name: Option<String> = (start..at).map(piece).collect();
        let host: Option<String> = (at + 1..end + 1).map(piece).collect();
        if let (Some(name), Some(host)) = (name, host) {
            return Some(Read {
                what: format!("{name}@{host}"),
                tokens: start..end + 1,
            });
        }
    }
    None
}

/// What looks like a telephone number.
pub fn phone(text: &Text<'_>, asked: bool) -> Option<Read<String>> {
    let raw = text.raw();
    let belongs = |c: char| {
        c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '-' | '–' | '(' | ')' | '/' | '.')
    };
    let mut at = 0;
    while let Some(rest) = raw.get(at..)
        && let Some(found) = rest.find(|c: char| c.is_ascii_digit() || c == '+' || c == '(')
    {
        let start = at + found;
        let rest = raw.get(start..)?;
        let signs = rest.chars().take_while(|c| *c == '+').count();
        let length: usize = rest
            .chars()
            .enumerate()
            .take_while(|(n, c)| *n < signs || belongs(*c))
            .map(|(_, c)| c.len_utf8())
            .sum();
        let run = rest
            .get(..length)?
            .trim_end_matches(|c: char| !c.is_ascii_digit());
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let starts_so = run.starts_with(['+', '0', '(']);
        let fewest = if asked || starts_so {
            FEWEST
        } else {
            FEWEST_UNASKED
        };
        let bytes = start..start + run.len();
        if (fewest..=MOST).contains(&digits) && !is_date(run) && !is_taken(text, &bytes) {
            return Some(Read {
                what: run.to_owned(),
                tokens: tokens_in(text, &bytes),
            });
        }
        at = start + length.max(1);
    }
    None
}

fn is_taken(text: &Text<'_>, bytes: &Range<usize>) -> bool {
    let overlaps = |range: &Range<usize>| range.start < bytes.end && bytes.start < range.end;
    text.tokens
        .iter()
        .any(|token| token.kind == Kind::Taken && overlaps(&token.range))
}

/// Whether a run of figures begins with a date: "8.12.2026", "2026-12-24 15".
fn is_date(run: &str) -> bool {
    let first = run.split_whitespace().next().unwrap_or(run);
    for mark in ['.', '/', '-'] {
        let parts: Vec<&str> = first.split(mark).filter(|part| !part.is_empty()).collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let figures = parts
            .iter()
            .all(|part| part.chars().all(|c| c.is_ascii_digit()));
        let shape = matches!(lengths.as_slice(), [1 | 2, 1 | 2, 2 | 4] | [4, 2, 2])
            || (first.ends_with(mark) && matches!(lengths.as_slice(), [1 | 2, 1 | 2]));
        if figures && shape {
            return true;
        }
    }
    false
}
