//! Figures of conversations: one narrow row for each, which follows from the conversation and goes with it. Statistics read
//! these rows in one walk ([`scan`]) and add them up; `refresh` makes them, `topics` holds what visitors asked about.
//!
//! What a figure means is decided here: [`Outcome`] and the fields of [`Figures`].

mod refresh;
pub mod topics;

pub use refresh::{count_due, is_due, refresh, refresh_one};

use rusqlite::{Connection, Row};

use super::conversations::Channel;
use super::values::text_enum;
use super::{AssistantId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// How a conversation ended, the first that fits.
    pub enum Outcome {
        /// Somebody asked for a person, a person answered, or the visitor left how to reach them.
        Person = "person",
        /// Nothing was asked: a greeting, or nothing at all.
        Empty = "empty",
        /// The last question got no answer, or the visitor rated an answer or the whole as bad.
        Unanswered = "unanswered",
        /// It was answered, and the visitor said so: a good rating, thanks after the last answer, or they ended it themselves.
        Resolved = "resolved",
        /// It was answered, and the visitor left without a word.
        Left = "left",
    }
}

/// Answers by the rung that gave them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rungs {
    pub faq: u64,
    pub fact: u64,
    pub read: u64,
    pub model: u64,
    pub related: u64,
    pub refusal: u64,
    pub talk: u64,
    /// Rungs without a column of their own.
    pub other: u64,
}

impl Rungs {
    pub(super) fn of(&mut self, rung: &str) -> &mut u64 {
        match rung {
            "faq" => &mut self.faq,
            "fact" => &mut self.fact,
            "read" => &mut self.read,
            "model" => &mut self.model,
            "related" => &mut self.related,
            "refusal" => &mut self.refusal,
            "talk" => &mut self.talk,
            _ => &mut self.other,
        }
    }

    /// Names and numbers, the safest rung first.
    pub fn all(&self) -> [(&'static str, u64); 8] {
        [
            ("faq", self.faq),
            ("fact", self.fact),
            ("read", self.read),
            ("model", self.model),
            ("related", self.related),
            ("refusal", self.refusal),
            ("talk", self.talk),
            ("other", self.other),
        ]
    }

    pub fn total(&self) -> u64 {
        self.all().iter().map(|(_, number)| number).sum()
    }

    pub fn add(&mut self, other: &Self) {
        self.faq += other.faq;
        self.fact += other.fact;
        self.read += other.read;
        self.model += other.model;
        self.related += other.related;
        self.refusal += other.refusal;
        self.talk += other.talk;
        self.other += other.other;
    }
}

/// What is counted of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub started_at: UnixMs,
    /// Time of the last message.
    pub last_at: UnixMs,
    pub channel: Channel,
    /// Tried by staff on the pages or with a command.
    pub is_test: bool,
    pub closed: bool,
    /// How it ended, if it has ended ([`Figures::is_going`]).
    pub outcome: Outcome,
    pub assistant: Option<AssistantId>,
    /// Of the assistant, at its first answer.
    pub version: Option<u32>,
    /// Messages of the visitor.
    pub questions: u64,
    pub rungs: Rungs,
    /// Good and bad ratings of answers.
    pub up: u64,
    pub down: u64,
    /// Bad ratings of answers that claimed to be one.
    pub reported: u64,
    /// How content the visitor was, 1 to 5.
    pub csat: Option<u8>,
    pub gaps: u64,
    /// Leads and calls that the visitor asked for.
    pub leads: u64,
    /// Calls for a person.
    pub asked: u64,
    /// Of these, how many a person came to.
    pub taken: u64,
    /// Of these, how many nobody came to.
    pub missed: u64,
    /// The last one is still waited for.
    pub waits: bool,
    /// How often staff came uncalled.
    pub stepped_in: u64,
    /// From the first call to the person, ms.
    pub take_ms: Option<i64>,
    /// How long each answer took, ms.
    pub times: Vec<u32>,
}

impl Figures {
    /// Whether it goes on: not closed, and the last message is not older than `idle_ms`. Whoever has a person is counted at
    /// once.
    pub fn is_going(&self, now: UnixMs, idle_ms: i64) -> bool {
        !self.closed
            && self.outcome != Outcome::Person
            && self.last_at > now.saturating_sub(idle_ms)
    }
}

/// Which conversations: those that began from `from` (inclusive) to `until` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: UnixMs,
    pub until: UnixMs,
    pub channel: Option<Channel>,
    pub assistant: Option<AssistantId>,
}

/// In the order of [`read`].
const COLUMNS: &str = "started_at, last_at, channel, is_test, closed, outcome, assistant, version, questions, faq, fact, read, \
     model, related, refusal, talk, other, up, down, reported, csat, gaps, leads, asked, taken, missed, waits, stepped_in, \
     take_ms, times";

