//! Reads a day of the calendar: "8 December", "December 8th", "8.12.", "the 14th".

use jiff::ToSpan;
use jiff::civil::Date;

use super::date::Sought;
use super::tokens::Text;
use super::words;
use crate::language::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Day(Date),
    /// There is no such day.
    Impossible,
}

/// A day that begins at a token, and how many tokens it spans.
pub(super) fn written(text: &Text<'_>, at: usize, sought: Sought) -> Option<(Written, usize)> {
    in_full(text, at)
        .or_else(|| month_first(text, at, sought))
        .or_else(|| day_first(text, at, sought))
}

/// 2026-12-24
fn in_full(text: &Text<'_>, at: usize) -> Option<(Written, usize)> {
    let year = text
        .number(at)
        .filter(|year| (1900..=2200).contains(year))?;
    if !(text.is_mark(at + 1, '-') && text.is_mark(at + 3, '-') && text.is_glued(at + 1)) {
        return None;
    }
    let (month, day) = (text.number(at + 2)?, text.number(at + 4)?);
    Some((of(Some(year), month, day)?, 5))
}

/// A date of a year; `None` for numbers that are no date at all.
fn of(year: Option<u32>, month: u32, day: u32) -> Option<Written> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = i16::try_from(year?).ok()?;
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Some(Date::new(year, month, day).map_or(Written::Impossible, Written::Day))
}

fn month_at(text: &Text<'_>, at: usize) -> Option<u32> {
    let token = text.token(at).filter(|token| token.is_word())?;
    let month = words::month(text.language, text.words, &token.text)?;
    u32::try_from(month).ok()
}

/// A day in figures, or as the word for its place, and how many tokens it spans; whether it was marked as a place.
fn day_at(text: &Text<'_>, at: usize) -> Option<(u32, usize, bool)> {
    if let Some(token) = text.token(at).filter(|token| token.is_word()) {
        let ordinal = &text.words.ordinals;
        if let Some(day) = ordinal.value(&token.text) {
            return Some((day, 1, true));
        }
        let tens = text
            .words
            .numbers
            .value(&token.text)
            .filter(|n| [20, 30].contains(n));
        let behind = at + 1 + usize::from(text.is_mark(at + 1, '-'));
        let ones = text
            .token(behind)
            .and_then(|token| ordinal.value(&token.text));
        let (tens, ones) = tens.zip(ones.filter(|n| *n < 10))?;
        return Some((tens + ones, behind + 1 - at, true));
    }
    let token = text.token(at)?;
    let day = token.number().filter(|_| token.text.len() <= 2)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let dash = usize::from(text.is_mark(at + 1, '-') && text.is_glued(at + 1));
    let marked = text.words.day_marks.at(&text.tokens, at + 1 + dash);
    match marked.filter(|_| dash == 0 || text.language == Language::Ru) {
        Some(count) => Some((day, 1 + dash + count, true)),
        None => Some((day, 1, false)),
    }
}

/// A year behind a month, and how many tokens it spans with what stands between.
fn year_at(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    let skip = usize::from(text.is_mark(at, ','));
    let skip = skip + text.words.of.at(&text.tokens, at + skip).unwrap_or(0);
    let year = text.number(at + skip)?;
    (1900..=2200).contains(&year).then_some((year, skip + 1))
}

/// "December 8th", "Dec 8, 2026"
fn month_first(text: &Text<'_>, at: usize, sought: Sought) -> Option<(Written, usize)> {
    let month = month_at(text, at)?;
    let mut place = at + 1 + usize::from(text.is_mark(at + 1, '.'));
    place += text.words.articles.at(&text.tokens, place).unwrap_or(0);
    let (day, count, _) = day_at(text, place)?;
    place += count;
    if text.is_mark(place, ':') {
        return None;
    }
    let year = year_at(text, place);
    place += year.map_or(0, |(_, count)| count);
    let written = resolve(day, Some(month), year.map(|(year, _)| year), sought)?;
    Some((written, place - at))
}

