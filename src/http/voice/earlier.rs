//! Earlier conversations of somebody whom the business's website vouches for. Nobody else has any: a token alone shows the one of
//! its own visit.

use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::Guest;
use super::chat::{VisitTranscript, read_transcript};
use crate::http::parse_id;
use crate::http::problem::{Problem, ProblemView};
use crate::store::{ConversationId, visitors};

/// Conversations that are listed, the latest.
const MOST: u32 = 50;
/// Of the first words, in characters.
const EXCERPT: usize = 80;

/// Earlier conversations of the visitor.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitEarlier {
    /// The latest first; none for somebody whom no website vouches for.
    conversations: Vec<VisitEarlierOne>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VisitEarlierOne {
    id: String,
    /// Unix milliseconds.
    last_at: i64,
    /// What the visitor said first, shortened.
    first: String,
}

/// Conversations that were before the one of this visit.
#[utoipa::path(get, path = "/api/v1/visit/conversations", tag = "visitors", operation_id = "listEarlierConversations",
    responses((status = 200, body = VisitEarlier), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn list(guest: Guest) -> Result<axum::Json<VisitEarlier>, Problem> {
    let visitor = guest.visitor.clone();
    let read = guest
        .app
        .store
        .read(move |conn| visitors::earlier_conversations(conn, &visitor, MOST));
    let found = read.await?.into_iter();
    let conversations = found.map(|earlier| VisitEarlierOne {
        id: earlier.id.to_string(),
        last_at: earlier.last_at,
        first: earlier.first.chars().take(EXCERPT).collect(),
    });
    Ok(axum::Json(VisitEarlier {
        conversations: conversations.collect(),
    }))
}

/// What was said in one of them.
#[utoipa::path(get, path = "/api/v1/visit/conversations/{id}", tag = "visitors", operation_id = "readEarlierConversation",
    params(("id" = String, Path, description = "Id of the conversation")),
    responses((status = 200, body = VisitTranscript), (status = 401, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(in crate::http) async fn get(
    guest: Guest,
    Path(id): Path<String>,
) -> Result<axum::Json<VisitTranscript>, Problem> {
    let id: ConversationId = parse_id(&id, "conversation")?;
    let visitor = guest.visitor.clone();
    let read = guest.app.store.read(move |conn| {
        let own = visitors::earlier_conversation(conn, &visitor, id)?;
        read_transcript(conn, &own)
    });
    Ok(axum::Json(read.await?))
}
