//! The front desk's own phrases on a call. Each language is a TOML file; English for the
//! others.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::Language;
use crate::language::data::ByLanguage;

/// The phrases of one language. `{}` stands for what is read back.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    pub(super) greeting: &'static str,
    pub(super) still_there: &'static str,
    pub(super) silence_farewell: &'static str,
    pub(super) almost_over: &'static str,
    pub(super) time_is_over: &'static str,
    pub(super) not_heard: &'static str,
    pub(super) failed: &'static str,
    pub(super) more: &'static str,
    pub(super) anything_else: &'static str,
    /// Before a person is called.
    pub(super) connecting: &'static str,
    pub(super) offer_after_refusal: &'static str,
    pub(super) offer_person: &'static str,
    pub(super) offer: &'static str,
    pub(super) consent_again: &'static str,
    pub(super) consent_yes: &'static str,
    pub(super) consent_no: &'static str,
    pub(super) ask_name: &'static str,
    pub(super) ask_number: &'static str,
    pub(super) ask_number_again: &'static str,
    pub(super) read_back: &'static str,
    pub(super) noted: &'static str,
    pub(super) not_noted: &'static str,
}

static ENGLISH: &str = include_str!("en.toml");
static OTHERS: [(Language, &str); 4] = [
    (Language::De, include_str!("de.toml")),
    (Language::Es, include_str!("es.toml")),
    (Language::Fr, include_str!("fr.toml")),
    (Language::It, include_str!("it.toml")),
];
static PHRASES: LazyLock<ByLanguage<Phrases>> =
    LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

/// The phrases of a language, by its ISO 639-1 code.
pub(super) fn phrases(language: &str) -> &'static Phrases {
    PHRASES.of_code(language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::data::{check, placeholders};

    #[test]
    fn every_language_has_every_sentence() {
        for (language, file) in [(Language::En, ENGLISH)].into_iter().chain(OTHERS) {
            let sentences: toml::Table = check(file);
            let read: Phrases = check(file);
            assert_eq!(phrases(language.code()).greeting, read.greeting);
            for (name, sentence) in sentences {
                let expected: &[&str] = if name == "read_back" { &[""] } else { &[] };
                let sentence = sentence.as_str().unwrap();
                assert_eq!(placeholders(sentence), expected, "{language:?} {name}");
            }
        }
        assert_eq!(phrases("xx").greeting, phrases("en").greeting);
    }
}
