//! `frontdesk admin retention`: how long what people said is kept, and what waits to be deleted.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::api::with_api;
use super::out;
use super::shared::block_on;
use crate::app::Start;
use crate::config::Config;

/// Arguments of `frontdesk admin retention`.
#[derive(Debug, Args)]
pub(super) struct RetentionArgs {
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Keep conversations for this many days after their last message; hidden ones within that time are shown again
    #[arg(long, value_name = "DAYS", conflicts_with = "take_back")]
    days: Option<u32>,
    /// Show everything that waits to be deleted again, and hide nothing for 30 days
    #[arg(long)]
    take_back: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: Arc<Config>, args: &RetentionArgs) -> anyhow::Result<()> {
    let kept = block_on(ask(config, args))?;
    if args.json {
        return out::json(&kept);
    }
    let number = |path: &str| kept.pointer(path).and_then(Value::as_i64);
    for (what, path) in [
        ("Conversations", "/conversation_days"),
        ("Calls, transcripts and logs", "/record_days"),
        ("Recordings", "/recording_days"),
    ] {
        let days = out::plural(number(path).unwrap_or(0), "day", "days");
        out::line(&format!("{what}: {days}"));
    }
    if let Some((first, last)) = number("/waiting/first_at").zip(number("/waiting/last_at")) {
        let kinds = [
            "conversations",
            "receipts",
            "calls",
            "recordings",
            "contacts",
        ];
        let some = kinds.iter().filter_map(|kind| {
            let n = number(&format!("/waiting/{kind}"))?;
            (n > 0).then(|| out::plural(n, kind.trim_end_matches('s'), kind))
        });
        out::line(&format!(
            "Hidden, and due to be deleted between {} and {}: {}",
            out::moment(first),
            out::moment(last),
            some.collect::<Vec<_>>().join(", ")
        ));
    }
    if let Some(until) = number("/respite_until") {
        out::line(&format!(
            "Nothing is hidden or deleted because of its age until {}",
            out::moment(until)
        ));
    }
    Ok(())
}

async fn ask(config: Arc<Config>, args: &RetentionArgs) -> anyhow::Result<Value> {
    let workspace = &args.workspace;
    with_api(config, workspace, Start::Never, async |api| {
        match args.days {
            Some(days) => {
                let wanted = json!({ "conversation_days": days });
                api.put("/api/v1/retention", &wanted).await
            }
            None if args.take_back => api.post("/api/v1/retention/take-back", &json!({})).await,
            None => api.get("/api/v1/retention").await,
        }
    })
    .await
}
