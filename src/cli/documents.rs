//! `frontdesk documents`.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

/// Arguments of `frontdesk documents`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Workspace that the documents belong to
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the documents with their state and passages
    List,
    /// List the versions of a document
    Versions {
        /// File name of the document
        name: String,
    },
    /// Switch to an older version of a document, or back to a newer one
    Rollback {
        /// File name of the document
        name: String,
        /// Number of the version, as `documents versions` shows it
        version: u32,
    },
    /// Also read the hidden parts of an office file: sheets, rows, columns, slides, notes, comments, text
    Hidden {
        /// File name of the document
        name: String,
        /// Leave them out again
        #[arg(long)]
        leave_out: bool,
    },
    /// Use a document for answers to staff only, never to visitors
    Staff {
        /// File name of the document
        name: String,
        /// Use it for visitors again
        #[arg(long)]
        off: bool,
    },
    /// Delete a document with all its versions
    Remove {
        /// File name of the document
        name: String,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let result = block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| act(api, &args.action).await,
    ))?;
    match args.json {
        true => out::json(&result),
        false => {
            show(&result);
            Ok(())
        }
    }
}

fn show(result: &Value) {
    let text = |row: &Value, field: &str| match row.get(field) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    match result {
        Value::Array(rows) if rows.is_empty() => out::note("There are no documents."),
        Value::Array(rows) => {
            for row in rows {
                let line = match row.get("number") {
                    Some(_) => format!(
                        "{:>3}  {:>10} bytes  {}{}",
                        text(row, "number"),
                        text(row, "bytes"),
                        if row.get("current") == Some(&json!(true)) {
                            "in use"
                        } else {
                            ""
                        },
                        text(row, "hold").replace("rolled_back", "withdrawn"),
                    ),
                    None => format!(
                        "{:<8} {:>14}  version {:<3} {}",
                        text(row, "state"),
                        match row.get("chunks").and_then(Value::as_u64) {
                            Some(passages) => out::plural(passages, "passage", "passages"),
                            None => String::new(),
                        },
                        text(row, "version"),
                        text(row, "name")
                    ),
                };
                out::line(&line);
            }
        }
        done => out::line(&text(done, "done")),
    }
}

async fn act(api: &Api, action: &Action) -> anyhow::Result<Value> {
    let list = api.get("/api/v1/documents").await?;
    let list = list.get("documents").cloned().unwrap_or_default();
    let path_of = |name: &str| -> anyhow::Result<String> {
        let named = |d: &&Value| d.get("name").and_then(Value::as_str) == Some(name);
        let found = list.as_array().and_then(|all| all.iter().find(named));
        let id = found.and_then(|d| d.get("id")?.as_str());
        let id = id.ok_or_else(|| missing(name))?;
        Ok(format!("/api/v1/documents/{id}"))
    };
    let versions_of = async |path: &str| -> anyhow::Result<Value> {
        let answer = api.get(&format!("{path}/versions")).await?;
        Ok(answer.get("versions").cloned().unwrap_or_default())
    };
    match action {
        Action::List => Ok(list),
        Action::Versions { name } => versions_of(&path_of(name)?).await,
        Action::Rollback { name, version } => {
            let path = path_of(name)?;
            let all = versions_of(&path).await?;
            let numbered = |v: &&Value| v.get("number") == Some(&json!(version));
            let found = all.as_array().and_then(|all| all.iter().find(numbered));
            let to = found
                .and_then(|v| v.get("id"))
                .ok_or_else(|| no_version(name, *version))?;
            let body = json!({ "version": to });
            api.post(&format!("{path}/rollback"), &body).await?;
            Ok(json!({"done": format!("Answers now use version {version} of {name}.")}))
        }
        Action::Hidden { name, leave_out } => {
            let path = format!("{}/hidden", path_of(name)?);
            api.post(&path, &json!({ "read": !leave_out })).await?;
            let when = if api.is_running() {
                "now"
            } else {
                "when Frontdesk runs"
            };
            Ok(json!({"done": format!("{name} is read again {when}.")}))
        }
        Action::Staff { name, off } => {
            let change = json!({ "staff_only": !off });
            api.patch(&path_of(name)?, &change).await?;
            Ok(json!({"done": for_whom(name, !off)}))
        }
        Action::Remove { name } => {
            api.delete(&path_of(name)?).await?;
            Ok(json!({"done": format!("{name} was removed.")}))
        }
    }
}

fn missing(name: &str) -> anyhow::Error {
    WrongCall(format!(
        "there is no document called {name}; `frontdesk documents list` shows their names"
    ))
    .into()
}

fn no_version(name: &str, version: u32) -> anyhow::Error {
    WrongCall(format!(
        "{name} has no version {version}; `frontdesk documents versions` shows them"
    ))
    .into()
}

fn for_whom(name: &str, staff_only: bool) -> String {
    match staff_only {
        true => format!("{name} is now for staff only: visitors never get answers from it."),
        false => format!("Answers to visitors now use {name} as well."),
    }
}
