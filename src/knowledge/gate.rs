//! The gate: holds new versions back until somebody publishes them.
//!
//! Passages of a held version are in the same indexes, under separate keys that no search for a visitor
//! uses.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::ingest::now;
use super::{Documents, KnowledgeError, Search};
use crate::store::gate;
use crate::store::{self, ChunkId, DocumentId, StoreError, VersionId, WorkspaceId};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// What visitors are answered from.
    #[default]
    Live,
    /// What it will be once every held version is published.
    Next,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// New versions are held until somebody publishes them.
    pub on: bool,
}

const SECTION: &str = "gate";

impl Gate {
    pub fn of(conn: &store::Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        store::workspaces::section(conn, workspace, SECTION)
    }

    pub fn keep(
        self,
        tx: &store::Transaction<'_>,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        store::workspaces::set_section(tx, workspace, SECTION, &self)
    }
}

/// The key of held passages in the indexes, from the workspace's or document's own.
pub(super) fn staged_key(key: &str) -> String {
    format!("{key}/next")
}

impl Search {
    /// Ids of the live passages whose document has a held version: in [`View::Next`] that version replaces
    /// them.
    pub(super) async fn find_replaced(
        &self,
        workspace: WorkspaceId,
        words: &[(i64, f32)],
        meaning: &[(i64, f32)],
    ) -> Result<HashSet<i64>, KnowledgeError> {
        let ids: Vec<ChunkId> = words
            .iter()
            .chain(meaning)
            .map(|(id, _)| ChunkId(*id))
            .collect();
        let read = move |conn: &_| {
            let replaced: HashSet<DocumentId> = gate::held(conn, workspace)?
                .into_iter()
                .filter(|held| held.chunks.is_some())
                .map(|held| held.document)
                .collect();
            if replaced.is_empty() {
                return Ok(HashSet::new());
            }
            let live = store::chunks::get_many(conn, workspace, &ids)?;
            let old = live.iter().filter(|row| replaced.contains(&row.document));
            Ok(old.map(|row| row.id.0).collect())
        };
        Ok(self.inner.store.read(read).await?)
    }
}

impl Documents {
    /// Publishes held versions. Each document switches over in one step.
    ///
    /// # Errors
    /// When one of them is not read yet.
    pub async fn publish(
        &self,
        workspace: WorkspaceId,
        versions: Vec<VersionId>,
    ) -> Result<(), KnowledgeError> {
        let wanted: HashSet<VersionId> = versions.into_iter().collect();
        let published = self.inner.store.write(move |tx| {
            let mut published = Vec::new();
            for held in gate::held(tx, workspace)? {
                if !wanted.contains(&held.version) {
                    continue;
                }
                if held.chunks.is_none() {
                    let what = format!("{} is still being read", held.name);
                    return Err(StoreError::Conflict(what.into()));
                }
                gate::publish(tx, workspace, &held, now())?;
                let data = serde_json::json!({"version": held.number});
                let subject = held.document.to_string();
                store::events::append(tx, workspace, "version_published", &subject, &data, now())?;
                let mut rows = Vec::new();
                store::chunks::for_each_of_document(tx, workspace, held.document, |row| {
                    rows.push(row);
                })?;
                published.push((held.document, rows));
            }
            Ok(published)
        });
        let embedder = self.inner.embedder.name();
        for (document, rows) in published.await? {
            self.inner.index.replace(document, &rows, &embedder)?;
            self.inner.index.unstage(document)?;
            self.propose_again(workspace, document).await;
        }
        Ok(())
    }

    /// Discards held versions for good.
    pub async fn discard(
        &self,
        workspace: WorkspaceId,
        versions: Vec<VersionId>,
    ) -> Result<(), KnowledgeError> {
        let wanted: HashSet<VersionId> = versions.into_iter().collect();
        let discarded = self.inner.store.write(move |tx| {
            let mut discarded: Vec<DocumentId> = Vec::new();
            for held in gate::held(tx, workspace)? {
                if wanted.contains(&held.version) {
                    gate::discard(tx, workspace, &held, now())?;
                    let data = serde_json::json!({"version": held.number});
                    let subject = held.document.to_string();
                    let kind = "version_discarded";
                    store::events::append(tx, workspace, kind, &subject, &data, now())?;
                    discarded.push(held.document);
                }
            }
            Ok(discarded)
        });
        for document in discarded.await? {
            self.inner.index.unstage(document)?;
        }
        Ok(())
    }
}
