//! The results of the word search and the vector search, for one view of the gate and one audience.

use super::found::{Audience, RankBy, SearchOptions};
use super::gate::staged_key;
use super::query;
use super::{KnowledgeError, Search, View};
use crate::store::chunks::ChunkRow;
use crate::store::{self, ChunkId, StoreError, WorkspaceId, documents, tags};

/// Passages to take from each of the two searches.
const CANDIDATES: usize = 60;
/// How much further down the next look goes.
const WIDER: usize = 8;
/// Passages that are looked at for chosen ones, at most: more than a workspace of ordinary size has.
const MOST_LOOKED_AT: usize = 60 * 8 * 8 * 8;

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
                let search = |limit| index.by_words(key, sought, limit);
                words.extend(self.take_chosen(workspace, &options.tags, search).await?);
            }
            if let Some(vector) = vector {
                let also = words.iter().map(|(chunk, _)| *chunk).collect();
                let search = |limit| index.by_meaning(key, vector, limit, &also);
                meaning.extend(self.take_chosen(workspace, &options.tags, search).await?);
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

    /// The best results with one of the tags. Other knowledge may fill all the first places, so this looks further down until
    /// there are enough, or no more.
    async fn take_chosen(
        &self,
        workspace: WorkspaceId,
        chosen: &[String],
        search: impl Fn(usize) -> Result<Scored, KnowledgeError>,
    ) -> Result<Scored, KnowledgeError> {
        if chosen.is_empty() {
            return search(CANDIDATES);
        }
        let mut limit = CANDIDATES;
        loop {
            let mut found = search(limit)?;
            let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
            let all = ids.len() < limit;
            let chosen = chosen.to_vec();
            let read = move |conn: &_| tags::chunks_with(conn, workspace, &chosen, &ids);
            let kept = self.inner.store.read(read).await?;
            if all || kept.len() >= CANDIDATES || limit >= MOST_LOOKED_AT {
                found.retain(|(id, _)| kept.contains(id));
                found.truncate(CANDIDATES);
                return Ok(found);
            }
            limit = limit.saturating_mul(WIDER).min(MOST_LOOKED_AT);
        }
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
