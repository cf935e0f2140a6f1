//! The ledger: what left this machine, where to, and how much.

use std::sync::Arc;

use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::auth::Principal;
use crate::http::problem::Problem;
use crate::store::egress::{self, Entry, Total};

/// In rows.
const MOST: u32 = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LedgerQuery {
    /// Most requests, 100 if absent, at most 1,000.
    limit: Option<u32>,
    /// Totals count requests from this time on, Unix milliseconds; from the beginning if absent.
    since: Option<i64>,
}

/// What left this machine. A caller bound to a workspace sees what was done for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ledger {
    /// Whether web pages may be fetched (`egress.web`).
    web: bool,
    /// By host, purpose and kinds of data, the most recent first.
    totals: Vec<Total>,
    /// The last requests and streams, newest first.
    requests: Vec<RequestView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RequestView {
    id: i64,
    /// Id of the workspace that it was for.
    workspace: Option<String>,
    purpose: String,
    /// Name of the provider that it went to, if it went to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// What kinds of data were sent, such as `metadata, encrypted`.
    data: String,
    /// HTTP method; the protocol of a stream, such as `SSH`.
    method: String,
    host: String,
    url: String,
    /// The IP address that was connected to, or refused.
    address: Option<String>,
    bytes_sent: i64,
    bytes_received: i64,
    /// HTTP status.
    status: Option<u16>,
    /// Why it was refused or failed.
    error: Option<String>,
    /// Unix milliseconds.
    at: i64,
}

impl From<Entry> for RequestView {
    fn from(entry: Entry) -> Self {
        let outcome = entry.outcome;
        Self {
            id: entry.id,
            workspace: entry.workspace.map(|id| id.to_string()),
            purpose: entry.purpose,
            provider: entry.provider,
            data: entry.data,
            method: entry.method,
            host: entry.host,
            url: entry.url,
            address: outcome.address,
            bytes_sent: outcome.bytes_sent,
            bytes_received: outcome.bytes_received,
            status: outcome.status,
            error: outcome.error,
            at: entry.at,
        }
    }
}

/// What left this machine: the last requests and streams, and totals by host, purpose and kinds of data.
#[utoipa::path(get, path = "/api/v1/egress", tag = "admin", operation_id = "listEgress",
    params(LedgerQuery), responses((status = 200, body = Ledger)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
    Query(query): Query<LedgerQuery>,
) -> Result<axum::Json<Ledger>, Problem> {
    let (workspace, limit) = (principal.bound_to(), query.limit.unwrap_or(100).min(MOST));
    let since = query.since.unwrap_or(0);
    let found = app.store.read(move |conn| {
        let totals = egress::totals(conn, workspace, since)?;
        Ok((totals, egress::list(conn, workspace, limit)?))
    });
    let (totals, requests) = found.await?;
    Ok(axum::Json(Ledger {
        web: app.gateway.is_open(),
        totals,
        requests: requests.into_iter().map(RequestView::from).collect(),
    }))
}
