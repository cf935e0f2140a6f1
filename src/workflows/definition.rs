//! What a workflow is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A text in several languages, by ISO 639-1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(pub BTreeMap<String, String>);

impl Texts {
    /// The text in a language, or else in English, or else in any.
    pub fn of(&self, language: Language) -> &str {
        let text = self.0.get(language.code()).or_else(|| self.0.get("en"));
        text.or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Phrases in several languages.
pub type Lists = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Short name, unique in its workspace.
    pub name: String,
    pub title: Texts,
    /// What a visitor says to begin it.
    pub begin: Lists,
    pub slots: Vec<Slot>,
    pub steps: Vec<Step>,
    /// Where a label stands in the steps.
    pub labels: BTreeMap<String, usize>,
}

impl Definition {
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    /// The language to speak, if the definition has it; English or its first otherwise.
    pub fn language(&self, wanted: Language) -> Language {
        let has = |language: &Language| self.title.0.contains_key(language.code());
        if has(&wanted) {
            return wanted;
        }
        let first = self
            .title
            .0
            .keys()
            .next()
            .and_then(|code| Language::of_code(code));
        match has(&Language::En) {
            true => Language::En,
            false => first.unwrap_or(Language::En),
        }
    }
}

/// A value that a workflow needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub name: String,
    pub label: Texts,
    pub ask: Texts,
    /// Asked after an answer that said nothing; a text of Frontdesk's own if empty.
    pub again: Texts,
    pub optional: bool,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `open`: only on days when the business is open.
    Date {
        open: bool,
    },
    Time {
        open: bool,
    },
    Phone,
    Email,
    Choice(Vec<Choice>),
    Number {
        least: f64,
        most: f64,
        units: Lists,
    },
    /// `longest` in characters.
    Text {
        longest: usize,
    },
    Name,
    YesNo,
}

impl Kind {
    /// As a definition names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Date { .. } => "date",
            Self::Time { .. } => "time",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Choice(_) => "choice",
            Self::Number { .. } => "number",
            Self::Text { .. } => "text",
            Self::Name => "name",
            Self::YesNo => "yes_no",
        }
    }
}

/// An option of a choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub name: String,
    /// How it is said; the first is shown.
    pub say: Lists,
}

impl Choice {
    pub fn label(&self, language: Language) -> &str {
        let words = self.say.get(language.code()).or_else(|| self.say.get("en"));
        let first = words
            .or_else(|| self.say.values().next())
            .and_then(|list| list.first());
        first.map_or(self.name.as_str(), String::as_str)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Ask(String),
    /// Goes to a label if the slot has one of these values.
    Branch {
        slot: String,
        is: Vec<String>,
        to: String,
    },
    Go(String),
    Say(Texts),
    Confirm(Texts),
    Act(Deed),
    End(Texts),
}

/// What is to be done, with `{slot}` in its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// `lead`, `task`, `email`, `tool` or `hand_over`.
    pub act: String,
    /// Its texts by field, such as `name`, `wish`, `to`, `title`, `text`, `tool`.
    pub with: BTreeMap<String, String>,
}

impl Deed {
    pub const ACTS: [&'static str; 5] = ["lead", "task", "email", "tool", "hand_over"];

    /// Calling a person does nothing that would need a confirmation.
    pub fn needs_confirmation(&self) -> bool {
        self.act != "hand_over"
    }
}
