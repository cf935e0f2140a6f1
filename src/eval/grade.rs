//! Judging one answer against its golden question. Pure: no model, no clock, no store.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::golden::Case;
use super::run::{Asked, Seen};
use super::text;
use crate::agent::{Answer, Citation, Rung};

/// How an answer came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered as expected, or refused where nothing is known.
    Right,
    /// Neither right nor false: refused, or handed to a person, though the documents answer it.
    Missed,
    /// Answered and not right, or answered though the documents do not tell.
    False,
}

impl Outcome {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Missed => "missed",
            Self::False => "false",
        }
    }
}

/// Why an answer is not right: the part of the way from question to answer that lost it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No passage that was found holds the answer.
    NotRetrieved,
    /// A passage held the answer, and it was refused.
    RefusedThoughFound,
    /// Other words were quoted than those that answer.
    WrongSpan,
    /// The answer was written, or computed, and is not right.
    WrongText,
    /// Answered though the documents do not tell.
    AnsweredUnanswerable,
    /// The turn failed.
    Failed,
}

impl Cause {
    /// What it is, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::NotRetrieved => "not retrieved",
            Self::RefusedThoughFound => "retrieved, but refused",
            Self::WrongSpan => "wrong words quoted",
            Self::WrongText => "wrong text",
            Self::AnsweredUnanswerable => "answered though unanswerable",
            Self::Failed => "failed",
        }
    }
}

/// A citation, as far as a report shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    /// Title of the document.
    pub title: String,
    /// The words.
    pub quote: String,
    /// Whether the words, or the passage around them, hold the answer or lie in the expected document.
    pub supports: bool,
}

/// One question with its answer, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// The question's id.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What a right answer says, for people.
    pub expected: String,
    /// Whether the documents answer it.
    pub answerable: bool,
    /// What sort of question it is.
    pub kind: Option<String>,
    /// Language of the question.
    pub lang: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
    /// Why it is not right.
    pub cause: Option<Cause>,
    /// Which rung answered; none when the turn failed.
    pub rung: Option<Rung>,
    /// The answer, or why the turn failed.
    pub answer: String,
    /// Refused, or referred to a person.
    pub refused: bool,
    /// Whether some found passage holds the answer; for questions that a passage answers.
    pub retrieved: Option<bool>,
    /// Equal to an expected answer, normalised; for questions with whole answers.
    pub exact: Option<bool>,
    /// All expected words are in the answer.
    pub contains: bool,
    /// Best token F1 against the expected answers, 0 to 1.
    pub f1: Option<f64>,
    /// What was cited.
    pub citations: Vec<Cited>,
    /// Whether the citations together hold the answer; for answerable questions that were answered.
    pub cites_answer: Option<bool>,
    /// From the question to the first word, ms.
    pub first_token_ms: u64,
    /// From the question to the end, ms.
    pub total_ms: u64,
    /// What the rungs measured; see the receipt.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub checks: Value,
}

/// Judges an answer.
pub fn grade(case: &Case, asked: &Asked) -> Graded {
    let answer = &asked.answer;
    let said = text::without_marks(&answer.answer);
    let forbidden = has_forbidden(case, &said);
    let contains = says(case, &said);
    let refused = is_refusal(answer);
    // A friendly word or an offer of a person may come from the refusing rung as well.
    let answered = !refused || case.is_talk();
    let expected_is_open = case.answers.is_empty() && case.must.is_empty();
    let right = if case.answerable() {
        answered && !forbidden && (contains || (expected_is_open && !refused))
    } else {
        refused && (!forbidden || answer.rung == Rung::Related)
    };
    let stated = !refused && (answer.rung != Rung::Talk || case.answerable());
    let outcome = match (right, stated || forbidden) {
        (true, _) => Outcome::Right,
        // What is shown as related is claimed to be no answer.
        (false, _) if answer.rung == Rung::Related => Outcome::Missed,
        (false, true) => Outcome::False,
        (false, false) => Outcome::Missed,
    };
    let needs_passage = case.answerable() && !case.is_talk() && has_words(case);
    let retrieved =
        needs_passage.then(|| together(case, asked.found.iter().map(|s| s.text.as_str())));
    let cause = (!right).then(|| cause_of(case, answer.rung, refused, retrieved));
    let citations: Vec<Cited> = answer
        .citations
        .iter()
        .map(|c| Cited {
            title: c.title.clone(),
            quote: c.quote.clone(),
            supports: supports(case, c, &asked.found),
        })
        .collect();
    let cites_answer = (needs_passage && !refused && answer.rung != Rung::Talk).then(|| {
        together(
            case,
            answer
                .citations
                .iter()
                .flat_map(|c| around(c, &asked.found)),
        )
    });
    let whole: Vec<&str> = whole_answers(case);
    Graded {
        id: case.id.clone(),
        question: case.question.clone(),
        expected: case.expected(),
        answerable: case.answerable(),
        kind: case.kind.clone(),
        lang: case.lang.clone(),
        outcome,
        cause,
        rung: Some(answer.rung),
        refused,
        retrieved,
        exact: (!whole.is_empty())
            .then(|| whole.iter().any(|a| text::normal(a) == text::normal(&said))),
        contains,
        f1: whole.iter().map(|a| text::f1(&said, a)).reduce(f64::max),
        citations,
        cites_answer,
        first_token_ms: answer.timings_ms.first_token,
        total_ms: answer.timings_ms.total,
        answer: answer.answer.clone(),
        checks: asked.checks.clone(),
    }
}

