//! `frontdesk backup`: make, list, check, copy and restore backups.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};
use tracing::{Level, Metadata};

use super::api::{Api, with_api};
use super::backup_target;
use super::out;
use super::person::counted;
use super::shared::{DataPlace, WrongCall, block_on, log_where, server_first};
use crate::app::backup::{BackupError, Restored, fetch_copy, restore};
use crate::app::{AppError, Start, has_database};
use crate::config::Config;
use crate::store::StoreError;

/// Arguments of `frontdesk backup`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make the key that opens backups on any machine; it is printed once and not stored here
    RecoveryKey {
        /// Replace a lost key; the new one opens only backups made from now on
        #[arg(long)]
        replace: bool,
    },
    /// Make a backup now, and open it to check that it is complete
    Create,
    /// List the backups
    List {
        /// List the copies elsewhere instead
        #[arg(long)]
        target: bool,
    },
    /// Open a backup and check every page and every reference in it
    Verify {
        /// Name of a backup, as `list` shows it; without it, the newest
        name: Option<String>,
        /// Fetch and check a copy from elsewhere
        #[arg(long)]
        target: bool,
    },
    /// Where backups are copied to
    Target(backup_target::Args),
    /// Put a backup in place of the database; the server must be stopped
    Restore {
        /// File of a backup; with --target, the name of a copy elsewhere
        file: PathBuf,
        /// Fetch it from the place that backups are copied to
        #[arg(long)]
        target: bool,
        /// File with the recovery key, or - to type it; without it, this machine's own key is used
        #[arg(long, value_name = "FILE")]
        recovery_key: Option<PathBuf>,
        /// Replace the existing database; it is kept beside the restored one
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log_where("warn", is_worth_logging)?;
    match args.action {
        Action::Restore {
            file,
            target,
            recovery_key,
            yes,
        } => {
            check_free(&config, yes)?;
            let fetched = match (target, file.to_str()) {
                (true, Some(name)) => Some(block_on(async {
                    fetch_copy(&config, name).await.map_err(server_first)
                })?),
                _ => None,
            };
            let file = fetched.as_ref().map_or(file, |fetched| fetched.path());
            put_back(&config, &file, recovery_key.as_deref(), args.json)
        }
        action => {
            let answer = block_on(ask(config, &action))?;
            if args.json {
                return out::json(&answer);
            }
            if let Action::Target(target) = &action {
                return target.show(&answer);
            }
            show(&action, &answer);
            Ok(())
        }
    }
}

/// Whether a log event says more than the error with which the command ends anyway.
fn is_worth_logging(event: &Metadata<'_>) -> bool {
    *event.level() != Level::ERROR || !event.target().starts_with("frontdesk::app::backup")
}

const BACKUPS: &str = "/api/v1/backups";
const COPIES: &str = "/api/v1/backups/target/backups";

async fn ask(config: Arc<Config>, action: &Action) -> anyhow::Result<Value> {
    with_api(config, "default", Start::Never, async |api| match action {
        Action::RecoveryKey { replace } => {
            let body = json!({ "replace": replace });
            api.post("/api/v1/backups/recovery-key", &body).await
        }
        Action::Create => api.post(BACKUPS, &json!({})).await,
        Action::Verify { name, target } => verify(api, name.as_deref(), *target).await,
        Action::Target(target) => target.ask(api).await,
        Action::List { target: true } => api.get(COPIES).await,
        Action::List { .. } | Action::Restore { .. } => api.get(BACKUPS).await,
    })
    .await
}

async fn verify(api: &Api, name: Option<&str>, target: bool) -> anyhow::Result<Value> {
    let path = if target { COPIES } else { BACKUPS };
    let name = match name {
        Some(name) => name.to_owned(),
        None => {
            let all = api.get(path).await?;
            let newest = all.pointer("/backups/0/name").and_then(Value::as_str);
            newest.context("there is no backup yet")?.to_owned()
        }
    };
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    api.post(&format!("{path}/{name}/verify"), &json!({})).await
}

