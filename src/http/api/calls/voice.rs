//! How voice sessions are to be, which voices there are, and a trial of them.

use std::ops::RangeInclusive;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::super::body::Json;
use super::super::super::problem::{Problem, ProblemView};
use super::super::place::Place;
use super::pronunciations;
use crate::reason::Reason;
use crate::speech::encode::{self, Format};
use crate::speech::{SpeakRequest, SpeechError, Voice};
use crate::store::workspaces;
use crate::voice::VoiceSettings;

/// Characters that are tried at most.
const TRIAL: usize = 500;
/// Characters of a greeting, a notice or a filler at most.
const LONGEST: usize = 600;

/// Settings of voice sessions, and what there is to choose from.
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

/// How voice sessions are, and the voices that can be chosen.
#[utoipa::path(get, path = "/api/voice", tag = "voice", operation_id = "getVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = VoiceView)))]
pub(super) async fn show(place: Place) -> Result<axum::Json<VoiceView>, Problem> {
    let workspace = place.id();
    let read = place
        .app
        .store
        .read(move |conn| workspaces::section(conn, workspace, VoiceSettings::SECTION));
    let settings = read.await?;
    Ok(axum::Json(view(&place, settings)))
}

/// Replaces the settings of voice sessions; what is absent takes its default. They hold from the next
/// session on.
#[utoipa::path(put, path = "/api/voice", tag = "voice", operation_id = "setVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = Object,
    responses((status = 200, body = VoiceView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn settings(
    place: Place,
    Json(settings): Json<VoiceSettings>,
) -> Result<axum::Json<VoiceView>, Problem> {
    let settings = checked(settings, &place.app.synthesizer.voices())?;
    let (workspace, kept) = (place.id(), settings.clone());
    place
        .app
        .store
        .write(move |tx| workspaces::set_section(tx, workspace, VoiceSettings::SECTION, &kept))
        .await?;
    Ok(axum::Json(view(&place, settings)))
}

fn view(place: &Place, settings: VoiceSettings) -> VoiceView {
    let app = &place.app;
    let unavailable = app.synthesizer.ready().and_then(|()| app.ears.ready());
    VoiceView {
        settings,
        voices: app.synthesizer.voices(),
        unavailable: unavailable.err().map(|error| error.to_string()),
    }
}

/// Settings that make sense, tidied.
///
/// # Errors
/// 400, naming the field and what it may be.
pub(in crate::http) fn checked(
    mut settings: VoiceSettings,
    voices: &[Voice],
) -> Result<VoiceSettings, Problem> {
    settings.voice = settings.voice.filter(|name| !name.trim().is_empty());
    // Without voices nothing can be checked; the name stays for when they are back.
    if let Some(name) = &settings.voice
        && !voices.is_empty()
        && !voices.iter().any(|voice| voice.name == *name)
    {
        let known: Vec<_> = voices.iter().map(|voice| voice.name.as_str()).collect();
        let detail = format!(
            "{name} is no installed voice; there are {}",
            known.join(", ")
        );
        return Err(Problem::invalid("voice", detail));
    }
    if !(0.5..=2.0).contains(&settings.speed) {
        let detail = "the pace must be between 0.5 and 2; 1 is the voice's own";
        return Err(Problem::invalid("speed", detail));
    }
    settings.language = settings.language.trim().to_lowercase();
    if settings.language.len() != 2 || !settings.language.bytes().all(|b| b.is_ascii_lowercase()) {
        let detail = "the language must be a code of two letters, such as en";
        return Err(Problem::invalid("language", detail));
    }
    for (name, text) in [
        ("greeting", &mut settings.greeting),
        ("recording_notice", &mut settings.recording_notice),
        ("filler", &mut settings.filler),
    ] {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > LONGEST {
            let detail =
                format!("this text may have {LONGEST} characters; callers hang up earlier");
            return Err(Problem::invalid(name, detail));
        }
    }
    if settings.recording_notice.is_empty() {
        let detail = "write what callers are asked before they are recorded";
        return Err(Problem::invalid("recording_notice", detail));
    }
    let numbers: [(&str, u32, RangeInclusive<u32>, &str); 6] = [
        ("recording_days", settings.recording_days, 1..=3650, "days"),
        ("record_days", settings.record_days, 1..=3650, "days"),
        ("max_minutes", settings.max_minutes, 1..=240, "minutes"),
        (
            "silence_seconds",
            settings.silence_seconds,
            3..=120,
            "seconds",
        ),
        ("silence_prompts", settings.silence_prompts, 0..=10, "times"),
        (
            "filler_ms",
            settings.filler_ms,
            300..=10_000,
            "milliseconds",
        ),
    ];
    for (name, value, allowed, unit) in numbers {
        if !allowed.contains(&value) {
            let (least, most) = (allowed.start(), allowed.end());
            let detail = format!("{name} must be {least} to {most} {unit}, not {value}");
            return Err(Problem::invalid(name, detail));
        }
    }
    Ok(settings)
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
#[utoipa::path(post, path = "/api/voice/preview", tag = "voice", operation_id = "previewVoice",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = Trial,
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>),
              (status = 400, body = ProblemView<'_>), (status = 503, body = ProblemView<'_>)))]
pub(super) async fn preview(place: Place, Json(trial): Json<Trial>) -> Result<Response, Problem> {
    let text = trial.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > TRIAL {
        let detail = format!("write something to hear, at most {TRIAL} characters");
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
        let detail = "there is nothing to say in this text; write words";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        let voices = vec![Voice {
            name: "joe".into(),
            title: "Joe".into(),
            language: "en".into(),
            licence: "CC0".into(),
            rate: 22_050,
        }];
        let wrong = |change: fn(&mut VoiceSettings)| {
            let mut settings = VoiceSettings::default();
            change(&mut settings);
            let found = checked(settings, &voices);
            found
                .err()
                .and_then(|problem| problem.param)
                .unwrap_or_default()
        };
        assert_eq!(wrong(|_| {}), "");
        assert_eq!(wrong(|s| s.voice = Some("joe".into())), "");
        assert_eq!(wrong(|s| s.voice = Some(" ".into())), "");
        assert_eq!(wrong(|s| s.voice = Some("jane".into())), "voice");
        assert_eq!(wrong(|s| s.speed = 2.1), "speed");
        assert_eq!(wrong(|s| s.speed = f32::NAN), "speed");
        assert_eq!(wrong(|s| s.language = "english".into()), "language");
        assert_eq!(wrong(|s| s.greeting = "a".repeat(601)), "greeting");
        assert_eq!(
            wrong(|s| s.recording_notice = " ".into()),
            "recording_notice"
        );
        assert_eq!(wrong(|s| s.recording_days = 0), "recording_days");
        assert_eq!(wrong(|s| s.record_days = 4000), "record_days");
        assert_eq!(wrong(|s| s.max_minutes = 0), "max_minutes");
        assert_eq!(wrong(|s| s.silence_seconds = 1), "silence_seconds");
        assert_eq!(wrong(|s| s.silence_prompts = 99), "silence_prompts");
        assert_eq!(wrong(|s| s.filler_ms = 1), "filler_ms");
    }
}
