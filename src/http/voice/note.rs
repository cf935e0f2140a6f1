//! Voice notes: a short recording, transcribed and answered like a written message.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::sse::Event;
use serde::Serialize;

use crate::app::App;
use crate::http::body;
use crate::http::metrics::Metrics;
use crate::http::multipart::too_large;
use crate::http::problem::Problem;
use crate::http::sse;
use crate::speech::TranscribeOptions;
use crate::store::{WorkspaceId, workspaces};
use crate::voice::VoiceSettings;

const MOST_BYTES: usize = 5 << 20;
const LONGEST_SECONDS: u64 = 120;

#[derive(Serialize)]
struct Heard<'a> {
    text: &'a str,
}

/// Transcribes the recording in a request's body. Calls `pay` with its length, even if it holds no speech.
///
/// # Errors
/// When the body is too large, is not a recording, is too long, or holds no speech.
pub(in crate::http) async fn hear(
    app: &App,
    metrics: &Metrics,
    workspace: WorkspaceId,
    request: Request,
    pay: impl FnOnce(Duration),
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
        // Without a language, the engine takes its English model, or detects the language.
        language: Some(settings.language).filter(|code| !code.is_empty()),
        max_seconds: Some(LONGEST_SECONDS),
        ..TranscribeOptions::default()
    };
    let heard = app.transcribe(workspace, bytes, None, None, options);
    let transcript = heard.await?;
    let length = Duration::from_millis(transcript.duration_ms);
    metrics.count_audio(length);
    pay(length);
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

/// The event `heard`, with the transcribed words.
pub(in crate::http) fn heard_event(text: &str) -> Event {
    sse::event(&Heard { text }).event("heard")
}
