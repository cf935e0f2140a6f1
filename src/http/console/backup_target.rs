//! Where backups are copied to: setting it up, trying it, copying now, forgetting it.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::backups::{page, show_outcome};
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::{Failure, sentence, view};
use crate::app::App;
use crate::app::backup::{BackupError, Backups, TargetState};
use crate::http::api::backup_target::NewPlace;
use crate::http::api::backups::with_backups;
use crate::http::problem::Problem;

pub(super) struct TargetRow {
    pub(super) place: String,
    pub(super) host_key: Option<String>,
    pub(super) copies: usize,
    pub(super) copied: Option<Moment>,
    pub(super) error: Option<String>,
}

impl From<TargetState> for TargetRow {
    fn from(state: TargetState) -> Self {
        Self {
            place: state.place,
            host_key: state.host_key,
            copies: state.copies,
            copied: state.copied_at.map(moment),
            error: state.error.as_deref().map(sentence),
        }
    }
}

/// `POST /backups/target`
pub(super) async fn set(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(place): Form<NewPlace>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let set = match place.try_into() {
        Ok(target) => app.backups.set_target(target).await,
        Err(error) => Err(error),
    };
    let done = "The place was saved. Try it now, to see whether backups can be kept there.";
    show_outcome(&app, &person, set.map(|_| done).map_err(Problem::from)).await
}

/// `POST /backups/target/try`
pub(super) async fn try_it(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let steps = app.backups.try_target().await;
    let steps = match steps {
        Ok(steps) => steps,
        Err(error) => return show_outcome(&app, &person, Err(error.into())).await,
    };
    let mut page = page(&app, &person).await?;
    let named = |what: &str| match what {
        "write" => "Writing a file",
        "list" => "Finding it in the list",
        "read" => "Reading it back",
        _ => "Removing it",
    };
    page.tried = steps
        .iter()
        .map(|step| match &step.error {
            None => format!("{}: done in {} ms.", named(step.what), step.ms),
            Some(error) => format!("{}: {}", named(step.what), sentence(error)),
        })
        .collect();
    page.try_failed = steps.iter().any(|step| step.error.is_some());
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /backups/target/copy`: may take hours, so it continues in the background.
pub(super) async fn copy(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let backups = app.backups.clone();
    if with_backups(&app, Backups::target).await?.is_none() {
        return show_outcome(&app, &person, Err(BackupError::NoTarget.into())).await;
    }
    let cancel = app.cancel();
    tokio::spawn(async move {
        tokio::select! {
            () = cancel.cancelled() => {}
            // The outcome is stored, and the page shows it.
            _ = backups.copy_out() => {}
        }
    });
    let done = "Copying has started. Come back to this page later to see the result.";
    show_outcome(&app, &person, Ok(done)).await
}

/// `POST /backups/target/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let removed = app.backups.remove_target().await;
    let done = "Backups are no longer copied elsewhere. The copies already there stay.";
    show_outcome(&app, &person, removed.map(|()| done).map_err(Problem::from)).await
}
