//! Erasing what a person said, and everything derived from it: messages, receipts, ratings and gaps of a conversation;
//! its files and what staff noted beside it; its calls with transcript and recording; golden questions made from its
//! answers, and their results in runs; its tasks, the contact that nothing else is known of; and the visitor. Of what a CRM
//! told, the copies that lie here. Approved answers that the owner wrote to a question belong to the business and stay.

mod copy;
mod find;
mod people;
mod remote;

use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde_json::Value;

use super::calls::{self, Call};
use super::conversations::{self, Channel, Conversation};
use super::values::Json;
use super::{
    EvalRunId, GoldenId, Scoped, StoreError, UnixMs, WorkspaceId, analyses, contacts, events,
    golden, receipts, tasks,
};

pub(super) use copy::rows;
pub use copy::{Copied, copy, read_attachment};
pub use find::{Found, LEAST_LETTERS, Match, Subject, find};
use people::{erase_contact, erase_task, forget_told, last_of_contact, traces_of_contact};
pub use remote::{NotRemote, Remote, RemoteKey};

/// How much there is of a person, or was before erasing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traces {
    pub conversations: u64,
    pub messages: u64,
    /// Each counts with its rating and gap.
    pub receipts: u64,
    pub calls: u64,
    pub recordings: u64,
    /// Golden questions made from an answer of theirs.
    pub golden_questions: u64,
    pub visitors: u64,
    /// What staff wrote to each other about them.
    pub notes: u64,
    /// Files in their conversations.
    pub attachments: u64,
    /// Each counts with addresses, telephone numbers and consents.
    pub contacts: u64,
    pub tasks: u64,
    /// What was found in their conversations.
    pub analyses: u64,
    /// Leads of a CRM, without what lies in the CRM itself; the same holds for the two below.
    pub leads: u64,
    pub crm_messages: u64,
    /// Voice messages of a CRM as text.
    pub transcripts: u64,
}

impl std::ops::AddAssign for Traces {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.receipts += other.receipts;
        self.calls += other.calls;
        self.recordings += other.recordings;
        self.golden_questions += other.golden_questions;
        self.visitors += other.visitors;
        self.notes += other.notes;
        self.attachments += other.attachments;
        self.contacts += other.contacts;
        self.tasks += other.tasks;
        self.analyses += other.analyses;
        self.leads += other.leads;
        self.crm_messages += other.crm_messages;
        self.transcripts += other.transcripts;
    }
}

/// Counts what [`erase`] would erase.
pub fn traces(conn: &Connection, of: &Scoped<Conversation>) -> Result<Traces, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let n: i64 = conn
            .prepare_cached(sql)?
            .query_row([of.id], |row| row.get(0))?;
        Ok(u64::try_from(n).unwrap_or(0))
    };
    let visitors = last_of_visitor(conn, of)?.map_or(Ok(0), |visitor| {
        conn.prepare_cached("SELECT count(*) FROM visitors WHERE id = ?")?
            .query_row([visitor], |row| row.get::<_, i64>(0))
    })?;
    Ok(Traces {
        conversations: 1,
        messages: count("SELECT count(*) FROM messages WHERE conversation = ?")?,
        receipts: count("SELECT count(*) FROM receipts WHERE conversation = ?")?,
        calls: count("SELECT count(*) FROM calls WHERE conversation = ?")?,
        recordings: count(
            "SELECT count(*) FROM recordings r JOIN calls c ON c.id = r.call WHERE c.conversation = ?",
        )?,
        golden_questions: count(
            "SELECT count(*) FROM golden_questions g JOIN receipts r ON r.id = g.receipt
             WHERE r.conversation = ?",
        )?,
        visitors: u64::try_from(visitors).unwrap_or(0),
        notes: count("SELECT count(*) FROM notes WHERE conversation = ?")?,
        attachments: count("SELECT count(*) FROM attachments WHERE conversation = ?")?,
        contacts: u64::from(last_of_contact(conn, of)?.is_some()),
        tasks: count("SELECT count(*) FROM tasks WHERE conversation = ?")?,
        analyses: count("SELECT count(*) FROM analyses WHERE conversation = ?")?,
        ..Traces::default()
    })
}

