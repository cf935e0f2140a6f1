//! `frontdesk egress`: what left this machine.

use std::sync::Arc;

use clap::Args as ClapArgs;
use serde_json::Value;

use super::api::with_api;
use super::out;
use super::shared::{DataPlace, block_on, log};
use crate::app::Start;
use crate::config::Config;

/// Arguments of `frontdesk egress`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Requests to show, newest first
    #[arg(long, default_value_t = 20)]
    last: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let ledger = block_on(fetch(config, args.last))?;
    if args.json {
        return out::json(&ledger);
    }
    show(&ledger);
    Ok(())
}

async fn fetch(config: Arc<Config>, last: u32) -> anyhow::Result<Value> {
    with_api(config, "default", Start::Never, async |api| {
        api.get(&format!("/api/v1/egress?limit={last}")).await
    })
    .await
}

fn show(ledger: &Value) {
    if ledger.get("web").and_then(Value::as_bool) == Some(false) {
        out::line("Fetching from the web is switched off (egress.web = false, or sealed).");
    }
    let totals = rows(ledger, "totals");
    if totals.is_empty() {
        out::line("Nothing has left this machine.");
        return;
    }
    out::line("By host, purpose and kind of data:");
    for total in totals {
        out::line(&format!(
            "  {}  {} ({}): {}, {} of them refused or failed, {} sent, {} received",
            text(total, "host"),
            text(total, "purpose"),
            text(total, "data"),
            out::plural(number(total, "requests"), "request", "requests"),
            number(total, "errors"),
            format_bytes(number(total, "bytes_sent")),
            format_bytes(number(total, "bytes_received")),
        ));
    }
    out::line("Latest requests:");
    for request in rows(ledger, "requests") {
        let at = jiff::Timestamp::from_millisecond(number(request, "at")).unwrap_or_default();
        let ended = match (
            request.get("status").and_then(Value::as_u64),
            text(request, "error"),
        ) {
            (Some(status), "") => status.to_string(),
            (Some(status), error) => format!("{status}, {error}"),
            (None, "") => "no error".to_owned(),
            (None, error) => error.to_owned(),
        };
        let address = match text(request, "address") {
            "" => String::new(),
            address => format!(" ({address})"),
        };
        out::line(&format!(
            "  {at:.0}  {} ({})  {} {}{address}: {ended}{}",
            text(request, "purpose"),
            text(request, "data"),
            text(request, "method"),
            text(request, "url"),
            bytes(request),
        ));
    }
}

fn format_bytes(bytes: i64) -> String {
    out::plural(bytes, "byte", "bytes")
}

fn bytes(request: &Value) -> String {
    let (sent, received) = (
        number(request, "bytes_sent"),
        number(request, "bytes_received"),
    );
    format!(" [{} sent, {received} received]", format_bytes(sent))
}

fn rows<'a>(ledger: &'a Value, name: &str) -> &'a [Value] {
    let rows = ledger.get(name).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or(0)
}
