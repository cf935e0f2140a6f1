//! `frontdesk assistants`: which there are, what they say, drafts, versions, files.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::quota::{rows, text};
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

const ASSISTANTS: &str = "/api/v1/assistants";

/// Arguments of `frontdesk assistants`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
    /// Short name of the workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the assistants, and those that can be brought back
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what an assistant says, and what it inherits
    Show {
        /// Short name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an assistant
    Add {
        /// Short name: small letters, digits and hyphens
        name: String,
        /// What visitors see; the short name if left out
        #[arg(long)]
        title: Option<String>,
    },
    /// Change one field of the draft, such as `ladder {"model":false}` or `tone brief`
    Set {
        /// Short name
        name: String,
        /// Field or section
        field: String,
        /// JSON, or a text; left out, the field is inherited again
        value: Option<String>,
    },
    /// Say how the draft differs from what is live, or two versions from each other
    Diff {
        /// Short name
        name: String,
        /// Number of a version; what is live if left out
        #[arg(long)]
        from: Option<String>,
        /// Number of a version; the draft if left out
        #[arg(long)]
        to: Option<String>,
    },
    /// Make the draft what visitors get; with the gate on, it waits there
    Publish {
        /// Short name
        name: String,
        /// A remark about the version
        #[arg(long)]
        note: Option<String>,
    },
    /// Throw the draft away
    Discard {
        /// Short name
        name: String,
    },
    /// List the versions
    Versions {
        /// Short name
        name: String,
    },
    /// Make what an earlier version says live again
    Rollback {
        /// Short name
        name: String,
        /// Number of the version
        version: u32,
    },
    /// Make another assistant of this one
    Duplicate {
        /// Short name
        name: String,
        /// Short name of the new one
        new: String,
    },
    /// Write an assistant to a file, TOML or JSON by its ending
    Export {
        /// Short name
        name: String,
        /// File to write, or - for standard output
        #[arg(long, default_value = "-")]
        out: PathBuf,
        /// Number of a version or `draft`; what is live if left out
        #[arg(long)]
        version: Option<String>,
    },
    /// Take in a file: as a new assistant, or as the draft of the one that has the name
    Import {
        /// The file
        file: PathBuf,
        /// Short name, in place of the file's own
        #[arg(long)]
        name: Option<String>,
    },
    /// Delete an assistant; it can be brought back for 30 days
    Delete {
        /// Short name
        name: String,
    },
    /// Bring back an assistant that was deleted
    Restore {
        /// Short name
        name: String,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let (workspace, what) = (args.workspace, args.what);
    block_on(with_api(
        config,
        &workspace,
        Start::Never,
        async move |api| carry_out(api, what).await,
    ))
}

fn path_of(name: &str, rest: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("{ASSISTANTS}/{name}{rest}")
}

async fn carry_out(api: &Api, what: What) -> anyhow::Result<()> {
    match what {
        What::List { json } => {
            let all = api.get(ASSISTANTS).await?;
            if json {
                return out::json(&all);
            }
            list(&all);
        }
        What::Show { name, json } => {
            let found = api.get(&path_of(&name, "")).await?;
            if json {
                return out::json(&found);
            }
            show(&found);
        }
        What::Add { name, title } => {
            let said = json!({ "title": title.unwrap_or_else(|| name.clone()) });
            api.post(ASSISTANTS, &json!({ "name": name, "said": said }))
                .await?;
            out::line(&format!("The assistant {name} is made."));
        }
        What::Set { name, field, value } => {
            let change = json!({ "said": { field.as_str(): read_value(value) } });
            api.patch(&path_of(&name, "/draft"), &change).await?;
            out::line(&format!(
                "The draft of {name} is saved; `frontdesk assistants publish {name}` makes it live."
            ));
        }
        What::Diff { name, from, to } => diff(api, &name, from, to).await?,
        What::Publish { name, note } => {
            let done = api
                .post(&path_of(&name, "/publish"), &json!({ "note": note }))
                .await?;
            out::line(&match done.get("waits").and_then(Value::as_bool) {
                Some(true) => {
                    format!("The draft of {name} waits at the gate, on the page Quality.")
                }
                _ => format!("{name} is live as version {}.", number(&done, "version")),
            });
        }
        What::Discard { name } => {
            api.delete(&path_of(&name, "/draft")).await?;
            out::line(&format!("{name} has no draft any more."));
        }
        What::Versions { name } => versions(&api.get(&path_of(&name, "/versions")).await?),
        What::Rollback { name, version } => {
            let body = json!({ "version": version });
            let back = api.post(&path_of(&name, "/rollback"), &body).await?;
            let now = number(&back, "version");
            out::line(&format!(
                "{name} says what version {version} said, as version {now}."
            ));
        }
        What::Duplicate { name, new } => {
            api.post(&path_of(&name, "/duplicate"), &json!({ "name": new }))
                .await?;
            out::line(&format!(
                "{new} is made of {name}, as a draft; `frontdesk assistants publish {new}` makes it live."
            ));
        }
        What::Export { name, out, version } => {
            let format = match out.extension().is_some_and(|ending| ending == "json") {
                true => "json",
                false => "toml",
            };
            let version = version.map(|number| {
                let number: String = form_urlencoded::byte_serialize(number.as_bytes()).collect();
                format!("&version={number}")
            });
            let query = format!("/export?format={format}{}", version.unwrap_or_default());
            api.save(&path_of(&name, &query), &out).await?;
        }
        What::Import { file, name } => {
            let failed = || format!("{} cannot be read", file.display());
            let text = std::fs::read_to_string(&file).with_context(failed)?;
            let body = json!({ "text": text, "name": name });
            let taken = api.post(&format!("{ASSISTANTS}/import"), &body).await?;
            let name = text_of(&taken, "name");
            out::line(&match taken.get("draft").and_then(Value::as_bool) {
                Some(true) => format!(
                    "The file is the draft of {name} now; `frontdesk assistants publish {name}` makes it live."
                ),
                _ => format!("The file says what {name} says already."),
            });
            let warnings = taken.get("warnings").and_then(Value::as_array);
            for warning in warnings.into_iter().flatten().filter_map(Value::as_str) {
                out::note(&format!("Note: {warning}."));
            }
        }
        What::Delete { name } => {
            api.delete(&path_of(&name, "")).await?;
            out::line(&format!(
                "{name} is deleted; `frontdesk assistants restore {name}` brings it back within 30 days."
            ));
        }
        What::Restore { name } => {
            api.post(&path_of(&name, "/restore"), &json!({})).await?;
            out::line(&format!("{name} is back."));
        }
    }
    Ok(())
}

/// JSON as it is, anything else as a text.
fn read_value(value: Option<String>) -> Value {
    match value {
        None => Value::Null,
        Some(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

fn number(of: &Value, field: &str) -> u64 {
    of.get(field).and_then(Value::as_u64).unwrap_or_default()
}

fn text_of(of: &Value, field: &str) -> String {
    text(of, field).to_owned()
}

fn list(all: &Value) {
    for one in rows(all, "assistants") {
        let mut told = vec![match number(one, "version") {
            0 => "not published yet: only staff reach it".to_owned(),
            number => format!("version {number}"),
        }];
        let is = |field: &str| one.get(field).and_then(Value::as_bool) == Some(true);
        if is("usual") {
            told.push("answers where none is named".into());
        }
        match (is("draft"), is("waits")) {
            (_, true) => told.push("its draft waits at the gate".into()),
            (true, false) if number(one, "version") > 0 => told.push("has a draft".into()),
            (_, false) => {}
        }
        let (name, title) = (text(one, "name"), text(one, "title"));
        out::line(&format!("{name}: {title} ({})", told.join(", ")));
    }
    for gone in rows(all, "deleted") {
        out::line(&format!(
            "{}: {} (deleted)",
            text(gone, "name"),
            text(gone, "title")
        ));
    }
}

fn show(found: &Value) {
    for field in rows(found, "fields") {
        let inherited = field.get("inherited").and_then(Value::as_bool) == Some(true);
        let value = text(field, "value");
        let told = match (inherited, value) {
            (true, "") => "none".to_owned(),
            (true, value) => format!("{value} (inherited)"),
            (false, value) => value.to_owned(),
        };
        out::line(&format!("{}: {told}", text(field, "label")));
    }
}

fn versions(all: &Value) {
    for one in rows(all, "versions") {
        let name = match number(one, "number") {
            0 => "draft".to_owned(),
            number => format!("version {number}"),
        };
        let (state, author, note) = (text(one, "state"), text(one, "author"), text(one, "note"));
        let more = [author, note].into_iter().filter(|text| !text.is_empty());
        let more: Vec<&str> = more.collect();
        out::line(format!("{name} ({state}) {}", more.join(": ")).trim_end());
    }
}

async fn diff(
    api: &Api,
    name: &str,
    from: Option<String>,
    to: Option<String>,
) -> anyhow::Result<()> {
    let mut query = Vec::new();
    for (key, value) in [("from", from), ("to", to)] {
        if let Some(value) = value {
            // What passes needs no encoding.
            if value != "draft" && value.parse::<u32>().is_err() {
                let told = format!("`{value}` is no version; give a number or `draft`");
                return Err(WrongCall(told).into());
            }
            query.push(format!("{key}={value}"));
        }
    }
    let query = format!("/diff?{}", query.join("&"));
    let found = api.get(&path_of(name, &query)).await?;
    let differences = rows(&found, "differences");
    if differences.is_empty() {
        out::line("They say the same.");
    }
    for one in differences {
        out::line(text(one, "sentence"));
    }
    Ok(())
}
