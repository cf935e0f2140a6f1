//! Reads a date: "tomorrow", "next Tuesday", "the 14th", "8.12.", "in two weeks".

use std::ops::Range;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::day::{self, Written};
use super::tokens::Text;
use super::{Read, words};

/// Most dates of one text that are looked at.
const MOST: usize = 6;

/// A date as somebody said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateRead {
    Day(Date),
    /// Some day from the first to the last of these: "next week".
    Within(Date, Date),
    /// One of these: "Monday or Tuesday".
    Either(Vec<Date>),
    /// No such day: 31 February.
    Impossible,
    /// No certain day: "as soon as possible".
    Soon,
}

/// How a date is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    pub(super) today: Date,
    /// The day that was said before, if this may be a correction: "the 14th" is then of its month.
    pub(super) near: Option<Date>,
    /// The text answers the question for a date, so that a number alone is a day.
    pub(super) asked: bool,
}

/// The date that a text says. Of two it is the last if that corrects the first, and the first otherwise.
pub fn date(
    text: &Text<'_>,
    today: Date,
    near: Option<Date>,
    asked: bool,
) -> Option<Read<DateRead>> {
    let sought = Sought { today, near, asked };
    let mut found: Vec<Read<DateRead>> = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() && found.len() < MOST {
        match at_token(text, at, sought) {
            Some((what, count)) => {
                found.push(Read {
                    what,
                    tokens: at..at + count,
                });
                at += count;
            }
            None => at += 1,
        }
    }
    choose(text, found)
}

fn choose(text: &Text<'_>, mut found: Vec<Read<DateRead>>) -> Option<Read<DateRead>> {
    let days: Vec<Date> = found.iter().filter_map(day_of).collect();
    if let (Some(first), Some(last)) = (found.first(), found.last())
        && days.len() == found.len()
        && days.len() > 1
    {
        let between = first.tokens.end..last.tokens.start;
        let says = |phrases| find_within(text, phrases, &between);
        let whole = first.tokens.start..last.tokens.end;
        if says(&text.words.or) {
            return Some(Read {
                what: DateRead::Either(days),
                tokens: whole,
            });
        }
        if says(&text.words.correction) || says(&text.words.no) {
            let what = DateRead::Day(days.last().copied()?);
            return Some(Read {
                what,
                tokens: whole,
            });
        }
    }
    // A day says more than "soon" or "next week" beside it.
    let certain = found.iter().position(|read| day_of(read).is_some());
    match certain.unwrap_or(0) {
        at if at < found.len() => Some(found.swap_remove(at)),
        _ => None,
    }
}

fn day_of(read: &Read<DateRead>) -> Option<Date> {
    match read.what {
        DateRead::Day(day) => Some(day),
        _ => None,
    }
}

fn find_within(text: &Text<'_>, phrases: &super::Phrases, within: &Range<usize>) -> bool {
    let mut places = within.clone();
    places.any(|at| {
        phrases
            .at(&text.tokens, at)
            .is_some_and(|count| at + count <= within.end)
    })
}

/// The date that begins at a token, and how many tokens it spans.
fn at_token(text: &Text<'_>, at: usize, sought: Sought) -> Option<(DateRead, usize)> {
    relative(text, at, sought.today)
        .or_else(|| weekday(text, at, sought))
        .or_else(|| match day::written(text, at, sought)? {
            (Written::Day(day), count) => Some((DateRead::Day(day), count)),
            (Written::Impossible, count) => Some((DateRead::Impossible, count)),
        })
        .or_else(|| month_alone(text, at, sought.today))
        .or_else(|| {
            let count = text.words.soon.at(&text.tokens, at)?;
            Some((DateRead::Soon, count))
        })
}

pub(super) fn plus(date: Date, days: i64) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    date.checked_add(span).ok()
}