fn read(row: &Row<'_>) -> rusqlite::Result<Figures> {
    let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let times = row.get_ref(29)?.as_blob()?;
    Ok(Figures {
        started_at: row.get(0)?,
        last_at: row.get(1)?,
        channel: row.get(2)?,
        is_test: row.get(3)?,
        closed: row.get(4)?,
        outcome: row.get(5)?,
        assistant: row.get(6)?,
        version: row.get(7)?,
        questions: count(8)?,
        rungs: Rungs {
            faq: count(9)?,
            fact: count(10)?,
            read: count(11)?,
            model: count(12)?,
            related: count(13)?,
            refusal: count(14)?,
            talk: count(15)?,
            other: count(16)?,
        },
        up: count(17)?,
        down: count(18)?,
        reported: count(19)?,
        csat: row.get(20)?,
        gaps: count(21)?,
        leads: count(22)?,
        asked: count(23)?,
        taken: count(24)?,
        missed: count(25)?,
        waits: row.get(26)?,
        stepped_in: count(27)?,
        take_ms: row.get(28)?,
        times: decode_times(times),
    })
}

/// Gives each conversation of a span to `each`, the oldest first, in one walk over neighbouring rows.
pub fn scan(
    conn: &Connection,
    workspace: WorkspaceId,
    span: &Span,
    mut each: impl FnMut(&Figures),
) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversation_figures
         WHERE workspace = ?1 AND started_at >= ?2 AND started_at < ?3
               AND (?4 IS NULL OR channel = ?4) AND (?5 IS NULL OR assistant = ?5)
         ORDER BY started_at, conversation"
    ))?;
    let wanted = (
        workspace,
        span.from,
        span.until,
        span.channel,
        span.assistant,
    );
    let mut rows = statement.query(wanted)?;
    while let Some(row) = rows.next()? {
        each(&read(row)?);
    }
    Ok(())
}

fn encode_times(times: &[u32]) -> Vec<u8> {
    times.iter().flat_map(|ms| ms.to_le_bytes()).collect()
}

fn decode_times(bytes: &[u8]) -> Vec<u32> {
    let whole = bytes.chunks_exact(4).map(|four| {
        let mut le = [0; 4];
        le.copy_from_slice(four);
        u32::from_le_bytes(le)
    });
    whole.collect()
}

/// When the oldest conversation began that is still kept; `None` without any.
pub fn oldest(conn: &Connection, workspace: WorkspaceId) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT min(started_at) FROM conversation_figures WHERE workspace = ?")?
        .query_row([workspace], |row| row.get(0))?)
}

/// Calls of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// `browser`, `kiosk`, `realtime`, `phone`.
    pub channel: String,
    pub calls: u64,
    /// Of these, how many were answered.
    pub answered: u64,
    /// From the answer to the end, ms, of all of them that have ended.
    pub ms: u64,
}

/// Calls that began in a span, by channel. A span of another channel of conversations than `voice` has none.
pub fn calls(
    conn: &Connection,
    workspace: WorkspaceId,
    span: &Span,
) -> Result<Vec<Calls>, StoreError> {
    if span
        .channel
        .is_some_and(|channel| channel != Channel::Voice)
    {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT channel, count(*), count(answered_at),
                coalesce(sum(CASE WHEN ended_at > answered_at THEN ended_at - answered_at END), 0)
         FROM calls WHERE workspace = ?1 AND started_at >= ?2 AND started_at < ?3 AND due_at IS NULL
               AND (?4 IS NULL OR assistant = ?4)
         GROUP BY channel ORDER BY channel",
    )?;
    let wanted = (workspace, span.from, span.until, span.assistant);
    let rows = statement.query_map(wanted, |row| {
        let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
        Ok(Calls {
            channel: row.get(0)?,
            calls: count(1)?,
            answered: count(2)?,
            ms: count(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Answers to questions outside of conversations, of programs, commands and staff. A span of one channel or assistant has none.
pub fn alone(conn: &Connection, workspace: WorkspaceId, span: &Span) -> Result<Rungs, StoreError> {
    let mut rungs = Rungs::default();
    if span.channel.is_some() || span.assistant.is_some() {
        return Ok(rungs);
    }
    let mut statement = conn.prepare_cached(
        "SELECT rung, count(*) FROM receipts
         WHERE workspace = ?1 AND created_at >= ?2 AND created_at < ?3 AND conversation IS NULL AND due_at IS NULL
               AND json_extract(checks, '$.evaluation') IS NOT 1
         GROUP BY rung",
    )?;
    let mut rows = statement.query((workspace, span.from, span.until))?;
    while let Some(row) = rows.next()? {
        let (rung, number): (String, i64) = (row.get(0)?, row.get(1)?);
        *rungs.of(&rung) += number.unsigned_abs();
    }
    Ok(rungs)
}

/// The assistants of a workspace by name: id, short name, title.
pub fn assistants(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<(AssistantId, String, String)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name, title FROM assistants WHERE workspace = ? ORDER BY title, name",
    )?;
    let rows = statement.query_map([workspace], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod analytics_tests;
