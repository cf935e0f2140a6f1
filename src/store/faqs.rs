//! Questions with answers that the business approved. An answer may have several phrasings of its question; each
//! phrasing has its own embedding.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::{columns, insert};
use super::values::text_enum;
use super::{FaqId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum FaqState {
        /// Being written; no visitor gets it.
        Draft = "draft",
        /// Visitors get it.
        Approved = "approved",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Faq {
    pub id: FaqId,
    pub workspace: WorkspaceId,
    /// Given word for word.
    pub answer: String,
    pub state: FaqState,
    /// The person in charge of it; may be empty.
    pub owner: String,
    /// ISO 639-1 code of the answer's language, if it was given or detected.
    pub language: Option<String>,
    /// Where it came from, such as a file name; may be empty.
    pub source: String,
    /// From this moment on visitors no longer get it.
    pub expires_at: Option<UnixMs>,
    /// Assistants choose their knowledge by them.
    pub tags: Vec<String>,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
    pub approved_at: Option<UnixMs>,
    /// In the order they were written; at least one.
    pub phrasings: Vec<Phrasing>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Phrasing {
    /// Never used twice.
    pub id: i64,
    pub question: String,
    /// Encoded as the search stores it.
    pub embedding: Option<Vec<u8>>,
    pub embedder: Option<String>,
}

/// The fields that the owner sets, for creating and for updating a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFaq {
    pub answer: String,
    pub state: FaqState,
    /// The person in charge of it; may be empty.
    pub owner: String,
    pub language: Option<String>,
    /// Where it came from; may be empty.
    pub source: String,
    /// From this moment on visitors no longer get it.
    pub expires_at: Option<UnixMs>,
    /// Phrasings of the question.
    pub phrasings: Vec<String>,
}

columns! {
    COLUMNS of Faq {
        id, workspace, answer, state, owner, language, source, expires_at, tags: json, created_at, updated_at,
        approved_at; phrasings
    }
}

impl Faq {
    /// Whether visitors get it at `now`.
    pub fn is_live(&self, now: UnixMs) -> bool {
        self.state == FaqState::Approved && self.expires_at.is_none_or(|end| now < end)
    }
}

columns! { WORDING of Phrasing { id, question, embedding, embedder } }

pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewFaq,
    now: UnixMs,
) -> Result<FaqId, StoreError> {
    let id = FaqId::new();
    let approved_at = (new.state == FaqState::Approved).then_some(now);
    insert!(tx into faqs {
        id, workspace, answer: new.answer, state: new.state, owner: new.owner,
        language: new.language, source: new.source, expires_at: new.expires_at,
        created_at: now, updated_at: now, approved_at
    })?;
    add_phrasings(tx, id, &new.phrasings)?;
    Ok(id)
}

fn add_phrasings(tx: &Transaction<'_>, id: FaqId, questions: &[String]) -> Result<(), StoreError> {
    let mut add =
        tx.prepare_cached("INSERT OR IGNORE INTO faq_phrasings (faq, question) VALUES (?, ?)")?;
    for question in questions {
        add.execute((id, question))?;
    }
    Ok(())
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: FaqId,
) -> Result<Scoped<Faq>, StoreError> {
    let mut faq = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM faqs WHERE workspace = ? AND id = ?"
        ))?
        .query_row((workspace, id), Faq::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the question"))?;
    faq.phrasings = phrasings(conn, id)?;
    Ok(Scoped::proven(workspace, faq))
}

fn phrasings(conn: &Connection, id: FaqId) -> Result<Vec<Phrasing>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {WORDING} FROM faq_phrasings WHERE faq = ? ORDER BY id"
    ))?;
    let rows = statement.query_map([id], Phrasing::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The questions of a workspace, the most recently changed first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Faq>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM faqs WHERE workspace = ? ORDER BY updated_at DESC, id DESC"
    ))?;
    let rows = statement.query_map([workspace], Faq::from_row)?;
    let mut found: Vec<Faq> = rows.collect::<Result<_, _>>()?;
    for faq in &mut found {
        faq.phrasings = phrasings(conn, faq.id)?;
    }
    Ok(found)
}

/// Passes every approved question of all workspaces to `each`, including expired ones.
pub fn for_each_approved(conn: &Connection, mut each: impl FnMut(Faq)) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM faqs WHERE state = 'approved'"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut faq = Faq::from_row(row)?;
        faq.phrasings = phrasings(conn, faq.id)?;
        each(faq);
    }
    Ok(())
}

