//! The gate: versions that are read and wait to be searched, and the view in which they are.
//!
//! The passages of a version that waits lie in the same indexes under keys of their own, so that no
//! search of visitors can meet them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::ingest::now;
use super::{Documents, KnowledgeError, Search};
use crate::store::gate;
use crate::store::{self, ChunkId, DocumentId, StoreError, VersionId, WorkspaceId};

/// Which knowledge is searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// What visitors are answered from.
    #[default]
    Live,
    /// As it would be after everything that waits at the gate went live.
    Next,
}

/// The gate of a workspace, as its settings keep it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// Changes wait until somebody publishes them.
    pub on: bool,
}

/// Name of the section of the workspace's settings.
const SECTION: &str = "gate";

impl Gate {
    /// The gate of a workspace.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(conn: &store::Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        store::workspaces::section(conn, workspace, SECTION)
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(
        self,
        tx: &store::Transaction<'_>,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        store::workspaces::set_section(tx, workspace, SECTION, &self)
    }
}

/// The name under which the passages that wait are in the indexes.
pub(super) fn staged_key(key: &str) -> String {
    format!("{key}/next")
}

impl Search {
    /// Which of these searched passages belong to documents that have a version waiting: in the next
    /// view they give way to it.
    pub(super) async fn given_way(
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
    /// Makes versions that wait the searched ones, at once for each document.
    ///
    /// # Errors
    /// When one is not read yet, or the store or the index fails.
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

    /// Takes versions that wait away, for good.
    ///
    /// # Errors
    /// When the store or the index fails.
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
