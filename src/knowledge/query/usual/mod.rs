//! Everyday abbreviations and synonyms; each language has a TOML file.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::{Language, data};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Usual {
    /// Short forms that visitors type, with the long forms.
    pub(super) abbreviations: Vec<(Vec<String>, Vec<String>)>,
    /// Groups of units that documents abbreviate and visitors write out, or vice versa.
    pub(super) units: Vec<Vec<String>>,
    /// Groups of everyday words of nearly the same meaning.
    pub(super) everyday: Vec<Vec<String>>,
}

static FILES: [(Language, &str); 10] = [
    (Language::En, include_str!("en.toml")),
    (Language::De, include_str!("de.toml")),
    (Language::Es, include_str!("es.toml")),
    (Language::Fr, include_str!("fr.toml")),
    (Language::It, include_str!("it.toml")),
    (Language::Pt, include_str!("pt.toml")),
    (Language::Nl, include_str!("nl.toml")),
    (Language::Pl, include_str!("pl.toml")),
    (Language::Tr, include_str!("tr.toml")),
    (Language::Ru, include_str!("ru.toml")),
];
static ALL: LazyLock<HashMap<Language, Usual>> = LazyLock::new(|| {
    let files = FILES.into_iter();
    files.map(|(l, file)| (l, data::read(file))).collect()
});

/// `None` for languages without a file.
pub(super) fn usual(language: Language) -> Option<&'static Usual> {
    ALL.get(&language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_more_than_one_word() {
        for (language, file) in FILES {
            let usual: Usual = data::check(file);
            assert!(!usual.abbreviations.is_empty(), "{language:?}");
            let mut groups = usual.units.iter().chain(&usual.everyday);
            assert!(groups.all(|group| group.len() > 1), "{language:?}");
            let mut pairs = usual.abbreviations.iter();
            assert!(pairs.all(|(short, long)| !short.is_empty() && !long.is_empty()));
        }
    }
}
