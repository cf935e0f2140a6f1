//! Finding passages by their words: BM25 (Robertson and Zaragoza 2009) in memory.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    query::{
        Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery,
        Occur, Query, TermQuery,
    },
    schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{TextAnalyzer, WhitespaceTokenizer},
};

use super::IndexError;
use super::vocabulary::{PassageTerms, Terms, Vocabulary};
use crate::knowledge::query::Sought;
use crate::language::Language;
use crate::language::words::{stem, words};

/// Memory for passages that are not yet committed, in bytes; the library's minimum is 15 MB.
const WRITER_BYTES: usize = 20_000_000;
/// The analyser of fields whose terms were made here.
const MADE: &str = "made";

/// Weights of the fields, found on public collections; the text has 1.
const TITLE_WEIGHT: f32 = 0.2;
const HEADING_WEIGHT: f32 = 0.4;
/// Words as written, beside their stems: they separate "policy" from "police".
const WRITTEN_WEIGHT: f32 = 0.3;

/// Which passage is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRef<'a> {
    /// The workspace it belongs to.
    pub workspace: &'a str,
    /// Its document; unique over all workspaces.
    pub document: &'a str,
    /// The passage's id.
    pub chunk: i64,
}

/// What a passage is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The language that its words are reduced to stems by.
    pub language: Language,
    /// Title of its document.
    pub title: &'a str,
    /// Headings above it.
    pub heading: &'a str,
    /// Its text.
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
    /// An empty index.
    ///
    /// # Errors
    /// If the library cannot start its writer thread.
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
        // Words are cut, folded and stemmed by the passage's language before they come here.
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

    /// Add a passage; it is found after the next [`commit`](Self::commit).
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

    /// Remove all passages of a document, from the next [`commit`](Self::commit) on.
    pub fn remove_document(&self, document: &str) {
        self.writer()
            .delete_term(Term::from_field_text(self.fields.document, document));
        self.vocabulary
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove_document(document);
    }

    /// Make all changes visible to searches that start after this returns.
    ///
    /// # Errors
    /// If the writer has failed; the changes are then not visible.
    pub fn commit(&self) -> Result<(), IndexError> {
        self.writer().commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// How many passages are found, over all workspaces.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether no passage is found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives the words of a workspace to `read`; `None` if it has no passages.
    pub fn with_terms<T>(&self, workspace: &str, read: impl FnOnce(Option<&Terms>) -> T) -> T {
        let vocabulary = self
            .vocabulary
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        read(vocabulary.of(workspace))
    }

    /// The best passages of a workspace with their scores, best first.
    ///
    /// What is sought is data, not a query language: every character is taken literally.
    ///
    /// # Errors
    /// If the library fails to read its memory.
    pub fn search(
        &self,
        workspace: &str,
        sought: &[Sought],
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, IndexError> {
        let f = &self.fields;
        if sought.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, weight) in [
            (f.text, 1.0),
            (f.title, TITLE_WEIGHT),
            (f.heading, HEADING_WEIGHT),
        ] {
            any.extend(
                sought
                    .iter()
                    .filter_map(|word| Some((Occur::Should, forms(field, word, weight)?))),
            );
        }
        for written in sought.iter().filter_map(|s| s.written.as_deref()) {
            any.push((Occur::Should, word(f.written, written, WRITTEN_WEIGHT)));
        }
        let own = TermQuery::new(
            Term::from_field_text(f.workspace, workspace),
            IndexRecordOption::Basic,
        );
        let query = BooleanQuery::new(vec![
            (
                Occur::Must,
                Box::new(ConstScoreQuery::new(Box::new(own), 0.0)) as Box<dyn Query>,
            ),
            (Occur::Must, Box::new(BooleanQuery::new(any))),
        ]);
        let searcher = self.reader.searcher();
        let collector = TopDocs::with_limit(limit).order_by_score();
        let top = self.with_terms(workspace, |terms| {
            let statistics = Statistics {
                fields: *f,
                searcher: &searcher,
                terms,
            };
            searcher.search_with_statistics_provider(&query, &collector, &statistics)
        })?;
        let mut found = Vec::with_capacity(top.len());
        for (score, address) in top {
            let ids = searcher
                .segment_reader(address.segment_ord)
                .fast_fields()
                .i64("chunk")?;
            found.extend(ids.first(address.doc_id).map(|id| (id, score)));
        }
        Ok(found)
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        // A panic while the lock was held leaves the writer usable: it only queues operations.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frequencies within one workspace: what other customers have must not weigh its words, and deleted
/// passages count no more.
struct Statistics<'a> {
    fields: Fields,
    searcher: &'a Searcher,
    terms: Option<&'a Terms>,
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        match self.terms {
            Some(terms) if field == self.fields.text || field == self.fields.written => {
                Ok(terms.tokens())
            }
            _ => self.searcher.total_num_tokens(field),
        }
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        match self.terms {
            Some(terms) => Ok(terms.passages()),
            None => self.searcher.total_num_docs(),
        }
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let Some(terms) = self.terms else {
            return Bm25StatisticsProvider::doc_freq(self.searcher, term);
        };
        let value = term.value();
        let Some(text) = value.as_str() else {
            return Ok(0);
        };
        // A word of a title or heading is as telling as it is in the texts, which hold them too.
        let passages = if term.field() == self.fields.written {
            terms.word_passages(text)
        } else if term.field() == self.fields.workspace {
            terms.passages()
        } else {
            terms.stem_passages(text)
        };
        Ok(passages.min(terms.passages()))
    }
}

fn unique(list: &[String]) -> Vec<&str> {
    let mut each: Vec<&str> = list.iter().map(String::as_str).collect();
    each.sort_unstable();
    each.dedup();
    each
}

/// A word in any of its forms: the best form that is found counts, not their sum.
fn forms(field: Field, sought: &Sought, weight: f32) -> Option<Box<dyn Query>> {
    let mut each: Vec<Box<dyn Query>> = sought
        .stems
        .iter()
        .map(|(stem, counts)| word(field, stem, weight * counts))
        .collect();
    if each.len() > 1 {
        return Some(Box::new(DisjunctionMaxQuery::new(each)));
    }
    each.pop()
}

fn word(field: Field, term: &str, weight: f32) -> Box<dyn Query> {
    let query = TermQuery::new(
        Term::from_field_text(field, term),
        IndexRecordOption::WithFreqs,
    );
    Box::new(BoostQuery::new(Box::new(query), weight))
}

#[cfg(test)]
#[path = "lexical_tests.rs"]
mod tests;
