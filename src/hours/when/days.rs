//! Parses days: relative ones, weekdays, dates and holidays.

use jiff::civil::Date;
use jiff::{Span, Zoned};

use super::calendar::calendar;
use super::{LISTS, Mention, Relation, Taken, bytes};
use crate::hours::calendar_words::{NamedDay, is_plain_month, month, small_number, weekday};
use crate::hours::holidays;
use crate::hours::words::{Token, any_at};

pub(super) fn at(
    tokens: &[Token],
    start: usize,
    language: &str,
    now: &Zoned,
) -> Option<Taken<Mention>> {
    let today = now.date();
    // "the day before Thanksgiving", "after New Year's"
    for (phrases, days, relation) in [
        (&LISTS.day_before, -1, Relation::On),
        (&LISTS.day_after, 1, Relation::On),
        (&LISTS.after, 0, Relation::After),
        (&LISTS.before, 0, Relation::Before),
    ] {
        let Some(n) = any_at(tokens, start, phrases) else {
            continue;
        };
        if relation == Relation::On && any_at(tokens, start, &LISTS.after_tomorrow).is_some() {
            continue;
        }
        let mut from = start + n;
        if any_at(tokens, from, &LISTS.articles) == Some(1) {
            from += 1;
        }
        let Some(mut day) = parse_plain(tokens, from, language, today) else {
            continue;
        };
        day.tokens.start = start;
        day.what.relation = relation;
        if days != 0 {
            // "the day before Thanksgiving" on that day is today, and on Thanksgiving next year's.
            day.what.date = day.what.date.and_then(|d| plus(d, days));
            day.what.weekday = None;
            day.what.holiday = None;
        }
        day.what.range = bytes(tokens, &day.tokens);
        return Some(day);
    }
    parse_plain(tokens, start, language, today)
}

fn plus(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().days(days)).ok()
}

fn taken(tokens: &[Token], start: usize, n: usize, date: Option<Date>) -> Taken<Mention> {
    let range = start..start + n;
    Taken {
        what: Mention::day(date, bytes(tokens, &range)),
        tokens: range,
    }
}

fn parse_plain(
    tokens: &[Token],
    start: usize,
    language: &str,
    today: Date,
) -> Option<Taken<Mention>> {
    relative(tokens, start, language, today)
        .or_else(|| holiday(tokens, start, today))
        .or_else(|| named_weekday(tokens, start, language, today))
        .or_else(|| {
            let (date, n) = calendar(tokens, start, language, today, None)?;
            Some(taken(tokens, start, n, Some(date)))
        })
        .or_else(|| {
            let token = tokens.get(start).filter(|t| is_plain_month(t))?;
            let mut found = taken(tokens, start, 1, None);
            found.what.month = month(token);
            Some(found)
        })
}

fn relative(tokens: &[Token], start: usize, language: &str, today: Date) -> Option<Taken<Mention>> {
    if let Some(n) = any_at(tokens, start, &LISTS.after_tomorrow) {
        return Some(taken(tokens, start, n, plus(today, 2)));
    }
    // "guten Morgen", "morgens" and "por la mañana" do not mean tomorrow.
    let before = start
        .checked_sub(1)
        .and_then(|b| tokens.get(b))
        .map(|t| t.text.as_str());
    let greeting = matches!(
        before,
        Some("guten" | "goeden" | "la" | "de" | "am" | "jeden" | "heute")
    );
    if let Some(n) = any_at(tokens, start, &LISTS.tomorrow).filter(|_| !greeting)
        && !(language == "nl"
            && tokens.get(start).is_some_and(|t| t.text == "morgen")
            && matches!(before, Some("de" | "goede")))
    {
        return Some(taken(tokens, start, n, plus(today, 1)));
    }
    if let Some(n) = any_at(tokens, start, &LISTS.today) {
        return Some(taken(tokens, start, n, Some(today)));
    }
    if let Some(n) = any_at(tokens, start, &LISTS.yesterday) {
        return Some(taken(tokens, start, n, plus(today, -1)));
    }
    if let Some(n) = any_at(tokens, start, &LISTS.now) {
        let own = tokens
            .get(start)
            .is_some_and(|t| t.text != "ora" || language == "it");
        let mut found = taken(tokens, start, n, Some(today));
        found.what.is_now = true;
        return own.then_some(found);
    }
    weeks(tokens, start, today)
}

