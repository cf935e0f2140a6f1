//! The pages about tests and the gate, as data.

use askama::Template;

use super::format::Moment;
use super::view::{Fact, Shell, filters};

/// Something that waits at the gate.
#[derive(Debug, Clone)]
pub struct WaitingRow {
    /// What it is called.
    pub name: String,
    /// What would change.
    pub what: String,
    /// When it came.
    pub since: Moment,
}

/// A question that comes out differently.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    /// What was asked.
    pub question: String,
    /// What a right answer says.
    pub expected: String,
    /// `right`, `missed` or `false`.
    pub before: &'static str,
    /// The same, now.
    pub now: &'static str,
    /// The answer before.
    pub answer_before: String,
    /// The answer now.
    pub answer_now: String,
}

/// What the golden questions say about what waits.
#[derive(Debug, Clone)]
pub struct VerdictView {
    /// Id of the run.
    pub run: String,
    /// In one sentence.
    pub summary: String,
    /// Whether publishing must be asked for expressly.
    pub worse: bool,
    /// Questions that come out worse, then those that come out better.
    pub changes: Vec<ChangeRow>,
}

/// A run that is under way.
#[derive(Debug, Clone)]
pub struct RunningView {
    /// Answers so far.
    pub done: u64,
    /// All answers.
    pub total: u64,
    /// What is being done.
    pub what: &'static str,
}

/// A run in the list.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// What was asked.
    pub name: String,
    /// When it began.
    pub when: Moment,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// What it was for.
    pub purpose: &'static str,
    /// Questions.
    pub questions: String,
    /// Share of right answers.
    pub right: String,
    /// Share of false answers.
    pub wrong: String,
    /// Share of unanswerable questions that were refused.
    pub refused: String,
    /// Why it failed.
    pub error: Option<String>,
}

impl RunRow {
    /// The state in words.
    pub fn state_label(&self) -> &'static str {
        match self.state.as_str() {
            "running" => "Running",
            "done" => "Done",
            _ => "Failed",
        }
    }
}

/// Shares over time, ready to be drawn.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Points of the line of right answers, as SVG has them.
    pub right: String,
    /// Points of the line of false answers.
    pub wrong: String,
    /// Each run's dot on the upper line: x, y, and what it says.
    pub dots: Vec<(String, String, String)>,
    /// For those who do not see it.
    pub told: String,
}

/// How sure an answer must be, ready to be drawn: false answers to the right, right answers upwards.
#[derive(Debug, Clone)]
pub struct SurenessView {
    /// Points of the line, as SVG has them.
    pub line: String,
    /// Marks of the horizontal axis: x and what it says.
    pub marks: Vec<(String, String)>,
    /// The choices, the strictest first.
    pub choices: Vec<ChoiceRow>,
    /// Whether this person may choose.
    pub may_choose: bool,
    /// For those who do not see it.
    pub told: String,
}

/// A threshold that can be chosen.
#[derive(Debug, Clone)]
pub struct ChoiceRow {
    /// Its place in the drawing.
    pub x: String,
    /// The same, from above.
    pub y: String,
    /// As the form sends it, 0 to 1.
    pub threshold: String,
    /// In percent, for people.
    pub shown: String,
    /// Share of right answers.
    pub right: String,
    /// Share of false answers.
    pub wrong: String,
    /// It is what applies now, or comes closest.
    pub current: bool,
}

/// Tests and gate.
#[derive(Template)]
#[template(path = "quality.html")]
pub struct Quality {
    /// The frame.
    pub shell: Shell,
    /// The open tab.
    pub tab: &'static str,
    /// Golden questions.
    pub questions: usize,
    /// Whether changes wait.
    pub gate_on: bool,
    /// Whether this person may decide.
    pub may_decide: bool,
    /// What waits.
    pub waiting: Vec<WaitingRow>,
    /// A document that is still being read.
    pub unread: Option<String>,
    /// What the golden questions say about it.
    pub verdict: Option<VerdictView>,
    /// The run that is under way.
    pub running: Option<RunningView>,
    /// Runs, newest first.
    pub runs: Vec<RunRow>,
    /// The runs of the golden questions over time.
    pub chart: Option<Chart>,
    /// The assistant's instructions.
    pub instructions: String,
    /// Those that wait.
    pub proposed: bool,
    /// What went wrong with a form.
    pub error: Option<String>,
}

impl Quality {
    /// Whether only an express wish publishes what waits.
    pub fn needs_force(&self) -> bool {
        self.verdict.as_ref().is_none_or(|verdict| verdict.worse)
    }

    /// What speaks against publishing.
    pub fn objection(&self) -> &'static str {
        match self.verdict {
            Some(_) => "golden questions come out worse",
            None => "the golden questions were not asked about it",
        }
    }
}

/// A question of a run.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// What was asked.
    pub question: String,
    /// What a right answer says.
    pub expected: String,
    /// `right`, `missed` or `false`.
    pub outcome: &'static str,
    /// Why it is not right.
    pub cause: Option<&'static str>,
    /// The answer.
    pub answer: String,
    /// Rung and time.
    pub how: String,
    /// Titles of the cited documents.
    pub cites: Vec<String>,
    /// How it came out before and what was said then, where it differs.
    pub before: Option<(&'static str, String)>,
}

/// One run.
#[derive(Template)]
#[template(path = "run.html")]
pub struct Run {
    /// The frame.
    pub shell: Shell,
    /// The open tab.
    pub tab: &'static str,
    /// The run.
    pub run: RunRow,
    /// How far it is.
    pub running: Option<RunningView>,
    /// What other thresholds would have made of it.
    pub sureness: Option<SurenessView>,
    /// Its figures.
    pub facts: Vec<Fact>,
    /// Rungs: name, answers, right, false, median time in ms.
    pub rungs: Vec<[String; 5]>,
    /// Causes of what is not right, and how often.
    pub causes: Vec<(String, String)>,
    /// What the answers before are: `before this run` or `as it is live`.
    pub beside: &'static str,
    /// Questions: those that are not right first.
    pub answers: Vec<AnswerRow>,
}
