//! What people do with the golden questions of a workspace, from the console, the API or the command line.

use serde_json::{Map, Value};

use crate::access::{Denied, Member, Scope};
use crate::agent::proof;
use crate::store::golden::{self, GoldenQuestion, NewGolden};
use crate::store::{
    Connection, DocumentId, GoldenId, ReceiptId, Store, StoreError, UnixMs, WorkspaceId, documents,
    receipts,
};

/// Most questions per import.
const MOST: usize = 2000;
/// Longest question, in characters.
const LONGEST: usize = 8000;
const MAY: &[Scope] = &[Scope::Evaluate, Scope::Admin];

/// Why a golden question was not saved.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    #[error("{detail}")]
    Wrong {
        /// The field at fault, as in `questions[3]`.
        field: String,
        detail: String,
    },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn reject(field: &str, detail: impl Into<String>) -> GoldenError {
    GoldenError::Wrong {
        field: field.to_owned(),
        detail: detail.into(),
    }
}

/// A golden question as somebody wrote it. Missing fields come from the receipt, or stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct GoldenDraft {
    pub question: Option<String>,
    pub expectation: Option<Value>,
}

impl GoldenDraft {
    fn check(self) -> Result<Self, GoldenError> {
        if let Some(expectation) = &self.expectation {
            check(expectation)?;
        }
        let question = self.question.as_deref().map(check_question).transpose()?;
        Ok(Self { question, ..self })
    }
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub new: usize,
    /// Skipped: the same question with the same expectation exists.
    pub known: usize,
}

/// The golden questions of a workspace, oldest first.
pub async fn list(store: &Store, by: &Member) -> Result<Vec<GoldenQuestion>, GoldenError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| golden::list(conn, workspace));
    Ok(read.await?)
}

pub async fn find(store: &Store, by: &Member, id: GoldenId) -> Result<GoldenQuestion, GoldenError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| golden::get(conn, workspace, id));
    Ok(read.await?.into_inner())
}

/// Saves a golden question.
///
/// # Errors
/// When the question or its expectation is missing, or it cannot be graded.
pub async fn keep(
    store: &Store,
    by: &Member,
    draft: GoldenDraft,
    now: UnixMs,
) -> Result<GoldenQuestion, GoldenError> {
    let workspace = by.need(MAY)?;
    let draft = draft.check()?;
    let (Some(question), expectation) = (draft.question, draft.expectation) else {
        return Err(reject("question", "give a question or a receipt"));
    };
    let expectation = expectation.ok_or_else(|| reject("expectation", "give an expectation"))?;
    let kept = store.write(move |tx| {
        let new = NewGolden {
            question: &question,
            expectation: &expectation,
            receipt: None,
        };
        golden::insert(tx, workspace, &new, now)
    });
    Ok(kept.await?.into_inner())
}

/// Turns a real answer into a golden question. Each receipt gets one: a repeated call returns the first, unless
/// the draft changes the question or the expectation.
pub async fn keep_receipt(
    store: &Store,
    by: &Member,
    receipt: ReceiptId,
    draft: GoldenDraft,
    now: UnixMs,
) -> Result<GoldenQuestion, GoldenError> {
    let workspace = by.need(MAY)?;
    let draft = draft.check()?;
    let kept = store.write(move |tx| {
        let is_plain = draft.question.is_none() && draft.expectation.is_none();
        if is_plain && let Some(known) = golden::find_by_receipt(tx, workspace, receipt)? {
            return Ok(known);
        }
        let from = read_receipt(tx, workspace, receipt)?;
        let new = NewGolden {
            question: draft.question.as_deref().unwrap_or(&from.0),
            expectation: draft.expectation.as_ref().unwrap_or(&from.1),
            receipt: Some(receipt),
        };
        golden::insert(tx, workspace, &new, now)
    });
    Ok(kept.await?.into_inner())
}

pub async fn change(
    store: &Store,
    by: &Member,
    id: GoldenId,
    draft: GoldenDraft,
) -> Result<GoldenQuestion, GoldenError> {
    let workspace = by.need(MAY)?;
    let draft = draft.check()?;
    let changed = store.write(move |tx| {
        let kept = golden::get(tx, workspace, id)?;
        let question = draft.question.as_deref().unwrap_or(&kept.question);
        let expectation = draft.expectation.as_ref().unwrap_or(&kept.expectation);
        golden::update(tx, &kept, question, expectation)?;
        golden::get(tx, workspace, id)
    });
    Ok(changed.await?.into_inner())
}

