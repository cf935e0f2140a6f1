//! How words are spoken.

use axum::extract::Query;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::super::body::Json;
use super::super::super::now_ms;
use super::super::super::problem::{Problem, ProblemView};
use super::super::place::Place;
use crate::app::App;
use crate::speech::Pronunciation;
use crate::store::{Connection, StoreError, WorkspaceId, pronunciations};

/// Characters of a word, and of how it is said, at most.
const LONGEST: usize = 120;
/// Words of a workspace at most.
const MOST: usize = 5_000;

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
pub(in crate::http) struct Wish {
    word: Option<String>,
    say: Option<String>,
    /// Lines of `word,say`, instead of one word.
    csv: Option<String>,
}

/// How words are spoken in a workspace.
#[utoipa::path(get, path = "/api/pronunciations", tag = "voice", operation_id = "listPronunciations",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = PronunciationsView)))]
pub(super) async fn list(place: Place) -> Result<axum::Json<PronunciationsView>, Problem> {
    let workspace = place.id();
    let read = place.app.store.read(move |conn| lexicon(conn, workspace));
    let pronunciations = read.await?.into_iter().map(|one| PronunciationView {
        word: one.word,
        say: one.say,
    });
    Ok(axum::Json(PronunciationsView {
        pronunciations: pronunciations.collect(),
    }))
}

/// Sets how a word is spoken, or many from a CSV. They hold from the next sentence on.
#[utoipa::path(put, path = "/api/pronunciations", tag = "voice", operation_id = "setPronunciation",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = Wish,
    responses((status = 200, body = PronunciationsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: Place,
    Json(wish): Json<Wish>,
) -> Result<axum::Json<PronunciationsView>, Problem> {
    match wish.csv {
        Some(csv) => {
            import(&place.app, place.id(), &csv).await?;
        }
        None => {
            let (word, say) = (wish.word.unwrap_or_default(), wish.say.unwrap_or_default());
            add(&place.app, place.id(), &word, &say).await?;
        }
    }
    list(place).await
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    word: String,
}

/// The voice speaks a word as it would again.
#[utoipa::path(delete, path = "/api/pronunciations", tag = "voice",
    operation_id = "deletePronunciation",
    params(("word" = String, Query, description = "The word"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(
    place: Place,
    Query(which): Query<Which>,
) -> Result<StatusCode, Problem> {
    let workspace = place.id();
    let gone = place
        .app
        .store
        .write(move |tx| pronunciations::delete(tx, workspace, which.word.trim()));
    match gone.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("pronunciation")),
    }
}

/// Sets how one word is spoken.
///
/// # Errors
/// 400, naming what is wrong with it.
pub(in crate::http) async fn add(
    app: &App,
    workspace: WorkspaceId,
    word: &str,
    say: &str,
) -> Result<(), Problem> {
    keep(app, workspace, vec![checked(word, say)?]).await
}

/// Sets how the words of a CSV are spoken; how many there were. A first line of `word,say` is a heading.
///
/// # Errors
/// 400, naming the line; then nothing is kept.
pub(in crate::http) async fn import(
    app: &App,
    workspace: WorkspaceId,
    text: &str,
) -> Result<usize, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Problem::invalid("csv", error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let (word, say) = (record.get(0).unwrap_or(""), record.get(1).unwrap_or(""));
        let heading = word.eq_ignore_ascii_case("word") && say.eq_ignore_ascii_case("say");
        if heading || (word.is_empty() && say.is_empty()) {
            continue;
        }
        let pair = checked(word, say).map_err(|problem| {
            Problem::invalid("csv", format!("line {line}: {}", problem.detail()))
        })?;
        found.push(pair);
    }
    if found.is_empty() {
        return Err(Problem::invalid(
            "csv",
            "write a word, a comma, and how it is said",
        ));
    }
    let count = found.len();
    keep(app, workspace, found).await?;
    Ok(count)
}

async fn keep(
    app: &App,
    workspace: WorkspaceId,
    pairs: Vec<(String, String)>,
) -> Result<(), Problem> {
    let kept = app.store.write(move |tx| {
        for (word, say) in &pairs {
            pronunciations::set(tx, workspace, word, say, now_ms())?;
        }
        match pronunciations::list(tx, workspace)?.len() {
            0..=MOST => Ok(()),
            _ => Err(StoreError::Conflict(
                format!("a workspace may have {MOST} pronunciations; delete some first").into(),
            )),
        }
    });
    Ok(kept.await?)
}

/// A word and how it is said, tidied.
pub(super) fn checked(word: &str, say: &str) -> Result<(String, String), Problem> {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (word, say) = (tidy(word), tidy(say));
    let long = |text: &str| text.chars().count() > LONGEST;
    if !word.contains(char::is_alphanumeric) || long(&word) {
        let detail = format!("write the word as it stands in texts, at most {LONGEST} characters");
        return Err(Problem::invalid("word", detail));
    }
    let phonemes = say.strip_prefix('/').map(|rest| rest.strip_suffix('/'));
    let said = match phonemes {
        None => say.contains(char::is_alphanumeric),
        Some(inner) => inner.is_some_and(|inner| inner.contains(char::is_alphabetic)),
    };
    if !said || long(&say) {
        let detail = "write how it is said: other words, or phonemes between two slashes";
        return Err(Problem::invalid("say", detail));
    }
    Ok((word, say))
}

/// The pronunciations as the voice takes them.
pub(super) fn lexicon(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Pronunciation>, StoreError> {
    let found = pronunciations::list(conn, workspace)?;
    let pair = |one: pronunciations::Pronounced| Pronunciation {
        word: one.word,
        say: one.say,
    };
    Ok(found.into_iter().map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_needs_letters_and_phonemes_two_slashes() {
        for (word, say, wrong) in [
            ("Bluefin", "Boo-fin", ""),
            (" Blue  fin ", "/bluːfɪn/", ""),
            ("", "x", "word"),
            ("!!", "x", "word"),
            ("x", "", "say"),
            ("x", "/bluː", "say"),
            ("x", "//", "say"),
            ("x", "!", "say"),
        ] {
            let found = checked(word, say).err().and_then(|problem| problem.param);
            assert_eq!(found.unwrap_or_default(), wrong, "{word} {say}");
        }
        assert_eq!(checked(" Blue  fin ", "a").unwrap().0, "Blue fin");
    }
}
