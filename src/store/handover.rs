//! Changes of who has a conversation: its state, whom it is assigned to, since when somebody waits. Each is one row, one
//! event and, where the visitor must know, one message, all in the caller's transaction.

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::conversations::{self, Conversation, ConversationState};
use super::messages::{self, MessageState, NewMessage, Speaker};
use super::{Scoped, StoreError, TeamId, UnixMs, UserId, events};

/// What is to change; fields that are not set stay as they are.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    from: Option<&'a [ConversationState]>,
    state: Option<ConversationState>,
    assigned_to: Option<Option<UserId>>,
    team: Option<Option<TeamId>>,
    waiting_since: Option<Option<UnixMs>>,
    agent_seen_at: Option<Option<UnixMs>>,
    snoozed_until: Option<Option<UnixMs>>,
    spam: Option<bool>,
    event: &'a str,
    data: &'a Value,
    notice: Option<&'a str>,
}

impl<'a> Change<'a> {
    /// `event` is its kind in the log, `data` ids and figures about it.
    pub fn new(event: &'a str, data: &'a Value) -> Self {
        Self {
            from: None,
            state: None,
            assigned_to: None,
            team: None,
            waiting_since: None,
            agent_seen_at: None,
            snoozed_until: None,
            spam: None,
            event,
            data,
            notice: None,
        }
    }

    /// Only in these states.
    pub fn from(self, states: &'a [ConversationState]) -> Self {
        Self {
            from: Some(states),
            ..self
        }
    }

    pub fn state(self, state: ConversationState) -> Self {
        Self {
            state: Some(state),
            ..self
        }
    }

    pub fn assign(self, to: Option<UserId>) -> Self {
        Self {
            assigned_to: Some(to),
            ..self
        }
    }

    pub fn team(self, team: Option<TeamId>) -> Self {
        Self {
            team: Some(team),
            ..self
        }
    }

    pub fn waiting_since(self, since: Option<UnixMs>) -> Self {
        Self {
            waiting_since: Some(since),
            ..self
        }
    }

    pub fn agent_seen_at(self, at: Option<UnixMs>) -> Self {
        Self {
            agent_seen_at: Some(at),
            ..self
        }
    }

    pub fn snooze(self, until: Option<UnixMs>) -> Self {
        Self {
            snoozed_until: Some(until),
            ..self
        }
    }

    pub fn spam(self, spam: bool) -> Self {
        Self {
            spam: Some(spam),
            ..self
        }
    }

    /// Tells the visitor, as a message of Frontdesk itself.
    pub fn notice(self, text: &'a str) -> Self {
        Self {
            notice: Some(text),
            ..self
        }
    }
}

/// Carries a change out and returns the conversation after it. `Conflict` if somebody was faster: its revision is not
/// the expected one, or its state is not one that the change begins in.
pub fn apply(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    expected_revision: Option<i64>,
    change: &Change<'_>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    let (workspace, id) = (conversation.workspace(), conversation.id);
    let found = conversations::get(tx, workspace, id)?;
    let fits = expected_revision.is_none_or(|expected| expected == found.revision)
        && change
            .from
            .is_none_or(|states| states.contains(&found.state));
    if !fits {
        return Err(StoreError::Conflict(
            "somebody has changed this conversation in the meantime".into(),
        ));
    }
    tx.prepare_cached(
        "UPDATE conversations SET revision = revision + 1, state = ?, assigned_to = ?, team = ?, waiting_since = ?,
            agent_seen_at = ?, snoozed_until = ?, spam = ? WHERE id = ?",
    )?
    .execute((
        change.state.unwrap_or(found.state),
        change.assigned_to.unwrap_or(found.assigned_to),
        change.team.unwrap_or(found.team),
        change.waiting_since.unwrap_or(found.waiting_since),
        change.agent_seen_at.unwrap_or(found.agent_seen_at),
        change.snoozed_until.unwrap_or(found.snoozed_until),
        change.spam.unwrap_or(found.spam),
        id,
    ))?;
    events::append(
        tx,
        workspace,
        change.event,
        &id.to_string(),
        change.data,
        now,
    )?;
    if let Some(text) = change.notice {
        let notice = NewMessage {
            role: Speaker::System,
            text,
            state: MessageState::Complete,
            client_id: None,
            author: None,
        };
        messages::append(tx, conversation, &notice, now)?;
    }
    conversations::get(tx, workspace, id)
}

/// Notes that the browser of the person who has a conversation still shows it. `false` if they do not have it.
pub fn keep_alive(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    user: UserId,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE conversations SET agent_seen_at = ? WHERE id = ? AND state = 'human' AND assigned_to = ?",
        )?
        .execute((now, conversation.id, user))?;
    Ok(changed > 0)
}

/// Notes since when the visitor waits for a person's word, if they do not wait longer already.
pub fn wait_since(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    since: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE conversations SET waiting_since = min(coalesce(waiting_since, ?1), ?1) WHERE id = ?2",
    )?
    .execute((since, conversation.id))?;
    Ok(())
}