fn show(action: &Action, answer: &Value) {
    let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or("");
    match action {
        Action::RecoveryKey { .. } => {
            out::line(text("recovery_key"));
            out::note(
                "Write it down or print it, and keep it away from this machine: it is not stored here and not shown \
                 again. Anyone who has it and a backup can read everything.",
            );
        }
        Action::Create => out::line(&format!(
            "Made, opened and found complete: {}",
            described(answer)
        )),
        Action::Verify { .. } => out::line(&format!("Complete: {}", described(answer))),
        Action::List { target: true } => {
            let all = answer.get("backups").and_then(Value::as_array);
            let all = all.map(Vec::as_slice).unwrap_or_default();
            if all.is_empty() {
                out::note("There is no backup there. If there should be one, check the place.");
            }
            for backup in all {
                out::line(&described(backup));
            }
        }
        Action::List { .. } | Action::Target(_) | Action::Restore { .. } => {
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
            let copied = |field: &str| answer.pointer(&format!("/target/{field}"));
            if let Some(place) = copied("place").and_then(Value::as_str) {
                out::note(&backup_target::going_to(place, copied("copied_at")));
            }
            if let Some(error) = copied("error").and_then(Value::as_str) {
                out::note(&format!("The last copy failed: {error}"));
            }
        }
    }
}

fn described(backup: &Value) -> String {
    let number = |field: &str| backup.get(field).and_then(Value::as_i64).unwrap_or(0);
    format!(
        "{}  {} KB  {}",
        backup.get("name").and_then(Value::as_str).unwrap_or(""),
        (number("size") + 1023) / 1024,
        match number("verified_at") {
            0 => "not checked".to_owned(),
            at => format!("checked {}", out::moment(at)),
        },
    )
}

/// Refuses to replace a database unless `yes`.
fn check_free(config: &Config, yes: bool) -> anyhow::Result<()> {
    if has_database(config) && !yes {
        return Err(WrongCall(format!(
            "{} already holds a database; add --yes to replace it (it is kept beside the restored one)",
            config.data_dir.display()
        ))
        .into());
    }
    Ok(())
}

fn put_back(
    config: &Config,
    file: &Path,
    recovery_key: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let key = recovery_key.map(|from| typed(from, "the recovery key"));
    let key = key.transpose()?;
    let restored = restore(config, file, key.as_deref());
    let restored = restored.map_err(|error| not_restored(error, key.is_some()))?;
    if as_json {
        return out::json(&json!({
            "made_at": restored.made_at,
            "rows": restored.rows,
            "erased_again": restored.erased,
            "workspaces_erased_again": restored.workspaces,
            "has_erased_list": restored.has_erased_list,
            "kept": restored.kept.as_ref().map(|p| p.display().to_string()),
            "settings": restored.settings.as_ref().map(|p| p.display().to_string()),
        }));
    }
    tell(&restored);
    Ok(())
}

/// Explains a failed `backup restore` for the command line.
fn not_restored(error: AppError, has_key: bool) -> anyhow::Error {
    match error {
        AppError::Backup(BackupError::WrongRecoveryKey) if !has_key => anyhow::anyhow!(
            "this machine's own key does not open this backup. Give the recovery key that was made before it \
             (`--recovery-key -` to type it, or a file); if this machine made it, the beginning of the file is damaged"
        ),
        AppError::Store(StoreError::NewerSchema { .. })
        | AppError::Backup(BackupError::Store(StoreError::NewerSchema { .. })) => {
            BackupError::NewerFormat.into()
        }
        other => server_first(other),
    }
}

fn tell(restored: &Restored) {
    out::line(&format!(
        "Restored: the state of {}, {}. Everybody has to sign in again.",
        out::moment(restored.made_at),
        out::plural(restored.rows, "row", "rows")
    ));
    let again = restored.erased;
    if again != Default::default() {
        out::line(&format!(
            "Erased since the backup, and now erased again: {}.",
            counted(&json!(again))
        ));
    }
    if restored.workspaces > 0 {
        out::line(&format!(
            "Closed workspaces that were erased since, and now erased again: {}.",
            restored.workspaces
        ));
    }
    if !restored.has_erased_list {
        out::note(
            "There was no list of what was erased (erased.jsonl) beside this backup. People erased after it was made are in it again: \
             erase them once more.",
        );
    }
    if let Some(kept) = &restored.kept {
        out::note(&format!(
            "The replaced database is kept as {} for 14 days.",
            kept.display()
        ));
    }
    if let Some(settings) = &restored.settings {
        out::note(&format!(
            "The settings at the time of the backup are in {}; copy from them what you need.",
            settings.display()
        ));
    }
}

/// Reads a secret from a file, or from the keyboard for `-`.
pub(super) fn typed(from: &Path, what: &str) -> anyhow::Result<String> {
    if from == Path::new("-") {
        if std::io::stdin().is_terminal() {
            out::note(&format!("Type {what}, then Enter:"));
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
