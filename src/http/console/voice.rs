//! Voice settings and pronunciations.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::pronunciations::{self, PronunciationError};
use crate::app::voice_settings::{self, VoiceSettingsError};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::speech::{Pronunciation, Voice};
use crate::voice::{RecordingMode, VoiceSettings};

#[derive(Template)]
#[template(path = "voice.html")]
struct VoicePage {
    shell: Shell,
    settings: VoiceSettings,
    records: bool,
    voices: Vec<Voice>,
    chosen: String,
    unavailable: Option<String>,
    error: Option<String>,
    field: String,
    words: Vec<Pronunciation>,
}

/// `GET /voice`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    render(&app, &person, None, None).await
}

async fn render(
    app: &App,
    person: &SignedIn,
    tried: Option<VoiceSettings>,
    problem: Option<Problem>,
) -> Result<Response, Failure> {
    let kept = voice_settings::get(&app.store, person.member()).await?;
    let words = pronunciations::list(&app.store, person.member()).await?;
    let settings = tried.unwrap_or(kept);
    let voices = app.synthesizer.voices();
    let first = voices.first().map(|voice| voice.name.clone());
    let unavailable = app.synthesizer.ready().and_then(|()| app.ears.ready());
    let status = match &problem {
        Some(problem) => problem.status,
        None => StatusCode::OK,
    };
    let page = VoicePage {
        shell: person.shell(Section::Calls, "Voice"),
        records: settings.recording == RecordingMode::Ask,
        chosen: settings.voice.clone().or(first).unwrap_or_default(),
        unavailable: unavailable.err().map(|error| sentence(&error.to_string())),
        error: problem.as_ref().map(|problem| sentence(&problem.detail)),
        field: problem
            .and_then(|problem| problem.param)
            .unwrap_or_default(),
        settings,
        voices,
        words,
    };
    Ok(view::page(status, &page))
}

/// `POST /voice`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (settings, wrong) = from_form(&form);
    if let Some(problem) = wrong {
        return render(&app, &person, Some(settings), Some(problem)).await;
    }
    let voices = app.synthesizer.voices();
    let set = voice_settings::set(&app.store, person.member(), settings.clone(), &voices);
    match set.await {
        Ok(_) => Ok(Redirect::to("/voice").into_response()),
        Err(error @ VoiceSettingsError::Wrong { .. }) => {
            render(&app, &person, Some(settings), Some(error.into())).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Reads the form; a bad number keeps its default and is reported.
fn from_form(form: &HashMap<String, String>) -> (VoiceSettings, Option<Problem>) {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let mut wrong = None;
    let mut number = |name: &'static str, usual: u32| {
        text(name).trim().parse().unwrap_or_else(|_| {
            let detail = format!("{} must be a whole number", name.replace('_', " "));
            wrong.get_or_insert(Problem::invalid(name, detail));
            usual
        })
    };
    let usual = VoiceSettings::default();
    let settings = VoiceSettings {
        enabled: form.contains_key("enabled"),
        voice: Some(text("voice")).filter(|name| !name.is_empty()),
        speed: text("speed").trim().parse().unwrap_or(0.0),
        greeting: text("greeting"),
        language: text("language"),
        recording: match form.contains_key("recording") {
            true => RecordingMode::Ask,
            false => RecordingMode::Off,
        },
        recording_notice: text("recording_notice"),
        recording_days: number("recording_days", usual.recording_days),
        record_days: number("record_days", usual.record_days),
        max_minutes: number("max_minutes", usual.max_minutes),
        silence_seconds: number("silence_seconds", usual.silence_seconds),
        silence_prompts: number("silence_prompts", usual.silence_prompts),
        barge_in: form.contains_key("barge_in"),
        filler: text("filler"),
        filler_ms: number("filler_ms", usual.filler_ms),
    };
    (settings, wrong)
}

#[derive(Deserialize)]
pub(super) struct Word {
    word: String,
    #[serde(default)]
    say: String,
}

/// `POST /voice/words`
pub(super) async fn set_word(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Word>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (store, by) = (&app.store, person.member());
    let set = pronunciations::set(store, by, &form.word, &form.say, now_ms());
    to_words(&app, &person, set.await).await
}

/// `POST /voice/words/delete`
pub(super) async fn delete_word(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Word>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let removed = pronunciations::remove(&app.store, person.member(), &form.word);
    to_words(&app, &person, removed.await.map(drop)).await
}

#[derive(Deserialize)]
pub(super) struct Pasted {
    csv: String,
}

/// `POST /voice/words/import`
pub(super) async fn import_words(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Pasted>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let imported = pronunciations::import(&app.store, person.member(), &form.csv, now_ms());
    to_words(&app, &person, imported.await.map(drop)).await
}

/// Redirects to the list of words, or shows the page with the error.
async fn to_words(
    app: &App,
    person: &SignedIn,
    outcome: Result<(), PronunciationError>,
) -> Result<Response, Failure> {
    match outcome {
        Ok(()) => Ok(Redirect::to("/voice#words").into_response()),
        Err(error) => render(app, person, None, Some(error.into())).await,
    }
}
