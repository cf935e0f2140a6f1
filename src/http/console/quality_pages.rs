//! The pages about the quality of answers, as data: receipts, gaps, golden questions.

use askama::Template;

use super::format::Moment;
use super::view::{Fact, Shell, filters};
use super::word_diff::Words;
use crate::http::api::receipts::ReceiptQuery;

/// A way of answering, for a select box and a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungName {
    /// In the API and the store.
    pub name: &'static str,
    /// For the owner.
    pub label: &'static str,
    /// How its badge looks.
    pub state: &'static str,
}

/// The ways of answering, surest first.
pub const RUNGS: [RungName; 7] = [
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
];

/// A way of answering by its name; one of another release keeps its name.
pub fn rung(name: &str) -> RungName {
    // As the rung was called before there was a reader.
    let name = if name == "extract" { "read" } else { name };
    let known = RUNGS.into_iter().find(|rung| rung.name == name);
    known.unwrap_or(RungName {
        name: "",
        label: "Answered",
        state: "",
    })
}

/// A receipt in the list.
pub struct ReceiptRow {
    /// Its id.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// The first words of the answer.
    pub answer: String,
    /// How it was answered.
    pub rung: RungName,
    /// When.
    pub at: Moment,
    /// The documents that it cites.
    pub documents: String,
    /// How long it took.
    pub took: String,
    /// 1, -1, or 0 for none.
    pub rating: i8,
    /// Whether an evaluation or a replay asked.
    pub evaluation: bool,
}

/// Answers that were given.
#[derive(Template)]
#[template(path = "receipts.html")]
pub struct Receipts {
    /// The frame.
    pub shell: Shell,
    /// What is looked for.
    pub wanted: ReceiptQuery,
    /// What was wrong with it.
    pub error: Option<String>,
    /// The ways of answering.
    pub rungs: [RungName; 7],
    /// The documents that can be looked for: id and title.
    pub documents: Vec<(String, String)>,
    /// The answers.
    pub rows: Vec<ReceiptRow>,
    /// Whether anything is looked for.
    pub filtered: bool,
    /// The query of this page, for the export.
    pub query: String,
    /// The query of the next page.
    pub next: Option<String>,
}

/// A stretch of an answer, or the number of a citation.
pub struct Piece {
    /// The words.
    pub text: String,
    /// The number.
    pub cite: Option<u64>,
}

/// Cited words on the page of a receipt.
pub struct CitedPart {
    /// Number as it stands in the answer.
    pub number: u64,
    /// Title of the document.
    pub title: String,
    /// Heading, page and version.
    pub place: String,
    /// To the words in their document, if it is there.
    pub href: Option<String>,
    /// Text before the words.
    pub before: String,
    /// The words.
    pub quote: String,
    /// Text after them.
    pub after: String,
    /// `ready`, `degraded` or `failed`.
    pub state: &'static str,
    /// How the words stand today.
    pub standing: String,
    /// What the newer version says instead, with a link to it.
    pub today: Option<(String, String)>,
    /// SHA-256 of the words.
    pub hash: String,
}

/// A passage that was found.
pub struct FoundPart {
    /// Title of the document.
    pub title: String,
    /// To the passage.
    pub href: String,
    /// How well it fitted, in percent.
    pub fit: u32,
}

/// A stretch of the time that an answer took.
pub struct Stretch {
    /// `find`, `think` or `write`.
    pub name: &'static str,
    /// In words.
    pub label: &'static str,
    /// In words.
    pub took: String,
    /// Start and width in per mille of the whole.
    pub from: u64,
    /// See `from`.
    pub width: u64,
}

/// The question asked again.
pub struct Again {
    /// The new answer.
    pub pieces: Vec<Piece>,
    /// Both answers with the words that differ.
    pub compared: (Vec<Words>, Vec<Words>),
    /// How it was answered.
    pub rung: RungName,
    /// Id of its receipt.
    pub receipt: String,
    /// What it cites.
    pub sources: Vec<String>,
    /// What differs: what, then, now.
    pub differences: Vec<(&'static str, String, String)>,
    /// Whether the words of the answer are the same.
    pub same: bool,
    /// Earlier messages that were not kept.
    pub history_lost: u64,
}

/// One answer and what it rests on.
#[derive(Template)]
#[template(path = "receipt.html")]
pub struct Receipt {
    /// The frame.
    pub shell: Shell,
    /// Whether this person may see all receipts and change things.
    pub may_all: bool,
    /// The conversation that it was part of.
    pub conversation: Option<String>,
    /// Its id.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// The answer.
    pub pieces: Vec<Piece>,
    /// How it was answered.
    pub rung: RungName,
    /// When.
    pub at: Moment,
    /// 1, -1, or 0 for none.
    pub rating: i8,
    /// What was said with the rating.
    pub comment: String,
    /// Whether an evaluation or a replay asked.
    pub evaluation: bool,
    /// Whether the receipt does not fit its seal.
    pub altered: bool,
    /// The words that it rests on.
    pub cited: Vec<CitedPart>,
    /// What else was found.
    pub found: Vec<FoundPart>,
    /// Where the time went.
    pub stretches: Vec<Stretch>,
    /// Model, prompt, seal.
    pub facts: Vec<Fact>,
    /// What was checked.
    pub checks: Vec<(String, String)>,
    /// Id of the golden question that was made of it.
    pub golden: Option<String>,
    /// The question asked again.
    pub again: Option<Again>,
}

/// A group of questions without a good answer.
pub struct GapRow {
    /// Names the group.
    pub id: String,
    /// The question that stands for all.
    pub question: String,
    /// How often it was asked, in words.
    pub times: String,
    /// When it was asked last.
    pub last: Moment,
    /// Whether answers were rated bad.
    pub rated_bad: bool,
    /// Where an answer is written.
    pub write: String,
    /// The questions: receipt, words, moment.
    pub examples: Vec<(String, String, Moment)>,
}

/// Questions without a good answer.
#[derive(Template)]
#[template(path = "gaps.html")]
pub struct Gaps {
    /// The frame.
    pub shell: Shell,
    /// The groups, the most frequent first.
    pub rows: Vec<GapRow>,
    /// Groups that were put aside.
    pub dismissed: Vec<GapRow>,
    /// A group that was put aside just now.
    pub undo: Option<(String, String)>,
}

/// A golden question, as a form shows it.
#[derive(Debug, Clone, Default)]
pub struct GoldenRow {
    /// Its id; empty for a new one.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// Whether it must be answered.
    pub answerable: bool,
    /// What must be said: a line each, alternatives between bars.
    pub must: String,
    /// What must not be said: a line each.
    pub must_not: String,
    /// The document that should be cited.
    pub source: String,
    /// What is expected, in a few words.
    pub summary: String,
    /// The receipt that it was made from.
    pub receipt: Option<String>,
    /// Whether the form is open.
    pub open: bool,
}

/// Golden questions.
#[derive(Template)]
#[template(path = "golden.html")]
pub struct Golden {
    /// The frame.
    pub shell: Shell,
    /// The questions.
    pub rows: Vec<GoldenRow>,
    /// The form for a new one.
    pub fresh: GoldenRow,
    /// What was done just now.
    pub done: Option<String>,
    /// What was wrong with a form.
    pub error: Option<String>,
}
