//! Changes that wait at the gate until somebody publishes them: versions of documents that are read but not searched
//! yet, and proposed changes of the instructions.

use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::chunks::{ChunkRow, NewChunk, held_chunks, insert_all};
use super::rows::columns;
use super::values::{Json, text_enum};
use super::versions::Version;
use super::{
    ChunkId, DocumentId, EvalRunId, ProposalId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId,
};

/// A document version that waits at the gate.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldVersion {
    pub version: VersionId,
    pub number: u32,
    pub document: DocumentId,
    /// File name of the document.
    pub name: String,
    /// Number of chunks; `None` before it was read.
    pub chunks: Option<u32>,
    /// Why it could not be read.
    pub error: Option<String>,
    /// Whether an older version is in search meanwhile.
    pub replaces: bool,
    pub created_at: UnixMs,
}

/// Keeps a version at the gate: it will be read, but not searched.
pub fn hold(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    version: VersionId,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE document_versions SET hold = 'held' WHERE id = ?2
           AND document IN (SELECT id FROM documents WHERE workspace = ?1)",
        (workspace, version),
    )?;
    if changed == 0 {
        Err(StoreError::NotFound("the document version"))
    } else {
        Ok(())
    }
}

/// Stores the chunks of a waiting version beside those in search. Removes earlier versions of the document that still
/// wait.
pub fn stage(
    tx: &Transaction<'_>,
    version: &Scoped<Version>,
    chunks: &[NewChunk],
    now: UnixMs,
) -> Result<Vec<ChunkId>, StoreError> {
    tx.execute(
        "DELETE FROM document_versions WHERE document = ? AND hold = 'held' AND number < ?",
        (version.document, version.number),
    )?;
    // A retried job may have stored chunks already.
    tx.execute("DELETE FROM chunks WHERE version = ?", [version.id])?;
    tx.execute(
        "UPDATE documents SET state = 'ready', error = NULL, updated_at = ? WHERE id = ?",
        (now, version.document),
    )?;
    insert_all(tx, version, chunks)
}

/// Passes the chunks of waiting versions (of one document, if given) to `each`.
pub fn for_each_staged(
    conn: &Connection,
    document: Option<DocumentId>,
    each: impl FnMut(ChunkRow),
) -> Result<(), StoreError> {
    held_chunks(conn, "(?1 IS NULL OR c.document = ?1)", [document], each)
}

/// The waiting chunks with these ids, in the order asked for.
pub fn get_staged(
    conn: &Connection,
    workspace: WorkspaceId,
    ids: &[ChunkId],
) -> Result<Vec<ChunkRow>, StoreError> {
    let mut found = Vec::new();
    for id in ids {
        let filter = "c.workspace = ? AND c.id = ?";
        held_chunks(conn, filter, (workspace, id), |row| found.push(row))?;
    }
    Ok(found)
}

