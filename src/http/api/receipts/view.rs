//! Receipts on the wire.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::agent::proof::{Cited, Looked, Proof};
use crate::store::ratings::Rating;
use crate::store::receipts::{Integrity, Link, Listed, Receipt};

/// What an answer rested on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptView {
    /// Its id.
    pub id: String,
    /// Id of the conversation, if there was one.
    pub conversation: Option<String>,
    /// What was asked.
    pub question: String,
    /// How it was answered: `faq`, `fact`, `extract`, `model`, `refusal` or `talk`.
    pub rung: String,
    /// What was answered.
    pub answer: String,
    /// The passages, each with its document version, span and hash.
    pub passages: Value,
    /// The model that wrote it, if one did.
    pub model: Option<String>,
    /// SHA-256 of the model's weights.
    pub model_hash: Option<String>,
    /// SHA-256 of the prompt.
    pub prompt_hash: Option<String>,
    /// What was checked and how it came out; `digest` is the seal, `previous` that of the receipt before.
    pub checks: Value,
    /// Times in ms.
    pub timings_ms: Value,
    /// Tokens read and written.
    pub tokens: Value,
    /// Unix milliseconds.
    pub created_at: i64,
    /// 1 for good, -1 for bad.
    pub rating: Option<i8>,
    /// What was said with the rating.
    pub comment: String,
    /// Whether an evaluation or a replay asked, not a visitor.
    pub evaluation: bool,
}

impl ReceiptView {
    pub fn new(receipt: Receipt, rating: Option<Rating>) -> Self {
        let (rating, comment) = rating.map(|r| (r.value, r.comment)).unzip();
        Self::of(Listed {
            receipt,
            rating,
            comment: comment.unwrap_or_default(),
        })
    }

    pub fn of(listed: Listed) -> Self {
        let Listed {
            receipt,
            rating,
            comment,
        } = listed;
        let evaluation = receipt.of_evaluation();
        Self {
            id: receipt.id.to_string(),
            conversation: receipt.conversation.map(|id| id.to_string()),
            question: receipt.question,
            rung: receipt.rung,
            answer: receipt.answer,
            passages: receipt.passages,
            model: receipt.model,
            model_hash: receipt.model_hash,
            prompt_hash: receipt.prompt_hash,
            evaluation,
            checks: receipt.checks,
            timings_ms: receipt.timings,
            tokens: receipt.tokens,
            created_at: receipt.created_at,
            rating,
            comment,
        }
    }
}

/// A receipt in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ListedView {
    /// Its id.
    pub id: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// What was asked.
    pub question: String,
    /// How it was answered.
    pub rung: String,
    /// What was answered.
    pub answer: String,
    /// Titles of the documents that it cites.
    pub documents: Vec<String>,
    /// Id of the conversation, if there was one.
    pub conversation: Option<String>,
    /// From the question to the end of the answer, ms.
    pub total_ms: Option<u64>,
    /// 1 for good, -1 for bad.
    pub rating: Option<i8>,
    /// What was said with the rating.
    pub comment: String,
    /// Whether an evaluation or a replay asked, not a visitor.
    pub evaluation: bool,
}

impl From<Listed> for ListedView {
    fn from(listed: Listed) -> Self {
        let receipt = listed.receipt;
        let evaluation = receipt.of_evaluation();
        Self {
            id: receipt.id.to_string(),
            created_at: receipt.created_at,
            documents: titles(&receipt.passages),
            question: receipt.question,
            rung: receipt.rung,
            answer: receipt.answer,
            conversation: receipt.conversation.map(|id| id.to_string()),
            total_ms: receipt.timings.get("total").and_then(Value::as_u64),
            rating: listed.rating,
            comment: listed.comment,
            evaluation,
        }
    }
}

/// Titles of the cited documents, each once.
pub(super) fn titles(passages: &Value) -> Vec<String> {
    let cited = passages.get("cited").and_then(Value::as_array);
    let mut titles: Vec<String> = Vec::new();
    for raw in cited.into_iter().flatten() {
        let title = raw.get("title").and_then(Value::as_str).unwrap_or_default();
        if !title.is_empty() && !titles.iter().any(|known| known == title) {
            titles.push(title.to_owned());
        }
    }
    titles
}

/// How a receipt and its cited words stand today.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProofView {
    /// `intact`, `altered`, or `unsealed` for a receipt that is older than the seals.
    integrity: &'static str,
    /// Its link to the previous receipt: `follows`, `first`, `gone` when that one was deleted, or `broken` when it is
    /// missing for no known reason.
    link: &'static str,
    /// The cited words, each read again from the version that was quoted. `standing` is `unchanged`,
    /// `newer` (the document has a newer version, shown as `today`), `read_again` (the version was read again, or lines
    /// of it were decided on, and it no longer has them), `altered`, `purged` or `no_document`.
    #[schema(value_type = Vec<Object>)]
    cited: Vec<Cited>,
    /// The passages that were found for the question, best first, used or not.
    #[schema(value_type = Vec<Object>)]
    found: Vec<Looked>,
}

pub(super) fn as_proof(proof: Proof) -> ProofView {
    ProofView {
        integrity: match proof.integrity {
            Integrity::Intact => "intact",
            Integrity::Altered => "altered",
            Integrity::Unsealed => "unsealed",
        },
        link: match proof.link {
            Link::Follows => "follows",
            Link::First => "first",
            Link::Gone => "gone",
            Link::Broken => "broken",
        },
        cited: proof.cited,
        found: proof.found,
    }
}
