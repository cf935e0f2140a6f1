//! The answers and events of a turn.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::store::MessageId;
use crate::store::conversations::ConversationState;
use crate::store::messages::Message;

/// The rung of the answer ladder that answered. Safer rungs cost less and add less of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// An approved question-and-answer pair, verbatim.
    Faq,
    /// Computed from the business's facts.
    Fact,
    /// The words of a passage that answer, quoted.
    #[serde(alias = "extract")]
    Read,
    /// The closest words, quoted and marked as not being an answer.
    Related,
    /// Written by the model from the passages.
    Model,
    /// Nothing in the documents answers.
    Refusal,
    /// Greetings, thanks, a request for a person: nothing to look up.
    Talk,
    /// A question or a word of a workflow.
    Workflow,
    /// What a tool answered, or a question about what it needs.
    Tool,
}

impl Rung {
    /// The name in the API, in receipts and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Rung::Faq => "faq",
            Rung::Fact => "fact",
            Rung::Read => "read",
            Rung::Related => "related",
            Rung::Model => "model",
            Rung::Refusal => "refusal",
            Rung::Talk => "talk",
            Rung::Workflow => "workflow",
            Rung::Tool => "tool",
        }
    }
}

/// The source of a citation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CitationKind {
    /// A place in a document.
    #[default]
    Document,
    /// An approved question-and-answer pair.
    Faq,
    /// A fact of the business.
    Fact,
    /// What a tool answered at that time.
    Tool,
}

/// A place in a document that supports an answer, or an answer or fact that the business approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// The number in the answer: `[1]` is 1.
    pub number: u32,
    #[serde(default)]
    pub kind: CitationKind,
    /// Id of the document, approved answer, fact or tool.
    pub document: String,
    /// Id of the quoted document version; empty unless it is a document.
    pub version: String,
    /// Title of the document or the tool, or the approved question.
    pub title: String,
    /// Headings above the passage, outermost first, joined by " › ".
    pub section: Option<String>,
    /// From 1, if the format has pages.
    pub page: Option<u32>,
    /// Byte range of `quote` in the document version's text.
    pub span: [usize; 2],
    /// The cited words, verbatim.
    pub quote: String,
    /// The answering words within `quote`, as a byte range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<[usize; 2]>,
    /// Retrieval score, 0 to 1; only comparable within one answer.
    pub score: f32,
}

/// Wall-clock times of a turn in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Searching for passages.
    pub retrieve: u64,
    /// From the question to the first word of the answer.
    pub first_token: u64,
    /// From the question to the end of the answer.
    pub total: u64,
}

/// Tokens of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub prompt: u32,
    /// Prompt tokens that came from the cache.
    pub cached: u32,
    /// Generated tokens.
    pub completion: u32,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// With `[n]` where it cites.
    pub answer: String,
    pub rung: Rung,
    /// In the order of their numbers.
    pub citations: Vec<Citation>,
    /// Id of the stored receipt; `None` when nothing was stored.
    pub receipt: Option<String>,
    pub timings_ms: Timings,
    pub tokens: Tokens,
    /// Whether the answer offers a person.
    #[serde(default)]
    pub handoff: bool,
    /// The engine stopped before the answer was complete; the text is what it had by then.
    #[serde(default)]
    pub interrupted: bool,
    /// The provider that wrote, if one did and the owner wants people to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Answers to the question in it that can be chosen, as they would be written; none where there is no choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Its message, if the turn has a conversation.
    #[serde(skip)]
    pub stored: Option<Stored>,
}

/// A message of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub message: MessageId,
    /// Its place in the order of all messages.
    pub seq: i64,
    /// Who answers the conversation now.
    pub state: ConversationState,
}

impl Stored {
    pub(super) fn of(message: &Message, state: ConversationState) -> Self {
        Self {
            message: message.id,
            seq: message.seq,
            state,
        }
    }
}

/// The events of a turn, in order; `Done`, `Stored` or `Failed` is last.
#[derive(Debug, Clone)]
pub enum TurnEvent {
    /// The citations, once the text is complete.
    Citations(Vec<Citation>),
    /// More text of the answer.
    Delta(String),
    /// The answer is complete and stored.
    Done(Box<Answer>),
    /// The question is stored, and the assistant says nothing: a person has the conversation or is called, or the question
    /// was sent before.
    Stored(Stored),
    /// The turn failed; the sentence is fit for the visitor.
    Failed(Reason),
}
