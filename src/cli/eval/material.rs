//! What is measured: the workspace of a data folder or of a running server, or documents read into memory.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::Measure;
use super::server::ServerAsker;
use crate::access::{Member, Principal};
use crate::agent::AnswerSettings;
use crate::app::{App, Engines, Start, default_assistant, default_workspace};
use crate::cli::out;
use crate::cli::remote::Server;
use crate::cli::shared::WrongCall;
use crate::config::Config;
use crate::eval::{AgentAsker, Asker, Case, Report, run};
use crate::knowledge::{ImportFaqs, Stage, View, read_faq_pairs};
use crate::llm::Priority;
use crate::store::faqs::FaqState;
use crate::store::{Store, WorkspaceId, workspaces};

const PATIENCE: Duration = Duration::from_secs(180);

/// What is measured.
pub(super) enum Subject {
    /// An app in this process; `kept` if it has a data folder.
    Here {
        app: Arc<App>,
        workspace: WorkspaceId,
        kept: bool,
    },
    /// A running server.
    There { server: Server, workspace: String },
}

impl Subject {
    /// Opens what the arguments name, ready to be asked.
    pub(super) async fn open(
        config: Arc<Config>,
        args: &Measure,
        cases: &[Case],
    ) -> anyhow::Result<Self> {
        if !args.docs.is_empty() || args.passages || args.faq.is_some() {
            return Self::in_memory(config, args, cases).await;
        }
        if let Some(server) = Server::find(&config.data_dir)? {
            return Ok(Self::There {
                server,
                workspace: args.workspace.clone(),
            });
        }
        let app = App::open(config, Start::Now).await?;
        let name = args.workspace.clone();
        let found = app
            .store
            .read(move |conn| workspaces::find_by_name(conn, &name))
            .await?;
        let Some(workspace) = found.map(|w| w.id) else {
            app.stop().await;
            return Err(
                WrongCall(format!("there is no workspace named `{}`", args.workspace)).into(),
            );
        };
        ready(&app).await;
        Ok(Self::Here {
            app,
            workspace,
            kept: true,
        })
    }

    async fn in_memory(
        config: Arc<Config>,
        args: &Measure,
        cases: &[Case],
    ) -> anyhow::Result<Self> {
        let files = if args.passages {
            collect_passages(cases)
        } else {
            documents(&args.docs)?
        };
        let engines = Engines::local(&config, Start::Now, CancellationToken::new())?;
        let app = App::assemble(config, Store::open_in_memory()?, engines).await?;
        let workspace = default_workspace(&app.store).await?;
        ready(&app).await;
        let read = async {
            read_in(&app, workspace, files).await?;
            match &args.faq {
                Some(file) => read_faq(&app, workspace, file).await,
                None => Ok(()),
            }
        };
        if let Err(error) = read.await {
            app.stop().await;
            return Err(error);
        }
        Ok(Self::Here {
            app,
            workspace,
            kept: false,
        })
    }

    /// Returns what answers the questions.
    pub(super) async fn asker(&self) -> anyhow::Result<Arc<dyn Asker>> {
        Ok(match self {
            Self::Here { app, workspace, .. } => Arc::new(AgentAsker {
                agent: app.agent.clone(),
                store: app.store.clone(),
                workspace: *workspace,
                assistant: default_assistant(&app.store, *workspace).await?,
                claim: Priority::Api.into(),
                view: View::Live,
            }),
            Self::There { server, workspace } => {
                Arc::new(ServerAsker::new(server.clone(), workspace))
            }
        })
    }

    /// Finds the newest stored run of this name.
    pub(super) async fn previous(&self, name: &str) -> anyhow::Result<Option<Report>> {
        match self {
            Self::Here { kept: false, .. } => Ok(None),
            Self::Here { app, workspace, .. } => {
                let by = installation(*workspace)?;
                let Some((run, results)) = run::latest(&app.store, &by, name).await? else {
                    return Ok(None);
                };
                Ok(Some(Report {
                    name: run.name,
                    started_at: run.created_at,
                    ended_at: run.ended_at.unwrap_or(run.created_at),
                    figures: serde_json::from_value(run.summary)?,
                    results: serde_json::from_value(results)?,
                }))
            }
            Self::There { server, workspace } => {
                super::server::previous(server, workspace, name).await
            }
        }
    }

    /// Stores a run, if there is a workspace to store it in.
    pub(super) async fn keep(&self, report: &Report) -> anyhow::Result<()> {
        match self {
            Self::Here { kept: false, .. } => Ok(()),
            // Not through the API, which limits the size of a body: a run may have thousands of questions.
            Self::Here { app, workspace, .. } => {
                let by = installation(*workspace)?;
                run::keep(&app.store, &by, report.clone()).await?;
                Ok(())
            }
            Self::There { server, workspace } => {
                super::server::keep(server, workspace, report).await
            }
        }
    }

