//! A workflow as a form. What it posts is read into a [`Draft`], a pressed button changes that, and saving writes it as the
//! TOML that the text beside the form is.
//!
//! Reading order: this file (the draft), `read` (of what was posted), `press` (buttons), `check` (messages beside fields),
//! `view` (what the page shows, of the parts in `shown`).

mod check;
mod press;
mod read;
mod shown;
mod view;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use press::Pressed;
pub(super) use shown::{FormView, ToolArguments};

use crate::workflows::{Definition, Kind, Slot, Step, Texts};

/// Where a number has no limit in a definition that names none.
const HIGHEST: f64 = 1e9;
/// Characters of an answer in text, where a definition names no number.
const LONGEST: usize = 500;

/// A workflow while it is edited.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) name: String,
    /// Codes of the languages that have fields.
    pub(super) languages: Vec<String>,
    pub(super) title: Texts,
    pub(super) begin: BTreeMap<String, Vec<String>>,
    pub(super) slots: Vec<Slot>,
    pub(super) steps: Vec<Row>,
    pub(super) active: bool,
    /// What was entered in fields where it means nothing.
    pub(super) raw: BTreeMap<String, String>,
    /// What is wrong, by field or by the beginning of its names (`s3`).
    pub(super) errors: BTreeMap<String, String>,
}

/// A step with its label.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) label: Option<String>,
    pub(super) step: Step,
}

impl Draft {
    pub(super) fn of(definition: &Definition, active: bool) -> Self {
        let label = |at: usize| {
            let mut labels = definition.labels.iter();
            labels.find(|(_, of)| **of == at).map(|(name, _)| name)
        };
        let steps = definition.steps.iter().enumerate();
        Self {
            name: definition.name.clone(),
            languages: languages(definition),
            title: definition.title.clone(),
            begin: definition.begin.clone(),
            slots: definition.slots.clone(),
            steps: steps
                .map(|(at, step)| Row {
                    label: label(at).cloned(),
                    step: step.clone(),
                })
                .collect(),
            active,
            raw: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    pub(super) fn definition(&self) -> Definition {
        let labels = self.steps.iter().enumerate();
        Definition {
            name: self.name.clone(),
            title: self.title.clone(),
            begin: self.begin.clone(),
            slots: self.slots.clone(),
            labels: labels
                .filter_map(|(at, row)| Some((row.label.clone()?, at)))
                .collect(),
            steps: self.steps.iter().map(|row| row.step.clone()).collect(),
        }
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    /// Whether this step is the first that asks for its slot: its fields are shown there.
    fn asks_first(&self, at: usize) -> Option<&Slot> {
        let Some(Step::Ask(name)) = self.steps.get(at).map(|row| &row.step) else {
            return None;
        };
        let before = self.steps.iter().take(at);
        let known = before
            .filter_map(|row| match &row.step {
                Step::Ask(other) => Some(other),
                _ => None,
            })
            .any(|other| other == name);
        self.slot(name).filter(|_| !known)
    }

    /// Slots that no step asks for; they are read if somebody says them.
    fn unasked(&self) -> Vec<&Slot> {
        let asked: BTreeSet<&str> = self
            .steps
            .iter()
            .filter_map(|row| match &row.step {
                Step::Ask(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let slots = self.slots.iter();
        slots
            .filter(|slot| !asked.contains(slot.name.as_str()))
            .collect()
    }

    /// How a slot is called on the page.
    fn title_of(&self, slot: &str) -> String {
        let known = self.slot(slot).map(|slot| &slot.label);
        let label = known.and_then(|label| self.first(label));
        label.unwrap_or_else(|| slot.to_owned())
    }

    /// The text in the first language that has one.
    fn first(&self, texts: &Texts) -> Option<String> {
        let own = self.languages.iter().find_map(|code| texts.0.get(code));
        own.or_else(|| texts.0.values().next()).cloned()
    }
}

/// English first, then those of the title, then all others that any text has: the form loses none.
fn languages(definition: &Definition) -> Vec<String> {
    let mut found: BTreeSet<&String> = definition.begin.keys().collect();
    for slot in &definition.slots {
        for texts in [&slot.label, &slot.ask, &slot.again] {
            found.extend(texts.0.keys());
        }
        match &slot.kind {
            Kind::Number { units, .. } => found.extend(units.keys()),
            Kind::Choice(options) => found.extend(options.iter().flat_map(|o| o.say.keys())),
            _ => {}
        }
    }
    for step in &definition.steps {
        if let Step::Say(texts) | Step::Confirm(texts) | Step::End(texts) = step {
            found.extend(texts.0.keys());
        }
    }
    let mut all: Vec<String> = Vec::new();
    let english = definition.title.0.keys().filter(|code| *code == "en");
    for code in english.chain(definition.title.0.keys()).chain(found) {
        // The form names them with spaces between.
        if !all.contains(code) && !code.contains(char::is_whitespace) {
            all.push(code.clone());
        }
    }
    match all.is_empty() {
        true => vec!["en".to_owned()],
        false => all,
    }
}

/// The lines of comments that a text begins with, which the form leaves where they are.
pub(super) fn heading(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    lines.fold(String::new(), |mut all, line| {
        all.extend([line, "\n"]);
        all
    })
}

/// Whether a text has other comments, which saving the form takes away.
pub(super) fn has_comments(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.starts_with('#'));
    lines.any(|line| line.trim_start().starts_with('#'))
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
