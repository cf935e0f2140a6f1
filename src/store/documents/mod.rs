//! Documents of a workspace. Their contents are in their versions ([`super::versions`]).

mod staff;

pub use staff::{set_staff_only, staff_only_chunks};

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::values::{Json, text_enum};
use super::versions::{self, NewVersion};
use super::{DocumentId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId};

text_enum! {
    /// Progress of a document's newest version.
    pub enum DocumentState {
        Queued = "queued",
        /// Being read, cut into chunks and embedded.
        Indexing = "indexing",
        /// Searched.
        Ready = "ready",
        /// Could not be read; the document's `error` says why.
        Failed = "failed",
    }
}

text_enum! {
    pub enum Origin {
        /// An uploaded file.
        Upload = "upload",
        /// A text written in the console.
        Snippet = "snippet",
        /// A page of a web source.
        Web = "web",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The same for all versions.
    pub id: DocumentId,
    pub workspace: WorkspaceId,
    /// File name, unique in the workspace.
    pub name: String,
    pub title: String,
    pub state: DocumentState,
    /// Why reading failed, in words for the owner.
    pub error: Option<String>,
    /// The version that is searched: an older one until the newest is ready.
    pub current_version: Option<VersionId>,
    pub origin: Origin,
    /// The date that the document or its file states.
    pub dated_at: Option<UnixMs>,
    /// Used in answers to staff only, never to visitors.
    pub staff_only: bool,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DocumentSummary {
    pub document: Document,
    pub latest_version: VersionId,
    /// From 1.
    pub version_number: u32,
    pub bytes: i64,
    pub media_type: String,
    /// `None` if the format has no pages.
    pub pages: Option<u32>,
    /// Chunks that are in search now.
    pub chunks: i64,
    /// Language of the newest version (ISO 639-1), if it could be detected.
    pub language: Option<String>,
    /// What the owner should know about how the newest version was read.
    pub notes: Vec<String>,
    /// Recognised lines of the newest version that was read which the owner has not decided on.
    pub doubtful: u32,
}

#[derive(Debug, Clone)]
pub struct NewDocument<'a> {
    /// File name; an existing name makes a new version of that document.
    pub name: &'a str,
    pub title: &'a str,
    pub media_type: &'a str,
    /// The uploaded bytes.
    pub original: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    Created(DocumentId, VersionId),
    /// A new version of an existing document.
    NewVersion(DocumentId, VersionId),
    /// The newest version has the same bytes; nothing was stored.
    Unchanged(DocumentId, VersionId),
}

impl Inserted {
    pub fn document(self) -> DocumentId {
        match self {
            Self::Created(d, _) | Self::NewVersion(d, _) | Self::Unchanged(d, _) => d,
        }
    }

    pub fn version(self) -> VersionId {
        match self {
            Self::Created(_, v) | Self::NewVersion(_, v) | Self::Unchanged(_, v) => v,
        }
    }
}

columns! {
    COLUMNS of Document as d {
        id, workspace, name, title, state, error, current_version, origin, dated_at, staff_only,
        created_at, updated_at
    }
}

/// Stores a file: as a new document, or as a new version of the document of that name. The document is then `Queued`
/// unless nothing changed; meanwhile an older version stays in search.
pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewDocument<'_>,
    now: UnixMs,
) -> Result<Inserted, StoreError> {
    let mut version = NewVersion::of(new.media_type, new.original);
    let Some(document) = find_by_name(tx, workspace, new.name)? else {
        let id = DocumentId::new();
        tx.prepare_cached(
            "INSERT INTO documents (id, workspace, name, title, state, created_at, updated_at)
             VALUES (?, ?, ?, ?, 'queued', ?, ?)",
        )?
        .execute((id, workspace, new.name, new.title, now, now))?;
        return Ok(Inserted::Created(
            id,
            versions::append(tx, id, 1, &version, now)?,
        ));
    };
    let latest = versions::latest(tx, &document)?;
    // Somebody who uploads the bytes of a rolled-back version does so on purpose: store them again.
    let same = latest.sha256 == version.sha256 && latest.media_type == version.media_type;
    if same && latest.hold.is_none() {
        return Ok(Inserted::Unchanged(document.id, latest.id));
    }
    // Settings for hidden parts carry over to the next file, but not from a version that was rolled back.
    version.read_hidden = versions::in_force(tx, &document)?.read_hidden;
    tx.prepare_cached(
        "UPDATE documents SET title = ?, state = 'queued', error = NULL, updated_at = ?
         WHERE id = ?",
    )?
    .execute((new.title, now, document.id))?;
    let id = versions::append(tx, document.id, latest.number + 1, &version, now)?;
    Ok(Inserted::NewVersion(document.id, id))
}

/// Finds a document of this workspace; a deleted one counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Scoped<Document>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM documents d
         WHERE d.workspace = ? AND d.id = ? AND d.deleted_at IS NULL"
    ))?
    .query_row((workspace, id), Document::from_row)
    .optional()?
    .map(|document| Scoped::proven(workspace, document))
    .ok_or(StoreError::NotFound("the document"))
}

