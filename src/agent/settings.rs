//! How a workspace wants its questions answered: the section "answers" of its settings.

use std::collections::HashMap;
use std::sync::LazyLock;

use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::language::data;
use crate::store::assistants::Ladder;
use crate::store::{StoreError, WorkspaceId, workspaces};

/// Thresholds and policies. Values missing in the store have defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerSettings {
    /// Lowest probability at which a place is given as the answer, 0 to 1.
    pub read_threshold: f32,
    /// SHA-256 of the reader whose answers `read_threshold` was chosen by; `None`: unknown, or nobody chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_threshold_for: Option<String>,
    /// Lowest probability at which a place is shown as related, 0 to 1.
    pub related_threshold: f32,
    /// Lowest probability at which the model answers from a place, 0 to 1, on a machine without a reader. The
    /// place's own probability is first corrected by the model's judgement.
    pub model_threshold: f32,
    /// Topics that are only quoted or refused, never put into the model's words.
    pub quote_only: Vec<Topic>,
    /// Whether the model may rephrase a question in plain words for a second search.
    pub rephrase: bool,
    /// Whether the model puts an answer into a friendly sentence after its quotation.
    pub friendly: Switch,
    /// Whether the model translates a quotation that is not in the visitor's language.
    pub translate: Switch,
    /// After this many seconds, a turn stops waiting for the model and ends with what it has.
    pub deadline_seconds: u32,
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self {
            read_threshold: 0.82,
            read_threshold_for: None,
            related_threshold: 0.18,
            model_threshold: 0.6,
            quote_only: vec![Topic::Prices, Topic::Refunds, Topic::Legal, Topic::Medical],
            rephrase: true,
            friendly: Switch::Auto,
            translate: Switch::Auto,
            deadline_seconds: 20,
        }
    }
}

impl AnswerSettings {
    /// Name of the section in the workspace's settings.
    pub const SECTION: &'static str = "answers";

    pub fn of(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        workspaces::section(conn, workspace, Self::SECTION)
    }

    /// As an assistant with this ladder answers; what it leaves open stays.
    #[must_use]
    pub(crate) fn with_ladder(mut self, ladder: &Ladder) -> Self {
        if ladder.model == Some(false) {
            self.rephrase = false;
            self.friendly = Switch::Off;
            self.translate = Switch::Off;
        }
        if let Some(threshold) = ladder.related_threshold {
            self.related_threshold = threshold as f32;
        }
        self
    }

    /// The same with an assistant's own threshold. It means something only for a reader that gives probabilities, or that
    /// the workspace has chosen a threshold for.
    pub(crate) fn read_threshold_of(
        &self,
        ladder: &Ladder,
        weights_hash: Option<&str>,
        is_calibrated: bool,
    ) -> Option<f32> {
        let chosen_for = self.read_threshold_for.as_deref();
        let known = is_calibrated || (chosen_for.is_some() && chosen_for == weights_hash);
        match ladder.read_threshold {
            Some(own) if known => Some(own as f32),
            _ => self.read_threshold_with(weights_hash, is_calibrated),
        }
    }

    /// Lowest probability at which this reader's places are given as the answer; `None` for never. An uncalibrated reader
    /// gives no probabilities, so it needs a threshold that was chosen from its own answers.
    pub(crate) fn read_threshold_with(
        &self,
        weights_hash: Option<&str>,
        is_calibrated: bool,
    ) -> Option<f32> {
        let chosen_for = self.read_threshold_for.as_deref();
        let for_it = chosen_for.is_some() && chosen_for == weights_hash;
        match (for_it, is_calibrated) {
            (true, _) => Some(self.read_threshold),
            (false, true) if chosen_for.is_none() => Some(self.read_threshold),
            (false, true) => Some(Self::default().read_threshold),
            (false, false) => None,
        }
    }

    /// Merges `new` into the section; other fields stay. A new `read_threshold` is for the reader with these weights.
    pub fn extend(
        tx: &Transaction<'_>,
        workspace: WorkspaceId,
        mut new: Map<String, Value>,
        reader: Option<String>,
    ) -> Result<(), StoreError> {
        if new.contains_key("read_threshold") {
            let reader = reader.filter(|hash| !hash.is_empty());
            new.insert("read_threshold_for".into(), reader.into());
        }
        let mut section: Map<String, Value> = workspaces::section(tx, workspace, Self::SECTION)?;
        section.extend(new);
        workspaces::set_section(tx, workspace, Self::SECTION, &section)
    }
}

