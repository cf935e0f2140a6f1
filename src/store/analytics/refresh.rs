//! Makes the figures of a conversation from its messages, receipts, ratings, events and tasks.
//!
//! Triggers note which conversations have changed (migration 31), and [`refresh`] makes those again. A row depends on nothing
//! but its conversation and the constants here, so all of them can be thrown away and made anew.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{Figures, Outcome, Rungs, encode_times};
use crate::store::conversations::{Channel, ConversationState};
use crate::store::rows::insert;
use crate::store::values::Json;
use crate::store::{AssistantId, ConversationId, StoreError, UnixMs, WorkspaceId};

/// From this score on, a visitor was content; up to the other one, they were not.
const CONTENT: u8 = 4;
const NOT_CONTENT: u8 = 2;

/// Makes up to `limit` conversations' figures again; returns how many.
pub fn refresh(tx: &Transaction<'_>, limit: u32) -> Result<usize, StoreError> {
    let due: Vec<ConversationId> = tx
        .prepare_cached("SELECT conversation FROM figures_due LIMIT ?")?
        .query_map([limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for conversation in &due {
        refresh_one(tx, *conversation)?;
    }
    Ok(due.len())
}

/// Whether any figures are to be made again.
pub fn is_due(conn: &Connection) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM figures_due)")?
        .query_row([], |row| row.get(0))?)
}

