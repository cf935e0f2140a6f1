//! Public holidays by rule, and days that people refer to by name: Christmas Eve, Thanksgiving, Easter Monday.
//! `holidays.toml` lists them with their sources.
//!
//! They have two uses: to resolve a name to a date, and to know on which dates the weekly hours may not apply.

use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer};

use super::words::{Token, any_at};
use crate::language::{Language, calendar, data};

/// When a holiday is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    /// Month and day.
    Fixed(i8, i8),
    /// Month, which one (-1: the last), weekday.
    Nth(i8, i8, #[serde(deserialize_with = "weekday")] Weekday),
    /// Days from Easter Sunday.
    Easter(i32),
    /// The Thursday of Thanksgiving, and days from it.
    Thanksgiving(i32),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// In English.
    pub name: &'static str,
    rule: Rule,
    /// ISO 3166 codes of the countries where it is public, at least regionally.
    pub countries: Vec<String>,
    /// Names that people write, folded, in all languages.
    spoken: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct File {
    holidays: Vec<Holiday>,
}

fn weekday<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = calendar::lower(Language::En).into_iter();
    names
        .flat_map(|names| &names.days)
        .position(|day| day.contains(&name))
        .and_then(|at| Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok())
        .ok_or_else(|| serde::de::Error::custom(format!("{name} is not a weekday")))
}

/// Countries whose holidays are known.
pub const COUNTRIES: &[&str] = &["US", "DE", "ES", "FR", "IT", "GB", "AT", "CH"];

use Rule::{Easter, Fixed, Nth, Thanksgiving};

static FILE: &str = include_str!("holidays.toml");
static HOLIDAYS: LazyLock<Vec<Holiday>> = LazyLock::new(|| data::read::<File>(FILE).holidays);

/// Easter Sunday of a year in the Gregorian calendar (the anonymous algorithm, Nature 1876).
pub fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Holiday {
    pub fn in_year(&self, year: i16) -> Option<Date> {
        match self.rule {
            Fixed(month, day) => Date::new(year, month, day).ok(),
            Nth(month, nth, weekday) => Date::new(year, month, 1)
                .ok()?
                .nth_weekday_of_month(nth, weekday)
                .ok(),
            Easter(days) => easter(year)?.checked_add(Span::new().days(days)).ok(),
            Thanksgiving(days) => Date::new(year, 11, 1)
                .ok()?
                .nth_weekday_of_month(4, Weekday::Thursday)
                .ok()?
                .checked_add(Span::new().days(days))
                .ok(),
        }
    }

    /// Its first date on or after `from`.
    pub fn next(&self, from: Date) -> Option<Date> {
        (from.year()..=from.year().saturating_add(1))
            .filter_map(|year| self.in_year(year))
            .find(|date| *date >= from)
    }
}

/// The holiday named at a token, and how many tokens the name spans.
pub(super) fn find_named(tokens: &[Token], at: usize) -> Option<(&'static Holiday, usize)> {
    HOLIDAYS
        .iter()
        .filter_map(|h| any_at(tokens, at, &h.spoken).map(|taken| (h, taken)))
        .max_by_key(|(_, taken)| *taken)
}

/// The reason why the weekly hours may not apply on a date: a public holiday (even if only regional), its
/// substitute weekday, Christmas Eve or New Year's Eve. Without a country, holidays of all known countries
/// count.
pub fn special(date: Date, country: Option<&str>) -> Option<&'static str> {
    let known = country.filter(|c| COUNTRIES.contains(c));
    HOLIDAYS
        .iter()
        .find(|h| {
            let customary = matches!(h.rule, Fixed(12, 24 | 31));
            let public = match known {
                Some(country) => h.countries.iter().any(|c| c == country),
                None => !h.countries.is_empty(),
            };
            (customary || public)
                && (h.in_year(date.year()) == Some(date) || (public && stands_in(h, date, known)))
        })
        .map(|h| h.name)
}

/// Whether `date` is the substitute weekday of a holiday on a weekend (United States, United Kingdom).
fn stands_in(holiday: &Holiday, date: Date, country: Option<&str>) -> bool {
    let Fixed(month, _) = holiday.rule else {
        return false;
    };
    let kept = |weekday: Weekday, days: i32| {
        // The holiday may be in the year after its substitute day.
        [date.year(), date.year().saturating_add(1)]
            .into_iter()
            .filter_map(|year| holiday.in_year(year))
            .any(|real| {
                real.weekday() == weekday
                    && real
                        .checked_add(Span::new().days(days))
                        .is_ok_and(|d| d == date)
            })
    };
    match country {
        Some("US") => kept(Weekday::Saturday, -1) || kept(Weekday::Sunday, 1),
        Some("GB") => {
            kept(Weekday::Saturday, 2)
                || kept(Weekday::Sunday, 1)
                // Christmas and Boxing Day on a weekend: both Monday and Tuesday are substitutes.
                || (month == 12 && kept(Weekday::Sunday, 2))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_holiday_has_a_rule_names_and_known_countries() {
        let file: File = data::check(FILE);
        assert_eq!(file.holidays.len(), 49);
        for holiday in file.holidays {
            assert!(!holiday.spoken.is_empty(), "{}", holiday.name);
            let known = |country: &String| COUNTRIES.contains(&country.as_str());
            assert!(holiday.countries.iter().all(known), "{}", holiday.name);
            assert!(holiday.in_year(2026).is_some(), "{}", holiday.name);
        }
    }

    #[test]
    fn easter_is_when_the_church_says() {
        for (y, m, d) in [
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(y), Some(date(y, m, d)));
        }
    }

    #[test]
    fn holidays_are_known_by_country() {
        for (on, country, expected) in [
            (date(2027, 2, 15), Some("US"), Some("Presidents' Day")),
            (
                date(2027, 1, 18),
                Some("US"),
                Some("Martin Luther King Day"),
            ),
            (date(2026, 11, 26), Some("US"), Some("Thanksgiving")),
            (date(2026, 7, 3), Some("US"), Some("Independence Day")),
            (date(2021, 12, 31), Some("US"), Some("New Year's Day")),
            (date(2026, 12, 28), Some("GB"), Some("Boxing Day")),
            (date(2027, 2, 15), Some("DE"), None),
            (date(2026, 10, 3), Some("DE"), Some("Day of German Unity")),
            (date(2026, 12, 24), Some("FR"), Some("Christmas Eve")),
            (date(2026, 7, 14), None, Some("Bastille Day")),
            (date(2026, 7, 15), None, None),
        ] {
            assert_eq!(special(on, country), expected, "{on} {country:?}");
        }
    }
}
