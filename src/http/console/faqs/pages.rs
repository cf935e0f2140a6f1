//! The pages of questions and answers as data.

use askama::Template;

use super::super::format::Moment;
use super::super::view::{Shell, filters};

/// What was typed about a question and its answer.
#[derive(Debug, Default, Clone)]
pub struct FaqForm {
    /// Ways to ask, one per line.
    pub questions: String,
    /// The answer.
    pub answer: String,
    /// Whether visitors get it.
    pub approved: bool,
    /// Who looks after it.
    pub owner: String,
    /// Last day on which it holds, `2026-12-31`; empty for ever.
    pub expires: String,
    /// Ids of the receipts whose gaps it closes, parted by commas.
    pub gap: String,
}

/// A question in the list.
#[derive(Debug, Clone)]
pub struct FaqRow {
    /// Its id.
    pub id: String,
    /// Its first phrasing.
    pub question: String,
    /// How many more there are, in words.
    pub phrasings: Option<String>,
    /// The answer.
    pub answer: String,
    /// State of the badge.
    pub state: &'static str,
    /// The state in words.
    pub label: &'static str,
    /// Whether it is approved.
    pub approved: bool,
    /// Who looks after it.
    pub owner: String,
    /// Where it came from.
    pub source: String,
    /// Last day on which it holds.
    pub until: Option<String>,
    /// How often it answered, in words.
    pub answered: String,
    /// Last change.
    pub updated: Moment,
}

/// Questions with approved answers.
#[derive(Template)]
#[template(path = "faqs.html")]
pub struct Faqs {
    /// The frame.
    pub shell: Shell,
    /// The list, or what the search found.
    pub rows: Vec<FaqRow>,
    /// How many there are in all.
    pub total: usize,
    /// How many more were found than are shown.
    pub more: usize,
    /// What was searched for.
    pub search: String,
    /// Whether the editor is open.
    pub open: bool,
    /// What stands in the editor.
    pub form: FaqForm,
    /// What was wrong with it.
    pub error: Option<String>,
    /// What was wrong with an import.
    pub import_error: Option<String>,
    /// What an import did.
    pub done: Option<String>,
    /// What it left out, and why.
    pub left_out: Vec<String>,
}

/// One question to change.
#[derive(Template)]
#[template(path = "faq_editor.html")]
pub struct FaqEditor {
    /// The frame.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// What stands in the editor.
    pub form: FaqForm,
    /// What was wrong with it.
    pub error: Option<String>,
}