/// The record of a question whose turn failed.
pub fn failed(case: &Case, reason: &str) -> Graded {
    Graded {
        id: case.id.clone(),
        question: case.question.clone(),
        expected: case.expected(),
        answerable: case.answerable(),
        kind: case.kind.clone(),
        lang: case.lang.clone(),
        outcome: Outcome::Missed,
        cause: Some(Cause::Failed),
        rung: None,
        answer: reason.to_owned(),
        refused: false,
        retrieved: None,
        exact: None,
        contains: false,
        f1: None,
        citations: Vec::new(),
        cites_answer: None,
        first_token_ms: 0,
        total_ms: 0,
        checks: Value::Null,
    }
}

/// Refused, shown as related only, or handed to a person: nothing was stated.
fn is_refusal(answer: &Answer) -> bool {
    matches!(answer.rung, Rung::Refusal | Rung::Related)
        || (answer.rung == Rung::Talk && answer.handoff)
}

fn cause_of(case: &Case, rung: Rung, refused: bool, retrieved: Option<bool>) -> Cause {
    if !case.answerable() {
        return Cause::AnsweredUnanswerable;
    }
    match (retrieved, refused, rung) {
        (Some(false), _, _) => Cause::NotRetrieved,
        (_, true, _) => Cause::RefusedThoughFound,
        (_, _, Rung::Read | Rung::Faq) => Cause::WrongSpan,
        _ => Cause::WrongText,
    }
}

fn has_forbidden(case: &Case, said: &str) -> bool {
    let said = text::folded(said);
    case.must_not
        .iter()
        .any(|f| said.contains(&text::folded(f)))
}

/// Whether a text says everything that is expected.
fn says(case: &Case, said: &str) -> bool {
    if !case.must.is_empty() {
        return case.must.iter().all(|group| says_one(group, said));
    }
    let said = text::normal(said);
    case.answers
        .iter()
        .any(|a| text::contains(&said, &text::normal(a)))
}

/// Fragments keep the space around them that tells "hi " from "high".
fn says_one(group: &[String], said: &str) -> bool {
    let said = format!(" {} ", text::folded(said));
    group.iter().any(|fragment| {
        let plain = fragment.replace(['’', '‘'], "'").to_lowercase();
        said.contains(&plain)
    })
}

fn has_words(case: &Case) -> bool {
    !case.answers.is_empty() || !case.must.is_empty() || quotes(case).next().is_some()
}

/// The words in the documents that answer the question, where the file names them.
fn quotes(case: &Case) -> impl Iterator<Item = &str> {
    let own = [case.quote.as_deref(), case.passage.as_deref()];
    let further = case.also.iter().map(|s| s.quote.as_str());
    own.into_iter()
        .flatten()
        .chain(further)
        .filter(|q| !q.trim().is_empty())
}

/// Whether texts hold the answer together: its words, or the words that the file quotes.
fn together<'a>(case: &Case, texts: impl Iterator<Item = &'a str>) -> bool {
    let texts: Vec<&str> = texts.collect();
    if case.answerable() && says(case, &texts.join("\n")) {
        return true;
    }
    quotes(case).any(|q| texts.iter().any(|t| text::shares(t, q)))
}

/// The words of a citation, and the passage that they stand in.
fn around<'a>(citation: &'a Citation, found: &'a [Seen]) -> impl Iterator<Item = &'a str> {
    let [from, to] = citation.span;
    let passage = found
        .iter()
        .filter(move |s| s.version == citation.version && s.span[0] <= from && to <= s.span[1])
        .map(|s| s.text.as_str());
    std::iter::once(citation.quote.as_str()).chain(passage)
}

fn supports(case: &Case, citation: &Citation, found: &[Seen]) -> bool {
    let name = found
        .iter()
        .find(|s| s.document == citation.document)
        .map(|s| s.name.as_str());
    let sources = case
        .source
        .iter()
        .chain(case.also.iter().map(|s| &s.source));
    if name.is_some_and(|name| sources.into_iter().any(|s| same_source(s, name))) {
        return true;
    }
    let said = around(citation, found).collect::<Vec<_>>().join("\n");
    if quotes(case).any(|q| text::shares(&said, q)) {
        return true;
    }
    if !case.must.is_empty() {
        return case.must.iter().any(|group| says_one(group, &said));
    }
    says(case, &said)
}

/// Whether a document's name is that of the expected file. Files of one name in several folders are
/// told apart by their folders: "guide/intro.md" is kept as "guide - intro.md".
fn same_source(source: &str, name: &str) -> bool {
    let joined = source.replace('/', " - ");
    !source.is_empty() && (joined == name || joined.ends_with(&format!(" - {name}")))
}

/// Whole answers to compare with word by word.
fn whole_answers(case: &Case) -> Vec<&str> {
    if case.answers.is_empty() && case.answerable() {
        return case.reference.iter().map(String::as_str).collect();
    }
    case.answers.iter().map(String::as_str).collect()
}
