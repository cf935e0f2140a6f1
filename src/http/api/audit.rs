//! The audit log: who changed what, and who read what visitors said.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::ApiPlace;
use crate::app::App;
use crate::app::members::audit::{self, AuditError};
use crate::http::audit::{find_by_words, in_words};
use crate::http::auth::Member;
use crate::http::body::Json;
use crate::http::listing::file::{self, FileFormat, FileList};
use crate::http::problem::{Problem, ProblemView};
use crate::store::audit::{self as stored, Entry, Filter, Seal, Sort};
use crate::store::listing::ListFilter;
use crate::store::{Connection, StoreError, WorkspaceId};

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
    /// Id of a person or key: only what they did. Of those without an id their `kind`.
    who: Option<String>,
    /// Only acts of this kind: `read` (transcripts, recordings, persons), `change` or `sign_in`.
    sort: Option<String>,
    /// Rows of all workspaces and of the installation, sign-ins among them; only for callers of the whole installation.
    #[serde(rename = "all")]
    all_places: Option<bool>,
    /// At most 200; 100 without it. A file has all of them.
    limit: Option<u32>,
    /// Check first whether rows were changed. It reads the whole log; without it, the answer tells of the last check.
    verify: Option<bool>,
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        let sort = match self.sort.as_deref().filter(|sort| !sort.is_empty()) {
            None => None,
            Some(sort) => Some(
                Sort::parse(sort)
                    .ok_or_else(|| Problem::invalid("sort", "sort is read, change or sign_in"))?,
            ),
        };
        Ok(Filter {
            before: self.before,
            who: self.who.clone().filter(|who| !who.is_empty()),
            sort,
            ..find_by_words(self.q.as_deref().unwrap_or_default())
        })
    }
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The newest first.
    entries: Vec<AuditView>,
    /// Number of the first row that did not fit the one before it when the log was last checked, as it or a row before it was
    /// changed; `null` if all did.
    broken_at: Option<i64>,
    /// When somebody last had that checked, in Unix milliseconds; `null` if nobody did.
    checked_at: Option<i64>,
    /// Name of whoever had it checked.
    checked_by: Option<String>,
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
    /// What was done in words, to stand after the name.
    act: String,
    /// What was done: a method and a route, or words.
    what: String,
    /// The ids in the address.
    subject: String,
    /// Network address.
    address: String,
    /// Status of the answer; 499 if whoever asked went away before it, so that it may be done or not.
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
            act: in_words(&entry.what).to_owned(),
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
    let filter = query.filter()?;
    let (all, limit) = (query.all_places == Some(true), query.limit.unwrap_or(100));
    if query.verify == Some(true) {
        audit::check(&place.app.store, &place.member, all).await?;
    }
    let found = audit::read(&place.app.store, &place.member, all, filter, limit).await?;
    Ok(axum::Json(AuditPage {
        entries: found.rows.into_iter().map(AuditView::from).collect(),
        broken_at: match found.checked.as_ref().map(|checked| checked.seal) {
            Some(Seal::Broken(seq)) => Some(seq),
            Some(Seal::Whole) | None => None,
        },
        checked_at: found.checked.as_ref().map(|checked| checked.at),
        checked_by: found.checked.map(|checked| checked.by),
        days: found.days,
    }))
}

/// The audit log as CSV: all of it, or what the filter finds.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "admin", operation_id = "exportAudit",
    params(AuditQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let all = query.all_places == Some(true);
    audit_file(&place.app, &place.member, all, query.filter()?)
}

/// The rows of a filter as a file, which is written while it is sent.
pub(in crate::http) fn audit_file(
    app: &App,
    by: &Member,
    all: bool,
    filter: Filter,
) -> Result<Response, Problem> {
    let (workspace, all) = audit::reach(by, all)?;
    let rows = AuditRows { all, filter };
    let store = app.store.clone();
    Ok(file::respond(store, workspace, rows, FileFormat::Csv))
}

/// The rows of a workspace, or of all and of the installation.
#[derive(Debug, Clone, Default)]
struct AuditRows {
    all: bool,
    /// Without a workspace; the listing names it.
    filter: Filter,
}

impl ListFilter for AuditRows {
    type Row = Entry;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let filter = Filter {
            workspace: (!self.all).then_some(workspace),
            ..self.filter.clone()
        };
        stored::list(conn, &filter, limit)
    }

    fn after(&self, page: &[Entry]) -> Self {
        let mut next = self.clone();
        next.filter.before = page.last().map(|row| row.seq).or(next.filter.before);
        next
    }
}

impl FileList for AuditRows {
    const NAME: &'static str = "audit";
    const AT_ONCE: u32 = 200;
    const HEADS: &'static [&'static str] = &[
        "number", "at", "kind", "who", "name", "act", "what", "subject", "address", "outcome",
    ];

    type Line = AuditView;

    fn cells(row: Entry) -> Vec<String> {
        cells(row)
    }

    fn line(_: &Connection, _: WorkspaceId, row: Entry) -> Result<AuditView, StoreError> {
        Ok(row.into())
    }
}

fn cells(entry: Entry) -> Vec<String> {
    let at = jiff::Timestamp::from_millisecond(entry.at);
    vec![
        entry.seq.to_string(),
        at.map_or_else(|_| entry.at.to_string(), |at| at.to_string()),
        entry.kind.to_string(),
        entry.who,
        entry.name,
        in_words(&entry.what).to_owned(),
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
