//! What left this machine, as a file and by month, and who processes data for the business.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::ApiPlace;
use crate::app::App;
use crate::app::statement::{self, Month};
use crate::http::auth::Principal;
use crate::http::listing::file;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::providers::{self, Subprocessor};
use crate::store::WorkspaceId;
use crate::store::egress::{self, Entry, Rows};
use crate::store::providers as kept;

/// Rows read at once.
const AT_ONCE: u32 = 1_000;
const HEADS: &[&str] = &[
    "at",
    "workspace",
    "purpose",
    "provider",
    "data",
    "method",
    "host",
    "url",
    "address",
    "status",
    "bytes_sent",
    "bytes_received",
    "error",
];

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct MonthQuery {
    /// Such as `2026-12`; this month if absent. Months are those of UTC.
    #[serde(default)]
    pub(in crate::http) month: String,
}

/// What left this machine in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// Such as `2026-12`.
    month: String,
    /// Requests and streams that carried what people said, readable for whoever got it.
    said: u64,
    /// The whole in a sentence.
    told: String,
    /// By purpose, kinds of data and provider.
    rows: Vec<StatementRow>,
}

/// What went out for one purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementRow {
    purpose: String,
    /// Kinds of data, such as `metadata, business`.
    data: String,
    /// Name of the provider, if it went to one.
    provider: Option<String>,
    requests: u64,
    bytes_sent: u64,
    bytes_received: u64,
}

/// Who processes data for the business.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubprocessorList {
    subprocessors: Vec<SubprocessorView>,
}

/// A provider that is turned on.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubprocessorView {
    name: String,
    host: String,
    /// Where it computes, in the owner's words.
    region: String,
    /// `chat`, `transcribe`, `speak`.
    purposes: Vec<&'static str>,
    /// Kinds of data that it may get.
    classes: Vec<String>,
    /// What it is asked to keep.
    keeps: &'static str,
    /// Whether it is a machine of the owner's own.
    own: bool,
}

impl From<Subprocessor> for SubprocessorView {
    fn from(listed: Subprocessor) -> Self {
        Self {
            name: listed.name,
            host: listed.host,
            region: listed.region,
            purposes: listed.uses.iter().map(|(used, _)| used.as_str()).collect(),
            classes: listed.classes,
            keeps: listed.keeps,
            own: listed.own,
        }
    }
}

/// The monthly statement: what left this machine, by purpose.
#[utoipa::path(get, path = "/api/v1/egress/statement", tag = "admin", operation_id = "getEgressStatement",
    params(MonthQuery), responses((status = 200, body = StatementView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn month(
    State(app): State<Arc<App>>,
    principal: Principal,
    Query(query): Query<MonthQuery>,
) -> Result<axum::Json<StatementView>, Problem> {
    let month = Month::parse(&query.month, now_ms())?;
    let made = statement::make(&app.store, principal.bound_to(), month).await?;
    let rows = made.rows.into_iter().map(|row| StatementRow {
        purpose: row.purpose,
        data: row.data,
        provider: row.provider,
        requests: row.requests,
        bytes_sent: row.bytes_sent,
        bytes_received: row.bytes_received,
    });
    Ok(axum::Json(StatementView {
        month: made.month.name,
        said: made.said,
        told: made.told,
        rows: rows.collect(),
    }))
}

/// The ledger of a month as CSV, oldest first.
#[utoipa::path(get, path = "/api/v1/egress/file", tag = "admin", operation_id = "exportEgress",
    params(MonthQuery),
    responses((status = 200, description = "CSV with a line of heads", content_type = "text/csv"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    principal: Principal,
    Query(query): Query<MonthQuery>,
) -> Result<Response, Problem> {
    write_file(&app, principal.bound_to().into(), &query.month).await
}

/// The ledger of a month as a file.
pub(in crate::http) async fn write_file(
    app: &App,
    which: Rows,
    month: &str,
) -> Result<Response, Problem> {
    let month = Month::parse(month, now_ms())?;
    let time = (month.since, month.until);
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let read = app
            .store
            .read(move |conn| egress::between(conn, which, time, after, AT_ONCE));
        let entries = read.await?;
        let Some(last) = entries.last() else { break };
        after = last.id;
        rows.extend(entries.into_iter().map(cells));
    }
    let name = format!("egress-{}.csv", month.name);
    let headers = file::download_headers("text/csv; charset=utf-8", &name);
    Ok((headers, file::headed_table(HEADS, rows)).into_response())
}

fn cells(entry: Entry) -> Vec<String> {
    let outcome = entry.outcome;
    let at = jiff::Timestamp::from_millisecond(entry.at).unwrap_or_default();
    vec![
        at.to_string(),
        entry.workspace.map(|id| id.to_string()).unwrap_or_default(),
        entry.purpose,
        entry.provider.unwrap_or_default(),
        entry.data,
        entry.method,
        entry.host,
        entry.url,
        outcome.address.unwrap_or_default(),
        outcome.status.map(|s| s.to_string()).unwrap_or_default(),
        outcome.bytes_sent.to_string(),
        outcome.bytes_received.to_string(),
        outcome.error.unwrap_or_default(),
    ]
}

/// Who processes data for the business, made from what is turned on now.
#[utoipa::path(get, path = "/api/v1/subprocessors", tag = "admin", operation_id = "listSubprocessors",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SubprocessorList)))]
pub(super) async fn subprocessors(
    place: ApiPlace,
) -> Result<axum::Json<SubprocessorList>, Problem> {
    let listed = list_subprocessors(&place.app, place.id()).await?;
    Ok(axum::Json(SubprocessorList {
        subprocessors: listed.into_iter().map(SubprocessorView::from).collect(),
    }))
}

pub(in crate::http) async fn list_subprocessors(
    app: &App,
    workspace: WorkspaceId,
) -> Result<Vec<Subprocessor>, Problem> {
    let read = app.store.read(move |conn| {
        let all = kept::list(conn, workspace)?;
        Ok((all, kept::uses(conn, workspace)?))
    });
    let (all, uses) = read.await?;
    Ok(providers::subprocessors(&all, &uses))
}