pub async fn remove(store: &Store, by: &Member, id: GoldenId) -> Result<(), GoldenError> {
    let workspace = by.need(MAY)?;
    let removed = store.write(move |tx| {
        let kept = golden::get(tx, workspace, id)?;
        golden::delete(tx, &kept)
    });
    Ok(removed.await?)
}

/// Imports golden questions: all of them, or none if one is invalid.
///
/// # Errors
/// When there are too many, or one is invalid; the error's field names it.
pub async fn import(
    store: &Store,
    by: &Member,
    questions: Vec<Value>,
    now: UnixMs,
) -> Result<Imported, GoldenError> {
    let workspace = by.need(MAY)?;
    if questions.len() > MOST {
        let detail = format!("an import may have at most {MOST} questions; send it in parts");
        return Err(reject("questions", detail));
    }
    let mut taken = Vec::with_capacity(questions.len());
    for (at, question) in questions.into_iter().enumerate() {
        let split = split(question).map_err(|error| {
            let detail = format!("question {}: {error}", at + 1);
            reject(&format!("questions[{at}]"), detail)
        });
        taken.push(split?);
    }
    let kept = store.write(move |tx| {
        // In the same transaction, so that two imports at once cannot add the same question.
        let known = golden::list(tx, workspace)?;
        let (all, mut new) = (taken.len(), 0);
        for (question, expectation) in taken {
            let there = |k: &GoldenQuestion| k.question == question && k.expectation == expectation;
            if known.iter().any(there) {
                continue;
            }
            let fresh = NewGolden {
                question: &question,
                expectation: &expectation,
                receipt: None,
            };
            golden::insert(tx, workspace, &fresh, now)?;
            new += 1;
        }
        Ok(Imported {
            new,
            known: all - new,
        })
    });
    Ok(kept.await?)
}

/// A golden question as a line of a file, as [`import`] takes it.
pub fn as_line(golden: GoldenQuestion) -> String {
    let mut line = Map::new();
    line.insert("id".into(), golden.id.to_string().into());
    line.insert("question".into(), golden.question.into());
    if let Value::Object(fields) = golden.expectation {
        line.extend(fields.into_iter().filter(|(name, _)| name != "id"));
    }
    format!("{}\n", Value::Object(line))
}

/// Question and expectation of a real answer.
fn read_receipt(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<(String, Value), StoreError> {
    let receipt = receipts::get(conn, workspace, receipt)?;
    let mut expectation = proof::expectation(&receipt);
    // Use the file name: the document's title may change with its next version.
    let cited = receipt.passages.pointer("/cited/0/document");
    let id = cited.and_then(|id| id.as_str()?.parse::<DocumentId>().ok());
    if let Some(id) = id
        && let Ok(document) = documents::get(conn, workspace, id)
        && let Some(fields) = expectation.as_object_mut()
        && fields.contains_key("source")
    {
        fields.insert("source".into(), document.name.clone().into());
    }
    Ok((receipt.question.clone(), expectation))
}

/// Splits a line of a file into question and expectation.
fn split(line: Value) -> Result<(String, Value), GoldenError> {
    let Value::Object(mut fields) = line else {
        return Err(reject("questions", "it must be a JSON object"));
    };
    let question = match fields.shift_remove("question") {
        Some(Value::String(question)) => check_question(&question)?,
        _ => return Err(reject("question", "question must be text")),
    };
    fields.shift_remove("id");
    let expectation = Value::Object(fields);
    check(&expectation)?;
    Ok((question, expectation))
}

fn check_question(question: &str) -> Result<String, GoldenError> {
    let question = question.trim();
    if question.is_empty() || question.chars().count() > LONGEST {
        let detail = format!("question must have 1 to {LONGEST} characters");
        return Err(reject("question", detail));
    }
    Ok(question.to_owned())
}

/// Rejects an expectation that cannot be graded.
fn check(expectation: &Value) -> Result<(), GoldenError> {
    let refuse = |detail: &str| Err(reject("expectation", detail));
    let Some(fields) = expectation.as_object() else {
        return refuse("expectation must be a JSON object");
    };
    if fields.get("answerable").is_some_and(|v| !v.is_boolean()) {
        return refuse("answerable must be true or false");
    }
    let texts = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|list| list.iter().all(Value::is_string))
    };
    for name in ["answers", "must_not"] {
        if fields.get(name).is_some_and(|value| !texts(value)) {
            return refuse(&format!("{name} must be a list of texts"));
        }
    }
    let lists = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|list| list.iter().all(texts))
    };
    if fields.get("must").is_some_and(|value| !lists(value)) {
        return refuse(
            "`must` has to be a list of lists of texts; an answer must contain one text of each list",
        );
    }
    Ok(())
}
