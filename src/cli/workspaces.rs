//! `frontdesk admin workspace`: space used, a copy of everything, and closing one or the whole account.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{WrongCall, block_on};
use crate::app::Start;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum WorkspaceCommand {
    /// List workspaces with the space that they use, and those that were erased
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write everything in a workspace into a ZIP, which is not encrypted
    Export {
        /// Short name
        name: String,
        /// File to write
        #[arg(long, default_value = "workspace.zip")]
        out: PathBuf,
    },
    /// Close a workspace: visitors and keys can no longer reach it, and seven days later it is erased
    Close {
        /// Short name
        #[arg(required_unless_present = "account")]
        name: Option<String>,
        /// Close every workspace; people's accounts, keys and backups are erased with the last one
        #[arg(long, conflicts_with = "name")]
        account: bool,
        /// Do it; without this, only list what would be erased
        #[arg(long)]
        yes: bool,
    },
    /// Keep a closed workspace after all
    Reopen {
        /// Short name
        #[arg(required_unless_present = "account")]
        name: Option<String>,
        /// Keep everything that was closed with the account
        #[arg(long, conflicts_with = "name")]
        account: bool,
    },
    /// Set how many megabytes a workspace may use; documents and recordings beyond that are refused
    Limit {
        /// Short name
        name: String,
        /// Megabytes; without it, no limit but the disk
        #[arg(long)]
        megabytes: Option<u64>,
    },
}

pub(super) fn run(config: Arc<Config>, command: WorkspaceCommand) -> anyhow::Result<()> {
    match command {
        WorkspaceCommand::List { json } => {
            let all = block_on(ask(config, async |api| api.get("/api/v1/workspaces").await))?;
            if json {
                return out::json(&all);
            }
            show(&all);
            Ok(())
        }
        WorkspaceCommand::Export { name, out } => {
            let path = format!("/api/v1/workspaces/{}/export", encoded(&name));
            block_on(ask(config, async |api| api.save(&path, &out).await))?;
            out::note(&format!(
                "Written to {}. It is not encrypted.",
                out.display()
            ));
            Ok(())
        }
        WorkspaceCommand::Close { name, account, yes } => {
            let name = name.filter(|_| !account);
            close(config, name.as_deref(), yes)
        }
        WorkspaceCommand::Reopen { name, account } => {
            let name = name.filter(|_| !account);
            let path = match &name {
                Some(name) => format!("/api/v1/workspaces/{}/keep", encoded(name)),
                None => "/api/v1/account/keep".to_owned(),
            };
            block_on(ask(config, async |api| api.post(&path, &json!({})).await))?;
            let what = name.as_deref().unwrap_or("Everything");
            out::line(&format!(
                "{what} is kept. Visitors and keys can reach it again."
            ));
            Ok(())
        }
        WorkspaceCommand::Limit { name, megabytes } => {
            let path = format!("/api/v1/workspaces/{}/limit", encoded(&name));
            let bytes = megabytes.map(|mb| mb.saturating_mul(1_000_000));
            let body = json!({ "limit_bytes": bytes });
            block_on(ask(config, async |api| api.put(&path, &body).await))?;
            out::line(&match megabytes {
                Some(mb) => format!("{name} may use {mb} MB."),
                None => format!("{name} may use as much as the disk holds."),
            });
            Ok(())
        }
    }
}

fn close(config: Arc<Config>, name: Option<&str>, yes: bool) -> anyhow::Result<()> {
    if !yes {
        let erases = block_on(ask(Arc::clone(&config), async |api| {
            let mut all = Vec::new();
            for name in names(&api.get("/api/v1/workspaces").await?, name) {
                let path = format!("/api/v1/workspaces/{}/close", encoded(&name));
                all.push((name, api.get(&path).await?));
            }
            Ok(all)
        }))?;
        if let Some(name) = name.filter(|_| erases.is_empty()) {
            return Err(WrongCall(format!("there is no workspace named `{name}`")).into());
        }
        for (name, erases) in erases {
            let rows = erases.get("erases").and_then(Value::as_object);
            let rows = rows.into_iter().flatten();
            let words: Vec<String> = rows.map(|(table, n)| format!("{table} {n}")).collect();
            out::line(&format!("{name}: {}", words.join(", ")));
        }
        return Err(WrongCall(
            "nothing was closed yet. Write a copy first (`admin workspace export`), then add --yes: visitors and \
             keys are shut out at once, and everything is erased in seven days"
                .into(),
        )
        .into());
    }
    let (path, confirm) = match name {
        Some(name) => (format!("/api/v1/workspaces/{}/close", encoded(name)), name),
        None => ("/api/v1/account/close".to_owned(), "close the account"),
    };
    let body = json!({ "confirm": confirm });
    let all = block_on(ask(config, async |api| api.post(&path, &body).await))?;
    show(&all);
    Ok(())
}

/// Short names of the workspaces in a list: all, or only one.
fn names(all: &Value, only: Option<&str>) -> Vec<String> {
    let all = all.get("workspaces").and_then(Value::as_array);
    let names = all.into_iter().flatten();
    let names = names.filter_map(|one| one.get("name")?.as_str().map(str::to_owned));
    names
        .filter(|name| only.is_none_or(|only| only == name))
        .collect()
}

fn show(all: &Value) {
    let rows = |field: &str| all.get(field).and_then(Value::as_array).cloned();
    for one in rows("workspaces").unwrap_or_default() {
        let number = |field: &str| one.get(field).and_then(Value::as_u64);
        let text = |field: &str| one.get(field).and_then(Value::as_str).unwrap_or("");
        let mb = |bytes: u64| bytes.div_ceil(1_000_000);
        let mut line = format!(
            "{}  {}  {} MB",
            text("name"),
            text("title"),
            mb(number("total_bytes").unwrap_or(0))
        );
        if let Some(limit) = number("limit_bytes") {
            line.push_str(&format!(" of {} MB", limit / 1_000_000));
        }
        if let Some(at) = one.get("erased_from").and_then(Value::as_i64) {
            line.push_str(&format!("  closed, to be erased after {}", out::moment(at)));
        }
        out::line(&line);
    }
    for one in rows("erased").unwrap_or_default() {
        let at = one.get("erased_at").and_then(Value::as_i64);
        let name = one.get("name").and_then(Value::as_str).unwrap_or("");
        out::line(&format!(
            "{name}  erased on {}",
            out::moment(at.unwrap_or(0))
        ));
    }
}

fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

async fn ask<T>(
    config: Arc<Config>,
    work: impl AsyncFnOnce(&Api) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_api(config, "default", Start::Never, work).await
}
