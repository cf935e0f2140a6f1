//! Values in the words of a language.

use jiff::civil::{Date, Time};

use super::definition::{Definition, Kind};
use super::run::{Run, Value};
use super::texts;
use crate::contacts::show_phone;
use crate::language::data::{fill, placeholders_of};
use crate::language::{Language, calendar};

/// A day with its weekday.
pub fn date(date: Date, language: Language) -> String {
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = usize::try_from(date.month()).unwrap_or(0);
    let (weekday, month) = names(language, weekday, month);
    let day = date.day();
    if weekday.is_empty() || month.is_empty() {
        return format!("{day:02}.{:02}.{}", date.month(), date.year());
    }
    match language {
        Language::De => format!("{weekday}, {day}. {month}"),
        Language::Fr | Language::It | Language::Nl => format!("{weekday} {day} {month}"),
        Language::Tr => format!("{day} {} {}", with_capital(month), with_capital(weekday)),
        Language::Es | Language::Pt => format!("{weekday}, {day} de {month}"),
        _ => format!("{weekday}, {day} {month}"),
    }
}

/// Weekdays of two words, which the calendar of languages does not have, and names of a language that it has none of;
/// months as they stand behind a day.
const PORTUGUESE_DAYS: [&str; 7] = [
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
];
const RUSSIAN_DAYS: [&str; 7] = [
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
];
const RUSSIAN_MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// Of a weekday from Monday, and a month from 1; empty if the language has none.
fn names(language: Language, weekday: usize, month: usize) -> (&'static str, &'static str) {
    let of = |list: &[&'static str], at: usize| list.get(at).copied().unwrap_or_default();
    let usual = calendar::month_name(language, month);
    match language {
        Language::Pt => (of(&PORTUGUESE_DAYS, weekday), usual),
        Language::Ru => (
            of(&RUSSIAN_DAYS, weekday),
            of(&RUSSIAN_MONTHS, month.wrapping_sub(1)),
        ),
        _ => (calendar::day_name(language, weekday), usual),
    }
}

pub(super) fn with_capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

pub fn time(time: Time, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match language {
        Language::En => {
            let half = if hour < 12 { "am" } else { "pm" };
            let hour = match hour % 12 {
                0 => 12,
                hour => hour,
            };
            format!("{hour}:{minute:02} {half}")
        }
        Language::De => format!("{hour}:{minute:02} Uhr"),
        _ => format!("{hour}:{minute:02}"),
    }
}

/// The value of a slot.
pub(super) fn value(
    definition: &Definition,
    slot: &str,
    value: &Value,
    language: Language,
) -> String {
    match value {
        Value::Date(day) => date(*day, language),
        Value::Time(at) => time(*at, language),
        Value::Phone(number) => show_phone(number),
        Value::Email(text) | Value::Text(text) => text.clone(),
        Value::Choice(name) => match definition.slot(slot).map(|slot| &slot.kind) {
            Some(Kind::Choice(options)) => {
                let option = options.iter().find(|option| option.name == *name);
                option
                    .map_or(name.as_str(), |o| o.label(language))
                    .to_owned()
            }
            _ => name.clone(),
        },
        Value::Number(number) => number.to_string(),
        Value::YesNo(true) => texts::of(language).yes.to_owned(),
        Value::YesNo(false) => texts::of(language).no.to_owned(),
        Value::Nothing => "–".to_owned(),
    }
}

/// A text with the values of a run in place of `{slot}`.
pub(super) fn filled(definition: &Definition, run: &Run, text: &str, language: Language) -> String {
    fill_with(run, text, |name, known| {
        value(definition, name, known, language)
    })
}

/// The same for programs: dates and times as in ISO 8601, choices by name.
pub(super) fn filled_plainly(run: &Run, text: &str) -> String {
    fill_with(run, text, |_, known| plain(known))
}

/// A value for programs: dates and times as in ISO 8601, choices by name, nothing for what was left out.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Date(day) => day.to_string(),
        Value::Time(at) => at.strftime("%H:%M:%S").to_string(),
        Value::Phone(text) | Value::Email(text) | Value::Text(text) | Value::Choice(text) => {
            text.clone()
        }
        Value::Number(number) => number.to_string(),
        Value::YesNo(yes) => yes.to_string(),
        Value::Nothing => String::new(),
    }
}

/// What has no value takes the space before it along.
fn fill_with(run: &Run, text: &str, show: impl Fn(&str, &Value) -> String) -> String {
    let values: Vec<(&str, String)> = placeholders_of(text)
        .into_iter()
        .map(|name| {
            let known = run.filled.get(name);
            (
                name,
                known.map(|known| show(name, known)).unwrap_or_default(),
            )
        })
        .collect();
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let empty = values.iter().filter(|(_, value)| value.is_empty());
    let tidy = empty.fold(text.to_owned(), |text, (name, _)| {
        text.replace(&format!(" {{{name}}}"), "")
    });
    fill(&tidy, &values)
}

/// All values of a run, a line each.
pub(super) fn summary(definition: &Definition, run: &Run, language: Language) -> String {
    let lines = definition.slots.iter().filter_map(|slot| {
        let known = run
            .filled
            .get(&slot.name)
            .filter(|known| **known != Value::Nothing)?;
        let label = match slot.label.is_empty() {
            true => slot.name.as_str(),
            false => slot.label.of(language),
        };
        Some(format!(
            "{label}: {}",
            value(definition, &slot.name, known, language)
        ))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::slots::{self, DateRead, Text};

    #[test]
    fn dates_are_written_and_read_in_ten_languages() {
        let today = Date::constant(2026, 12, 2);
        for (language, monday) in [
            (Language::En, "Monday, 7 December"),
            (Language::De, "Montag, 7. Dezember"),
            (Language::Fr, "lundi 7 décembre"),
            (Language::Es, "lunes, 7 de diciembre"),
            (Language::It, "lunedì 7 dicembre"),
            (Language::Pt, "segunda-feira, 7 de dezembro"),
            (Language::Nl, "maandag 7 december"),
            (Language::Pl, "poniedziałek, 7 grudnia"),
            (Language::Tr, "7 Aralık Pazartesi"),
            (Language::Ru, "понедельник, 7 декабря"),
        ] {
            let day = Date::constant(2026, 12, 7);
            let shown = date(day, language);
            assert_eq!(shown, monday);
            // Visitors repeat the example that they were given.
            let read = slots::date(&Text::new(&shown, language), today, None, true);
            assert_eq!(
                read.map(|read| read.what),
                Some(DateRead::Day(day)),
                "{shown}"
            );
        }
    }
}
