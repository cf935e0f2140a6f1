//! Finds passages by their words: BM25 (Robertson and Zaragoza 2009) in memory.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    query::{Bm25StatisticsProvider, Bm25Weight},
    schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{TextAnalyzer, WhitespaceTokenizer},
};

use super::IndexError;
use super::scores::{Scores, Weighed};
use super::vocabulary::{PassageTerms, Terms, Vocabulary};
use crate::knowledge::query::Sought;
use crate::language::Language;
use crate::language::words::{stem, words};

/// Memory for uncommitted passages, in bytes; tantivy needs at least 15 MB.
const WRITER_BYTES: usize = 20_000_000;
/// Tokenizer of fields whose terms are made in this file.
const MADE: &str = "made";

/// Weights of the fields, tuned on public collections; the text has 1.
const TITLE_WEIGHT: f32 = 0.2;
const HEADING_WEIGHT: f32 = 0.4;
/// Words as written, beside their stems: they tell "policy" from "police".
const WRITTEN_WEIGHT: f32 = 0.3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRef<'a> {
    pub workspace: &'a str,
    /// Unique across workspaces.
    pub document: &'a str,
    pub chunk: i64,
}

/// The searchable text of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// Decides how words are stemmed.
    pub language: Language,
    pub title: &'a str,
    /// The headings above it.
    pub heading: &'a str,
    pub text: &'a str,
}

#[derive(Clone, Copy)]
struct Fields {
    workspace: Field,
    document: Field,
    chunk: Field,
    title: Field,
    heading: Field,
    text: Field,
    written: Field,
}

/// The word index of all workspaces.
pub struct LexicalIndex {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    vocabulary: RwLock<Vocabulary>,
}

