//! A run through a workflow, and what goes in and comes out of a step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use super::definition::Deed;

/// A value of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Value {
    Date(Date),
    Time(Time),
    /// E.164.
    Phone(String),
    Email(String),
    /// The option's name.
    Choice(String),
    Number(f64),
    Text(String),
    YesNo(bool),
    /// Left out by the visitor.
    Nothing,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits for the value of this slot.
    Asking(String),
    /// Waits for a yes.
    Confirming,
    Ended(State),
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for an answer.
    Asking,
    Done,
    /// The visitor wanted no more.
    Cancelled,
    /// Too many answers said nothing, or it went round in circles.
    GivenUp,
}

/// A run. It is kept as JSON with its conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub workflow: String,
    /// The version of the definition that it goes through.
    pub version: u32,
    pub filled: BTreeMap<String, Value>,
    /// Slots in the order in which they were filled.
    pub order: Vec<String>,
    /// The next step.
    pub at: usize,
    pub phase: Phase,
    /// Answers in a row that said nothing.
    pub tries: u32,
    pub turns: u32,
    pub steps: u32,
    pub confirmed: bool,
    /// A value that was proposed: yes takes it.
    pub offer: Option<(String, Value)>,
    /// Steps whose text was said.
    pub said: BTreeSet<usize>,
    /// How many acts were given.
    pub acts: u32,
    /// The text that the visitor agreed to with their yes.
    pub agreed: Option<String>,
}

impl Run {
    pub fn new(workflow: &str, version: u32) -> Self {
        Self {
            workflow: workflow.to_owned(),
            version,
            filled: BTreeMap::new(),
            order: Vec::new(),
            at: 0,
            phase: Phase::Ended(State::Asking),
            tries: 0,
            turns: 0,
            steps: 0,
            confirmed: false,
            offer: None,
            said: BTreeSet::new(),
            acts: 0,
            agreed: None,
        }
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    pub(super) fn set(&mut self, slot: &str, value: Value) {
        self.order.retain(|known| known != slot);
        self.order.push(slot.to_owned());
        self.filled.insert(slot.to_owned(), value);
    }
}

/// What somebody said.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    pub text: &'a str,
    /// What they said before in this conversation, newest first; read when a run begins.
    pub earlier: &'a [String],
    /// Values that somebody else read, by slot; they take the place of others.
    pub known: &'a [(String, Value)],
    /// Its meaning is that they want no more.
    pub stops: bool,
    /// It is to be taken as an answer, although it looks like a question: nothing else answers it.
    pub insists: bool,
}

/// Something to be done for the visitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Its place among the acts of the run, from 0.
    pub number: u32,
    /// With the values in its texts.
    pub deed: Deed,
    /// The text that the visitor agreed to.
    pub agreed: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    pub run: Run,
    /// Paragraphs to say.
    pub says: Vec<String>,
    pub acts: Vec<Act>,
    pub state: State,
    /// A question in what was said, to be answered before `says`.
    pub aside: Option<String>,
    /// Answers that may be given with a button, as they would be written; none where people write their own.
    pub options: Vec<String>,
}
