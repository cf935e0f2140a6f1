//! The options of a search and its result.

use super::View;
use super::faqs::FaqMatch;
use super::query::QueryTerm;
use super::rank::Signals;
use crate::language::{self, Language};
use crate::llm::Claim;
use crate::store::chunks::ChunkRow;
use crate::store::{DocumentId, FaqId, UnixMs, VersionId};

#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub chunk: i64,
    pub document: DocumentId,
    pub version: VersionId,
    pub title: String,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// Page it begins on, from 1.
    pub page: Option<u32>,
    pub text: String,
    /// Byte range in the version's text.
    pub span: [usize; 2],
    /// Position among the version's passages, from 0.
    pub ordinal: u32,
    /// The date that the document gives for itself.
    pub dated_at: Option<UnixMs>,
    /// Cosine of question and passage, −1 to 1; `None` when the embedding model was away.
    pub cosine: Option<f32>,
    /// Share of the question's content words that occur in the passage, its title or its headings, 0 to 1;
    /// a synonym counts less than the word itself.
    pub coverage: f32,
    /// Score of the ranking, higher is better; only comparable within one search.
    pub rank_score: f32,
    pub signals: Signals,
    /// Set when the passage is an approved answer and not from a document; `document` and `version` mean
    /// nothing then.
    pub faq: Option<FaqId>,
}

/// Latin letters needed to detect a language.
const LEAST_LETTERS: usize = 100;

#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The question as it was searched for.
    pub query: String,
    /// Its content words, and what the documents know of them.
    pub terms: Vec<QueryTerm>,
    /// The query's embedding; `None` when the embedding model was away.
    pub vector: Option<Vec<f32>>,
    /// Best first.
    pub passages: Vec<Passage>,
}

/// What decides the order of passages. The benchmarks compare `All` with the simpler ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankBy {
    /// BM25 alone.
    Words,
    /// Cosine alone.
    Meaning,
    /// Both, each scaled to its best.
    Both,
    /// Both, and the signals of each passage; near-duplicates are merged.
    #[default]
    All,
}

#[derive(Debug, Clone, Default)]
pub struct SearchOptions {
    pub limit: usize,
    /// Words to search for that the question does not contain: "Dec 24" for "Christmas Eve".
    pub extra_terms: Vec<String>,
    pub rank_by: RankBy,
    /// The live knowledge, or what it will be once everything at the gate is published.
    pub view: View,
    pub audience: Audience,
    /// Only passages of documents with one of these tags, their own or their source's; empty: all.
    pub tags: Vec<String>,
    /// Position in the embedder's queue.
    pub claim: Claim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Documents for staff are left out.
    #[default]
    Visitors,
    /// Anybody who may read the documents themselves.
    Staff,
}

impl Found {
    /// The language of most passages; `None` when there is too little text to tell.
    pub fn language(&self) -> Option<Language> {
        let text: Vec<&str> = self.passages.iter().map(|p| p.text.as_str()).collect();
        let text = text.join("\n");
        // A few rows of names and prices could be any language.
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
    /// An approved answer as a passage, so that parts of it can be quoted.
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
