//! Asks golden questions, one after another or several at once.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::figures::Figures;
use super::golden::Case;
use super::grade::{self, Graded};
use super::{EvalError, Outcome};
use crate::access::{Member, Scope};
use crate::agent::Answer;
use crate::store::evals::{self, EvalRun, RunKind, RunState};
use crate::store::{EvalRunId, Store, UnixMs};

const MAY: &[Scope] = &[Scope::Evaluate];
/// Longest name of a run, in characters.
const LONGEST_NAME: usize = 200;

/// A passage that the search found for a question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub document: String,
    pub version: String,
    /// File name of the document; empty if it was deleted since.
    pub name: String,
    /// Byte range in the version's text.
    pub span: [usize; 2],
    pub text: String,
}

/// The answer to a question, with what the search found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskedCase {
    pub answer: Answer,
    /// Best first.
    pub found: Vec<Seen>,
    /// The measurements of the rungs, from the receipt.
    pub checks: Value,
}

/// Anything that answers questions: an agent in this process, or a server.
#[async_trait]
pub trait Asker: Send + Sync {
    /// # Errors
    /// When there is no answer; the run continues with the next question.
    async fn ask(&self, case: &Case) -> Result<AskedCase, EvalError>;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub done: usize,
    pub total: usize,
    pub right: usize,
    pub wrong: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Usually the name of the file of questions.
    pub name: String,
    /// Unix ms.
    pub started_at: UnixMs,
    /// Unix ms.
    pub ended_at: UnixMs,
    pub figures: Figures,
    /// In the order of the file.
    pub results: Vec<Graded>,
}

/// Asks all questions, `jobs` at a time, and grades the answers. Calls `on_step` after each; the run
/// stops when it returns false.
///
/// # Errors
/// When there are no questions.
pub async fn run(
    name: &str,
    cases: Vec<Case>,
    asker: Arc<dyn Asker>,
    jobs: usize,
    mut on_step: impl FnMut(Progress, &Graded) -> bool + Send,
) -> Result<Report, EvalError> {
    if cases.is_empty() {
        return Err(EvalError::NoQuestions);
    }
    let started_at = jiff::Timestamp::now().as_millisecond();
    let total = cases.len();
    let mut graded = futures::stream::iter(cases)
        .map(|case| {
            let asker = Arc::clone(&asker);
            async move {
                match asker.ask(&case).await {
                    Ok(asked) => grade::grade(&case, &asked),
                    Err(error) => grade::failed(&case, &error.to_string()),
                }
            }
        })
        // Buffered in order: the report lists the questions as the file does.
        .buffered(jobs.max(1));
    let mut results = Vec::with_capacity(total);
    let mut progress = Progress {
        total,
        ..Progress::default()
    };
    while let Some(one) = graded.next().await {
        progress.done += 1;
        match one.outcome {
            Outcome::Right => progress.right += 1,
            Outcome::False => progress.wrong += 1,
            Outcome::Missed => {}
        }
        let go_on = on_step(progress, &one);
        results.push(one);
        if !go_on {
            break;
        }
    }
    Ok(Report {
        name: name.to_owned(),
        started_at,
        ended_at: jiff::Timestamp::now().as_millisecond(),
        figures: Figures::of(&results),
        results,
    })
}

/// Stores a finished run that was made elsewhere, such as on the command line.
///
/// # Errors
/// When its name is empty or too long.
pub async fn keep(store: &Store, by: &Member, report: Report) -> Result<EvalRunId, EvalError> {
    let workspace = by.need(MAY)?;
    if !(1..=LONGEST_NAME).contains(&report.name.trim().chars().count()) {
        return Err(EvalError::Name);
    }
    let kept = store.write(move |tx| {
        let (kind, begun) = (RunKind::Manual, report.started_at);
        let id = evals::begin(tx, workspace, &report.name, kind, begun)?;
        let run = evals::get(tx, workspace, id)?;
        let (figures, results) = (json!(report.figures), json!(report.results));
        let (state, ended) = (RunState::Done, report.ended_at);
        evals::end(tx, &run, state, &figures, &results, ended)?;
        Ok(id)
    });
    Ok(kept.await?)
}

/// The newest complete run of a name with its results, if there is one.
pub async fn latest(
    store: &Store,
    by: &Member,
    name: &str,
) -> Result<Option<(EvalRun, Value)>, EvalError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let found = store.read(move |conn| {
        let Some(run) = evals::find_latest(conn, workspace, &name)? else {
            return Ok(None);
        };
        let results = evals::results(conn, &run)?;
        Ok(Some((run.into_inner(), results)))
    });
    Ok(found.await?)
}
