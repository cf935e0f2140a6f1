//! Reads the text around days and hours: whose hours they are, which weekdays of the month, breaks, notes.

use super::groups::{Group, ordinal};
use super::lists::{LISTS, has};
use super::spans;
use crate::hours::calendar_words;
use crate::hours::opening::Span;
use crate::hours::words::{self, Kind, Token, any_at};

/// "First and third Saturday of the month only" → 1 and 3.
pub(super) fn parse_chosen(note: &str, language: &str) -> Vec<i8> {
    let tokens = words::tokens(note);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((nth, n)) = ordinal(&tokens, at) {
            at += n;
            found.push(nth);
            continue;
        }
        let joins = any_at(&tokens, at, &LISTS.and).is_some()
            || tokens
                .get(at)
                .is_some_and(|t| matches!(t.kind, Kind::Mark(',' | '&')));
        if !found.is_empty() && !joins {
            let day = tokens
                .get(at)
                .is_some_and(|t| calendar_words::weekday(t, language).is_some());
            let month = any_at(&tokens, at, &LISTS.of_month).is_some();
            if day || month {
                return found;
            }
            found.clear();
        }
        at += 1;
    }
    Vec::new()
}

/// Subtracts the breaks that follow from the hours: "closed 12:30 – 1:30 pm".
pub(super) fn breaks(tokens: &[Token], rest: std::ops::Range<usize>, open: &[Span]) -> Vec<Span> {
    let mut open = open.to_vec();
    for at in rest {
        let Some(n) =
            any_at(tokens, at, &LISTS.closed).or_else(|| any_at(tokens, at, &LISTS.breaks))
        else {
            continue;
        };
        let at = at + n + any_at(tokens, at + n, &LISTS.break_from).unwrap_or(0);
        if let Some((gap, _)) = spans::at(tokens, at) {
            open = spans::without(&open, gap);
        }
    }
    open
}

/// The text between two tokens, without cell names and the marks around it.
pub(super) fn note(tokens: &[Token], text: &str, from: usize, to: usize) -> String {
    let start = from
        .checked_sub(1)
        .and_then(|b| tokens.get(b))
        .map_or(0, |t| t.range.end);
    let end = tokens.get(to).map_or(text.len(), |t| t.range.start);
    let rest = text.get(start..end).unwrap_or_default();
    let cells: Vec<&str> = rest
        .split('|')
        .map(|cell| {
            let cell = cell.trim();
            match cell.split_once(": ") {
                Some((name, value))
                    if rest.contains('|')
                        && name.len() <= 20
                        && !name.contains(|c: char| c.is_ascii_digit()) =>
                {
                    value
                }
                _ => cell,
            }
        })
        .map(|cell| {
            cell.trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '.')
            })
        })
        .filter(|cell| !cell.is_empty())
        .collect();
    let note = cells.join("; ");
    // "Uhr" and brackets around the whole add nothing.
    let note = note.strip_prefix("Uhr").unwrap_or(&note).trim();
    match note.strip_prefix('(').and_then(|n| n.strip_suffix(')')) {
        Some(inner) if !inner.contains('(') => inner.to_owned(),
        _ => note.to_owned(),
    }
}

/// Whose hours they are by the words before the days, and whether those words mention hours.
pub(super) fn label(
    tokens: &[Token],
    text: &str,
    from: usize,
    group: &Group,
) -> (Option<String>, bool) {
    let before = tokens.get(from..group.start).unwrap_or_default();
    // Only the same sentence or cell counts.
    let cut = before
        .iter()
        .rposition(|t| matches!(t.kind, Kind::Mark('.' | '|' | ';' | '!' | '?')));
    let before = before.get(cut.map_or(0, |c| c + 1)..).unwrap_or_default();
    let about = before.iter().any(|t| has(&LISTS.hours, &t.text))
        || tokens
            .get(group.start..group.end)
            .is_some_and(|g| g.iter().any(|t| has(&LISTS.hours, &t.text)));
    let own: Vec<&Token> = before.iter().filter(|t| t.kind == Kind::Word).collect();
    if own.iter().all(|t| has(&LISTS.generic, &t.text)) {
        return (None, about);
    }
    let (Some(first), Some(last)) = (own.first(), own.last()) else {
        return (None, about);
    };
    let words = text
        .get(first.range.start..last.range.end)
        .unwrap_or_default();
    (Some(words.chars().take(60).collect()), about)
}

/// "Kitchen hours" → "Kitchen"; `None` for headings that mean the business itself or mention no hours.
pub(super) fn heading_label(heading: &str) -> Option<String> {
    let tokens = words::tokens(heading);
    let speaks = tokens.iter().any(|t| has(&LISTS.hours, &t.text));
    let own: Vec<&str> = tokens
        .iter()
        .filter(|t| {
            t.kind == Kind::Word && !has(&LISTS.generic, &t.text) && !has(&LISTS.hours, &t.text)
        })
        .filter(|t| calendar_words::month(t).is_none() && t.text.len() > 3)
        .filter_map(|t| heading.get(t.range.clone()))
        .collect();
    // A long title says what the document is, not whose hours it gives.
    (speaks && own.len() == 1 && tokens.len() <= 3).then(|| own.join(" "))
}
