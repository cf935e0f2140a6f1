//! Values in the words of a language.

use jiff::civil::{Date, Time};

use super::definition::{Definition, Kind};
use super::run::{Run, Value};
use super::texts;
use crate::contacts::show_phone;
use crate::language::data::{fill, placeholders_of};
use crate::language::{Language, calendar};

pub(super) fn date(date: Date, language: Language) -> String {
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = usize::try_from(date.month()).unwrap_or(0);
    let (weekday, month) = (
        calendar::day_name(language, weekday),
        calendar::month_name(language, month),
    );
    let day = date.day();
    if weekday.is_empty() || month.is_empty() {
        return format!("{day:02}.{:02}.{}", date.month(), date.year());
    }
    match language {
        Language::De => format!("{weekday}, {day}. {month}"),
        Language::Fr => format!("{weekday} {day} {month}"),
        Language::Es | Language::Pt => format!("{weekday}, {day} de {month}"),
        _ => format!("{weekday}, {day} {month}"),
    }
}

pub(super) fn time(time: Time, language: Language) -> String {
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

fn plain(value: &Value) -> String {
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
    fill(text, &values)
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