/// How many conversations of a workspace have figures that are to be made again. `CROSS` makes SQLite begin with those few.
pub fn count_due(conn: &Connection, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let number: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM figures_due d CROSS JOIN conversations c ON c.id = d.conversation WHERE c.workspace = ?",
        )?
        .query_row([workspace], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

/// Makes the figures of one conversation again.
pub fn refresh_one(tx: &Transaction<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM conversation_figures WHERE conversation = ?")?
        .execute([conversation])?;
    if let Some((workspace, made)) = make(tx, conversation)? {
        insert!(tx into conversation_figures {
            workspace, started_at: made.started_at, conversation, last_at: made.last_at, channel: made.channel,
            is_test: made.is_test, closed: made.closed, outcome: made.outcome, assistant: made.assistant,
            version: made.version, questions: whole(made.questions), faq: whole(made.rungs.faq),
            fact: whole(made.rungs.fact), read: whole(made.rungs.read), model: whole(made.rungs.model),
            related: whole(made.rungs.related), refusal: whole(made.rungs.refusal), talk: whole(made.rungs.talk),
            other: whole(made.rungs.other), up: whole(made.up), down: whole(made.down),
            reported: whole(made.reported), csat: made.csat, gaps: whole(made.gaps), leads: whole(made.leads),
            asked: whole(made.asked), taken: whole(made.taken), missed: whole(made.missed), waits: made.waits,
            stepped_in: whole(made.stepped_in), take_ms: made.take_ms, times: encode_times(&made.times)
        })?;
    }
    tx.prepare_cached("DELETE FROM figures_due WHERE conversation = ?")?
        .execute([conversation])?;
    Ok(())
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The row of the conversation itself.
struct Head {
    workspace: WorkspaceId,
    started_at: UnixMs,
    last_at: UnixMs,
    channel: Channel,
    assistant: Option<AssistantId>,
    state: ConversationState,
    counts: bool,
    is_test: bool,
}

/// The figures of a conversation; `None` if it does not count.
fn make(
    conn: &Connection,
    id: ConversationId,
) -> Result<Option<(WorkspaceId, Figures)>, StoreError> {
    let head = conn
        .prepare_cached(
            "SELECT workspace, started_at, last_at, channel, assistant, state,
                    due_at IS NULL AND spam = 0 AND merged_into IS NULL,
                    channel IN ('api', 'cli') AND begun_by IS NULL AND visitor IS NULL
             FROM conversations WHERE id = ?",
        )?
        .query_row([id], |row| {
            Ok(Head {
                workspace: row.get(0)?,
                started_at: row.get(1)?,
                last_at: row.get(2)?,
                channel: row.get(3)?,
                assistant: row.get(4)?,
                state: row.get(5)?,
                counts: row.get(6)?,
                is_test: row.get(7)?,
            })
        })
        .optional()?;
    let Some(head) = head.filter(|head| head.counts) else {
        return Ok(None);
    };
    let answers = Answers::read(conn, id)?;
    let way = Way::read(conn, head.workspace, id)?;
    let (questions, staff) = count_messages(conn, id)?;
    let count = |sql: &str| -> Result<u64, StoreError> {
        let number: i64 = conn
            .prepare_cached(sql)?
            .query_row([id], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    };
    let gaps = count(
        "SELECT count(*) FROM gaps g JOIN receipts r ON r.id = g.receipt WHERE r.conversation = ?",
    )?;
    let leads = count(
        "SELECT count(*) FROM tasks WHERE conversation = ? AND kind IN ('lead', 'callback')",
    )?;
    let csat: Option<u8> = conn
        .prepare_cached("SELECT score FROM satisfaction WHERE conversation = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let closed = head.state == ConversationState::Closed;
    let with_person = way.asked + way.stepped_in + staff + leads > 0 || answers.wishes_person;
    let is_bad = answers.down > 0 || csat.is_some_and(|score| score <= NOT_CONTENT);
    let is_settled = answers.up > 0
        || answers.thanked
        || (closed && way.closed_by_visitor)
        || csat.is_some_and(|score| score >= CONTENT);
    let outcome = match answers.last_answered {
        _ if with_person => Outcome::Person,
        None => Outcome::Empty,
        Some(answered) if is_bad || !answered => Outcome::Unanswered,
        Some(_) if is_settled => Outcome::Resolved,
        Some(_) => Outcome::Left,
    };
    let figures = Figures {
        started_at: head.started_at,
        last_at: head.last_at,
        channel: head.channel,
        is_test: head.is_test,
        closed,
        outcome,
        assistant: head.assistant,
        version: answers.version,
        questions,
        rungs: answers.rungs,
        up: answers.up,
        down: answers.down,
        reported: answers.reported,
        csat,
        gaps,
        leads,
        asked: way.asked,
        taken: way.taken,
        missed: way.missed,
        waits: way.waiting_since.is_some(),
        stepped_in: way.stepped_in,
        take_ms: way.take_ms,
        times: answers.times,
    };
    Ok(Some((head.workspace, figures)))
}

/// Messages of the visitor and of staff.
fn count_messages(conn: &Connection, id: ConversationId) -> Result<(u64, u64), StoreError> {
    let counted: (i64, i64) = conn
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE role = 'user'), count(*) FILTER (WHERE role = 'agent')
             FROM messages WHERE conversation = ?",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((counted.0.unsigned_abs(), counted.1.unsigned_abs()))
}

/// What the receipts of a conversation say, in their order.
#[derive(Default)]
struct Answers {
    rungs: Rungs,
    up: u64,
    down: u64,
    reported: u64,
    /// Whether the last question got an answer; `None` if there was none but small talk.
    last_answered: Option<bool>,
    /// Thanks came after the last answer.
    thanked: bool,
    wishes_person: bool,
    version: Option<u32>,
    times: Vec<u32>,
}

impl Answers {
    fn read(conn: &Connection, id: ConversationId) -> Result<Self, StoreError> {
        let mut statement = conn.prepare_cached(
            "SELECT r.rung, CAST(json_extract(r.timings, '$.total') AS INTEGER),
                    CAST(json_extract(r.checks, '$.talk') AS TEXT),
                    max(CAST(json_extract(r.checks, '$.assistant_version') AS INTEGER), 0), t.value
             FROM receipts r LEFT JOIN ratings t ON t.receipt = r.id
             WHERE r.conversation = ? AND json_extract(r.checks, '$.evaluation') IS NOT 1 ORDER BY r.seq",
        )?;
        let mut rows = statement.query([id])?;
        let mut this = Self::default();
        while let Some(row) = rows.next()? {
            let rung: String = row.get(0)?;
            let (took, talk): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
            let (version, rated): (Option<u32>, Option<i8>) = (row.get(3)?, row.get(4)?);
            *this.rungs.of(&rung) += 1;
            this.times
                .extend(took.and_then(|took| u32::try_from(took).ok()));
            this.version = this.version.or(version);
            let is_answer = !matches!(rung.as_str(), "refusal" | "related" | "talk");
            match rung.as_str() {
                "talk" => match talk.as_deref() {
                    Some("thanks") => this.thanked = this.last_answered == Some(true),
                    Some("person") => this.wishes_person = true,
                    _ => {}
                },
                _ => (this.last_answered, this.thanked) = (Some(is_answer), false),
            }
            match rated {
                Some(1) => this.up += 1,
                Some(_) => {
                    this.down += 1;
                    this.reported += u64::from(is_answer);
                }
                None => {}
            }
        }
        Ok(this)
    }
}

/// What the log says of how a conversation came to people.
#[derive(Default)]
struct Way {
    asked: u64,
    taken: u64,
    missed: u64,
    stepped_in: u64,
    waiting_since: Option<UnixMs>,
    with_person: bool,
    take_ms: Option<i64>,
    closed_by_visitor: bool,
}

impl Way {
    fn read(
        conn: &Connection,
        workspace: WorkspaceId,
        id: ConversationId,
    ) -> Result<Self, StoreError> {
        let mut statement = conn.prepare_cached(
            "SELECT kind, data, at FROM events INDEXED BY events_subject
             WHERE subject = ? AND workspace = ? AND kind IN ('conversation_waiting', 'conversation_taken',
                   'conversation_assigned', 'conversation_returned', 'conversation_requeued', 'conversation_expired',
                   'conversation_closed', 'conversation_reopened')
             ORDER BY id",
        )?;
        let mut rows = statement.query((id.to_string(), workspace))?;
        let mut this = Self::default();
        while let Some(row) = rows.next()? {
            let kind: String = row.get(0)?;
            let data: serde_json::Value = row.get::<_, Json<_>>(1)?.0;
            let has = |field: &str| data.get(field).is_some_and(|value| !value.is_null());
            this.follow(&kind, &has, row.get(2)?);
        }
        Ok(this)
    }

    fn follow(&mut self, kind: &str, has: &dyn Fn(&str) -> bool, at: UnixMs) {
        match kind {
            "conversation_waiting" | "conversation_requeued" => self.ask(at),
            "conversation_assigned" if self.with_person && !has("to") => self.ask(at),
            "conversation_taken" => {
                match self.waiting_since.take() {
                    Some(since) => {
                        self.taken += 1;
                        self.take_ms.get_or_insert(at.saturating_sub(since).max(0));
                    }
                    // Taken from a colleague it is the same visit of a person.
                    None if self.with_person => {}
                    None => self.stepped_in += 1,
                }
                self.with_person = true;
            }
            "conversation_expired" => match self.waiting_since.take() {
                Some(_) => self.missed += 1,
                // The desk was closed, so nobody was waited for.
                None => {
                    self.asked += 1;
                    self.missed += 1;
                }
            },
            "conversation_returned" => self.with_person = false,
            "conversation_closed" => {
                self.missed += u64::from(self.waiting_since.take().is_some());
                self.with_person = false;
                self.closed_by_visitor = !has("by");
            }
            "conversation_reopened" => self.closed_by_visitor = false,
            _ => {}
        }
    }

    fn ask(&mut self, at: UnixMs) {
        // Whoever waits already does not ask twice.
        if self.waiting_since.is_none() {
            self.asked += 1;
            self.waiting_since = Some(at);
        }
        self.with_person = false;
    }
}
