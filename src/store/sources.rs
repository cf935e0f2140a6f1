//! Sources: places on the web that documents come from. What is known of each of their pages lies in
//! [`super::source_pages`].

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use super::closures::CLOSED;
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{DocumentId, Scoped, SourceId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// How the pages of a source are found.
    pub enum SourceKind {
        /// The address is the only page.
        Page = "page",
        /// The site's sitemap names them.
        Sitemap = "sitemap",
        /// By following links from the address.
        Crawl = "crawl",
    }
}

text_enum! {
    /// What a source is doing.
    pub enum SourceState {
        /// Waiting to be fetched.
        Queued = "queued",
        /// Being fetched.
        Syncing = "syncing",
        /// Fetched.
        Ready = "ready",
        /// The site could not be fetched; what was fetched before is still there.
        Failed = "failed",
        /// Not fetched until its owner goes on.
        Paused = "paused",
    }
}

/// How far a source goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Links from the start that are followed.
    pub depth: u32,
    /// Most pages.
    pub pages: u32,
    /// Most pages per second.
    pub per_second: f32,
}

impl Default for Options {
    /// Three links deep, 200 pages, two per second.
    fn default() -> Self {
        Self {
            depth: 3,
            pages: 200,
            per_second: 2.0,
        }
    }
}

/// What became of a page, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its address.
    pub url: String,
    /// `added`, `changed`, `removed`, `failed` or `skipped`.
    pub outcome: String,
    /// Why, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// When it began, Unix ms.
    pub started_at: UnixMs,
    /// When it ended, Unix ms; 0 while it runs.
    pub ended_at: UnixMs,
    /// New pages.
    pub added: u32,
    /// Pages with another content.
    pub changed: u32,
    /// Pages as they were.
    pub unchanged: u32,
    /// Pages that are gone.
    pub removed: u32,
    /// Pages that could not be fetched or read; what was there before stays.
    pub failed: u32,
    /// Pages that are not wanted: duplicates, `noindex`, other sites.
    pub skipped: u32,
    /// Addresses that were found beyond the limit.
    pub left_out: u32,
    /// The pages that there is something to say about, up to a limit.
    pub pages: Vec<Told>,
}

/// A source.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// How its pages are found.
    pub kind: SourceKind,
    /// Where it begins.
    pub url: String,
    /// How far it goes.
    pub options: Options,
    /// What it is doing.
    pub state: SourceState,
    /// Why the site could not be fetched.
    pub error: Option<String>,
    /// Time between two syncs in ms; none: only when asked.
    pub every_ms: Option<i64>,
    /// When the next sync is due.
    pub next_at: Option<UnixMs>,
    /// When the last sync that reached the site ended.
    pub synced_at: Option<UnixMs>,
    /// What the last sync did.
    pub last_report: Report,
    /// When it was added.
    pub created_at: UnixMs,
}

/// A source in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSummary {
    /// The source.
    pub source: Source,
    /// Its documents.
    pub documents: u32,
    /// Chunks of them that are searched.
    pub chunks: u32,
}

/// A source that is to be added.
#[derive(Debug, Clone)]
pub struct NewSource<'a> {
    /// How its pages are found.
    pub kind: SourceKind,
    /// Where it begins.
    pub url: &'a str,
    /// How far it goes.
    pub options: Options,
    /// Time between two syncs in ms; none: only when asked.
    pub every_ms: Option<i64>,
}

columns! {
    COLUMNS of Source as s {
        id, workspace, kind, url, options: json, state, error, every_ms, next_at, synced_at,
        last_report: json, created_at
    }
}

/// Adds a source, queued. `Conflict` if the workspace has one with this address.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewSource<'_>,
    now: UnixMs,
) -> Result<Scoped<Source>, StoreError> {
    if find_by_url(tx, workspace, new.url)?.is_some() {
        return Err(StoreError::Conflict(
            format!("{} is a source already", new.url).into(),
        ));
    }
    let id = SourceId::new();
    insert!(tx into sources {
        id, workspace, kind: new.kind, url: new.url, options: Json(new.options),
        state: SourceState::Queued, every_ms: new.every_ms, created_at: now
    })?;
    get(tx, workspace, id)
}