/// "this weekend", "next week", "in two weeks".
fn weeks(tokens: &[Token], start: usize, today: Date) -> Option<Taken<Mention>> {
    let this = any_at(tokens, start, &LISTS.this);
    let next =
        any_at(tokens, start, &LISTS.next).or_else(|| any_at(tokens, start, &LISTS.upcoming));
    let lead = this.or(next).unwrap_or(0);
    let shift = if next.is_some() { 7 } else { 0 };
    let monday = plus(today, -i32::from(today.weekday().to_monday_zero_offset()))?;
    if let Some(n) = any_at(tokens, start + lead, &LISTS.weekend) {
        let saturday = plus(monday, 5 + shift)?;
        let mut found = taken(tokens, start, lead + n, Some(saturday.max(today)));
        found.what.until = plus(saturday, 1);
        found.what.recurring = tokens.get(start).is_some_and(|t| t.text == "weekends");
        return Some(found);
    }
    if lead > 0
        && let Some(n) = any_at(tokens, start + lead, &LISTS.week)
    {
        let first = plus(monday, shift)?;
        let mut found = taken(tokens, start, lead + n, Some(first.max(today)));
        found.what.until = plus(first, 6);
        return Some(found);
    }
    let n = any_at(tokens, start, &LISTS.within)?;
    let count = small_number(tokens.get(start + n)?)?;
    let unit = &tokens.get(start + n + 1)?.text;
    let days = if LISTS.day_units.contains(unit) {
        1
    } else if LISTS.week_units.contains(unit) {
        7
    } else {
        return None;
    };
    Some(taken(
        tokens,
        start,
        n + 2,
        plus(today, i32::from(count) * days),
    ))
}

fn holiday(tokens: &[Token], start: usize, today: Date) -> Option<Taken<Mention>> {
    let (holiday, n) = holidays::find_named(tokens, start)?;
    let mut found = taken(tokens, start, n, holiday.next(today));
    found.what.holiday = Some(holiday.name);
    Some(found)
}

fn named_weekday(
    tokens: &[Token],
    start: usize,
    language: &str,
    today: Date,
) -> Option<Taken<Mention>> {
    let lead = |phrases: &[String]| any_at(tokens, start, phrases);
    let next = lead(&LISTS.next);
    let upcoming = lead(&LISTS.upcoming);
    let every = lead(&LISTS.every);
    let skip = lead(&LISTS.this)
        .or(next)
        .or(upcoming)
        .or(every)
        .unwrap_or(0);
    let named = weekday(tokens.get(start + skip)?, language)?;
    let NamedDay { day, habit, short } = named;
    // After "i" or "we", "sat" and "sun" are ordinary words.
    let mut n = skip + 1;
    if short && tokens.get(start + n).is_some_and(|t| t.is_mark('.')) {
        n += 1;
    }
    // "samedi prochain", "sabato prossimo", "el lunes que viene"
    let trailing = any_at(tokens, start + n, &LISTS.behind);
    // "Saturday the 21st", "Thu, Dec 24", "Samstag, den 5.12."
    let mut from = start + n;
    if tokens.get(from).is_some_and(|t| t.is_mark(',')) {
        from += 1;
    }
    let article = any_at(tokens, from, &LISTS.articles).unwrap_or(0);
    let dated = calendar(tokens, from, language, today, Some(day))
        .map(|found| (from, found))
        .or_else(|| {
            calendar(tokens, from + article, language, today, Some(day))
                .map(|found| (from + article, found))
        });
    if let Some((from, (date, taken_by_date))) = dated {
        let mut found = taken(tokens, start, from + taken_by_date - start, Some(date));
        found.what.weekday = Some(day);
        return Some(found);
    }
    let ahead =
        i32::from(day.to_monday_zero_offset()) - i32::from(today.weekday().to_monday_zero_offset());
    let same_week = plus(today, ahead.rem_euclid(7))?;
    let date = if next.is_some() || any_at(tokens, start + n, &LISTS.next_week).is_some() {
        // The weekday of the next calendar week.
        plus(today, ahead + 7)?
    } else if upcoming.is_some() || trailing.is_some() {
        if same_week == today {
            plus(today, 7)?
        } else {
            same_week
        }
    } else {
        same_week
    };
    n += trailing.unwrap_or(0);
    let before = start
        .checked_sub(1)
        .and_then(|b| tokens.get(b))
        .map(|t| t.text.as_str());
    let article_habit = matches!(
        (language, before),
        ("fr", Some("le" | "les")) | ("it", Some("il" | "di" | "la")) | ("es", Some("los"))
    );
    let mut found = taken(tokens, start, n, Some(date));
    found.what.weekday = Some(day);
    found.what.vague = skip == 0 && trailing.is_none();
    found.what.recurring = habit || every.is_some() || (article_habit && trailing.is_none());
    Some(found)
}
