//! `frontdesk quota`: what a workspace may use in this month, and what it used.

use clap::Args as ClapArgs;
use serde_json::Value;

use super::api::with_api;
use super::out;
use super::shared::{DataPlace, block_on, log};
use crate::app::Start;
use crate::store::quota::Measure;
use crate::usage::quota;

/// Arguments of `frontdesk quota`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let found = block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| api.get("/api/v1/quota").await,
    ))?;
    if args.json {
        return out::json(&found);
    }
    show(&found);
    for month in rows(&found, "history") {
        let used = month.get("used").and_then(Value::as_object);
        let used = used.into_iter().flatten().filter_map(|(of, used)| {
            let of = Measure::parse(of)?;
            Some(format!(
                "{} {}",
                quota::told(of, used.as_u64()?),
                quota::name(of)
            ))
        });
        let used: Vec<String> = used.chain(by_providers(month, "tokens_")).collect();
        out::line(&format!("{}  {}", text(month, "month"), used.join(", ")));
    }
    Ok(())
}

/// Prints the standing of a workspace in this month.
pub(super) fn show(of: &Value) {
    let plan = match text(of, "plan_name") {
        "" => "no plan".to_owned(),
        plan => format!("plan {plan}"),
    };
    out::line(&format!(
        "{} ({plan}), {}:",
        text(of, "workspace"),
        text(of, "month")
    ));
    if of.get("ended").and_then(Value::as_bool) == Some(true) {
        out::line("  Its subscription has ended: nothing new is begun.");
    }
    for one in rows(of, "measures") {
        let Some(measure) = Measure::parse(text(one, "measure")) else {
            continue;
        };
        let number = |field: &str| one.get(field).and_then(Value::as_u64);
        let used = quota::told(measure, number("used").unwrap_or(0));
        let of = match (number("limit"), number("percent")) {
            (Some(limit), Some(percent)) => {
                format!(" of {} ({percent} %)", quota::told(measure, limit))
            }
            _ => String::new(),
        };
        out::line(&format!("  {}: {used}{of}", quota::name(measure)));
        if let Some(theirs) = by_providers(one, "") {
            out::line(&format!("    {theirs}"));
        }
    }
    let mb = |field: &str| {
        let bytes = of.get(field).and_then(Value::as_u64)?;
        Some(bytes.div_ceil(1_000_000))
    };
    let limit = mb("storage_limit_bytes").map(|limit| format!(" of {limit} MB"));
    out::line(&format!(
        "  storage: {} MB{}",
        mb("stored_bytes").unwrap_or(0),
        limit.unwrap_or_default()
    ));
}

/// The tokens of providers in words, if there are any; `before` stands before the names of the fields.
fn by_providers(of: &Value, before: &str) -> Option<String> {
    let number = |field: &str| of.get(format!("{before}{field}")).and_then(Value::as_u64);
    let theirs = number("by_providers").filter(|theirs| *theirs > 0)?;
    Some(match number("estimated") {
        Some(part) if part > 0 => {
            format!("{theirs} tokens of these by providers ({part} estimated)")
        }
        _ => format!("{theirs} tokens of these by providers"),
    })
}

pub(super) fn rows<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    let rows = of.get(field).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of.get(field).and_then(Value::as_str).unwrap_or("")
}