/// Erases a conversation and everything derived from it, at once and for good. An event records that it happened and
/// the numbers of rows, but no words.
pub fn erase(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    now: UnixMs,
) -> Result<Traces, StoreError> {
    let erased = traces(tx, conversation)?;
    let (workspace, id) = (conversation.workspace(), conversation.id);
    let sql = "SELECT g.id FROM golden_questions g JOIN receipts r ON r.id = g.receipt
               WHERE r.conversation = ?";
    forget_golden(tx, workspace, &ids::<GoldenId>(tx, sql, [id])?)?;
    if let Some(visitor) = last_of_visitor(tx, conversation)? {
        tx.execute("DELETE FROM visitors WHERE id = ?", [visitor])?;
    }
    tx.execute("DELETE FROM calls WHERE conversation = ?", [id])?;
    let contact = last_of_contact(tx, conversation)?;
    forget_told(
        tx,
        "SELECT ?1 UNION ALL SELECT id FROM tasks WHERE conversation = ?1",
        &id.to_string(),
    )?;
    conversations::delete(tx, conversation)?;
    if let Some(contact) = contact {
        tx.execute("DELETE FROM visitors WHERE contact = ?", [contact])?;
        tx.execute("DELETE FROM contacts WHERE id = ?", [contact])?;
    }
    let data = serde_json::to_value(erased).unwrap_or_default();
    events::append(
        tx,
        workspace,
        "conversation_erased",
        &id.to_string(),
        &data,
        now,
    )?;
    Ok(erased)
}

/// The visitor of a conversation, if they have no other conversation.
fn last_of_visitor(
    conn: &Connection,
    of: &Scoped<Conversation>,
) -> Result<Option<String>, StoreError> {
    let Some(visitor) = of.visitor.clone() else {
        return Ok(None);
    };
    let another = conn
        .prepare_cached(
            "SELECT 1 FROM conversations WHERE workspace = ? AND visitor = ? AND id <> ? LIMIT 1",
        )?
        .exists((of.workspace(), &visitor, of.id))?;
    Ok((!another).then_some(visitor))
}

/// Deletes golden questions, and their results in all runs.
fn forget_golden(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    golden: &[GoldenId],
) -> Result<(), StoreError> {
    if golden.is_empty() {
        return Ok(());
    }
    for one in golden {
        tx.execute("DELETE FROM golden_questions WHERE id = ?", [one])?;
    }
    let ids: Vec<String> = golden.iter().map(ToString::to_string).collect();
    let runs: Vec<(EvalRunId, Value)> = tx
        .prepare_cached("SELECT id, results FROM eval_runs WHERE workspace = ?")?
        .query_map([workspace], |row| {
            Ok((row.get(0)?, row.get::<_, Json<Value>>(1)?.0))
        })?
        .collect::<Result<_, _>>()?;
    for (run, mut results) in runs {
        if remove_ids(&mut results, &ids) {
            tx.execute(
                "UPDATE eval_runs SET results = ? WHERE id = ?",
                (Json(&results), run),
            )?;
        }
    }
    Ok(())
}

/// Removes objects with one of these ids from every list, at any depth; returns whether there were any.
fn remove_ids(value: &mut Value, ids: &[String]) -> bool {
    match value {
        Value::Array(all) => {
            let before = all.len();
            all.retain(|one| {
                let id = one.get("id").and_then(Value::as_str);
                !id.is_some_and(|id| ids.iter().any(|known| known == id))
            });
            let mut changed = all.len() < before;
            for one in all {
                changed |= remove_ids(one, ids);
            }
            changed
        }
        Value::Object(fields) => {
            let mut changed = false;
            for one in fields.values_mut() {
                changed |= remove_ids(one, ids);
            }
            changed
        }
        _ => false,
    }
}