/// Finds a document by file name in this workspace; a deleted one counts as gone.
pub fn find_by_name(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Scoped<Document>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM documents d
             WHERE d.workspace = ? AND d.name = ? AND d.deleted_at IS NULL"
        ))?
        .query_row((workspace, name), Document::from_row)
        .optional()?
        .map(|document| Scoped::proven(workspace, document)))
}

/// The documents of a workspace by file name, without deleted ones.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<DocumentSummary>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, v.id AS latest, v.number, v.bytes, v.media_type, v.pages, v.language, v.notes,
                (SELECT count(*) FROM chunks c WHERE c.version = d.current_version) AS chunks,
                (SELECT count(*) FROM seen_lines s WHERE s.state = 'doubtful' AND s.version =
                     (SELECT id FROM document_versions
                      WHERE document = d.id AND hold IS NOT 'rolled_back' AND extracted_at IS NOT NULL
                      ORDER BY number DESC LIMIT 1)) AS doubtful
         FROM documents d
         JOIN document_versions v ON v.document = d.id AND v.number =
              (SELECT max(number) FROM document_versions
               WHERE document = d.id AND hold IS NOT 'rolled_back')
         WHERE d.workspace = ? AND d.deleted_at IS NULL
         ORDER BY d.name"
    ))?;
    let rows = statement.query_map([workspace], |row| {
        Ok(DocumentSummary {
            document: Document::from_row(row)?,
            latest_version: row.get("latest")?,
            version_number: row.get("number")?,
            bytes: row.get("bytes")?,
            media_type: row.get("media_type")?,
            pages: row.get("pages")?,
            chunks: row.get("chunks")?,
            language: row.get("language")?,
            notes: row.get::<_, Json<Vec<String>>>("notes")?.0,
            doubtful: row.get("doubtful")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Sets the display title, such as one that the document states itself.
pub fn set_title(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    title: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE documents SET title = ? WHERE workspace = ? AND id = ?")?
        .execute((title, document.workspace(), document.id))?;
    Ok(())
}

/// A document counts as an upload until this says otherwise.
pub fn set_origin(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    origin: Origin,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE documents SET origin = ? WHERE workspace = ? AND id = ?")?
        .execute((origin, document.workspace(), document.id))?;
    Ok(())
}

/// Chooses the version that is searched. The caller replaces its chunks in the same transaction.
pub fn set_current(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    version: VersionId,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE documents SET current_version = ? WHERE workspace = ? AND id = ?")?
        .execute((version, document.workspace(), document.id))?;
    Ok(())
}

/// Sets the date that the document states.
pub fn set_dated_at(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    dated_at: Option<UnixMs>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE documents SET dated_at = ? WHERE workspace = ? AND id = ?")?
        .execute((dated_at, document.workspace(), document.id))?;
    Ok(())
}

/// How many answers since `since` cite each document.
pub fn answers_by_document(
    conn: &Connection,
    workspace: WorkspaceId,
    since: UnixMs,
) -> Result<HashMap<String, u64>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT json_extract(p.value, '$.document') AS document, count(DISTINCT r.seq)
         FROM receipts r, json_each(r.passages, '$.cited') p
         WHERE r.workspace = ? AND r.created_at >= ?
           AND json_extract(p.value, '$.document') IS NOT NULL
         GROUP BY document",
    )?;
    let rows = statement.query_map((workspace, since), |row| {
        Ok((
            row.get(0)?,
            u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `error` goes with `Failed`.
pub fn set_state(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    state: DocumentState,
    error: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE documents SET state = ?, error = ?, updated_at = ?
             WHERE workspace = ? AND id = ? AND deleted_at IS NULL",
        )?
        .execute((state, error, now, document.workspace(), document.id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the document"))
    } else {
        Ok(())
    }
}

/// Hides a document at once from finders, lists and chunk queries. [`purge_deleted`] removes it.
pub fn delete(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE documents SET deleted_at = ?1, updated_at = ?1
         WHERE workspace = ?2 AND id = ?3 AND deleted_at IS NULL",
        (now, document.workspace(), document.id),
    )?;
    Ok(())
}

/// Removes documents that were deleted at or before `before`, with their versions and chunks; returns how many.
pub fn purge_deleted(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM documents WHERE deleted_at <= ?", [before])?)
}
/// The dates that documents state; skips documents without one.
pub fn dates(
    conn: &Connection,
    workspace: WorkspaceId,
    ids: &[DocumentId],
) -> Result<Vec<(DocumentId, UnixMs)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT dated_at FROM documents WHERE workspace = ? AND id = ? AND dated_at IS NOT NULL",
    )?;
    let mut found = Vec::new();
    for id in ids {
        let dated = statement
            .query_row((workspace, id), |row| row.get(0))
            .optional()?;
        found.extend(dated.map(|at| (*id, at)));
    }
    Ok(found)
}
