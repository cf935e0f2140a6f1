//! Assistants: how one workspace's front desk introduces itself and answers. A row holds the version that is live
//! ([`versions`]); what it has of its own is in [`settings`](AssistantSettings).

mod settings;
pub mod versions;

pub use settings::{
    AssistantSettings, Body, HandOverChoice, KnowledgeChoice, KnowledgeView, Ladder, Languages,
    OtherLanguages, OwnHours, Recording, Tone, TopicAct, TopicRule, VoiceChoice,
};

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::{Value, json};

use super::rows::{columns, insert};
use super::values::Json;
use super::{AssistantId, Scoped, StoreError, UnixMs, WorkspaceId, site_keys};

/// Days for which an assistant that was deleted can be brought back.
pub const KEPT_DAYS: i64 = 30;
/// Stands between the short name of an assistant that was deleted and its id; no short name has it.
const DELETED: char = '~';

#[derive(Debug, Clone, PartialEq)]
pub struct Assistant {
    pub id: AssistantId,
    pub workspace: WorkspaceId,
    /// Short name, unique in the workspace; API clients name it as the model.
    pub name: String,
    pub title: String,
    pub instructions: String,
    /// The first thing a visitor reads.
    pub greeting: String,
    /// Chat model by catalogue name; `None` means the default.
    pub model: Option<String>,
    /// What it has of its own, the JSON of [`AssistantSettings`]; [`Assistant::own`] reads it.
    pub settings: Value,
    /// Number of the version that is live, from 1; [`versions::DRAFT`] until the first one is published.
    pub version: u32,
    /// Names it on web pages; `None` until it was asked for.
    pub site_key: Option<String>,
    /// When it was deleted, while it can be brought back.
    pub deleted_at: Option<UnixMs>,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

impl Assistant {
    /// What it has of its own.
    ///
    /// # Errors
    /// When the stored settings have another shape.
    pub fn own(&self) -> Result<AssistantSettings, StoreError> {
        read_settings(&self.settings)
    }

    /// Whether a version of it is live.
    pub fn is_published(&self) -> bool {
        self.version != versions::DRAFT
    }

    /// Whether nobody but staff may reach it: it says so, or nothing of it was published yet.
    ///
    /// # Errors
    /// As [`Assistant::own`].
    pub fn is_for_staff(&self) -> Result<bool, StoreError> {
        Ok(!self.is_published() || self.own()?.knowledge.view == Some(KnowledgeView::Staff))
    }

    /// Everything but the short name.
    ///
    /// # Errors
    /// As [`Assistant::own`].
    pub fn body(&self) -> Result<Body, StoreError> {
        Ok(Body {
            title: self.title.clone(),
            instructions: self.instructions.clone(),
            greeting: self.greeting.clone(),
            model: self.model.clone(),
            settings: self.own()?,
        })
    }

    /// The same assistant as another version of it would be, with the number of a draft.
    #[must_use]
    pub fn with_body(&self, body: &Body) -> Self {
        Self {
            title: body.title.clone(),
            instructions: body.instructions.clone(),
            greeting: body.greeting.clone(),
            model: body.model.clone(),
            settings: json!(body.settings),
            version: versions::DRAFT,
            ..self.clone()
        }
    }

    /// The short name, also of one that was deleted.
    pub fn short_name(&self) -> &str {
        self.name
            .split_once(DELETED)
            .map_or(self.name.as_str(), |(name, _)| name)
    }
}

fn read_settings(value: &Value) -> Result<AssistantSettings, StoreError> {
    serde_json::from_value(value.clone()).map_err(|error| {
        StoreError::Conflict(format!("the settings of an assistant: {error}").into())
    })
}

/// The fields of an assistant that its owner sets, for creating and for updating one.
#[derive(Debug, Clone)]
pub struct NewAssistant<'a> {
    /// Short name, unique in the workspace.
    pub name: &'a str,
    pub title: &'a str,
    pub instructions: &'a str,
    /// The first thing a visitor reads.
    pub greeting: &'a str,
    /// Chat model by catalogue name; `None` means the default.
    pub model: Option<&'a str>,
    /// The JSON of [`AssistantSettings`].
    pub settings: &'a Value,
}