/// Whether the model adds to an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Where the text is shown as it comes, and the model's first word comes within two seconds.
    #[default]
    Auto,
    On,
    Off,
}

static FILE: &str = include_str!("topics.toml");
static TOPICS: LazyLock<HashMap<Topic, Vec<String>>> = LazyLock::new(|| data::read(FILE));

/// A topic where a wrong answer costs money, health or rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Prices,
    /// Money back, returns, cancellations, guarantees.
    Refunds,
    /// Rights, contracts, liability.
    Legal,
    /// Symptoms, medicines, treatment.
    Medical,
}

impl Topic {
    /// Word beginnings that reveal the topic.
    fn words(self) -> &'static [String] {
        TOPICS.get(&self).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a question is about the topic.
    pub fn is_of(self, question: &str) -> bool {
        let question = question.to_lowercase();
        self.words().iter().any(|word| {
            question.match_indices(word.as_str()).any(|(at, _)| {
                let before = question.get(..at).and_then(|t| t.chars().next_back());
                before.is_none_or(|c| !c.is_alphabetic())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_its_words() {
        let topics: HashMap<Topic, Vec<String>> = data::check(FILE);
        for topic in [Topic::Prices, Topic::Refunds, Topic::Legal, Topic::Medical] {
            assert!(topics[&topic].len() > 10, "{topic:?}");
        }
    }

    #[test]
    fn topics_are_seen_by_the_beginnings_of_words() {
        assert!(Topic::Prices.is_of("How much is a crown?"));
        assert!(Topic::Prices.is_of("Was kostet das?"));
        assert!(Topic::Refunds.is_of("Can I get my money back?"));
        assert!(Topic::Medical.is_of("which antibiotic should I take"));
        assert!(!Topic::Legal.is_of("Where is your store?"));
        assert!(!Topic::Prices.is_of("coffee with milk"));
    }

    #[test]
    fn a_threshold_is_for_the_reader_that_it_was_chosen_by() {
        let with = |chosen_for: Option<&str>, hash, is_calibrated| {
            let settings = AnswerSettings {
                read_threshold: 0.4,
                read_threshold_for: chosen_for.map(String::from),
                ..AnswerSettings::default()
            };
            settings.read_threshold_with(Some(hash), is_calibrated)
        };
        for (chosen_for, is_calibrated, expected) in [
            (None, true, Some(0.4)),
            (Some("aa"), true, Some(0.4)),
            (Some("bb"), true, Some(0.82)),
            (None, false, None),
            (Some("aa"), false, Some(0.4)),
            (Some("bb"), false, None),
        ] {
            let found = with(chosen_for, "aa", is_calibrated);
            assert_eq!(found, expected, "{chosen_for:?}, {is_calibrated}");
        }
        let unknown = AnswerSettings::default();
        assert_eq!(unknown.read_threshold_with(None, false), None);
    }

    #[test]
    fn an_assistants_own_ladder_goes_before_the_workspaces() {
        let settings = AnswerSettings {
            friendly: Switch::On,
            ..AnswerSettings::default()
        };
        let ladder = Ladder {
            model: Some(false),
            read_threshold: Some(0.5),
            related_threshold: Some(0.25),
            ..Ladder::default()
        };
        let own = settings.clone().with_ladder(&ladder);
        assert!(!own.rephrase && own.friendly == Switch::Off && own.translate == Switch::Off);
        assert!((own.related_threshold - 0.25).abs() < f32::EPSILON);
        assert_eq!(own.read_threshold_of(&ladder, Some("aa"), true), Some(0.5));
        // The margins of a reader that nobody calibrated are on another scale.
        assert_eq!(own.read_threshold_of(&ladder, Some("aa"), false), None);
        assert_eq!(settings.clone().with_ladder(&Ladder::default()), settings);
    }

    #[test]
    fn absent_settings_have_defaults() {
        let settings: AnswerSettings = serde_json::from_str(r#"{"rephrase": false}"#).unwrap();
        assert!(!settings.rephrase);
        assert_eq!(settings.quote_only.len(), 4);
    }
}
