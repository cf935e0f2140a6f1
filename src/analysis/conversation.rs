//! A conversation as it is analysed, from whatever channel.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC.
pub type UnixMs = i64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The visitor, caller or lead.
    Customer,
    /// A person of the business.
    Staff,
    /// A program of the business.
    Assistant,
}

impl Who {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Staff => "Staff",
            Self::Assistant => "Assistant",
        }
    }

    /// Whether the business says it.
    pub fn is_business(self) -> bool {
        self != Self::Customer
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub who: Who,
    /// As the source names the speaker.
    pub name: Option<String>,
    /// When it was said. Exports that name no time zone are taken as UTC, so only differences count.
    pub at: Option<UnixMs>,
    pub text: String,
}

/// Turns in the order in which they were said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub turns: Vec<Turn>,
}

/// A turn without name and time.
#[cfg(test)]
pub(crate) fn turn(who: Who, text: &str) -> Turn {
    Turn {
        who,
        name: None,
        at: None,
        text: text.to_owned(),
    }
}

#[cfg(test)]
impl Conversation {
    /// Of turns without names and times.
    pub(crate) fn of(turns: &[(Who, &str)]) -> Self {
        let turns = turns.iter().map(|(who, text)| turn(*who, text));
        Self {
            turns: turns.collect(),
        }
    }
}
