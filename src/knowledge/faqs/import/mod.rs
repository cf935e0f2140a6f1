//! Reads questions and answers from files and pasted text, and imports them.

mod json;
mod pasted;
mod table;
mod web;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FaqImport, ImportFaqs, LONGEST_ANSWER, LONGEST_QUESTION, MOST_PHRASINGS};
use crate::extract::{ExtractError, decode};
use crate::language;
use crate::language::data::{self, WordSet};
use crate::store::faqs::{self, NewFaq};
use crate::store::{FaqId, StoreError, Transaction, UnixMs, WorkspaceId};

/// Words that mark questions and answers; the file says what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    questions: WordSet,
    answers: WordSet,
    question_marks: WordSet,
    answer_marks: WordSet,
}

static WORDS: &str = include_str!("words.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(WORDS));

/// Per file.
const MOST_PAIRS: usize = 10_000;
/// Size of the largest file.
const MOST_BYTES: usize = 16 << 20;

/// An answer with the phrasings of its question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqPair {
    /// Line of the file that it begins on, from 1; the number of the entry where there are no lines.
    pub line: usize,
    /// The phrasings.
    pub questions: Vec<String>,
    pub answer: String,
}

/// What was left out of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SkippedView)]
pub struct FaqSkipped {
    /// Line of the file, from 1; the number of the entry where there are no lines.
    pub line: usize,
    /// Why, and what to do.
    pub reason: String,
}

/// The content of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqFile {
    /// In the order of the file.
    pub pairs: Vec<FaqPair>,
    /// What could not be read as a pair.
    pub skipped: Vec<FaqSkipped>,
}

impl FaqFile {
    /// Adds a pair, or notes why it is not one.
    fn add(&mut self, line: usize, questions: Vec<String>, answer: &str) {
        let questions: Vec<String> = questions
            .iter()
            .map(|q| q.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|q| !q.is_empty())
            .collect();
        let answer = answer.trim();
        let reason = if questions.is_empty() {
            "there is no question"
        } else if answer.is_empty() {
            "there is no answer"
        } else if answer.chars().count() > LONGEST_ANSWER {
            "the answer is longer than 4000 characters; shorten it or add it as a document"
        } else if questions
            .iter()
            .any(|q| q.chars().count() > LONGEST_QUESTION)
        {
            "the question is longer than 500 characters"
        } else if self.pairs.len() >= MOST_PAIRS {
            "the file holds more than 10,000 pairs; split it"
        } else {
            let answer = answer.to_owned();
            self.pairs.push(FaqPair {
                line,
                questions,
                answer,
            });
            return;
        };
        self.skip(line, reason);
    }

    fn skip(&mut self, line: usize, reason: &str) {
        // A file that is no list of questions at all must not fill the report with every line.
        if self.skipped.len() < 200 {
            let reason = reason.to_owned();
            self.skipped.push(FaqSkipped { line, reason });
        }
    }
}

/// Why a file or pasted text gives no questions with answers: a sentence for the user.
#[derive(Debug, thiserror::Error)]
pub enum FaqFileError {
    #[error("the file is larger than 16 MiB; split it")]
    TooLarge,
    #[error("it is empty; check the file")]
    Empty,
    #[error("it is not text; save the questions as CSV, JSON or a web page, or paste them")]
    NotText,
    /// A table whose first line does not name both columns.
    #[error(
        "the table has no columns for question and answer; name them `question` and `answer` in its first line"
    )]
    NoColumns,
    /// Text without anything that looks like a question with its answer.
    #[error(
        "no question with an answer was found; put each question on a line that ends in a question mark and its \
         answer below, or mark them with Q: and A:"
    )]
    NoPairs,
    #[error("it looks like JSON but cannot be parsed: {0}; check the file")]
    Json(#[source] serde_json::Error),
    /// JSON of another shape.
    #[error(
        "the JSON is not a list of questions; it must look like [{{\"question\": \"…\", \"answer\": \"…\"}}]"
    )]
    Shape,
    /// A table that cannot be read to its end.
    #[error("the table cannot be read to its end: {0}")]
    Table(#[from] ::csv::Error),
    #[error(
        "the page has no questions marked up as a schema.org FAQPage; copy its text and paste it instead"
    )]
    NoMarkup,
    /// A web page that is nested too deeply.
    #[error(transparent)]
    Page(#[from] ExtractError),
}

