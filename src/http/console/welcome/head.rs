//! What all pages of the walk show: the five steps, and where to go on.

use crate::app::welcome::{State, Step, Walk};

/// A step in the row of all.
pub struct StepView {
    pub name: &'static str,
    pub title: &'static str,
    /// `done`, `skipped` or `open`.
    pub state: &'static str,
    /// The same, for people.
    pub label: &'static str,
    /// Whether its page is open.
    pub current: bool,
}

pub struct Head {
    pub title: &'static str,
    pub lead: &'static str,
    pub steps: Vec<StepView>,
    pub done: usize,
    /// Its name in addresses; empty for the overview.
    pub step: &'static str,
    pub is_done: bool,
    /// Whether it can become done while its page is open.
    pub watches: bool,
    /// Where to go on.
    pub next: String,
}

impl Head {
    pub(super) fn of(walk: &Walk, step: Step) -> Self {
        Self {
            title: title(step),
            lead: lead(step),
            steps: steps(walk, Some(step)),
            done: walk.done(),
            step: step.name(),
            is_done: walk.state(step) == State::Done,
            watches: matches!(step, Step::Knowledge | Step::Try | Step::Website),
            next: path(walk.after(step)),
        }
    }

    pub(super) fn overview(walk: &Walk) -> Self {
        let (title, lead) = match walk.is_finished() {
            true => (
                "Your front desk is set up",
                "All first steps are done. Whatever you change later, you change on the pages above.",
            ),
            false => (
                "First steps",
                "What is left, you can do at any time and in any order. Nothing here has to be done.",
            ),
        };
        Self {
            title,
            lead,
            steps: steps(walk, None),
            done: walk.done(),
            step: "",
            is_done: walk.is_finished(),
            watches: false,
            next: path(walk.next()),
        }
    }

    pub fn all(&self) -> usize {
        self.steps.len()
    }
}

fn path(step: Option<Step>) -> String {
    step.map_or("/welcome".to_owned(), |step| {
        format!("/welcome/{}", step.name())
    })
}

fn steps(walk: &Walk, current: Option<Step>) -> Vec<StepView> {
    let view = |step: Step| {
        let (state, label) = match walk.state(step) {
            State::Done => ("done", "done"),
            State::Skipped => ("skipped", "put off"),
            State::Open => ("open", "not done yet"),
        };
        StepView {
            name: step.name(),
            title: title(step),
            state,
            label,
            current: current == Some(step),
        }
    };
    Step::ALL.into_iter().map(view).collect()
}

fn title(step: Step) -> &'static str {
    match step {
        Step::Business => "Your business",
        Step::Knowledge => "Knowledge",
        Step::Try => "Try it",
        Step::Website => "Put it on your site",
        Step::Machine => "What this machine can do",
    }
}

fn lead(step: Step) -> &'static str {
    match step {
        Step::Business => {
            "Visitors ask most about names, hours and where you are. What you enter here is answered from at once."
        }
        Step::Knowledge => {
            "Your front desk answers only from what you give it. A price list or your website is a good start; one page is enough."
        }
        Step::Try => {
            "Ask as a visitor would. Every answer shows the words it rests on; click a number to see them in their place."
        }
        Step::Website => {
            "Say which website may show the chat, open the front desk, and paste one line into your pages."
        }
        Step::Machine => {
            "This is what works here and what does not, as measured now, and what you can do about it."
        }
    }
}
