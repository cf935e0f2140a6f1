//! A receipt with everything that belongs to it, and its question asked again.

use super::App;
use super::first_run::default_assistant;
use crate::access::{Denied, Member, Scope};
use crate::agent::AgentError;
use crate::agent::proof::{self, Proof, Replay};
use crate::store::ratings::{self, Rating};
use crate::store::receipts::{self, Receipt};
use crate::store::{
    ApiKeyId, Connection, ReceiptId, Scoped, Store, StoreError, WorkspaceId, conversations,
};

/// Who may see the receipt of an answer that they got.
pub const MAY_SEE: &[Scope] = &[Scope::Chat, Scope::Evaluate];
/// Who may see those of all answers, and ask their questions again.
pub const MAY_REPLAY: &[Scope] = &[Scope::Evaluate, Scope::Admin];

/// A receipt, held against the documents.
#[derive(Debug)]
pub struct OpenedReceipt {
    /// The receipt.
    pub receipt: Scoped<Receipt>,
    /// How it and its cited words stand today.
    pub proof: Proof,
    /// How the answer was rated.
    pub rating: Option<Rating>,
}

/// Why a receipt was not opened, or its question not asked again.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The question was not answered.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

/// The receipt of this id. A key that only asks sees what was answered to itself.
///
/// # Errors
/// `NotFound` when the workspace has none that they may see.
pub async fn open(
    store: &Store,
    by: &Member,
    id: ReceiptId,
) -> Result<OpenedReceipt, ReceiptError> {
    let workspace = by.need(MAY_SEE)?;
    Ok(load(store, workspace, id, only_of(by)).await?)
}

async fn load(
    store: &Store,
    workspace: WorkspaceId,
    id: ReceiptId,
    own: Option<ApiKeyId>,
) -> Result<OpenedReceipt, StoreError> {
    let read = store.read(move |conn| {
        let receipt = find_shown(conn, workspace, id, own)?;
        Ok(OpenedReceipt {
            proof: proof::examine(conn, &receipt)?,
            rating: ratings::find(conn, workspace, id)?,
            receipt,
        })
    });
    read.await
}

/// Asks the question of a receipt again with today's knowledge.
///
/// # Errors
/// `NotFound`, and when it is not answered.
pub async fn ask_again(
    app: &App,
    by: &Member,
    id: ReceiptId,
) -> Result<(OpenedReceipt, Replay), ReceiptError> {
    let workspace = by.need(MAY_REPLAY)?;
    // Whoever may replay may see every receipt.
    let opened = load(&app.store, workspace, id, None).await?;
    let assistant = default_assistant(&app.store, workspace).await?;
    let replay = app.agent.replay(opened.receipt.clone(), assistant).await?;
    Ok((opened, replay))
}

/// The key whose own conversations are all that they may see receipts of; `None` if they may see all.
pub(super) fn only_of(by: &Member) -> Option<ApiKeyId> {
    let principal = by.principal();
    let own = principal.own_conversations();
    own.filter(|_| !principal.may(Scope::Evaluate))
}

/// The receipt of this id; with `own` only if it belongs to a conversation that this key began, or to none.
pub(super) fn find_shown(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
    own: Option<ApiKeyId>,
) -> Result<Scoped<Receipt>, StoreError> {
    let receipt = receipts::get(conn, workspace, id)?;
    if let (Some(own), Some(conversation)) = (own, receipt.conversation) {
        let begun_by = conversations::get(conn, workspace, conversation)?.begun_by;
        if begun_by != Some(own) {
            return Err(StoreError::NotFound("receipt"));
        }
    }
    Ok(receipt)
}
