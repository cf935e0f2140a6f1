//! `POST /v1/audio/speech`: text to speech, streamed clause by clause.

mod request;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde::Serialize;

pub use self::request::SpeechRequest;
use super::{ApiError, Json};
use crate::app::App;
use crate::http::auth::{OfPrincipal, Principal, Scope};
use crate::http::problem::Problem;
use crate::http::route::{Policy, Route, routes};
use crate::http::sse;
use crate::reason::Reason;
use crate::speech::encode::Encoder;
use crate::speech::{Clip, ClipStream, Pronunciation, SpeechError, Synthesizer as _};
use crate::store::pronunciations;

pub(super) fn routes() -> Vec<Route> {
    routes![(
        POST,
        "/v1/audio/speech",
        Policy::Scope(Scope::Audio),
        create
    )]
}

/// Speaks a text. The bytes come as they are spoken; leaving early ends the work.
///
/// Without `response_format` the sound comes as `mp3`, as from OpenAI. All formats have one channel and
/// 24,000 samples per second.
#[utoipa::path(post, path = "/v1/audio/speech", tag = "openai", operation_id = "createSpeech",
    request_body = SpeechRequest,
    responses((status = 200, description = "The sound in the form that `response_format` names, or with \
                   `stream_format: sse` the events `speech.audio.delta` and `speech.audio.done`"),
              (status = 400, body = super::ErrorEnvelope), (status = 404, body = super::ErrorEnvelope),
              (status = 503, body = super::ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(mut request): Json<SpeechRequest>,
) -> Result<Response, ApiError> {
    request.resolve_model(&app.config.openai_aliases);
    app.synthesizer.ready().map_err(Problem::from)?;
    let mut checked = request.check(&app.synthesizer.voices())?;
    checked.request.lexicon = lexicon(&app, &principal).await?;
    let words = checked.request.text.split_whitespace().count();
    let workspace = principal.workspace(&app, None).await?.id;
    let synthesizer = app.synthesizer_for(workspace);
    let speaking = synthesizer.speak(checked.request.clone()).await;
    let mut clips = speaking.map_err(Problem::from)?;
    // Wait for the first clause: an error before it can still become a status code.
    let first = match clips.next().await {
        Some(first) => first.map_err(Problem::from)?,
        None => return Err(request::nothing_to_say()),
    };
    let clips = stream::iter([Ok(first)]).chain(clips).boxed();
    let encoder = Encoder::streaming(checked.format).map_err(|e| Problem::internal(&e))?;
    if checked.events {
        return Ok(as_events(clips, encoder, words));
    }
    let pieces = encode_clips(clips, encoder).map(|piece| {
        piece.map(|piece| piece.bytes).map_err(|error| {
            tracing::warn!(%error, "speech broke off in the middle of an answer");
            io::Error::other(error)
        })
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(checked.format.media_type());
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Otherwise nginx buffers the first clauses.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// The pronunciations of the caller's workspace.
async fn lexicon(app: &App, principal: &Principal) -> Result<Vec<Pronunciation>, ApiError> {
    let workspace = principal.workspace(app, None).await?.id;
    let read = move |conn: &_| pronunciations::list(conn, workspace);
    let own = app.store.read(read).await?.into_iter();
    Ok(own
        .map(|own| Pronunciation {
            word: own.word,
            say: own.say,
        })
        .collect())
}

/// Encoded bytes, and the length of the audio that went into them.
struct Piece {
    bytes: Bytes,
    ms: u64,
}

enum Work {
    Speaking(ClipStream, Box<Encoder>),
    Over,
}

fn encode_clips(
    clips: ClipStream,
    encoder: Encoder,
) -> impl Stream<Item = Result<Piece, SpeechError>> + Send {
    let work = Work::Speaking(clips, Box::new(encoder));
    stream::unfold(work, |work| async move {
        let Work::Speaking(mut clips, encoder) = work else {
            return None;
        };
        let clip = match clips.next().await {
            Some(Ok(clip)) => Some(clip),
            Some(Err(error)) => return Some((Err(error), Work::Over)),
            None => None,
        };
        let last = clip.is_none();
        match off_thread(encoder, clip).await {
            Ok((_, piece)) if last => Some((Ok(piece), Work::Over)),
            Ok((encoder, piece)) => Some((Ok(piece), Work::Speaking(clips, encoder))),
            Err(error) => Some((Err(error), Work::Over)),
        }
    })
    // The compression layer polls once more after the end, and `unfold` panics then.
    .fuse()
    .filter(|piece| {
        let empty = matches!(piece, Ok(piece) if piece.bytes.is_empty() && piece.ms == 0);
        std::future::ready(!empty)
    })
}

/// Encodes a clause, or without one finishes the file, on a blocking thread.
async fn off_thread(
    mut encoder: Box<Encoder>,
    clip: Option<Clip>,
) -> Result<(Box<Encoder>, Piece), SpeechError> {
    let worked = tokio::task::spawn_blocking(move || {
        let ms = clip.as_ref().map_or(0, Clip::duration_ms);
        let bytes = match &clip {
            Some(clip) => encoder.push(&clip.pcm, clip.rate),
            None => encoder.finish(),
        };
        bytes.map(|bytes| {
            let bytes = Bytes::from(bytes);
            (encoder, Piece { bytes, ms })
        })
    });
    let failed = |reason| SpeechError::Engine { reason };
    let outcome = worked.await.map_err(|e| failed(Reason::of(e)))?;
    outcome.map_err(|e| failed(Reason::of(e)))
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum SpeechEvent {
    #[serde(rename = "speech.audio.delta")]
    Delta { audio: String },
    #[serde(rename = "speech.audio.done")]
    Done { usage: Usage },
}

/// A voice has no tokens. Input counts words, output counts twentieths of a second.
#[derive(Serialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
}

/// The audio as events. An error in the middle is the last event, in OpenAI's envelope.
fn as_events(clips: ClipStream, encoder: Encoder, words: usize) -> Response {
    let pieces = Box::pin(encode_clips(clips, encoder).map(Some)).chain(stream::iter([None]));
    let mut spoken = Duration::ZERO;
    let mut broken = false;
    let events = pieces.filter_map(move |piece| {
        let event = match piece {
            Some(Ok(piece)) => {
                spoken += Duration::from_millis(piece.ms);
                let audio = STANDARD.encode(&piece.bytes);
                (!audio.is_empty()).then(|| sse::event(&SpeechEvent::Delta { audio }))
            }
            Some(Err(error)) => {
                broken = true;
                Some(failure_event(error))
            }
            None if broken => None,
            None => Some(sse::event(&done_event(words as u64, spoken))),
        };
        std::future::ready(event)
    });
    sse::respond(events)
}

fn done_event(input_tokens: u64, spoken: Duration) -> SpeechEvent {
    let output_tokens = (spoken.as_millis() as u64).div_ceil(50);
    SpeechEvent::Done {
        usage: Usage {
            input_tokens,
            output_tokens,
            total_tokens: input_tokens + output_tokens,
        },
    }
}

fn failure_event(error: SpeechError) -> Event {
    sse::event(&ApiError::from(Problem::from(error)).envelope())
}
