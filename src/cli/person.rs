//! `frontdesk person`: what is kept of somebody, and erasing it.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, workspace_named};
use crate::app::{DataFolder, person_copy, privacy};
use crate::config::Config;
use crate::http::api::people::{PersonFound, subject};
use crate::store::erasure::Subject;

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
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what is kept of a person and what erasing it would erase
    Find {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
    },
    /// Write everything that is kept of a person into a ZIP for them
    Copy {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
        /// File to write
        #[arg(long, default_value = "person.zip")]
        out: PathBuf,
    },
    /// Erase all of them, at once and for good; prints what was erased
    Erase {
        /// Part of an e-mail address or a name, a telephone number, or an id
        who: String,
        /// Do not ask; look at `person find` first
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if let Action::Copy { who, out } = &args.action {
        let bytes = block_on(copy(&config, &args.workspace, who))?;
        std::fs::write(out, bytes).with_context(|| format!("writing {}", out.display()))?;
        out::note(&format!("Written to {}.", out.display()));
        return Ok(());
    }
    let (Action::Find { who } | Action::Erase { who, .. } | Action::Copy { who, .. }) =
        &args.action;
    let found = block_on(find(&config, &args.workspace, who))?;
    let all = found.get("found").and_then(Value::as_array);
    let all = all.map(Vec::as_slice).unwrap_or_default();
    let Action::Erase { yes, .. } = args.action else {
        if args.json {
            return out::json(&found);
        }
        show(all);
        return Ok(());
    };
    if all.is_empty() {
        return Err(WrongCall(format!("nothing is kept of {who}")).into());
    }
    if !yes {
        show(all);
        return Err(WrongCall(
            "nothing was erased yet; say --yes to erase all of these for good".into(),
        )
        .into());
    }
    let certificate = block_on(erase(&config, &args.workspace, all))?;
    if args.json {
        return out::json(&certificate);
    }
    let at = certificate.get("erased_at").and_then(Value::as_i64);
    out::line(&format!(
        "Erased at {}: {}.",
        out::moment(at.unwrap_or(0)),
        counted(certificate.get("erased").unwrap_or(&Value::Null))
    ));
    Ok(())
}

fn show(found: &[Value]) {
    if found.is_empty() {
        out::note("There is nothing.");
    }
    for one in found {
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
                if one {
                    what.trim_end_matches('s')
                } else {
                    &what
                }
            )
        })
        .collect();
    words.join(", ")
}

fn query(workspace: &str, more: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("workspace", workspace)
        .extend_pairs(more)
        .finish()
}

async fn find(config: &Config, workspace: &str, who: &str) -> anyhow::Result<Value> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let path = format!("/api/people?{}", query(workspace, &[("who", who)]));
        return server.get(&path).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = privacy::find(&folder.store, workspace, who.to_owned()).await?;
    Ok(json!(PersonFound::from(found)))
}

async fn copy(config: &Config, workspace: &str, who: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let path = format!("/api/people/copy?{}", query(workspace, &[("who", who)]));
        let mut bytes = Vec::new();
        let take = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        server.download(&path, take).await?;
        return Ok(bytes);
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let made = person_copy::copy(&folder.store, workspace, who.to_owned()).await?;
    made.ok_or_else(|| WrongCall(format!("nothing is kept of {who}")).into())
}

async fn erase(config: &Config, workspace: &str, found: &[Value]) -> anyhow::Result<Value> {
    let ids = |kind: &str| -> Vec<String> {
        let of_kind = found
            .iter()
            .filter(|one| one.get("kind") == Some(&json!(kind)));
        of_kind
            .filter_map(|one| one.get("id")?.as_str().map(str::to_owned))
            .collect()
    };
    if let Some(server) = Server::find(&config.data_dir)? {
        let path = format!("/api/people/erase?{}", query(workspace, &[]));
        let selection = json!({
            "conversations": ids("conversation"),
            "calls": ids("call"),
            "receipts": ids("receipt"),
            "golden_questions": ids("golden_question"),
        });
        return server.post(&path, &selection).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let kinds = ["conversation", "call", "receipt", "golden_question"];
    let subjects: Vec<Subject> = kinds
        .into_iter()
        .flat_map(|kind| ids(kind).into_iter().map(move |id| (kind, id)))
        .filter_map(|(kind, id)| subject(kind, &id))
        .collect();
    let certificate = privacy::erase(&folder.store, workspace, subjects).await?;
    Ok(json!(certificate))
}
