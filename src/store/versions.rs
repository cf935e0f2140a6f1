//! Versions of documents: the uploaded file and the text that was read from it.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::documents::Document;
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{DocumentId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId};

/// A version without its contents.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub id: VersionId,
    pub document: DocumentId,
    /// Counted from 1 per document.
    pub number: u32,
    /// SHA-256 of the original, in hex.
    pub sha256: String,
    /// Size of the original.
    pub bytes: i64,
    pub media_type: String,
    /// `None` if the format has no pages.
    pub pages: Option<u32>,
    /// What the owner should know about the reading, such as skipped images.
    pub notes: Vec<String>,
    pub created_at: UnixMs,
    pub extracted_at: Option<UnixMs>,
    /// Version of the reader that read it.
    pub extractor: Option<u32>,
    /// Language of its text (ISO 639-1), if it could be detected.
    pub language: Option<String>,
    /// Why it is kept out of search, if it is.
    pub hold: Option<Hold>,
    /// Whether to read the hidden parts of the file as well.
    pub read_hidden: bool,
    /// Whether the file has hidden parts, as far as the reader can tell.
    pub has_hidden: bool,
}

text_enum! {
    /// Why a version is kept out of search.
    pub enum Hold {
        /// It waits at the gate.
        Held = "held",
        /// The owner went back to an earlier version.
        RolledBack = "rolled_back",
    }
}

pub(super) struct NewVersion<'a> {
    pub(super) sha256: String,
    pub(super) media_type: &'a str,
    pub(super) original: &'a [u8],
    pub(super) read_hidden: bool,
}

impl<'a> NewVersion<'a> {
    pub(super) fn of(media_type: &'a str, original: &'a [u8]) -> Self {
        Self {
            sha256: hex::encode(Sha256::digest(original)),
            media_type,
            original,
            read_hidden: false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Extracted<'a> {
    /// The whole text; citations refer to byte ranges in it.
    pub text: &'a str,
    /// Its structure, as JSON in the reader's own format.
    pub blocks: Option<&'a Value>,
    /// `None` if the format has no pages.
    pub pages: Option<u32>,
    /// What the owner should know about the reading.
    pub notes: &'a [String],
    /// Whether the file has hidden parts.
    pub has_hidden: bool,
    /// Version of the reader.
    pub extractor: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VersionText {
    /// The whole text; citations refer to byte ranges in it.
    pub text: String,
    /// Its structure, as JSON in the reader's own format.
    pub blocks: Option<Value>,
}

/// [`add_note`] adds no more notes than this to a version.
const MOST_NOTES: u32 = 12;

columns! {
    COLUMNS of Version as v {
        id, document, number, sha256, bytes, media_type, pages, notes: json, created_at,
        extracted_at, extractor, language, hold, read_hidden, has_hidden
    }
}

/// A version is found through its document, and only while that is not deleted.
const FROM_VISIBLE: &str = "FROM document_versions v JOIN documents d ON d.id = v.document
                            WHERE d.workspace = ? AND v.id = ? AND d.deleted_at IS NULL";

pub(super) fn append(
    tx: &Transaction<'_>,
    document: DocumentId,
    number: u32,
    new: &NewVersion<'_>,
    now: UnixMs,
) -> Result<VersionId, StoreError> {
    let id = VersionId::new();
    let bytes = i64::try_from(new.original.len()).unwrap_or(i64::MAX);
    insert!(tx into document_versions {
        id, document, number, sha256: new.sha256, bytes, media_type: new.media_type,
        original: new.original, read_hidden: new.read_hidden, created_at: now
    })?;
    Ok(id)
}

/// Adds a version with the same file as `of`, but with its hidden parts read or left out.
pub fn append_reading_hidden(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    of: &Version,
    read_hidden: bool,
    now: UnixMs,
) -> Result<VersionId, StoreError> {
    let (id, number) = (VersionId::new(), latest(tx, document)?.number + 1);
    tx.prepare_cached(
        "INSERT INTO document_versions (id, document, number, sha256, bytes, media_type, original,
                                        read_hidden, created_at)
         SELECT ?, document, ?, sha256, bytes, media_type, original, ?, ?
         FROM document_versions WHERE id = ? AND document = ?",
    )?
    .execute((id, number, read_hidden, now, of.id, document.id))?;
    Ok(id)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: VersionId,
) -> Result<Scoped<Version>, StoreError> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} {FROM_VISIBLE}"))?
        .query_row((workspace, id), Version::from_row)
        .optional()?
        .map(|version| Scoped::proven(workspace, version))
        .ok_or(StoreError::NotFound("the document version"))
}

pub fn latest(conn: &Connection, document: &Scoped<Document>) -> Result<Version, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM document_versions v WHERE v.document = ?
         ORDER BY v.number DESC LIMIT 1"
    ))?
    .query_row([document.id], Version::from_row)
    .optional()?
    .ok_or(StoreError::NotFound("the document version"))
}

