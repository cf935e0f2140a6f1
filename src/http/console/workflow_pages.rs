//! View data of the pages about workflows.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::view::{Shell, filters};

pub struct WorkflowRow {
    pub name: String,
    pub title: String,
    pub active: bool,
    pub version: u32,
    /// How many values it asks for.
    pub slots: usize,
}

#[derive(Template)]
#[template(path = "workflows.html")]
pub struct WorkflowsPage {
    pub shell: Shell,
    pub rows: Vec<WorkflowRow>,
    /// Those that the workspace does not have yet.
    pub templates: Vec<WorkflowRow>,
}

#[derive(Template)]
#[template(path = "workflow.html")]
pub struct WorkflowPage {
    pub shell: Shell,
    pub row: WorkflowRow,
    pub text: String,
    pub versions: usize,
    pub error: Option<String>,
    pub tried: Option<TriedStep>,
}

/// A trial so far.
pub struct TriedStep {
    pub said: Vec<Said>,
    pub has_ended: bool,
    /// What the next message brings along, as JSON.
    pub run: String,
    pub log: String,
    pub language: String,
}

/// A line of a trial.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Said {
    pub who: String,
    pub text: String,
}

impl Said {
    pub fn new(who: &str, text: impl Into<String>) -> Self {
        Self {
            who: who.to_owned(),
            text: text.into(),
        }
    }
}
