//! What is searched for, and what a search gives.

use super::View;
use super::faqs::FaqMatch;
use super::query::QueryTerm;
use super::rank::Signals;
use crate::language::{self, Language};
use crate::llm::Claim;
use crate::store::chunks::ChunkRow;
use crate::store::{DocumentId, FaqId, UnixMs, VersionId};

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
    /// Its place among the version's passages, from 0.
    pub ordinal: u32,
    /// The date that the document gives itself.
    pub dated_at: Option<UnixMs>,
    /// Cosine of question and passage, −1 to 1; `None` when the embedding model was away.
    pub cosine: Option<f32>,
    /// Share of the question's content words that stand in the passage, its title or its headings,
    /// 0 to 1; a synonym counts less than the word.
    pub coverage: f32,
    /// Score of the ranking, larger is better; only comparable within one search.
    pub rank_score: f32,
    /// What the score is made of.
    pub signals: Signals,
    /// It is the answer of this question-and-answer pair and stands in no document; `document` and
    /// `version` mean nothing then.
    pub faq: Option<FaqId>,
}

/// Latin letters that tell a language.
const LEAST_LETTERS: usize = 100;

/// What a search gives.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The words that were searched for.
    pub query: String,
    /// Its content words, and what the documents know of them.
    pub terms: Vec<QueryTerm>,
    /// The query's embedding; `None` when the embedding model was away.
    pub vector: Option<Vec<f32>>,
    /// Passages, best first.
    pub passages: Vec<Passage>,
}

/// What decides the order of passages. The simpler ones are what the benchmarks compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankBy {
    /// BM25 alone.
    Words,
    /// Cosine alone.
    Meaning,
    /// Both, each scaled to its best.
    Both,
    /// Both, and what the passages show: near-duplicates become one.
    #[default]
    All,
}

/// How to search.
#[derive(Debug, Clone, Default)]
pub struct SearchOptions {
    /// Passages at most.
    pub limit: usize,
    /// Words that were not asked but are sought as well: "Dec 24" for "Christmas Eve".
    pub extra_terms: Vec<String>,
    /// What decides the order.
    pub rank_by: RankBy,
    /// The documents as they are, or as they will be when what waits at the gate is published.
    pub view: View,
    /// Who is answered.
    pub audience: Audience,
    /// Place in the embedder's queue.
    pub claim: Claim,
}

/// Who is answered from the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Everybody: documents for staff are not looked at.
    #[default]
    Visitors,
    /// Whoever may read the documents themselves.
    Staff,
}

impl Found {
    /// The language that most of the passages are written in, if they say enough to tell.
    pub fn language(&self) -> Option<Language> {
        let text: Vec<&str> = self.passages.iter().map(|p| p.text.as_str()).collect();
        let text = text.join("\n");
        // A few rows of names and prices look like any language.
        let latin = text.chars().filter(|c| c.is_alphabetic() && *c < '\u{250}');
        let others = text
            .chars()
            .filter(|c| c.is_alphabetic() && *c >= '\u{370}')
            .count();
        (others > 0 || latin.count() >= LEAST_LETTERS)
            .then(|| language::of_document(&text))
            .flatten()
    }
}

impl Passage {
    /// An approved answer as a passage, so that a place in it can be quoted.
    pub fn of_faq(near: &FaqMatch) -> Self {
        Self {
            chunk: 0,
            document: DocumentId::from(near.faq.id.uuid()),
            version: VersionId::from(near.faq.id.uuid()),
            title: near.phrasing.clone(),
            heading_path: vec![near.phrasing.clone()],
            page: None,
            text: near.faq.answer.clone(),
            span: [0, near.faq.answer.len()],
            ordinal: 0,
            dated_at: None,
            cosine: near.answered.or(near.cosine),
            coverage: near.overlap,
            rank_score: 0.0,
            signals: Signals::default(),
            faq: Some(near.faq.id),
        }
    }

    /// How well it fits the question, 0 to 1: the better of meaning and words.
    pub fn score(&self) -> f32 {
        self.cosine
            .unwrap_or(0.0)
            .clamp(0.0, 1.0)
            .max(self.coverage * 0.8)
    }

    pub(super) fn of(row: ChunkRow) -> Self {
        Self {
            chunk: row.id.0,
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
            ordinal: row.ordinal,
            dated_at: row.dated_at,
            cosine: None,
            coverage: 0.0,
            rank_score: 0.0,
            signals: Signals::default(),
            faq: None,
        }
    }
}
