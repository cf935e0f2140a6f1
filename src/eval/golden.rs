//! Golden questions: a question and what a right answer to it says.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::EvalError;
use crate::reason::Reason;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// `visitor` or `user`, or `assistant` (`agent`).
    pub role: String,
    #[serde(alias = "content")]
    pub text: String,
}

impl Earlier {
    pub fn is_visitor(&self) -> bool {
        matches!(self.role.as_str(), "visitor" | "user" | "customer")
    }
}

/// A place in the documents that holds the answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Support {
    /// File name of the document.
    pub source: String,
    /// The words that hold the answer.
    pub quote: String,
}

/// A text that a question brings with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brought {
    pub title: String,
    pub text: String,
}

/// One golden question. Fields that grading does not use are ignored on import.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// Unique name in lists and comparisons; defaults to its position in the file ("q7").
    #[serde(deserialize_with = "word", skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub question: String,
    /// Whether the documents answer it. `None`: derived from the expectations.
    #[serde(skip_serializing_if = "Option::is_none")]
    answerable: Option<bool>,
    /// A right answer contains one of these, normalised.
    #[serde(deserialize_with = "words", skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// A right answer contains one fragment of each group.
    #[serde(deserialize_with = "groups", skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<Vec<String>>,
    /// A right answer contains none of these.
    #[serde(deserialize_with = "words", skip_serializing_if = "Vec::is_empty")]
    pub must_not: Vec<String>,
    /// The expectation as people write it: an answer, alternatives separated by `|`, or "refuse".
    #[serde(skip_serializing)]
    expected: Option<String>,
    /// "ANSWERABLE", "PARTIAL" or "UNANSWERABLE", as in some public collections.
    #[serde(deserialize_with = "maybe_word", skip_serializing)]
    answerability: Option<String>,
    /// A complete good answer; used for the word overlap only.
    #[serde(alias = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// File name of the document that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The words in the document that answer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// The paragraph that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<String>,
    /// Texts that were available when it was asked.
    #[serde(skip_serializing)]
    pub passages: Vec<Brought>,
    /// Other places that answer it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Support>,
    /// Earlier messages, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Earlier>,
    /// The time at which it is asked; `None`: the time of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// Sort of question; the figures are broken down by it.
    #[serde(
        deserialize_with = "maybe_word",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Language of the question, ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

/// A string; accepts a number as well.
fn word<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(maybe_word(from)?.unwrap_or_default())
}

/// A string or a number; of a list, the first item.
fn maybe_word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        One(String),
        Many(Vec<String>),
        Number(serde_json::Number),
    }
    Ok(match Option::<Word>::deserialize(from)? {
        Some(Word::One(word)) => Some(word),
        Some(Word::Many(words)) => words.into_iter().next(),
        Some(Word::Number(number)) => Some(number.to_string()),
        None => None,
    })
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(found: OneOrMany) -> Self {
        match found {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

fn words<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<OneOrMany>::deserialize(from)?.map_or_else(Vec::new, Into::into))
}

fn groups<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<String>>, D::Error> {
    let groups = Option::<Vec<OneOrMany>>::deserialize(from)?.unwrap_or_default();
    Ok(groups.into_iter().map(Into::into).collect())
}

