//! Finds passages by words and by meaning, and ranks them together with the signals of each passage.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::found::{Found, Passage, RankBy, SearchOptions};
use super::lists::load_rows;
use super::query::{self, Analysis, Synonyms};
use super::rank::{self, Reader, Signals};
use super::{Inner, KnowledgeError, View};
use crate::language::Language;
use crate::language::lists::is_stop_word;
use crate::llm::{Claim, EmbedAs, patiently};
use crate::store::{self, ChunkId, WorkspaceId};

/// Candidates to load and rank.
const READ: usize = 24;
/// In characters; whatever follows tells no more about what is sought.
const LONGEST: usize = 2000;

/// A passage whose text is not loaded yet.
struct Candidate {
    chunk: i64,
    words: f32,
    meaning: f32,
    cosine: Option<f32>,
    score: f32,
}

/// Searches all workspaces for the passages that answer a question.
#[derive(Clone)]
pub struct Search {
    pub(super) inner: Arc<Inner>,
}

impl Search {
    /// The best passages for a question, best first. Without the embedding model, words alone decide.
    pub async fn find(
        &self,
        workspace: WorkspaceId,
        query: &str,
        limit: usize,
    ) -> Result<Found, KnowledgeError> {
        let options = SearchOptions {
            limit,
            ..SearchOptions::default()
        };
        self.find_with(workspace, query, &options).await
    }

    /// Like [`Self::find`], with `options`.
    pub async fn find_with(
        &self,
        workspace: WorkspaceId,
        query: &str,
        options: &SearchOptions,
    ) -> Result<Found, KnowledgeError> {
        let inner = &self.inner;
        inner.index.complete().await;
        let query: String = query.chars().take(LONGEST).collect();
        let vector = match options.rank_by {
            RankBy::Words => None,
            _ => self.question_vector(&query, options.claim).await,
        };
        let own: Synonyms = inner
            .store
            .read(move |conn| store::workspaces::section(conn, workspace, Synonyms::SECTION))
            .await?;
        let (Analysis { terms, sought }, languages) = inner.index.with_terms(workspace, |terms| {
            let analysis = query::analyse(&query, &options.extra_terms, terms, &own);
            (analysis, terms.map(|t| t.languages()).unwrap_or_default())
        });
        let (words, meaning) = self
            .search_both(workspace, options, &sought, vector.as_deref())
            .await?;
        let mut candidates = merge(&words, &meaning);
        // Only these are loaded from the store and read, which is the expensive part.
        candidates.truncate(READ.max(options.limit));
        let mut passages = self
            .load_passages(workspace, options.view, &candidates)
            .await?;
        let mut reader = Reader::new(&sought, terms.len(), languages);
        for (passage, candidate) in &mut passages {
            let seen = reader.see(&passage.title, &passage.heading_path, &passage.text);
            passage.coverage = seen.coverage;
            passage.signals = Signals {
                words: candidate.words,
                meaning: candidate.meaning,
                ..seen.signals
            };
            passage.cosine = candidate.cosine;
            passage.rank_score = match options.rank_by {
                RankBy::All => rank::weigh(candidate.score, &passage.signals),
                _ => candidate.score,
            };
        }
        let mut passages: Vec<Passage> = passages.into_iter().map(|(p, _)| p).collect();
        if options.rank_by == RankBy::All {
            passages.sort_by(|a, b| b.rank_score.total_cmp(&a.rank_score));
            passages = rank::keep_newest(passages);
        }
        passages.truncate(options.limit);
        Ok(Found {
            query,
            terms,
            vector,
            passages,
        })
    }

    /// Its name in the model catalogue.
    pub fn embedder_name(&self) -> String {
        self.inner.embedder.name()
    }

    /// `None` while the embedding model is unavailable.
    pub async fn question_vector(&self, question: &str, claim: Claim) -> Option<Vec<f32>> {
        let embedder = &self.inner.embedder;
        embedder.ready().ok()?;
        let asked: Vec<String> = vec![question.chars().take(2000).collect()];
        let ask = || embedder.embed(asked.clone(), EmbedAs::Query, claim);
        match patiently(ask).await {
            // A text without a word may have no direction; then its words decide.
            Ok(embedded) => embedded
                .vectors
                .into_iter()
                .next()
                .filter(|vector| vector.iter().any(|x| x.is_normal())),
            Err(error) => {
                tracing::warn!(%error, "searching and comparing by words only");
                None
            }
        }
    }

