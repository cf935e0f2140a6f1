//! What staff do with tasks: leads, calls to make, and notes for themselves.

use super::ContactError;
use super::acts::{MAY, actor};
use crate::access::Member;
use crate::store::tasks::{self, NewTask, Plan, Task, TaskKind, TaskState};
use crate::store::{
    ContactId, ConversationId, Scoped, Store, StoreError, TaskId, UnixMs, UserId, contacts,
};

/// In characters.
const LONGEST_WISH: usize = 4000;

/// A task that staff write down.
#[derive(Debug, Clone)]
pub struct Todo {
    pub kind: TaskKind,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    pub wish: String,
    pub due_at: UnixMs,
    /// When to call, from and until.
    pub call: Option<(UnixMs, UnixMs)>,
    pub assigned_to: Option<UserId>,
}

/// What staff change of a task; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub wish: Option<String>,
    pub due_at: Option<UnixMs>,
    /// `Some(None)` for nobody.
    pub assigned_to: Option<Option<UserId>>,
}

fn tidy(wish: &str) -> Result<String, ContactError> {
    let wish = wish.trim();
    match (1..=LONGEST_WISH).contains(&wish.chars().count()) {
        true => Ok(wish.to_owned()),
        false => {
            let detail = format!("say what is to be done, in at most {LONGEST_WISH} characters");
            Err(ContactError::wrong("wish", detail))
        }
    }
}

/// Due times that a calendar can show: from 1970 to the year 9999.
const TIMES: std::ops::Range<UnixMs> = 0..253_402_300_800_000;

fn check_time(field: &'static str, at: UnixMs) -> Result<(), ContactError> {
    match TIMES.contains(&at) {
        true => Ok(()),
        false => Err(ContactError::wrong(
            field,
            format!("{field} must be a time in Unix milliseconds"),
        )),
    }
}

/// # Errors
/// When something of it makes no sense, or contact or conversation do not exist.
pub async fn create(
    store: &Store,
    by: &Member,
    new: Todo,
    now: UnixMs,
) -> Result<Scoped<Task>, ContactError> {
    let workspace = by.need(MAY)?;
    let wish = tidy(&new.wish)?;
    check_time("due_at", new.due_at)?;
    if let Some((from, until)) = new.call {
        check_time("call_from", from)?;
        check_time("call_until", until)?;
        if until <= from {
            let detail = "the call must end after it begins";
            return Err(ContactError::wrong("call_until", detail));
        }
    }
    let done = store.write(move |tx| {
        let task = tasks::create(
            tx,
            workspace,
            &NewTask {
                kind: new.kind,
                contact: new.contact,
                conversation: new.conversation,
                name: "",
                wish: &wish,
                page: None,
                due_at: new.due_at,
                call: new.call,
                assigned_to: new.assigned_to,
            },
            now,
        )?;
        if let Some(contact) = new.contact {
            contacts::touch(tx, &contacts::get(tx, workspace, contact)?, now)?;
        }
        Ok(task)
    });
    Ok(done.await?)
}

/// Ends a task, or opens it again. Twice the same is once.
pub async fn set_state(
    store: &Store,
    by: &Member,
    id: TaskId,
    state: TaskState,
    now: UnixMs,
) -> Result<Scoped<Task>, ContactError> {
    let workspace = by.need(MAY)?;
    let by = actor(by);
    let done = store.write(move |tx| {
        let task = tasks::get(tx, workspace, id)?;
        tasks::set_state(tx, &task, state, &by, now)?;
        if let Some(contact) = task.contact {
            // A contact that waits for deletion is not touched by the end of an old task, but by its opening.
            match contacts::get_even_due(tx, workspace, contact) {
                Ok(contact) if state == TaskState::Open => contacts::touch(tx, &contact, now)?,
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        tasks::get(tx, workspace, id)
    });
    Ok(done.await?)
}

/// # Errors
/// When something of it makes no sense, or nobody has the id that it is assigned to.
pub async fn change(
    store: &Store,
    by: &Member,
    id: TaskId,
    change: Change,
) -> Result<Scoped<Task>, ContactError> {
    let workspace = by.need(MAY)?;
    let wish = change.wish.as_deref().map(tidy).transpose()?;
    if let Some(due_at) = change.due_at {
        check_time("due_at", due_at)?;
    }
    let done = store.write(move |tx| {
        let task = tasks::get(tx, workspace, id)?;
        let plan = Plan {
            wish: wish.unwrap_or_else(|| task.wish.clone()),
            due_at: change.due_at.unwrap_or(task.due_at),
            assigned_to: change.assigned_to.unwrap_or(task.assigned_to),
        };
        tasks::change(tx, &task, &plan)?;
        tasks::get(tx, workspace, id)
    });
    Ok(done.await?)
}
