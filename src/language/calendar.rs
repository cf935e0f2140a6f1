//! Names of weekdays and months, from `calendar.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Language;
use super::data;
use super::words::unaccented;

/// The names in one language, starting with Monday and January. The first of several names is the usual one; a language
/// may lack names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    pub days: [Vec<String>; 7],
    pub short_days: [Vec<String>; 7],
    pub months: [Vec<String>; 12],
    pub short_months: [Vec<String>; 12],
}

impl Calendar {
    fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let all = |names: &Vec<String>| names.iter().map(|name| change(name)).collect();
        Self {
            days: self.days.each_ref().map(all),
            short_days: self.short_days.each_ref().map(all),
            months: self.months.each_ref().map(all),
            short_months: self.short_months.each_ref().map(all),
        }
    }

    /// The month with this full or short name, spelled exactly as in the calendar; 1 is January.
    pub fn month(&self, name: &str) -> Option<i8> {
        let named = |names: &Vec<String>| names.iter().any(|known| known == name);
        let mut both = self.months.iter().zip(&self.short_months);
        let at = both.position(|(full, short)| named(full) || named(short))?;
        i8::try_from(at + 1).ok()
    }
}

type Calendars = Vec<(Language, Calendar)>;

static FILE: &str = include_str!("calendar.toml");
static WRITTEN: LazyLock<Calendars> = LazyLock::new(|| {
    let mut file: HashMap<Language, Calendar> = data::read(FILE);
    Language::KNOWN
        .into_iter()
        .filter_map(|language| Some((language, file.remove(&language)?)))
        .collect()
});
static LOWER: LazyLock<Calendars> = LazyLock::new(|| map_calendars(str::to_lowercase));
static FOLDED: LazyLock<Calendars> = LazyLock::new(|| map_calendars(unaccented));

fn map_calendars(change: impl Fn(&str) -> String) -> Calendars {
    let all = WRITTEN.iter();
    all.map(|(language, names)| (*language, names.map(&change)))
        .collect()
}

fn of(all: &'static [(Language, Calendar)], language: Language) -> Option<&'static Calendar> {
    Some(&all.iter().find(|(known, _)| *known == language)?.1)
}

/// The names as they are written; `None` if the language has no calendar.
pub fn written(language: Language) -> Option<&'static Calendar> {
    of(&WRITTEN, language)
}

/// The names in lower case, with their accents.
pub fn lower(language: Language) -> Option<&'static Calendar> {
    of(&LOWER, language)
}

/// The names of all languages, in lower case and without accents.
pub fn folded() -> &'static [(Language, Calendar)] {
    &FOLDED
}

/// The names in lower case and without accents.
pub fn folded_in(language: Language) -> Option<&'static Calendar> {
    of(&FOLDED, language)
}

/// The usual full name of a weekday, 0 for Monday; empty if the language has none.
pub fn day_name(language: Language, from_monday: usize) -> &'static str {
    let days = written(language).and_then(|names| names.days.get(from_monday)?.first());
    days.map_or("", String::as_str)
}

/// The usual full name of a month, 1 for January; empty if the language has none.
pub fn month_name(language: Language, month: usize) -> &'static str {
    let at = month.checked_sub(1);
    let months = written(language).and_then(|names| names.months.get(at?)?.first());
    months.map_or("", String::as_str)
}

/// Whether a word without accents is the full name of a weekday in any language.
pub fn is_day(unaccented: &str) -> bool {
    let mut days = FOLDED.iter().flat_map(|(_, names)| &names.days);
    days.any(|names| names.iter().any(|name| name == unaccented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_file_has_its_months() {
        let file: HashMap<Language, Calendar> = data::check(FILE);
        assert_eq!(file.len(), WRITTEN.len());
        for (language, names) in file {
            let months = names.months.iter();
            assert!(months.clone().all(|m| !m.is_empty()), "{language:?}");
            let days = names.days.iter().zip(&names.short_days);
            for (full, short) in days {
                assert!(!full.is_empty() || !short.is_empty(), "{language:?}");
            }
        }
    }

    #[test]
    fn a_name_is_found_by_its_language() {
        assert_eq!(day_name(Language::De, 5), "Samstag");
        assert_eq!(day_name(Language::Zh, 5), "");
        assert_eq!(month_name(Language::Fr, 12), "décembre");
        assert_eq!(month_name(Language::Fr, 0), "");
        let german = lower(Language::De).unwrap();
        assert_eq!(german.month("jänner"), Some(1));
        assert_eq!(german.month("mär"), Some(3));
        assert!(is_day("miercoles") && is_day("pazartesi") && !is_day("mon"));
    }
}
