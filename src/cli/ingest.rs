//! `frontdesk ingest`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::app::{App, ensure_workspace};
use crate::knowledge::{Received, Stage, Submitted};

/// Arguments of `frontdesk ingest`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, or folders whose files are all taken
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Workspace that the documents belong to
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(WrongCall("there are no files in what was named".into()).into());
    }
    let results = block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => remotely(&server, &args.workspace, &files).await,
            None => with_app(config, |app| locally(app, &args.workspace, &files)).await,
        }
    })?;
    let failed = results
        .iter()
        .filter(|r| r.get("error").is_some_and(|e| !e.is_null()))
        .count();
    if args.json {
        out::json(&results)?;
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} documents could not be read", results.len());
    }
    Ok(())
}

/// Adds the files under a path, all the way down, without hidden ones.
pub(super) fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let what = || format!("{} cannot be read", path.display());
    if !std::fs::metadata(path).with_context(what)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(what)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .with_context(what)?;
    entries.sort();
    let hidden = |p: &PathBuf| {
        p.file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'))
    };
    for entry in entries.iter().filter(|p| !hidden(p)) {
        collect(entry, files)?;
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

async fn locally(app: Arc<App>, workspace: &str, files: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let workspace = ensure_workspace(&app.store, workspace, workspace).await?;
    let mut results = Vec::new();
    for path in files {
        let name = name_of(path);
        let bytes =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let received = app
            .knowledge
            .receive(workspace, name.clone(), bytes.into())
            .await;
        let received = match received {
            Ok(received) => received,
            Err(error) => {
                results.push(told(&name, Err(&error.to_string())));
                continue;
            }
        };
        for Received { name, outcome } in received {
            let outcome = match outcome {
                Ok(submitted) => {
                    let end = app.knowledge.wait(submitted.document).await;
                    end.map(|end| (submitted, end))
                }
                Err(error) => Err(error),
            };
            results.push(match outcome {
                Ok((submitted, end)) => ended(&name, submitted, end.stage),
                Err(error) => told(&name, Err(&error.to_string())),
            });
        }
    }
    Ok(results)
}

fn ended(name: &str, submitted: Submitted, stage: Stage) -> Value {
    match stage {
        Stage::Failed { reason } => told(name, Err(&reason)),
        Stage::Ready { chunks, notes } => {
            for note in &notes {
                out::note(&format!("{name}: {note}"));
            }
            let how = if submitted.unchanged {
                "unchanged"
            } else {
                "read"
            };
            let data = json!({"document": submitted.document, "version": submitted.version,
                "passages": chunks, "result": how, "notes": notes});
            told(name, Ok(data))
        }
        other => told(name, Ok(json!({ "result": other }))),
    }
}

fn told(name: &str, outcome: Result<Value, &str>) -> Value {
    match outcome {
        Ok(mut data) => {
            let passages = data.get("passages").and_then(Value::as_u64).unwrap_or(0);
            let result = data
                .get("result")
                .and_then(Value::as_str)
                .unwrap_or("taken")
                .to_owned();
            out::note(&format!("{name}: {result}, {passages} passages"));
            if let Some(fields) = data.as_object_mut() {
                fields.insert("name".into(), json!(name));
            }
            data
        }
        Err(reason) => {
            out::error(&format!("{name}: {reason}"));
            json!({"name": name, "error": reason})
        }
    }
}

async fn remotely(
    server: &Server,
    workspace: &str,
    files: &[PathBuf],
) -> anyhow::Result<Vec<Value>> {
    let mut results = Vec::new();
    for path in files {
        let name = name_of(path);
        let bytes =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let taken = match server.upload(workspace, &name, bytes).await {
            Ok(taken) => taken,
            Err(error) => {
                results.push(told(&name, Err(&error.to_string())));
                continue;
            }
        };
        let taken = taken.get("files").and_then(Value::as_array).cloned();
        for file in taken.unwrap_or_default() {
            let text = |field: &str| file.pointer(field).and_then(Value::as_str);
            let name = text("/name").unwrap_or(&name);
            let outcome = match (text("/error/detail"), text("/document")) {
                (Some(reason), _) => Err(anyhow::anyhow!(reason.to_owned())),
                (None, Some(id)) => wait_for(server, workspace, id).await,
                (None, None) => Err(anyhow::anyhow!("the server did not say what became of it")),
            };
            results.push(match outcome {
                Ok(data) => told(name, Ok(data)),
                Err(error) => told(name, Err(&error.to_string())),
            });
        }
    }
    Ok(results)
}

async fn wait_for(server: &Server, workspace: &str, id: &str) -> anyhow::Result<Value> {
    loop {
        let document = server
            .get(&format!("/api/documents/{id}?workspace={workspace}"))
            .await?;
        match document.get("state").and_then(Value::as_str) {
            Some("ready") => {
                return Ok(json!({"document": id, "result": "read",
                    "passages": document.get("chunks"), "version": document.get("version")}));
            }
            Some("failed") => {
                let reason = document
                    .get("error")
                    .and_then(Value::as_str)
                    .unwrap_or("it failed");
                anyhow::bail!(reason.to_owned());
            }
            _ => tokio::time::sleep(std::time::Duration::from_millis(300)).await,
        }
    }
}