/// Reads pairs from a file or pasted text. The content decides the format, with the extension of `name` as
/// a hint: JSON, a web page with schema.org markup, a table with columns for question and answer, or text.
pub fn read_pairs(bytes: &[u8], name: &str) -> Result<FaqFile, FaqFileError> {
    if bytes.len() > MOST_BYTES {
        return Err(FaqFileError::TooLarge);
    }
    let text = decode::decode(bytes, None);
    if text.trim().is_empty() {
        return Err(FaqFileError::Empty);
    }
    if !decode::is_text(&text) {
        return Err(FaqFileError::NotText);
    }
    let start = text.trim_start();
    let ending = name
        .rsplit_once('.')
        .map_or("", |(_, e)| e)
        .to_ascii_lowercase();
    let file = if start.starts_with(['[', '{']) && ending != "csv" && ending != "txt" {
        json::read(&text)?
    } else if start.starts_with('<') || ending == "html" || ending == "htm" {
        web::read(&text)?
    } else if let Some(table) = table::read(&text, name)? {
        table
    } else if ending == "csv" || ending == "tsv" {
        return Err(FaqFileError::NoColumns);
    } else {
        pasted::read(&text)
    };
    if file.pairs.is_empty() && file.skipped.is_empty() {
        return Err(FaqFileError::NoPairs);
    }
    Ok(file)
}

/// Questions with the same words are the same.
fn key(question: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let words = question.unicode_words().map(str::to_lowercase);
    words.collect::<Vec<_>>().join(" ")
}

/// Writes pairs to the store; returns the report and the ids that changed.
pub(super) fn take_in(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    file: FaqFile,
    how: &ImportFaqs,
    now: UnixMs,
) -> Result<(FaqImport, Vec<FaqId>), StoreError> {
    let mut report = FaqImport {
        skipped: file.skipped,
        ..FaqImport::default()
    };
    let mut known: HashMap<String, FaqId> = HashMap::new();
    let mut answers: HashMap<String, FaqId> = HashMap::new();
    for faq in faqs::list(tx, workspace)? {
        for phrasing in &faq.phrasings {
            known.insert(key(&phrasing.question), faq.id);
        }
        answers.insert(key(&faq.answer), faq.id);
    }
    let mut changed = Vec::new();
    for pair in file.pairs {
        let same = answers.get(&key(&pair.answer)).copied();
        let fresh: Vec<String> = pair
            .questions
            .into_iter()
            .filter(|q| !known.contains_key(&key(q)))
            .collect();
        let mut skip = |reason: &str| {
            report.skipped.push(FaqSkipped {
                line: pair.line,
                reason: reason.to_owned(),
            });
        };
        if fresh.is_empty() {
            skip(match same {
                Some(_) => "the question is there already, with this answer",
                None => "the question is there already, with another answer; change it there",
            });
            continue;
        }
        let id = match same {
            Some(id) => {
                let faq = faqs::get(tx, workspace, id)?;
                let mut phrasings: Vec<String> =
                    faq.phrasings.iter().map(|p| p.question.clone()).collect();
                phrasings.extend(fresh.iter().cloned());
                if phrasings.len() > MOST_PHRASINGS {
                    skip("the answer has 50 phrasings already");
                    continue;
                }
                let merged = NewFaq {
                    answer: faq.answer.clone(),
                    state: faq.state,
                    owner: faq.owner.clone(),
                    language: faq.language.clone(),
                    source: faq.source.clone(),
                    expires_at: faq.expires_at,
                    phrasings,
                };
                faqs::update(tx, &faq, &merged, now)?;
                report.merged += 1;
                id
            }
            None => {
                let new = NewFaq {
                    answer: pair.answer.clone(),
                    state: how.state,
                    owner: how.owner.clone(),
                    language: Some(language::of_question(&pair.answer).code().to_owned()),
                    source: how.source.clone(),
                    expires_at: None,
                    phrasings: fresh.iter().take(MOST_PHRASINGS).cloned().collect(),
                };
                report.added += 1;
                faqs::insert(tx, workspace, &new, now)?
            }
        };
        answers.insert(key(&pair.answer), id);
        known.extend(fresh.iter().map(|q| (key(q), id)));
        if !changed.contains(&id) {
            changed.push(id);
        }
    }
    Ok((report, changed))
}

#[cfg(test)]
#[path = "../import_tests.rs"]
mod tests;
