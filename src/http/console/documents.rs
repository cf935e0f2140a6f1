//! The list of documents.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{bytes, limit, moment, plural};
use super::guard::SignedIn;
use super::pages::{self, DocumentRow};
use super::view::{self, Section};
use super::{Failure, sentence, status};
use crate::app::App;
use crate::http::api::upload;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::documents::{DocumentState, DocumentSummary, Origin};

/// Extensions for the file picker; the server looks at the content, not the name.
pub(super) const ACCEPT: &str = ".pdf,.docx,.doc,.pptx,.ppt,.xlsx,.xls,.odt,.ods,.odp,.rtf,.epub,.html,.htm,.md,.mdx,\
                      .markdown,.csv,.tsv,.eml,.msg,.pages,.numbers,.key,.txt,.text,.vtt,.srt,\
                      .jpg,.jpeg,.png,.heic,.tif,.tiff,.zip";
/// Documents on one page; the search finds the others.
const MOST_SHOWN: usize = 200;
/// Files that are named when they were refused.
const MOST_NAMED: usize = 3;

#[derive(Default, Deserialize)]
pub(super) struct Sought {
    #[serde(default)]
    q: String,
    /// `hidden` right after the first steps were put away.
    #[serde(default)]
    guide: String,
}

/// `GET /documents?q=&guide=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(sought): Query<Sought>,
) -> Result<Response, Failure> {
    render(&app, &person, sought, None).await
}

/// `POST /documents/files`: for browsers without scripts. Files are bounded one by one, as they are read.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    person: SignedIn,
    request: Request,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let refused = match take_files(&app, &person, request).await {
        Err(problem) if problem.status.is_client_error() => Some(sentence(&problem.detail)),
        taken => taken?,
    };
    match refused {
        Some(_) => render(&app, &person, Sought::default(), refused).await,
        None => Ok(Redirect::to("/documents").into_response()),
    }
}

async fn render(
    app: &App,
    person: &SignedIn,
    sought: Sought,
    error: Option<String>,
) -> Result<Response, Failure> {
    let found = find(app, person, &sought.q, MOST_SHOWN).await?;
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let max_bytes = app.config.upload_max_bytes;
    let page = pages::Documents {
        shell: person.shell(Section::Documents, "Documents"),
        ready: found.ready,
        rows: found.rows,
        all: found.all,
        more: found.more,
        totals: found.totals,
        query: sought.q,
        max_bytes,
        max_size: limit(max_bytes),
        accept: ACCEPT,
        error,
        warning: status::warning(app, &["extract", "embed"]),
        guide_hidden: sought.guide == "hidden",
    };
    Ok(view::page(status, &page))
}

/// Stores the files of a form; which were refused and why, if some were.
///
/// # Errors
/// When the form cannot be read, or holds too many files.
pub(super) async fn take_files(
    app: &App,
    person: &SignedIn,
    request: Request,
) -> Result<Option<String>, Problem> {
    let outcomes = upload::take(app, person.workspace.id, request).await?;
    if outcomes.is_empty() {
        return Ok(Some("Choose a file first.".to_owned()));
    }
    let refused: Vec<String> = outcomes
        .into_iter()
        .filter_map(|(name, outcome)| Some(refusal(&name, &outcome.err()?)))
        .collect();
    if refused.is_empty() {
        return Ok(None);
    }
    let more = refused.len().saturating_sub(MOST_NAMED);
    let mut told = refused
        .into_iter()
        .take(MOST_NAMED)
        .collect::<Vec<_>>()
        .join(" ");
    if more > 0 {
        told.push_str(&format!(" {more} more were refused as well."));
    }
    Ok(Some(told))
}

fn refusal(name: &str, problem: &Problem) -> String {
    match name {
        "" => sentence(&problem.detail),
        name => format!("{name}: {}", sentence(&problem.detail)),
    }
}

/// The documents that match a query.
pub(super) struct Found {
    /// At most as many as were asked for.
    pub(super) rows: Vec<DocumentRow>,
    /// How many were found beyond `rows`.
    pub(super) more: usize,
    /// How many there are, whatever the query.
    pub(super) all: usize,
    /// How many of all can be answered from.
    pub(super) ready: usize,
    /// Sums over all: pages, passages, answers, failures.
    pub(super) totals: Vec<String>,
}

pub(super) async fn find(
    app: &App,
    person: &SignedIn,
    query: &str,
    most: usize,
) -> Result<Found, Problem> {
    let listed = app.knowledge.documents().list(person.member(), now_ms());
    let found = listed.await?;
    let all = found.len();
    let mut rows: Vec<DocumentRow> = Vec::new();
    let mut sums = Sums::default();
    for (summary, cited) in found {
        sums.add(&summary, cited);
        if is_sought(&summary, query) {
            rows.push(row(summary, cited));
        }
    }
    let more = rows.len().saturating_sub(most);
    rows.truncate(most);
    Ok(Found {
        rows,
        more,
        all,
        ready: sums.ready,
        totals: sums.shown(),
    })
}

