//! Days: relative ones, weekdays, dates and holidays.

use jiff::civil::Date;
use jiff::{Span, Zoned};

use super::super::calendar_words::{NamedDay, is_plain_month, month, small_number, weekday};
use super::super::holidays;
use super::super::words::{Token, any_at};
use super::calendar::calendar;
use super::{Mention, Relation, Taken, bytes};

#[rustfmt::skip]
const NOW: &[&str] = &["now", "right now", "rn", "at the moment", "currently", "jetzt", "gerade", "im moment", "momentan", "derzeit", "ahora", "ahora mismo", "maintenant", "en ce moment", "adesso", "ora", "in questo momento", "agora", "nu", "teraz", "simdi", "still open"];
#[rustfmt::skip]
const TODAY: &[&str] = &["today", "tdy", "2day", "tonight", "tonite", "this morning", "this afternoon", "this evening", "heute", "heut", "heute abend", "hoy", "esta noche", "esta tarde", "esta manana", "aujourd hui", "ce soir", "ce matin", "cet apres midi", "oggi", "stasera", "stamattina", "hoje", "vandaag", "dzisiaj", "dzis", "bugun"];
#[rustfmt::skip]
const TOMORROW: &[&str] = &["tomorrow", "tmrw", "tmr", "tmrrw", "tomoz", "tomo", "2morrow", "2moro", "tommorow", "tommorrow", "morgen", "morgen fruh", "manana", "manana por la manana", "demain", "domani", "amanha", "jutro", "yarin"];
#[rustfmt::skip]
const AFTER_TOMORROW: &[&str] = &["day after tomorrow", "the day after tomorrow", "overmorrow", "ubermorgen", "pasado manana", "apres demain", "dopodomani", "depois de amanha", "overmorgen", "pojutrze"];
#[rustfmt::skip]
const YESTERDAY: &[&str] = &["yesterday", "gestern", "ayer", "hier soir", "ieri"];
#[rustfmt::skip]
const DAY_BEFORE: &[&str] = &["day before", "the day before", "eve of", "the eve of", "tag vor", "am tag vor", "el dia antes de", "dia antes de", "la vispera de", "la veille de", "veille de", "le jour avant", "il giorno prima di", "giorno prima di", "giorno prima del"];
#[rustfmt::skip]
const DAY_AFTER: &[&str] = &["day after", "the day after", "tag nach", "am tag nach", "el dia despues de", "dia despues de", "le lendemain de", "lendemain de", "le jour apres", "il giorno dopo", "giorno dopo"];
#[rustfmt::skip]
const AFTER: &[&str] = &["after", "nach", "despues de", "apres", "dopo"];
#[rustfmt::skip]
const BEFORE: &[&str] = &["before", "vor", "antes de", "avant", "prima di"];
#[rustfmt::skip]
pub(super) const ARTICLES: &[&str] = &["the", "der", "den", "dem", "die", "el", "la", "le", "il", "lo", "l", "de", "del", "di", "of", "on", "vom", "am"];
#[rustfmt::skip]
const THIS: &[&str] = &["this", "this coming", "coming", "diesen", "dieser", "diese", "kommenden", "kommender", "este", "ce", "questo", "this upcoming"];
#[rustfmt::skip]
const NEXT: &[&str] = &["next", "nachsten", "nachster", "nachste", "nexten"];
#[rustfmt::skip]
const NEXT_UPCOMING: &[&str] = &["proximo", "el proximo", "prossimo"];
#[rustfmt::skip]
const EVERY: &[&str] = &["every", "each", "jeden", "jeder", "immer", "los", "todos los", "cada", "les", "tous les", "chaque", "ogni", "tutti i"];
#[rustfmt::skip]
const WEEKEND: &[&str] = &["weekend", "week end", "wochenende", "fin de semana", "finde", "fine settimana", "weekends"];