/// Tags a conversation on Frontdesk's own account, for staff to find.
pub fn tag(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    tag: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (workspace, id) = (conversation.workspace(), conversation.id);
    let added = tx
        .prepare_cached(
            "INSERT INTO conversation_tags (conversation, workspace, tag) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((id, workspace, tag))?;
    if added > 0 {
        let data = json!({ "by": null, "tag": tag, "added": true });
        events::append(
            tx,
            workspace,
            "conversation_tagged",
            &id.to_string(),
            &data,
            now,
        )?;
    }
    Ok(())
}

/// Notes that the person who has a conversation answers from elsewhere, so that no browser shows that they are there.
pub fn let_go(tx: &Transaction<'_>, conversation: &Scoped<Conversation>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversations SET agent_seen_at = NULL WHERE id = ?")?
        .execute([conversation.id])?;
    Ok(())
}

/// Moves the times of everybody who waits or is attended to after a jump of the clock, so that it makes nobody late; and those
/// of what waits to be sent, so that it neither waits for a time that was none nor counts as tried for long enough.
pub fn shift_clock(tx: &Transaction<'_>, by: i64) -> Result<(), StoreError> {
    for state in ["waiting", "human"] {
        tx.execute(
            &format!(
                "UPDATE conversations SET waiting_since = waiting_since + ?1, agent_seen_at = agent_seen_at + ?1
                 WHERE state = '{state}'"
            ),
            [by],
        )?;
    }
    for sql in [
        "UPDATE mail_outbox SET next_at = next_at + ?1, created_at = created_at + ?1 WHERE state = 'queued'",
        "UPDATE webhook_deliveries SET next_at = next_at + ?1 WHERE state = 'queued'",
        "UPDATE webhooks SET failing_since = failing_since + ?1, rest_until = rest_until + ?1",
    ] {
        tx.execute(sql, [by])?;
    }
    Ok(())
}

/// Counts everybody who has a conversation as seen now, after a pause in which nobody could be.
pub fn see_everybody(tx: &Transaction<'_>, now: UnixMs) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE conversations SET agent_seen_at = ? WHERE state = 'human' AND agent_seen_at IS NOT NULL",
        [now],
    )?;
    Ok(())
}

/// What a clock must look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Somebody waits that nobody has taken.
    Person,
    /// It is snoozed.
    Snoozed,
}

/// What a clock must look after in all workspaces, what is due first.
pub fn list_awaited(
    conn: &Connection,
    awaited: Awaited,
    limit: u32,
) -> Result<Vec<Scoped<Conversation>>, StoreError> {
    let which = match awaited {
        Awaited::Person => "c.state = 'waiting' ORDER BY c.waiting_since",
        Awaited::Snoozed => "c.snoozed_until IS NOT NULL ORDER BY c.snoozed_until",
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {} FROM conversations c WHERE c.due_at IS NULL AND {which} LIMIT ?",
        conversations::COLUMNS
    ))?;
    let rows = statement.query_map([limit], |row| {
        let found = Conversation::from_row(row)?;
        Ok(Scoped::proven(found.workspace, found))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Conversations that people of all workspaces have and may tend no more: whoever has it was seen last at `seen_until` or before,
/// or answers from elsewhere while the visitor waits since `waiting_until` or before, or has no account that may work. Whoever
/// is tended to is left out, so that no number of those keeps others waiting.
pub fn list_untended(
    conn: &Connection,
    seen_until: UnixMs,
    waiting_until: UnixMs,
    limit: u32,
) -> Result<Vec<Scoped<Conversation>>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {} FROM conversations c WHERE c.due_at IS NULL AND c.state = 'human' AND (
             c.agent_seen_at <= ?1 OR (c.agent_seen_at IS NULL AND c.waiting_since <= ?2)
             OR NOT EXISTS (SELECT 1 FROM users u WHERE u.id = c.assigned_to AND u.suspended_at IS NULL
                 AND (u.owns OR EXISTS (SELECT 1 FROM members m WHERE m.workspace = c.workspace AND m.user = u.id
                                        AND m.role <> 'viewer'))))
         ORDER BY c.agent_seen_at LIMIT ?3",
        conversations::COLUMNS
    ))?;
    let rows = statement.query_map((seen_until, waiting_until, limit), |row| {
        let found = Conversation::from_row(row)?;
        Ok(Scoped::proven(found.workspace, found))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many wait longer than this conversation does in its workspace.
pub fn count_ahead(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM conversations WHERE workspace = ?1 AND state = 'waiting' AND due_at IS NULL
             AND (waiting_since, id) < (coalesce(?2, 0), ?3)",
        )?
        .query_row(
            (
                conversation.workspace(),
                conversation.waiting_since,
                conversation.id,
            ),
            |row| row.get(0),
        )?)
}

#[cfg(test)]
#[path = "handover_tests.rs"]
mod tests;
