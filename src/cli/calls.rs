//! `frontdesk calls`: voice sessions, what was said in them, and their recordings.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, workspace_named};
use crate::app::{DataFolder, privacy};
use crate::config::Config;
use crate::http::api::calls::{Format, Wanted, batch, head, in_full, page, single};
use crate::store::CallId;
use crate::store::calls::Filter;

/// Arguments of `frontdesk calls`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace whose calls are meant
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List calls, newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many, 200 at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one call as JSON: transcript, time of each turn, flow log
    Show {
        /// Id of the call
        id: String,
    },
    /// Write calls to a file, whose ending is the form: .jsonl or .csv of many; .json, .txt, .vtt, .srt,
    /// .csv or .zip (with the recording) of one
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
        /// Only this call
        #[arg(long, value_name = "ID")]
        call: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Delete a call with its transcript, flow log and recording, for good
    Delete {
        /// Id of the call
        id: String,
        /// It is meant: this cannot be undone
        #[arg(long)]
        yes: bool,
    },
}

/// Which calls are meant.
#[derive(Debug, ClapArgs)]
struct Which {
    /// With these words said by either side
    #[arg(long, value_name = "WORDS", default_value = "")]
    text: String,
    /// browser, kiosk, realtime or phone
    #[arg(long, default_value = "")]
    channel: String,
    /// completed, failed, in-progress and so on
    #[arg(long, default_value = "")]
    status: String,
    /// user_hangup, inactivity and so on
    #[arg(long, default_value = "")]
    reason: String,
    /// With a turn that was answered so: faq, fact, extract, model, refusal or talk
    #[arg(long, default_value = "")]
    rung: String,
    /// yes or no
    #[arg(long, default_value = "")]
    recorded: String,
    /// From this day (2026-05-03) or moment (RFC 3339) on
    #[arg(long, value_name = "TIME", default_value = "")]
    from: String,
    /// Up to this day, which counts, or this moment
    #[arg(long, value_name = "TIME", default_value = "")]
    until: String,
}

impl Which {
    fn wanted(self) -> Wanted {
        Wanted {
            q: self.text,
            channel: self.channel,
            status: self.status,
            reason: self.reason,
            rung: self.rung,
            recorded: self.recorded,
            from: self.from,
            until: self.until,
            ..Wanted::default()
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let workspace = args.workspace;
    match args.what {
        What::List { which, limit, json } => {
            let mut wanted = which.wanted();
            wanted.limit = limit.to_string();
            let found = block_on(list(&config, &workspace, &wanted))?;
            if json {
                out::json(&found)
            } else {
                print(&found)
            }
        }
        What::Show { id } => out::json(&block_on(show(&config, &workspace, call_id(&id)?))?),
        What::Export { file, call, which } => match call {
            Some(id) => block_on(export_one(&config, &workspace, &file, call_id(&id)?)),
            None => block_on(export(&config, &workspace, &file, &which.wanted())),
        },
        What::Delete { id, yes } => {
            let id = call_id(&id)?;
            if !yes {
                let ask = "deleting a call cannot be undone; say --yes if you mean it";
                return Err(WrongCall(ask.into()).into());
            }
            block_on(delete(&config, &workspace, id))
        }
    }
}

fn call_id(id: &str) -> Result<CallId, WrongCall> {
    id.parse()
        .map_err(|_| WrongCall("this is not the id of a call".into()))
}

fn print(found: &Value) -> anyhow::Result<()> {
    let calls = found.get("calls").and_then(Value::as_array);
    let calls = calls.map(Vec::as_slice).unwrap_or_default();
    if calls.is_empty() {
        out::note("There are no such calls.");
        return Ok(());
    }
    out::line(&format!(
        "{:36}  {:16}  {:8}  {:11}  {:>6}  {:>5}  FIRST WORDS",
        "CALL", "WHEN", "CHANNEL", "STATUS", "LENGTH", "TURNS"
    ));
    for call in calls {
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or("");
        let number = |name: &str| call.get(name).and_then(Value::as_i64).unwrap_or(0);
        let seconds = number("duration_ms") / 1000;
        let words: String = text("first_words").chars().take(60).collect();
        out::line(&format!(
            "{:36}  {:16}  {:8}  {:11}  {:>6}  {:>5}  {}",
            text("id"),
            out::moment(number("started_at")),
            text("channel"),
            text("status"),
            format!("{}:{:02}", seconds / 60, seconds % 60),
            number("turn_count"),
            words.replace('\n', " ")
        ));
    }
    Ok(())
}

fn checked(wanted: &Wanted) -> anyhow::Result<Filter> {
    let problem = |problem: crate::http::problem::Problem| WrongCall(problem.detail().to_owned());
    Ok(wanted.filter().map_err(problem)?)
}

/// The query of a filter for the server's API.
fn query(workspace: &str, wanted: &Wanted) -> String {
    let place: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("workspace", workspace)
        .finish();
    format!("{place}&{}", wanted.query())
}

async fn list(config: &Config, workspace: &str, wanted: &Wanted) -> anyhow::Result<Value> {
    let (filter, limit) = (checked(wanted)?, wanted.limit());
    if let Some(server) = Server::find(&config.data_dir)? {
        let path = format!("/api/calls?{}", query(workspace, wanted));
        return server.get(&path).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = folder
        .store
        .read(move |conn| page(conn, workspace, &filter, limit));
    Ok(json!(found.await?))
}

async fn show(config: &Config, workspace: &str, id: CallId) -> anyhow::Result<Value> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let place = query(workspace, &Wanted::default());
        return server.get(&format!("/api/calls/{id}?{place}")).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = folder.store.read(move |conn| in_full(conn, workspace, id));
    Ok(json!(found.await?))
}

async fn delete(config: &Config, workspace: &str, id: CallId) -> anyhow::Result<()> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let place = query(workspace, &Wanted::default());
        server.delete(&format!("/api/calls/{id}?{place}")).await?;
    } else {
        let folder = DataFolder::open(config)?;
        let workspace = workspace_named(&folder.store, workspace).await?;
        privacy::erase_call(&folder.store, workspace, id).await?;
    }
    out::note("The call is deleted.");
    Ok(())
}

