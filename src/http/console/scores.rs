//! Analyses: the list by score, one with its reasons and the conversation, and what the owner decides about them.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::score_form::Typed;
use super::score_pages::{self as pages, Row};
use super::view::{self, Fact, Section};
use super::{Failure, sentence};
use crate::analysis::WorkError;
use crate::analysis::types::Analysis as Found;
use crate::app::App;
use crate::http::api::analyses::{self, AnalysisQuery};
use crate::http::auth::{OfCredential, Scope};
use crate::http::listing::{self, ListQuery};
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::llm::{Claim, Priority};
use crate::store::analyses::Analysis;
use crate::store::{AnalysisId, ConversationId, conversations};

/// Conversations that are offered.
const CONVERSATIONS: u32 = 30;

#[derive(Default, Deserialize)]
pub(super) struct Listed {
    #[serde(flatten)]
    query: AnalysisQuery,
    #[serde(default)]
    done: String,
}

/// `GET /scores`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(listed): Query<Listed>,
) -> Result<Response, Failure> {
    let done = match listed.done.as_str() {
        "deleted" => Some("Deleted. The conversation itself is where it was."),
        _ => None,
    };
    let page = list_page(&app, &person, listed.query).await?;
    Ok(view::page(StatusCode::OK, &pages::Scores { done, ..page }))
}

async fn list_page(
    app: &App,
    person: &SignedIn,
    query: AnalysisQuery,
) -> Result<pages::Scores, Failure> {
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &query).await?;
    let links = query.links(found.next.as_ref());
    let workspace = person.workspace.id;
    let recent = app
        .store
        .read(move |conn| conversations::list_recent(conn, workspace, None, CONVERSATIONS, 0));
    let recent = recent.await?.into_iter().map(|one| {
        let of = one.conversation;
        (of.id.to_string(), of.title)
    });
    Ok(pages::Scores {
        shell: person.shell(Section::Inbox, "Scores"),
        filtered: links.is_filtered,
        query: links.query,
        next: links.next,
        rows: found.rows.into_iter().map(Row::from).collect(),
        bands: app.analyst.bands(person.member()).await?,
        sources: pages::SOURCES,
        conversations: recent.collect(),
        wanted: query,
        done: None,
        error: wrong.map(|problem| sentence(&problem.detail)),
    })
}

fn claim(person: &SignedIn) -> Claim {
    let flow = person.principal().credential().flow(person.workspace.id);
    Claim::new(Priority::Api, flow)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    conversation: String,
    #[serde(default)]
    again: bool,
}

/// `POST /scores`: analyses a conversation of the inbox.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Chosen>,
) -> Result<Response, Failure> {
    person.need(Scope::Conversations)?;
    let id: ConversationId = parse_id(&form.conversation, "conversation")?;
    let (workspace, claim) = (person.workspace.id, claim(&person));
    let work = app
        .analyst
        .analyse_conversation(workspace, id, form.again, claim, &|_| {});
    match work.await {
        Ok(kept) => Ok(shown(kept.analysis.id)),
        Err(error) => refuse(&app, &person, error.into()).await,
    }
}

/// `POST /scores/file`: analyses an exported file.
pub(super) async fn create_of_file(
    State(app): State<Arc<App>>,
    person: SignedIn,
    request: Request,
) -> Result<Response, Failure> {
    person.need(Scope::Conversations)?;
    let (workspace, claim) = (person.workspace.id, claim(&person));
    match analyses::of_form(&app.analyst, workspace, request, claim).await {
        Ok(kept) => Ok(shown(kept.analysis.id)),
        Err(problem) => refuse(&app, &person, problem).await,
    }
}

fn shown(id: AnalysisId) -> Response {
    Redirect::to(&format!("/scores/{id}")).into_response()
}

/// The list with what went wrong.
async fn refuse(app: &App, person: &SignedIn, problem: Problem) -> Result<Response, Failure> {
    if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem.into());
    }
    let page = list_page(app, person, AnalysisQuery::default()).await?;
    let error = Some(sentence(problem.detail()));
    let page = pages::Scores { error, ..page };
    Ok(view::page(problem.status, &page))
}

/// `GET /scores/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: AnalysisId = parse_id(&id, "analysis")?;
    let (analysis, said) = app.analyst.read(person.member(), id).await?;
    let found: Found =
        serde_json::from_value(analysis.body.clone()).map_err(|error| Problem::internal(&error))?;
    let facts = facts(&analysis);
    let shell = person.shell(Section::Inbox, "Score");
    let page = pages::Score::of(shell, analysis, found, said, facts);
    Ok(view::page(StatusCode::OK, &page))
}

/// How it was made.
fn facts(analysis: &Analysis) -> Vec<Fact> {
    let seconds = format!(
        "{}.{} s",
        analysis.took_ms / 1000,
        analysis.took_ms % 1000 / 100
    );
    let mut facts = vec![
        Fact::new("Messages", analysis.turns.to_string()),
        Fact::new("Took", seconds),
    ];
    if let Some(language) = &analysis.language {
        facts.push(Fact::new("Language", language.clone()));
    }
    match &analysis.model {
        Some(model) => {
            facts.push(Fact::new("Model", model.clone()));
            let (read, written) = (analysis.tokens_read, analysis.tokens_written);
            facts.push(Fact::new(
                "Tokens",
                format!("{read} read, {written} written"),
            ));
            facts.push(Fact::new("Prompts", analysis.prompt_version.clone()));
        }
        None => facts.push(Fact::new("Model", "none took part")),
    }
    if !analysis.about.is_empty() {
        facts.push(Fact::new("Called there", analysis.about.clone()));
    }
    facts
}

/// `POST /scores/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: AnalysisId = parse_id(&id, "analysis")?;
    app.analyst.delete(person.member(), id).await?;
    Ok(Redirect::to("/scores?done=deleted").into_response())
}

#[derive(Default, Deserialize)]
pub(super) struct Saved {
    #[serde(default)]
    done: String,
}

/// `GET /scores/settings`
pub(super) async fn settings(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(saved): Query<Saved>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let settings = app.analyst.settings(person.member()).await?;
    let page = pages::ScoreSettings {
        shell: person.shell(Section::Inbox, "Settings of scores"),
        typed: Typed::from(&settings),
        done: saved.done == "saved",
        error: None,
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /scores/settings`
pub(super) async fn save_settings(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let saved = match typed.read() {
        Ok(settings) => app.analyst.set_settings(person.member(), settings).await,
        Err(error) => Err(error.into()),
    };
    match saved {
        Ok(_) => Ok(Redirect::to("/scores/settings?done=saved").into_response()),
        Err(WorkError::Settings(error)) => {
            let page = pages::ScoreSettings {
                shell: person.shell(Section::Inbox, "Settings of scores"),
                typed,
                done: false,
                error: Some(sentence(&error.to_string())),
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}
