//! The words of the digest in each language that it has.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// `{business}`, `{from}` and `{until}` stand for themselves in `title` and `intro`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) intro: String,
    /// Before the figure of the week before.
    pub(super) before: String,
    pub(super) conversations: String,
    pub(super) resolved: String,
    pub(super) left: String,
    pub(super) unanswered: String,
    pub(super) person: String,
    pub(super) missed: String,
    pub(super) satisfaction: String,
    pub(super) reported: String,
    pub(super) gaps: String,
    pub(super) leads: String,
    pub(super) time: String,
    pub(super) calls: String,
    /// Before the link to the page, and before the one that ends the digest.
    pub(super) more: String,
    pub(super) stop: String,
}

static ALL: LazyLock<HashMap<String, Words>> =
    // The tests read the file: what cannot be read would be no text at all.
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).unwrap_or_default());
static NONE: LazyLock<Words> = LazyLock::new(Words::default);

impl Words {
    /// In this language (ISO 639-1), else in English.
    pub(super) fn of(language: &str) -> &'static Self {
        let found = ALL.get(language).or_else(|| ALL.get("en"));
        found.unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_word() {
        let all: HashMap<String, Words> = toml::from_str(include_str!("words.toml")).unwrap();
        let mut languages: Vec<&str> = all.keys().map(String::as_str).collect();
        languages.sort_unstable();
        assert_eq!(languages, ["de", "en", "es", "fr"]);
        for (language, words) in &all {
            assert!(words.title.contains("{business}"), "{language}");
            assert!(words.intro.contains("{from}") && words.intro.contains("{until}"));
        }
        assert_eq!(Words::of("ja").before, all["en"].before);
        assert_ne!(Words::of("de").before, all["en"].before);
    }
}
