//! Dates: with the month's name, in figures (month first), and as ISO 8601 writes them; days of the week.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{numbers, pattern};
use crate::language::{Language, calendar};

const NAME: &str = r"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)";

static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b{NAME}\.? (\d{{1,2}})(?:st|nd|rd|th)?(?: ?[-–] ?(\d{{1,2}})(?:st|nd|rd|th)?)?(?:,? (\d{{4}}))?\b"
    ))
});
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?{NAME}\b\.?(?:,? (\d{{4}})\b)?"
    ))
});
static MONTH_YEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\b{NAME}\.?,? (\d{{4}})\b")));
static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d\d:\d\d)(?::\d\d)?(?:Z|\+00:00)?)?\b")
});
static FIGURES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})([/.])(\d{1,2})[/.](\d{4}|\d{2})\b"));
static WEEKDAYS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:(day|sday|nesday|urday)s?)?( ?[-–—] ?)(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)[a-z]*\b\.?",
    )
});
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\b\.?|\b(Sat|Sun)(?:\.|(?P<after>,? \d|,? (?:and|closed)|:))",
    )
});

/// Puts dates and short names of days into words.
pub(super) fn read(text: &str) -> String {
    let text = WEEKDAYS.replace_all(text, |found: &Captures<'_>| {
        format!("{} to {}", day(&found[1]), day(&found[4]))
    });
    let text = WEEKDAY.replace_all(&text, |found: &Captures<'_>| {
        let after = found.name("after").map_or("", |after| after.as_str());
        format!(
            "{}{after}",
            day(found
                .get(1)
                .or(found.get(2))
                .map_or("", |name| name.as_str()))
        )
    });
    let text = ISO.replace_all(&text, |found: &Captures<'_>| {
        let time = found
            .get(4)
            .map(|time| format!(" {}", time.as_str()))
            .unwrap_or_default();
        figures(&found[1], &found[2], &found[3])
            .map_or_else(|| found[0].to_owned(), |date| format!("{date}{time}"))
    });
    let text = FIGURES.replace_all(&text, |found: &Captures<'_>| {
        // With full stops the day comes first, and so it does where the first figure can be no month.
        let day_first = &found[2] == "." || found[1].parse::<u64>().is_ok_and(|first| first > 12);
        let (month, day) = if day_first {
            (&found[3], &found[1])
        } else {
            (&found[1], &found[3])
        };
        let full = if found[4].len() == 2 {
            format!("20{}", &found[4])
        } else {
            found[4].to_owned()
        };
        figures(&full, month, day).unwrap_or_else(|| found[0].to_owned())
    });
    let text = MONTH_DAY.replace_all(&text, |found: &Captures<'_>| {
        let until = found
            .get(3)
            .map(|day| format!(" to {}", nth(day.as_str())))
            .unwrap_or_default();
        let year = found
            .get(4)
            .map(|year| format!(", {}", year_of(year.as_str())))
            .unwrap_or_default();
        format!("{} {}{until}{year}", month(&found[1]), nth(&found[2]))
    });
    let text = DAY_MONTH.replace_all(&text, |found: &Captures<'_>| {
        let year = found
            .get(3)
            .map(|year| format!(", {}", year_of(year.as_str())))
            .unwrap_or_default();
        // "2 may come" is no date.
        if &found[2] == "May" || found[2].len() > 2 {
            format!("{} of {}{year}", nth(&found[1]), month(&found[2]))
        } else {
            found[0].to_owned()
        }
    });
    MONTH_YEAR
        .replace_all(&text, |found: &Captures<'_>| {
            format!("{} {}", month(&found[1]), year_of(&found[2]))
        })
        .into_owned()
}

fn figures(year: &str, month: &str, day: &str) -> Option<String> {
    let month: usize = month
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    let name = calendar::month_name(Language::En, month);
    let number: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some(format!(
        "{name} {}, {}",
        numbers::ordinal(number),
        year_of(year)
    ))
}

fn nth(day: &str) -> String {
    day.parse()
        .map_or_else(|_| day.to_owned(), numbers::ordinal)
}

fn year_of(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), numbers::year)
}

fn month(name: &str) -> &'static str {
    let start: String = name.chars().take(3).collect();
    (1..=12)
        .map(|month| calendar::month_name(Language::En, month))
        .find(|month| month.starts_with(&start))
        .unwrap_or("")
}

fn day(name: &str) -> &'static str {
    let start = name.get(..2).unwrap_or(name);
    (0..7)
        .map(|day| calendar::day_name(Language::En, day))
        .find(|day| day.starts_with(start))
        .unwrap_or("")
}
