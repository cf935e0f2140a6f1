//! What is to be done for somebody: leads to look after, calls to make, and what staff note for themselves.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction};
use serde_json::json;

use super::listing::{Conditions, ListFilter};
use super::rows::{columns, insert};
use super::values::text_enum;
use super::{
    ContactId, ConversationId, Scoped, StoreError, TaskId, UnixMs, UserId, WorkspaceId, contacts,
    conversations, events,
};

text_enum! {
    pub enum TaskKind {
        /// Somebody left how to reach them.
        Lead = "lead",
        /// Somebody chose a time for a call.
        Callback = "callback",
        /// Noted by staff.
        Todo = "todo",
    }
}

text_enum! {
    pub enum TaskState {
        Open = "open",
        Done = "done",
        /// Needs nothing more, and was not done.
        Dropped = "dropped",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: TaskId,
    pub workspace: WorkspaceId,
    pub kind: TaskKind,
    pub state: TaskState,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    /// The name that was given with it; the contact may have another.
    pub name: String,
    /// What the person wishes, in their words.
    pub wish: String,
    /// The page that they wrote from.
    pub page: Option<String>,
    pub due_at: UnixMs,
    /// The time that they chose for a call.
    pub call_from: Option<UnixMs>,
    pub call_until: Option<UnixMs>,
    pub assigned_to: Option<UserId>,
    pub created_at: UnixMs,
    pub ended_at: Option<UnixMs>,
}

#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    pub kind: TaskKind,
    /// Must be of the same workspace, like the conversation.
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    pub name: &'a str,
    pub wish: &'a str,
    pub page: Option<&'a str>,
    pub due_at: UnixMs,
    /// From and until.
    pub call: Option<(UnixMs, UnixMs)>,
    pub assigned_to: Option<UserId>,
}

/// The part of a task that staff may change.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub wish: String,
    pub due_at: UnixMs,
    pub assigned_to: Option<UserId>,
}

columns! {
    COLUMNS of Task as t {
        id, workspace, kind, state, contact, conversation, name, wish, page, due_at, call_from, call_until, assigned_to,
        created_at, ended_at
    }
}

/// `NotFound` if the contact or the conversation is not of this workspace.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewTask<'_>,
    now: UnixMs,
) -> Result<Scoped<Task>, StoreError> {
    if let Some(contact) = new.contact {
        contacts::get(tx, workspace, contact)?;
    }
    if let Some(conversation) = new.conversation {
        conversations::get(tx, workspace, conversation)?;
    }
    if let Some(user) = new.assigned_to {
        super::members::answering(tx, workspace, user)?;
    }
    let id = TaskId::new();
    let (call_from, call_until) = new.call.unzip();
    insert!(tx into tasks {
        id, workspace, kind: new.kind, state: TaskState::Open, contact: new.contact, conversation: new.conversation,
        name: new.name, wish: new.wish, page: new.page, due_at: new.due_at, call_from, call_until,
        assigned_to: new.assigned_to, created_at: now
    })?;
    get(tx, workspace, id)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: TaskId,
) -> Result<Scoped<Task>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tasks t WHERE t.workspace = ? AND t.id = ?"
    ))?
    .query_row((workspace, id), Task::from_row)
    .optional()?
    .map(|task| Scoped::proven(workspace, task))
    .ok_or(StoreError::NotFound("the task"))
}

/// Ends a task, or opens it again. One that is in this state already stays as it is, so that two people who end it at once
/// both succeed. `by` is the id of who did it.
pub fn set_state(
    tx: &Transaction<'_>,
    task: &Scoped<Task>,
    state: TaskState,
    by: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let ended_at = (state != TaskState::Open).then_some(now);
    let changed = tx
        .prepare_cached(
            "UPDATE tasks SET state = ?1, ended_at = ?2 WHERE workspace = ?3 AND id = ?4 AND state <> ?1",
        )?
        .execute((state, ended_at, task.workspace(), task.id))?;
    if changed == 0 {
        return get(tx, task.workspace(), task.id).map(drop);
    }
    let data = json!({ "task": task.id.to_string(), "by": by, "state": state.as_str() });
    let subject = match task.conversation {
        Some(conversation) => conversation.to_string(),
        None => task.id.to_string(),
    };
    let kind = match state {
        TaskState::Open => "task_reopened",
        _ => "task_ended",
    };
    events::append(tx, task.workspace(), kind, &subject, &data, now)?;
    Ok(())
}

/// Changes what staff may change.
pub fn change(tx: &Transaction<'_>, task: &Scoped<Task>, plan: &Plan) -> Result<(), StoreError> {
    if let Some(user) = plan.assigned_to {
        super::members::answering(tx, task.workspace(), user)?;
    }
    let changed = tx
        .prepare_cached(
            "UPDATE tasks SET wish = ?, due_at = ?, assigned_to = ? WHERE workspace = ? AND id = ?",
        )?
        .execute((
            &plan.wish,
            plan.due_at,
            plan.assigned_to,
            task.workspace(),
            task.id,
        ))?;
    match changed {
        0 => Err(StoreError::NotFound("the task")),
        _ => Ok(()),
    }
}