    /// The vectors of several questions, in their order; `None` while the embedding model is unavailable.
    pub async fn question_vectors(
        &self,
        questions: Vec<String>,
        claim: Claim,
    ) -> Option<Vec<Vec<f32>>> {
        let embedder = &self.inner.embedder;
        embedder.ready().ok()?;
        let ask = || embedder.embed(questions.clone(), EmbedAs::Query, claim);
        match patiently(ask).await {
            Ok(embedded) => Some(embedded.vectors),
            Err(error) => {
                tracing::warn!(%error, "comparing by words only");
                None
            }
        }
    }

    /// The passages of the candidates, in their order, without those deleted meanwhile.
    async fn load_passages<'c>(
        &self,
        workspace: WorkspaceId,
        view: View,
        candidates: &'c [Candidate],
    ) -> Result<Vec<(Passage, &'c Candidate)>, KnowledgeError> {
        let ids: Vec<ChunkId> = candidates.iter().map(|c| ChunkId(c.chunk)).collect();
        let rows = self
            .inner
            .store
            .read(move |conn| load_rows(conn, workspace, view, &ids))
            .await?;
        let by_id: HashMap<i64, &Candidate> = candidates.iter().map(|c| (c.chunk, c)).collect();
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let passage = Passage::of(row);
                let candidate = by_id.get(&passage.chunk).copied()?;
                Some((passage, candidate))
            })
            .collect())
    }
}

/// The results of both searches as candidates, best first.
fn merge(words: &[(i64, f32)], meaning: &[(i64, f32)]) -> Vec<Candidate> {
    let by_words: HashMap<i64, f32> = words.iter().copied().collect();
    let by_meaning: HashMap<i64, f32> = meaning.iter().copied().collect();
    let mut seen = HashSet::new();
    let ids: Vec<i64> = words
        .iter()
        .chain(meaning)
        .map(|(id, _)| *id)
        .filter(|id| seen.insert(*id))
        .collect();
    let scores: Vec<Option<f32>> = ids
        .iter()
        .map(|id| Some(by_words.get(id).copied().unwrap_or(0.0)))
        .collect();
    let cosines: Vec<Option<f32>> = ids.iter().map(|id| by_meaning.get(id).copied()).collect();
    let scaled = rank::scaled(&scores)
        .into_iter()
        .zip(rank::scaled(&cosines));
    let mut all: Vec<Candidate> = ids
        .into_iter()
        .zip(scaled)
        .zip(cosines)
        .map(|((chunk, (words, meaning)), cosine)| Candidate {
            chunk,
            words,
            meaning,
            cosine,
            score: rank::blend(
                if by_words.is_empty() { 0.0 } else { words },
                cosine.map(|_| meaning),
            ),
        })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

/// The words that say what a text is about: lowercased, without a plural s, and without the most common
/// words of English.
pub fn content_words(text: &str) -> HashSet<String> {
    text.unicode_words()
        .map(str::to_lowercase)
        .filter(|w| !is_stop_word(Language::En, w))
        .map(|w| match w.strip_suffix('s') {
            Some(stem) if stem.chars().count() > 3 && !stem.ends_with('s') => stem.to_owned(),
            _ => w,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_words_are_what_a_question_is_about() {
        let words = content_words("What are your opening hours on Sundays?");
        assert_eq!(
            words,
            ["opening", "hour", "sunday"].map(String::from).into()
        );
    }

    #[test]
    fn candidates_of_both_searches_are_weighed_together() {
        let ids = |words: &[(i64, f32)], meaning: &[(i64, f32)]| -> Vec<i64> {
            merge(words, meaning).iter().map(|c| c.chunk).collect()
        };
        assert_eq!(ids(&[(1, 9.0), (2, 8.0)], &[]), [1, 2]);
        assert_eq!(ids(&[], &[(3, 0.6), (2, 0.2)]), [3, 2]);
        // Good in both beats best in one.
        let found = ids(&[(1, 9.0), (2, 8.0)], &[(3, 0.7), (2, 0.65), (1, 0.0)]);
        assert_eq!(found.first(), Some(&2));
        assert!(ids(&[], &[]).is_empty());
    }
}
