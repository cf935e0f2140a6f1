//! What an assistant has of its own. What is absent it inherits from its workspace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything about an assistant but its short name: what a version keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Body {
    /// What visitors see above the chat.
    pub title: String,
    /// Whom it speaks for and how, in the owner's words; the language model reads them.
    pub instructions: String,
    /// The first thing a visitor reads.
    pub greeting: String,
    /// Chat model by catalogue name; `None` means that of the machine, which is the only one so far.
    pub model: Option<String>,
    pub settings: AssistantSettings,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssistantSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tone: Option<Tone>,
    #[serde(skip_serializing_if = "is_default")]
    pub languages: Languages,
    #[serde(skip_serializing_if = "is_default")]
    pub knowledge: KnowledgeChoice,
    #[serde(skip_serializing_if = "is_default")]
    pub ladder: Ladder,
    /// Checked before any rung answers, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicRule>,
    #[serde(skip_serializing_if = "is_default")]
    pub voice: VoiceChoice,
    /// When somebody is there for its conversations; `None`: as the workspace's desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<OwnHours>,
    #[serde(skip_serializing_if = "is_default")]
    pub hand_over: HandOverChoice,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// Names of the workflows that it may begin; empty: all of the workspace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
    /// Names of the tools that it and its workflows may call; empty: all of the workspace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}

impl AssistantSettings {
    pub fn may_begin(&self, workflow: &str) -> bool {
        is_chosen(&self.workflows, workflow)
    }

    pub fn may_call(&self, tool: &str) -> bool {
        is_chosen(&self.tools, tool)
    }
}

/// Who chooses nothing has everything.
fn is_chosen(chosen: &[String], name: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|one| one == name)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How it speaks where words are not the owner's or a document's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Formal,
    Friendly,
    /// As few words as it takes.
    Brief,
}

/// The languages that it answers in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Languages {
    /// ISO 639-1, the main one first; empty: all that Frontdesk speaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// What becomes of questions in other languages.
    #[serde(skip_serializing_if = "is_default")]
    pub others: OtherLanguages,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherLanguages {
    /// They are answered in the main language.
    #[default]
    Main,
    /// The visitor is told which languages it answers in.
    Decline,
    /// The same, and a person is called.
    HandOver,
}

/// The knowledge that it answers from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnowledgeChoice {
    /// Only documents, sources and approved answers with one of these tags; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<KnowledgeView>,
}

/// `None` in its place: visitors get what is public, staff also what is for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnowledgeView {
    /// Also staff who ask it get answers only from what visitors may know.
    Public,
    /// It is for staff: no visitor reaches it.
    Staff,
}

/// Which rungs may answer, and how sure they must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ladder {
    /// Approved answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faq: Option<bool>,
    /// Business facts: hours, address, telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<bool>,
    /// Quotations from documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// The language model, wherever it takes part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<bool>,
    /// Lowest probability at which a place is given as the answer, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_threshold: Option<f64>,
    /// Lowest probability at which a place is shown as related, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_threshold: Option<f64>,
}

/// A topic that it does not answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopicRule {
    /// For staff and receipts.
    pub name: String,
    /// Words or phrases; a question is about the topic if one of its words begins so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Questions about it; others that mean the same are about it too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// How close a question must be to the examples together, from 0.5 (another subject) to 1 (the same); `None` for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closeness: Option<f64>,
    pub act: TopicAct,
    /// What the visitor is told; if empty, the words of Frontdesk.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub say: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicAct {
    #[default]
    Decline,
    /// Say the sentence and call a person.
    HandOver,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceChoice {
    /// Catalogue name of the voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Pace, 0.5 to 2; 1 is the voice's natural pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// The language that callers speak, ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The first words of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
}

/// Hours of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnHours {
    /// By the day's English name in small letters; a day that is missing is closed. From and until as `HH:MM`.
    pub week: BTreeMap<String, Vec<[String; 2]>>,
    /// IANA name; `None`: as the desk's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// When it calls a person by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandOverChoice {
    /// It has no sure answer about prices, refunds, rights or health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risky: Option<bool>,
    /// It had no answer this many times in a row; 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusals: Option<u32>,
    /// The visitor rated an answer as bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_rating: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    Off,
    /// Ask the caller first.
    Ask,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inherited_is_not_written() {
        let none = serde_json::to_value(AssistantSettings::default()).unwrap();
        assert_eq!(none, serde_json::json!({}));
        let some = AssistantSettings {
            tone: Some(Tone::Brief),
            ladder: Ladder {
                model: Some(false),
                ..Ladder::default()
            },
            ..AssistantSettings::default()
        };
        let written = serde_json::to_value(&some).unwrap();
        assert_eq!(
            written,
            serde_json::json!({"tone": "brief", "ladder": {"model": false}})
        );
        let read: AssistantSettings = serde_json::from_value(written).unwrap();
        assert_eq!(read, some);
    }

    #[test]
    fn who_chooses_has_only_what_was_chosen() {
        let all = AssistantSettings::default();
        assert!(all.may_begin("order") && all.may_call("stock"));
        let some = AssistantSettings {
            workflows: vec!["order".into()],
            tools: vec!["stock".into()],
            ..AssistantSettings::default()
        };
        assert!(some.may_begin("order") && some.may_call("stock"));
        assert!(!some.may_begin("stock") && !some.may_call("order"));
    }

    #[test]
    fn a_setting_that_nobody_knows_is_refused() {
        for wrong in [r#"{"tones": "brief"}"#, r#"{"ladder": {"rungs": []}}"#] {
            assert!(
                serde_json::from_str::<AssistantSettings>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
