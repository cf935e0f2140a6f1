//! The lists of each language, from a TOML file for each. Phrases are written as people spell them.

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};

use super::tokens::Phrases;
use crate::language::data::ByLanguage;
use crate::language::words::unaccented;
use crate::language::{Language, calendar};

/// Words in the order of the numbers that they mean; `/` stands between several for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    first: u32,
    words: Vec<Vec<String>>,
}

impl Numbers {
    fn of(first: u32, list: &str) -> Self {
        let forms = |word: &str| word.split('/').map(unaccented).collect();
        Self {
            first,
            words: list.split_whitespace().map(forms).collect(),
        }
    }

    pub(super) fn value(&self, word: &str) -> Option<u32> {
        let is_it = |forms: &Vec<String>| forms.iter().any(|form| form == word);
        let at = self.words.iter().position(is_it)?;
        u32::try_from(at).ok().map(|at| at + self.first)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.words.len()
    }
}

fn from_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Numbers, D::Error> {
    Ok(Numbers::of(0, &String::deserialize(deserializer)?))
}

fn from_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Numbers, D::Error> {
    Ok(Numbers::of(1, &String::deserialize(deserializer)?))
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Words {
    pub(super) today: Phrases,
    pub(super) tomorrow: Phrases,
    pub(super) after_tomorrow: Phrases,
    /// What a word for tomorrow must not follow: "guten Morgen", "por la mañana".
    pub(super) not_tomorrow_after: Phrases,
    /// Before a number of days: "in".
    pub(super) within: Phrases,
    /// Behind one: "from now".
    pub(super) from_now: Phrases,
    pub(super) day_units: Phrases,
    pub(super) week_units: Phrases,
    pub(super) month_units: Phrases,
    /// Before a weekday: the one of the next calendar week.
    pub(super) next: Phrases,
    /// Before or behind a weekday: the coming one.
    pub(super) coming: Phrases,
    pub(super) this_week: Phrases,
    pub(super) next_week: Phrases,
    pub(super) weekend: Phrases,
    pub(super) next_month: Phrases,
    /// Forms beside those of the calendar, from Monday.
    pub(super) days: [Phrases; 7],
    /// Forms beside those of the calendar, from January.
    pub(super) months: [Phrases; 12],
    /// Right behind the number of a day: "th".
    pub(super) day_marks: Phrases,
    /// Before the number of a day: "the", "am".
    pub(super) articles: Phrases,
    /// Between a day and its month, or a month and its year.
    pub(super) of: Phrases,
    /// No certain day: "as soon as possible".
    pub(super) soon: Phrases,
    pub(super) or: Phrases,

    /// Before a clock time.
    pub(super) at: Phrases,
    /// Behind an hour.
    pub(super) hours: Phrases,
    pub(super) noon: Phrases,
    pub(super) midnight: Phrases,
    /// Make an hour one of the first half of the day, or of the second.
    pub(super) am: Phrases,
    pub(super) pm: Phrases,
    pub(super) morning: Phrases,
    pub(super) afternoon: Phrases,
    pub(super) evening: Phrases,
    /// No certain time.
    pub(super) any_time: Phrases,
    /// Before an hour: 30 minutes after it, and before it.
    pub(super) half_past: Phrases,
    pub(super) half_to: Phrases,
    pub(super) quarter_past: Phrases,
    pub(super) quarter_to: Phrases,
    /// The same behind an hour.
    pub(super) and_half: Phrases,
    pub(super) and_quarter: Phrases,
    pub(super) minus_quarter: Phrases,

    /// From zero on.
    #[serde(deserialize_with = "from_zero")]
    pub(super) numbers: Numbers,
    /// From the first on.
    #[serde(deserialize_with = "from_one")]
    pub(super) ordinals: Numbers,

    pub(super) yes: Phrases,
    pub(super) no: Phrases,
    /// May stand around a yes or a no.
    pub(super) fillers: Phrases,
    /// Ends a procedure wherever it stands, and only as the whole message.
    pub(super) stop: Phrases,
    pub(super) stop_alone: Phrases,
    /// Introduces another value for what was said before.
    pub(super) correction: Phrases,
    pub(super) unsure: Phrases,
    /// Leaves out what need not be said.
    pub(super) none: Phrases,
    /// Introduces the speaker's name, and ends it.
    pub(super) name_is: Phrases,
    pub(super) name_ends: Phrases,
    /// How people say the marks of an address.
    pub(super) spoken_at: Phrases,
    pub(super) spoken_dot: Phrases,
    /// Begins a question, where no mark says so.
    pub(super) asks: Phrases,
}

static ENGLISH: &str = include_str!("words/en.toml");
static OTHERS: [(Language, &str); 9] = [
    (Language::De, include_str!("words/de.toml")),
    (Language::Es, include_str!("words/es.toml")),
    (Language::Fr, include_str!("words/fr.toml")),
    (Language::It, include_str!("words/it.toml")),
    (Language::Pt, include_str!("words/pt.toml")),
    (Language::Nl, include_str!("words/nl.toml")),
    (Language::Pl, include_str!("words/pl.toml")),
    (Language::Tr, include_str!("words/tr.toml")),
    (Language::Ru, include_str!("words/ru.toml")),
];
static WORDS: LazyLock<ByLanguage<Words>> = LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

/// The lists of a language; the English ones if it has none.
pub(super) fn of(language: Language) -> &'static Words {
    WORDS.of(language)
}

