//! The results of the word search and the vector search, for one view of the gate and one audience.

use super::found::{Audience, RankBy, SearchOptions};
use super::gate::staged_key;
use super::query;
use super::{KnowledgeError, Search, View};
use crate::store::chunks::ChunkRow;
use crate::store::{self, ChunkId, StoreError, WorkspaceId, documents};

/// Passages to take from each of the two searches.
const CANDIDATES: usize = 60;

/// Ids of passages with their scores.
pub(super) type Scored = Vec<(i64, f32)>;

impl Search {
    /// The results by words and by meaning.
    pub(super) async fn search_both(
        &self,
        workspace: WorkspaceId,
        options: &SearchOptions,
        sought: &[query::Sought],
        vector: Option<&[f32]>,
    ) -> Result<(Scored, Scored), KnowledgeError> {
        let index = &self.inner.index;
        let key = workspace.to_string();
        let keys = match options.view {
            View::Live => vec![key],
            View::Next => vec![staged_key(&key), key],
        };
        let (mut words, mut meaning) = (Scored::new(), Scored::new());
        for key in &keys {
            if options.rank_by != RankBy::Meaning {
                words.extend(index.by_words(key, sought, CANDIDATES)?);
            }
            if let Some(vector) = vector {
                let also = words.iter().map(|(chunk, _)| *chunk).collect();
                meaning.extend(index.by_meaning(key, vector, CANDIDATES, &also)?);
            }
        }
        if options.view == View::Next {
            let replaced = self.find_replaced(workspace, &words, &meaning).await?;
            for found in [&mut words, &mut meaning] {
                found.retain(|(id, _)| !replaced.contains(id));
                found.sort_by(|a, b| b.1.total_cmp(&a.1));
            }
        }
        if options.audience == Audience::Visitors {
            let ids: Vec<i64> = words.iter().chain(&meaning).map(|(id, _)| *id).collect();
            let read = move |conn: &_| documents::staff_only_chunks(conn, workspace, &ids);
            let hidden = self.inner.store.read(read).await?;
            for found in [&mut words, &mut meaning] {
                found.retain(|(id, _)| !hidden.contains(id));
            }
        }
        Ok((words, meaning))
    }
}

/// The passages with these ids, in this order; in [`View::Next`] including held ones.
pub(super) fn load_rows(
    conn: &store::Connection,
    workspace: WorkspaceId,
    view: View,
    ids: &[ChunkId],
) -> Result<Vec<ChunkRow>, StoreError> {
    let mut rows = store::chunks::get_many(conn, workspace, ids)?;
    if view == View::Next {
        rows.extend(store::gate::get_staged(conn, workspace, ids)?);
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    }
    Ok(rows)
}
