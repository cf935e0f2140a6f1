//! `frontdesk ingest`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

/// Time between checks of a document that is being read.
const LOOK: Duration = Duration::from_millis(300);

/// Arguments of `frontdesk ingest`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, or folders to take all files from
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Workspace that the documents belong to
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
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(WrongCall("there are no files in these paths".into()).into());
    }
    let results = block_on(with_api(config, &args.workspace, Start::Now, async |api| {
        api.make_workspace().await?;
        ingest(api, &files).await
    }))?;
    let failed = results
        .iter()
        .filter(|r| r.get("error").is_some_and(|e| !e.is_null()))
        .count();
    if args.json {
        out::json(&results)?;
    }
    if failed > 0 {
        // Some files can be read but not stored.
        let all = out::plural(results.len(), "document", "documents");
        anyhow::bail!("{failed} of {all} could not be added");
    }
    Ok(())
}

/// Adds the files under a path, recursively, without hidden ones.
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

fn report(name: &str, outcome: Result<Value, &str>) -> Value {
    match outcome {
        Ok(mut data) => {
            let passages = data.get("passages").and_then(Value::as_u64).unwrap_or(0);
            let result = data
                .get("result")
                .and_then(Value::as_str)
                .unwrap_or("taken")
                .to_owned();
            let passages = out::plural(passages, "passage", "passages");
            out::note(&format!("{name}: {result}, {passages}"));
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

async fn ingest(api: &Api, files: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let mut results = Vec::new();
    for path in files {
        let name = name_of(path);
        let bytes =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let taken = match api.send_file("/api/v1/documents", &name, bytes).await {
            Ok(taken) => taken,
            Err(error) => {
                results.push(report(&name, Err(&error.to_string())));
                continue;
            }
        };
        let taken = taken.get("files").and_then(Value::as_array).cloned();
        for file in taken.unwrap_or_default() {
            let text = |field: &str| file.pointer(field).and_then(Value::as_str);
            let name = text("/name").unwrap_or(&name);
            let outcome = match (text("/error/detail"), text("/document")) {
                (Some(reason), _) => Err(anyhow::anyhow!(reason.to_owned())),
                (None, Some(id)) => {
                    let is_same = file.get("unchanged") == Some(&json!(true));
                    wait_for(api, id, if is_same { "unchanged" } else { "read" }).await
                }
                (None, None) => Err(anyhow::anyhow!("the server did not report the outcome")),
            };
            results.push(match outcome {
                Ok(data) => {
                    let notes = data.get("notes").and_then(Value::as_array);
                    for note in notes.into_iter().flatten().filter_map(Value::as_str) {
                        out::note(&format!("{name}: {note}"));
                    }
                    report(name, Ok(data))
                }
                Err(error) => report(name, Err(&error.to_string())),
            });
        }
    }
    Ok(results)
}

async fn wait_for(api: &Api, id: &str, done: &str) -> anyhow::Result<Value> {
    let mut pause = LOOK / 8;
    loop {
        let document = api.get(&format!("/api/v1/documents/{id}")).await?;
        match document.get("state").and_then(Value::as_str) {
            Some("ready") => {
                return Ok(
                    json!({"document": id, "result": done, "notes": document.get("notes"),
                    "passages": document.get("chunks"), "version": document.get("version")}),
                );
            }
            Some("failed") => {
                let reason = document
                    .get("error")
                    .and_then(Value::as_str)
                    .unwrap_or("it failed");
                anyhow::bail!(reason.to_owned());
            }
            _ => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(LOOK);
    }
}
