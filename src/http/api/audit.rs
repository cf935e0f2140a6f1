//! The audit log: who changed what, and who read what visitors said.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::ApiPlace;
use crate::app::App;
use crate::app::members::audit::{self, AuditError};
use crate::http::auth::Member;
use crate::http::body::Json;
use crate::http::listing::file::{download_headers, headed_table};
use crate::http::problem::{Problem, ProblemView};
use crate::store::audit::{Entry, Filter, Seal};

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        let detail = error.to_string();
        match error {
            AuditError::Days => Self::invalid("days", detail),
            AuditError::Denied(denied) => denied.into(),
            AuditError::Store(error) => error.into(),
        }
    }
}

/// Which rows of the audit log.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct AuditQuery {
    /// Only rows with a smaller number: the next page.
    before: Option<i64>,
    /// Part of a name, of what was done, of an id or of an address.
    q: Option<String>,
    /// Rows of all workspaces and of the installation, sign-ins among them; only for callers of the whole installation.
    #[serde(rename = "all")]
    all_places: Option<bool>,
    /// At most 200; 100 without it.
    limit: Option<u32>,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The newest first.
    entries: Vec<AuditView>,
    /// Number of the first row that does not fit the one before it, as it or a row before it was changed; `null` if all do.
    broken_at: Option<i64>,
    /// How many days rows are kept.
    days: u32,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    number: i64,
    /// Unix milliseconds.
    at: i64,
    /// `person`, `key`, `installation` or `nobody`.
    kind: &'static str,
    /// Id of the person or key; may be empty.
    who: String,
    name: String,
    what: String,
    /// The ids in the address.
    subject: String,
    /// Network address.
    address: String,
    /// Status of the answer.
    outcome: u16,
}

impl From<Entry> for AuditView {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.seq,
            at: entry.at,
            kind: entry.kind.as_str(),
            who: entry.who,
            name: entry.name,
            what: entry.what,
            subject: entry.subject,
            address: entry.address,
            outcome: entry.outcome,
        }
    }
}

/// Who changed what, and who read what visitors said.
#[utoipa::path(get, path = "/api/v1/audit", tag = "admin", operation_id = "readAudit",
    params(AuditQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AuditPage), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn log(
    place: ApiPlace,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditPage>, Problem> {
    let filter = Filter {
        workspace: None,
        before: query.before,
        words: query.q.filter(|words| !words.is_empty()),
    };
    let (all, limit) = (query.all_places == Some(true), query.limit.unwrap_or(100));
    let found = audit::read(&place.app.store, &place.member, all, filter, limit).await?;
    Ok(axum::Json(AuditPage {
        entries: found.rows.into_iter().map(AuditView::from).collect(),
        broken_at: match found.seal {
            Seal::Whole => None,
            Seal::Broken(seq) => Some(seq),
        },
        days: found.days,
    }))
}

/// The whole audit log as CSV.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "admin", operation_id = "exportAudit",
    params(AuditQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let all = query.all_places == Some(true);
    audit_file(&place.app, &place.member, all).await
}

/// The audit log as a file.
pub(in crate::http) async fn audit_file(
    app: &App,
    by: &Member,
    all: bool,
) -> Result<Response, Problem> {
    let heads = [
        "number", "at", "kind", "who", "name", "what", "subject", "address", "outcome",
    ];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut before = None;
    loop {
        let filter = Filter {
            before,
            ..Filter::default()
        };
        let rows = audit::rows(&app.store, by, all, filter).await?;
        before = rows.last().map(|row| row.seq);
        lines.extend(rows.into_iter().map(cells));
        if before.is_none() {
            break;
        }
    }
    let table = headed_table(&heads, lines);
    let headers = download_headers("text/csv; charset=utf-8", "audit.csv");
    Ok((headers, table).into_response())
}

fn cells(entry: Entry) -> Vec<String> {
    let at = jiff::Timestamp::from_millisecond(entry.at);
    vec![
        entry.seq.to_string(),
        at.map_or_else(|_| entry.at.to_string(), |at| at.to_string()),
        entry.kind.to_string(),
        entry.who,
        entry.name,
        entry.what,
        entry.subject,
        entry.address,
        entry.outcome.to_string(),
    ]
}

/// How long the audit log is kept.
#[derive(Deserialize, ToSchema)]
pub struct AuditDays {
    /// 30 to 3650.
    days: u32,
}

/// Sets how long the audit log of the workspace is kept.
#[utoipa::path(put, path = "/api/v1/audit/settings", tag = "admin", operation_id = "setAuditSettings",
    request_body = AuditDays,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is set"), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn keep_for(
    place: ApiPlace,
    Json(body): Json<AuditDays>,
) -> Result<StatusCode, Problem> {
    audit::keep_for(&place.app.store, &place.member, body.days).await?;
    Ok(StatusCode::NO_CONTENT)
}
