//! Finding passages by their words: BM25 (Robertson and Zaragoza 2009) in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery},
    schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Language, TextAnalyzer},
};

use super::{IndexError, terms};

/// Memory for passages that are not yet committed, in bytes; the library's minimum is 15 MB.
const WRITER_BYTES: usize = 20_000_000;
/// Longest question that is searched for, in terms: a pasted page is no question.
const MAX_TERMS: usize = 64;

const STEMMED: &str = "stemmed";
const PLAIN: &str = "plain";

/// Weights of the fields, found on public collections; the text has 1.
const TITLE_WEIGHT: f32 = 0.2;
const HEADING_WEIGHT: f32 = 0.4;
/// Words as written, beside their stems: they separate "policy" from "police".
const PLAIN_WEIGHT: f32 = 0.3;

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

struct Fields {
    workspace: Field,
    document: Field,
    chunk: Field,
    title: Field,
    heading: Field,
    text: Field,
    plain: Field,
}

/// The word index of all workspaces.
pub struct LexicalIndex {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    stemmed: TextAnalyzer,
    as_written: TextAnalyzer,
}

impl LexicalIndex {
    /// An empty index, with English stems.
    ///
    /// # Errors
    /// If the library cannot start its writer thread.
    pub fn new() -> Result<Self, IndexError> {
        Self::with_language(Language::English)
    }

    /// An empty index with the stems of another language. Words of further languages are still
    /// found as they are written.
    ///
    /// # Errors
    /// If the library cannot start its writer thread.
    pub fn with_language(language: Language) -> Result<Self, IndexError> {
        let mut schema = Schema::builder();
        let text = |analyzer: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(analyzer)
                    .set_index_option(IndexRecordOption::WithFreqs),
            )
        };
        let fields = Fields {
            workspace: schema.add_text_field("workspace", STRING),
            document: schema.add_text_field("document", STRING),
            chunk: schema.add_i64_field("chunk", FAST),
            title: schema.add_text_field("title", text(STEMMED)),
            heading: schema.add_text_field("heading", text(STEMMED)),
            text: schema.add_text_field("text", text(STEMMED)),
            plain: schema.add_text_field("plain", text(PLAIN)),
        };
        let index = Index::create_in_ram(schema.build());
        let (stemmed, as_written) = (terms::stemmed(language), terms::plain());
        index.tokenizers().register(STEMMED, stemmed.clone());
        index.tokenizers().register(PLAIN, as_written.clone());
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            fields,
            reader,
            writer: Mutex::new(writer),
            stemmed,
            as_written,
        })
    }

    /// Add a passage; it is found after the next [`commit`](Self::commit).
    ///
    /// # Errors
    /// If the writer has failed.
    pub fn add(
        &self,
        passage: ChunkRef<'_>,
        title: &str,
        heading: &str,
        text: &str,
    ) -> Result<(), IndexError> {
        let f = &self.fields;
        let mut doc = TantivyDocument::new();
        doc.add_text(f.workspace, passage.workspace);
        doc.add_text(f.document, passage.document);
        doc.add_i64(f.chunk, passage.chunk);
        doc.add_text(f.title, title);
        doc.add_text(f.heading, heading);
        for part in [title, heading, text] {
            doc.add_text(f.text, part);
            doc.add_text(f.plain, part);
        }
        self.writer().add_document(doc)?;
        Ok(())
    }

    /// Remove all passages of a document, from the next [`commit`](Self::commit) on.
    pub fn remove_document(&self, document: &str) {
        self.writer()
            .delete_term(Term::from_field_text(self.fields.document, document));
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

    /// The best passages of a workspace with their scores, best first.
    ///
    /// The question is data, not a query language: every character is taken literally.
    ///
    /// # Errors
    /// If the library fails to read its memory.
    pub fn search(
        &self,
        workspace: &str,
        question: &str,
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, IndexError> {
        let f = &self.fields;
        let stems = terms::of_question(question, &mut self.stemmed.clone());
        let written = terms::of_question(question, &mut self.as_written.clone());
        if stems.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let weighted = [
            (f.text, 1.0),
            (f.title, TITLE_WEIGHT),
            (f.heading, HEADING_WEIGHT),
        ];
        for term in stems.iter().take(MAX_TERMS) {
            any.extend(
                weighted
                    .iter()
                    .map(|(field, weight)| (Occur::Should, word(*field, term, *weight))),
            );
        }
        for term in written.iter().take(MAX_TERMS) {
            any.push((Occur::Should, word(f.plain, term, PLAIN_WEIGHT)));
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
        let top = searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
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

fn word(field: Field, term: &str, weight: f32) -> Box<dyn Query> {
    let query = TermQuery::new(
        Term::from_field_text(field, term),
        IndexRecordOption::WithFreqs,
    );
    Box::new(BoostQuery::new(Box::new(query), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(workspace: &'static str, document: &'static str, chunk: i64) -> ChunkRef<'static> {
        ChunkRef {
            workspace,
            document,
            chunk,
        }
    }

    fn index() -> LexicalIndex {
        let index = LexicalIndex::new().expect("an index in memory");
        let add = |p, title, heading, text| index.add(p, title, heading, text).expect("added");
        add(
            passage("a", "d1", 1),
            "Fees",
            "Cleaning",
            "An adult cleaning costs $128.",
        );
        add(
            passage("a", "d1", 2),
            "Fees",
            "Crowns",
            "A ceramic crown costs 1450 dollars.",
        );
        add(
            passage("a", "d2", 3),
            "Hours",
            "",
            "We are open Monday to Friday. Crème brûlée on Sunday.",
        );
        add(
            passage("b", "d3", 4),
            "Fees",
            "Cleaning",
            "Window cleaning costs $40.",
        );
        add(
            passage("a", "d4", 5),
            "营业时间",
            "",
            "我们周日不营业，周一九点开门",
        );
        index.commit().expect("committed");
        index
    }

    fn ids(index: &LexicalIndex, workspace: &str, question: &str) -> Vec<i64> {
        index
            .search(workspace, question, 10)
            .expect("searched")
            .into_iter()
            .map(|(id, _)| id)
            .collect()
    }

    #[test]
    fn finds_stems_accents_and_chinese_within_one_workspace() {
        let index = index();
        assert_eq!(
            ids(&index, "a", "How much do cleanings cost?").first(),
            Some(&1)
        );
        assert_eq!(ids(&index, "a", "creme brulee"), [3]);
        assert_eq!(ids(&index, "a", "周日营业吗"), [5]);
        assert_eq!(ids(&index, "b", "cleaning"), [4]);
        assert!(ids(&index, "c", "cleaning").is_empty());
    }

    #[test]
    fn a_question_is_data() {
        let index = index();
        for odd in [
            "\"crown",
            "crown) OR (",
            "text:crown AND -x",
            "crown^9~2",
            "+crown [a TO b]",
            "crown\0\u{202E}",
        ] {
            assert_eq!(ids(&index, "a", odd).first(), Some(&2), "{odd}");
        }
        assert!(ids(&index, "a", "!?*").is_empty());
        assert_eq!(ids(&index, "a", "we are").first(), Some(&3));
        assert_eq!(
            ids(&index, "a", &"crown ".repeat(100_000)).first(),
            Some(&2)
        );
    }

    #[test]
    fn a_removed_document_is_gone_after_the_commit() {
        let index = index();
        index.remove_document("d1");
        index.commit().expect("committed");
        assert!(ids(&index, "a", "crown cleaning").is_empty());
        assert_eq!(index.len(), 3);
    }
}
