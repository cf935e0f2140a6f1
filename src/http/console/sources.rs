//! Web pages as knowledge: the form, the list, and its buttons.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{Moment, moment, plural};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::source_views::{name_every, parse_every};
use crate::http::api::sources::of_source;
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::sources::{SourceRequest, SourceUpdate};
use crate::store::source_pages::{self, PageSummary};
use crate::store::sources::{self, Options, Report, Source, SourceKind, SourceState, Told};
use crate::store::{StoreError, WorkspaceId};

/// Pages listed per source, for troubles and for changes each.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    shell: Shell,
    sources: Vec<SourceRow>,
    /// The form's fields, to show them again.
    form: NewSource,
    error: Option<String>,
    open: bool,
}

/// A source in the list.
pub(super) struct SourceRow {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) error: Option<String>,
    pub(super) has_documents: bool,
    pub(super) figures: Vec<String>,
    pub(super) synced: Option<Moment>,
    pub(super) next: Option<Moment>,
    pub(super) every: String,
    pub(super) summary: Option<String>,
    pub(super) left_out: u32,
    pub(super) troubles: Vec<PageRow>,
    pub(super) more_troubles: usize,
    pub(super) changes: Vec<PageRow>,
    pub(super) more_changes: usize,
}

/// A page that failed or changed.
pub(super) struct PageRow {
    pub(super) url: String,
    pub(super) what: String,
    pub(super) reason: Option<String>,
}

impl SourceRow {
    pub(super) fn busy(&self) -> bool {
        matches!(self.state, "queued" | "syncing")
    }

    pub(super) fn state_label(&self) -> &'static str {
        match self.state {
            "queued" => "Waiting its turn",
            "syncing" => "Fetching",
            "ready" => "Up to date",
            "paused" => "Paused",
            _ => "Not reached",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct NewSource {
    #[serde(default)]
    url: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    every: String,
    #[serde(default)]
    pages: String,
    #[serde(default)]
    depth: String,
}

#[derive(Deserialize)]
pub(super) struct Schedule {
    every: String,
}

/// `GET /sources`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    render(&app, &person, StatusCode::OK, NewSource::default(), None).await
}

/// `POST /sources`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewSource>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let outcome = match parse_request(&form) {
        Ok(request) => {
            let added = app.sources.request(person.member(), request).await;
            added.map_err(of_source)
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(_) => Ok(to_list()),
        Err(problem) if problem.status.is_server_error() => Err(problem.into()),
        Err(problem) => {
            let error = Some(sentence(&problem.detail));
            render(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, form, error).await
        }
    }
}

/// `POST /sources/{id}/sync`
pub(super) async fn sync(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (by, id) = (person.member(), parse_id(&id, "source")?);
    let fetched = app.sources.fetch_now(by, id).await;
    fetched.map_err(of_source)?;
    Ok(to_list())
}

/// `POST /sources/{id}/pause`
pub(super) async fn pause(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let change = SourceUpdate {
        paused: Some(true),
        ..SourceUpdate::default()
    };
    alter(&app, &person, &id, change).await
}

/// `POST /sources/{id}/resume`
pub(super) async fn resume(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let change = SourceUpdate {
        paused: Some(false),
        ..SourceUpdate::default()
    };
    alter(&app, &person, &id, change).await
}

/// `POST /sources/{id}/schedule`
pub(super) async fn schedule(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Schedule>,
) -> Result<Response, Failure> {
    let change = SourceUpdate {
        every_ms: Some(parse_every(&form.every)?),
        ..SourceUpdate::default()
    };
    alter(&app, &person, &id, change).await
}

async fn alter(
    app: &App,
    person: &SignedIn,
    id: &str,
    change: SourceUpdate,
) -> Result<Response, Failure> {
    let (by, id) = (person.member(), parse_id(id, "source")?);
    let altered = app.sources.alter(by, id, change).await;
    altered.map_err(of_source)?;
    Ok(to_list())
}

/// `POST /sources/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (by, id) = (person.member(), parse_id(&id, "source")?);
    app.sources.remove(by, id).await?;
    Ok(to_list())
}

fn to_list() -> Response {
    Redirect::to("/sources").into_response()
}

