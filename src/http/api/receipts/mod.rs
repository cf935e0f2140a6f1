//! Receipts record what an answer rested on. Finding, exporting and replaying them.

mod export;
mod query;
mod view;

pub use query::ReceiptQuery;
pub use view::{ListedView, ReceiptView};

pub(super) mod paths {
    pub(in crate::http) use super::export::__path_download;
    pub(in crate::http) use super::{__path_get, __path_list, __path_replay};
}
pub(super) use export::download;

use axum::extract::{Path, Query};
use serde::Serialize;
use utoipa::ToSchema;

use self::view::{ProofView, as_proof};
use super::place::{self, ApiPlace};
use crate::agent::proof::Difference;
use crate::app::receipts::{OpenedReceipt, ask_again, open};
use crate::http::listing;
use crate::http::problem::{Problem, ProblemView};
use crate::store::listing::Page;
use crate::store::receipts::ReceiptFilter;

/// A page of receipts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptsView {
    /// The receipts.
    pub receipts: Vec<ListedView>,
    /// `before` of the next page; absent at the end.
    pub next: Option<i64>,
}

/// A receipt with its rating, held against the documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptInFull {
    #[serde(flatten)]
    receipt: ReceiptView,
    #[serde(flatten)]
    proof: ProofView,
}

/// An answer as it was given, and the same question asked again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayView {
    /// The answer as it was given.
    given: ReceiptInFull,
    /// The answer of today; its receipt is marked as an evaluation.
    again: ReceiptView,
    /// What differs: `what`, `then` and `now`.
    #[schema(value_type = Vec<Object>)]
    differences: Vec<Difference>,
    /// Earlier messages that the first answer could rest on and that were not kept; the question was
    /// asked again without them.
    earlier_messages_lost: u64,
}

impl From<Page<ReceiptFilter>> for ReceiptsView {
    fn from(page: Page<ReceiptFilter>) -> Self {
        Self {
            next: page.next.and_then(|next| next.before),
            receipts: page.rows.into_iter().map(ListedView::from).collect(),
        }
    }
}

impl From<OpenedReceipt> for ReceiptInFull {
    fn from(opened: OpenedReceipt) -> Self {
        Self {
            receipt: ReceiptView::new(opened.receipt.into_inner(), opened.rating),
            proof: as_proof(opened.proof),
        }
    }
}

/// Receipts, newest first. Those of evaluations and replays only with `evaluations=true`.
#[utoipa::path(get, path = "/api/v1/receipts", tag = "answers", operation_id = "listReceipts",
    params(ReceiptQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReceiptsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<ReceiptQuery>,
) -> Result<axum::Json<ReceiptsView>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    Ok(axum::Json(page.into()))
}

/// The receipt of an answer, with its cited words read again from the documents.
#[utoipa::path(get, path = "/api/v1/receipts/{id}", tag = "answers", operation_id = "getReceipt",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReceiptInFull), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ReceiptInFull>, Problem> {
    let id = place::parse_id(&id, "receipt")?;
    let opened = open(&place.app.store, &place.member, id).await?;
    Ok(axum::Json(opened.into()))
}

/// Asks the question of a receipt again with today's knowledge, and shows what differs.
#[utoipa::path(post, path = "/api/v1/receipts/{id}/replay", tag = "answers", operation_id = "replayReceipt",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReplayView), (status = 404, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn replay(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ReplayView>, Problem> {
    let id = place::parse_id(&id, "receipt")?;
    let (mut opened, replay) = ask_again(&place.app, &place.member, id).await?;
    opened.proof = replay.proof;
    Ok(axum::Json(ReplayView {
        given: opened.into(),
        again: ReceiptView::new(replay.receipt, None),
        differences: replay.differences,
        earlier_messages_lost: replay.history_lost,
    }))
}