columns! {
    COLUMNS of Assistant {
        id, workspace, name, title, instructions, greeting, model, settings: json, version, site_key,
        deleted_at, created_at, updated_at
    }
}

/// Creates an assistant, live as version 1. `Conflict` if the name is in use in this workspace.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<AssistantId, StoreError> {
    create_as(tx, workspace, new, 1, now)
}

/// Creates an assistant that is a draft only, which nobody but staff reaches until it is published. `Conflict` as [`create`].
pub fn create_draft(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<AssistantId, StoreError> {
    create_as(tx, workspace, new, versions::DRAFT, now)
}

fn create_as(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAssistant<'_>,
    version: u32,
    now: UnixMs,
) -> Result<AssistantId, StoreError> {
    let id = AssistantId::new();
    insert!(tx into assistants {
        id, workspace, name: new.name, title: new.title, instructions: new.instructions,
        greeting: new.greeting, model: new.model, settings: Json(new.settings), version,
        created_at: now, updated_at: now
    })?;
    keep_version(tx, workspace, id, version, new, now)?;
    Ok(id)
}

/// Keeps the row's contents as a version.
fn keep_version(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: AssistantId,
    number: u32,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let body = json!({
        "title": new.title, "instructions": new.instructions, "greeting": new.greeting,
        "model": new.model, "settings": new.settings,
    });
    tx.prepare_cached(
        "INSERT INTO assistant_versions (assistant, workspace, number, body, note, author, created_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, '', '', ?5, ?5)",
    )?
    .execute((id, workspace, number, Json(&body), now))?;
    Ok(())
}

/// `NotFound` if it was deleted, or another workspace has it.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AssistantId,
) -> Result<Scoped<Assistant>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM assistants WHERE workspace = ? AND id = ? AND deleted_at IS NULL"
    ))?
    .query_row((workspace, id), Assistant::from_row)
    .optional()?
    .map(|assistant| Scoped::proven(workspace, assistant))
    .ok_or(StoreError::NotFound("the assistant"))
}

/// `None` if it was deleted, or another workspace has it.
pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AssistantId,
) -> Result<Option<Scoped<Assistant>>, StoreError> {
    match get(conn, workspace, id) {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The names of every assistant by id, also of those that were deleted, whose conversations are still there.
pub fn names(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<(AssistantId, String, String)>, StoreError> {
    let all = list_where(conn, workspace, "TRUE")?.into_iter();
    let named = all.map(|one| (one.id, one.short_name().to_owned(), one.title));
    Ok(named.collect())
}

/// What the assistant of a conversation or a call has of its own; nothing if it is gone.
pub fn own_of(
    conn: &Connection,
    workspace: WorkspaceId,
    id: Option<AssistantId>,
) -> Result<AssistantSettings, StoreError> {
    let Some(id) = id else {
        return Ok(AssistantSettings::default());
    };
    let found: Option<Json<Value>> = conn
        .prepare_cached("SELECT settings FROM assistants WHERE workspace = ? AND id = ?")?
        .query_row((workspace, id), |row| row.get(0))
        .optional()?;
    found.map_or_else(
        || Ok(AssistantSettings::default()),
        |json| read_settings(&json.0),
    )
}

pub fn find_by_name(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Scoped<Assistant>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM assistants WHERE workspace = ? AND name = ? AND deleted_at IS NULL"
        ))?
        .query_row((workspace, name), Assistant::from_row)
        .optional()?
        .map(|assistant| Scoped::proven(workspace, assistant)))
}

