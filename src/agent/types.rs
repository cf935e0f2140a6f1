//! What a turn takes and gives.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// Which rung of the answer ladder answered. Lower rungs cost less and say less of their own.
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
    /// Words that come closest, quoted and said to be no answer.
    Related,
    /// Written by the model from the passages.
    Model,
    /// Nothing in the documents answers it.
    Refusal,
    /// Greetings, thanks, a wish for a person: nothing to look up.
    Talk,
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
        }
    }
}

/// What an answer can rest on.
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
}

/// A place in a document that an answer rests on, or an answer or fact that the business approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// Number as it stands in the answer: `[1]` is 1.
    pub number: u32,
    /// What it is.
    #[serde(default)]
    pub kind: CitationKind,
    /// Id of the document, or of the question or fact.
    pub document: String,
    /// Id of the document's version that was quoted; empty if it is no document.
    pub version: String,
    /// Title of the document, or the question.
    pub title: String,
    /// Headings above the passage, outermost first, joined by " › ".
    pub section: Option<String>,
    /// Page, from 1, where the format has pages.
    pub page: Option<u32>,
    /// Byte range of `quote` in the document version's text.
    pub span: [usize; 2],
    /// The words, verbatim.
    pub quote: String,
    /// Of these, the ones that answer: bytes of `quote`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<[usize; 2]>,
    /// Retrieval score, 0 to 1; only comparable within one answer.
    pub score: f32,
}

/// Wall-clock times of a turn in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Finding passages.
    pub retrieve: u64,
    /// From the question to the first word of the answer.
    pub first_token: u64,
    /// From the question to the end of the answer.
    pub total: u64,
}

/// Tokens of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Prompt tokens.
    pub prompt: u32,
    /// Of these, taken from the cache.
    pub cached: u32,
    /// Generated tokens.
    pub completion: u32,
}

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The text, with `[n]` where it cites.
    pub answer: String,
    /// The rung that answered.
    pub rung: Rung,
    /// The places it rests on, in the order of their numbers.
    pub citations: Vec<Citation>,
    /// Id of the stored receipt.
    pub receipt: Option<String>,
    /// Times in ms.
    pub timings_ms: Timings,
    /// Tokens.
    pub tokens: Tokens,
    /// The visitor is offered a person.
    #[serde(default)]
    pub handoff: bool,
    /// The engine ended before the answer did; the text is what had come by then.
    #[serde(default)]
    pub interrupted: bool,
}

/// What happens during a turn, in order; `Done` or `Failed` is last.
#[derive(Debug, Clone)]
pub enum TurnEvent {
    /// The places that the answer rests on, once its text is complete.
    Citations(Vec<Citation>),
    /// More text of the answer.
    Delta(String),
    /// The answer is complete and stored.
    Done(Box<Answer>),
    /// The turn could not be finished; the sentence is fit for the visitor.
    Failed(Reason),
}
