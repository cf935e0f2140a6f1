//! Lines that text recognition was not sure of, on the page of their document.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::document::{self, PassageQuery};
use super::guard::SignedIn;
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::lines;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::{LineDecision, LinesToCheck};
use crate::store::seen::{LineState, SeenLine};
use crate::store::{DocumentId, SeenLineId, VersionId};

/// Most doubtful lines, and most of those that were decided on, that a page shows.
const MOST: usize = 40;

/// The section with the lines to check.
pub struct LinesPart {
    /// Lines that were doubtful when the document was read, and how many of them are decided on.
    pub all: usize,
    pub done: usize,
    /// Number of their version, if it waits at the gate.
    pub held: Option<u32>,
    /// Why the last decision did not work.
    pub error: Option<String>,
    pub pages: Vec<LinePage>,
    /// How many wait that are not shown.
    pub more: usize,
    /// Those that were decided on, latest first.
    pub decided: Vec<DecidedLine>,
}

/// The doubtful lines of a page.
pub struct LinePage {
    pub number: u32,
    pub lines: Vec<LineRow>,
}

impl LinePage {
    /// The ids of its lines, as the form sends them.
    pub fn ids(&self) -> String {
        let ids: Vec<&str> = self.lines.iter().map(|line| line.id.as_str()).collect();
        ids.join(",")
    }
}

pub struct LineRow {
    pub id: String,
    /// As it was recognised.
    pub text: String,
    /// How sure the recognition is, in words.
    pub sure: &'static str,
    /// Address of its picture.
    pub picture: String,
}

pub struct DecidedLine {
    pub id: String,
    pub page: u32,
    /// What was said to it.
    pub said: &'static str,
    /// What is quoted, or what was left out.
    pub text: String,
}

impl LinesPart {
    /// `None` if nothing was doubtful.
    pub(super) fn new(
        document: DocumentId,
        found: LinesToCheck,
        error: Option<&Problem>,
    ) -> Option<Self> {
        let error = error.map(|problem| sentence(problem.detail()));
        if found.lines.is_empty() && error.is_none() {
            return None;
        }
        let (all, left) = (found.lines.len(), found.left());
        let is_held = found.is_held();
        let version = found.version.as_ref().filter(|_| is_held);
        let held = version.map(|version| version.number);
        let (waiting, mut decided): (Vec<SeenLine>, Vec<SeenLine>) =
            (found.lines.into_iter()).partition(|line| line.state == LineState::Doubtful);
        let document = document.to_string();
        let mut pages: Vec<LinePage> = Vec::new();
        for line in waiting.into_iter().take(MOST) {
            let number = line.page;
            if pages.last().is_none_or(|page| page.number != number) {
                let lines = Vec::new();
                pages.push(LinePage { number, lines });
            }
            if let Some(page) = pages.last_mut() {
                page.lines.push(row(&document, line));
            }
        }
        decided.sort_by_key(|line| std::cmp::Reverse(line.decided_at));
        Some(Self {
            all,
            done: all - left,
            held,
            error,
            pages,
            more: left.saturating_sub(MOST),
            decided: decided.into_iter().take(MOST).map(decided_line).collect(),
        })
    }
}

fn row(document: &str, line: SeenLine) -> LineRow {
    LineRow {
        id: line.id.to_string(),
        sure: sureness(line.confidence),
        picture: lines::picture_address(document, &line),
        text: line.text,
    }
}

fn decided_line(line: SeenLine) -> DecidedLine {
    DecidedLine {
        id: line.id.to_string(),
        page: line.page,
        said: match line.state {
            LineState::Corrected => "Corrected",
            LineState::LeftOut => "Left out",
            _ => "Confirmed",
        },
        text: line.corrected.unwrap_or(line.text),
    }
}

fn sureness(confidence: f64) -> &'static str {
    match confidence {
        c if c < 0.5 => "Hardly legible",
        c if c < 0.7 => "Unsure",
        _ => "Fairly sure",
    }
}

