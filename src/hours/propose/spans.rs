//! Parses hours as documents write them: "8:00 am – 5:00 pm", "8-5", "9 bis 18 Uhr", "8 to noon".

use jiff::civil::Time;

use super::lists::LISTS;
use crate::hours::opening::Span;
use crate::hours::when;
use crate::hours::words::{Kind, Token, any_at};

/// A time as written: hour, minute, and am or pm if stated.
struct Written {
    hour: i16,
    minute: i16,
    pm: Option<bool>,
}

/// The span at a token, and the token after it.
pub(super) fn at(tokens: &[Token], start: usize) -> Option<(Span, usize)> {
    // Part of a number or a date is not a time.
    let before = start.checked_sub(1).and_then(|b| tokens.get(b));
    let first = tokens.get(start)?;
    if before.is_some_and(|b| {
        b.range.end == first.range.start
            && matches!(b.kind, Kind::Mark('$' | '€' | '.' | '/' | '+' | ')'))
    }) {
        return None;
    }
    let (from, at) = written(tokens, start)?;
    let at = skip(tokens, at)?;
    let (to, end) = written(tokens, at)?;
    // 555-0142 is a telephone number, 2026-11 a date.
    let dash = tokens
        .get(end)
        .is_some_and(|t| t.is_mark('-') || t.is_mark('/'))
        && tokens.get(end + 1).is_some_and(|t| t.kind == Kind::Number);
    if dash && to.minute == 0 && to.pm.is_none() {
        return None;
    }
    Some((resolve(&from, &to)?, end))
}

/// The dash or the word between the two times.
fn skip(tokens: &[Token], at: usize) -> Option<usize> {
    if tokens
        .get(at)
        .is_some_and(|t| ['-', '–', '—', '−', '~'].iter().any(|d| t.is_mark(*d)))
    {
        return Some(at + 1);
    }
    any_at(tokens, at, &LISTS.to).map(|n| at + n)
}

fn written(tokens: &[Token], at: usize) -> Option<(Written, usize)> {
    let noon = any_at(tokens, at, &when::LISTS.noon);
    if let Some(n) = noon.or_else(|| any_at(tokens, at, &LISTS.noon)) {
        return Some((
            Written {
                hour: 12,
                minute: 0,
                pm: Some(true),
            },
            at + n,
        ));
    }
    if let Some(n) = any_at(tokens, at, &when::LISTS.midnight) {
        return Some((
            Written {
                hour: 0,
                minute: 0,
                pm: Some(false),
            },
            at + n,
        ));
    }
    let token = tokens.get(at)?;
    let hour = token
        .number()
        .filter(|h| (0..=24).contains(h) && token.text.len() <= 2)?;
    let near = |at: usize| {
        let (before, this) = (tokens.get(at.checked_sub(1)?)?, tokens.get(at)?);
        (before.range.end == this.range.start).then_some(this)
    };
    let mut end = at + 1;
    let mut minute = 0;
    if near(end).is_some_and(|t| t.is_mark(':') || t.is_mark('.') || t.text == "h")
        && let Some(m) = near(end + 1)
            .filter(|t| t.text.len() == 2)
            .and_then(Token::number)
            .filter(|m| *m < 60)
    {
        minute = m;
        end += 2;
    }
    let mut pm = None;
    let text = |at: usize| tokens.get(at).map_or("", |t| t.text.as_str());
    match text(end) {
        "am" | "pm" => {
            pm = Some(text(end) == "pm");
            end += 1;
        }
        "a" | "p"
            if tokens.get(end + 1).is_some_and(|t| t.is_mark('.')) && text(end + 2) == "m" =>
        {
            pm = Some(text(end) == "p");
            end += 3;
            end += usize::from(near(end).is_some_and(|t| t.is_mark('.')));
        }
        "uhr" | "h" | "uur" | "hs" | "hrs" => end += 1,
        _ => {}
    }
    Some((Written { hour, minute, pm }, end))
}

fn resolve(from: &Written, to: &Written) -> Option<Span> {
    let half = |hour: i16, pm: bool| match (pm, hour) {
        (true, 1..=11) => hour + 12,
        (false, 12) => 0,
        _ => hour,
    };
    let clock = |hour: i16, minute: i16| hour * 60 + minute;
    let (mut a, mut b) = (from.hour, to.hour);
    match (from.pm, to.pm) {
        (Some(x), Some(y)) => {
            a = half(a, x);
            b = half(b, y);
        }
        (None, Some(pm)) => {
            b = half(b, pm);
            // "1–5 pm" is the afternoon, "9–5 pm" begins in the morning.
            if pm && a < 12 && clock(a + 12, from.minute) < clock(b, to.minute) {
                a += 12;
            }
        }
        (Some(pm), None) => {
            a = half(a, pm);
            if b <= 12 && clock(b, to.minute) <= clock(a, from.minute) && b + 12 <= 24 {
                b += 12;
            }
        }
        (None, None) => {
            // "8-5", "9 to 1": the second is in the afternoon. "18-2" is past midnight.
            if a <= 12 && b <= 12 && clock(b, to.minute) <= clock(a, from.minute) {
                b += 12;
            }
        }
    }
    let time = |hour: i16, minute: i16| {
        let hour = if hour >= 24 { hour - 24 } else { hour };
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    };
    Some(Span {
        from: time(a, from.minute)?,
        to: time(b, to.minute)?,
    })
}

/// `open` without `gap`, on the same day.
pub(super) fn without(open: &[Span], gap: Span) -> Vec<Span> {
    let mut out = Vec::new();
    for span in open {
        if span.from < gap.from && gap.to < span.to {
            out.push(Span {
                from: span.from,
                to: gap.from,
            });
            out.push(Span {
                from: gap.to,
                to: span.to,
            });
        } else {
            out.push(*span);
        }
    }
    out
}
