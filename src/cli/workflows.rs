//! `frontdesk workflows`: short procedures in a conversation, listed, exported, imported and tried.

use std::fs;
use std::io::{BufRead, stdin};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::workflows::{Definition, templates};

/// Arguments of `frontdesk workflows`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
    /// Workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the workflows, and the templates that are ready to use
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the definition of a workflow, or of a template
    Export {
        /// Short name
        name: String,
    },
    /// Keep a definition from a file, or a template, as the next version of the workflow that it names
    Import {
        /// A file in TOML, or the name of a template
        from: String,
    },
    /// Delete a workflow with its versions
    Delete {
        /// Short name
        name: String,
    },
    /// Try a workflow: write as a visitor, line by line; nothing is kept and nothing is done
    Try {
        /// Short name of a workflow or a template
        name: String,
        /// Language of the visitor: en, de and the like
        #[arg(long, default_value = "en")]
        language: String,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| act(api, &args.what).await,
    ))
}

async fn act(api: &Api, what: &What) -> anyhow::Result<()> {
    match what {
        What::List { json } => {
            let list = api.get("/api/v1/workflows").await?;
            match json {
                true => out::json(&list),
                false => {
                    print(&list);
                    Ok(())
                }
            }
        }
        What::Export { name } => {
            out::text(&text_of(api, name).await?);
            Ok(())
        }
        What::Import { from } => {
            let text = match templates::find(from) {
                Some(text) => text.to_owned(),
                None => fs::read_to_string(PathBuf::from(from)).with_context(|| {
                    format!("{from} is no template, and could not be read as a file")
                })?,
            };
            let definition = Definition::parse(&text).map_err(|problems| {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                WrongCall(lines.join("\n"))
            })?;
            let path = format!("/api/v1/workflows/{}", definition.name);
            let kept = api.put(&path, &json!({ "text": text })).await?;
            out::line(&format!(
                "{} is kept as version {}",
                definition.name, kept["version"]
            ));
            Ok(())
        }
        What::Delete { name } => {
            api.delete(&format!("/api/v1/workflows/{name}")).await?;
            out::line(&format!("{name} is deleted"));
            Ok(())
        }
        What::Try { name, language } => try_out(api, &text_of(api, name).await?, language).await,
    }
}

/// The definition of a workflow, or of a template if there is no such workflow.
async fn text_of(api: &Api, name: &str) -> anyhow::Result<String> {
    let list = api.get("/api/v1/workflows").await?;
    let known = list["workflows"].as_array().into_iter().flatten();
    let mut named = known.filter(|one| one["name"] == name);
    let own = named.next().and_then(|one| one["text"].as_str());
    match own.or_else(|| templates::find(name)) {
        Some(text) => Ok(text.to_owned()),
        None => Err(WrongCall(format!(
            "there is no workflow and no template named {name}; see frontdesk workflows list"
        ))
        .into()),
    }
}

fn print(list: &Value) {
    let known = list["workflows"].as_array().map_or(&[][..], Vec::as_slice);
    for one in known {
        let state = if one["active"] == true { "on" } else { "off" };
        out::line(&format!(
            "{:<16} version {:<4} {state:<4} {}",
            one["name"].as_str().unwrap_or_default(),
            one["version"],
            one["title"].as_str().unwrap_or_default()
        ));
    }
    let names: Vec<&str> = templates::ALL.iter().map(|(name, _)| *name).collect();
    out::line(&format!("Templates: {}", names.join(", ")));
}

async fn try_out(api: &Api, text: &str, language: &str) -> anyhow::Result<()> {
    out::note("Write as a visitor; an empty line ends.");
    let mut run = Value::Null;
    for line in stdin().lock().lines() {
        let said = line?;
        if said.trim().is_empty() {
            break;
        }
        let mut body = json!({ "text": text, "said": said, "language": language });
        if let (Some(fields), false) = (body.as_object_mut(), run.is_null()) {
            fields.insert("run".into(), run.clone());
        }
        let told = api.post("/api/v1/workflow-trials", &body).await?;
        if let Some(question) = told["aside"].as_str() {
            out::line(&format!("(The assistant answers: {question})"));
        }
        for says in told["says"].as_array().into_iter().flatten() {
            out::line(says.as_str().unwrap_or_default());
        }
        for act in told["acts"].as_array().into_iter().flatten() {
            out::line(&format!("(Would be done: {})", act["deed"]));
        }
        if told["state"] != "asking" {
            break;
        }
        run = told["run"].clone();
    }
    Ok(())
}
