//! What a workflow says of its own, in each language.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::Language;
use crate::language::data::ByLanguage;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    /// Repeats the question, in place of `{question}`, after another was answered.
    pub(super) resume: &'static str,
    /// Confirms a correction.
    pub(super) noted: &'static str,
    pub(super) cancelled: &'static str,
    pub(super) given_up: &'static str,
    pub(super) done: &'static str,
    /// Asks for a yes where the definition has no text; `{summary}` has all values.
    pub(super) confirm: &'static str,
    /// Added where the owner wants an agreement: `{text}`.
    pub(super) consent: &'static str,
    /// Asks what to change after a no.
    pub(super) change: &'static str,
    pub(super) yes_or_no: &'static str,
    pub(super) again: &'static str,
    pub(super) again_date: &'static str,
    /// Asks for a day from `{from}` to `{until}`, with one for `{example}`.
    pub(super) which_day: &'static str,
    pub(super) either: &'static str,
    pub(super) no_such_day: &'static str,
    pub(super) past: &'static str,
    pub(super) closed: &'static str,
    pub(super) closed_offer: &'static str,
    pub(super) offer: &'static str,
    pub(super) again_time: &'static str,
    pub(super) part: &'static str,
    pub(super) outside: &'static str,
    pub(super) past_time: &'static str,
    pub(super) again_phone: &'static str,
    pub(super) again_email: &'static str,
    pub(super) options: &'static str,
    pub(super) again_number: &'static str,
    pub(super) range: &'static str,
    pub(super) too_long: &'static str,
    pub(super) again_name: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
}

static ENGLISH: &str = include_str!("texts/en.toml");
static OTHERS: [(Language, &str); 9] = [
    (Language::De, include_str!("texts/de.toml")),
    (Language::Es, include_str!("texts/es.toml")),
    (Language::Fr, include_str!("texts/fr.toml")),
    (Language::It, include_str!("texts/it.toml")),
    (Language::Nl, include_str!("texts/nl.toml")),
    (Language::Pl, include_str!("texts/pl.toml")),
    (Language::Pt, include_str!("texts/pt.toml")),
    (Language::Ru, include_str!("texts/ru.toml")),
    (Language::Tr, include_str!("texts/tr.toml")),
];
static TEXTS: LazyLock<ByLanguage<Phrases>> = LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

pub(super) fn of(language: Language) -> &'static Phrases {
    TEXTS.of(language)
}

#[cfg(test)]
mod tests {
    use super::super::show;
    use super::*;
    use crate::language::data::{check, placeholders};
    use crate::language::slots::{Answer, Text, answer};

    #[test]
    fn the_words_of_the_buttons_are_understood() {
        for language in OTHERS
            .map(|(language, _)| language)
            .into_iter()
            .chain([Language::En])
        {
            for (word, meant) in [
                (of(language).yes, Answer::Yes),
                (of(language).no, Answer::No),
            ] {
                let sent = show::with_capital(word);
                let read = answer(&Text::new(&sent, language));
                assert_eq!(read, Some(meant), "{language:?} {sent}");
            }
        }
    }

    #[test]
    fn every_language_speaks_for_itself() {
        let english: toml::Table = toml::from_str(ENGLISH).unwrap();
        for (language, file) in OTHERS {
            let other: toml::Table = toml::from_str(file).unwrap();
            // "No" is the same in some.
            let same = english
                .iter()
                .filter(|(name, text)| other.get(*name) == Some(text));
            let same: Vec<&String> = same
                .map(|(name, _)| name)
                .filter(|name| *name != "no")
                .collect();
            assert!(same.is_empty(), "{language:?} {same:?}");
        }
    }

    #[test]
    fn every_language_has_the_same_placeholders() {
        let english: toml::Table = toml::from_str(ENGLISH).unwrap();
        for (language, file) in OTHERS {
            let _: Phrases = check(file);
            let other: toml::Table = toml::from_str(file).unwrap();
            for (name, text) in &english {
                let theirs = other[name].as_str().unwrap();
                assert_eq!(
                    placeholders(theirs),
                    placeholders(text.as_str().unwrap()),
                    "{language:?} {name}"
                );
            }
        }
    }
}
