//! Stored conversations.

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ask::{check_client_id, check_reach, check_text, find_assistant, find_to_ask};
use super::place::{self, ApiPlace};
use super::turn::{self, Unasked};
use crate::agent::{Display, Turn};
use crate::http::auth::{Credential, OfCredential, OfPrincipal};
use crate::http::body::Json;
use crate::http::listing;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::Audience;
use crate::llm::{Claim, Priority};
use crate::store::conversations::{
    self, Channel, Conversation, ConversationFilter, ConversationSummary, NewConversation,
};
use crate::store::messages::{self, Message};
use crate::store::{ConversationId, Scoped, assistants};

const LONGEST_LIST: u32 = 200;
/// In messages, the latest.
const LONGEST_CONVERSATION: u32 = 1000;

/// Conversations of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationList {
    /// The one with the latest message first.
    conversations: Vec<ConversationView>,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationView {
    id: String,
    title: String,
    /// `chat`, `api`, `cli` or `voice`.
    channel: &'static str,
    /// `open`, `waiting` (for a human) or `closed`.
    state: &'static str,
    /// Unix milliseconds.
    started_at: i64,
    /// Unix milliseconds.
    last_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<String>,
}

/// A conversation with what was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationDetail {
    #[serde(flatten)]
    conversation: ConversationView,
    /// Oldest first.
    transcript: Vec<MessageView>,
}

/// Something that was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    id: String,
    /// `user`, `assistant`, `agent` or `system`.
    role: &'static str,
    text: String,
    /// `complete`, `interrupted` or `failed`.
    state: &'static str,
    /// Unix milliseconds.
    created_at: i64,
    /// Id of the receipt, for an answer.
    receipt: Option<String>,
    /// The sender's own id.
    client_id: Option<String>,
}

/// A conversation to begin.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewConversationRequest {
    /// Short name of the assistant; the workspace's first when absent.
    assistant: Option<String>,
    /// Title for lists.
    title: Option<String>,
    /// The caller's own name or id for the visitor.
    visitor: Option<String>,
}

/// A message to send.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MessageRequest {
    /// What is said.
    text: String,
    /// The sender's own id, so that a message sent twice is kept once.
    client_id: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PageQuery {
    /// Most conversations, up to 200; 50 when absent.
    limit: Option<u32>,
    /// How many to skip.
    offset: Option<u32>,
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            title: conversation.title,
            channel: conversation.channel.as_str(),
            state: conversation.state.as_str(),
            started_at: conversation.started_at,
            last_at: conversation.last_at,
            messages: None,
            last_message: None,
        }
    }
}

impl From<ConversationSummary> for ConversationView {
    fn from(summary: ConversationSummary) -> Self {
        Self {
            messages: Some(summary.messages),
            last_message: summary.last_message,
            ..summary.conversation.into()
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.to_string(),
            role: message.role.as_str(),
            text: message.text,
            state: message.state.as_str(),
            created_at: message.created_at,
            receipt: message.receipt.map(|id| id.to_string()),
            client_id: message.client_id.map(messages::as_sent),
        }
    }
}

/// The conversations of a workspace; without the scope `conversations` only those that the key began.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "answers",
    operation_id = "listConversations",
    params(PageQuery, ("workspace" = Option<String>, Query, description = "Short name")),
    responses((status = 200, body = ConversationList)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<ConversationList>, Problem> {
    Ok(axum::Json(read_list(&place, &page).await?))
}

/// The conversations that the caller may see.
pub(in crate::http) async fn read_list(
    place: &ApiPlace,
    page: &PageQuery,
) -> Result<ConversationList, Problem> {
    let limit = page.limit.unwrap_or(50).min(LONGEST_LIST);
    let filter = ConversationFilter {
        begun_by: place.principal().own_conversations(),
        offset: page.offset.unwrap_or(0),
    };
    let found = listing::read(&place.app.store, place.id(), filter, limit).await?;
    let conversations = found.rows.into_iter().map(ConversationView::from).collect();
    Ok(ConversationList { conversations })
}

/// Begins a conversation.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "answers",
    operation_id = "beginConversation", request_body = NewConversationRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ConversationView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<NewConversationRequest>,
) -> Result<(StatusCode, axum::Json<ConversationView>), Problem> {
    let workspace = place.id();
    let by = place.principal();
    let assistant = find_to_ask(&place.app, by, workspace, request.assistant).await?;
    let begun_by = match place.principal().credential() {
        Credential::Key(id) => Some(id),
        _ => None,
    };
    let begun = place.app.store.write(move |tx| {
        let new = NewConversation {
            assistant: Some(assistant.id),
            channel: Channel::Api,
            visitor: request.visitor.as_deref(),
            title: request.title.as_deref().unwrap_or("Conversation"),
            begun_by,
            page: None,
        };
        conversations::create(tx, workspace, &new, now_ms())
    });
    Ok((
        StatusCode::CREATED,
        axum::Json(begun.await?.into_inner().into()),
    ))
}

