//! `frontdesk eval gate`: changes waiting at the gate, how the golden questions fare with them, and the decision.

use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::show;
use crate::app::Start;
use crate::cli::api::{Api, with_api};
use crate::cli::out;
use crate::cli::shared::{DataPlace, block_on, log};
use crate::eval::Comparison;

/// Arguments of `frontdesk eval gate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Publish waiting changes if no golden question gets worse
    #[arg(long, conflicts_with = "discard")]
    publish: bool,
    /// With --publish: even if some get worse
    #[arg(long, requires = "publish")]
    anyway: bool,
    /// Discard waiting changes for good
    #[arg(long)]
    discard: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, serde::Serialize)]
struct Told {
    waiting: Vec<String>,
    /// What gets better and worse.
    comparison: Option<Comparison>,
    /// `published`, `discarded` or `waits`.
    decision: &'static str,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let told = block_on(with_api(config, &args.workspace, Start::Now, async |api| {
        decide(api, args).await
    }))?;
    if args.json {
        return out::json(&told);
    }
    if told.waiting.is_empty() {
        out::line("nothing waits at the gate");
        return Ok(());
    }
    out::line(&format!("{}: {}", told.decision, told.waiting.join(", ")));
    if let Some(comparison) = &told.comparison {
        show::changes(comparison);
    }
    Ok(())
}

fn error_of(summary: &Value) -> String {
    let error = summary.get("error").and_then(Value::as_str);
    error
        .unwrap_or("the golden questions could not be asked")
        .to_owned()
}

async fn decide(api: &Api, args: &Args) -> anyhow::Result<Told> {
    let list = |gate: &Value, part: &str, name: &str| -> Vec<String> {
        let found = gate.get(part).and_then(Value::as_array);
        let names = found
            .into_iter()
            .flatten()
            .filter_map(|one| one.get(name)?.as_str());
        names.map(str::to_owned).collect()
    };
    let gate = api.get("/api/v1/gate").await?;
    let mut waiting = list(&gate, "documents", "name");
    waiting.extend(list(&gate, "proposals", "kind"));
    let mut told = Told {
        waiting,
        comparison: None,
        decision: "waits",
    };
    if told.waiting.is_empty() {
        return Ok(told);
    }
    if args.discard {
        api.post("/api/v1/gate/discard", &json!({})).await?;
        told.decision = "discarded";
        return Ok(told);
    }
    // Without models, questions are answered by words only, which would distort the comparison.
    api.models_settled().await;
    let started = api
        .post("/api/v1/evals/runs", &json!({"gate": true}))
        .await?;
    let id = started
        .get("run")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let done = loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let run = api.get(&format!("/api/v1/evals/{id}")).await?;
        match run.get("state").and_then(Value::as_str) {
            Some("running") => {}
            Some("done") => break run,
            _ => anyhow::bail!(error_of(run.get("figures").unwrap_or(&Value::Null))),
        }
    };
    let comparison = done.pointer("/figures/comparison").cloned();
    told.comparison = serde_json::from_value(comparison.unwrap_or_default())?;
    if args.publish {
        let body = json!({"anyway": args.anyway});
        api.post("/api/v1/gate/publish", &body).await?;
        told.decision = "published";
    }
    Ok(told)
}
