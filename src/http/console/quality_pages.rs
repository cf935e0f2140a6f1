//! View data of the pages about quality: receipts, gaps, golden questions.

use askama::Template;

use super::format::Moment;
use super::view::{Fact, Shell, filters};
use super::word_diff::Words;
use crate::http::api::receipts::ReceiptQuery;

/// A rung, for a select box and a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungName {
    pub name: &'static str,
    pub label: &'static str,
    pub state: &'static str,
}

/// The rungs, surest first.
pub const RUNGS: [RungName; 9] = [
    RungName {
        name: "faq",
        label: "Approved answer",
        state: "ready",
    },
    RungName {
        name: "fact",
        label: "Business fact",
        state: "ready",
    },
    RungName {
        name: "read",
        label: "Quoted",
        state: "ready",
    },
    RungName {
        name: "related",
        label: "Related only",
        state: "degraded",
    },
    RungName {
        name: "model",
        label: "Written by the model",
        state: "",
    },
    RungName {
        name: "refusal",
        label: "Not answered",
        state: "degraded",
    },
    RungName {
        name: "talk",
        label: "Small talk",
        state: "",
    },
    RungName {
        name: "workflow",
        label: "Workflow",
        state: "",
    },
    RungName {
        name: "tool",
        label: "Tool",
        state: "",
    },
];

/// Finds a rung by name; an unknown one, from another release, is shown by its name.
pub fn rung(name: &str) -> RungName {
    // The rung's name in releases before there was a reader.
    let name = if name == "extract" { "read" } else { name };
    let known = RUNGS.into_iter().find(|rung| rung.name == name);
    known.unwrap_or(RungName {
        name: "",
        label: "Answered",
        state: "",
    })
}

pub struct ReceiptRow {
    pub id: String,
    pub question: String,
    /// The first words of the answer.
    pub answer: String,
    pub rung: RungName,
    pub at: Moment,
    /// The documents that it cites.
    pub documents: String,
    pub took: String,
    /// 1, -1, or 0 for none.
    pub rating: i8,
    /// Whether it came from an evaluation or a replay.
    pub evaluation: bool,
}

#[derive(Template)]
#[template(path = "receipts.html")]
pub struct Receipts {
    pub shell: Shell,
    pub wanted: ReceiptQuery,
    pub error: Option<String>,
    pub rungs: [RungName; 9],
    /// Id and title of each document to filter by.
    pub documents: Vec<(String, String)>,
    pub rows: Vec<ReceiptRow>,
    pub filtered: bool,
    /// Query string of this page, for the export.
    pub query: String,
    /// Query string of the next page.
    pub next: Option<String>,
}

/// A stretch of an answer, or the number of a citation.
pub struct Piece {
    pub text: String,
    pub cite: Option<u64>,
}

/// Cited words on the page of a receipt.
pub struct CitedPart {
    /// Its number in the answer.
    pub number: u64,
    pub title: String,
    /// Heading, page and version.
    pub place: String,
    /// Link to the words in their document, if it still exists.
    pub href: Option<String>,
    /// Text before the words.
    pub before: String,
    pub quote: String,
    /// Text after them.
    pub after: String,
    /// `ready`, `degraded` or `failed`.
    pub state: &'static str,
    /// What became of the words since.
    pub standing: String,
    /// What the newer version says instead, and a link to it.
    pub today: Option<(String, String)>,
    /// SHA-256 of the words.
    pub hash: String,
}

/// A passage that was found.
pub struct FoundPart {
    pub title: String,
    pub href: String,
    /// How well it matches, in percent.
    pub fit: u32,
}

/// A stretch of the time that an answer took.
pub struct Stretch {
    /// `find`, `think` or `write`.
    pub name: &'static str,
    pub label: &'static str,
    pub took: String,
    /// Start and width in per mille of the whole.
    pub from: u64,
    /// See `from`.
    pub width: u64,
}

pub struct Again {
    /// The new answer.
    pub pieces: Vec<Piece>,
    /// Both answers, with differing words marked.
    pub compared: (Vec<Words>, Vec<Words>),
    pub rung: RungName,
    pub receipt: String,
    pub sources: Vec<String>,
    /// Label, value then, value now.
    pub differences: Vec<(&'static str, String, String)>,
    /// Whether the words of the answer are the same.
    pub same: bool,
    /// Number of earlier messages that were not kept.
    pub history_lost: u64,
}

/// One answer and what it rests on.
#[derive(Template)]
#[template(path = "receipt.html")]
pub struct Receipt {
    pub shell: Shell,
    /// Whether this person may see all receipts and make changes.
    pub may_all: bool,
    /// Id of its conversation.
    pub conversation: Option<String>,
    pub id: String,
    pub question: String,
    pub pieces: Vec<Piece>,
    pub rung: RungName,
    pub at: Moment,
    /// 1, -1, or 0 for none.
    pub rating: i8,
    /// Comment of the rating.
    pub comment: String,
    /// Whether it came from an evaluation or a replay.
    pub evaluation: bool,
    /// Whether the receipt does not match its seal.
    pub altered: bool,
    /// The words that it rests on.
    pub cited: Vec<CitedPart>,
    /// Other passages that were found.
    pub found: Vec<FoundPart>,
    pub stretches: Vec<Stretch>,
    pub facts: Vec<Fact>,
    pub checks: Vec<(String, String)>,
    /// Id of the golden question made from it.
    pub golden: Option<String>,
    pub again: Option<Again>,
}

/// A group of questions without a good answer.
pub struct GapRow {
    /// Identifies the group.
    pub id: String,
    /// The question that represents the group.
    pub question: String,
    /// How often it was asked, in words.
    pub times: String,
    pub last: Moment,
    /// Whether answers were rated bad.
    pub rated_bad: bool,
    pub write: String,
    /// Receipt id, wording and time of each question.
    pub examples: Vec<(String, String, Moment)>,
}

#[derive(Template)]
#[template(path = "gaps.html")]
pub struct Gaps {
    pub shell: Shell,
    /// Most frequent first.
    pub rows: Vec<GapRow>,
    /// Dismissed groups.
    pub dismissed: Vec<GapRow>,
    /// Id and question of the group that was just dismissed.
    pub undo: Option<(String, String)>,
}

/// A golden question, as a form shows it.
#[derive(Debug, Clone, Default)]
pub struct GoldenRow {
    /// Its id; empty for a new one.
    pub id: String,
    pub question: String,
    /// Whether it must be answered.
    pub answerable: bool,
    /// Facts that must be said, one per line, alternatives separated by bars.
    pub must: String,
    /// What must not be said, one per line.
    pub must_not: String,
    /// The document that should be cited.
    pub source: String,
    /// What is expected, in a few words.
    pub summary: String,
    pub receipt: Option<String>,
    pub open: bool,
}

#[derive(Template)]
#[template(path = "golden.html")]
pub struct Golden {
    pub shell: Shell,
    pub rows: Vec<GoldenRow>,
    pub fresh: GoldenRow,
    pub done: Option<String>,
    /// What was wrong with a form.
    pub error: Option<String>,
}
