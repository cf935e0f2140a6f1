//! Grades one answer against its golden question. Pure: no model, no clock, no store.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::golden::Case;
use super::run::{AskedCase, Seen};
use super::text;
use crate::agent::{Answer, Citation, Rung};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered as expected, or refused where the documents say nothing.
    Right,
    /// Neither right nor false: the documents answer it, but it was refused or handed to a person.
    Missed,
    /// Answered wrongly, or answered although the documents say nothing.
    False,
}

impl Outcome {
    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Missed => "missed",
            Self::False => "false",
        }
    }
}

/// Why an answer is not right: the step between question and answer that lost it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No passage in the search results holds the answer.
    NotRetrieved,
    /// A search result held the answer, but the question was refused.
    RefusedThoughFound,
    /// The quoted words are not the ones that answer.
    WrongSpan,
    /// The generated or computed answer is not right.
    WrongText,
    /// Answered although the documents say nothing.
    AnsweredUnanswerable,
    /// The turn failed with an error.
    Failed,
}

impl Cause {
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

/// A citation as reports show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    pub title: String,
    pub quote: String,
    /// Whether the quote, or the passage around it, holds the answer, or the document is the expected one.
    pub supports: bool,
}

/// One question with its answer and grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    pub id: String,
    pub question: String,
    /// What a right answer says, for people.
    pub expected: String,
    pub answerable: bool,
    pub kind: Option<String>,
    pub lang: Option<String>,
    pub outcome: Outcome,
    /// `None` when the answer is right.
    pub cause: Option<Cause>,
    /// `None` when the turn failed.
    pub rung: Option<Rung>,
    /// The answer, or the error of a failed turn.
    pub answer: String,
    /// Refused, shown as related only, or handed to a person.
    pub refused: bool,
    /// Whether a search result holds the answer; `None` unless a passage should.
    pub retrieved: Option<bool>,
    /// Whether it equals an expected answer, normalised; `None` without whole expected answers.
    pub exact: Option<bool>,
    /// Whether all expected words are in the answer.
    pub contains: bool,
    /// Best token F1 against the expected answers, 0 to 1.
    pub f1: Option<f64>,
    pub citations: Vec<Cited>,
    /// Whether the citations together hold the answer; `None` for refusals and small talk.
    pub cites_answer: Option<bool>,
    /// Time from the question to the first word, ms.
    pub first_token_ms: u64,
    /// Time from the question to the end of the answer, ms.
    pub total_ms: u64,
    /// The measurements of the rungs, from the receipt.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub checks: Value,
}

pub fn grade(case: &Case, asked: &AskedCase) -> Graded {
    let answer = &asked.answer;
    let said = text::strip_marks(&answer.answer);
    let forbidden = has_forbidden(case, &said);
    let contains = says(case, &said);
    let refused = is_refusal(answer);
    // A friendly word or the offer of a person may also come from the refusing rung.
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
        // A related passage is marked as not being an answer, so it claims nothing.
        (false, _) if answer.rung == Rung::Related => Outcome::Missed,
        (false, true) => Outcome::False,
        (false, false) => Outcome::Missed,
    };
    let needs_passage = case.answerable() && !case.is_talk() && has_words(case);
    let retrieved =
        needs_passage.then(|| hold_answer(case, asked.found.iter().map(|s| s.text.as_str())));
    let cause = (!right).then(|| find_cause(case, answer.rung, refused, retrieved));
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
        hold_answer(
            case,
            answer
                .citations
                .iter()
                .flat_map(|c| words_around(c, &asked.found)),
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
        exact: (!whole.is_empty()).then(|| {
            whole
                .iter()
                .any(|a| text::normalise(a) == text::normalise(&said))
        }),
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

/// The grade of a question whose turn failed with `reason`.
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

/// Refused, shown as related only, or handed to a person: nothing was claimed.
fn is_refusal(answer: &Answer) -> bool {
    matches!(answer.rung, Rung::Refusal | Rung::Related)
        || (answer.rung == Rung::Talk && answer.handoff)
}

fn find_cause(case: &Case, rung: Rung, refused: bool, retrieved: Option<bool>) -> Cause {
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
    let said = text::fold(said);
    case.must_not.iter().any(|f| said.contains(&text::fold(f)))
}

/// Whether a text says everything that is expected.
fn says(case: &Case, said: &str) -> bool {
    if !case.must.is_empty() {
        return case.must.iter().all(|group| says_one(group, said));
    }
    let said = text::normalise(said);
    case.answers
        .iter()
        .any(|a| text::contains(&said, &text::normalise(a)))
}

/// Fragments keep their surrounding spaces: "hi " must not match "high".
fn says_one(group: &[String], said: &str) -> bool {
    let said = format!(" {} ", text::fold(said));
    group.iter().any(|fragment| {
        let plain = fragment.replace(['’', '‘'], "'").to_lowercase();
        said.contains(&plain)
    })
}

fn has_words(case: &Case) -> bool {
    !case.answers.is_empty() || !case.must.is_empty() || quotes(case).next().is_some()
}

/// Words in the documents that answer the question, as the golden file quotes them.
fn quotes(case: &Case) -> impl Iterator<Item = &str> {
    let own = [case.quote.as_deref(), case.passage.as_deref()];
    let further = case.also.iter().map(|s| s.quote.as_str());
    own.into_iter()
        .flatten()
        .chain(further)
        .filter(|q| !q.trim().is_empty())
}

/// Whether the texts together hold the answer: its words, or the words quoted in the golden file.
fn hold_answer<'a>(case: &Case, texts: impl Iterator<Item = &'a str>) -> bool {
    let texts: Vec<&str> = texts.collect();
    if case.answerable() && says(case, &texts.join("\n")) {
        return true;
    }
    quotes(case).any(|q| texts.iter().any(|t| text::shares(t, q)))
}

/// The words of a citation, and the passage around them.
fn words_around<'a>(citation: &'a Citation, found: &'a [Seen]) -> impl Iterator<Item = &'a str> {
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
    let said = words_around(citation, found).collect::<Vec<_>>().join("\n");
    if quotes(case).any(|q| text::shares(&said, q)) {
        return true;
    }
    if !case.must.is_empty() {
        return case.must.iter().any(|group| says_one(group, &said));
    }
    says(case, &said)
}

/// Whether a document is the expected file. Files with the same name in several folders are
/// distinguished by their folders: "guide/intro.md" is stored as "guide - intro.md".
fn same_source(source: &str, name: &str) -> bool {
    let joined = source.replace('/', " - ");
    !source.is_empty() && (joined == name || joined.ends_with(&format!(" - {name}")))
}

/// Complete expected answers, for comparing word by word.
fn whole_answers(case: &Case) -> Vec<&str> {
    if case.answers.is_empty() && case.answerable() {
        return case.reference.iter().map(String::as_str).collect();
    }
    case.answers.iter().map(String::as_str).collect()
}
