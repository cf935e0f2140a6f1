//! What the last sync found at each address of a source, so that the next one fetches only what changed.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::sources::Source;
use super::{DocumentId, Scoped, SourceId, StoreError, UnixMs};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub url: String,
    /// The document made from it, if any.
    pub document: Option<DocumentId>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// SHA-256 of its content, in hex.
    pub sha256: Option<String>,
    /// HTTP status of the last request.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Time of the last request.
    pub seen_at: UnixMs,
    /// When its content last changed.
    pub changed_at: Option<UnixMs>,
}

/// A page in a list, with the state of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSummary {
    pub page: Page,
    pub title: Option<String>,
    pub state: Option<String>,
    /// Why its document could not be read.
    pub document_error: Option<String>,
}

columns! {
    COLUMNS of Page as p {
        url, document, etag, last_modified, sha256, status, error, seen_at, changed_at
    }
}

pub fn find(
    conn: &Connection,
    source: &Scoped<Source>,
    url: &str,
) -> Result<Option<Page>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM source_pages p WHERE p.source = ? AND p.url = ?"
        ))?
        .query_row((source.id, url), Page::from_row)
        .optional()?)
}

pub fn put(tx: &Transaction<'_>, source: SourceId, page: &Page) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO source_pages (source, url, document, etag, last_modified, sha256, status,
                                   error, seen_at, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (source, url) DO UPDATE SET
             document = excluded.document, etag = excluded.etag,
             last_modified = excluded.last_modified, sha256 = excluded.sha256,
             status = excluded.status, error = excluded.error, seen_at = excluded.seen_at,
             changed_at = excluded.changed_at",
    )?
    .execute((
        source,
        &page.url,
        page.document,
        &page.etag,
        &page.last_modified,
        &page.sha256,
        page.status,
        &page.error,
        page.seen_at,
        page.changed_at,
    ))?;
    Ok(())
}

/// The pages of a source ordered by address, those with problems first.
pub fn list(conn: &Connection, source: &Scoped<Source>) -> Result<Vec<PageSummary>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, d.title, d.state, d.error AS document_error
         FROM source_pages p
         LEFT JOIN documents d ON d.id = p.document AND d.deleted_at IS NULL
         WHERE p.source = ?
         ORDER BY coalesce(p.error, d.error) IS NULL, p.url"
    ))?;
    let rows = statement.query_map([source.id], |row| {
        Ok(PageSummary {
            page: Page::from_row(row)?,
            title: row.get("title")?,
            state: row.get("state")?,
            document_error: row.get("document_error")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn remove(tx: &Transaction<'_>, source: SourceId, url: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM source_pages WHERE source = ? AND url = ?")?
        .execute((source, url))?;
    Ok(())
}

/// Another address of this source whose document has the same content.
pub fn find_twin(
    conn: &Connection,
    source: &Scoped<Source>,
    sha256: &str,
    url: &str,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT url FROM source_pages
             WHERE source = ? AND sha256 = ? AND url <> ? AND document IS NOT NULL
             ORDER BY url LIMIT 1",
        )?
        .query_row((source.id, sha256, url), |row| row.get(0))
        .optional()?)
}

/// Documents of the source that no page leads to any more.
pub fn orphans(
    conn: &Connection,
    source: &Scoped<Source>,
) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.name FROM documents d
         WHERE d.workspace = ? AND d.source = ? AND d.deleted_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM source_pages p WHERE p.document = d.id)
         ORDER BY d.name",
    )?;
    let rows = statement.query_map((source.workspace(), source.id), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
