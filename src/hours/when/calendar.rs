//! Parses calendar dates: "Dec 24", "24.12.", "the 21st".

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::LISTS;
use crate::hours::calendar_words::{month, weekday};
use crate::hours::words::{Kind, Token, any_at};

/// A calendar date at a token, and how many tokens it spans. With a weekday, it is in the year (or month)
/// in which the two agree.
pub(super) fn calendar(
    tokens: &[Token],
    start: usize,
    language: &str,
    today: Date,
    on: Option<Weekday>,
) -> Option<(Date, usize)> {
    let number = |at: usize| tokens.get(at).and_then(Token::number);
    let near = |at: usize| {
        at.checked_sub(1)
            .and_then(|b| tokens.get(b))
            .zip(tokens.get(at))
            .is_some_and(|(b, t)| b.range.end == t.range.start)
    };
    let mark = |at: usize, c: char| tokens.get(at).is_some_and(|t| t.is_mark(c));
    let ordinal = |at: usize| {
        tokens.get(at).is_some_and(|t| {
            matches!(
                t.text.as_str(),
                "st" | "nd" | "rd" | "th" | "er" | "o" | "º"
            ) && near(at)
        })
    };
    // A year that follows, with or without a comma.
    let year = |at: usize| -> Option<(i16, usize)> {
        let skip = usize::from(mark(at, ','));
        let skip = skip + any_at(tokens, at + skip, &LISTS.of_year).unwrap_or(0);
        let y = number(at + skip).filter(|y| (1900..=2200).contains(y))?;
        Some((y, skip + 1))
    };
    let first = tokens.get(start)?;
    if let Some(month) = month(first) {
        // "Dec 24", "December the 24th, 2026"
        let mut at = start + 1;
        at += usize::from(mark(at, '.'));
        at += any_at(tokens, at, &["the"]).unwrap_or(0);
        let day = number(at).filter(|d| (1..=31).contains(d))?;
        // "May 8:30", "Mar 10 Uhr"
        if (mark(at + 1, ':') && near(at + 1) && near(at + 2))
            || tokens
                .get(at + 1)
                .is_some_and(|t| matches!(t.text.as_str(), "am" | "pm" | "uhr" | "h"))
                && near(at + 1)
        {
            return None;
        }
        at += 1;
        at += usize::from(ordinal(at));
        let year = year(at);
        at += year.map_or(0, |(_, n)| n);
        return Some((
            resolve(day, Some(month), year.map(|y| y.0), today, on)?,
            at - start,
        ));
    }
    let lead = any_at(tokens, start, &LISTS.date_articles);
    let mut at = start + lead.unwrap_or(0);
    let value = number(at)?;
    if first.text.len() == 4 && mark(at + 1, '-') && mark(at + 3, '-') {
        // 2026-12-24
        let date = Date::new(
            value,
            i8::try_from(number(at + 2)?).ok()?,
            i8::try_from(number(at + 4)?).ok()?,
        )
        .ok()?;
        return Some((date, at + 5 - start));
    }
    if !(1..=31).contains(&value) {
        return None;
    }
    // 12/24, 24/12/2026
    if mark(at + 1, '/') && near(at + 1) && near(at + 2) {
        let second = number(at + 2)?;
        let y = (mark(at + 3, '/')).then(|| number(at + 4)).flatten();
        let month_first = (language == "en" && value <= 12) || second > 12;
        let (month, day) = if month_first {
            (value, second)
        } else {
            (second, value)
        };
        let n = if y.is_some() { 5 } else { 3 };
        let y = y.map(|y| if y < 100 { y + 2000 } else { y });
        let month = i8::try_from(month).ok().filter(|m| (1..=12).contains(m))?;
        return Some((resolve(day, Some(month), y, today, on)?, at + n - start));
    }
    let day = value;
    at += 1;
    let had_ordinal = ordinal(at);
    at += usize::from(had_ordinal);
    let dot = mark(at, '.') && near(at);
    if dot {
        // 24.12. and 24.12.2026, and no decimal number
        if let Some(month) = number(at + 1).filter(|m| (1..=12).contains(m))
            && (mark(at + 2, '.') && near(at + 2))
        {
            let y = number(at + 3)
                .filter(|_| near(at + 3))
                .map(|y| if y < 100 { y + 2000 } else { y });
            let n = if y.is_some() { 4 } else { 3 };
            let month = i8::try_from(month).ok()?;
            return Some((resolve(day, Some(month), y, today, on)?, at + n - start));
        }
        at += 1;
    }
    let of = any_at(tokens, at, &LISTS.of_month).unwrap_or(0);
    if let Some(month) = tokens.get(at + of).and_then(month) {
        // "24 December 2026", "24. Dez.", "1er janvier"
        let mut end = at + of + 1;
        end += usize::from(
            mark(end, '.')
                && !tokens
                    .get(end + 1)
                    .is_some_and(|t| t.capital && t.kind == Kind::Word),
        );
        let year = year(end);
        end += year.map_or(0, |(_, n)| n);
        return Some((
            resolve(day, Some(month), year.map(|y| y.0), today, on)?,
            end - start,
        ));
    }
    // "the 21st", "am 21.", "el 21"; a bare number only after a weekday.
    let article = lead.is_some();
    let follows = tokens
        .get(at)
        .filter(|t| t.kind != Kind::Mark('?') && t.kind != Kind::Mark(','));
    let unit = follows.is_some_and(|t| {
        matches!(
            t.text.as_str(),
            "uhr" | "h" | "am" | "pm" | ":" | "-" | "–" | "%" | "$" | "€" | "/"
        )
    });
    let alone = had_ordinal && follows.is_none_or(|t| !t.text.starts_with("floor"))
        || (article && dot)
        || (article
            && matches!(language, "es" | "fr" | "it")
            && follows.is_none_or(|t| t.kind != Kind::Number));
    let wanted = alone || (on.is_some() && !unit && value > 12 && !article);
    if !wanted || (unit && !had_ordinal) {
        return None;
    }
    // "the first Saturday" is not a date: the ordinal is right before a weekday.
    if follows.is_some_and(|t| weekday(t, language).is_some()) && on.is_none() {
        return None;
    }
    // Without article or weekday, "21st" is a floor or a birthday.
    if !article && on.is_none() && !had_ordinal {
        return None;
    }
    Some((resolve(day, None, None, today, on)?, at - start))
}

/// The next date with this day (and month and year).
fn resolve(
    day: i16,
    month: Option<i8>,
    year: Option<i16>,
    today: Date,
    on: Option<Weekday>,
) -> Option<Date> {
    let day = i8::try_from(day).ok()?;
    if let (Some(month), Some(year)) = (month, year) {
        return Date::new(year, month, day).ok();
    }
    let fits = |d: &Date| on.is_none_or(|on| d.weekday() == on);
    let candidates: Vec<Date> = match month {
        Some(month) => (0..8)
            .filter_map(|n| Date::new(today.year() + n, month, day).ok())
            .filter(|d| *d >= today)
            .collect(),
        None => (0..14)
            .filter_map(|n| {
                let first = today.first_of_month().checked_add(n.months()).ok()?;
                Date::new(first.year(), first.month(), day).ok()
            })
            .filter(|d| *d >= today)
            .collect(),
    };
    let near = candidates.first().copied();
    // If date and weekday agree only years from now, the weekday was a mistake.
    candidates
        .iter()
        .find(|d| fits(d))
        .copied()
        .filter(|d| month.is_none() || d.year() <= today.year() + 1)
        .or(near)
}
