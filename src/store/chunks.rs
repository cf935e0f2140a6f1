//! Chunks: the searched pieces of documents, and their embeddings.

use rusqlite::{Connection, Row, Transaction};

use super::values::Json;
use super::versions::Version;
use super::{ChunkId, DocumentId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId};

/// A chunk of a document version, with what a citation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkRow {
    /// Never used twice.
    pub id: ChunkId,
    pub workspace: WorkspaceId,
    pub document: DocumentId,
    pub document_name: String,
    pub document_title: String,
    pub version: VersionId,
    /// From 1.
    pub version_number: u32,
    /// Position within the version, from 0.
    pub ordinal: u32,
    /// Headings above the chunk, outermost first.
    pub heading_path: Vec<String>,
    /// Page on which it begins, if the format has pages.
    pub page: Option<u32>,
    /// First byte in the version's text.
    pub start_byte: i64,
    /// One past the last byte in the version's text.
    pub end_byte: i64,
    pub text: String,
    /// In the encoding of the search.
    pub embedding: Option<Vec<u8>>,
    /// Name of the model that made the embedding.
    pub embedder: Option<String>,
    /// Language of its document (ISO 639-1), if it could be detected.
    pub language: Option<String>,
    /// The date that its document states.
    pub dated_at: Option<UnixMs>,
}

/// A chunk before it has an id. Its place in the list becomes its ordinal.
#[derive(Debug, Clone, PartialEq)]
pub struct NewChunk {
    /// Headings above the chunk, outermost first.
    pub heading_path: Vec<String>,
    /// Page on which it begins, if the format has pages.
    pub page: Option<u32>,
    /// First byte in the version's text.
    pub start_byte: i64,
    /// One past the last byte in the version's text.
    pub end_byte: i64,
    pub text: String,
    /// The embedding and the name of its model, if it is known already.
    pub embedding: Option<(Vec<u8>, String)>,
    /// Language of its document (ISO 639-1), if it could be detected.
    pub language: Option<String>,
}

/// Chunks are visible only through the current version of a document that is not deleted.
const SELECT: &str = "SELECT c.id, c.workspace, c.document, d.name AS document_name, \
     d.title AS document_title, c.version, v.number AS version_number, c.ordinal, c.heading_path, \
     c.page, c.start_byte, c.end_byte, c.text, c.embedding, c.embedder, c.language, d.dated_at \
     FROM chunks c JOIN documents d ON d.id = c.document AND d.current_version = c.version \
     JOIN document_versions v ON v.id = c.version WHERE d.deleted_at IS NULL";

impl ChunkRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            workspace: row.get(1)?,
            document: row.get(2)?,
            document_name: row.get(3)?,
            document_title: row.get(4)?,
            version: row.get(5)?,
            version_number: row.get(6)?,
            ordinal: row.get(7)?,
            heading_path: row.get::<_, Json<Vec<String>>>(8)?.0,
            page: row.get(9)?,
            start_byte: row.get(10)?,
            end_byte: row.get(11)?,
            text: row.get(12)?,
            embedding: row.get(13)?,
            embedder: row.get(14)?,
            language: row.get(15)?,
            dated_at: row.get(16)?,
        })
    }
}

/// Replaces the chunks of a version and puts it into search: drops the chunks of the document's other versions, and
/// marks the document ready unless a newer version waits. `Conflict` when a newer version is already searched or this
/// one was rolled back: a late job must not bring an old text back.
pub fn replace(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    chunks: &[NewChunk],
    now: UnixMs,
) -> Result<Vec<ChunkId>, StoreError> {
    // Jobs of two versions may finish in either order, so compare version numbers, not times.
    let newer_is_searched: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM documents d
                            JOIN document_versions v ON v.id = d.current_version
                            WHERE d.id = ?1 AND v.number > ?2 AND v.hold IS NOT 'rolled_back')
                 OR EXISTS (SELECT 1 FROM document_versions WHERE id = ?3 AND hold IS NOT NULL)",
        )?
        .query_row((version.document, version.number, version.id), |row| {
            row.get(0)
        })?;
    if newer_is_searched {
        return Err(StoreError::Conflict(
            "a newer version of this document is searched".into(),
        ));
    }
    let changed = tx
        .prepare_cached(
            "UPDATE documents SET current_version = ?1, updated_at = ?2,
                    state = CASE WHEN EXISTS (SELECT 1 FROM document_versions
                                              WHERE document = ?3 AND number > ?4
                                                AND hold IS NOT 'rolled_back')
                                 THEN state ELSE 'ready' END,
                    error = NULL
             WHERE id = ?3 AND workspace = ?5 AND deleted_at IS NULL",
        )?
        .execute((
            version.id,
            now,
            version.document,
            version.number,
            version.workspace(),
        ))?;
    if changed == 0 {
        return Err(StoreError::NotFound("the document"));
    }
    tx.prepare_cached("DELETE FROM chunks WHERE document = ?")?
        .execute([version.document])?;
    insert_all(tx, version, chunks)
}