/// One conversation with what was said.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "answers",
    operation_id = "getConversation",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ConversationDetail), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ConversationDetail>, Problem> {
    Ok(axum::Json(read_one(&place, &id).await?))
}

/// # Errors
/// 404 for a conversation that the caller may not see.
pub(in crate::http) async fn read_one(
    place: &ApiPlace,
    id: &str,
) -> Result<ConversationDetail, Problem> {
    let conversation = load(place, id).await?;
    let found = place.app.store.read(move |conn| {
        let said = messages::list(conn, &conversation, LONGEST_CONVERSATION)?;
        Ok((conversation.into_inner(), said))
    });
    let (conversation, said) = found.await?;
    let transcript = said.into_iter().map(MessageView::from).collect();
    Ok(ConversationDetail {
        conversation: conversation.into(),
        transcript,
    })
}

/// Sends a message. The answer comes as the events `citations`, `delta`, `done` and `failed`, or as one
/// JSON answer if the client does not accept events.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "answers",
    operation_id = "sendMessage", request_body = MessageRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "text/event-stream", body = String),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn append(
    place: ApiPlace,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<MessageRequest>,
) -> Result<Response, Problem> {
    let question = check_text("text", request.text)?;
    let client_id = check_client_id(request.client_id)?;
    let conversation = load(&place, &id).await?;
    let mut turn = build_turn(&place, &conversation, question, client_id).await?;
    turn.display = turn::display(&headers, Unasked::Events);
    turn::respond(&headers, Unasked::Events, place.app.agent.reply(turn)).await
}

pub(super) async fn build_turn(
    place: &ApiPlace,
    conversation: &Scoped<Conversation>,
    question: String,
    client_id: Option<String>,
) -> Result<Turn, Problem> {
    let workspace = place.id();
    let begun_with = match conversation.assistant {
        Some(id) => {
            let store = &place.app.store;
            store
                .read(move |conn| assistants::find(conn, workspace, id))
                .await?
        }
        None => None,
    };
    let assistant = match begun_with {
        Some(assistant) => assistant.into_inner(),
        None => find_assistant(&place.app, workspace, None).await?,
    };
    check_reach(place.principal(), &assistant)?;
    Ok(Turn {
        workspace,
        assistant,
        conversation: Some(conversation.id),
        client_id,
        history: Vec::new(),
        question,
        claim: Claim::new(
            Priority::Chat,
            place.principal().credential().flow(workspace),
        ),
        sampling: None,
        now: None,
        // The visitor will read the answer even if staff asks, so it must not come from documents for staff.
        audience: match conversation.visitor {
            Some(_) => Audience::Visitors,
            None => place.principal().audience(),
        },
        display: Display::AsItComes,
        evaluation: false,
        stays: false,
    })
}

pub(super) async fn load(place: &ApiPlace, id: &str) -> Result<Scoped<Conversation>, Problem> {
    let (workspace, id) = (
        place.id(),
        place::parse_id::<ConversationId>(id, "conversation")?,
    );
    let found = place
        .app
        .store
        .read(move |conn| conversations::get(conn, workspace, id))
        .await?;
    let own = place.principal().own_conversations();
    if own.is_some() && found.begun_by != own {
        return Err(Problem::not_found("conversation"));
    }
    Ok(found)
}
