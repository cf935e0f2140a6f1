//! Recordings to text.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::format::{limit, uptime};
use super::guard::SignedIn;
use super::view::{self, Section};
use super::{Failure, pages, sentence, status};
use crate::app::App;
use crate::http::auth::Scope;

/// `GET /transcribe`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Audio)?;
    let max_bytes = app.config.audio_max_bytes;
    let missing = app
        .transcriber
        .ready()
        .err()
        .map(|error| sentence(&error.to_string()));
    let page = pages::Transcribe {
        shell: person.shell(Section::Transcribe, "Transcribe"),
        max_bytes,
        max_size: limit(max_bytes),
        max_length: uptime(app.config.audio_max_seconds.into()),
        warning: missing.or_else(|| status::warning(&app, &["speech"])),
    };
    Ok(view::page(StatusCode::OK, &page))
}
