//! `frontdesk person`: finds and erases what is kept about somebody.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

/// Arguments of `frontdesk person`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Workspace that the conversations belong to
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
    /// List what is kept about a person and what erasing it would delete
    Find {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
    },
    /// Write everything that is kept about a person into a ZIP for them
    Copy {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
        /// File to write
        #[arg(long, default_value = "person.zip")]
        out: PathBuf,
    },
    /// Erase all of it, at once and for good; prints what was erased
    Erase {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
        /// Do it; check with `person find` first
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| act(api, &args).await,
    ))
}

async fn act(api: &Api, args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Copy { who, out } => {
            api.save(&about("/api/v1/people/copy", who), out).await?;
            out::note(&format!(
                "Written to {}. It is not encrypted.",
                out.display()
            ));
        }
        Action::Find { who } => {
            let found = api.get(&about("/api/v1/people", who)).await?;
            if args.json {
                return out::json(&found);
            }
            show(&found);
        }
        Action::Erase { who, yes } => {
            let found = api.get(&about("/api/v1/people", who)).await?;
            if listed(&found).is_empty() {
                return Err(WrongCall(format!("nothing is kept about {who}")).into());
            }
            if !yes {
                show(&found);
                return Err(WrongCall(
                    "nothing was erased yet; add --yes to erase all of these for good".into(),
                )
                .into());
            }
            let certificate = erase(api, who, found).await?;
            if args.json {
                return out::json(&certificate);
            }
            certified(&certificate);
        }
    }
    Ok(())
}

fn certified(certificate: &Value) {
    let at = |name: &str| certificate.get(name).and_then(Value::as_i64);
    out::line(&format!(
        "Erased at {}: {}.",
        out::moment(at("erased_at").unwrap_or(0)),
        counted(certificate.get("erased").unwrap_or(&Value::Null))
    ));
    out::line(
        "Earlier backups still hold it until they are too old to keep; restoring one erases it again.",
    );
    let erased = |what: &str| {
        certificate
            .pointer(&format!("/erased/{what}"))
            .and_then(Value::as_u64)
    };
    let of_crm = ["leads", "crm_messages", "transcripts"];
    if of_crm.into_iter().any(|what| erased(what).unwrap_or(0) > 0) {
        out::line(
            "What a CRM told still lies there, with the notes, tags, tasks and the score that were written into it: erase it \
             there too.",
        );
    }
}

fn show(found: &Value) {
    let all = listed(found);
    if all.is_empty() {
        out::note("Nothing was found.");
    }
    for one in all {
        let text = |field: &str| one.get(field).and_then(Value::as_str).unwrap_or("");
        let at = one.get("at").and_then(Value::as_i64);
        out::line(&format!(
            "{} {}  {}  {}  {}",
            text("kind"),
            text("id"),
            out::moment(at.unwrap_or(0)),
            counted(one.get("erases").unwrap_or(&Value::Null)),
            text("excerpt")
        ));
    }
    if found.get("more") == Some(&json!(true)) {
        out::note("There is more than is listed here; erasing takes all of it.");
    }
}

/// "12 messages, 3 receipts"
pub(super) fn counted(traces: &Value) -> String {
    let some = traces.as_object().into_iter().flatten();
    let some = some.filter(|(_, n)| n.as_u64().unwrap_or(0) > 0);
    let words: Vec<String> = some
        .map(|(what, n)| {
            let what = what.replace('_', " ");
            let one = n.as_u64() == Some(1);
            format!(
                "{n} {}",
                if one && what == "analyses" {
                    "analysis"
                } else if one {
                    what.trim_end_matches('s')
                } else {
                    &what
                }
            )
        })
        .collect();
    words.join(", ")
}

/// Adds the person to a path as a query.
fn about(path: &str, who: &str) -> String {
    let who: String = form_urlencoded::byte_serialize(who.as_bytes()).collect();
    format!("{path}?who={who}")
}

/// Erases everything found, batch by batch, and adds up what was erased.
async fn erase(api: &Api, who: &str, first: Value) -> anyhow::Result<Value> {
    let mut found = first;
    let mut sum: Option<Value> = None;
    loop {
        let certificate = api.post("/api/v1/people/erase", &selection(&found)).await?;
        sum = Some(match sum {
            None => certificate,
            Some(before) => add_up(before, &certificate),
        });
        if found.get("more") != Some(&json!(true)) {
            return Ok(sum.unwrap_or_default());
        }
        found = api.get(&about("/api/v1/people", who)).await?;
        if listed(&found).is_empty() {
            return Ok(sum.unwrap_or_default());
        }
    }
}

fn selection(found: &Value) -> Value {
    let ids = |kind: &str| -> Vec<&str> {
        let of_kind = listed(found)
            .iter()
            .filter(|one| one.get("kind") == Some(&json!(kind)));
        of_kind.filter_map(|one| one.get("id")?.as_str()).collect()
    };
    json!({
        "conversations": ids("conversation"),
        "calls": ids("call"),
        "receipts": ids("receipt"),
        "golden_questions": ids("golden_question"),
        "contacts": ids("contact"),
        "tasks": ids("task"),
        "analyses": ids("analysis"),
        "crm": ids("crm"),
    })
}

fn listed(found: &Value) -> &[Value] {
    let all = found.get("found").and_then(Value::as_array);
    all.map(Vec::as_slice).unwrap_or_default()
}

/// Merges two certificates: the later time, the sums of both.
fn add_up(before: Value, later: &Value) -> Value {
    match (before, later) {
        (Value::Object(before), Value::Object(later)) => {
            let both = later.iter().map(|(name, value)| {
                let value = match (name.as_str(), before.get(name)) {
                    ("erased_at", _) | (_, None) => value.clone(),
                    (_, Some(earlier)) => add_up(earlier.clone(), value),
                };
                (name.clone(), value)
            });
            Value::Object(both.collect())
        }
        (before, later) => match (before.as_u64(), later.as_u64()) {
            (Some(before), Some(later)) => json!(before + later),
            _ => later.clone(),
        },
    }
}