/// The waiting versions of a workspace, oldest first.
pub fn held(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<HeldVersion>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT v.id, v.number, v.document, d.name, d.current_version, v.created_at, v.extracted_at,
                iif(d.state = 'failed' AND v.extracted_at IS NULL, d.error, NULL) AS error,
                (SELECT count(*) FROM chunks WHERE version = v.id) AS chunks
         FROM document_versions v JOIN documents d ON d.id = v.document
         WHERE d.workspace = ? AND d.deleted_at IS NULL AND v.hold = 'held'
         ORDER BY v.created_at, v.id",
    )?;
    let rows = statement.query_map([workspace], |row| {
        let read: Option<UnixMs> = row.get("extracted_at")?;
        Ok(HeldVersion {
            version: row.get("id")?,
            number: row.get("number")?,
            document: row.get("document")?,
            name: row.get("name")?,
            chunks: read.map(|_| row.get("chunks")).transpose()?,
            error: row.get("error")?,
            replaces: row
                .get::<_, Option<VersionId>>("current_version")?
                .is_some(),
            created_at: row.get("created_at")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Puts a waiting version into search, and removes the chunks of the previous one.
pub fn publish(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    held: &HeldVersion,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE document_versions SET hold = NULL WHERE id = ? AND hold = 'held'
           AND document IN (SELECT id FROM documents WHERE id = ? AND workspace = ?)",
        (held.version, held.document, workspace),
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound("the version at the gate"));
    }
    tx.execute(
        "UPDATE documents SET current_version = ?, state = 'ready', error = NULL, updated_at = ?
         WHERE id = ? AND workspace = ?",
        (held.version, now, held.document, workspace),
    )?;
    tx.execute(
        "DELETE FROM chunks WHERE document = ? AND version <> ?",
        (held.document, held.version),
    )?;
    Ok(())
}

/// Removes a waiting version, and its document if that has no other version.
pub fn discard(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    held: &HeldVersion,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "DELETE FROM document_versions WHERE id = ? AND hold = 'held'
           AND document IN (SELECT id FROM documents WHERE id = ? AND workspace = ?)",
        (held.version, held.document, workspace),
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound("the version at the gate"));
    }
    tx.execute("DELETE FROM chunks WHERE version = ?", [held.version])?;
    tx.execute(
        "UPDATE documents SET state = 'ready', error = NULL, updated_at = ?
         WHERE id = ? AND workspace = ? AND current_version IS NOT NULL",
        (now, held.document, workspace),
    )?;
    tx.execute(
        "DELETE FROM documents WHERE id = ?1 AND workspace = ?2
           AND NOT EXISTS (SELECT 1 FROM document_versions WHERE document = ?1)",
        (held.document, workspace),
    )?;
    Ok(())
}

text_enum! {
    pub enum ProposalState {
        Open = "open",
        /// It took effect.
        Published = "published",
        /// Somebody withdrew it.
        Withdrawn = "withdrawn",
    }
}

/// A proposed change of the workspace's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub id: ProposalId,
    /// What it changes; only `instructions` so far.
    pub kind: String,
    /// In the format of the code that applies it.
    pub change: Value,
    pub created_at: UnixMs,
}

columns! { COLUMNS of Proposal { id, kind, change: json, created_at } }

/// Proposes a change. It replaces an open proposal of the same kind.
pub fn propose(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    kind: &str,
    change: &Value,
    now: UnixMs,
) -> Result<ProposalId, StoreError> {
    tx.execute(
        "UPDATE proposals SET state = 'withdrawn', decided_at = ?
         WHERE workspace = ? AND kind = ? AND state = 'open'",
        (now, workspace, kind),
    )?;
    let id = ProposalId::new();
    tx.execute(
        "INSERT INTO proposals (id, workspace, kind, change, state, created_at)
         VALUES (?, ?, ?, ?, 'open', ?)",
        (id, workspace, kind, Json(change), now),
    )?;
    Ok(id)
}

