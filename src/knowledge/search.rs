//! Finding passages: by words and by meaning, fused by rank.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use super::index::fuse::{Ranking, drop_near_identical, fuse};
use super::{Knowledge, KnowledgeError};
use crate::llm::Priority;
use crate::store::{self, ChunkId, DocumentId, VersionId, WorkspaceId};

/// Passages that each of the two searches gives.
const CANDIDATES: usize = 40;
/// Of two passages that share this much of their words, only the better one is kept.
const SAME: f32 = 0.8;

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Its id.
    pub chunk: i64,
    /// Its document.
    pub document: DocumentId,
    /// The document's version.
    pub version: VersionId,
    /// The document's title.
    pub title: String,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Page it begins on, from 1.
    pub page: Option<u32>,
    /// Its text.
    pub text: String,
    /// Its byte range in the version's text.
    pub span: [usize; 2],
    /// Cosine of question and passage, −1 to 1; `None` when the embedding model was away.
    pub cosine: Option<f32>,
    /// Share of the question's content words that stand in the passage, its title or its headings,
    /// 0 to 1.
    pub coverage: f32,
    /// Rank score of the fusion, larger is better; only comparable within one search.
    pub rank_score: f32,
}

impl Passage {
    /// How well it fits the question, 0 to 1: the better of meaning and words.
    pub fn score(&self) -> f32 {
        self.cosine
            .unwrap_or(0.0)
            .clamp(0.0, 1.0)
            .max(self.coverage * 0.8)
    }
}

impl Knowledge {
    /// The best passages for a question, best first. Without the embedding model, words alone decide.
    ///
    /// # Errors
    /// When the store or the index fails.
    pub async fn search(
        &self,
        workspace: WorkspaceId,
        query: &str,
        limit: usize,
    ) -> Result<Vec<Passage>, KnowledgeError> {
        let inner = &self.inner;
        inner.index.complete().await;
        // A question longer than this says nothing more about what is sought.
        let query: String = query.chars().take(2000).collect();
        let vector = match inner.embedder.ready() {
            Ok(()) => match inner
                .embedder
                .embed(vec![query.clone()], Priority::Chat)
                .await
            {
                Ok(embedded) => embedded.vectors.into_iter().next(),
                Err(error) => {
                    tracing::warn!(%error, "searching by words only");
                    None
                }
            },
            Err(_) => None,
        };
        let words = inner.index.by_words(workspace, &query, CANDIDATES)?;
        let meaning = match &vector {
            Some(vector) => inner.index.by_meaning(workspace, vector, CANDIDATES)?,
            None => Vec::new(),
        };
        let cosines: HashMap<i64, f32> = meaning.iter().copied().collect();
        let by_words: Vec<i64> = words.iter().map(|(id, _)| *id).collect();
        let by_meaning: Vec<i64> = meaning.iter().map(|(id, _)| *id).collect();
        let rankings = [
            Ranking {
                ids: &by_words,
                weight: 1.0,
            },
            Ranking {
                ids: &by_meaning,
                weight: 1.0,
            },
        ];
        let fused = fuse(&rankings, limit.saturating_mul(2).max(limit));
        let ids: Vec<ChunkId> = fused.iter().map(|(id, _)| ChunkId(*id)).collect();
        let rows = inner
            .store
            .read(move |conn| store::chunks::get_many(conn, workspace, &ids))
            .await?;
        let texts: Vec<(i64, &str)> = rows.iter().map(|r| (r.id.0, r.text.as_str())).collect();
        let kept: HashSet<i64> = drop_near_identical(&texts, SAME).into_iter().collect();
        let rank_scores: HashMap<i64, f32> = fused.into_iter().collect();
        let sought = content_words(&query);
        let passages = rows
            .into_iter()
            .filter(|row| kept.contains(&row.id.0))
            .take(limit)
            .map(|row| {
                let all = format!(
                    "{} {} {}",
                    row.document_title,
                    row.heading_path.join(" "),
                    row.text
                );
                Passage {
                    chunk: row.id.0,
                    coverage: coverage(&sought, &content_words(&all)),
                    cosine: cosines.get(&row.id.0).copied(),
                    rank_score: rank_scores.get(&row.id.0).copied().unwrap_or(0.0),
                    document: row.document,
                    version: row.version,
                    title: row.document_title,
                    heading_path: row.heading_path,
                    page: row.page,
                    text: row.text,
                    span: [
                        usize::try_from(row.start_byte).unwrap_or(0),
                        usize::try_from(row.end_byte).unwrap_or(0),
                    ],
                }
            })
            .collect();
        Ok(passages)
    }
}

fn coverage(sought: &HashSet<String>, found: &HashSet<String>) -> f32 {
    if sought.is_empty() {
        return 0.0;
    }
    sought.intersection(found).count() as f32 / sought.len() as f32
}

/// Words that say what a text is about, in lower case and without a plural's s: everything but the
/// most common words of English.
pub fn content_words(text: &str) -> HashSet<String> {
    text.unicode_words()
        .map(str::to_lowercase)
        .filter(|w| !COMMON.contains(&w.as_str()))
        .map(|w| match w.strip_suffix('s') {
            Some(stem) if stem.chars().count() > 3 && !stem.ends_with('s') => stem.to_owned(),
            _ => w,
        })
        .collect()
}

/// Function words of English, and the words of asking.
const COMMON: [&str; 88] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "get", "give", "had", "has", "have", "hello",
    "hi", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know", "let", "like", "many",
    "may", "me", "much", "my", "need", "no", "not", "of", "on", "one", "or", "our", "please",
    "she", "should", "so", "some", "tell", "than", "thank", "thanks", "that", "the", "their",
    "them", "there", "they", "this", "to", "us", "want", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "you", "your", "yours", "i'd", "i'm",
];

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
    fn coverage_is_the_share_of_sought_words_found() {
        let sought = content_words("price of a crown");
        assert!((coverage(&sought, &content_words("Crowns cost $900")) - 0.5).abs() < 1e-6);
        assert_eq!(coverage(&HashSet::new(), &sought), 0.0);
    }
}
