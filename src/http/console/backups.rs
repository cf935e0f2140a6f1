//! Backups: the recovery key, the list, making one and checking one.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::backup_target::TargetRow;
use super::format::{Moment, bytes, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::backup::{BackupState, Backups};
use crate::http::api::backups::with_backups;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "backups.html")]
pub(super) struct BackupsPage {
    shell: Shell,
    key_at: Option<Moment>,
    /// The new key, right after it was made.
    fresh_key: Option<String>,
    folder: String,
    same_disk: bool,
    every_hours: u32,
    keep_days: u32,
    rows: Vec<Row>,
    has_erased_list: bool,
    target: Option<TargetRow>,
    /// Outcome of each step of a test.
    pub(super) tried: Vec<String>,
    pub(super) try_failed: bool,
    done: Option<&'static str>,
    error: Option<String>,
}

struct Row {
    name: String,
    made: Moment,
    size: String,
    verified: Option<Moment>,
}

/// `GET /backups`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let page = page(&app, &person).await?;
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /backups`: makes one now.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let made = with_backups(&app, Backups::create).await;
    let done = "The backup was made, opened again and found complete.";
    show_outcome(&app, &person, made.map(|_| done)).await
}

/// `POST /backups/{name}/verify`
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let verified = with_backups(&app, move |backups| backups.verify(&name)).await;
    let done = "The backup was opened and checked: it is complete.";
    show_outcome(&app, &person, verified.map(|_| done)).await
}

/// Whether an existing recovery key may be replaced.
#[derive(Deserialize)]
pub(super) struct NewKey {
    replace: Option<String>,
}

/// `POST /backups/recovery-key`: the answer is the only page that shows it.
pub(super) async fn make_recovery_key(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewKey>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let replace = form.replace.is_some();
    let made = with_backups(&app, move |backups| backups.make_recovery_key(replace)).await;
    match made {
        Ok(key) => {
            let mut page = page(&app, &person).await?;
            page.fresh_key = Some(key.to_string());
            Ok(view::page(StatusCode::CREATED, &page))
        }
        Err(problem) => show_outcome(&app, &person, Err(problem)).await,
    }
}

/// `GET /backups/{name}`: the encrypted file, or the list of what was erased.
pub(super) async fn download(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let named = name.clone();
    let file = with_backups(&app, move |backups| backups.file(&named)).await?;
    let stream = ReaderStream::new(tokio::fs::File::from_std(file));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Shows the page with the outcome of an action.
pub(super) async fn show_outcome(
    app: &App,
    person: &SignedIn,
    outcome: Result<&'static str, Problem>,
) -> Result<Response, Failure> {
    let mut page = page(app, person).await?;
    let status = match outcome {
        Ok(done) => {
            page.done = Some(done);
            StatusCode::OK
        }
        Err(problem) => {
            page.error = Some(sentence(&problem.detail));
            problem.status
        }
    };
    Ok(view::page(status, &page))
}

pub(super) async fn page(app: &App, person: &SignedIn) -> Result<BackupsPage, Failure> {
    person.need_installation()?;
    let state: BackupState = with_backups(app, Backups::state).await?;
    let rows = state.backups.into_iter().map(|backup| Row {
        name: backup.name,
        made: moment(backup.made_at),
        size: bytes(backup.size),
        verified: backup.verified_at.map(moment),
    });
    Ok(BackupsPage {
        shell: person.shell(Section::Status, "Backups"),
        key_at: state.recovery_key_at.map(moment),
        fresh_key: None,
        folder: state.folder.display().to_string(),
        same_disk: state.same_disk,
        every_hours: state.every_hours,
        keep_days: state.keep_days,
        rows: rows.collect(),
        has_erased_list: state.has_erased_list,
        target: state.target.map(TargetRow::from),
        tried: Vec::new(),
        try_failed: false,
        done: None,
        error: state.error.as_deref().map(sentence),
    })
}
