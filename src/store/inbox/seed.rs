//! Many made-up conversations at once, for measuring.

use rusqlite::{Connection, Transaction};

use crate::store::conversations::{Channel, ConversationState};
use crate::store::messages::Speaker;
use crate::store::{ConversationId, MessageId, StoreError, UnixMs, UserId, WorkspaceId};

/// Begins the visitor's name of a made-up conversation.
const MARK: &str = "seed-";

#[derive(Debug, Clone)]
pub struct Made {
    pub channel: Channel,
    pub state: ConversationState,
    pub assigned_to: Option<UserId>,
    pub spam: bool,
    pub snoozed_until: Option<UnixMs>,
    pub title: String,
    /// At most one; empty for none.
    pub tag: &'static str,
    /// Who says what and when, in order; at least one.
    pub said: Vec<(Speaker, String, UnixMs)>,
}

/// How many conversations there are that were not made up.
pub fn count_real(conn: &Connection) -> Result<i64, StoreError> {
    let sql = format!(
        "SELECT count(*) FROM conversations WHERE visitor IS NULL OR substr(visitor, 1, {}) <> '{MARK}'",
        MARK.len()
    );
    Ok(conn.query_row(&sql, [], |row| row.get(0))?)
}

/// Writes conversations without events, so that nobody is told of them.
pub fn plant(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    made: &[Made],
) -> Result<(), StoreError> {
    for one in made {
        let id = ConversationId::new();
        let first = one.said.first().map_or(0, |said| said.2);
        let last = one.said.last().map_or(0, |said| said.2);
        let waiting = (one.state == ConversationState::Waiting).then_some(last);
        let seen = (one.state == ConversationState::Human).then_some(last);
        tx.prepare_cached(
            "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title, assigned_to,
                                        waiting_since, agent_seen_at, spam, snoozed_until)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            id,
            workspace,
            one.channel,
            format!("{MARK}{id}"),
            one.state,
            first,
            last,
            &one.title,
            one.assigned_to,
            waiting,
            seen,
            one.spam,
            one.snoozed_until,
        ))?;
        if !one.tag.is_empty() {
            tx.prepare_cached(
                "INSERT INTO conversation_tags (conversation, workspace, tag) VALUES (?, ?, ?)",
            )?
            .execute((id, workspace, one.tag))?;
        }
        let mut message = tx.prepare_cached(
            "INSERT INTO messages (id, conversation, workspace, role, text, state, created_at, author)
             VALUES (?, ?, ?, ?, ?, 'complete', ?, ?)",
        )?;
        for (role, text, at) in &one.said {
            let author = one.assigned_to.filter(|_| *role == Speaker::Agent);
            message.execute((MessageId::new(), id, workspace, role, text, at, author))?;
        }
    }
    Ok(())
}
