//! Calls: the list, one call with its recording and log, deleting.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::call_pages::{self as pages, CallRow};
use super::format::{moment, plural};
use super::guard::SignedIn;
use super::quality_pages::RUNGS;
use super::receipts::first_words;
use super::view::{self, Section};
use super::{Failure, call_parts, sentence};
use crate::app::App;
use crate::app::privacy::{self, ErasureError};
use crate::http::api::calls::{self as api, CallQuery, CallView, in_full};
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::parse_id;

/// `GET /calls`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<CallQuery>,
) -> Result<Response, Failure> {
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &query).await?;
    let links = query.links(found.next.as_ref());
    let unavailable = app.synthesizer.ready().and_then(|()| app.ears.ready());
    let page = pages::Calls {
        shell: person.shell(Section::Calls, "Calls"),
        filtered: links.is_filtered,
        next: links.next,
        query: links.query,
        wanted: query,
        error: wrong.map(|problem| sentence(&problem.detail)),
        unavailable: unavailable.err().map(|error| sentence(&error.to_string())),
        rungs: RUNGS,
        channels: pages::CHANNELS,
        statuses: pages::STATUSES,
        reasons: pages::REASONS,
        rows: found
            .rows
            .into_iter()
            .map(CallView::from)
            .map(row)
            .collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn row(call: CallView) -> CallRow {
    let said = call.first_words.as_deref().map(first_words);
    CallRow {
        id: call.id,
        said: said.unwrap_or_default(),
        at: moment(call.started_at),
        channel: pages::channel(call.channel),
        status: pages::status(call.status),
        reason: pages::reason(call.ended_reason.unwrap_or_default()),
        duration: call.duration_ms.map(call_parts::clock).unwrap_or_default(),
        turns: plural(call.turn_count.into(), "turn", "turns"),
        caller: call.caller.filter(|who| !is_id(who)).unwrap_or_default(),
        recorded: call.recording_ms.is_some(),
    }
}

/// Whether a caller has no name but that of a website's visitor, which tells nobody anything; the call's own page has it.
fn is_id(caller: &str) -> bool {
    caller.len() == 36 && caller.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// `GET /calls/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (workspace, id) = (person.workspace.id, parse_id(&id, "call")?);
    let call = app
        .store
        .read(move |conn| in_full(conn, workspace, id))
        .await?;
    let points = call_parts::POINTS;
    let peaks = api::waveform_of(&app.store, workspace, id, points).await?;
    let page = call_parts::page(person.shell(Section::Calls, "Call"), call, peaks);
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /calls/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    privacy::remove_call(&app.store, person.member(), parse_id(&id, "call")?).await?;
    Ok(Redirect::to("/calls").into_response())
}

/// `POST /calls/{id}/recording/delete`
pub(super) async fn delete_recording(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "call")?;
    match privacy::remove_recording(&app.store, person.member(), id).await {
        // Somebody else has just deleted it.
        Ok(()) | Err(ErasureError::NoRecording) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Redirect::to(&format!("/calls/{id}")).into_response())
}