impl LexicalIndex {
    /// # Errors
    /// If tantivy cannot start its writer thread.
    pub fn new() -> Result<Self, IndexError> {
        let mut schema = Schema::builder();
        let made = || {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(MADE)
                    .set_index_option(IndexRecordOption::WithFreqs),
            )
        };
        let fields = Fields {
            workspace: schema.add_text_field("workspace", STRING),
            document: schema.add_text_field("document", STRING),
            chunk: schema.add_i64_field("chunk", FAST),
            title: schema.add_text_field("title", made()),
            heading: schema.add_text_field("heading", made()),
            text: schema.add_text_field("text", made()),
            written: schema.add_text_field("written", made()),
        };
        let index = Index::create_in_ram(schema.build());
        // `add` has already split, folded and stemmed the words by the language of the passage.
        let made = TextAnalyzer::from(WhitespaceTokenizer::default());
        index.tokenizers().register(MADE, made);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            fields,
            reader,
            writer: Mutex::new(writer),
            vocabulary: RwLock::default(),
        })
    }

    /// Adds a passage; searches find it after the next [`commit`](Self::commit).
    ///
    /// # Errors
    /// If the writer has failed.
    pub fn add(&self, passage: ChunkRef<'_>, text: Text<'_>) -> Result<(), IndexError> {
        let f = &self.fields;
        let mut doc = TantivyDocument::new();
        doc.add_text(f.workspace, passage.workspace);
        doc.add_text(f.document, passage.document);
        doc.add_i64(f.chunk, passage.chunk);
        let mut stems: Vec<String> = Vec::new();
        let mut written: Vec<String> = Vec::new();
        for (field, part) in [
            (Some(f.title), text.title),
            (Some(f.heading), text.heading),
            (None, text.text),
        ] {
            let before = stems.len();
            for word in words(part) {
                stems.push(stem(text.language, &word.folded));
                written.push(word.folded);
            }
            if let Some(field) = field {
                doc.add_text(field, stems.get(before..).unwrap_or_default().join(" "));
            }
        }
        doc.add_text(f.text, stems.join(" "));
        doc.add_text(f.written, written.join(" "));
        self.writer().add_document(doc)?;
        let counted = PassageTerms {
            language: text.language,
            tokens: stems.len() as u64,
            stems: unique(&stems),
            words: unique(&written),
        };
        self.vocabulary
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .add(passage.workspace, passage.document, &counted);
        Ok(())
    }

    /// Removes all passages of a document with the next [`commit`](Self::commit).
    pub fn remove_document(&self, document: &str) {
        self.writer()
            .delete_term(Term::from_field_text(self.fields.document, document));
        self.vocabulary
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove_document(document);
    }

    /// Makes all changes visible to searches that start after it returns.
    ///
    /// # Errors
    /// If the writer has failed; the changes are not visible then.
    pub fn commit(&self) -> Result<(), IndexError> {
        self.writer().commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Number of visible passages in all workspaces.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Passes the words of a workspace to `read`; `None` if it has no passages.
    pub fn with_terms<T>(&self, workspace: &str, read: impl FnOnce(Option<&Terms>) -> T) -> T {
        let vocabulary = self
            .vocabulary
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        read(vocabulary.of(workspace))
    }

    /// The best passages of a workspace with their scores, best first.
    ///
    /// `sought` is data, not a query language: every character is taken literally.
    pub fn search(
        &self,
        workspace: &str,
        sought: &[Sought],
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, IndexError> {
        if sought.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let weighed = self.with_terms(workspace, |terms| {
            terms.map(|terms| self.weigh_terms(&searcher, terms, sought))
        });
        let Some(weighed) = weighed.transpose()? else {
            return Ok(Vec::new());
        };
        let own = Term::from_field_text(self.fields.workspace, workspace);
        let mut found: Vec<(i64, f32)> = Vec::new();
        for segment in searcher.segment_readers() {
            let Some(mut scores) = Scores::of(segment, &own)? else {
                continue;
            };
            for forms in &weighed {
                scores.add(forms)?;
            }
            let ids = segment.fast_fields().i64("chunk")?;
            let best = scores.best(limit).into_iter();
            found.extend(best.filter_map(|(doc, score)| Some((ids.first(doc)?, score))));
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(limit);
        Ok(found)
    }

    /// The terms to look up with their weights, grouped by word and field.
    ///
    /// Only the workspace's own passages are counted: another customer's passages must not influence the
    /// weight of a word, and deleted passages no longer count. Words of titles and headings get the
    /// frequency that they have in the texts, which contain them too.
    fn weigh_terms(
        &self,
        searcher: &Searcher,
        terms: &Terms,
        sought: &[Sought],
    ) -> Result<Vec<Vec<Weighed>>, IndexError> {
        let f = &self.fields;
        let all = terms.passages();
        let weigh = |field, word: &str, passages: u64, tokens: u64, counts: f32| {
            let length = tokens as f32 / all as f32;
            let weight = Bm25Weight::for_one_term_without_explain(passages.min(all), all, length);
            (Term::from_field_text(field, word), weight.boost_by(counts))
        };
        let mut weighed = Vec::new();
        for (field, tokens, counts) in [
            (f.text, terms.tokens(), 1.0),
            (f.title, searcher.total_num_tokens(f.title)?, TITLE_WEIGHT),
            (
                f.heading,
                searcher.total_num_tokens(f.heading)?,
                HEADING_WEIGHT,
            ),
        ] {
            weighed.extend(sought.iter().map(|word| {
                let forms = word.stems.iter().filter_map(|(stem, share)| {
                    let passages = terms.stem_passages(stem);
                    (passages > 0).then(|| weigh(field, stem, passages, tokens, counts * share))
                });
                forms.collect::<Vec<_>>()
            }));
        }
        weighed.retain(|forms| !forms.is_empty());
        for written in sought.iter().filter_map(|s| s.written.as_deref()) {
            let passages = terms.word_passages(written);
            let word = weigh(f.written, written, passages, terms.tokens(), WRITTEN_WEIGHT);
            weighed.push(vec![word]);
        }
        Ok(weighed)
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        // The writer only queues operations, so it is usable even after a panic under the lock.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unique(list: &[String]) -> Vec<&str> {
    let mut each: Vec<&str> = list.iter().map(String::as_str).collect();
    each.sort_unstable();
    each.dedup();
    each
}

#[cfg(test)]
#[path = "lexical_tests.rs"]
mod tests;
