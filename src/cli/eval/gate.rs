//! `frontdesk eval gate`: what waits at the gate, what the golden questions say about it, the decision.

use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::server::path;
use super::show;
use crate::app::{App, default_assistant};
use crate::cli::out;
use crate::cli::remote::Server;
use crate::cli::shared::{Place, WrongCall, block_on, log, with_app};
use crate::eval::Comparison;
use crate::eval::gate::{self, Verdict, Waiting};
use crate::store::evals::{self, RunKind, RunState};
use crate::store::{WorkspaceId, workspaces};

/// Arguments of `frontdesk eval gate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Publish what waits if no golden question comes out worse
    #[arg(long, conflicts_with = "discard")]
    publish: bool,
    /// With --publish: also if some come out worse
    #[arg(long, requires = "publish")]
    anyway: bool,
    /// Take back what waits, for good
    #[arg(long)]
    discard: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// What came of it.
#[derive(Debug, serde::Serialize)]
struct Told {
    /// Names of what waits.
    waiting: Vec<String>,
    /// What gets better and worse.
    comparison: Option<Comparison>,
    /// `published`, `discarded` or `waits`.
    decision: &'static str,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let told = block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => remotely(&server, args).await,
            None => with_app(config, |app| locally(app, args)).await,
        }
    })?;
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

async fn locally(app: Arc<App>, args: &Args) -> anyhow::Result<Told> {
    let name = args.workspace.clone();
    let read = app
        .store
        .read(move |conn| workspaces::find_by_name(conn, &name));
    let Some(workspace) = read.await?.map(|w| w.id) else {
        return Err(WrongCall(format!("there is no workspace named `{}`", args.workspace)).into());
    };
    super::material::ready(&app).await;
    let waiting = Waiting::find(&app.store, workspace).await?;
    let mut told = Told {
        waiting: names(&waiting),
        comparison: None,
        decision: "waits",
    };
    if waiting.is_empty() {
        return Ok(told);
    }
    if args.discard {
        gate::discard(&app.store, &app.knowledge, workspace).await?;
        told.decision = "discarded";
        return Ok(told);
    }
    ask_locally(&app, workspace).await?;
    let verdict = Verdict::find(&app.store, workspace, &waiting).await?;
    told.comparison = verdict.map(|v| v.comparison);
    if args.publish {
        gate::publish(&app.store, &app.knowledge, workspace, args.anyway).await?;
        told.decision = "published";
    }
    Ok(told)
}

fn names(waiting: &Waiting) -> Vec<String> {
    let versions = waiting.versions.iter().map(|v| v.name.clone());
    let proposals = waiting.proposals.iter().map(|p| p.kind.clone());
    versions.chain(proposals).collect()
}

async fn ask_locally(app: &App, workspace: WorkspaceId) -> anyhow::Result<()> {
    let assistant = default_assistant(&app.store, workspace).await?;
    let id = app.evals.start(workspace, assistant, RunKind::Gate).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let run = app
            .store
            .read(move |conn| evals::get(conn, workspace, id))
            .await?;
        match run.state {
            RunState::Running => {}
            RunState::Done => return Ok(()),
            RunState::Failed => anyhow::bail!(error_of(&run.summary)),
        }
    }
}

fn error_of(summary: &Value) -> String {
    let error = summary.get("error").and_then(Value::as_str);
    error
        .unwrap_or("the golden questions could not be asked")
        .to_owned()
}

async fn remotely(server: &Server, args: &Args) -> anyhow::Result<Told> {
    let at = |place: &str| path(place, &[("workspace", &args.workspace)]);
    let list = |gate: &Value, part: &str, name: &str| -> Vec<String> {
        let found = gate.get(part).and_then(Value::as_array);
        let names = found
            .into_iter()
            .flatten()
            .filter_map(|one| one.get(name)?.as_str());
        names.map(str::to_owned).collect()
    };
    let gate = server.get(&at("/api/gate")).await?;
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
        server.post(&at("/api/gate/discard"), &json!({})).await?;
        told.decision = "discarded";
        return Ok(told);
    }
    let started = server
        .post(&at("/api/evals/runs"), &json!({"gate": true}))
        .await?;
    let id = started
        .get("run")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let done = loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let run = server.get(&at(&format!("/api/evals/{id}"))).await?;
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
        server.post(&at("/api/gate/publish"), &body).await?;
        told.decision = "published";
    }
    Ok(told)
}