/// Whether each word of the query is in the name, the title or the state.
fn is_sought(summary: &DocumentSummary, query: &str) -> bool {
    let document = &summary.document;
    let to_check = match summary.doubtful {
        0 => "",
        _ => "lines to check",
    };
    let about = format!(
        "{} {} {} {to_check}",
        document.name,
        document.title,
        document.state.as_str()
    )
    .to_lowercase();
    query
        .to_lowercase()
        .split_whitespace()
        .all(|word| about.contains(word))
}

#[derive(Default)]
struct Sums {
    ready: usize,
    failed: u64,
    pages: u64,
    passages: u64,
    answers: u64,
    to_check: u64,
}

impl Sums {
    fn add(&mut self, summary: &DocumentSummary, answers: u64) {
        self.ready += usize::from(summary.document.state == DocumentState::Ready);
        self.failed += u64::from(summary.document.state == DocumentState::Failed);
        self.pages += u64::from(summary.pages.unwrap_or(0));
        self.passages += u64::try_from(summary.chunks).unwrap_or(0);
        self.answers += answers;
        self.to_check += u64::from(summary.doubtful);
    }

    fn shown(&self) -> Vec<String> {
        let mut shown = Vec::new();
        if self.pages > 0 {
            shown.push(plural(self.pages, "page", "pages"));
        }
        shown.push(plural(self.passages, "passage", "passages"));
        shown.push(format!(
            "cited {} in 30 days",
            plural(self.answers, "time", "times")
        ));
        if self.to_check > 0 {
            shown.push(plural(self.to_check, "line to check", "lines to check"));
        }
        if self.failed > 0 {
            shown.push(format!("{} could not be read", self.failed));
        }
        shown
    }
}

fn row(summary: DocumentSummary, answers: u64) -> DocumentRow {
    let document = summary.document;
    let notes: Vec<String> = match document.state {
        DocumentState::Ready => summary.notes,
        DocumentState::Failed => document.error.into_iter().collect(),
        DocumentState::Queued | DocumentState::Indexing => Vec::new(),
    };
    let chunks = u64::try_from(summary.chunks).unwrap_or_default();
    let is_note = document.origin == Origin::Snippet;
    DocumentRow {
        id: document.id.to_string(),
        kind: match is_note {
            true => "note".to_owned(),
            false => kind(&document.name),
        },
        name: match is_note {
            true => document.title,
            false => document.name,
        },
        state: document.state.as_str().to_owned(),
        size: bytes(u64::try_from(summary.bytes).unwrap_or_default()),
        pages: summary
            .pages
            .map(|pages| plural(pages.into(), "page", "pages")),
        passages: (chunks > 0).then(|| plural(chunks, "passage", "passages")),
        version: summary.version_number,
        updated: moment(document.updated_at),
        language: summary.language.as_deref().and_then(language),
        dated: document.dated_at.map(day),
        answers: (answers > 0).then(|| format!("cited {}", plural(answers, "time", "times"))),
        is_note,
        to_check: (summary.doubtful > 0)
            .then(|| plural(summary.doubtful.into(), "line to check", "lines to check")),
        notes: notes.iter().map(|note| sentence(note)).collect(),
    }
}

pub(super) fn language(code: &str) -> Option<&'static str> {
    Some(match code {
        "en" => "English",
        "de" => "German",
        "es" => "Spanish",
        "fr" => "French",
        "it" => "Italian",
        "pt" => "Portuguese",
        "nl" => "Dutch",
        "pl" => "Polish",
        "tr" => "Turkish",
        "ru" => "Russian",
        "ar" => "Arabic",
        "zh" => "Chinese",
        _ => return None,
    })
}

/// A day without its time: `1 Mar 2026`.
pub(super) fn day(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%-d %b %Y").to_string())
        .unwrap_or_default()
}

/// The file's extension, as a label.
fn kind(name: &str) -> String {
    if name.contains("://") {
        return "web".to_owned();
    }
    match name.rsplit_once('.') {
        Some((_, extension)) if (1..=5).contains(&extension.len()) => extension.to_owned(),
        _ => "file".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_a_short_label() {
        assert_eq!(kind("Price list.PDF"), "PDF");
        assert_eq!(kind("README"), "file");
        assert_eq!(kind("notes.from the meeting"), "file");
        assert_eq!(kind("https://example.com/a.html"), "web");
    }

    #[test]
    fn a_day_has_no_time() {
        assert_eq!(day(1_772_618_400_000), "4 Mar 2026");
    }
}
