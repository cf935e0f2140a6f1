//! What a visitor does beside writing: asks for a person, types, reads.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Guest;
use super::assistant::for_visitors;
use super::rate::Deed;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts;
use crate::inbox::turns::Why;
use crate::store::ConversationId;
use crate::store::conversations::Channel;
use crate::store::visitors;

/// A wish for a person.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct PersonRequest {
    /// `button` (the default), or `visitor` if they said so.
    reason: Option<String>,
    /// Short name of the assistant, if nothing was written yet.
    assistant: Option<String>,
    /// Address of the page that the visitor is on.
    page: Option<String>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Who answers now: `open` (the assistant), `waiting` or `human`.
    state: &'static str,
    /// Whether somebody is at the desk.
    open: bool,
    /// What the visitor is told; it is a message of the conversation too, unless they were told before.
    text: String,
}

/// Whether they type.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VisitTypingRequest {
    on: bool,
}

/// How far they have read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VisitSeenRequest {
    /// The `seq` of the last message on the screen.
    seq: i64,
}

/// Asks for a person. While the desk is closed, the visitor is told so and stays with the assistant.
#[utoipa::path(post, path = "/api/v1/visit/person", tag = "visitors", operation_id = "askForPerson",
    request_body = PersonRequest,
    responses((status = 200, body = PersonView), (status = 401, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn ask(
    guest: Guest,
    Json(request): Json<PersonRequest>,
) -> Result<axum::Json<PersonView>, Problem> {
    guest.count(Deed::Person)?;
    let (app, visitor) = (&guest.app, &guest.visitor);
    let why = match request.reason.as_deref() {
        Some("visitor") => Why::Visitor,
        _ => Why::Button,
    };
    let assistant =
        for_visitors(app, visitor.workspace, request.assistant, visitor.assistant).await?;
    let page = request.page.as_deref();
    let own = Guest::conversation(app, visitor, assistant.id, Channel::Chat, page).await?;
    let asked = acts::ask_person(&app.inbox, visitor, own.id, why).await?;
    Ok(axum::Json(PersonView {
        state: asked.conversation.state.as_str(),
        open: asked.open,
        text: asked.text,
    }))
}

/// Tells staff that the visitor types, or has stopped. It is forgotten after ten seconds.
#[utoipa::path(post, path = "/api/v1/visit/typing", tag = "visitors", operation_id = "typeInVisit",
    request_body = VisitTypingRequest,
    responses((status = 204), (status = 401, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn typing(
    guest: Guest,
    Json(request): Json<VisitTypingRequest>,
) -> Result<axum::http::StatusCode, Problem> {
    guest.count(Deed::Sign)?;
    if let Some(own) = find_own(&guest).await? {
        let presence = guest.app.inbox.presence();
        presence.type_as_visitor(guest.visitor.workspace, own, request.on);
    }
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// Tells staff how far the visitor has read.
#[utoipa::path(post, path = "/api/v1/visit/seen", tag = "visitors", operation_id = "readInVisit",
    request_body = VisitSeenRequest,
    responses((status = 204), (status = 401, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn seen(
    guest: Guest,
    Json(request): Json<VisitSeenRequest>,
) -> Result<axum::http::StatusCode, Problem> {
    guest.count(Deed::Sign)?;
    if let Some(own) = find_own(&guest).await? {
        let presence = guest.app.inbox.presence();
        presence.see_as_visitor(guest.visitor.workspace, own, request.seq);
    }
    Ok(axum::http::StatusCode::NO_CONTENT)
}

async fn find_own(guest: &Guest) -> Result<Option<ConversationId>, Problem> {
    let visitor = guest.visitor.clone();
    let find = move |conn: &_| visitors::find_conversation(conn, &visitor);
    Ok(guest.app.store.read(find).await?.map(|own| own.id))
}
