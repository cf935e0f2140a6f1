//! The ways in which documents write a date.

use jiff::civil::{Date, Weekday};

use crate::language::{Language, calendar};

const WRITTEN: [Language; 5] = [
    Language::En,
    Language::De,
    Language::Es,
    Language::Fr,
    Language::It,
];

fn language(code: &str) -> Language {
    let known = Language::of_code(code).filter(|language| WRITTEN.contains(language));
    known.unwrap_or(Language::En)
}

/// English for unknown languages.
pub fn weekday_name(day: Weekday, code: &str) -> &'static str {
    let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    calendar::day_name(language(code), at)
}

/// English for unknown languages.
pub fn month_name(month: i8, code: &str) -> &'static str {
    let at = usize::try_from(month).unwrap_or(1);
    calendar::month_name(language(code), at)
}

/// The ways to write this date in English, German, Spanish, French and Italian, the most specific first:
/// "Thu Dec 24", "December 24", "24. Dezember", "24.12.", "2026-12-24", and finally the weekday alone.
pub fn names_of(date: Date) -> Vec<String> {
    let (day, month, year) = (date.day(), date.month(), date.year());
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let at = usize::try_from(month - 1).unwrap_or(0);
    let mut out = vec![format!("{year}-{month:02}-{day:02}")];
    let mut weekdays = Vec::new();
    for language in WRITTEN {
        let Some(names) = calendar::written(language) else {
            continue;
        };
        let first = |names: Option<&'static Vec<String>>| Some(names?.first()?.as_str());
        let (Some(full_day), Some(short_day), Some(full), Some(short)) = (
            first(names.days.get(weekday)),
            first(names.short_days.get(weekday)),
            first(names.months.get(at)),
            first(names.short_months.get(at)),
        ) else {
            continue;
        };
        match language {
            Language::En => {
                out.push(format!("{short_day} {short} {day}"));
                out.push(format!("{full_day}, {full} {day}"));
                out.push(format!("{full} {day}"));
                out.push(format!("{short} {day}"));
                out.push(format!("{day} {full}"));
                out.push(format!("{day} {short}"));
                out.push(format!("{full} {day}{}", ordinal(day)));
                out.push(format!("{day}{} of {full}", ordinal(day)));
            }
            Language::De => {
                out.push(format!("{day}. {full}"));
                out.push(format!("{day}. {short}."));
                out.push(format!("{day}.{month}."));
                out.push(format!("{day:02}.{month:02}."));
                out.push(format!("{day}.{month}.{year}"));
                out.push(format!("{short_day}, {day}.{month}."));
            }
            Language::Es => out.push(format!("{day} de {full}")),
            _ => out.push(format!("{day} {full}")),
        }
        weekdays.push(full_day.to_owned());
    }
    out.push(format!("{month}/{day}"));
    out.push(format!("{day}/{month}/{year}"));
    out.extend(weekdays);
    let mut seen = std::collections::HashSet::new();
    out.retain(|name| seen.insert(name.clone()));
    out
}

/// "st", "nd", "rd" or "th".
pub fn ordinal(day: i8) -> &'static str {
    match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_is_written_in_many_ways() {
        let names = names_of(date(2026, 12, 24));
        for name in [
            "Thu Dec 24",
            "December 24",
            "24 December",
            "24.12.",
            "24. Dezember",
            "24 de diciembre",
            "24 décembre",
            "24 dicembre",
            "Thursday",
            "Donnerstag",
            "December 24th",
        ] {
            assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
        }
        let at = |name: &str| names.iter().position(|n| n == name).unwrap();
        assert!(at("Thu Dec 24") < at("Thursday"));
    }

    #[test]
    fn eleven_to_thirteen_are_th() {
        let all: Vec<&str> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30].map(ordinal).into();
        assert_eq!(
            all,
            [
                "st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "rd", "th"
            ]
        );
    }
}
