//! View data of the pages about tests and the gate.

use askama::Template;

use super::format::Moment;
use super::view::{Fact, Shell, filters};

#[derive(Debug, Clone)]
pub struct WaitingRow {
    pub name: String,
    pub what: String,
    pub since: Moment,
}

/// A question whose grade changes.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    pub question: String,
    /// Description of a right answer.
    pub expected: String,
    /// `right`, `missed` or `false`.
    pub before: &'static str,
    /// `right`, `missed` or `false`.
    pub now: &'static str,
    pub answer_before: String,
    pub answer_now: String,
}

/// How the golden questions fare with the waiting changes.
#[derive(Debug, Clone)]
pub struct VerdictView {
    pub run: String,
    /// One sentence.
    pub summary: String,
    /// Whether publishing needs an explicit confirmation.
    pub worse: bool,
    /// Questions that get worse, then those that get better.
    pub changes: Vec<ChangeRow>,
}

/// A run in progress.
#[derive(Debug, Clone)]
pub struct RunningView {
    /// Answers so far.
    pub done: u64,
    pub total: u64,
    pub what: &'static str,
}

#[derive(Debug, Clone)]
pub struct RunRow {
    pub id: String,
    pub name: String,
    pub when: Moment,
    /// `running`, `done` or `failed`.
    pub state: String,
    pub purpose: &'static str,
    pub questions: String,
    /// Share of right answers.
    pub right: String,
    /// Share of false answers.
    pub wrong: String,
    /// Share of unanswerable questions that were refused.
    pub refused: String,
    pub error: Option<String>,
}

impl RunRow {
    pub fn state_label(&self) -> &'static str {
        match self.state.as_str() {
            "running" => "Running",
            "done" => "Done",
            _ => "Failed",
        }
    }
}

/// Shares over time, as SVG.
#[derive(Debug, Clone)]
pub struct Chart {
    /// SVG points of the line of right answers.
    pub right: String,
    /// SVG points of the line of false answers.
    pub wrong: String,
    /// Each run's dot on the upper line: x, y and tooltip.
    pub dots: Vec<(String, String, String)>,
    /// Text for screen readers.
    pub told: String,
}

/// The choice of a threshold as SVG: false answers along x, right answers along y.
#[derive(Debug, Clone)]
pub struct SurenessView {
    /// SVG points of the line.
    pub line: String,
    /// Marks of the horizontal axis: x and label.
    pub marks: Vec<(String, String)>,
    /// The choices, the strictest first.
    pub choices: Vec<ChoiceRow>,
    /// Whether this person may choose.
    pub may_choose: bool,
    /// Text for screen readers.
    pub told: String,
}

/// A threshold that can be chosen.
#[derive(Debug, Clone)]
pub struct ChoiceRow {
    /// Place in the drawing, from the left.
    pub x: String,
    /// Place in the drawing, from the top.
    pub y: String,
    /// As the form sends it, 0 to 1.
    pub threshold: String,
    /// In percent.
    pub shown: String,
    /// Share of right answers.
    pub right: String,
    /// Share of false answers.
    pub wrong: String,
    /// Whether it is in use now, or closest to what is.
    pub current: bool,
}

#[derive(Template)]
#[template(path = "quality.html")]
pub struct Quality {
    pub shell: Shell,
    pub tab: &'static str,
    pub questions: usize,
    /// Whether the gate is on.
    pub gate_on: bool,
    /// Whether this person may decide.
    pub may_decide: bool,
    pub waiting: Vec<WaitingRow>,
    pub unread: Option<String>,
    /// The result of the golden questions.
    pub verdict: Option<VerdictView>,
    /// The run in progress.
    pub running: Option<RunningView>,
    /// Runs, newest first.
    pub runs: Vec<RunRow>,
    /// Runs of the golden questions over time.
    pub chart: Option<Chart>,
    pub instructions: String,
    /// Whether new instructions wait at the gate.
    pub proposed: bool,
    pub additions: Vec<AdditionRow>,
    pub error: Option<String>,
}

/// Something that the model may add to answers, with the choice that applies.
pub struct AdditionRow {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    /// Value, label, and whether it applies.
    pub choices: [(&'static str, &'static str, bool); 3],
}

impl Quality {
    /// Whether publishing needs an explicit confirmation.
    pub fn needs_force(&self) -> bool {
        self.verdict.as_ref().is_none_or(|verdict| verdict.worse)
    }

    /// Why publishing needs confirmation.
    pub fn objection(&self) -> &'static str {
        match self.verdict {
            Some(_) => "golden questions come out worse",
            None => "the golden questions have not been asked with it",
        }
    }
}

#[derive(Debug, Clone)]
pub struct AnswerRow {
    pub question: String,
    /// Description of a right answer.
    pub expected: String,
    /// `right`, `missed` or `false`.
    pub outcome: &'static str,
    /// Why it is not right.
    pub cause: Option<&'static str>,
    pub answer: String,
    /// Rung and time.
    pub how: String,
    /// Titles of the cited documents.
    pub cites: Vec<String>,
    /// Grade and answer before, where they differ.
    pub before: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "run.html")]
pub struct Run {
    pub shell: Shell,
    pub tab: &'static str,
    pub run: RunRow,
    pub running: Option<RunningView>,
    /// How the run would have turned out at other thresholds.
    pub sureness: Option<SurenessView>,
    pub facts: Vec<Fact>,
    /// Rungs: name, answers, right, false, median time in ms.
    pub rungs: Vec<[String; 5]>,
    /// Causes of wrong answers, and how often each occurred.
    pub causes: Vec<(String, String)>,
    /// Label of the answers to compare with: `live` or `in the run before`.
    pub beside: &'static str,
    /// Those that are not right first.
    pub answers: Vec<AnswerRow>,
}
