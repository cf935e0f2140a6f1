//! View data of the pages about workflows.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::format::{Moment, moment};
use super::view::{Shell, filters};
use super::workflow_form::FormView;

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
    /// `None` while the text cannot be read.
    pub form: Option<FormView>,
    /// Whether the text has comments that saving the form takes away.
    pub has_comments: bool,
    pub versions: Vec<VersionRow>,
    pub error: Option<String>,
    pub tried: Option<TriedStep>,
}

/// A version, and what it changed.
pub struct VersionRow {
    pub number: u32,
    pub is_current: bool,
    pub at: Moment,
    /// Lines that the version before had and this one lacks, and the other way round; with their signs.
    pub changes: Vec<String>,
}

/// Most lines that are shown of a change.
const SHOWN: usize = 40;

/// Rows of versions that come newest first, with their times and texts.
pub fn version_rows(all: &[(u32, i64, String)], current: u32) -> Vec<VersionRow> {
    let rows = all.iter().enumerate().map(|(at, (number, time, text))| {
        let before = all.get(at + 1).map(|(_, _, text)| text.as_str());
        VersionRow {
            number: *number,
            is_current: *number == current,
            at: moment(*time),
            changes: before.map_or_else(Vec::new, |before| changes(before, text)),
        }
    });
    rows.collect()
}

fn changes(before: &str, after: &str) -> Vec<String> {
    let only = |one: &str, other: &str, sign: &str| -> Vec<String> {
        let known: std::collections::BTreeSet<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !known.contains(line));
        lines
            .filter(|line| !line.trim().is_empty())
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    let mut all = only(before, after, "\u{2212}");
    all.extend(only(after, before, "+"));
    if all.is_empty() && before != after {
        all.push("The same lines, in another order.".to_owned());
    }
    if all.len() > SHOWN {
        let more = all.len() - SHOWN;
        all.truncate(SHOWN);
        all.push(format!("and {more} lines more"));
    }
    all
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_shows_what_it_changed() {
        let all = [
            (3, 0, "a\nc\n".to_owned()),
            (2, 0, "c\na\n".to_owned()),
            (1, 0, "a\nb\n".to_owned()),
        ];
        let rows = version_rows(&all, 3);
        assert_eq!(rows[0].changes, ["The same lines, in another order."]);
        assert_eq!(rows[1].changes, ["\u{2212} b", "+ c"]);
        assert!(rows[2].changes.is_empty());
        assert!(rows[0].is_current && !rows[1].is_current);
        let long: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(changes("", &long).len(), SHOWN + 1);
    }
}
