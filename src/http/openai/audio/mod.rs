//! `POST /v1/audio/transcriptions` and `/v1/audio/translations`.

mod form;

pub use form::TranscriptionForm;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Serialize;
use utoipa::ToSchema;

use self::form::{Form, Format};
use super::ApiError;
use crate::app::App;
use crate::http::auth::{OfCredential, OfPrincipal, Principal};
use crate::http::metrics::Metrics;
use crate::http::problem::Problem;
use crate::http::sse;
use crate::http::voice::Visits;
use crate::speech::{Transcript, format};

/// A transcript in OpenAI's short form; `verbose_json` has segments, words, language and duration.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranscriptionView {
    /// What was said.
    text: String,
    /// Seconds of audio.
    #[schema(value_type = Object)]
    usage: serde_json::Value,
}

/// Transcribes a recording.
#[utoipa::path(post, path = "/v1/audio/transcriptions", tag = "openai",
    operation_id = "createTranscription",
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The transcript in the form that `response_format` names",
               body = TranscriptionView),
              (status = 400, body = super::ErrorEnvelope), (status = 404, body = super::ErrorEnvelope),
              (status = 413, body = super::ErrorEnvelope), (status = 429, body = super::ErrorEnvelope)))]
pub(super) async fn transcribe(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    State(visits): State<Arc<Visits>>,
    principal: Principal,
    request: Request,
) -> Result<Response, ApiError> {
    let form = form::read(request, app.config.audio_max_bytes).await?;
    hear(&app, &metrics, &visits, &principal, form).await
}

/// Translates a recording into English. Needs the multilingual model.
#[utoipa::path(post, path = "/v1/audio/translations", tag = "openai",
    operation_id = "createTranslation",
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The English text in the form that `response_format` names",
               body = TranscriptionView),
              (status = 400, body = super::ErrorEnvelope), (status = 404, body = super::ErrorEnvelope),
              (status = 413, body = super::ErrorEnvelope), (status = 429, body = super::ErrorEnvelope)))]
pub(super) async fn translate(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    State(visits): State<Arc<Visits>>,
    principal: Principal,
    request: Request,
) -> Result<Response, ApiError> {
    let mut form = form::read(request, app.config.audio_max_bytes).await?;
    form.options.translate = true;
    hear(&app, &metrics, &visits, &principal, form).await
}

async fn hear(
    app: &App,
    metrics: &Metrics,
    visits: &Visits,
    principal: &Principal,
    form: Form,
) -> Result<Response, ApiError> {
    let model = form.known_model(app)?;
    let workspace = principal.workspace(app, None).await?.id;
    let mut place = visits.recording(principal.credential().flow(workspace))?;
    place.runs().await;
    // Free the place as soon as the engine is done, also when it failed.
    let heard = app
        .transcribe(workspace, form.file, form.file_name, model, form.options)
        .await;
    drop(place);
    let transcript = heard.map_err(Problem::from)?;
    metrics.count_audio(Duration::from_millis(transcript.duration_ms));
    Ok(if form.stream {
        stream_segments(&transcript)
    } else {
        write_transcript(&transcript, &form.format)
    })
}

fn write_transcript(transcript: &Transcript, form: &Format) -> Response {
    let plain = |text: String| {
        ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
    };
    match form {
        Format::Text => plain(format::text(transcript)),
        Format::Srt => plain(format::srt(transcript)),
        Format::Vtt => {
            let kind = [(header::CONTENT_TYPE, "text/vtt; charset=utf-8")];
            (kind, format::vtt(transcript)).into_response()
        }
        Format::Json => axum::Json(format::json(transcript)).into_response(),
        Format::VerboseJson { segments, words } => {
            axum::Json(format::verbose_json(transcript, *segments, *words)).into_response()
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum TranscriptEvent<'a> {
    #[serde(rename = "transcript.text.delta")]
    Delta { delta: String },
    #[serde(rename = "transcript.text.done")]
    Done {
        text: &'a str,
        usage: serde_json::Value,
    },
}

/// The transcript as events, one delta per segment.
fn stream_segments(transcript: &Transcript) -> Response {
    let mut events: Vec<Event> = Vec::with_capacity(transcript.segments.len() + 1);
    for (at, segment) in transcript.segments.iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        let delta = format!("{gap}{}", segment.text);
        events.push(sse::event(&TranscriptEvent::Delta { delta }));
    }
    let usage = format::json(transcript)["usage"].take();
    events.push(sse::event(&TranscriptEvent::Done {
        text: &transcript.text,
        usage,
    }));
    sse::respond(stream::iter(events))
}

impl Form {
    /// The catalogue name of the model, or `None` for the default one. `whisper-1` is what OpenAI's clients
    /// send when their user chose no model.
    fn known_model(&self, app: &App) -> Result<Option<String>, ApiError> {
        let (known, aliases) = (app.transcriber.models(), &app.config.openai_aliases);
        match self.model.as_deref().map(|asked| aliases.resolve(asked)) {
            None | Some("default" | "frontdesk" | "whisper-1") => Ok(None),
            Some(name) if known.iter().any(|model| model == name) => Ok(Some(name.to_owned())),
            Some(name) => Err(ApiError::no_such_model(name, &known)),
        }
    }
}