/// The version that counts: the newest that is neither rolled back nor held, or else the newest that is held.
pub fn in_force(conn: &Connection, document: &Scoped<Document>) -> Result<Version, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM document_versions v
         WHERE v.document = ? AND v.hold IS NOT 'rolled_back'
         ORDER BY v.hold IS NULL DESC, v.number DESC LIMIT 1"
    ))?
    .query_row([document.id], Version::from_row)
    .optional()?
    .ok_or(StoreError::NotFound("the document version"))
}

/// Makes this version the one that counts by rolling back all newer ones.
pub fn roll_back_to(tx: &Transaction<'_>, version: &Scoped<Version>) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE document_versions SET hold = CASE WHEN number > ?2 THEN 'rolled_back' END
         WHERE document = ?1 AND number >= ?2",
    )?
    .execute((version.document, version.number))?;
    Ok(())
}

pub fn set_language(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    language: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE document_versions SET language = ? WHERE id = ?")?
        .execute((language, version.id))?;
    Ok(())
}

/// Newest first.
pub fn list(conn: &Connection, document: &Scoped<Document>) -> Result<Vec<Version>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM document_versions v WHERE v.document = ? ORDER BY v.number DESC"
    ))?;
    let rows = statement.query_map([document.id], Version::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The uploaded bytes.
pub fn original(
    conn: &Connection,
    workspace: WorkspaceId,
    id: VersionId,
) -> Result<Vec<u8>, StoreError> {
    conn.prepare_cached(&format!("SELECT v.original {FROM_VISIBLE}"))?
        .query_row((workspace, id), |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound("the document version"))
}

/// The text of a version; `None` before it was read.
pub fn find_text(
    conn: &Connection,
    workspace: WorkspaceId,
    id: VersionId,
) -> Result<Option<VersionText>, StoreError> {
    conn.prepare_cached(&format!("SELECT v.text, v.blocks {FROM_VISIBLE}"))?
        .query_row((workspace, id), |row| {
            let blocks = row
                .get::<_, Option<Json<Value>>>("blocks")?
                .map(|json| json.0);
            Ok(row
                .get::<_, Option<String>>("text")?
                .map(|text| VersionText { text, blocks }))
        })
        .optional()?
        .ok_or(StoreError::NotFound("the document version"))
}

/// Part of a version's text, by byte range; `None` before it was read, or if the range is not valid text.
pub fn find_span(
    conn: &Connection,
    workspace: WorkspaceId,
    id: VersionId,
    span: [usize; 2],
) -> Result<Option<String>, StoreError> {
    let start = i64::try_from(span[0]).unwrap_or(i64::MAX);
    let length = i64::try_from(span[1].saturating_sub(span[0])).unwrap_or(0);
    let bytes: Option<Option<Vec<u8>>> = conn
        .prepare_cached(&format!(
            "SELECT substr(CAST(v.text AS BLOB), ? + 1, ?) {FROM_VISIBLE}"
        ))?
        .query_row((start, length, workspace, id), |row| row.get(0))
        .optional()?;
    Ok(bytes.flatten().and_then(|b| String::from_utf8(b).ok()))
}

/// Stores what was read from a version.
pub fn set_extracted(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    extracted: &Extracted<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE document_versions
             SET text = ?, blocks = ?, pages = ?, notes = ?, has_hidden = ?, extracted_at = ?,
                 extractor = ?
             WHERE id = ?",
        )?
        .execute((
            extracted.text,
            extracted.blocks.map(Json),
            extracted.pages,
            Json(extracted.notes),
            extracted.has_hidden,
            now,
            extracted.extractor,
            version.id,
        ))?;
    if changed == 0 {
        Err(StoreError::NotFound("the document version"))
    } else {
        Ok(())
    }
}

/// Adds a note for the owner, unless it is there already or there are too many.
pub fn add_note(tx: &Transaction<'_>, version: VersionId, note: &str) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE document_versions SET notes = json_insert(notes, '$[#]', ?1)
         WHERE id = ?2 AND json_array_length(notes) < ?3
           AND NOT EXISTS (SELECT 1 FROM json_each(document_versions.notes) WHERE value = ?1)",
    )?
    .execute((note, version, MOST_NOTES))?;
    Ok(())
}

/// Removes versions that arrived at or before `before`, except those in search and the newest of each document; returns
/// how many.
pub fn purge_superseded(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM document_versions AS v
         WHERE v.created_at <= ?
           AND v.id IS NOT (SELECT current_version FROM documents WHERE id = v.document)
           AND v.number < (SELECT max(number) FROM document_versions WHERE document = v.document)",
        [before],
    )?)
}
