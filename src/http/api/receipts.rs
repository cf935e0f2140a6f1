//! Receipts: what an answer rested on; finding, exporting and replaying them.

mod export;
mod view;
mod wanted;

pub use export::{Format, batch, head};
pub use view::{ListedView, ReceiptView};
pub use wanted::Wanted;

pub(in crate::http::api) use wanted::moment;

pub(super) mod paths {
    pub(in crate::http) use super::export::__path_download;
    pub(in crate::http) use super::{__path_get, __path_list, __path_replay};
}
pub(super) use export::{download, harmless};

use axum::extract::{Path, Query};
use serde::Serialize;
use utoipa::ToSchema;

use self::view::{ProofView, as_proof};
use super::super::problem::{Problem, ProblemView};
use super::place::{self, Place};
use crate::agent::AgentError;
use crate::agent::proof::{self, Difference, Proof, Replay};
use crate::app::{App, default_assistant};
use crate::store::conversations;
use crate::store::ratings::{self, Rating};
use crate::store::receipts::{self, Filter, Receipt};
use crate::store::{Connection, ReceiptId, Scoped, StoreError, WorkspaceId};

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

/// Receipts, newest first. Those of evaluations and replays only with `evaluations=true`.
#[utoipa::path(get, path = "/api/receipts", tag = "answers", operation_id = "listReceipts",
    params(Wanted, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReceiptsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: Place,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<ReceiptsView>, Problem> {
    let (workspace, limit, filter) = (place.id(), wanted.limit(), wanted.filter()?);
    let found = place
        .app
        .store
        .read(move |conn| page(conn, workspace, &filter, limit));
    Ok(axum::Json(found.await?))
}

/// The receipts of a workspace that pass a filter, `limit` at most, newest first.
///
/// # Errors
/// When the store fails.
pub fn page(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &Filter,
    limit: u32,
) -> Result<ReceiptsView, StoreError> {
    // One more tells whether there are more.
    let mut found = receipts::list(conn, workspace, filter, limit + 1)?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok(ReceiptsView {
        next: found.last().filter(|_| more).map(|last| last.receipt.seq),
        receipts: found.into_iter().map(ListedView::from).collect(),
    })
}

/// The receipt with this id, held against the documents.
///
/// # Errors
/// `NotFound` when the workspace has no such receipt.
pub fn in_full(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
) -> Result<ReceiptInFull, StoreError> {
    Ok(look_up(conn, workspace, id)?.into())
}

/// The receipt of an answer, with its cited words read again from the documents.
#[utoipa::path(get, path = "/api/receipts/{id}", tag = "answers", operation_id = "getReceipt",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReceiptInFull), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<ReceiptInFull>, Problem> {
    only_own(&place, place::id::<ReceiptId>(&id, "receipt")?).await?;
    let opened = open(&place.app, place.id(), &id).await?;
    Ok(axum::Json(opened.into()))
}

/// A key that only asks sees what was answered to itself: 404 for a receipt of a conversation that another began.
pub(super) async fn only_own(place: &Place, id: ReceiptId) -> Result<(), Problem> {
    let Some(own) = place.own_conversations.filter(|_| !place.may_evaluate) else {
        return Ok(());
    };
    let workspace = place.id();
    let read = move |conn: &Connection| {
        let receipt = receipts::get(conn, workspace, id)?;
        let begun_by = match receipt.conversation {
            Some(id) => conversations::get(conn, workspace, id)?.begun_by,
            None => Some(own),
        };
        Ok(begun_by == Some(own))
    };
    match place.app.store.read(read).await? {
        true => Ok(()),
        false => Err(Problem::not_found("receipt")),
    }
}

/// Asks the question of a receipt again with today's knowledge, and shows what differs.
#[utoipa::path(post, path = "/api/receipts/{id}/replay", tag = "answers", operation_id = "replayReceipt",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ReplayView), (status = 404, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn replay(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<ReplayView>, Problem> {
    let mut opened = open(&place.app, place.id(), &id).await?;
    let replay = ask_again(&place.app, &opened.receipt).await?;
    opened.proof = replay.proof;
    Ok(axum::Json(ReplayView {
        given: opened.into(),
        again: ReceiptView::new(replay.receipt, None),
        differences: replay.differences,
        earlier_messages_lost: replay.history_lost,
    }))
}

/// A receipt with everything that belongs to it.
pub(in crate::http) struct Opened {
    pub(in crate::http) receipt: Scoped<Receipt>,
    pub(in crate::http) proof: Proof,
    pub(in crate::http) rating: Option<Rating>,
}

impl From<Opened> for ReceiptInFull {
    fn from(opened: Opened) -> Self {
        Self {
            receipt: ReceiptView::new(opened.receipt.into_inner(), opened.rating),
            proof: as_proof(opened.proof),
        }
    }
}

/// The receipt of this id, held against the documents.
pub(in crate::http) async fn open(
    app: &App,
    workspace: WorkspaceId,
    id: &str,
) -> Result<Opened, Problem> {
    let id = place::id::<ReceiptId>(id, "receipt")?;
    let opened = app.store.read(move |conn| look_up(conn, workspace, id));
    Ok(opened.await?)
}

fn look_up(conn: &Connection, workspace: WorkspaceId, id: ReceiptId) -> Result<Opened, StoreError> {
    let receipt = receipts::get(conn, workspace, id)?;
    Ok(Opened {
        proof: proof::examine(conn, &receipt)?,
        rating: ratings::find(conn, workspace, id)?,
        receipt,
    })
}

/// Asks the question of a receipt again.
pub(in crate::http) async fn ask_again(
    app: &App,
    receipt: &Scoped<Receipt>,
) -> Result<Replay, Problem> {
    let assistant = default_assistant(&app.store, receipt.workspace()).await?;
    match app.agent.replay(receipt.clone(), assistant).await {
        Ok(replay) => Ok(replay),
        Err(AgentError::Store(error)) => Err(error.into()),
        Err(AgentError::Model(error)) => Err(error.into()),
        Err(other) => Err(Problem::turn_failed(other.to_string())),
    }
}
