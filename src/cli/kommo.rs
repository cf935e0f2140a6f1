//! `frontdesk kommo`: the widget's package, connected accounts, back-fill.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::http::crm::package::{self, PackageError};

/// How often to look how far a back-fill is.
const LOOK: Duration = Duration::from_secs(2);

/// Arguments of `frontdesk kommo`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// Workspace that the accounts belong to
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Build the widget's package, to upload with an integration in Kommo
    Widget(Widget),
    /// Show integrations and accounts, and what is held for them
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End the connection to an account and erase what is held for it here
    Disconnect {
        /// Its id, host or name
        account: String,
        /// Keep leads, messages, transcripts and analyses here
        #[arg(long)]
        keep: bool,
    },
    /// Analyse all open leads of an account
    Backfill {
        /// Its id, host or name
        account: String,
        /// Pause after the lead that is worked on
        #[arg(long, conflicts_with = "resume")]
        pause: bool,
        /// Go on where it was paused
        #[arg(long)]
        resume: bool,
        /// Wait for the end and show how far it is
        #[arg(long, conflicts_with = "pause")]
        wait: bool,
    },
}

#[derive(Debug, ClapArgs)]
struct Widget {
    /// Address by which browsers reach this server, for example https://desk.example.com
    #[arg(long)]
    url: String,
    /// File to write; - for standard output
    #[arg(short, long, default_value = "frontdesk-widget.zip")]
    output: PathBuf,
    /// Account (id, host or name) that gets an action for its pipelines; keep that package secret
    #[arg(long)]
    account: Option<String>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    log("warn")?;
    if let What::Widget(Widget {
        url,
        output,
        account: None,
    }) = &args.what
    {
        return write_package(url, output);
    }
    let config = args.place.settings(Vec::new())?;
    // Work on leads needs engines only while somebody waits for it here.
    let start = match &args.what {
        What::Backfill { wait: true, .. } => Start::Now,
        _ => Start::Never,
    };
    block_on(with_api(config, &args.workspace, start, async |api| {
        act(api, &args.what).await
    }))
}

/// Needs no data folder, so that a package can be built anywhere.
fn write_package(url: &str, output: &Path) -> anyhow::Result<()> {
    let packed = package::build(url, None).map_err(|error| match error {
        PackageError::Address(_) => anyhow::Error::from(WrongCall(error.to_string())),
        other => other.into(),
    })?;
    if output == Path::new("-") {
        let mut out = std::io::stdout().lock();
        return Ok(out.write_all(&packed).and_then(|()| out.flush())?);
    }
    std::fs::write(output, &packed)
        .with_context(|| format!("{} cannot be written", output.display()))?;
    tell_written(output);
    Ok(())
}

fn tell_written(output: &Path) {
    if output == Path::new("-") {
        return;
    }
    out::note(&format!(
        "{} is written. In Kommo: Settings, Integrations, Create integration; upload it there.",
        output.display()
    ));
}

async fn act(api: &Api, what: &What) -> anyhow::Result<()> {
    match what {
        What::Widget(widget) => {
            let account = widget.account.as_deref().unwrap_or_default();
            let id = find(api, account).await?;
            let url: String = form_urlencoded::byte_serialize(widget.url.as_bytes()).collect();
            let path = format!("/api/v1/crm/accounts/{id}/widget?url={url}");
            api.save(&path, &widget.output).await?;
            tell_written(&widget.output);
            Ok(())
        }
        What::Status { json } => {
            let all = api.get("/api/v1/crm").await?;
            match json {
                true => out::json(&all),
                false => {
                    show(&all);
                    Ok(())
                }
            }
        }
        What::Disconnect { account, keep } => {
            let id = find(api, account).await?;
            let path = format!("/api/v1/crm/accounts/{id}/disconnect");
            let done = api.post(&path, &json!({ "keep_copies": keep })).await?;
            out::note(match keep {
                true => "The account is disconnected. What was copied from it stays here.",
                false => "The account is disconnected, and what was copied from it is erased.",
            });
            if done.get("unhooked").and_then(Value::as_bool) == Some(false) {
                out::note(
                    "Kommo could not be asked to stop sending; remove the webhook there, under Settings, Integrations.",
                );
            }
            Ok(())
        }
        What::Backfill {
            account,
            pause,
            resume,
            wait,
        } => {
            let id = find(api, account).await?;
            let end = match (pause, resume) {
                (true, _) => "/pause",
                (_, true) => "/resume",
                _ => "",
            };
            let path = format!("/api/v1/crm/accounts/{id}/backfill{end}");
            let mut view = api.post(&path, &json!({})).await?;
            out::line(&told(&view));
            let path = format!("/api/v1/crm/accounts/{id}");
            while *wait && is_under_way(&view) {
                tokio::time::sleep(LOOK).await;
                let before = told(&view);
                view = api.get(&path).await?;
                if told(&view) != before {
                    out::line(&told(&view));
                }
            }
            if !wait && !api.is_running() && is_under_way(&view) {
                out::note("It goes on when the server runs: start it with `frontdesk serve`.");
            }
            Ok(())
        }
    }
}

