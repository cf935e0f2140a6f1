//! Who answers a conversation, and whether it is done, read or spam.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::RowView;
use super::{ApiPlace, parse_conversation, row};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts;
use crate::inbox::staff::marks;

/// What the caller saw.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct SeenRequest {
    /// The revision of the conversation that you saw. It lets you take a conversation from a colleague.
    revision: Option<i64>,
}

/// Whether somebody types.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TypingRequest {
    /// Whether you type, or have stopped.
    on: bool,
}

/// Writes a handler that does one thing with a conversation and shows its row.
macro_rules! act {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, |$place:ident, $id:ident, $seen:ident| $act:expr) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "inbox", operation_id = $operation,
            request_body = SeenRequest,
            params(("id" = String, Path, description = "Id of the conversation"),
                   ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
            responses((status = 200, body = RowView), (status = 404, body = ProblemView<'_>),
                      (status = 409, body = ProblemView<'_>)))]
        pub(super) async fn $name(
            $place: ApiPlace,
            Path(id): Path<String>,
            Json($seen): Json<SeenRequest>,
        ) -> Result<axum::Json<RowView>, Problem> {
            let $id = parse_conversation(&id)?;
            $act.await?;
            row(&$place, $id).await
        }
    };
}

act! {
    /// Takes a conversation: you answer it from now on. With `revision` also from a colleague.
    take, "/api/v1/inbox/{id}/take", "takeConversation",
    |place, id, seen| acts::take(&place.app.inbox, &place.member, id, seen.revision)
}
act! {
    /// Gives a conversation back to the assistant.
    give_back, "/api/v1/inbox/{id}/return", "returnConversation",
    |place, id, seen| acts::give_back(&place.app.inbox, &place.member, id, seen.revision)
}
act! {
    /// Closes a conversation. It opens again when the visitor writes.
    close, "/api/v1/inbox/{id}/close", "closeConversation",
    |place, id, seen| acts::close(&place.app.inbox, &place.member, id, seen.revision)
}
act! {
    /// Opens a closed conversation again.
    reopen, "/api/v1/inbox/{id}/reopen", "reopenConversation",
    |place, id, _seen| acts::reopen(&place.app.inbox, &place.member, id)
}
act! {
    /// Marks a conversation as spam.
    spam, "/api/v1/inbox/{id}/spam", "markSpam",
    |place, id, _seen| marks::set_spam(&place.app.store, &place.member, id, true, now_ms())
}
act! {
    /// Says that a conversation is no spam.
    not_spam, "/api/v1/inbox/{id}/not-spam", "unmarkSpam",
    |place, id, _seen| marks::set_spam(&place.app.store, &place.member, id, false, now_ms())
}
act! {
    /// Says that you have seen everything in a conversation.
    read, "/api/v1/inbox/{id}/read", "markRead",
    |place, id, _seen| marks::set_read(&place.app.store, &place.member, id, true, now_ms())
}
act! {
    /// Lets the visitor's last message count as new again.
    unread, "/api/v1/inbox/{id}/unread", "markUnread",
    |place, id, _seen| marks::set_read(&place.app.store, &place.member, id, false, now_ms())
}

/// Says that you type, or have stopped; colleagues and the visitor see it for some seconds.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/typing", tag = "inbox", operation_id = "sayTyping",
    request_body = TypingRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn typing(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TypingRequest>,
) -> Result<StatusCode, Problem> {
    let id = parse_conversation(&id)?;
    acts::typing(&place.app.inbox, &place.member, id, request.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that you are there: every conversation that you have stays with you for two minutes.
#[utoipa::path(post, path = "/api/v1/inbox/here", tag = "inbox", operation_id = "sayHere",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn here(place: ApiPlace) -> Result<StatusCode, Problem> {
    acts::say_here(&place.app.inbox, &place.member)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that your page shows a conversation. Whoever has one, does not follow `/api/v1/inbox/events`, and says nothing for two
/// minutes loses it to the queue.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/seen", tag = "inbox", operation_id = "saySeen",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn seen(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = parse_conversation(&id)?;
    acts::heartbeat(&place.app.inbox, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
