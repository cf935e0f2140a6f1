//! Knowledge: files, or the address of a website, and how reading them goes.

use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;

use super::head::Head;
use super::{Fields, Place, Step, mistake};
use crate::http::api::source_views::parse_every;
use crate::http::api::sources::of_source;
use crate::http::console::format::limit;
use crate::http::console::pages::DocumentRow;
use crate::http::console::sources::{self, SourceRow};
use crate::http::console::view::{self, Shell, filters};
use crate::http::console::{Failure, documents, status};
use crate::knowledge::sources::SourceRequest;
use crate::store::sources::{Options, SourceKind};

/// Documents on the page; the page Documents has all.
const MOST_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "welcome_knowledge.html")]
struct Knowledge {
    shell: Shell,
    head: Head,
    error: Option<String>,
    warning: Option<String>,
    /// The website's address as it was typed.
    url: String,
    /// Whether pages may be fetched.
    open: bool,
    sources: Vec<SourceRow>,
    rows: Vec<DocumentRow>,
    all: usize,
    more: usize,
    ready: usize,
    totals: Vec<String>,
    query: String,
    max_bytes: u64,
    max_size: String,
    accept: &'static str,
}

pub(super) async fn show(
    place: &Place<'_>,
    url: &str,
    error: Option<String>,
) -> Result<Response, Failure> {
    let (app, person) = (place.app, place.person);
    let found = documents::find(app, person, "", MOST_SHOWN).await?;
    let sources = sources::rows(app, person.workspace.id).await?;
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let max_bytes = app.config.upload_max_bytes;
    let page = Knowledge {
        shell: place.shell("Knowledge"),
        head: Head::of(&place.walk, Step::Knowledge),
        error,
        warning: status::warning(app, &["extract", "embed"]),
        url: url.to_owned(),
        open: app.gateway.is_open(),
        sources,
        rows: found.rows,
        all: found.all,
        more: found.more,
        ready: found.ready,
        totals: found.totals,
        query: String::new(),
        max_bytes,
        max_size: limit(max_bytes),
        accept: documents::ACCEPT,
    };
    Ok(view::page(status, &page))
}

/// Adds a website, read again each week; the page with what is wrong, if something is.
pub(super) async fn add_site(
    place: &Place<'_>,
    fields: &Fields,
) -> Result<Option<Response>, Failure> {
    let url = fields.get("url");
    let request = SourceRequest {
        url: url.to_owned(),
        kind: SourceKind::Crawl,
        options: Options::default(),
        every_ms: parse_every("week")?,
    };
    let added = place.app.sources.request(place.person.member(), request);
    match added.await {
        Ok(_) => Ok(None),
        Err(error) => {
            let told = mistake(of_source(error))?;
            show(place, url, Some(told)).await.map(Some)
        }
    }
}

/// Stores the files of a form; the page with what is wrong, if one was refused.
pub(super) async fn take_files(
    place: &Place<'_>,
    request: Request,
) -> Result<Option<Response>, Failure> {
    let told = match documents::take_files(place.app, place.person, request).await {
        Ok(told) => told,
        Err(problem) => Some(mistake(problem)?),
    };
    match told {
        Some(told) => show(place, "", Some(told)).await.map(Some),
        None => Ok(None),
    }
}
