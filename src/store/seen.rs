//! What text recognition saw on the pages of a version: the pages, the lines that it was not sure of, and what the owner
//! said to those.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::documents::Document;
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::versions::{self, Version};
use super::{Scoped, SeenLineId, StoreError, UnixMs, VersionId};

text_enum! {
    /// What the owner said to a doubtful line.
    pub enum LineState {
        /// Nothing yet; it is in no text.
        Doubtful = "doubtful",
        /// It was recognised rightly.
        Confirmed = "confirmed",
        /// It says what `corrected` says.
        Corrected = "corrected",
        /// It is no text that anybody needs.
        LeftOut = "left_out",
    }
}

/// A line that was not recognised for sure.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenLine {
    /// Another one after each reading.
    pub id: SeenLineId,
    /// From 1.
    pub page: u32,
    /// Position on the page in reading order, from 0.
    pub line: u32,
    /// As it was recognised.
    pub text: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// Left, top, right and bottom as fractions of the page's width and height.
    pub place: [f64; 4],
    pub state: LineState,
    /// The owner's words for it.
    pub corrected: Option<String>,
    pub decided_at: Option<UnixMs>,
}

/// A page as it was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenPage {
    /// From 1.
    pub page: u32,
    /// In the reader's own format.
    pub seen: Value,
}

columns! {
    COLUMNS of SeenLine {
        id, page, line, text, confidence, place: json, state, corrected, decided_at
    }
}

/// Two lines of the same text are the same line if no edge of one is farther from the other's, as fractions of the page.
const NEAR: f64 = 0.02;

impl SeenLine {
    /// A doubtful line before it is stored.
    pub fn new(page: u32, line: u32, text: String, confidence: f64, place: [f64; 4]) -> Self {
        Self {
            id: SeenLineId::new(),
            page,
            line,
            text,
            confidence,
            place,
            state: LineState::Doubtful,
            corrected: None,
            decided_at: None,
        }
    }

    /// Whether it is the same line of the same page, seen another time.
    fn is_again(&self, other: &Self) -> bool {
        let mut edges = self.place.iter().zip(other.place);
        self.page == other.page
            && self.text == other.text
            && edges.all(|(edge, others)| (edge - others).abs() <= NEAR)
    }
}

/// Gives lines that were seen again what the owner said to them before; each saying counts once.
pub fn carry_over(lines: &mut [SeenLine], mut decided: Vec<SeenLine>) {
    for line in lines {
        let Some(at) = decided.iter().position(|old| old.is_again(line)) else {
            continue;
        };
        let old = decided.swap_remove(at);
        line.state = old.state;
        line.corrected = old.corrected;
        line.decided_at = old.decided_at;
    }
}

/// Stores what was seen on a version, in place of what was seen before. What the owner decided stays for pages that were
/// not seen this time, so that it counts when they are.
pub fn replace(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    pages: &[SeenPage],
    lines: &[SeenLine],
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM seen_pages WHERE version = ?", [version.id])?;
    let seen: Vec<u32> = pages.iter().map(|page| page.page).collect();
    tx.execute(
        "DELETE FROM seen_lines WHERE version = ?1
           AND (state = 'doubtful' OR page IN (SELECT value FROM json_each(?2)))",
        (version.id, Json(seen)),
    )?;
    for SeenPage { page, seen } in pages {
        insert!(tx into seen_pages { version: version.id, page, seen: Json(seen) })?;
    }
    for line in lines {
        insert!(tx into seen_lines {
            id: line.id, version: version.id, page: line.page, line: line.line, text: line.text,
            confidence: line.confidence, place: Json(line.place), state: line.state,
            corrected: line.corrected, decided_at: line.decided_at
        })?;
    }
    Ok(())
}

/// The version whose lines the owner decides on: the newest that was read and was not rolled back.
pub fn find_version(
    conn: &Connection,
    document: &Scoped<Document>,
) -> Result<Option<Scoped<Version>>, StoreError> {
    let id: Option<VersionId> = conn
        .prepare_cached(
            "SELECT id FROM document_versions
             WHERE document = ? AND hold IS NOT 'rolled_back' AND extracted_at IS NOT NULL
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row([document.id], |row| row.get(0))
        .optional()?;
    id.map(|id| versions::get(conn, document.workspace(), id))
        .transpose()
}

/// The lines of a version that were doubtful when it was read, by page and place.
pub fn lines(conn: &Connection, version: &Scoped<Version>) -> Result<Vec<SeenLine>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM seen_lines WHERE version = ? ORDER BY page, line");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([version.id], SeenLine::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was seen on the pages of a version.
pub fn pages(conn: &Connection, version: &Scoped<Version>) -> Result<Vec<SeenPage>, StoreError> {
    let sql = "SELECT page, seen FROM seen_pages WHERE version = ? ORDER BY page";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([version.id], |row| {
        Ok(SeenPage {
            page: row.get("page")?,
            seen: row.get::<_, Json<Value>>("seen")?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The lines that the owner has decided on in this file, in this version and in others of the document with the same
/// bytes; those of this version first, then the latest.
pub fn decided(conn: &Connection, version: &Scoped<Version>) -> Result<Vec<SeenLine>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM seen_lines
         WHERE state <> 'doubtful' AND version IN (SELECT id FROM document_versions
                                                   WHERE document = ?1 AND sha256 = ?2)
         ORDER BY version = ?3 DESC, decided_at DESC, id"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let of = (version.document, &version.sha256, version.id);
    let rows = statement.query_map(of, SeenLine::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores what the owner said to a line. `Conflict` if the line is gone or no longer in the state `before`.
pub fn decide(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    line: &SeenLine,
    before: LineState,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE seen_lines SET state = ?, corrected = ?, decided_at = ?
             WHERE id = ? AND version = ? AND state = ?",
        )?
        .execute((
            line.state,
            &line.corrected,
            line.decided_at,
            line.id,
            version.id,
            before,
        ))?;
    match changed {
        0 => Err(StoreError::Conflict(
            "the line was read again or decided on meanwhile".into(),
        )),
        _ => Ok(()),
    }
}