/// Erases one search result, including the words of golden questions in runs.
pub fn erase_subject(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    subject: Subject,
    now: UnixMs,
) -> Result<Traces, StoreError> {
    match subject {
        Subject::Conversation(id) => {
            let conversation = conversations::get_even_due(tx, workspace, id)?;
            erase(tx, &conversation, now)
        }
        Subject::Call(id) => {
            let call = calls::get_even_due(tx, workspace, id)?;
            erase_call(tx, &call, now)
        }
        Subject::Receipt(id) => {
            let receipt = receipts::get_even_due(tx, workspace, id)?;
            let golden = ids(
                tx,
                "SELECT id FROM golden_questions WHERE receipt = ?",
                [id],
            )?;
            forget_golden(tx, workspace, &golden)?;
            tx.execute("DELETE FROM receipts WHERE id = ?", [receipt.id])?;
            Ok(Traces {
                receipts: 1,
                golden_questions: golden.len() as u64,
                ..Traces::default()
            })
        }
        Subject::Golden(id) => {
            golden::get(tx, workspace, id)?;
            forget_golden(tx, workspace, &[id])?;
            Ok(Traces {
                golden_questions: 1,
                ..Traces::default()
            })
        }
        Subject::Contact(id) => {
            let contact = contacts::get_even_due(tx, workspace, id)?;
            erase_contact(tx, &contact, now)
        }
        Subject::Task(id) => erase_task(tx, &tasks::get(tx, workspace, id)?),
        Subject::Analysis(id) => {
            analyses::delete(tx, &analyses::get(tx, workspace, id)?)?;
            Ok(Traces {
                analyses: 1,
                ..Traces::default()
            })
        }
        Subject::Crm(remote) => remote::erase_remote(tx, workspace, &remote, now),
    }
}

pub(super) fn ids<T: rusqlite::types::FromSql>(
    conn: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(of, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Erases a call with its transcript, flow log and recording, and its part of the conversation it belongs to: all of a
/// conversation that consists of this call only, otherwise the messages from the time of the call.
pub fn erase_call(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    now: UnixMs,
) -> Result<Traces, StoreError> {
    let Some(conversation) = call.conversation else {
        return delete_call(tx, call);
    };
    let conversation = conversations::get_even_due(tx, call.workspace(), conversation)?;
    let (id, end) = (conversation.id, call.ended_at.unwrap_or(now));
    let within = (id, call.started_at, end);
    let outside = tx
        .prepare_cached(
            "SELECT 1 FROM messages WHERE conversation = ? AND created_at NOT BETWEEN ? AND ? LIMIT 1",
        )?
        .exists(within)?;
    if conversation.channel == Channel::Voice && !outside && traces(tx, &conversation)?.calls == 1 {
        return erase(tx, &conversation, now);
    }
    // The receipt of an answer may be written after the call ended.
    let of_call = "conversation = ?1 AND (created_at BETWEEN ?2 AND ?3 OR message IN
                   (SELECT id FROM messages WHERE conversation = ?1 AND created_at BETWEEN ?2 AND ?3))";
    let golden: Vec<GoldenId> = ids(
        tx,
        &format!(
            "SELECT g.id FROM golden_questions g WHERE g.receipt IN (SELECT id FROM receipts WHERE {of_call})"
        ),
        within,
    )?;
    forget_golden(tx, call.workspace(), &golden)?;
    let receipts = tx.execute(&format!("DELETE FROM receipts WHERE {of_call}"), within)?;
    let messages = tx.execute(
        "DELETE FROM messages WHERE conversation = ? AND created_at BETWEEN ? AND ?",
        within,
    )?;
    // What was found in the whole conversation rests on what is gone now.
    tx.execute("DELETE FROM analyses WHERE conversation = ?", [id])?;
    let mut erased = delete_call(tx, call)?;
    erased += Traces {
        messages: messages as u64,
        receipts: receipts as u64,
        golden_questions: golden.len() as u64,
        ..Traces::default()
    };
    let data = serde_json::to_value(erased).unwrap_or_default();
    let subject = call.id.to_string();
    events::append(tx, call.workspace(), "call_erased", &subject, &data, now)?;
    Ok(erased)
}

fn delete_call(tx: &Transaction<'_>, call: &Scoped<Call>) -> Result<Traces, StoreError> {
    let recordings = tx.execute("DELETE FROM recordings WHERE call = ?", [call.id])?;
    calls::delete(tx, call)?;
    Ok(Traces {
        calls: 1,
        recordings: recordings as u64,
        ..Traces::default()
    })
}
