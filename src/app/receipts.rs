//! Opens a receipt with everything that belongs to it, and asks its question again.

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

/// Who may see receipts of their own answers.
pub const MAY_SEE: &[Scope] = &[Scope::Chat, Scope::Evaluate];
/// Who may see all receipts and ask their questions again.
pub const MAY_REPLAY: &[Scope] = &[Scope::Evaluate, Scope::Admin];

/// A receipt, compared with the documents.
#[derive(Debug)]
pub struct OpenedReceipt {
    pub receipt: Scoped<Receipt>,
    /// Whether the receipt is intact and the documents still say the cited words.
    pub proof: Proof,
    pub rating: Option<Rating>,
}

/// Why a receipt could not be opened or replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Agent(#[from] AgentError),
}

/// Opens a receipt. A key that may only ask sees only its own answers.
///
/// # Errors
/// `NotFound` if there is no such receipt, or they may not see it.
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

/// Asks the question of a receipt again, with today's documents.
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

/// The key whose own conversations they are limited to; `None` if they may see all receipts.
pub(super) fn only_of(by: &Member) -> Option<ApiKeyId> {
    let principal = by.principal();
    let own = principal.own_conversations();
    own.filter(|_| !principal.may(Scope::Evaluate))
}

/// Finds a receipt; with `own` only if its conversation was started by that key, or it has none.
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
