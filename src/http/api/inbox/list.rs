//! Lists of conversations, and one in full.

use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::{DetailView, InboxList, RowView};
use super::{ApiPlace, InboxQuery, parse_conversation};
use crate::http::listing::ListQuery;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::{reading, tags as tagging};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EarlierQuery {
    /// `seq` of a message; those before it are shown.
    before: Option<i64>,
}

/// Tags that are in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagList {
    /// In the order of the alphabet.
    tags: Vec<String>,
}

/// Conversations, those with the latest message first; who waits, the longest first.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox", operation_id = "listInbox",
    params(InboxQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = InboxList), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<InboxQuery>,
) -> Result<axum::Json<InboxList>, Problem> {
    let filter = query.filter_for(&place.member)?;
    let (page, counts) =
        reading::list(&place.app.store, &place.member, filter, query.limit()).await?;
    let presence = place.app.inbox.presence();
    let rows = page.rows.into_iter().map(|row| RowView::new(row, presence));
    Ok(axum::Json(InboxList {
        conversations: rows.collect(),
        next: page.next.as_ref().and_then(InboxQuery::cursor_of),
        counts: counts.into(),
    }))
}

/// A conversation with what was said, notes, tasks and its way.
#[utoipa::path(get, path = "/api/v1/inbox/{id}", tag = "inbox", operation_id = "getInboxConversation",
    params(("id" = String, Path, description = "Id of the conversation"), EarlierQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DetailView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<EarlierQuery>,
) -> Result<axum::Json<DetailView>, Problem> {
    let id = parse_conversation(&id)?;
    let found = reading::detail(&place.app.store, &place.member, id, query.before).await?;
    Ok(axum::Json(DetailView::new(
        found,
        place.app.inbox.presence(),
    )))
}

/// Every tag that is in use.
#[utoipa::path(get, path = "/api/v1/inbox/tags", tag = "inbox", operation_id = "listTags",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TagList)))]
pub(super) async fn tags(place: ApiPlace) -> Result<axum::Json<TagList>, Problem> {
    let tags = tagging::list(&place.app.store, &place.member).await?;
    Ok(axum::Json(TagList { tags }))
}
