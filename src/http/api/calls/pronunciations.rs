//! How words are spoken.

use axum::extract::Query;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::pronunciations;
use crate::http::api::place::ApiPlace;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::speech::Pronunciation;

/// How a word is spoken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct PronunciationView {
    /// The word or words as written; case does not matter.
    word: String,
    /// Other words ("Boo-fin"), or phonemes of the IPA between slashes ("/bluːfɪn/").
    say: String,
}

/// The pronunciations of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PronunciationsView {
    /// By word.
    pronunciations: Vec<PronunciationView>,
}

/// Pronunciations to set: one, or a CSV of words and how they are said.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Wish)]
pub(in crate::http) struct NewPronunciations {
    word: Option<String>,
    say: Option<String>,
    /// Lines of `word,say`, instead of one word.
    csv: Option<String>,
}

/// How words are spoken in a workspace.
#[utoipa::path(get, path = "/api/v1/pronunciations", tag = "voice", operation_id = "listPronunciations",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = PronunciationsView)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<PronunciationsView>, Problem> {
    let found = pronunciations::list(&place.app.store, &place.member).await?;
    let view = |one: Pronunciation| PronunciationView {
        word: one.word,
        say: one.say,
    };
    Ok(axum::Json(PronunciationsView {
        pronunciations: found.into_iter().map(view).collect(),
    }))
}

/// Sets how a word is spoken, or many words from a CSV. Takes effect with the next sentence.
#[utoipa::path(put, path = "/api/v1/pronunciations", tag = "voice", operation_id = "setPronunciation",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = NewPronunciations,
    responses((status = 200, body = PronunciationsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(new): Json<NewPronunciations>,
) -> Result<axum::Json<PronunciationsView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    match new.csv {
        Some(csv) => {
            pronunciations::import(store, by, &csv, now_ms()).await?;
        }
        None => {
            let (word, say) = (new.word.unwrap_or_default(), new.say.unwrap_or_default());
            pronunciations::set(store, by, &word, &say, now_ms()).await?;
        }
    }
    list(place).await
}

#[derive(Debug, Deserialize)]
pub(super) struct WordQuery {
    word: String,
}

/// Removes a pronunciation; the voice speaks the word in its usual way again.
#[utoipa::path(delete, path = "/api/v1/pronunciations", tag = "voice",
    operation_id = "deletePronunciation",
    params(("word" = String, Query, description = "The word"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(
    place: ApiPlace,
    Query(query): Query<WordQuery>,
) -> Result<StatusCode, Problem> {
    match pronunciations::remove(&place.app.store, &place.member, &query.word).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("pronunciation")),
    }
}
