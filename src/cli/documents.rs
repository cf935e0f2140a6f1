//! `frontdesk documents`.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::app::{App, ensure_workspace};
use crate::store::documents::{self, Document};
use crate::store::{Scoped, WorkspaceId, versions};

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
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The documents with their state and passages
    List,
    /// The versions of a document
    Versions {
        /// File name of the document
        name: String,
    },
    /// Answer from an older (or again a newer) version from now on
    Rollback {
        /// File name of the document
        name: String,
        /// Number of the version, as `documents versions` shows it
        version: u32,
    },
    /// Read what an office file hides as well: sheets, rows, columns, slides, notes, comments, text
    Hidden {
        /// File name of the document
        name: String,
        /// Leave it out again
        #[arg(long)]
        leave_out: bool,
    },
    /// Answer only staff from a document, never visitors
    Staff {
        /// File name of the document
        name: String,
        /// Answer visitors from it again
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
    let result = block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => remotely(&server, &args.workspace, &args.action).await,
            None => with_app(config, |app| locally(app, &args.workspace, &args.action)).await,
        }
    })?;
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
                        text(row, "hold").replace("rolled_back", "taken back"),
                    ),
                    None => format!(
                        "{:<8} {:>5} passages  version {:<3} {}",
                        text(row, "state"),
                        text(row, "chunks"),
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

async fn remotely(server: &Server, workspace: &str, action: &Action) -> anyhow::Result<Value> {
    let scope = format!("workspace={workspace}");
    let list = server.get(&format!("/api/documents?{scope}")).await?;
    let list = list.get("documents").cloned().unwrap_or_default();
    let id_of = |name: &str| -> anyhow::Result<String> {
        let named = |d: &&Value| d.get("name").and_then(Value::as_str) == Some(name);
        let found = list.as_array().and_then(|all| all.iter().find(named));
        let id = found.and_then(|d| d.get("id")?.as_str());
        Ok(id.ok_or_else(|| missing(name))?.to_owned())
    };
    let versions_of = async |id: &str| -> anyhow::Result<Value> {
        let path = format!("/api/documents/{id}/versions?{scope}");
        let answer = server.get(&path).await?;
        Ok(answer.get("versions").cloned().unwrap_or_default())
    };
    match action {
        Action::List => Ok(list),
        Action::Versions { name } => versions_of(&id_of(name)?).await,
        Action::Rollback { name, version } => {
            let id = id_of(name)?;
            let all = versions_of(&id).await?;
            let numbered = |v: &&Value| v.get("number") == Some(&json!(version));
            let found = all.as_array().and_then(|all| all.iter().find(numbered));
            let to = found
                .and_then(|v| v.get("id"))
                .ok_or_else(|| no_version(name, *version))?;
            let path = format!("/api/documents/{id}/rollback?{scope}");
            server.post(&path, &json!({ "version": to })).await?;
            Ok(json!({"done": gone_back(name, *version)}))
        }
        Action::Hidden { name, leave_out } => {
            let path = format!("/api/documents/{}/hidden?{scope}", id_of(name)?);
            server.post(&path, &json!({ "read": !leave_out })).await?;
            Ok(json!({"done": format!("{name} is being read again.")}))
        }
        Action::Staff { name, off } => {
            let path = format!("/api/documents/{}?{scope}", id_of(name)?);
            let change = json!({ "staff_only": !off });
            server
                .send(axum::http::Method::PATCH, &path, Some(&change))
                .await?;
            Ok(json!({"done": for_whom(name, !off)}))
        }
        Action::Remove { name } => {
            let id = id_of(name)?;
            server
                .delete(&format!("/api/documents/{id}?{scope}"))
                .await?;
            Ok(json!({"done": format!("{name} is removed.")}))
        }
    }
}

async fn locally(app: Arc<App>, workspace: &str, action: &Action) -> anyhow::Result<Value> {
    let workspace = ensure_workspace(&app.store, workspace, workspace).await?;
    match action {
        Action::List => {
            let all = app.store.read(move |conn| documents::list(conn, workspace));
            let rows = all.await?.into_iter().map(|d| {
                json!({"id": d.document.id, "name": d.document.name, "state": d.document.state.as_str(),
                    "error": d.document.error, "version": d.version_number, "bytes": d.bytes,
                    "pages": d.pages, "chunks": d.chunks, "language": d.language})
            });
            Ok(rows.collect())
        }
        Action::Versions { name } => {
            let document = find(&app, workspace, name).await?;
            let current = document.current_version;
            let all = app.store.read(move |conn| versions::list(conn, &document));
            let rows = all.await?.into_iter().map(|v| {
                json!({"id": v.id, "number": v.number, "bytes": v.bytes, "created_at": v.created_at,
                    "current": current == Some(v.id), "hold": v.hold.map(|h| h.as_str())})
            });
            Ok(rows.collect())
        }
        Action::Rollback { name, version } => {
            let document = find(&app, workspace, name).await?;
            let again = find(&app, workspace, name).await?;
            let all = app
                .store
                .read(move |conn| versions::list(conn, &again))
                .await?;
            let to = all.iter().find(|v| v.number == *version);
            let to = to.ok_or_else(|| no_version(name, *version))?.id;
            app.knowledge.roll_back(document, to).await?;
            Ok(json!({"done": gone_back(name, *version)}))
        }
        Action::Hidden { name, leave_out } => {
            let document = find(&app, workspace, name).await?;
            app.knowledge.read_hidden(document, !leave_out).await?;
            Ok(json!({"done": format!("{name} is read again when Frontdesk runs.")}))
        }
        Action::Staff { name, off } => {
            let (document, only) = (find(&app, workspace, name).await?, !off);
            let now = jiff::Timestamp::now().as_millisecond();
            app.store
                .write(move |tx| documents::set_staff_only(tx, &document, only, now))
                .await?;
            Ok(json!({"done": for_whom(name, only)}))
        }
        Action::Remove { name } => {
            let document = find(&app, workspace, name).await?;
            app.knowledge.delete(document).await?;
            Ok(json!({"done": format!("{name} is removed.")}))
        }
    }
}

async fn find(app: &App, workspace: WorkspaceId, name: &str) -> anyhow::Result<Scoped<Document>> {
    let sought = name.to_owned();
    let found = app
        .store
        .read(move |conn| documents::find_by_name(conn, workspace, &sought));
    found.await?.ok_or_else(|| missing(name))
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
        true => format!("{name} is for staff only now: visitors are never answered from it."),
        false => format!("Visitors are answered from {name} as well now."),
    }
}

fn gone_back(name: &str, version: u32) -> String {
    format!("{name} is answered from version {version} now.")
}
