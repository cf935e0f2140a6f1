//! View data of the question-and-answer pages.

use askama::Template;

use crate::http::console::format::Moment;
use crate::http::console::view::{Shell, filters};

/// The form's fields, to show them again.
#[derive(Debug, Default, Clone)]
pub struct FaqForm {
    /// Phrasings, one per line.
    pub questions: String,
    pub answer: String,
    /// Whether visitors get it.
    pub approved: bool,
    /// Who looks after it.
    pub owner: String,
    /// Last valid day, `2026-12-31`; empty if it never expires.
    pub expires: String,
    /// Ids of the receipts whose gaps it closes, separated by commas.
    pub gap: String,
}

#[derive(Debug, Clone)]
pub struct FaqRow {
    pub id: String,
    /// The first phrasing.
    pub question: String,
    /// `3 more phrasings`.
    pub phrasings: Option<String>,
    pub answer: String,
    /// CSS state of the badge.
    pub state: &'static str,
    pub label: &'static str,
    pub approved: bool,
    /// Who looks after it.
    pub owner: String,
    /// Where it came from.
    pub source: String,
    /// Last valid day.
    pub until: Option<String>,
    /// How often it was given as an answer, in words.
    pub answered: String,
    pub updated: Moment,
}

#[derive(Template)]
#[template(path = "faqs.html")]
pub struct Faqs {
    pub shell: Shell,
    /// All questions, or those that the search found.
    pub rows: Vec<FaqRow>,
    /// Number of all questions.
    pub total: usize,
    /// How many were found but are not shown.
    pub more: usize,
    pub search: String,
    pub open: bool,
    /// Contents of the editor.
    pub form: FaqForm,
    pub error: Option<String>,
    /// What was wrong with an import.
    pub import_error: Option<String>,
    pub done: Option<String>,
    /// Lines that the import skipped, with the reason.
    pub left_out: Vec<String>,
}

#[derive(Template)]
#[template(path = "faq_editor.html")]
pub struct FaqEditor {
    pub shell: Shell,
    pub id: String,
    /// Contents of the editor.
    pub form: FaqForm,
    pub error: Option<String>,
}