/// Replaces everything but the id. A phrasing that stays keeps its embedding, unless the answer changed: embeddings are
/// made of phrasing and answer together.
pub fn update(
    tx: &Transaction<'_>,
    faq: &Scoped<Faq>,
    new: &NewFaq,
    now: UnixMs,
) -> Result<(), StoreError> {
    // Editing an approved answer keeps the time of its first approval.
    let approved_at = match new.state {
        FaqState::Draft => None,
        FaqState::Approved => Some(faq.approved_at.unwrap_or(now)),
    };
    let changed = tx
        .prepare_cached(
            "UPDATE faqs SET answer = ?, state = ?, owner = ?, language = ?, source = ?,
                    expires_at = ?, updated_at = ?, approved_at = ?
             WHERE workspace = ? AND id = ?",
        )?
        .execute((
            &new.answer,
            new.state,
            &new.owner,
            &new.language,
            &new.source,
            new.expires_at,
            now,
            approved_at,
            faq.workspace(),
            faq.id,
        ))?;
    if changed == 0 {
        return Err(StoreError::NotFound("the question"));
    }
    let mut remove = tx.prepare_cached("DELETE FROM faq_phrasings WHERE id = ?")?;
    for gone in faq
        .phrasings
        .iter()
        .filter(|p| !new.phrasings.contains(&p.question))
    {
        remove.execute([gone.id])?;
    }
    if new.answer != faq.answer {
        tx.prepare_cached(
            "UPDATE faq_phrasings SET embedding = NULL, embedder = NULL WHERE faq = ?",
        )?
        .execute([faq.id])?;
    }
    add_phrasings(tx, faq.id, &new.phrasings)
}

/// Publishes the answer to visitors, or withdraws it.
pub fn set_state(
    tx: &Transaction<'_>,
    faq: &Scoped<Faq>,
    state: FaqState,
    now: UnixMs,
) -> Result<(), StoreError> {
    let approved_at = (state == FaqState::Approved).then_some(now);
    let changed = tx
        .prepare_cached(
            "UPDATE faqs SET state = ?, updated_at = ?, approved_at = ?
             WHERE workspace = ? AND id = ?",
        )?
        .execute((state, now, approved_at, faq.workspace(), faq.id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the question"))
    } else {
        Ok(())
    }
}

pub fn delete(tx: &Transaction<'_>, faq: &Scoped<Faq>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM faqs WHERE workspace = ? AND id = ?",
        (faq.workspace(), faq.id),
    )?;
    Ok(())
}

/// A phrasing that still needs an embedding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare {
    pub id: i64,
    pub workspace: WorkspaceId,
    pub faq: FaqId,
    /// What to embed: the phrasing …
    pub question: String,
    /// … and the answer.
    pub answer: String,
}

/// Up to `limit` phrasings without an embedding of this embedder, oldest first.
pub fn list_missing_embeddings(
    conn: &Connection,
    embedder: &str,
    limit: u32,
) -> Result<Vec<Bare>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT p.id, f.workspace, p.faq, p.question, f.answer FROM faq_phrasings p
         JOIN faqs f ON f.id = p.faq WHERE p.embedder IS NOT ? ORDER BY p.id LIMIT ?",
    )?;
    let rows = statement.query_map((embedder, limit), |row| {
        Ok(Bare {
            id: row.get(0)?,
            workspace: row.get(1)?,
            faq: row.get(2)?,
            question: row.get(3)?,
            answer: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores embeddings, skipping phrasings that are gone.
pub fn set_embeddings(
    tx: &Transaction<'_>,
    embedder: &str,
    embeddings: &[(i64, Vec<u8>)],
) -> Result<(), StoreError> {
    let mut update =
        tx.prepare_cached("UPDATE faq_phrasings SET embedding = ?, embedder = ? WHERE id = ?")?;
    for (id, embedding) in embeddings {
        update.execute((embedding, embedder, id))?;
    }
    Ok(())
}

/// How many receipts rest on each approved answer of a workspace.
pub fn answered(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<HashMap<FaqId, u64>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT json_extract(checks, '$.faq') AS faq, count(*) FROM receipts
         WHERE workspace = ? AND rung = 'faq' GROUP BY faq",
    )?;
    let rows = statement.query_map([workspace], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?))
    })?;
    let mut counts = HashMap::new();
    for row in rows {
        let (id, count) = row?;
        if let Some(id) = id.and_then(|id| id.parse().ok()) {
            counts.insert(id, u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(counts)
}
