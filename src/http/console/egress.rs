//! What left this machine, for the owner.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::format::{Moment, bytes, moment, month as month_name};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::statement::{self, Month};
use crate::http::api::outside::MonthQuery;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::egress::{self, Entry, PurposeTotal, Total};

/// Requests shown.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "egress.html")]
struct EgressPage {
    shell: Shell,
    open: bool,
    /// The month of the statement, and what it says.
    month: String,
    month_title: String,
    told: String,
    rows: Vec<StatementRow>,
    /// By host and purpose.
    totals: Vec<TotalRow>,
    requests: Vec<RequestRow>,
}

struct StatementRow {
    purpose: String,
    data: String,
    provider: String,
    requests: u64,
    sent: String,
    received: String,
}

struct TotalRow {
    host: String,
    purpose: String,
    data: String,
    requests: u32,
    errors: u32,
    sent: String,
    received: String,
    last: Moment,
}

struct RequestRow {
    at: Moment,
    purpose: String,
    provider: String,
    data: String,
    method: String,
    url: String,
    address: String,
    sent: String,
    received: String,
    status: Option<u16>,
    error: Option<String>,
}

/// `GET /egress?month=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<MonthQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let which = person.ledger();
    let found = app.store.read(move |conn| {
        let totals = egress::totals(conn, which, 0)?;
        Ok((totals, egress::list(conn, which, SHOWN)?))
    });
    let (totals, requests) = found.await?;
    let month = Month::parse(&query.month, now_ms())?;
    let made = statement::make(&app.store, Some(person.workspace.id), month).await?;
    let page = EgressPage {
        shell: person.shell(Section::Status, "What left this machine"),
        open: app.gateway.is_open(),
        month_title: month_name(made.month.since),
        month: made.month.name,
        told: made.told,
        rows: made.rows.into_iter().map(of_month).collect(),
        totals: totals.into_iter().map(total).collect(),
        requests: requests.into_iter().map(request).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn size(count: i64) -> String {
    bytes(u64::try_from(count).unwrap_or_default())
}

fn of_month(row: PurposeTotal) -> StatementRow {
    StatementRow {
        purpose: row.purpose,
        data: row.data,
        provider: row.provider.unwrap_or_default(),
        requests: row.requests,
        sent: bytes(row.bytes_sent),
        received: bytes(row.bytes_received),
    }
}

fn total(total: Total) -> TotalRow {
    TotalRow {
        host: total.host,
        purpose: total.purpose,
        data: total.data,
        requests: total.requests,
        errors: total.errors,
        sent: size(total.bytes_sent),
        received: size(total.bytes_received),
        last: moment(total.last_at),
    }
}

fn request(entry: Entry) -> RequestRow {
    RequestRow {
        at: moment(entry.at),
        purpose: entry.purpose,
        provider: entry.provider.unwrap_or_default(),
        data: entry.data,
        method: entry.method,
        url: entry.url,
        address: entry.outcome.address.unwrap_or_default(),
        sent: size(entry.outcome.bytes_sent),
        received: size(entry.outcome.bytes_received),
        status: entry.outcome.status,
        error: entry.outcome.error.as_deref().map(sentence),
    }
}