/// The form that the ending of a file asks for.
fn format_of(file: &Path, usual: Format) -> anyhow::Result<Format> {
    let Some(ending) = file.extension().and_then(|ending| ending.to_str()) else {
        return Ok(usual);
    };
    let known = "json, txt, vtt, srt, csv and zip of one call, jsonl and csv of many";
    Format::parse(&ending.to_ascii_lowercase()).ok_or_else(|| {
        WrongCall(format!(
            "{ending} is no form of an export; there are {known}"
        ))
        .into()
    })
}

fn target(file: &Path) -> anyhow::Result<Box<dyn Write>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdout()));
    }
    let made = out::private_file(file);
    let made = made.with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(Box::new(made))
}

async fn export_one(
    config: &Config,
    workspace: &str,
    file: &Path,
    id: CallId,
) -> anyhow::Result<()> {
    let format = format_of(file, Format::Json)?;
    if format == Format::JsonLines {
        return Err(WrongCall("one call is written as json, not jsonl".into()).into());
    }
    let server = Server::find(&config.data_dir)?;
    let mut written = 0_usize;
    let mut target = target(file)?;
    let mut take = |bytes: &[u8]| -> anyhow::Result<()> {
        written += bytes.len();
        target
            .write_all(bytes)
            .with_context(|| format!("{} cannot be written", file.display()))
    };
    if let Some(server) = server {
        let place = query(workspace, &Wanted::default());
        let path = format!("/api/calls/{id}/export?format={}&{place}", format.name());
        server.download(&path, &mut take).await?;
    } else {
        let folder = DataFolder::open(config)?;
        let workspace = workspace_named(&folder.store, workspace).await?;
        let made = folder
            .store
            .read(move |conn| single(conn, workspace, id, format));
        take(&made.await?)?;
    }
    target
        .flush()
        .context("the last of it could not be written")?;
    out::note(&out::plural(
        written,
        "byte was written",
        "bytes were written",
    ));
    Ok(())
}

async fn export(
    config: &Config,
    workspace: &str,
    file: &Path,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let filter = checked(wanted)?;
    let format = format_of(file, Format::JsonLines)?;
    if !matches!(format, Format::Csv | Format::JsonLines) {
        let remedy = "many calls are written as jsonl or csv; name one with --call for other forms";
        return Err(WrongCall(remedy.into()).into());
    }
    let server = Server::find(&config.data_dir)?;
    let mut target = target(file)?;
    let mut written = 0_usize;
    let mut take = |bytes: &[u8]| -> anyhow::Result<()> {
        written += bytes.len();
        target
            .write_all(bytes)
            .with_context(|| format!("{} cannot be written", file.display()))
    };
    if let Some(server) = server {
        let place = query(workspace, wanted);
        let path = format!("/api/calls/export?format={}&{place}", format.name());
        server.download(&path, &mut take).await?;
    } else {
        let folder = DataFolder::open(config)?;
        let workspace = workspace_named(&folder.store, workspace).await?;
        take(&head(format))?;
        let mut next = Some(filter);
        while let Some(filter) = next {
            let (bytes, more) = batch(&folder.store, workspace, format, filter).await?;
            take(&bytes)?;
            next = more;
        }
    }
    target
        .flush()
        .context("the last of it could not be written")?;
    out::note(&out::plural(
        written,
        "byte was written",
        "bytes were written",
    ));
    Ok(())
}