fn parse_request(form: &NewSource) -> Result<SourceRequest, Problem> {
    let number = |text: &str, default: u32, what: &'static str| match text.trim() {
        "" => Ok(default),
        text => text
            .parse()
            .map_err(|_| Problem::invalid(what, format!("{what} must be a whole number"))),
    };
    let defaults = Options::default();
    Ok(SourceRequest {
        url: form.url.clone(),
        kind: SourceKind::parse(&form.kind)
            .ok_or_else(|| Problem::invalid("kind", "choose one page, a site or a sitemap"))?,
        options: Options {
            depth: number(&form.depth, defaults.depth, "depth")?,
            pages: number(&form.pages, defaults.pages, "pages")?,
            ..defaults
        },
        every_ms: parse_every(&form.every)?,
    })
}

async fn render(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    form: NewSource,
    error: Option<String>,
) -> Result<Response, Failure> {
    let page = SourcesPage {
        shell: person.shell(Section::Documents, "Web pages"),
        sources: rows(app, person.workspace.id).await?,
        form,
        error,
        open: app.gateway.is_open(),
    };
    Ok(view::page(status, &page))
}

pub(super) async fn rows(app: &App, workspace: WorkspaceId) -> Result<Vec<SourceRow>, StoreError> {
    let rows = app.store.read(move |conn| {
        let found = sources::list(conn, workspace)?;
        found
            .into_iter()
            .map(|summary| {
                let source = sources::get(conn, workspace, summary.source.id)?;
                let pages = source_pages::list(conn, &source)?;
                Ok(row(
                    source.into_inner(),
                    summary.documents,
                    summary.chunks,
                    pages,
                ))
            })
            .collect()
    });
    rows.await
}

fn row(source: Source, documents: u32, chunks: u32, pages: Vec<PageSummary>) -> SourceRow {
    let troubles: Vec<PageRow> = pages
        .into_iter()
        .filter_map(|page| {
            let reason = page.page.error.or(page.document_error)?;
            Some(PageRow {
                url: page.page.url,
                what: "Failed".to_owned(),
                reason: Some(sentence(&reason)),
            })
        })
        .collect();
    let report = source.last_report;
    let summary = (report.ended_at > 0).then(|| summary(&report));
    let changes: Vec<PageRow> = report
        .pages
        .into_iter()
        .filter(|told| told.outcome != "failed")
        .map(change)
        .collect();
    let paused = source.state == SourceState::Paused;
    SourceRow {
        id: source.id.to_string(),
        url: source.url,
        kind: match source.kind {
            SourceKind::Page => "One page",
            SourceKind::Sitemap => "By sitemap",
            SourceKind::Crawl => "By its links",
        },
        state: source.state.as_str(),
        error: source.error.as_deref().map(sentence),
        has_documents: documents > 0,
        figures: vec![
            plural(documents.into(), "page", "pages"),
            plural(chunks.into(), "passage", "passages"),
        ],
        synced: source.synced_at.map(moment),
        next: source.next_at.filter(|_| !paused).map(moment),
        every: name_every(source.every_ms),
        summary,
        left_out: report.left_out,
        more_troubles: troubles.len().saturating_sub(SHOWN),
        troubles: troubles.into_iter().take(SHOWN).collect(),
        more_changes: changes.len().saturating_sub(SHOWN),
        changes: changes.into_iter().take(SHOWN).collect(),
    }
}

fn change(told: Told) -> PageRow {
    let mut what = told.outcome;
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    PageRow {
        url: told.url,
        what,
        reason: told.reason.as_deref().map(sentence),
    }
}

/// What a sync did, in one line that leaves out zeros.
fn summary(report: &Report) -> String {
    let counts = [
        (report.added, "added"),
        (report.changed, "changed"),
        (report.unchanged, "unchanged"),
        (report.removed, "removed"),
        (report.failed, "failed"),
        (report.skipped, "skipped"),
    ];
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if named.is_empty() {
        "nothing was fetched".to_owned()
    } else {
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_only_what_happened() {
        assert_eq!(summary(&Report::default()), "nothing was fetched");
        let report = Report {
            added: 2,
            failed: 1,
            ..Report::default()
        };
        assert_eq!(summary(&report), "2 added, 1 failed");
    }

    #[test]
    fn the_form_fills_in_what_was_left_empty() {
        let form = |pages: &str| NewSource {
            url: "example.com".into(),
            kind: "crawl".into(),
            every: "week".into(),
            pages: pages.into(),
            depth: String::new(),
        };
        let asked = parse_request(&form("50")).unwrap();
        assert_eq!((asked.options.pages, asked.options.depth), (50, 3));
        assert!(parse_request(&form("many")).is_err());
        assert!(parse_request(&NewSource::default()).is_err());
    }
}
