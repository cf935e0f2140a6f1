//! The log of the ways of conversations.

use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiPlace;
use super::view::StepView;
use crate::http::auth::Scope;
use crate::http::listing::file::{self, FileFormat, FileList};
use crate::http::listing::{self, ListQuery, parse_id, parse_moment, parse_name, trim_field};
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff;
use crate::inbox::staff::reading::{self, Step};
use crate::store::conversations::Channel;
use crate::store::inbox::routing::{KINDS, RoutingFilter};
use crate::store::listing::ListFilter;
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
    /// `chat`, `voice`, `api` or `cli`: that of the conversation.
    #[serde(default)]
    pub channel: String,
    /// Id of the assistant that the conversation began with.
    #[serde(default)]
    pub assistant: String,
    /// A part of the address of the page on which the conversation began.
    #[serde(default)]
    pub page: String,
    /// Id of the person who did it, or whom it was given to or taken from.
    #[serde(default)]
    pub person: String,
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
    /// The name of the member of staff who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// The name of the assistant that the conversation began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    assistant: Option<String>,
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
            channel: parse_name("channel", &self.channel, Channel::parse, || {
                Channel::ALL
                    .iter()
                    .map(|channel| channel.as_str())
                    .collect()
            })?,
            assistant: parse_id("assistant", &self.assistant)?,
            page: trim_field(&self.page),
            person: parse_id("person", &self.person)?,
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

/// The same steps with their words, for a file.
#[derive(Debug, Clone, Default)]
struct RoutingFile(RoutingFilter);

impl ListFilter for RoutingFile {
    type Row = Step;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Step>, StoreError> {
        reading::steps(conn, workspace, self.0.list(conn, workspace, limit)?)
    }

    fn after(&self, page: &[Step]) -> Self {
        let before = page.last().map(|step| step.event.id).or(self.0.before);
        Self(RoutingFilter {
            before,
            ..self.0.clone()
        })
    }
}

impl FileList for RoutingFile {
    const NAME: &'static str = "routing";
    const AT_ONCE: u32 = 500;
    const HEADS: &'static [&'static str] = &[
        "time",
        "conversation",
        "kind",
        "what",
        "channel",
        "page",
        "assistant",
        "rule",
        "person",
        "data",
    ];

    type Line = RoutedView;

    fn cells(step: Step) -> Vec<String> {
        let event = step.event;
        let time = jiff::Timestamp::from_millisecond(event.at).unwrap_or_default();
        let field = |name: &str| {
            let text = event.data.get(name).and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        vec![
            time.to_string(),
            event.subject.clone(),
            event.kind.clone(),
            step.text,
            field("channel"),
            field("page"),
            step.assistant.unwrap_or_default(),
            field("reason"),
            step.person.unwrap_or_default(),
            event.data.to_string(),
        ]
    }

    fn line(_: &Connection, _: WorkspaceId, step: Step) -> Result<RoutedView, StoreError> {
        Ok(step.into())
    }
}

impl From<Step> for RoutedView {
    fn from(step: Step) -> Self {
        let event = step.event;
        Self {
            conversation: event.subject,
            step: StepView {
                id: event.id.to_string(),
                kind: event.kind,
                at: event.at,
                data: event.data,
                text: step.text,
            },
            person: step.person,
            assistant: step.assistant,
        }
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
        .read(move |conn| reading::steps(conn, workspace, rows));
    Ok(axum::Json(RoutingList {
        steps: told.await?.into_iter().map(RoutedView::from).collect(),
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
    let file = RoutingFile(query.filter()?);
    Ok(file::respond(store, workspace, file, format))
}