/// The source with this id, in this workspace.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: SourceId,
) -> Result<Scoped<Source>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sources s WHERE s.workspace = ? AND s.id = ?"
    ))?
    .query_row((workspace, id), Source::from_row)
    .optional()?
    .map(|source| Scoped::proven(workspace, source))
    .ok_or(StoreError::NotFound("the source"))
}

/// The source with this address, in this workspace.
pub fn find_by_url(
    conn: &Connection,
    workspace: WorkspaceId,
    url: &str,
) -> Result<Option<Scoped<Source>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sources s WHERE s.workspace = ? AND s.url = ?"
        ))?
        .query_row((workspace, url), Source::from_row)
        .optional()?
        .map(|source| Scoped::proven(workspace, source)))
}

/// The sources of a workspace in the order in which they were added.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<SourceSummary>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS},
                (SELECT count(*) FROM documents d
                 WHERE d.source = s.id AND d.deleted_at IS NULL) AS documents,
                (SELECT count(*) FROM documents d JOIN chunks c ON c.version = d.current_version
                 WHERE d.source = s.id AND d.deleted_at IS NULL) AS chunks
         FROM sources s WHERE s.workspace = ? ORDER BY s.id"
    ))?;
    let rows = statement.query_map([workspace], |row| {
        Ok(SourceSummary {
            source: Source::from_row(row)?,
            documents: row.get("documents")?,
            chunks: row.get("chunks")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The sources of all workspaces whose next sync is due.
pub fn list_due(conn: &Connection, now: UnixMs) -> Result<Vec<Scoped<Source>>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sources s
         WHERE s.next_at <= ? AND s.state IN ('ready', 'failed') AND s.workspace NOT IN ({CLOSED})
         ORDER BY s.next_at"
    ))?;
    let rows = statement.query_map([now], Source::from_row)?;
    rows.map(|row| {
        let source = row?;
        Ok(Scoped::proven(source.workspace, source))
    })
    .collect()
}

/// Says what the source is doing; `error` goes with `Failed`.
pub fn set_state(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    state: SourceState,
    error: Option<&str>,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE sources SET state = ?, error = ? WHERE workspace = ? AND id = ?")?
        .execute((state, error, source.workspace(), source.id))?;
    found(changed)
}

/// Sets how often it is fetched, and when next.
pub fn set_schedule(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    every_ms: Option<i64>,
    next_at: Option<UnixMs>,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE sources SET every_ms = ?, next_at = ? WHERE workspace = ? AND id = ?",
        )?
        .execute((every_ms, next_at, source.workspace(), source.id))?;
    found(changed)
}

/// Sets how far it goes from the next sync on.
pub fn set_options(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    options: Options,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE sources SET options = ? WHERE workspace = ? AND id = ?")?
        .execute((Json(options), source.workspace(), source.id))?;
    found(changed)
}

/// Keeps what a sync did, and when the next one is due; `reached` tells whether the site answered.
pub fn set_report(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    report: &Report,
    reached: bool,
    next_at: Option<UnixMs>,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE sources SET last_report = ?, next_at = ?,
                    synced_at = CASE WHEN ? THEN ? ELSE synced_at END
             WHERE workspace = ? AND id = ?",
        )?
        .execute((
            Json(report),
            next_at,
            reached,
            report.ended_at,
            source.workspace(),
            source.id,
        ))?;
    found(changed)
}

/// The documents that came from a source.
pub fn documents(
    conn: &Connection,
    source: &Scoped<Source>,
) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name FROM documents
         WHERE workspace = ? AND source = ? AND deleted_at IS NULL ORDER BY name",
    )?;
    let rows = statement.query_map((source.workspace(), source.id), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Says that a document came from a source, unless it came from elsewhere before.
pub fn adopt(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    document: DocumentId,
    url: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE documents SET origin = 'web', source = ?, url = ?
         WHERE workspace = ? AND id = ? AND source IS NULL",
    )?
    .execute((source.id, url, source.workspace(), document))?;
    Ok(())
}

/// Removes a source with its documents and all that is known of its pages, at once.
pub fn purge(tx: &Transaction<'_>, source: &Scoped<Source>) -> Result<(), StoreError> {
    let changed = tx.execute(
        "DELETE FROM sources WHERE workspace = ? AND id = ?",
        (source.workspace(), source.id),
    )?;
    found(changed)
}

fn found(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the source"))
    } else {
        Ok(())
    }
}
