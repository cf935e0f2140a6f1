//! `frontdesk faq`: approved questions and answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::app::{App, ensure_workspace};
use crate::knowledge::{FaqImport, ImportFaqs, read_faq_pairs};
use crate::store::WorkspaceId;
use crate::store::faqs::{self, Faq, FaqState, NewFaq};

/// Arguments of `frontdesk faq`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace that the questions belong to
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take questions and answers in: CSV with `question,answer`, JSON, text with Q: and A:, or a
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
    /// Write one, approved at once
    Add {
        /// The question
        question: String,
        /// The answer, given word for word
        answer: String,
    },
    /// Let visitors get an answer
    Approve {
        /// Its id, as `faq list` shows it
        id: String,
    },
    /// Delete one
    Remove {
        /// Its id, as `faq list` shows it
        id: String,
    },
    /// Write all of them to a file: .json, else CSV with `question,answer`
    Export {
        /// The file
        file: PathBuf,
    },
}

/// A question as the API shows it.
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
    block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => {
                let desk = Remote {
                    server,
                    workspace: &args.workspace,
                };
                carry_out(&Desk::Remote(desk), &args.what).await
            }
            None => {
                with_app(config, |app| async {
                    let workspace =
                        ensure_workspace(&app.store, &args.workspace, &args.workspace).await?;
                    carry_out(&Desk::Local(app, workspace), &args.what).await
                })
                .await
            }
        }
    })
}

async fn carry_out(desk: &Desk<'_>, what: &What) -> anyhow::Result<()> {
    match what {
        What::Import { file, draft, json } => {
            let bytes = std::fs::read(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let report = desk.import(&name, bytes, !draft).await?;
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
            let all = desk.list().await?;
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
            out::line(&desk.add(question, answer).await?);
        }
        What::Approve { id } => desk.approve(id).await?,
        What::Remove { id } => desk.remove(id).await?,
        What::Export { file } => export(file, &desk.list().await?)?,
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
        "{} answers written to {}",
        all.len(),
        file.display()
    ));
    Ok(())
}

/// Where the questions are: with a running server, or in the data folder.
enum Desk<'a> {
    Remote(Remote<'a>),
    Local(Arc<App>, WorkspaceId),
}

struct Remote<'a> {
    server: Server,
    workspace: &'a str,
}

impl Remote<'_> {
    fn path(&self, rest: &str) -> String {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("workspace", self.workspace)
            .finish();
        format!("/api/faqs{rest}?{query}")
    }
}

impl Desk<'_> {
    async fn import(
        &self,
        name: &str,
        bytes: Vec<u8>,
        approved: bool,
    ) -> anyhow::Result<FaqImport> {
        match self {
            Self::Remote(desk) => {
                let path = format!("{}&approved={approved}", desk.path("/import"));
                let report = desk.server.send_file(&path, name, bytes).await?;
                Ok(serde_json::from_value(report)?)
            }
            Self::Local(app, workspace) => {
                let file = read_faq_pairs(&bytes, name).map_err(anyhow::Error::msg)?;
                let how = ImportFaqs {
                    state: if approved {
                        FaqState::Approved
                    } else {
                        FaqState::Draft
                    },
                    owner: String::new(),
                    source: name.to_owned(),
                };
                Ok(app.knowledge.import_faqs(*workspace, file, how).await?)
            }
        }
    }

    async fn list(&self) -> anyhow::Result<Vec<Shown>> {
        match self {
            Self::Remote(desk) => {
                let mut all = desk.server.get(&desk.path("")).await?;
                Ok(serde_json::from_value(all["faqs"].take())?)
            }
            Self::Local(app, workspace) => {
                let workspace = *workspace;
                let found = app.store.read(move |conn| {
                    Ok((
                        faqs::list(conn, workspace)?,
                        faqs::answered(conn, workspace)?,
                    ))
                });
                let (found, answered) = found.await?;
                let shown = |faq: Faq| Shown {
                    id: faq.id.to_string(),
                    questions: faq.phrasings.into_iter().map(|p| p.question).collect(),
                    answer: faq.answer,
                    state: faq.state.to_string(),
                    expires_at: faq.expires_at,
                    answered: answered.get(&faq.id).copied().unwrap_or(0),
                };
                Ok(found.into_iter().map(shown).collect())
            }
        }
    }

    async fn add(&self, question: &str, answer: &str) -> anyhow::Result<String> {
        match self {
            Self::Remote(desk) => {
                let body = json!({"questions": [question], "answer": answer, "state": "approved"});
                let made = desk.server.post(&desk.path(""), &body).await?;
                Ok(made["id"].as_str().unwrap_or_default().to_owned())
            }
            Self::Local(app, workspace) => {
                let new = NewFaq {
                    answer: answer.to_owned(),
                    state: FaqState::Approved,
                    owner: String::new(),
                    language: None,
                    source: String::new(),
                    expires_at: None,
                    phrasings: vec![question.to_owned()],
                };
                Ok(app
                    .knowledge
                    .create_faq(*workspace, new)
                    .await?
                    .id
                    .to_string())
            }
        }
    }

    async fn approve(&self, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Remote(desk) => {
                let path = desk.path(&format!("/{id}/approve"));
                desk.server.post(&path, &json!({})).await?;
            }
            Self::Local(app, workspace) => {
                let faq = local(app, *workspace, id).await?;
                app.knowledge.set_faq_state(faq, FaqState::Approved).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Remote(desk) => desk.server.delete(&desk.path(&format!("/{id}"))).await,
            Self::Local(app, workspace) => {
                let faq = local(app, *workspace, id).await?;
                Ok(app.knowledge.delete_faq(faq).await?)
            }
        }
    }
}

async fn local(
    app: &App,
    workspace: WorkspaceId,
    id: &str,
) -> anyhow::Result<crate::store::Scoped<Faq>> {
    let Ok(id) = id.parse() else {
        let wrong = format!("`{id}` is no id of a question; frontdesk faq list shows them");
        return Err(WrongCall(wrong).into());
    };
    let found = app.store.read(move |conn| faqs::get(conn, workspace, id));
    Ok(found.await?)
}
