//! Measures answers: golden questions, grading, runs, and what a change made better or worse.
//!
//! Reading order: `golden` (a question and what a right answer to it says) → [`run`] (asks) →
//! [`grade`] (judges one answer, without a model) → [`figures`] (counts). [`analyses`] and [`meaning`] measure other things. This room knows neither HTTP
//! nor the command line; anything that can be asked implements [`run::Asker`].

// So that paths look the same in every room: `crate::room::…`.
extern crate self as eval;
use frontdesk_access as access;
use frontdesk_agent as agent;
use frontdesk_analysis as analysis;
use frontdesk_knowledge as knowledge;
use frontdesk_language as language;
use frontdesk_llm as llm;
use frontdesk_reason as reason;
use frontdesk_store as store;
use frontdesk_workflows as workflows;

pub mod agent_asker;
pub mod analyses;
pub mod calibrate;
pub mod compare;
pub mod figures;
pub mod gate;
pub mod golden;
pub mod grade;
pub mod meaning;
pub mod questions;
pub mod run;
pub mod runner;
pub mod sureness;
pub mod text;

#[cfg(test)]
mod calibrate_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod grade_tests;

use crate::reason::Reason;

pub use agent_asker::AgentAsker;
pub use compare::Comparison;
pub use figures::Figures;
pub use golden::Case;
pub use grade::{Cause, Graded, Outcome};
pub use run::{AskedCase, Asker, Report, Seen};
pub use runner::Runner;

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file of questions has the wrong form.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong there, and how to fix it.
        #[source]
        what: Reason,
    },
    #[error(
        "there are no questions; give a file with one question per line (JSON) or a CSV with the columns question,expected"
    )]
    NoQuestions,
    /// The workspace has no golden questions that can be graded.
    #[error(
        "there are no golden questions yet; make some from good answers under Receipts, or add them under Quality"
    )]
    NoGolden,
    #[error("the threshold must be a number from 0 to 1")]
    Threshold,
    #[error("name must have 1 to 200 characters")]
    Name,
    #[error(
        "instructions may have at most {} characters",
        gate::LONGEST_INSTRUCTIONS
    )]
    Instructions,
    #[error(transparent)]
    Denied(#[from] crate::access::Denied),
    /// The gate refuses; the reason says why.
    #[error("{0}")]
    Gate(#[source] Reason),
    /// Shutdown interrupted the run.
    #[error("Frontdesk was stopped during the run; start it again")]
    Stopped,
    #[error("{0}")]
    Ask(#[source] Reason),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}
