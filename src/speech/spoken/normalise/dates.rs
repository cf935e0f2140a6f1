//! Dates with the name of a month, in digits (month first), and in ISO 8601; days of the week.

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

/// Reads dates and short names of days.
pub(super) fn read(text: &str) -> String {
    let text = WEEKDAYS.replace_all(text, |found: &Captures<'_>| {
        format!("{} to {}", expand_day(&found[1]), expand_day(&found[4]))
    });
    let text = WEEKDAY.replace_all(&text, |found: &Captures<'_>| {
        let after = found.name("after").map_or("", |after| after.as_str());
        format!(
            "{}{after}",
            expand_day(
                found
                    .get(1)
                    .or(found.get(2))
                    .map_or("", |name| name.as_str())
            )
        )
    });
    let text = ISO.replace_all(&text, |found: &Captures<'_>| {
        let time = found
            .get(4)
            .map(|time| format!(" {}", time.as_str()))
            .unwrap_or_default();
        read_figures(&found[1], &found[2], &found[3])
            .map_or_else(|| found[0].to_owned(), |date| format!("{date}{time}"))
    });
    let text = FIGURES.replace_all(&text, |found: &Captures<'_>| {
        // The day comes first with full stops, and where the first number cannot be a month.
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
        read_figures(&full, month, day).unwrap_or_else(|| found[0].to_owned())
    });
    let text = MONTH_DAY.replace_all(&text, |found: &Captures<'_>| {
        let until = found
            .get(3)
            .map(|day| format!(" to {}", read_day(day.as_str())))
            .unwrap_or_default();
        let year = found
            .get(4)
            .map(|year| format!(", {}", read_year(year.as_str())))
            .unwrap_or_default();
        format!(
            "{} {}{until}{year}",
            expand_month(&found[1]),
            read_day(&found[2])
        )
    });
    let text = DAY_MONTH.replace_all(&text, |found: &Captures<'_>| {
        let year = found
            .get(3)
            .map(|year| format!(", {}", read_year(year.as_str())))
            .unwrap_or_default();
        // "2 may come" is not a date.
        if &found[2] == "May" || found[2].len() > 2 {
            format!(
                "{} of {}{year}",
                read_day(&found[1]),
                expand_month(&found[2])
            )
        } else {
            found[0].to_owned()
        }
    });
    MONTH_YEAR
        .replace_all(&text, |found: &Captures<'_>| {
            format!("{} {}", expand_month(&found[1]), read_year(&found[2]))
        })
        .into_owned()
}

fn read_figures(year: &str, month: &str, day: &str) -> Option<String> {
    let month: usize = month
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    let name = calendar::month_name(Language::En, month);
    let number: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some(format!(
        "{name} {}, {}",
        numbers::ordinal(number),
        read_year(year)
    ))
}

fn read_day(day: &str) -> String {
    day.parse()
        .map_or_else(|_| day.to_owned(), numbers::ordinal)
}

fn read_year(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), numbers::year)
}

fn expand_month(name: &str) -> &'static str {
    let start: String = name.chars().take(3).collect();
    (1..=12)
        .map(|month| calendar::month_name(Language::En, month))
        .find(|month| month.starts_with(&start))
        .unwrap_or("")
}

fn expand_day(name: &str) -> &'static str {
    let start = name.get(..2).unwrap_or(name);
    (0..7)
        .map(|day| calendar::day_name(Language::En, day))
        .find(|day| day.starts_with(start))
        .unwrap_or("")
}
