//! Words that mark questions about hours and contact data; each language has a TOML file.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Vocabulary {
    #[serde(skip)]
    pub(super) language: &'static str,
    /// Mean opening hours on their own: "open", "geschlossen".
    pub(super) hours: Vec<String>,
    /// Those of `hours` that ask for the week: "hours", "Öffnungszeiten".
    pub(super) week: Vec<String>,
    /// Mean opening hours only together with "you" and a day: "how late", "do you work".
    pub(super) weak: Vec<String>,
    /// Address the business.
    pub(super) you: Vec<String>,
    /// Express a wish to come.
    pub(super) visit: Vec<String>,
    /// Express a wish for an appointment.
    pub(super) appointment: Vec<String>,
    /// Introduce the purpose of a visit.
    pub(super) purpose: Vec<String>,
    /// Start a follow-up question.
    pub(super) and: Vec<String>,
    pub(super) address: Vec<String>,
    pub(super) phone: Vec<String>,
    pub(super) email: Vec<String>,
}

/// By ISO 639-1 code.
static FILES: [(&str, &str); 9] = [
    ("en", include_str!("en.toml")),
    ("de", include_str!("de.toml")),
    ("es", include_str!("es.toml")),
    ("fr", include_str!("fr.toml")),
    ("it", include_str!("it.toml")),
    ("nl", include_str!("nl.toml")),
    ("pt", include_str!("pt.toml")),
    ("pl", include_str!("pl.toml")),
    ("tr", include_str!("tr.toml")),
];
pub(super) static ALL: LazyLock<Vec<Vocabulary>> = LazyLock::new(|| {
    let read = |(language, file)| Vocabulary {
        language,
        ..data::read(file)
    };
    FILES.into_iter().map(read).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_knows_words_for_hours() {
        for (language, file) in FILES {
            let words: Vocabulary = data::check(file);
            assert!(!words.hours.is_empty(), "{language}");
        }
        // The languages that sentences are written in have everything.
        for (language, file) in FILES.into_iter().take(5) {
            let lists: toml::Table = data::check(file);
            assert_eq!(lists.len(), 11, "{language}");
        }
        assert_eq!((ALL[1].language, ALL.len()), ("de", FILES.len()));
    }
}
