//! The log of the ways of conversations.

use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiPlace;
use super::view::StepView;
use crate::http::auth::Scope;
use crate::http::listing::file::{self, FileFormat, FileList};
use crate::http::listing::{self, ListQuery, parse_id, parse_moment, parse_name};
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::{self, reading};
use crate::store::events::Event;
use crate::store::inbox::routing::{KINDS, RoutingFilter};
use crate::store::{Connection, EventId, StoreError, WorkspaceId};

/// Which steps to list. An empty field counts as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoutingQuery {
    /// Id of a conversation.
    #[serde(default)]
    pub conversation: String,
    /// Such as `conversation_taken`.
    #[serde(default)]
    pub kind: String,
    /// From this day (2026-05-03) or moment (RFC 3339) on.
    #[serde(default)]
    pub since: String,
    /// Up to this day, which counts, or this moment.
    #[serde(default)]
    pub until: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FormatQuery {
    /// `jsonl` or `csv`; `jsonl` when absent.
    format: Option<String>,
}

/// A step on the way of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoutedView {
    /// Id of the conversation.
    conversation: String,
    #[serde(flatten)]
    step: StepView,
}

/// A page of steps, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoutingList {
    steps: Vec<RoutedView>,
    /// `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl ListQuery for RoutingQuery {
    type Filter = RoutingFilter;

    const SCOPES: &'static [Scope] = staff::LOOK;

    fn filter(&self) -> Result<RoutingFilter, Problem> {
        let known = |name: &str| KINDS.contains(&name).then(|| name.to_owned());
        Ok(RoutingFilter {
            conversation: parse_id("conversation", &self.conversation)?,
            kind: parse_name("kind", &self.kind, known, || KINDS.to_vec())?,
            since: parse_moment("since", &self.since, Some)?,
            until: parse_moment("until", &self.until, |day| day.tomorrow().ok())?,
            before: parse_id::<i64>("before", &self.before)?.map(EventId),
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &RoutingFilter) -> Option<String> {
        filter.before.map(|id| id.to_string())
    }
}

impl FileList for RoutingFilter {
    const NAME: &'static str = "routing";
    const AT_ONCE: u32 = 500;
    const HEADS: &'static [&'static str] = &["time", "conversation", "what", "data"];

    type Line = RoutedView;

    fn cells(row: Event) -> Vec<String> {
        let time = jiff::Timestamp::from_millisecond(row.at).unwrap_or_default();
        vec![
            time.to_string(),
            row.subject,
            row.kind,
            row.data.to_string(),
        ]
    }

    fn line(
        conn: &Connection,
        workspace: WorkspaceId,
        row: Event,
    ) -> Result<RoutedView, StoreError> {
        let mut told = reading::describe(conn, workspace, vec![row])?;
        let told = told.pop().ok_or(StoreError::NotFound("the event"))?;
        Ok(view(told))
    }
}

fn view((event, text): (Event, String)) -> RoutedView {
    RoutedView {
        conversation: event.subject,
        step: StepView {
            id: event.id.to_string(),
            kind: event.kind,
            at: event.at,
            data: event.data,
            text,
        },
    }
}

/// Which channel, page, assistant, rule and person conversations went through, newest first.
#[utoipa::path(get, path = "/api/v1/routing", tag = "inbox", operation_id = "listRouting",
    params(RoutingQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RoutingList), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn log(
    place: ApiPlace,
    Query(query): Query<RoutingQuery>,
) -> Result<axum::Json<RoutingList>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    let (workspace, rows) = (place.id(), page.rows);
    let told = place
        .app
        .store
        .read(move |conn| reading::describe(conn, workspace, rows));
    Ok(axum::Json(RoutingList {
        steps: told.await?.into_iter().map(view).collect(),
        next: page.next.as_ref().and_then(RoutingQuery::cursor_of),
    }))
}

/// The same as a file; the filters are those of the list.
#[utoipa::path(get, path = "/api/v1/routing/export", tag = "inbox", operation_id = "exportRouting",
    params(FormatQuery, RoutingQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Query(export): Query<FormatQuery>,
    Query(query): Query<RoutingQuery>,
) -> Result<Response, Problem> {
    let format = FileFormat::parse_or_default(export.format.as_deref())?;
    let workspace = place.member.need(RoutingQuery::SCOPES)?;
    let store = place.app.store.clone();
    Ok(file::respond(store, workspace, query.filter()?, format))
}
