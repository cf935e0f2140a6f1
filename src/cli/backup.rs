//! `frontdesk backup`: make, list, try and restore backups.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::local::Desk;
use super::out;
use super::person::counted;
use super::shared::{Place, WrongCall, block_on, log};
use crate::app::backup::{Restored, restore};
use crate::app::has_database;
use crate::config::Config;

/// Arguments of `frontdesk backup`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make the key that opens backups on any machine; it is printed once and not kept here
    RecoveryKey {
        /// Another takes the place of a lost one; it opens only backups made from now on
        #[arg(long)]
        replace: bool,
    },
    /// Make a backup now, and open it to see that it is whole
    Create,
    /// List the backups
    List,
    /// Open a backup and check every page and every reference in it
    Verify {
        /// Name of a backup, as `list` shows it; the newest if none is named
        name: Option<String>,
    },
    /// Put a backup in place of the database; the server must be stopped
    Restore {
        /// File of a backup
        file: PathBuf,
        /// File with the recovery key, or - to type it; without it this machine's own key is used
        #[arg(long, value_name = "FILE")]
        recovery_key: Option<PathBuf>,
        /// Replace the database that is there; it is kept beside the restored one
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    match args.action {
        Action::Restore {
            file,
            recovery_key,
            yes,
        } => put_back(&config, &file, recovery_key.as_deref(), yes, args.json),
        action => {
            let answer = block_on(ask(config, &action))?;
            if args.json {
                return out::json(&answer);
            }
            show(&action, &answer);
            Ok(())
        }
    }
}

async fn ask(config: Arc<Config>, action: &Action) -> anyhow::Result<Value> {
    let desk = Desk::open(config, "default").await?;
    let answer = match action {
        Action::RecoveryKey { replace } => {
            let body = json!({ "replace": replace });
            desk.post("/api/backups/recovery-key", &body).await
        }
        Action::Create => desk.post("/api/backups", &json!({})).await,
        Action::Verify { name } => verify(&desk, name.as_deref()).await,
        Action::List | Action::Restore { .. } => desk.get("/api/backups").await,
    };
    desk.close().await;
    answer
}

async fn verify(desk: &Desk, name: Option<&str>) -> anyhow::Result<Value> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => {
            let all = desk.get("/api/backups").await?;
            let newest = all.pointer("/backups/0/name").and_then(Value::as_str);
            newest.context("there is no backup yet")?.to_owned()
        }
    };
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    desk.post(&format!("/api/backups/{name}/verify"), &json!({}))
        .await
}

fn show(action: &Action, answer: &Value) {
    let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or("");
    match action {
        Action::RecoveryKey { .. } => {
            out::line(text("recovery_key"));
            out::note(
                "Write it down or print it, and keep it away from this machine: it is not kept here and not shown \
                 again. Who has it and a backup has everything.",
            );
        }
        Action::Create => out::line(&format!(
            "Made, opened and found whole: {}",
            described(answer)
        )),
        Action::Verify { .. } => out::line(&format!("Whole: {}", described(answer))),
        Action::List | Action::Restore { .. } => {
            let all = answer.get("backups").and_then(Value::as_array);
            let all = all.map(Vec::as_slice).unwrap_or_default();
            if answer.get("recovery_key_at").is_none_or(Value::is_null) {
                out::note(
                    "There is no recovery key yet; make one with `frontdesk backup recovery-key`.",
                );
            }
            for backup in all {
                out::line(&described(backup));
            }
            out::note(&format!("Folder: {}", text("folder")));
            if let Some(error) = answer.get("error").and_then(Value::as_str) {
                out::note(&format!("The last backup failed: {error}"));
            }
        }
    }
}

fn described(backup: &Value) -> String {
    let number = |field: &str| backup.get(field).and_then(Value::as_i64).unwrap_or(0);
    format!(
        "{}  {} KB  checked {}",
        backup.get("name").and_then(Value::as_str).unwrap_or(""),
        (number("size") + 1023) / 1024,
        out::moment(number("verified_at")),
    )
}

fn put_back(
    config: &Config,
    file: &Path,
    recovery_key: Option<&Path>,
    yes: bool,
    as_json: bool,
) -> anyhow::Result<()> {
    if has_database(config) && !yes {
        return Err(WrongCall(format!(
            "{} holds a database already; say --yes to replace it (it is kept beside the restored one)",
            config.data_dir.display()
        ))
        .into());
    }
    let key = recovery_key.map(typed_key).transpose()?;
    let restored = restore(config, file, key.as_deref())?;
    if as_json {
        return out::json(&json!({
            "made_at": restored.made_at,
            "rows": restored.rows,
            "erased_again": restored.erased,
            "workspaces_erased_again": restored.workspaces,
            "kept": restored.kept.as_ref().map(|p| p.display().to_string()),
            "settings": restored.settings.as_ref().map(|p| p.display().to_string()),
        }));
    }
    tell(&restored);
    Ok(())
}

fn tell(restored: &Restored) {
    out::line(&format!(
        "Restored: the state of {}, {} rows. Everybody has to sign in again.",
        out::moment(restored.made_at),
        restored.rows
    ));
    let again = restored.erased;
    if again != Default::default() {
        out::line(&format!(
            "Erased since, and erased again: {}.",
            counted(&json!(again))
        ));
    }
    if restored.workspaces > 0 {
        out::line(&format!(
            "Closed workspaces that were erased since, and are erased again: {}.",
            restored.workspaces
        ));
    }
    if let Some(kept) = &restored.kept {
        out::note(&format!(
            "The database that was there is kept as {} for 14 days.",
            kept.display()
        ));
    }
    if let Some(settings) = &restored.settings {
        out::note(&format!(
            "The settings of then are in {}; take from them what you need.",
            settings.display()
        ));
    }
}

fn typed_key(from: &Path) -> anyhow::Result<String> {
    if from == Path::new("-") {
        if std::io::stdin().is_terminal() {
            out::note("Type the recovery key, then Enter:");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            return Ok(line);
        }
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(from).with_context(|| format!("{} cannot be read", from.display()))
}
