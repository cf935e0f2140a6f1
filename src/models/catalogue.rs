//! The list of known models: `models/catalogue.toml`, embedded into the binary.

use serde::Deserialize;

use super::ModelError;
use super::entry::{Entry, StarterSet};
use crate::reason::Reason;

const EMBEDDED: &str = include_str!("../../models/catalogue.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(rename = "model")]
    entries: Vec<Entry>,
}

impl Catalogue {
    /// # Errors
    /// If the embedded file breaks a rule, which the tests rule out.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::parse(EMBEDDED)
    }

    /// Parses a list in TOML and checks it.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let broken = |reason| ModelError::Catalogue { reason };
        let catalogue: Self = toml::from_str(text).map_err(|e| broken(Reason::of(e)))?;
        for (at, entry) in catalogue.entries.iter().enumerate() {
            entry
                .check()
                .map_err(|e| broken(Reason::told(format!("{}: {e}", entry.name), e)))?;
            let twin = |other: &Entry| other.name == entry.name || other.file == entry.file;
            if catalogue.entries.iter().skip(at + 1).any(twin) {
                let told = format!("{} or its file is listed twice", entry.name);
                return Err(broken(told.into()));
            }
        }
        Ok(catalogue)
    }

    /// In the order of the file.
    pub fn list(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Ignores case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// # Errors
    /// [`ModelError::Unknown`] with the most similar names.
    pub fn get(&self, name: &str) -> Result<&Entry, ModelError> {
        self.find(name).ok_or_else(|| ModelError::Unknown {
            name: name.to_owned(),
            near: self.near(name),
        })
    }

    #[must_use]
    pub fn starter(&self, set: StarterSet) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.starter.contains(&set))
            .collect()
    }

    // 0.8 catches a typo or two; parts of a name are common, such as `whisper`.
    fn near(&self, name: &str) -> Vec<String> {
        let wanted = name.to_lowercase();
        let mut scored: Vec<_> = self
            .entries
            .iter()
            .map(|entry| (strsim::jaro_winkler(&wanted, &entry.name), &entry.name))
            .filter(|(score, name)| *score > 0.8 || (wanted.len() > 2 && name.contains(&wanted)))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored
            .into_iter()
            .take(3)
            .map(|(_, name)| name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::entry::{Origin, Role, Source, fill_number};

    fn names(set: StarterSet) -> Vec<String> {
        let catalogue = Catalogue::embedded().unwrap();
        let mut names: Vec<_> = catalogue
            .starter(set)
            .iter()
            .map(|e| e.name.clone())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn starter_sets_hold_a_model_for_everything_that_is_done() {
        assert_eq!(
            names(StarterSet::Default),
            [
                "frontdesk-reader",
                "multilingual-e5-small-q4",
                "piper-en-us-joe-medium",
                "qwen2.5-coder-1.5b-instruct",
                "smart-turn-v3.2",
                "whisper-base",
                "whisper-tiny.en"
            ]
        );
        assert_eq!(
            names(StarterSet::Lite),
            [
                "frontdesk-reader",
                "multilingual-e5-small-q4",
                "piper-en-us-joe-medium",
                "smart-turn-v3.2",
                "whisper-tiny.en"
            ]
        );
        assert_eq!(
            names(StarterSet::Small),
            [
                "frontdesk-reader",
                "multilingual-e5-small-q4",
                "piper-en-us-joe-medium",
                "qwen2.5-coder-0.5b-instruct",
                "smart-turn-v3.2",
                "whisper-tiny.en"
            ]
        );
        assert_eq!(
            names(StarterSet::Test),
            [
                "frontdesk-reader",
                "multilingual-e5-small-q4",
                "piper-en-us-joe-medium",
                "smart-turn-v3.2",
                "smollm2-135m-instruct",
                "whisper-tiny.en"
            ]
        );
    }

    #[test]
    fn every_starter_can_be_checked_from_every_source_and_comes_without_a_hub() {
        let catalogue = Catalogue::embedded().unwrap();
        for entry in catalogue.list().filter(|entry| !entry.starter.is_empty()) {
            for source in &entry.sources {
                let (sha256, bytes) = entry.expected(source);
                assert!(sha256.is_some() && bytes.is_some(), "{}", entry.name);
            }
            let offline = |s: &Source| matches!(s.origin, Origin::Python { .. } | Origin::Bundled);
            assert!(entry.sources.iter().any(offline), "{}", entry.name);
        }
    }

    #[test]
    fn chat_models_name_their_context() {
        let catalogue = Catalogue::embedded().unwrap();
        for entry in catalogue.list().filter(|entry| entry.role == Role::Chat) {
            assert!(
                entry.context.is_some_and(|tokens| tokens >= 4096),
                "{}",
                entry.name
            );
        }
    }

    #[test]
    fn readers_bring_their_vocabulary_and_only_a_fixed_file_counts_as_calibrated() {
        let catalogue = Catalogue::embedded().unwrap();
        let readers = catalogue.list().filter(|entry| entry.role == Role::Reader);
        let mut from_hubs = 0;
        for entry in readers {
            assert!(entry.context.is_some(), "{}", entry.name);
            if let Some(base) = &entry.calibrated_with {
                assert_eq!(catalogue.get(base).unwrap().role, Role::Embed);
                assert!(entry.sha256.is_some(), "{}", entry.name);
            }
            for source in &entry.sources {
                let Origin::Hub { url } = &source.origin else {
                    continue;
                };
                from_hubs += 1;
                let vocabulary = format!("{}.tokenizer.json", entry.name);
                assert_eq!(entry.companions, [vocabulary], "{}", entry.name);
                let commit = url.split("/resolve/").nth(1).unwrap();
                let commit = commit.split('/').next().unwrap();
                assert_eq!(commit.len(), 40, "{url} may change");
            }
        }
        assert!(from_hubs >= 3);
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let catalogue = Catalogue::embedded().unwrap();
        let message = catalogue.get("wisper-base").unwrap_err().to_string();
        assert!(message.contains("did you mean whisper-base"), "{message}");
        let message = catalogue.get("zzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean"), "{message}");
        assert_eq!(catalogue.get("Whisper-Base").unwrap().name, "whisper-base");
    }

    #[test]
    fn parts_are_numbered_as_in_the_packages() {
        assert_eq!(fill_number("p-part{n}", 10), "p-part10");
        assert_eq!(fill_number("data/part{nn}.bin", 2), "data/part02.bin");
        assert_eq!(fill_number("data/part{nn}.bin", 22), "data/part22.bin");
    }

    #[test]
    fn rules_are_enforced() {
        let good = r#"[[model]]
name = "a"
title = "A"
role = "chat"
licence = "MIT"
file = "a.gguf"
bytes = 1
memory_mb = 1
[[model.source]]
kind = "hub"
url = "https://hub.example/a.gguf"
"#;
        assert!(Catalogue::parse(good).is_ok());
        let bad = [
            good.replace("a.gguf\"\nbytes", "../a.gguf\"\nbytes"),
            good.replace("https://", "http://"),
            good.replace("licence = \"MIT\"", "licence = \"\""),
            good.replace("bytes = 1", "bytes = 1\nsha256 = \"12\""),
            good.replace("bytes = 1", "bytes = 1\ncompanions = [\"b.json\"]"),
            good.replace("bytes = 1", "bytes = 1\ncalibrated_with = \"b\""),
            format!("{good}convert = \"bert-gguf\"\n"),
            format!("{good}{good}"),
        ];
        for text in bad {
            assert!(Catalogue::parse(&text).is_err(), "accepted: {text}");
        }
    }
}
