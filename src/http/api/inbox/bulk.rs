//! One act on many conversations, and undoing it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sort::AssignRequest;
use super::{ApiPlace, parse_conversation};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::bulk::{self, Act, Outcome};
use crate::store::{ConversationId, TeamId, UserId};

/// What to do with which conversations.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BulkRequest {
    /// Up to 200.
    ids: Vec<String>,
    /// `close`, `spam`, `not-spam`, `snooze`, `assign`, `tag`, `untag`, `read` or `unread`.
    act: String,
    /// For `snooze`: Unix milliseconds; `null` takes it back.
    #[serde(default)]
    until: Option<i64>,
    /// For `assign`: id of a person.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
    /// For `assign`: id of a team.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    team: Option<TeamId>,
    /// For `tag` and `untag`.
    #[serde(default)]
    tags: Vec<String>,
}

/// What to undo.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UndoRequest {
    /// `undo` of the act.
    token: String,
}

/// A conversation that could not be changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedView {
    id: String,
    /// Why.
    detail: String,
}

/// What became of an act on many.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// Ids of those that were changed.
    done: Vec<String>,
    failed: Vec<FailedView>,
    /// For `/inbox/undo`, for ten minutes; absent if there is nothing to undo.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        let failed = outcome.failed.into_iter().map(|(id, error)| FailedView {
            id: id.to_string(),
            detail: Problem::from(error).detail().to_owned(),
        });
        Self {
            done: outcome.done.iter().map(ToString::to_string).collect(),
            failed: failed.collect(),
            undo: outcome.undo,
        }
    }
}

/// Does the same with up to 200 conversations. Those that cannot be changed are named.
#[utoipa::path(post, path = "/api/v1/inbox/bulk", tag = "inbox", operation_id = "changeConversations",
    request_body = BulkRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = OutcomeView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn act(
    place: ApiPlace,
    Json(request): Json<BulkRequest>,
) -> Result<axum::Json<OutcomeView>, Problem> {
    let ids: Vec<ConversationId> = request
        .ids
        .iter()
        .enumerate()
        .map(|(at, id)| {
            parse_conversation(id).map_err(|wrong| wrong.with_param(format!("ids[{at}]")))
        })
        .collect::<Result<_, _>>()?;
    let act = parse_act(request)?;
    let (inbox, undos) = (&place.app.inbox, &place.app.undos);
    let outcome = bulk::act(inbox, undos, &place.member, &ids, &act, now_ms()).await?;
    Ok(axum::Json(outcome.into()))
}

fn parse_act(request: BulkRequest) -> Result<Act, Problem> {
    Ok(match request.act.as_str() {
        "close" => Act::Close,
        "spam" => Act::Spam(true),
        "not-spam" => Act::Spam(false),
        "snooze" => Act::Snooze(request.until),
        "assign" => {
            let (user, team) = (request.user, request.team);
            Act::Assign(AssignRequest { user, team }.assignee()?)
        }
        "tag" | "untag" => Act::Tag {
            add: request.act == "tag",
            tags: request.tags,
        },
        "read" => Act::Read(true),
        "unread" => Act::Read(false),
        _ => {
            let known =
                "act must be close, spam, not-spam, snooze, assign, tag, untag, read or unread";
            return Err(Problem::invalid("act", known));
        }
    })
}

/// Undoes an act, within ten minutes and until Frontdesk is restarted.
#[utoipa::path(post, path = "/api/v1/inbox/undo", tag = "inbox", operation_id = "undoChange",
    request_body = UndoRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = OutcomeView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn undo(
    place: ApiPlace,
    Json(request): Json<UndoRequest>,
) -> Result<axum::Json<OutcomeView>, Problem> {
    let (inbox, undos) = (&place.app.inbox, &place.app.undos);
    let outcome = bulk::undo(inbox, undos, &place.member, &request.token, now_ms()).await?;
    Ok(axum::Json(outcome.into()))
}
