//! Addresses that an answer by e-mail is taken from, each once; and what became of what came.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::rows::{columns, insert};
use crate::store::token::{TokenHash, fill_random};
use crate::store::values::text_enum;
use crate::store::{ConversationId, StoreError, UnixMs, UserId, WorkspaceId};

/// Random bytes of an address. Its text has two letters for each, and the part of an address before the `@` has room
/// for 64 in all (RFC 5321, section 4.5.3.1.1).
const BYTES: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAddress {
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    /// Whose answer it takes.
    pub user: UserId,
    pub expires_at: UnixMs,
    pub used_at: Option<UnixMs>,
}

columns! { ADDRESS of ReplyAddress { workspace, conversation, user, expires_at, used_at } }

text_enum! {
    /// What became of a message.
    pub enum Outcome {
        Taken = "taken",
        Refused = "refused",
        /// An automatic answer.
        Ignored = "ignored",
    }
}

/// A message that came to a reply address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// As the message says; nobody proved it.
    pub sender: String,
    pub conversation: Option<ConversationId>,
    pub outcome: Outcome,
    pub reason: Option<String>,
    pub at: UnixMs,
}

columns! { RECEIVED of Received { sender, conversation, outcome, reason, at } }

/// Makes an address for one answer; returns the token in it. Only its hash is stored.
pub fn open_address(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    user: UserId,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<String, StoreError> {
    let mut bytes = [0; BYTES];
    fill_random(&mut bytes)?;
    let token = hex::encode(bytes);
    insert!(tx into mail_replies {
        token_hash: TokenHash::of(&token),
        workspace,
        conversation,
        user,
        created_at: now,
        expires_at,
    })?;
    Ok(token)
}

/// The address with this token in a workspace, even if it was used or has expired.
pub fn find_address(
    conn: &Connection,
    workspace: WorkspaceId,
    token: &str,
) -> Result<Option<ReplyAddress>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {ADDRESS} FROM mail_replies WHERE workspace = ? AND token_hash = ?"
        ))?
        .query_row((workspace, TokenHash::of(token)), ReplyAddress::from_row)
        .optional()?)
}

/// Closes an address for good; returns whether it was open.
pub fn use_up(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    token: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE mail_replies SET used_at = ?3 WHERE workspace = ?1 AND token_hash = ?2
             AND used_at IS NULL",
        )?
        .execute((workspace, TokenHash::of(token), now))?;
    Ok(changed > 0)
}

pub fn note_received(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    received: &Received,
) -> Result<(), StoreError> {
    insert!(tx into mail_received {
        workspace,
        sender: &received.sender,
        conversation: received.conversation,
        outcome: received.outcome,
        reason: &received.reason,
        at: received.at,
    })?;
    Ok(())
}

/// What came to a workspace, newest first.
pub fn received(
    conn: &Connection,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<Received>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {RECEIVED} FROM mail_received WHERE workspace = ? ORDER BY at DESC, id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((workspace, limit), Received::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes addresses that expired, and notes of what came, at or before `before`; returns how many.
pub fn purge_old(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    let addresses = "DELETE FROM mail_replies WHERE expires_at <= ?";
    let received = "DELETE FROM mail_received WHERE at <= ?";
    Ok(tx.execute(addresses, [before])? + tx.execute(received, [before])?)
}
