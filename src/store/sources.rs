//! Sources: websites that documents come from. [`super::source_pages`] records what syncs found on their pages.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use super::closures::CLOSED;
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{DocumentId, Scoped, SourceId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// How to find the pages of a source.
    pub enum SourceKind {
        /// The address is the only page.
        Page = "page",
        /// The site's sitemap lists them.
        Sitemap = "sitemap",
        /// Follow links from the address.
        Crawl = "crawl",
    }
}

text_enum! {
    pub enum SourceState {
        Queued = "queued",
        Syncing = "syncing",
        Ready = "ready",
        /// The site could not be fetched; pages from earlier syncs stay.
        Failed = "failed",
        /// Not fetched until its owner resumes it.
        Paused = "paused",
    }
}

/// Limits of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// How many links away from the start to go.
    pub depth: u32,
    /// Maximum number of pages.
    pub pages: u32,
    /// Maximum rate, in pages per second.
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

/// What happened to a page, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub url: String,
    /// `added`, `changed`, `removed`, `failed` or `skipped`.
    pub outcome: String,
    /// `None` where the outcome says everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Results of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Unix ms.
    pub started_at: UnixMs,
    /// Unix ms; 0 while it runs.
    pub ended_at: UnixMs,
    pub added: u32,
    /// Pages whose content changed.
    pub changed: u32,
    /// Pages whose content is the same.
    pub unchanged: u32,
    /// Pages that are gone.
    pub removed: u32,
    /// Pages that could not be fetched or read; their earlier documents stay.
    pub failed: u32,
    /// Unwanted pages: duplicates, `noindex`, other sites.
    pub skipped: u32,
    /// Addresses found beyond the page limit.
    pub left_out: u32,
    /// Pages worth reporting, up to a limit.
    pub pages: Vec<Told>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub id: SourceId,
    pub workspace: WorkspaceId,
    pub kind: SourceKind,
    /// The address to start from.
    pub url: String,
    pub options: Options,
    pub state: SourceState,
    /// Why the site could not be fetched.
    pub error: Option<String>,
    /// Time between two syncs in ms; `None` means only on request.
    pub every_ms: Option<i64>,
    pub next_at: Option<UnixMs>,
    /// When the last sync that reached the site ended.
    pub synced_at: Option<UnixMs>,
    pub last_report: Report,
    pub created_at: UnixMs,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SourceSummary {
    pub source: Source,
    pub documents: u32,
    /// Chunks of them that are in search.
    pub chunks: u32,
}

/// A source before it has an id.
#[derive(Debug, Clone)]
pub struct NewSource<'a> {
    pub kind: SourceKind,
    /// The address to start from.
    pub url: &'a str,
    pub options: Options,
    /// Time between two syncs in ms; `None` means only on request.
    pub every_ms: Option<i64>,
}

columns! {
    COLUMNS of Source as s {
        id, workspace, kind, url, options: json, state, error, every_ms, next_at, synced_at,
        last_report: json, created_at
    }
}

/// Adds a source, queued for its first sync. `Conflict` if the workspace already has this address.
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

/// The sources of a workspace in order of creation.
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

/// `error` goes with `Failed`.
pub fn set_state(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    state: SourceState,
    error: Option<&str>,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE sources SET state = ?, error = ? WHERE workspace = ? AND id = ?")?
        .execute((state, error, source.workspace(), source.id))?;
    require_changed(changed)
}

/// Sets the interval and the time of the next sync.
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
    require_changed(changed)
}

/// Takes effect with the next sync.
pub fn set_options(
    tx: &Transaction<'_>,
    source: &Scoped<Source>,
    options: Options,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE sources SET options = ? WHERE workspace = ? AND id = ?")?
        .execute((Json(options), source.workspace(), source.id))?;
    require_changed(changed)
}

/// Stores the results of a sync and when the next one is due; `reached` tells whether the site answered.
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
    require_changed(changed)
}

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

/// Marks a document as coming from a source, unless it already has another origin.
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

/// Removes a source with its pages and documents, at once.
pub fn purge(tx: &Transaction<'_>, source: &Scoped<Source>) -> Result<(), StoreError> {
    let changed = tx.execute(
        "DELETE FROM sources WHERE workspace = ? AND id = ?",
        (source.workspace(), source.id),
    )?;
    require_changed(changed)
}

fn require_changed(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the source"))
    } else {
        Ok(())
    }
}