    /// Adds to the section `answers` of the workspace's settings, if there is a workspace.
    pub(super) async fn keep_answers(&self, new: Map<String, Value>) -> anyhow::Result<()> {
        match self {
            Self::Here { kept: false, .. } => {
                out::note("not stored: with --docs there is no workspace to store it in");
                Ok(())
            }
            Self::Here { app, workspace, .. } => {
                let workspace = *workspace;
                let (store, reader) = (&app.store, app.reader.weights_hash());
                let written =
                    store.write(move |tx| AnswerSettings::extend(tx, workspace, new, reader));
                Ok(written.await?)
            }
            Self::There { server, workspace } => {
                super::server::keep_answers(server, workspace, new).await
            }
        }
    }

    /// Releases everything.
    pub(super) async fn close(&self) {
        if let Self::Here { app, .. } = self {
            app.stop().await;
        }
    }
}

/// The member that this command acts as in a workspace.
fn installation(workspace: WorkspaceId) -> anyhow::Result<Member> {
    let member = Principal::installation().in_workspace(workspace);
    member.context("a command reaches every workspace")
}

/// Waits until the models are loaded or have failed to load.
pub(super) async fn ready(app: &App) {
    app.models_settled(PATIENCE).await;
    let missing = [app.embedder.ready().err(), app.chat.ready().err()];
    for reason in missing.into_iter().flatten() {
        out::note(&format!("running without a model: {reason}"));
    }
}

/// A document and the name to store it under.
struct File {
    bytes: Bytes,
    name: String,
}

impl File {
    fn read(path: &Path, name: String) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let bytes = bytes.into();
        Ok(Self { bytes, name })
    }
}

/// Collects the passages that come with the questions, without duplicates.
fn collect_passages(cases: &[Case]) -> Vec<File> {
    let mut seen = HashSet::new();
    let texts = cases.iter().flat_map(|case| &case.passages);
    let fresh = texts.filter(|text| seen.insert(text.text.clone()));
    fresh
        .enumerate()
        .map(|(i, text)| {
            // Titles may repeat, and may hold characters that a file name cannot.
            let title = text.title.replace(['/', '\\'], " ");
            let short: String = title.chars().take(80).collect();
            File {
                bytes: text.text.clone().into(),
                name: format!("{short} {}.txt", i + 1),
            }
        })
        .collect()
}

/// Collects the files in folders, recursively. A file whose name occurs in several folders is named with
/// its folders: "guide/intro.md" is "guide - intro.md".
fn documents(paths: &[PathBuf]) -> anyhow::Result<Vec<File>> {
    let mut named: Vec<(PathBuf, String)> = Vec::new();
    for root in paths {
        let mut found = Vec::new();
        crate::cli::ingest::collect(root, &mut found)?;
        let base = if root.is_dir() {
            root.as_path()
        } else {
            root.parent().unwrap_or(Path::new(""))
        };
        for path in found {
            let relative = path.strip_prefix(base).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|p| p.to_string_lossy()).collect();
            let name = parts.join(" - ");
            named.push((path, name));
        }
    }
    if named.is_empty() {
        return Err(WrongCall("--docs names no files".into()).into());
    }
    let last = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let mut times = HashMap::new();
    for (path, _) in &named {
        *times.entry(last(path)).or_insert(0u32) += 1;
    }
    let files = named.into_iter().map(|(path, long)| {
        let short = last(&path);
        let alone = times.get(&short) == Some(&1);
        File::read(&path, if alone { short } else { long })
    });
    files.collect()
}

async fn read_in(app: &App, workspace: WorkspaceId, files: Vec<File>) -> anyhow::Result<()> {
    let mut submitted = Vec::new();
    for file in files {
        match app
            .knowledge
            .documents()
            .submit(workspace, file.name.clone(), file.bytes)
            .await
        {
            Ok(taken) => submitted.push((file.name, taken.document)),
            Err(error) => out::note(&format!("{}: {error}", file.name)),
        }
    }
    let mut passages = 0;
    let all = submitted.len();
    for (name, document) in submitted {
        match app
            .knowledge
            .documents()
            .wait(workspace, document)
            .await?
            .stage
        {
            Stage::Ready { chunks, .. } => passages += chunks,
            Stage::Failed { reason } => out::note(&format!("{name}: {reason}")),
            _ => {}
        }
    }
    out::note(&format!(
        "{}, {}",
        out::plural(all, "document", "documents"),
        out::plural(passages, "passage", "passages")
    ));
    Ok(())
}

/// Imports questions with approved answers.
async fn read_faq(app: &App, workspace: WorkspaceId, file: &Path) -> anyhow::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.into_owned();
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let pairs = read_faq_pairs(&bytes, &name).map_err(|what| anyhow::anyhow!("{name}: {what}"))?;
    let how = ImportFaqs {
        state: FaqState::Approved,
        owner: String::new(),
        source: name,
    };
    app.knowledge.faqs().import(workspace, pairs, how).await?;
    Ok(())
}
