//! What the receipt says of a tool that took part in a turn.

use serde::Serialize;

/// What the receipt says of a tool.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ToolTrace {
    pub(super) name: String,
    pub(super) chosen_by: ChosenBy,
    pub(crate) outcome: Outcome,
    /// The key of its call in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<String>,
    /// The sentence that says why there is no answer, in the visitor's language.
    #[serde(skip)]
    pub(crate) why: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChosenBy {
    /// The question is like an example.
    Likeness,
    Model,
    /// It was chosen before, and this message goes on with it.
    Before,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The visitor is asked for an argument or a yes.
    Asks,
    Answered,
    Nothing,
    Failed,
    Unknown,
    /// It is done after the turn, perhaps when staff allow it.
    Ordered,
    /// The visitor wants no more, or it was given up.
    Ended,
}

impl ToolTrace {
    /// Whether the language model took part.
    pub(crate) fn is_by_model(&self) -> bool {
        self.chosen_by == ChosenBy::Model
    }

    /// Whether the tool failed, so that no document is missing.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Nothing | Outcome::Failed | Outcome::Unknown
        )
    }
}