/// The weekday that a word names, from Monday.
pub(super) fn weekday(language: Language, words: &Words, word: &str) -> Option<usize> {
    let names = calendar::folded_in(language);
    (0..7).find(|at| {
        let own = words.days.get(*at);
        let is_own = own.is_some_and(|own| own.iter().any(|phrase| phrase == [word.to_owned()]));
        let is_in = |list: Option<&Vec<String>>| {
            list.is_some_and(|forms| forms.iter().any(|form| form == word))
        };
        is_own
            || names.is_some_and(|names| {
                is_in(names.days.get(*at)) || (word.len() > 2 && is_in(names.short_days.get(*at)))
            })
    })
}

/// The month that a word names, from 1.
pub(super) fn month(language: Language, words: &Words, word: &str) -> Option<i8> {
    let names = calendar::folded_in(language);
    let found = (0..12).find(|at| {
        let own = words.months.get(*at);
        let is_own = own.is_some_and(|own| own.iter().any(|phrase| phrase == [word.to_owned()]));
        let is_in = |list: Option<&Vec<String>>| {
            list.is_some_and(|forms| forms.iter().any(|form| form == word))
        };
        is_own
            || names.is_some_and(|names| {
                is_in(names.months.get(*at)) || is_in(names.short_months.get(*at))
            })
    })?;
    i8::try_from(found + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::data;

    #[test]
    fn every_language_has_every_list() {
        for (language, file) in OTHERS.into_iter().chain([(Language::En, ENGLISH)]) {
            let read: Words = data::check(file);
            for (name, list) in [
                ("today", &read.today),
                ("tomorrow", &read.tomorrow),
                ("after_tomorrow", &read.after_tomorrow),
                ("day_units", &read.day_units),
                ("week_units", &read.week_units),
                ("next_week", &read.next_week),
                ("weekend", &read.weekend),
                ("soon", &read.soon),
                ("or", &read.or),
                ("noon", &read.noon),
                ("morning", &read.morning),
                ("afternoon", &read.afternoon),
                ("evening", &read.evening),
                ("yes", &read.yes),
                ("no", &read.no),
                ("stop", &read.stop),
                ("stop_alone", &read.stop_alone),
                ("correction", &read.correction),
                ("unsure", &read.unsure),
                ("none", &read.none),
                ("name_is", &read.name_is),
                ("spoken_at", &read.spoken_at),
                ("spoken_dot", &read.spoken_dot),
                ("asks", &read.asks),
            ] {
                assert!(!list.is_empty(), "{language:?} lacks {name}");
            }
            assert!(read.numbers.count() >= 21, "{language:?}");
            for at in 0..12 {
                let month = i8::try_from(at + 1).unwrap();
                let named = calendar::folded_in(language).map(|names| names.months[at].clone());
                let own = read.months[at]
                    .iter()
                    .next()
                    .map(|phrase| phrase[0].clone());
                let word = named
                    .and_then(|names| names.first().cloned())
                    .or(own)
                    .unwrap();
                assert_eq!(super::month(language, &read, &word), Some(month), "{word}");
            }
        }
    }
}
