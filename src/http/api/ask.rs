//! `POST /api/v1/ask`: one question, one grounded answer. Only the receipt is kept.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answered::AskAnswer;
use super::turn::{self, Unasked};
use crate::agent::{Answer, Display, Turn};
use crate::app::{App, default_assistant};
use crate::http::auth::{OfCredential, OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::clock::{self, Metadata};
use crate::http::problem::{Problem, ProblemView};
use crate::llm::{ChatMessage, Claim, Priority, Role};
use crate::store::WorkspaceId;
use crate::store::assistants::{self, Assistant};
use crate::store::messages::LONGEST_CLIENT_ID;

/// In characters.
const LONGEST_QUESTION: usize = 8000;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AskRequest {
    /// What is asked.
    question: String,
    /// Short name of the workspace; the caller's own when absent.
    workspace: Option<String>,
    /// Short name of the assistant; the workspace's first when absent.
    assistant: Option<String>,
    /// Earlier turns, oldest first.
    #[serde(default)]
    history: Vec<Earlier>,
    /// `now` sets the assistant's clock.
    metadata: Option<Metadata>,
}

/// An earlier message of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Earlier {
    /// `user` or `assistant`.
    role: String,
    /// What was said.
    content: String,
}

const MOST_HISTORY: usize = 50;

pub(super) fn parse_history(earlier: Vec<Earlier>) -> Result<Vec<ChatMessage>, Problem> {
    if earlier.len() > MOST_HISTORY {
        let detail = format!("history may have at most {MOST_HISTORY} messages; send the latest");
        return Err(Problem::invalid("history", detail));
    }
    let messages = earlier.into_iter().map(|message| {
        let role = match message.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            other => {
                let detail = format!("a role in history is user or assistant, not {other:?}");
                return Err(Problem::invalid("history", detail));
            }
        };
        Ok(ChatMessage::new(role, message.content))
    });
    messages.collect()
}

/// Answers a question from the documents of a workspace. With `Accept: text/event-stream` the answer
/// comes as the events `citations`, `delta`, `done` and `failed`.
#[utoipa::path(post, path = "/api/v1/ask", tag = "answers", operation_id = "ask",
    request_body = AskRequest,
    responses((status = 200, description = "The answer with its citations and receipt",
               body = AskAnswer),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    headers: HeaderMap,
    Json(request): Json<AskRequest>,
) -> Result<Response, Problem> {
    let mut asked = build_turn(&app, &principal, request).await?;
    asked.display = turn::display(&headers, Unasked::Json);
    turn::respond(&headers, Unasked::Json, app.agent.reply(asked)).await
}

/// Answers the question of a program that waits for the whole answer.
///
/// # Errors
/// As the route.
pub(in crate::http) async fn answer_in_full(
    app: &App,
    by: &Principal,
    request: AskRequest,
) -> Result<Answer, Problem> {
    let asked = build_turn(app, by, request).await?;
    turn::collect_answer(app.agent.reply(asked)).await
}

async fn build_turn(app: &App, by: &Principal, request: AskRequest) -> Result<Turn, Problem> {
    let question = check_text("question", request.question)?;
    let now = clock::read_now(by, request.metadata.as_ref())?;
    let history = parse_history(request.history)?;
    let workspace = by.workspace(app, request.workspace.as_deref()).await?.id;
    let assistant = find_to_ask(app, by, workspace, request.assistant).await?;
    Ok(Turn {
        workspace,
        assistant,
        conversation: None,
        client_id: None,
        history,
        question,
        claim: Claim::new(Priority::Chat, by.credential().flow(workspace)),
        sampling: None,
        now,
        audience: by.audience(),
        display: Display::Whole,
        // Only tests set the clock.
        evaluation: now.is_some(),
        stays: false,
    })
}

/// Answers a question that belongs to no conversation, for a page that shows the whole answer.
///
/// # Errors
/// When there is no question, or the turn fails.
pub(in crate::http) async fn answer(
    app: &App,
    by: &Principal,
    workspace: WorkspaceId,
    question: String,
) -> Result<Answer, Problem> {
    let asked = Turn {
        workspace,
        assistant: default_assistant(&app.store, workspace).await?,
        conversation: None,
        client_id: None,
        history: Vec::new(),
        question: check_text("question", question)?,
        claim: Claim::new(Priority::Chat, by.credential().flow(workspace)),
        sampling: None,
        now: None,
        audience: by.audience(),
        display: Display::Whole,
        evaluation: false,
        stays: false,
    };
    turn::collect_answer(app.agent.reply(asked)).await
}

/// Trims a text that a person wrote.
///
/// # Errors
/// 400 when it is empty or longer than 8000 characters.
pub(in crate::http) fn check_text(param: &str, text: String) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_QUESTION {
        let detail = format!("{param} must have 1 to {LONGEST_QUESTION} characters");
        return Err(Problem::invalid(param, detail));
    }
    Ok(text.to_owned())
}

/// The sender's id of a message. Two messages with an empty id have none, and are two messages.
///
/// # Errors
/// 400 if it is too long.
pub(in crate::http) fn check_client_id(id: Option<String>) -> Result<Option<String>, Problem> {
    let id = id.filter(|id| !id.is_empty());
    if id
        .as_ref()
        .is_some_and(|id| id.chars().count() > LONGEST_CLIENT_ID)
    {
        let detail = format!("client_id may have at most {LONGEST_CLIENT_ID} characters");
        return Err(Problem::invalid("client_id", detail));
    }
    Ok(id)
}

/// [`find_assistant`] for a caller who asks it. One that is for staff is none for programs of visitors.
///
/// # Errors
/// 404.
pub(in crate::http) async fn find_to_ask(
    app: &App,
    by: &Principal,
    workspace: WorkspaceId,
    name: Option<String>,
) -> Result<Assistant, Problem> {
    let found = find_assistant(app, workspace, name).await?;
    check_reach(by, &found)?;
    Ok(found)
}

/// # Errors
/// 404, as if it were not there.
pub(super) fn check_reach(by: &Principal, assistant: &Assistant) -> Result<(), Problem> {
    match assistant.is_for_staff()? && !by.is_staff() {
        true => Err(Problem::not_found("assistant")),
        false => Ok(()),
    }
}

/// Finds an assistant by short name, or the workspace's first without one.
///
/// # Errors
/// 404.
pub(in crate::http) async fn find_assistant(
    app: &App,
    workspace: WorkspaceId,
    name: Option<String>,
) -> Result<Assistant, Problem> {
    let Some(name) = name else {
        return Ok(default_assistant(&app.store, workspace).await?);
    };
    let find = move |conn: &_| assistants::find_by_name(conn, workspace, &name);
    let found = app.store.read(find).await?;
    Ok(found
        .ok_or_else(|| Problem::not_found("assistant"))?
        .into_inner())
}
