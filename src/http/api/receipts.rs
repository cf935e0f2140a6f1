//! Receipts: what an answer rested on.

use axum::extract::Path;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::problem::{Problem, ProblemView};
use super::place::{self, Place};
use crate::store::ReceiptId;
use crate::store::receipts::{self, Receipt};

/// What an answer rested on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    id: String,
    /// Id of the conversation, if there was one.
    conversation: Option<String>,
    question: String,
    /// How it was answered: `faq`, `fact`, `extract`, `model` or `refusal`.
    rung: String,
    answer: String,
    /// The passages, each with its document version, span and hash.
    passages: Value,
    model: Option<String>,
    /// SHA-256 of the model's weights.
    model_hash: Option<String>,
    /// SHA-256 of the prompt.
    prompt_hash: Option<String>,
    /// What was checked and how it came out.
    checks: Value,
    /// Times in ms.
    timings_ms: Value,
    tokens: Value,
    /// Unix milliseconds.
    created_at: i64,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
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
            checks: receipt.checks,
            timings_ms: receipt.timings,
            tokens: receipt.tokens,
            created_at: receipt.created_at,
        }
    }
}

/// The receipt of an answer.
#[utoipa::path(get, path = "/api/receipts/{id}", tag = "answers", operation_id = "getReceipt",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReceiptView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<ReceiptView>, Problem> {
    let (workspace, id) = (place.id(), place::id::<ReceiptId>(&id, "receipt")?);
    let found = place
        .app
        .store
        .read(move |conn| receipts::get(conn, workspace, id))
        .await?;
    Ok(axum::Json(found.into_inner().into()))
}
