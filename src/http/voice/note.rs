//! Voice notes: a short recording that is understood and answered like a written message.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::sse::Event;
use serde::Serialize;

use super::super::body;
use super::super::metrics::Metrics;
use super::super::multipart::too_large;
use super::super::problem::Problem;
use super::super::sse;
use crate::app::App;
use crate::speech::TranscribeOptions;
use crate::store::{WorkspaceId, workspaces};
use crate::voice::VoiceSettings;

/// Most bytes of a recording.
const MOST_BYTES: usize = 5 << 20;
/// Longest recording in seconds.
const LONGEST_SECONDS: u64 = 120;

#[derive(Serialize)]
struct Heard<'a> {
    text: &'a str,
}

/// The words of the recording in a request's body; how long it is, as soon as it is known.
///
/// # Errors
/// For a body that is too large, no recording, too long, or without speech.
pub(in crate::http) async fn hear(
    app: &App,
    metrics: &Metrics,
    workspace: WorkspaceId,
    request: Request,
    listened: impl FnOnce(Duration),
) -> Result<String, Problem> {
    let bytes = body::read_bytes(request, MOST_BYTES)
        .await
        .map_err(|error| match error {
            body::BodyError::TooLarge { limit } => too_large(limit),
            other => other.into(),
        })?;
    if bytes.is_empty() {
        return Err(Problem::invalid(
            "file",
            "the recording is empty; record it again",
        ));
    }
    let read = move |conn: &_| {
        workspaces::section::<VoiceSettings>(conn, workspace, VoiceSettings::SECTION)
    };
    let settings = app.store.read(read).await?;
    let options = TranscribeOptions {
        // Without a language, the English model is taken, or the language is found out.
        language: Some(settings.language).filter(|code| !code.is_empty()),
        max_seconds: Some(LONGEST_SECONDS),
        ..TranscribeOptions::default()
    };
    let heard = app.transcriber.transcribe(bytes, None, None, options);
    let transcript = heard.await?;
    let length = Duration::from_millis(transcript.duration_ms);
    metrics.count_audio(length);
    listened(length);
    let text = transcript.text.trim().to_owned();
    if text.is_empty() {
        let detail =
            "no speech was heard in the recording; speak closer to the microphone and try again";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_speech",
            detail,
        ));
    }
    Ok(text)
}

/// The event that tells what was understood.
pub(in crate::http) fn heard(text: &str) -> Event {
    sse::event(&Heard { text }).event("heard")
}