/// Which tasks to list. Open ones come by due time, the soonest first; others by the time they were made, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// `None` lists tasks in every state.
    pub state: Option<TaskState>,
    pub kind: Option<TaskKind>,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    pub assigned_to: Option<UserId>,
    /// The last task of the page before: the time that it is ordered by, and its id.
    pub before: Option<(UnixMs, TaskId)>,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub task: Task,
    /// Of its contact.
    pub contact_name: Option<String>,
    /// The contact's first of each.
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Whom it is assigned to.
    pub assignee: Option<String>,
}

impl TaskFilter {
    /// Whether the list is ordered by due time.
    fn by_due(&self) -> bool {
        self.state == Some(TaskState::Open)
    }
}

impl ListFilter for TaskFilter {
    type Row = Listed;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        list(conn, workspace, self, limit)
    }

    fn after(&self, page: &[Listed]) -> Self {
        let place = |listed: &Listed| match self.by_due() {
            true => (listed.task.due_at, listed.task.id),
            false => (listed.task.created_at, listed.task.id),
        };
        Self {
            before: page.last().map(place).or(self.before),
            ..self.clone()
        }
    }
}

pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &TaskFilter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let mut wanted = Conditions::default();
    // Tasks of a hidden contact are hidden with it.
    wanted.add("t.workspace = ? AND c.due_at IS NULL", &workspace);
    wanted.add_if_some("t.state = ?", filter.state.as_ref());
    wanted.add_if_some("t.kind = ?", filter.kind.as_ref());
    wanted.add_if_some("t.contact = ?", filter.contact.as_ref());
    wanted.add_if_some("t.conversation = ?", filter.conversation.as_ref());
    wanted.add_if_some("t.assigned_to = ?", filter.assigned_to.as_ref());
    let (after, order) = match filter.by_due() {
        true => ("(t.due_at, t.id) > (?, ?)", "t.due_at, t.id"),
        false => (
            "(t.created_at, t.id) < (?, ?)",
            "t.created_at DESC, t.id DESC",
        ),
    };
    if let Some((at, id)) = &filter.before {
        wanted.add_with(after, [at as &dyn ToSql, id as &dyn ToSql]);
    }
    let (conditions, values) = wanted.limited(&limit);
    let first = |kind: &str| {
        format!(
            "(SELECT p.value FROM contact_points p WHERE p.contact = t.contact AND p.kind = '{kind}'
              ORDER BY p.created_at, p.rowid LIMIT 1) AS {kind}"
        )
    };
    let (email, phone) = (first("email"), first("phone"));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, c.name AS contact_name, {email}, {phone}, u.name AS assignee
         FROM tasks t LEFT JOIN contacts c ON c.id = t.contact LEFT JOIN users u ON u.id = t.assigned_to
         WHERE {conditions} ORDER BY {order} LIMIT ?"
    ))?;
    let rows = statement.query_map(values.as_slice(), |row| {
        Ok(Listed {
            task: Task::from_row(row)?,
            contact_name: row.get("contact_name")?,
            email: row.get("email")?,
            phone: row.get("phone")?,
            assignee: row.get("assignee")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One task as a list shows it.
pub fn get_listed(
    conn: &Connection,
    workspace: WorkspaceId,
    id: TaskId,
) -> Result<Listed, StoreError> {
    let task = get(conn, workspace, id)?.into_inner();
    let contact = match task.contact {
        Some(contact) => Some(contacts::get_even_due(conn, workspace, contact)?),
        None => None,
    };
    let points = match &contact {
        Some(contact) => contacts::points(conn, contact)?,
        None => Vec::new(),
    };
    let first = |kind: contacts::PointKind| {
        let point = points.iter().find(|point| point.kind == kind);
        point.map(|point| point.value.clone())
    };
    Ok(Listed {
        assignee: match task.assigned_to {
            Some(user) => Some(super::users::get(conn, user)?.name),
            None => None,
        },
        email: first(contacts::PointKind::Email),
        phone: first(contacts::PointKind::Phone),
        contact_name: contact.map(|contact| contact.name.clone()),
        task,
    })
}

/// How many tasks are open, and how many of those are overdue at `now`.
pub fn count_open(
    conn: &Connection,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(u64, u64), StoreError> {
    let sql = "SELECT count(*), count(iif(t.due_at < ?2, 1, NULL)) FROM tasks t WHERE t.workspace = ?1 AND t.state = 'open'";
    let (open, overdue): (i64, i64) = conn
        .prepare_cached(sql)?
        .query_row((workspace, now), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((open.unsigned_abs(), overdue.unsigned_abs()))
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
