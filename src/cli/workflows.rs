//! `frontdesk workflows`: short procedures in a conversation, listed, exported, imported and tried, and what became of them.

use std::fs;
use std::io::{BufRead, IsTerminal, stdin};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::language::Language;
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
    /// Show what became of runs, the newest first, and the steps that people leave at
    Runs {
        /// Short name; without it, of every workflow
        name: Option<String>,
        /// How many of each workflow
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        last: u32,
        /// Print JSON: for each workflow what the API answers
        #[arg(long)]
        json: bool,
    },
    /// Walk through a workflow: write as a visitor, line by line; nothing is kept and nothing is done
    ///
    /// It goes the steps that chat and calls go. Lines from a file (`frontdesk workflows try order < lines.txt`) are printed
    /// with what is said to them, so that the whole conversation stands in the output.
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
            let path = path_of(&definition.name, "");
            let kept = api.put(&path, &json!({ "text": text })).await?;
            out::line(&format!(
                "{} is kept as version {}",
                definition.name, kept["version"]
            ));
            Ok(())
        }
        What::Delete { name } => {
            api.delete(&path_of(name, "")).await?;
            out::line(&format!("{name} is deleted"));
            Ok(())
        }
        What::Runs { name, last, json } => {
            let found = runs(api, name.as_deref(), *last).await?;
            match json {
                true => out::json(&found),
                false => {
                    print_runs(&found);
                    Ok(())
                }
            }
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

fn path_of(name: &str, rest: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("/api/v1/workflows/{name}{rest}")
}

/// What the API tells of the runs of one workflow, or of each.
async fn runs(api: &Api, name: Option<&str>, last: u32) -> anyhow::Result<Map<String, Value>> {
    let names: Vec<String> = match name {
        Some(name) => vec![name.to_owned()],
        None => {
            let list = api.get("/api/v1/workflows").await?;
            let known = list["workflows"].as_array().into_iter().flatten();
            let names = known.filter_map(|one| one["name"].as_str());
            names.map(str::to_owned).collect()
        }
    };
    let mut all = Map::new();
    for name in names {
        let path = path_of(&name, &format!("/runs?limit={last}"));
        let found = api.get(&path).await?;
        all.insert(name, found);
    }
    Ok(all)
}

fn print_runs(all: &Map<String, Value>) {
    if all.is_empty() {
        out::line("No workflows yet. See frontdesk workflows import.");
    }
    for (name, found) in all {
        let runs = found["runs"].as_array().map_or(&[][..], Vec::as_slice);
        let count = out::plural(runs.len(), "run", "runs");
        let more = if found["next"].is_null() {
            ""
        } else {
            ", and older ones"
        };
        out::line(&format!("{name}: {count}{more}"));
        for run in runs {
            out::line(&format!("  {}", run_line(run)));
        }
        let leaves = found["leaves"].as_array().into_iter().flatten();
        let leaves: Vec<String> = leaves
            .map(|one| {
                let step = one["step"].as_str().unwrap_or_default();
                format!("{step} ({})", one["runs"])
            })
            .collect();
        if !leaves.is_empty() {
            out::line(&format!("  People leave at: {}", leaves.join(", ")));
        }
    }
}

fn run_line(run: &Value) -> String {
    let text = |name: &str| run[name].as_str().unwrap_or_default();
    let begun = out::moment(run["started_at"].as_i64().unwrap_or_default());
    let acts = run["acts"].as_object().into_iter().flatten();
    let acts: Vec<String> = acts
        .filter(|(_, count)| count.as_u64().is_some_and(|count| count > 0))
        .map(|(what, count)| format!("{count} {}", what.replace('_', " ")))
        .collect();
    let line = format!(
        "{begun}  {:<9}  {:<14}  version {:<3}  {}  {}",
        text("state"),
        text("step"),
        run["version"].as_u64().unwrap_or_default(),
        text("conversation"),
        acts.join(", ")
    );
    line.trim_end().to_owned()
}

async fn try_out(api: &Api, text: &str, language: &str) -> anyhow::Result<()> {
    if Language::of_code(language).is_none() {
        let told =
            format!("`{language}` is no language of workflows; write a code such as en or de");
        return Err(WrongCall(told).into());
    }
    let is_typed = stdin().is_terminal();
    if is_typed {
        out::note("Write as a visitor; an empty line ends.");
    }
    let (mut run, mut state) = (Value::Null, String::new());
    for line in stdin().lock().lines() {
        let said = line?;
        if said.trim().is_empty() {
            break;
        }
        if !is_typed {
            out::line(&format!("> {said}"));
        }
        let mut body = json!({ "text": text, "said": said, "language": language });
        if let (Some(fields), false) = (body.as_object_mut(), run.is_null()) {
            fields.insert("run".into(), run.clone());
        }
        let told = api.post("/api/v1/workflow-trials", &body).await?;
        print_step(&told);
        told["state"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut state);
        if state != "asking" {
            break;
        }
        run = told["run"].clone();
    }
    out::line(match state.as_str() {
        "" => "(Nothing was said.)",
        "done" => "(It is done.)",
        "cancelled" => "(The visitor cancelled it.)",
        "given_up" => "(It stopped: the answers were not understood.)",
        _ => "(It still waits for an answer.)",
    });
    Ok(())
}

fn print_step(told: &Value) {
    if let Some(question) = told["aside"].as_str() {
        out::line(&format!("(The assistant answers: {question})"));
    }
    for says in told["says"].as_array().into_iter().flatten() {
        out::line(says.as_str().unwrap_or_default());
    }
    let options = told["options"].as_array().into_iter().flatten();
    let options: Vec<&str> = options.filter_map(Value::as_str).collect();
    if !options.is_empty() {
        out::line(&format!("[{}]", options.join("] [")));
    }
    for act in told["acts"].as_array().into_iter().flatten() {
        let with = act["deed"]["with"].as_object().into_iter().flatten();
        let with: Vec<String> = with
            .filter_map(|(name, value)| Some(format!("{name}: {}", value.as_str()?)))
            .collect();
        let act = act["deed"]["act"].as_str().unwrap_or_default();
        out::line(&format!("(Would be done: {act}; {})", with.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_other_path() {
        for (name, path) in [
            ("order", "/api/v1/workflows/order/runs"),
            ("../keys", "/api/v1/workflows/..%2Fkeys/runs"),
            ("x?y", "/api/v1/workflows/x%3Fy/runs"),
        ] {
            assert_eq!(path_of(name, "/runs"), path);
        }
    }

    #[test]
    fn a_run_is_one_line_with_what_it_did() {
        let run = json!({
            "conversation": "c1", "version": 2, "state": "done", "started_at": 0, "step": null,
            "acts": {"done": 2, "failed": 0, "waiting_for_staff": 1},
        });
        let line = run_line(&run);
        assert!(line.contains("done "), "{line}");
        assert!(
            line.ends_with("version 2    c1  2 done, 1 waiting for staff"),
            "{line}"
        );
    }
}