fn relative(text: &Text<'_>, at: usize, today: Date) -> Option<(DateRead, usize)> {
    let (words, tokens) = (text.words, &text.tokens);
    let day = |days: i64, count: usize| Some((DateRead::Day(plus(today, days)?), count));
    if let Some(count) = words.after_tomorrow.at(tokens, at) {
        return day(2, count);
    }
    let monday = plus(today, -i64::from(today.weekday().to_monday_zero_offset()))?;
    if let Some(count) = words.next_week.at(tokens, at) {
        let first = plus(monday, 7)?;
        return weekday_beside(text, at, count, first)
            .or_else(|| Some((DateRead::Within(first, plus(first, 6)?), count)));
    }
    if let Some(count) = words.this_week.at(tokens, at) {
        return Some((DateRead::Within(today, plus(monday, 6)?), count));
    }
    if let Some(count) = words.next_month.at(tokens, at) {
        let first = today.first_of_month().checked_add(1.months()).ok()?;
        return Some((DateRead::Within(first, first.last_of_month()), count));
    }
    if let Some(count) = words.weekend.at(tokens, at) {
        let saturday = plus(monday, 5)?;
        return Some((
            DateRead::Within(saturday.max(today), plus(saturday, 1)?),
            count,
        ));
    }
    if let Some(count) = words.tomorrow.at(tokens, at)
        && !text.follows(&words.not_tomorrow_after, at)
    {
        return day(1, count);
    }
    if let Some(count) = words.today.at(tokens, at) {
        return day(0, count);
    }
    let within = words.within.at(tokens, at);
    let start = at + within.unwrap_or(0);
    let (number, spans) = text.counted(start)?;
    let unit = start + spans;
    let units = [
        (&words.day_units, 1),
        (&words.week_units, 7),
        (&words.month_units, 0),
    ];
    let (days, count) = units
        .into_iter()
        .find_map(|(list, days)| Some((days, list.at(tokens, unit)?)))?;
    let end = unit + count;
    let behind = words.from_now.at(tokens, end);
    // "for two weeks" is no date.
    if within.is_none() && behind.is_none() {
        return None;
    }
    let date = match days {
        0 => today.checked_add(i64::from(number).months()).ok()?,
        days => plus(today, i64::from(number) * days)?,
    };
    Some((DateRead::Day(date), end + behind.unwrap_or(0) - at))
}

/// "next week Tuesday", "nächste Woche am Dienstag": the weekday behind, of the week that begins then.
fn weekday_beside(
    text: &Text<'_>,
    at: usize,
    count: usize,
    monday: Date,
) -> Option<(DateRead, usize)> {
    let skip = |place: usize| text.words.articles.at(&text.tokens, place).unwrap_or(0);
    let place = at + count + usize::from(text.is_mark(at + count, ','));
    for place in [place, place + skip(place), place + 1] {
        if let Some((day, spans)) = named(text, place) {
            let date = plus(monday, i64::try_from(day).ok()?)?;
            return Some((DateRead::Day(date), place + spans - at));
        }
    }
    None
}

/// The weekday named at a token, from Monday, and how many tokens it spans.
fn named(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    for (day, forms) in text.words.days.iter().enumerate() {
        if let Some(count) = forms.at(&text.tokens, at) {
            return Some((day, count));
        }
    }
    let token = text.token(at).filter(|token| token.is_word())?;
    let day = words::weekday(text.language, text.words, &token.text)?;
    Some((day, 1))
}

fn weekday(text: &Text<'_>, at: usize, sought: Sought) -> Option<(DateRead, usize)> {
    let (words, tokens) = (text.words, &text.tokens);
    let next = words.next.at(tokens, at);
    let coming = words.coming.at(tokens, at);
    let lead = next.or(coming).unwrap_or(0);
    let (day, spans) = named(text, at + lead)?;
    let mut end = at + lead + spans;
    end += usize::from(text.is_mark(end, '.') && text.token(end + 1).is_some());
    // "Tuesday, the 8th": the date says more.
    let behind = end + usize::from(text.is_mark(end, ','));
    let dated = Sought {
        asked: sought.asked || text.number(behind).is_some(),
        ..sought
    };
    if let Some((written, count)) = day::written(text, behind, dated) {
        let date = match written {
            Written::Day(date) => DateRead::Day(date),
            Written::Impossible => DateRead::Impossible,
        };
        return Some((date, behind + count - at));
    }
    let today = i64::from(sought.today.weekday().to_monday_zero_offset());
    let ahead = i64::try_from(day).ok()? - today;
    if let Some(count) = words.next_week.at(tokens, end) {
        return Some((
            DateRead::Day(plus(sought.today, ahead + 7)?),
            end + count - at,
        ));
    }
    let trailing = words.coming.at(tokens, end).filter(|_| lead == 0);
    let days = match next {
        Some(_) => ahead + 7,
        // A weekday that is today means the next one: today has a word of its own.
        None => match ahead.rem_euclid(7) {
            0 => 7,
            days => days,
        },
    };
    let date = plus(sought.today, days)?;
    Some((DateRead::Day(date), end + trailing.unwrap_or(0) - at))
}

/// "in December": some day of it.
fn month_alone(text: &Text<'_>, at: usize, today: Date) -> Option<(DateRead, usize)> {
    let token = text
        .token(at)
        .filter(|t| t.is_word() && t.text.chars().count() > 4)?;
    let month = words::month(text.language, text.words, &token.text)?;
    // "may" and "march" are other words too.
    let led = text.follows(&text.words.within, at) || text.follows(&text.words.of, at);
    if !led && matches!(token.text.as_str(), "march" | "marche") {
        return None;
    }
    let year = today.year() + i16::from(month < today.month());
    let first = Date::new(year, month, 1).ok()?;
    Some((DateRead::Within(first.max(today), first.last_of_month()), 1))
}
