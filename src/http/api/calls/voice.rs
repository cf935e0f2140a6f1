//! Settings of voice sessions, the installed voices, and a preview of them.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{pronunciations, voice_settings};
use crate::http::api::place::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::reason::Reason;
use crate::speech::encode::{self, Format};
use crate::speech::{SpeakRequest, SpeechError, Voice};
use crate::store::workspaces;
use crate::voice::VoiceSettings;

/// In characters.
const LONGEST_TEXT: usize = 500;

/// Settings of voice sessions, and the installed voices.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct VoiceView {
    /// The settings.
    #[schema(value_type = Object)]
    settings: VoiceSettings,
    /// The voices that are installed, with their licences.
    #[schema(value_type = Vec<Object>)]
    voices: Vec<Voice>,
    /// Why nobody can talk now; absent when they can.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<String>,
}

/// Settings of voice sessions, and the voices to choose from.
#[utoipa::path(get, path = "/api/v1/voice", tag = "voice", operation_id = "getVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = VoiceView)))]
pub(super) async fn show(place: ApiPlace) -> Result<axum::Json<VoiceView>, Problem> {
    let settings = voice_settings::get(&place.app.store, &place.member).await?;
    Ok(axum::Json(build_view(&place, settings)))
}

/// Replaces the settings of voice sessions; absent ones take their default. Takes effect with the next
/// session.
#[utoipa::path(put, path = "/api/v1/voice", tag = "voice", operation_id = "setVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = Object,
    responses((status = 200, body = VoiceView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn settings(
    place: ApiPlace,
    Json(settings): Json<VoiceSettings>,
) -> Result<axum::Json<VoiceView>, Problem> {
    let (store, voices) = (&place.app.store, place.app.synthesizer.voices());
    let settings = voice_settings::set(store, &place.member, settings, &voices).await?;
    Ok(axum::Json(build_view(&place, settings)))
}

fn build_view(place: &ApiPlace, settings: VoiceSettings) -> VoiceView {
    let app = &place.app;
    let unavailable = app.synthesizer.ready().and_then(|()| app.ears.ready());
    VoiceView {
        settings,
        voices: app.synthesizer.voices(),
        unavailable: unavailable.err().map(|error| error.to_string()),
    }
}

/// Something to hear.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct Trial {
    /// At most 500 characters.
    text: String,
    /// Catalogue name of the voice; the workspace's own when absent.
    voice: Option<String>,
    /// 0.5 to 2; the workspace's own when absent.
    speed: Option<f32>,
    /// How a word would be spoken, before it is kept.
    word: Option<String>,
    /// As `say` of a pronunciation.
    say: Option<String>,
}

/// Speaks a short text as callers would hear it, with the workspace's pronunciations.
#[utoipa::path(post, path = "/api/v1/voice/preview", tag = "voice", operation_id = "previewVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = Trial,
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>),
              (status = 400, body = ProblemView<'_>), (status = 503, body = ProblemView<'_>)))]
pub(super) async fn preview(
    place: ApiPlace,
    Json(trial): Json<Trial>,
) -> Result<Response, Problem> {
    let text = trial.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        let detail = format!("write something to hear, at most {LONGEST_TEXT} characters");
        return Err(Problem::invalid("text", detail));
    }
    let workspace = place.id();
    let read = place.app.store.read(move |conn| {
        let settings: VoiceSettings = workspaces::section(conn, workspace, VoiceSettings::SECTION)?;
        Ok((settings, pronunciations::lexicon(conn, workspace)?))
    });
    let (settings, mut lexicon) = read.await?;
    let speed = trial.speed.unwrap_or(settings.speed);
    if !(0.5..=2.0).contains(&speed) {
        return Err(Problem::invalid(
            "speed",
            "the pace must be between 0.5 and 2",
        ));
    }
    if let (Some(word), Some(say)) = (&trial.word, &trial.say) {
        // The word on trial replaces what the workspace says now, for this preview only.
        let (word, say) = pronunciations::checked(word, say)?;
        lexicon.retain(|known| !known.word.eq_ignore_ascii_case(&word));
        lexicon.push(crate::speech::Pronunciation { word, say });
    }
    let request = SpeakRequest {
        text,
        voice: trial.voice.filter(|v| !v.is_empty()).or(settings.voice),
        speed,
        lexicon,
    };
    let mut clips = place.app.synthesizer.speak(request).await?;
    let (mut pcm, mut rate) = (Vec::new(), encode::RATE);
    while let Some(clip) = clips.next().await {
        let clip = clip?;
        rate = clip.rate;
        pcm.extend_from_slice(&clip.pcm);
    }
    if pcm.is_empty() {
        let detail = "the text holds nothing that can be spoken; write words";
        return Err(Problem::invalid("text", detail));
    }
    let wav = tokio::task::spawn_blocking(move || encode::whole(Format::Wav, &pcm, rate))
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| SpeechError::Engine {
            reason: Reason::of(error),
        })?;
    let headers = [
        (header::CONTENT_TYPE, "audio/wav"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, wav).into_response())
}