/// The assistant that answers when none is named: that of this short name, else the first; one that is live before one that is
/// not.
pub fn usual(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Scoped<Assistant>>, StoreError> {
    let all = list(conn, workspace)?.into_iter();
    let first = all.min_by_key(|one| (!one.is_published(), one.name != name));
    Ok(first.map(|one| Scoped::proven(workspace, one)))
}

pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Assistant>, StoreError> {
    list_where(conn, workspace, "deleted_at IS NULL")
}

/// Those that were deleted and can be brought back.
pub fn list_deleted(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Assistant>, StoreError> {
    list_where(conn, workspace, "deleted_at IS NOT NULL")
}

fn list_where(
    conn: &Connection,
    workspace: WorkspaceId,
    condition: &str,
) -> Result<Vec<Assistant>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM assistants WHERE workspace = ? AND {condition} ORDER BY id"
    ))?;
    let rows = statement.query_map([workspace], Assistant::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces everything but the id, as the next version.
pub fn update(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let last: u32 = tx
        .prepare_cached(
            "SELECT coalesce(max(number), 0) FROM assistant_versions WHERE assistant = ?",
        )?
        .query_row([assistant.id], |row| row.get(0))?;
    let changed = tx.execute(
        "UPDATE assistants SET name = ?, title = ?, instructions = ?, greeting = ?, model = ?,
                settings = ?, version = ?, updated_at = ?
         WHERE workspace = ? AND id = ?",
        rusqlite::params![
            new.name,
            new.title,
            new.instructions,
            new.greeting,
            new.model,
            Json(new.settings),
            last + 1,
            now,
            assistant.workspace(),
            assistant.id
        ],
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound("the assistant"));
    }
    keep_version(tx, assistant.workspace(), assistant.id, last + 1, new, now)
}

/// `Conflict` if another one has the name.
pub fn rename(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    name: &str,
) -> Result<(), StoreError> {
    if find_by_name(tx, assistant.workspace(), name)?.is_some_and(|other| other.id != assistant.id)
    {
        return Err(StoreError::Conflict(
            format!("there is an assistant named `{name}` already").into(),
        ));
    }
    tx.execute(
        "UPDATE assistants SET name = ? WHERE workspace = ? AND id = ?",
        (name, assistant.workspace(), assistant.id),
    )?;
    Ok(())
}

/// Gives it a key of its own for web pages, or a new one in its place; the former one ends at once.
pub fn renew_site_key(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
) -> Result<String, StoreError> {
    let key = site_keys::generate()?;
    tx.execute(
        "UPDATE assistants SET site_key = ? WHERE workspace = ? AND id = ?",
        (&key, assistant.workspace(), assistant.id),
    )?;
    Ok(key)
}

/// The assistant that a key on a web page names.
pub fn find_by_site_key(
    conn: &Connection,
    key: &str,
) -> Result<Option<Scoped<Assistant>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM assistants WHERE site_key = ? AND deleted_at IS NULL"
        ))?
        .query_row([key], Assistant::from_row)
        .optional()?;
    Ok(found.map(|assistant| Scoped::proven(assistant.workspace, assistant)))
}

/// Hides an assistant: nobody finds it, and its short name is free. [`restore`] brings it back.
pub fn hide(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let name = format!("{}{DELETED}{}", assistant.name, assistant.id);
    tx.execute(
        "UPDATE assistants SET deleted_at = ?, name = ? WHERE workspace = ? AND id = ?",
        (now, name, assistant.workspace(), assistant.id),
    )?;
    Ok(())
}

/// Brings back the assistant that was deleted last under this short name. `NotFound` if there is none, `Conflict` if another
/// one has the name now.
pub fn restore(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
) -> Result<AssistantId, StoreError> {
    let mut deleted = list_deleted(tx, workspace)?;
    deleted.retain(|one| one.short_name() == name);
    let last = deleted.into_iter().max_by_key(|one| one.deleted_at);
    let last = last.ok_or(StoreError::NotFound("a deleted assistant of this name"))?;
    if find_by_name(tx, workspace, name)?.is_some() {
        let why = format!("there is an assistant named `{name}` again; rename or delete it first");
        return Err(StoreError::Conflict(why.into()));
    }
    tx.execute(
        "UPDATE assistants SET deleted_at = NULL, name = ? WHERE workspace = ? AND id = ?",
        (name, workspace, last.id),
    )?;
    Ok(last.id)
}

/// Removes those that were deleted before this time; returns how many.
pub fn purge_deleted(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM assistants WHERE deleted_at < ?", [before])?)
}

/// Removes an assistant for good; its conversations stay, without an assistant.
pub fn delete(tx: &Transaction<'_>, assistant: &Scoped<Assistant>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM assistants WHERE workspace = ? AND id = ?",
        (assistant.workspace(), assistant.id),
    )?;
    Ok(())
}