fn day_first(text: &Text<'_>, at: usize, sought: Sought) -> Option<(Written, usize)> {
    let (words, tokens) = (text.words, &text.tokens);
    let lead = words.articles.at(tokens, at);
    let start = at + lead.unwrap_or(0);
    let (day, count, marked) = day_at(text, start)?;
    let mut place = start + count;
    if count == 1
        && !marked
        && let Some((written, spans)) = in_figures(text, start, day, sought)
    {
        return Some((written, start + spans - at));
    }
    let dot = text.is_mark(place, '.') && text.is_glued(place);
    let after = place + usize::from(dot);
    let of = words.of.at(tokens, after).unwrap_or(0);
    let article = words.articles.at(tokens, after).unwrap_or(0);
    for skip in [of, article, 0] {
        if let Some(month) = month_at(text, after + skip) {
            place = after + skip + 1;
            place += usize::from(text.is_mark(place, '.') && text.token(place + 1).is_some());
            let year = year_at(text, place);
            place += year.map_or(0, |(_, count)| count);
            let written = resolve(day, Some(month), year.map(|(year, _)| year), sought)?;
            return Some((written, place - at));
        }
    }
    // "the 14th", "am 14.", "le 14"; a number alone only if it was asked for.
    let is_other = words.hours.at(tokens, place).is_some()
        || words.am.at(tokens, place).is_some()
        || words.pm.at(tokens, place).is_some()
        || text.follows(&words.at, at)
        || [':', '%', '€', '$', '/']
            .iter()
            .any(|mark| text.is_mark(place, *mark))
        || (dot && text.number(place + 1).is_some());
    let article = lead.is_some() && (dot || marked || text.language != Language::En);
    let alone = sought.asked && tokens.len() <= 6 && text.left() <= 4;
    let worded = marked && text.token(start).is_some_and(super::tokens::Token::is_word);
    // "the first time" is no date.
    let is_order = worded && day <= 12 && !sought.asked;
    if is_other || is_order || !(article || alone || (marked && !worded)) {
        return None;
    }
    let written = resolve(day, None, None, sought)?;
    Some((written, after - at))
}

/// 8.12., 8.12.2026, 12/8, 8/12/2026
fn in_figures(text: &Text<'_>, at: usize, first: u32, sought: Sought) -> Option<(Written, usize)> {
    let mark = ['.', '/', '-']
        .into_iter()
        .find(|mark| text.is_mark(at + 1, *mark))?;
    if !(text.is_glued(at + 1) && text.is_glued(at + 2)) {
        return None;
    }
    let second = text
        .token(at + 2)
        .filter(|token| token.text.len() <= 2)?
        .number()?;
    let more = text.is_mark(at + 3, mark) && text.is_glued(at + 3);
    let year = match more && text.is_glued(at + 4) {
        true => text
            .number(at + 4)
            .map(|year| if year < 100 { year + 2000 } else { year }),
        false => None,
    };
    let count = match (year, more) {
        (Some(_), _) => 5,
        (None, true) => 4,
        (None, false) => 3,
    };
    // 8.30 may be a time, and 8-10 a span.
    if count == 3 && (mark == '-' || (mark == '.' && !sought.asked)) {
        return None;
    }
    let month_first = mark == '/' && (text.language == Language::En && first <= 12 || second > 12);
    let (day, month) = match month_first {
        true => (second, first),
        false => (first, second),
    };
    let written = match year {
        Some(year) => of(Some(year), month, day)?,
        None => resolve(day, Some(month), None, sought)?,
    };
    Some((written, count))
}

/// The next such day.
fn resolve(day: u32, month: Option<u32>, year: Option<u32>, sought: Sought) -> Option<Written> {
    if let (Some(month), Some(_)) = (month, year) {
        return of(year, month, day);
    }
    let today = sought.today;
    let day = i8::try_from(day).ok()?;
    if let Some(month) = month {
        let month = i8::try_from(month)
            .ok()
            .filter(|month| (1..=12).contains(month))?;
        let found = (0..5)
            .filter_map(|n| Date::new(today.year() + n, month, day).ok())
            .find(|date| *date >= today);
        return Some(found.map_or(Written::Impossible, Written::Day));
    }
    let near = sought
        .near
        .and_then(|near| Date::new(near.year(), near.month(), day).ok());
    if let Some(near) = near.filter(|near| *near >= today) {
        return Some(Written::Day(near));
    }
    let found = (0..4)
        .filter_map(|n: i64| {
            let first = today.first_of_month().checked_add(n.months()).ok()?;
            Date::new(first.year(), first.month(), day).ok()
        })
        .find(|date| *date >= today);
    Some(found.map_or(Written::Impossible, Written::Day))
}