/// The lines to check of a document, for its page; only if the version shown is the one that they are of.
pub(super) async fn part(
    app: &App,
    person: &SignedIn,
    document: DocumentId,
    shown: Option<VersionId>,
    error: Option<&Problem>,
) -> Result<Option<LinesPart>, Problem> {
    let documents = app.knowledge.documents();
    let found = documents.lines_to_check(person.member(), document).await?;
    let of = found.version.as_ref().map(|version| version.id);
    if shown.is_some() && shown != of {
        return Ok(None);
    }
    Ok(LinesPart::new(document, found, error))
}

#[derive(Deserialize)]
pub(super) struct Said {
    /// Ids with commas between them.
    lines: String,
    decision: String,
    /// What the line says; as it was recognised unless somebody wrote something else.
    text: Option<String>,
}

impl Said {
    /// Whoever wrote something else and confirms it has corrected the line.
    fn decision(&self) -> Result<LineDecision, Problem> {
        match (self.decision.as_str(), &self.text) {
            ("confirm", Some(text)) => Ok(LineDecision::Correct(text.clone())),
            (name, text) => lines::decision(name, text.clone()),
        }
    }

    fn ids(&self) -> Result<Vec<SeenLineId>, Problem> {
        let ids = self.lines.split(',').filter(|id| !id.is_empty());
        ids.map(|id| parse_id(id, "line")).collect()
    }
}

/// `POST /documents/{id}/lines`
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, Failure> {
    let of = parse_id(&id, "document")?;
    let (decision, ids) = (said.decision()?, said.ids()?);
    let documents = app.knowledge.documents();
    let decided = documents.decide_lines(person.member(), of, ids, decision);
    match decided.await.map_err(Problem::from) {
        Ok(_) => Ok(Redirect::to(&format!("/documents/{id}#lines")).into_response()),
        Err(problem) if is_for_people(problem.status) => {
            let query = PassageQuery::default();
            document::show(&app, &person, &id, query, Some(problem)).await
        }
        Err(other) => Err(Failure(other)),
    }
}

/// Whether the person can do something about it on the same page.
fn is_for_people(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::CONFLICT | StatusCode::BAD_REQUEST | StatusCode::SERVICE_UNAVAILABLE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmed_line_with_other_words_is_corrected() {
        let said = |decision: &str, text: Option<&str>| Said {
            lines: String::new(),
            decision: decision.into(),
            text: text.map(str::to_owned),
        };
        let corrected = LineDecision::Correct("Tea".into());
        assert_eq!(said("confirm", Some("Tea")).decision().unwrap(), corrected);
        assert_eq!(said("correct", Some("Tea")).decision().unwrap(), corrected);
        assert_eq!(
            said("confirm", None).decision().unwrap(),
            LineDecision::Confirm
        );
        assert_eq!(
            said("leave_out", Some("Tea")).decision().unwrap(),
            LineDecision::LeaveOut
        );
        assert!(said("correct", None).decision().is_err());
        assert!(said("burn", None).decision().is_err());
        assert!(said("confirm", None).ids().unwrap().is_empty());
    }

    #[test]
    fn lines_stand_under_their_page_and_some_wait() {
        let lines = (0..50).map(|n| SeenLine::new(1 + n / 30, n, "Tea".into(), 0.6, [0.0; 4]));
        let mut lines: Vec<SeenLine> = lines.collect();
        lines[0].state = LineState::Corrected;
        lines[0].corrected = Some("Coffee".into());
        let found = LinesToCheck {
            version: None,
            lines,
        };
        let part = LinesPart::new(DocumentId::new(), found, None).unwrap();
        assert_eq!((part.all, part.done, part.more), (50, 1, 9));
        let pages: Vec<(u32, usize)> = part
            .pages
            .iter()
            .map(|page| (page.number, page.lines.len()))
            .collect();
        assert_eq!(pages, [(1, 29), (2, 11)]);
        assert_eq!(part.pages[1].ids().split(',').count(), 11);
        assert_eq!(
            (part.decided[0].said, part.decided[0].text.as_str()),
            ("Corrected", "Coffee")
        );
        assert!(LinesPart::new(DocumentId::new(), LinesToCheck::default(), None).is_none());
    }
}