/// The id of the account of this id, host or name.
async fn find(api: &Api, wanted: &str) -> anyhow::Result<String> {
    let all = api.get("/api/v1/crm").await?;
    let matching: Vec<&str> = rows(&all, "accounts")
        .iter()
        .filter(|account| {
            ["id", "host", "name"]
                .iter()
                .any(|of| text(account, of) == wanted)
        })
        .map(|account| text(account, "id"))
        .collect();
    match matching.as_slice() {
        [id] => Ok((*id).to_owned()),
        [] => Err(WrongCall(format!(
            "no connected account is called `{wanted}`; `frontdesk kommo status` lists them"
        ))
        .into()),
        _ => Err(WrongCall(format!(
            "several accounts are called `{wanted}`; name one by its id, from `frontdesk kommo status`"
        ))
        .into()),
    }
}

fn show(all: &Value) {
    match text(all, "redirect_uri") {
        "" => out::line(
            "Kommo cannot reach this server: set public.url to its address, such as https://desk.example.com.",
        ),
        address => out::line(&format!("Redirect address for integrations: {address}")),
    }
    let accounts = rows(all, "accounts");
    if accounts.is_empty() {
        out::line("No account is connected. Connect one in the console, on the page CRM.");
    }
    for account in accounts {
        out::line(&format!(
            "{}  {} ({}): {}",
            text(account, "id"),
            text(account, "name"),
            text(account, "host"),
            text(account, "state"),
        ));
        let held = account.get("held").cloned().unwrap_or_default();
        out::line(&format!(
            "  {}, {}, {}, {}",
            out::plural(number(&held, "leads"), "lead", "leads"),
            out::plural(number(&held, "analyses"), "analysis", "analyses"),
            out::plural(number(&held, "messages"), "message", "messages"),
            out::plural(number(&held, "transcripts"), "transcript", "transcripts"),
        ));
        if account.get("backfill").is_some_and(|job| !job.is_null()) {
            out::line(&format!("  {}", told(account)));
        }
        match text(account, "reason") {
            "" => {}
            reason => out::line(&format!("  {reason}")),
        }
    }
}

/// How far an account's back-fill is, as a sentence.
fn told(account: &Value) -> String {
    let job = account.get("backfill").cloned().unwrap_or_default();
    let seen = number(&job, "seen");
    let all = match job.get("counted").and_then(Value::as_bool) {
        Some(true) => seen.to_string(),
        _ => format!("at least {seen}"),
    };
    let mut sentence = format!(
        "Back-fill {}: {} of {all} open leads analysed, {} left out, {} failed",
        text(&job, "state"),
        number(&job, "done"),
        number(&job, "skipped"),
        number(&job, "failed"),
    );
    match text(&job, "error") {
        "" => {}
        error => sentence.push_str(&format!(" ({error})")),
    }
    sentence
}

fn is_under_way(account: &Value) -> bool {
    let state = account.pointer("/backfill/state").and_then(Value::as_str);
    matches!(state, Some("queued" | "running"))
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let rows = value.get(name).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_written_without_a_data_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("widget.zip");
        write_package("https://desk.example.com", &path).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"PK"));
        let error = write_package("http://desk.example.com", &path).unwrap_err();
        assert!(error.is::<WrongCall>());
    }

    #[test]
    fn a_back_fill_tells_how_far_it_is() {
        let account = json!({"backfill": {
            "state": "running", "done": 3, "skipped": 1, "failed": 0, "seen": 250, "counted": false,
        }});
        assert_eq!(
            told(&account),
            "Back-fill running: 3 of at least 250 open leads analysed, 1 left out, 0 failed"
        );
        assert!(is_under_way(&account));
    }
}
