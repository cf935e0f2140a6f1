//! `frontdesk faq`: approved questions and answers.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::knowledge::FaqImport;
use crate::store::FaqId;

/// Arguments of `frontdesk faq`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace that the questions belong to
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Import questions and answers: CSV with `question,answer`, JSON, text with Q: and A:, or a
    /// saved FAQ page with schema.org markup
    Import {
        /// The file
        file: PathBuf,
        /// Keep them as drafts, which visitors do not get
        #[arg(long)]
        draft: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List questions and answers
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add one, approved at once
    Add {
        /// The question
        question: String,
        /// The answer, which visitors get word for word
        answer: String,
    },
    /// Approve an answer, so that visitors get it
    Approve {
        /// Its id, as `faq list` shows it
        id: String,
    },
    /// Delete one
    Remove {
        /// Its id, as `faq list` shows it
        id: String,
    },
    /// Write all of them to a file: .json, otherwise CSV with `question,answer`
    Export {
        /// The file
        file: PathBuf,
    },
}

/// A question and answer as the API shows it.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    id: String,
    questions: Vec<String>,
    answer: String,
    state: String,
    expires_at: Option<i64>,
    answered: u64,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    block_on(with_api(config, &args.workspace, Start::Now, async |api| {
        carry_out(api, &args.what).await
    }))
}

async fn carry_out(api: &Api, what: &What) -> anyhow::Result<()> {
    match what {
        What::Import { file, draft, json } => {
            let bytes = std::fs::read(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            api.make_workspace().await?;
            let path = format!("/api/v1/faqs/import?approved={}", !draft);
            let report: FaqImport =
                serde_json::from_value(api.send_file(&path, &name, bytes).await?)?;
            if *json {
                return out::json(&report);
            }
            for left in &report.skipped {
                out::note(&format!("{name}, line {}: {}", left.line, left.reason));
            }
            out::line(&format!(
                "{} added, {} merged, {} left out",
                report.added,
                report.merged,
                report.skipped.len()
            ));
        }
        What::List { json } => {
            let all = all(api).await?;
            if *json {
                return out::json(&json!({ "faqs": all }));
            }
            if all.is_empty() {
                out::note("There are no questions yet: frontdesk faq import FILE");
            }
            for faq in &all {
                out::line(&format!("{}  {}", faq.id, faq.state));
                for question in &faq.questions {
                    out::line(&format!("  Q: {question}"));
                }
                out::line(&format!("  A: {}", faq.answer));
            }
        }
        What::Add { question, answer } => {
            api.make_workspace().await?;
            let body = json!({"questions": [question], "answer": answer, "state": "approved"});
            let made = api.post("/api/v1/faqs", &body).await?;
            out::line(made["id"].as_str().unwrap_or_default());
        }
        What::Approve { id } => {
            let path = format!("{}/approve", path_of(id)?);
            api.post(&path, &json!({})).await?;
        }
        What::Remove { id } => {
            api.delete(&path_of(id)?).await?;
        }
        What::Export { file } => export(file, &all(api).await?)?,
    }
    Ok(())
}

fn export(file: &Path, all: &[Shown]) -> anyhow::Result<()> {
    let what = || format!("{} cannot be written", file.display());
    if file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"))
    {
        let list: Vec<_> = all
            .iter()
            .map(|f| json!({"questions": f.questions, "answer": f.answer, "state": f.state}))
            .collect();
        std::fs::write(file, serde_json::to_vec_pretty(&list)?).with_context(what)?;
    } else {
        let mut table = csv::Writer::from_path(file).with_context(what)?;
        table.write_record(["question", "answer", "state"])?;
        for faq in all {
            for question in &faq.questions {
                table.write_record([question, &faq.answer, &faq.state])?;
            }
        }
        table.flush().with_context(what)?;
    }
    out::note(&format!(
        "{} to {}",
        out::plural(all.len(), "answer written", "answers written"),
        file.display()
    ));
    Ok(())
}

async fn all(api: &Api) -> anyhow::Result<Vec<Shown>> {
    let mut found = api.get("/api/v1/faqs").await?;
    Ok(serde_json::from_value(found["faqs"].take())?)
}

/// The path of a question and answer.
fn path_of(id: &str) -> anyhow::Result<String> {
    if id.parse::<FaqId>().is_err() {
        let wrong = format!("`{id}` is not the id of a question; frontdesk faq list shows the ids");
        return Err(WrongCall(wrong).into());
    }
    Ok(format!("/api/v1/faqs/{id}"))
}