/// The open proposals of a workspace, oldest first.
pub fn proposals(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Proposal>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM proposals
         WHERE workspace = ? AND state = 'open' ORDER BY created_at, rowid"
    ))?;
    let rows = statement.query_map([workspace], Proposal::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends an open proposal; `run` is the evaluation run that decided it.
pub fn decide(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: ProposalId,
    state: ProposalState,
    run: Option<EvalRunId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE proposals SET state = ?, run = ?, decided_at = ?
         WHERE id = ? AND workspace = ? AND state = 'open'",
        (state, run, now, id, workspace),
    )?;
    if changed == 0 {
        Err(StoreError::NotFound("the proposal"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::documents::{self, DocumentState, NewDocument};
    use crate::store::{Store, versions, workspaces};

    fn upload(
        tx: &Transaction<'_>,
        workspace: WorkspaceId,
        name: &str,
        text: &[u8],
    ) -> Result<VersionId, StoreError> {
        let new = NewDocument {
            name,
            title: name,
            media_type: "text/plain",
            original: text,
        };
        Ok(documents::insert(tx, workspace, &new, 1)?.version())
    }

    fn chunk(text: &str) -> NewChunk {
        NewChunk {
            heading_path: Vec::new(),
            page: None,
            start_byte: 0,
            end_byte: 1,
            text: text.into(),
            embedding: None,
            language: None,
        }
    }

    #[tokio::test]
    async fn a_version_that_waits_is_not_among_the_searched_until_it_is_published() {
        let store = Store::open_in_memory().unwrap();
        let outcome = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let old = upload(tx, shop, "a.txt", b"old")?;
            crate::store::chunks::replace(tx, &versions::get(tx, shop, old)?, &[chunk("old")], 1)?;
            let new = upload(tx, shop, "a.txt", b"new")?;
            hold(tx, shop, new)?;
            assert!(held(tx, shop)?[0].replaces);
            stage(tx, &versions::get(tx, shop, new)?, &[chunk("new")], 2)?;
            let searched = |tx: &Transaction<'_>| {
                let mut texts = Vec::new();
                let each = |row: ChunkRow| texts.push(row.text);
                crate::store::chunks::for_each_indexable(tx, Some(shop), each)?;
                Ok::<_, StoreError>(texts)
            };
            assert_eq!(searched(tx)?, ["old"]);
            let mut staged = Vec::new();
            for_each_staged(tx, None, |row| staged.push(row.id))?;
            assert_eq!(get_staged(tx, shop, &staged)?[0].text, "new");
            let waits = held(tx, shop)?.remove(0);
            let elsewhere = workspaces::get_or_create(tx, "b", "B", 1)?.id;
            assert!(held(tx, elsewhere)?.is_empty());
            for refused in [
                publish(tx, elsewhere, &waits, 3),
                discard(tx, elsewhere, &waits, 3),
            ] {
                assert!(matches!(refused, Err(StoreError::NotFound(_))));
            }
            publish(tx, shop, &waits, 3)?;
            assert_eq!(searched(tx)?, ["new"]);
            assert!(held(tx, shop)?.is_empty());
            assert!(matches!(
                publish(tx, shop, &waits, 3),
                Err(StoreError::NotFound(_))
            ));
            Ok(())
        });
        outcome.await.unwrap();
    }

    #[tokio::test]
    async fn what_could_not_be_read_says_why_and_can_be_discarded() {
        let store = Store::open_in_memory().unwrap();
        let outcome = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let version = upload(tx, shop, "a.pdf", b"broken")?;
            hold(tx, shop, version)?;
            let document = documents::get(tx, shop, held(tx, shop)?[0].document)?;
            let failed = DocumentState::Failed;
            documents::set_state(tx, &document, failed, Some("it is damaged"), 2)?;
            let waits = held(tx, shop)?.remove(0);
            assert_eq!(waits.error.as_deref(), Some("it is damaged"));
            discard(tx, shop, &waits, 3)?;
            assert!(documents::list(tx, shop)?.is_empty());
            Ok(())
        });
        outcome.await.unwrap();
    }

    #[tokio::test]
    async fn a_proposal_gives_way_to_a_later_one_and_is_decided_once() {
        let store = Store::open_in_memory().unwrap();
        let outcome = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            propose(tx, shop, "assistant", &json!({"n": 1}), 1)?;
            let second = propose(tx, shop, "assistant", &json!({"n": 2}), 2)?;
            let open = proposals(tx, shop)?;
            assert_eq!((open.len(), &open[0].change), (1, &json!({"n": 2})));
            decide(tx, shop, second, ProposalState::Published, None, 3)?;
            assert!(decide(tx, shop, second, ProposalState::Withdrawn, None, 3).is_err());
            assert!(proposals(tx, shop)?.is_empty());
            Ok(())
        });
        outcome.await.unwrap();
    }
}
