//! Parses clock times: "at 8", "after 6pm", "um 18 Uhr", "a las 9:30", "noon".

use jiff::civil::Time;

use super::{Bound, LISTS, Taken};
use crate::hours::calendar_words::{month, small_number};
use crate::hours::words::{Kind, Token, any_at, phrase_at};

pub(super) struct Clock {
    pub(super) time: Time,
    pub(super) bound: Bound,
    /// It is clear whether morning or evening is meant.
    pub(super) sure: bool,
}

pub(super) fn at(tokens: &[Token], start: usize, language: &str) -> Option<Taken<Clock>> {
    let leads = [
        (&LISTS.from, Bound::From),
        (&LISTS.until, Bound::Until),
        (&LISTS.at, Bound::At),
    ];
    let lead = leads
        .into_iter()
        .filter_map(|(phrases, bound)| any_at(tokens, start, phrases).map(|n| (n, bound)))
        .max_by_key(|(n, _)| *n);
    let (mut at, mut bound) = lead.map_or((start, Bound::At), |(n, bound)| (start + n, bound));
    // "before around 8", "bis gegen 18 Uhr"
    if lead.is_some()
        && let Some(n) = any_at(tokens, at, &LISTS.at)
    {
        at += n;
    }
    for (phrases, time) in [
        (&LISTS.noon, Time::constant(12, 0, 0, 0)),
        (&LISTS.midnight, Time::MIN),
    ] {
        if let Some(n) = any_at(tokens, at, phrases) {
            let what = Clock {
                time,
                bound,
                sure: true,
            };
            return Some(Taken {
                what,
                tokens: start..at + n,
            });
        }
    }
    let token = tokens.get(at)?;
    let hour = match token.kind {
        Kind::Number => token.number()?,
        _ if lead.is_some() && token.text.len() > 2 => small_number(token)?,
        _ => return None,
    };
    if !(0..=24).contains(&hour) || token.text.len() > 2 && token.kind == Kind::Number {
        return None;
    }
    // It continues a date or a decimal number.
    if at
        .checked_sub(1)
        .and_then(|b| tokens.get(b))
        .is_some_and(|t| {
            t.range.end == token.range.start
                && (t.is_mark('.')
                    || t.is_mark('/')
                    || t.is_mark('$')
                    || t.is_mark('€')
                    || t.is_mark('#'))
        })
    {
        return None;
    }
    at += 1;
    let mut minute = 0;
    let mut exact = false;
    let near = |at: usize| {
        let (before, this) = (tokens.get(at.checked_sub(1)?)?, tokens.get(at)?);
        (before.range.end == this.range.start).then_some(this)
    };
    let parts = near(at).filter(|t| t.is_mark(':') || t.is_mark('.') || t.text == "h");
    if parts.is_some()
        && let Some(minutes) = near(at + 1).filter(|t| t.text.len() == 2)
        && let Some(number) = minutes.number().filter(|n| *n < 60)
        // 24.12. is a date.
        && near(at + 2).is_none_or(|t| !t.is_mark('.') || near(at + 3).is_none())
    {
        minute = number;
        exact = true;
        at += 2;
    }
    let rest = tokens.get(at).map(|t| t.text.as_str());
    let mut sure = hour > 12 || hour == 0;
    let mut hour = hour;
    let half = meridiem(tokens, at);
    if let Some((pm, n)) = half {
        hour = match (pm, hour) {
            (true, 1..=11) => hour + 12,
            (false, 12) => 0,
            _ => hour,
        };
        sure = true;
        exact = true;
        at += n;
    } else if matches!(rest, Some("uhr" | "h" | "heures" | "heure" | "ore" | "uur")) {
        at += 1;
        exact = true;
        // "18 Uhr 30"
        if let Some(minutes) = tokens
            .get(at)
            .and_then(Token::number)
            .filter(|n| (1..60).contains(n))
            && tokens.get(at).is_some_and(|t| t.text.len() == 2)
            && minute == 0
        {
            minute = minutes;
            at += 1;
        }
        sure = hour > 12 || !matches!(language, "en");
    } else if let Some(n) = any_at(tokens, at, &["o clock", "oclock"]) {
        at += n;
        exact = true;
    } else if matches!(rest, Some("%" | "$" | "€" | "/")) || rest.is_some_and(is_counted) {
        return None;
    }
    if !exact && lead.is_none() {
        return None;
    }
    // "before 15 December", "at 10 Harbor Street", "nach 24.12."
    if !exact {
        let next = tokens.get(at);
        let date = next.is_some_and(|t| {
            month(t).is_some()
                || t.is_mark('.')
                    && tokens
                        .get(at + 1)
                        .is_some_and(|t| t.kind == Kind::Number || month(t).is_some())
        }) || any_at(tokens, at, &["of", "de"])
            .is_some_and(|n| tokens.get(at + n).is_some_and(|t| month(t).is_some()));
        let place = next.is_some_and(|t| t.capital && t.kind == Kind::Word) && language == "en";
        let counted = next.is_some_and(|t| is_counted(&t.text));
        // "a 5", "as 5", "like 5" say little on their own.
        let weak = tokens.get(start).is_some_and(|t| {
            matches!(
                t.text.as_str(),
                "a" | "as" | "like" | "all" | "des" | "about" | "by"
            )
        });
        if date || place || counted || (weak && at - start == 2 && language != "fr") {
            return None;
        }
    }
    if !sure {
        let said =
            |phrases: &[String]| (0..tokens.len()).any(|i| any_at(tokens, i, phrases).is_some());
        if said(&LISTS.morning) {
            sure = true;
        } else if said(&LISTS.evening) {
            sure = true;
            if (1..=11).contains(&hour) {
                hour += 12;
            }
        }
    }
    if hour == 24 {
        hour = 0;
    }
    if bound == Bound::At && phrase_at(tokens, at, "or later").is_some() {
        bound = Bound::From;
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    Some(Taken {
        what: Clock { time, bound, sure },
        tokens: start..at,
    })
}

/// "am", "a.m.", "pm", "in the morning" after a number: whether it is the afternoon, and the tokens it
/// spans.
fn meridiem(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    let word = tokens.get(at)?;
    match word.text.as_str() {
        // In "8 am 24. Dezember" it means "on", but nobody writes that.
        "am" => return Some((false, 1)),
        "pm" => return Some((true, 1)),
        _ => {}
    }
    let dotted = |letter: &str| {
        word.text == letter
            && tokens.get(at + 1).is_some_and(|t| t.is_mark('.'))
            && tokens.get(at + 2).is_some_and(|t| t.text == "m")
    };
    let end = if tokens.get(at + 3).is_some_and(|t| t.is_mark('.')) {
        4
    } else {
        3
    };
    if dotted("a") {
        return Some((false, end));
    }
    if dotted("p") {
        return Some((true, end));
    }
    if let Some(n) = any_at(tokens, at, &LISTS.first_half) {
        return Some((false, n));
    }
    any_at(tokens, at, &LISTS.second_half).map(|n| (true, n))
}

/// Whether the word after a number shows that it is not a time.
fn is_counted(word: &str) -> bool {
    LISTS.counted.iter().any(|counted| counted == word)
}
