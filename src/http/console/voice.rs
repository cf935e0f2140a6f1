//! How the front desk speaks: settings, and how words are pronounced.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::api::calls::{add, checked, import};
use super::super::auth::Scope;
use super::super::problem::Problem;
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::speech::Voice;
use crate::store::pronunciations::{self, Pronounced};
use crate::store::workspaces;
use crate::voice::{RecordingMode, VoiceSettings};

/// The page.
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
    words: Vec<Pronounced>,
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
    let workspace = person.workspace.id;
    let read = app.store.read(move |conn| {
        let kept: VoiceSettings = workspaces::section(conn, workspace, VoiceSettings::SECTION)?;
        Ok((kept, pronunciations::list(conn, workspace)?))
    });
    let (kept, words) = read.await?;
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
    let settings = match wrong {
        Some(problem) => return render(&app, &person, Some(settings), Some(problem)).await,
        None => match checked(settings.clone(), &app.synthesizer.voices()) {
            Ok(settings) => settings,
            Err(problem) => return render(&app, &person, Some(settings), Some(problem)).await,
        },
    };
    let workspace = person.workspace.id;
    app.store
        .write(move |tx| workspaces::set_section(tx, workspace, VoiceSettings::SECTION, &settings))
        .await?;
    Ok(Redirect::to("/voice").into_response())
}

/// What the form says; a number that is none keeps its default and is told.
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
    match add(&app, person.workspace.id, &form.word, &form.say).await {
        Ok(()) => Ok(Redirect::to("/voice#words").into_response()),
        Err(problem) => render(&app, &person, None, Some(problem)).await,
    }
}

/// `POST /voice/words/delete`
pub(super) async fn delete_word(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Word>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let workspace = person.workspace.id;
    app.store
        .write(move |tx| pronunciations::delete(tx, workspace, &form.word))
        .await?;
    Ok(Redirect::to("/voice#words").into_response())
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
    match import(&app, person.workspace.id, &form.csv).await {
        Ok(_) => Ok(Redirect::to("/voice#words").into_response()),
        Err(problem) => render(&app, &person, None, Some(problem)).await,
    }
}
