//! `frontdesk calls`: voice sessions, what was said in them, and their recordings.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde_json::Value;

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, checked_query, log};
use crate::app::Start;
use crate::http::api::calls::{CallFormat, CallQuery};
use crate::http::listing::file::FileFormat;
use crate::store::CallId;

/// Arguments of `frontdesk calls`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace of the calls
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List calls, newest first
    List {
        #[command(flatten)]
        selection: CallSelection,
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
    /// Write calls to a file, whose extension sets the format: .jsonl or .csv for many; .json, .txt, .vtt, .srt,
    /// .csv or .zip (with the recording) for one
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
        /// Only this call
        #[arg(long, value_name = "ID")]
        call: Option<String>,
        #[command(flatten)]
        selection: CallSelection,
    },
    /// Delete a call with its transcript, flow log and recording, for good
    Delete {
        /// Id of the call
        id: String,
        /// Do it; this cannot be undone
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, ClapArgs)]
struct CallSelection {
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
    /// With a turn answered by: faq, fact, extract, model, refusal or talk
    #[arg(long, default_value = "")]
    rung: String,
    /// yes or no
    #[arg(long, default_value = "")]
    recorded: String,
    /// From this day (2026-05-03) or time (RFC 3339)
    #[arg(long, value_name = "TIME", default_value = "")]
    from: String,
    /// Up to and including this day, or up to this time
    #[arg(long, value_name = "TIME", default_value = "")]
    until: String,
}

impl CallSelection {
    fn query(self) -> CallQuery {
        CallQuery {
            q: self.text,
            channel: self.channel,
            status: self.status,
            reason: self.reason,
            rung: self.rung,
            recorded: self.recorded,
            from: self.from,
            until: self.until,
            ..CallQuery::default()
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let workspace = args.workspace;
    block_on(with_api(config, &workspace, Start::Never, async |api| {
        act(api, args.what).await
    }))
}

async fn act(api: &Api, what: What) -> anyhow::Result<()> {
    match what {
        What::List {
            selection,
            limit,
            json,
        } => {
            let mut query = selection.query();
            query.limit = limit.to_string();
            let query = checked_query(&query)?;
            let found = api.get(&format!("/api/v1/calls?{query}")).await?;
            match json {
                true => out::json(&found),
                false => print(&found),
            }
        }
        What::Show { id } => {
            let path = format!("/api/v1/calls/{}", call_id(&id)?);
            out::json(&api.get(&path).await?)
        }
        What::Export {
            file,
            call,
            selection,
        } => {
            let path = match call {
                Some(id) => export_of_one(&file, call_id(&id)?)?,
                None => export_of_many(&file, &selection.query())?,
            };
            let written = api.save(&path, &file).await?;
            out::note(&format!("{written} bytes were written"));
            Ok(())
        }
        What::Delete { id, yes } => {
            let id = call_id(&id)?;
            if !yes {
                let ask = "deleting a call cannot be undone; add --yes to do it";
                return Err(WrongCall(ask.into()).into());
            }
            api.delete(&format!("/api/v1/calls/{id}")).await?;
            out::note("The call was deleted.");
            Ok(())
        }
    }
}

fn export_of_one(file: &Path, id: CallId) -> Result<String, WrongCall> {
    let format = match ending_of(file) {
        None => CallFormat::Json,
        Some(ending) if ending.eq_ignore_ascii_case("jsonl") => {
            let remedy = "a single call is written as json, not jsonl";
            return Err(WrongCall(remedy.into()));
        }
        Some(ending) => {
            let format = CallFormat::parse(&ending.to_ascii_lowercase());
            format.ok_or_else(|| no_form(ending))?
        }
    };
    Ok(format!(
        "/api/v1/calls/{id}/export?format={}",
        format.name()
    ))
}

fn export_of_many(file: &Path, query: &CallQuery) -> Result<String, WrongCall> {
    let query = checked_query(query)?;
    let format = match ending_of(file) {
        None => FileFormat::JsonLines,
        Some(ending) => {
            let name = ending.to_ascii_lowercase();
            FileFormat::parse(&name).ok_or_else(|| {
                if CallFormat::parse(&name).is_none() {
                    return no_form(ending);
                }
                let remedy =
                    "many calls are written as jsonl or csv; name one with --call for other formats";
                WrongCall(remedy.into())
            })?
        }
    };
    Ok(format!(
        "/api/v1/calls/export?format={}&{query}",
        format.name()
    ))
}

/// The file's extension, which sets the format.
fn ending_of(file: &Path) -> Option<&str> {
    file.extension()?.to_str()
}

fn no_form(ending: &str) -> WrongCall {
    let known = "json, txt, vtt, srt, csv and zip for one call, jsonl and csv for many";
    WrongCall(format!(
        "{ending} is not an export format; the formats are {known}"
    ))
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