/// The day at a token.
pub(super) fn at(
    tokens: &[Token],
    start: usize,
    language: &str,
    now: &Zoned,
) -> Option<Taken<Mention>> {
    let today = now.date();
    // "the day before Thanksgiving", "after New Year's"
    for (phrases, days, relation) in [
        (DAY_BEFORE, -1, Relation::On),
        (DAY_AFTER, 1, Relation::On),
        (AFTER, 0, Relation::After),
        (BEFORE, 0, Relation::Before),
    ] {
        let Some(n) = any_at(tokens, start, phrases) else {
            continue;
        };
        if relation == Relation::On && any_at(tokens, start, AFTER_TOMORROW).is_some() {
            continue;
        }
        let mut from = start + n;
        if any_at(tokens, from, ARTICLES) == Some(1) {
            from += 1;
        }
        let Some(mut day) = plain(tokens, from, language, today) else {
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
    plain(tokens, start, language, today)
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

fn plain(tokens: &[Token], start: usize, language: &str, today: Date) -> Option<Taken<Mention>> {
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
    if let Some(n) = any_at(tokens, start, AFTER_TOMORROW) {
        return Some(taken(tokens, start, n, plus(today, 2)));
    }
    // "guten Morgen", "morgens" and "por la mañana" are no tomorrow.
    let before = start
        .checked_sub(1)
        .and_then(|b| tokens.get(b))
        .map(|t| t.text.as_str());
    let greeting = matches!(
        before,
        Some("guten" | "goeden" | "la" | "de" | "am" | "jeden" | "heute")
    );
    if let Some(n) = any_at(tokens, start, TOMORROW).filter(|_| !greeting)
        && !(language == "nl"
            && tokens.get(start).is_some_and(|t| t.text == "morgen")
            && matches!(before, Some("de" | "goede")))
    {
        return Some(taken(tokens, start, n, plus(today, 1)));
    }
    if let Some(n) = any_at(tokens, start, TODAY) {
        return Some(taken(tokens, start, n, Some(today)));
    }
    if let Some(n) = any_at(tokens, start, YESTERDAY) {
        return Some(taken(tokens, start, n, plus(today, -1)));
    }
    if let Some(n) = any_at(tokens, start, NOW) {
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
    let this = any_at(tokens, start, THIS);
    let next = any_at(tokens, start, NEXT).or_else(|| any_at(tokens, start, NEXT_UPCOMING));
    let lead = this.or(next).unwrap_or(0);
    let shift = if next.is_some() { 7 } else { 0 };
    let monday = plus(today, -i32::from(today.weekday().to_monday_zero_offset()))?;
    if let Some(n) = any_at(tokens, start + lead, WEEKEND) {
        let saturday = plus(monday, 5 + shift)?;
        let mut found = taken(tokens, start, lead + n, Some(saturday.max(today)));
        found.what.until = plus(saturday, 1);
        found.what.recurring = tokens.get(start).is_some_and(|t| t.text == "weekends");
        return Some(found);
    }
    if lead > 0
        && let Some(n) = any_at(
            tokens,
            start + lead,
            &["week", "woche", "settimana", "semana", "semaine"],
        )
    {
        let first = plus(monday, shift)?;
        let mut found = taken(tokens, start, lead + n, Some(first.max(today)));
        found.what.until = plus(first, 6);
        return Some(found);
    }
    let n = any_at(
        tokens,
        start,
        &["in", "dentro de", "en", "dans", "tra", "fra", "within"],
    )?;
    let count = small_number(tokens.get(start + n)?)?;
    let unit = tokens.get(start + n + 1)?.text.as_str();
    let days = match unit {
        "day" | "days" | "tag" | "tagen" | "dia" | "dias" | "jour" | "jours" | "giorno"
        | "giorni" => 1,
        "week" | "weeks" | "woche" | "wochen" | "semana" | "semanas" | "semaine" | "semaines"
        | "settimana" | "settimane" => 7,
        _ => return None,
    };
    Some(taken(
        tokens,
        start,
        n + 2,
        plus(today, i32::from(count) * days),
    ))
}

fn holiday(tokens: &[Token], start: usize, today: Date) -> Option<Taken<Mention>> {
    let (holiday, n) = holidays::named(tokens, start)?;
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
    let lead = |phrases: &[&str]| any_at(tokens, start, phrases);
    let next = lead(NEXT);
    let upcoming = lead(NEXT_UPCOMING);
    let every = lead(EVERY);
    let skip = lead(THIS).or(next).or(upcoming).or(every).unwrap_or(0);
    let named = weekday(tokens.get(start + skip)?, language)?;
    let NamedDay { day, habit, short } = named;
    // "sat" and "sun" are words of their own after "i" or "we".
    let mut n = skip + 1;
    if short && tokens.get(start + n).is_some_and(|t| t.is_mark('.')) {
        n += 1;
    }
    // "samedi prochain", "sabato prossimo", "el lunes que viene"
    let trailing = any_at(
        tokens,
        start + n,
        &[
            "prochain",
            "prossimo",
            "proximo",
            "que viene",
            "next",
            "next week",
            "nachster woche",
            "nachste woche",
        ],
    );
    // "Saturday the 21st", "Thu, Dec 24", "Samstag, den 5.12."
    let mut from = start + n;
    if tokens.get(from).is_some_and(|t| t.is_mark(',')) {
        from += 1;
    }
    let article = any_at(tokens, from, ARTICLES).unwrap_or(0);
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
    let date = if next.is_some()
        || any_at(
            tokens,
            start + n,
            &["next week", "nachste woche", "nachster woche"],
        )
        .is_some()
    {
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