impl Case {
    /// A question that the documents answer with one of `answers`.
    pub fn answered(question: &str, answers: &[&str]) -> Self {
        Self {
            question: question.to_owned(),
            answerable: Some(true),
            answers: answers.iter().map(|&a| a.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A question that must be refused.
    pub fn refused(question: &str) -> Self {
        Self {
            question: question.to_owned(),
            answerable: Some(false),
            ..Self::default()
        }
    }

    /// Builds a case from a stored golden question; `None` if it cannot be graded.
    pub fn kept(id: &str, question: &str, expectation: &serde_json::Value) -> Option<Self> {
        let mut case: Self = serde_json::from_value(expectation.clone()).ok()?;
        case.id = id.to_owned();
        case.question = question.to_owned();
        case.settle(0).ok()?;
        Some(case)
    }

    pub fn answerable(&self) -> bool {
        self.answerable
            .unwrap_or(!self.answers.is_empty() || !self.must.is_empty())
    }

    /// Whether no document is involved: a greeting, or a request for a person.
    pub fn is_talk(&self) -> bool {
        matches!(self.kind.as_deref(), Some("smalltalk" | "handoff"))
    }

    /// The expectation in words, for people.
    pub fn expected(&self) -> String {
        if !self.answerable() {
            return "a refusal".into();
        }
        if !self.answers.is_empty() {
            return self.answers.join(" | ");
        }
        let groups: Vec<&str> = self
            .must
            .iter()
            .filter_map(|g| g.first().map(String::as_str))
            .collect();
        if groups.is_empty() {
            return "an answer".into();
        }
        groups.join(" + ")
    }

    /// Moves the `expected` and `answerability` that people write into the fields used for grading, and
    /// checks that the question can be graded. `place` counts from 1.
    fn settle(&mut self, place: usize) -> Result<(), Reason> {
        self.question = self.question.trim().to_owned();
        if self.question.is_empty() {
            return Err("there is no `question`".into());
        }
        if self.id.is_empty() {
            self.id = format!("q{place}");
        }
        if let Some(expected) = self.expected.take() {
            if is_refusal(&expected) {
                self.answerable.get_or_insert(false);
            } else {
                let parts = expected.split('|').map(|p| p.trim().to_owned());
                self.answers.extend(parts.filter(|p| !p.is_empty()));
            }
        }
        if let Some(word) = self.answerability.take() {
            self.answerable
                .get_or_insert(!word.eq_ignore_ascii_case("unanswerable"));
        }
        let expects = !self.answers.is_empty() || !self.must.is_empty();
        if self.answerable.is_none() && !expects {
            return Err(
                "it says neither what is expected nor `answerable`; give `answers`, `must`, \
                        `expected`, or `\"answerable\": false` for a question to be refused"
                    .into(),
            );
        }
        if self.must.iter().any(Vec::is_empty) {
            return Err("a group of `must` is empty; list its alternatives or leave it out".into());
        }
        self.answerable = Some(self.answerable());
        Ok(())
    }
}

fn is_refusal(expected: &str) -> bool {
    let plain = expected.trim().to_lowercase().replace('_', " ");
    matches!(
        plain.as_str(),
        "" | "refuse" | "refusal" | "must refuse" | "unanswerable" | "not in the documents"
    )
}

/// Reads questions from JSON lines, a JSON array, or CSV with the columns `question` and `expected`
/// (comma, semicolon or tab; alternatives separated by `|`; "refuse" for a question to be refused).
///
/// # Errors
/// At the first question that cannot be read or graded; names its line.
pub fn read(text: &str) -> Result<Vec<Case>, EvalError> {
    let text = text.trim_start_matches('\u{feff}');
    let cases = match text.trim_start().chars().next() {
        None => return Err(EvalError::NoQuestions),
        Some('[') => read_array(text)?,
        Some('{') => read_lines(text)?,
        Some(_) => read_csv(text)?,
    };
    if cases.is_empty() {
        return Err(EvalError::NoQuestions);
    }
    Ok(cases)
}

fn read_lines(text: &str) -> Result<Vec<Case>, EvalError> {
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = |what: Reason| EvalError::Line {
            line: number + 1,
            what,
        };
        let mut case: Case = serde_json::from_str(line)
            .map_err(|e| Reason::told(format!("it is not a question as JSON ({e})"), e))
            .map_err(at)?;
        case.settle(cases.len() + 1).map_err(at)?;
        cases.push(case);
    }
    Ok(cases)
}

fn read_array(text: &str) -> Result<Vec<Case>, EvalError> {
    let mut cases: Vec<Case> = serde_json::from_str(text).map_err(|e| EvalError::Line {
        line: e.line(),
        what: Reason::told(format!("it is not a list of questions as JSON ({e})"), e),
    })?;
    for (i, case) in cases.iter_mut().enumerate() {
        case.settle(i + 1).map_err(|what| EvalError::Line {
            line: 1,
            what: Reason::told(format!("question {}: {what}", i + 1), what),
        })?;
    }
    Ok(cases)
}

fn read_csv(text: &str) -> Result<Vec<Case>, EvalError> {
    let header = text.lines().next().unwrap_or_default();
    // Spreadsheets of many countries export semicolons: take the delimiter that the header uses most.
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| header.bytes().filter(|b| b == d).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let at = |line: usize, what: Reason| EvalError::Line { line, what };
    let header = reader.headers().map_err(|e| at(1, Reason::of(e)))?.clone();
    let column = |names: &[&str]| {
        header
            .iter()
            .position(|h| names.contains(&h.trim().to_lowercase().as_str()))
    };
    let (Some(question), Some(expected)) = (
        column(&["question"]),
        column(&["expected", "answer", "answers"]),
    ) else {
        let what = "the first line must name the columns `question` and `expected`";
        return Err(at(1, what.into()));
    };
    let [id, kind, lang, source, now, must_not] =
        ["id", "kind", "lang", "source", "now", "must_not"].map(|name| column(&[name]));
    let mut cases = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            at(usize::try_from(line).unwrap_or(0), Reason::of(e))
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(0);
        let cell = |at: Option<usize>| {
            let text = row.get(at?)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        if row.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let now = cell(now).map(|t| t.parse::<Timestamp>()).transpose();
        let must_not = cell(must_not).unwrap_or_default();
        let mut case = Case {
            id: cell(id).unwrap_or_default(),
            question: cell(Some(question)).unwrap_or_default(),
            expected: Some(cell(Some(expected)).unwrap_or_default()),
            kind: cell(kind),
            lang: cell(lang),
            source: cell(source),
            now: now.map_err(|_| {
                at(
                    line,
                    "`now` must be a time like 2026-12-24T10:00:00-05:00".into(),
                )
            })?,
            must_not: must_not
                .split('|')
                .map(|p| p.trim().to_owned())
                .filter(|p| !p.is_empty())
                .collect(),
            ..Case::default()
        };
        case.settle(cases.len() + 1)
            .map_err(|what| at(line, what))?;
        cases.push(case);
    }
    Ok(cases)
}