pub(super) fn insert_all(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    chunks: &[NewChunk],
) -> Result<Vec<ChunkId>, StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO chunks (workspace, document, version, ordinal, heading_path, page,
                             start_byte, end_byte, text, embedding, embedder, language)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut ids = Vec::with_capacity(chunks.len());
    for (ordinal, chunk) in (0_u32..).zip(chunks) {
        let (embedding, embedder) = chunk.embedding.as_ref().map(|(e, by)| (e, by)).unzip();
        let id = insert.insert((
            version.workspace(),
            version.document,
            version.id,
            ordinal,
            Json(&chunk.heading_path),
            chunk.page,
            chunk.start_byte,
            chunk.end_byte,
            &chunk.text,
            embedding,
            embedder,
            &chunk.language,
        ))?;
        ids.push(ChunkId(id));
    }
    Ok(ids)
}

/// Passes every visible chunk (of one workspace, if given) to `each`, ordered by id, with one row in memory at a time.
pub fn for_each_indexable(
    conn: &Connection,
    workspace: Option<WorkspaceId>,
    each: impl FnMut(ChunkRow),
) -> Result<(), StoreError> {
    match workspace {
        None => stream(conn, &format!("{SELECT} ORDER BY c.id"), [], each),
        Some(id) => stream(
            conn,
            &format!("{SELECT} AND c.workspace = ? ORDER BY c.id"),
            [id],
            each,
        ),
    }
}

pub fn for_each_of_document(
    conn: &Connection,
    workspace: WorkspaceId,
    document: DocumentId,
    each: impl FnMut(ChunkRow),
) -> Result<(), StoreError> {
    let sql = format!("{SELECT} AND c.workspace = ? AND c.document = ? ORDER BY c.ordinal");
    stream(conn, &sql, (workspace, document), each)
}

/// The visible chunks with these ids, in the order asked for. Skips ids that are gone, hidden or of another workspace,
/// because an index may lag behind the store.
pub fn get_many(
    conn: &Connection,
    workspace: WorkspaceId,
    ids: &[ChunkId],
) -> Result<Vec<ChunkRow>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("{SELECT} AND c.workspace = ? AND c.id = ?"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query((workspace, id))?;
        if let Some(row) = rows.next()? {
            found.push(ChunkRow::from_row(row)?);
        }
    }
    Ok(found)
}

/// Up to `limit` visible chunks without an embedding of this embedder, oldest first.
pub fn list_missing_embeddings(
    conn: &Connection,
    embedder: &str,
    limit: u32,
) -> Result<Vec<ChunkRow>, StoreError> {
    let mut found = Vec::new();
    let sql = format!("{SELECT} AND c.embedder IS NOT ? ORDER BY c.id LIMIT ?");
    stream(conn, &sql, (embedder, limit), |row| found.push(row))?;
    Ok(found)
}

/// Stores embeddings, skipping chunks that were replaced in the meantime; returns how many it stored.
pub fn set_embeddings(
    tx: &Transaction<'_>,
    embedder: &str,
    embeddings: &[(ChunkId, Vec<u8>)],
) -> Result<usize, StoreError> {
    let mut update =
        tx.prepare_cached("UPDATE chunks SET embedding = ?, embedder = ? WHERE id = ?")?;
    let mut kept = 0;
    for (id, embedding) in embeddings {
        kept += update.execute((embedding, embedder, id))?;
    }
    Ok(kept)
}

/// Passes the chunks of versions that are held at the gate to `each`.
pub(super) fn held_chunks(
    conn: &Connection,
    filter: &str,
    params: impl rusqlite::Params,
    each: impl FnMut(ChunkRow),
) -> Result<(), StoreError> {
    let of_held = SELECT.replace(
        "AND d.current_version = c.version JOIN document_versions v ON v.id = c.version",
        "JOIN document_versions v ON v.id = c.version AND v.hold = 'held'",
    );
    stream(
        conn,
        &format!("{of_held} AND {filter} ORDER BY c.id"),
        params,
        each,
    )
}

fn stream(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut each: impl FnMut(ChunkRow),
) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        each(ChunkRow::from_row(row)?);
    }
    Ok(())
}
