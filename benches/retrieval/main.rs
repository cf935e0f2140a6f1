//! How well passages are found, over collections with known answers: each way of ranking beside the others.
//!
//! `cargo bench --bench retrieval -- FOLDER…`; the documents are read into the data folder and taken out again, so the
//! server must be stopped.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints its figures"
)]

mod collection;
mod figures;
#[path = "../lab/mod.rs"]
mod lab;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use frontdesk::app::{App, Start, ensure_workspace};
use frontdesk::store::{self, DocumentId, WorkspaceId};
use tokio::runtime::Runtime;

use collection::Collection;
use figures::{Figures, WAYS, measure};
use lab::Place;

/// Measures how well passages are found, over collections with known answers.
#[derive(Debug, Parser)]
struct Args {
    /// Folders of collections: BEIR layout, or documents beside a questions.jsonl
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Leave the documents in the data folder, so that the next run need not read them again
    #[arg(long)]
    keep: bool,
    /// Only these ways of ranking: words, meaning, both, as-typed, all
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// Write what each candidate's place came from to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

fn main() -> ExitCode {
    lab::start(run)
}

fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings()?;
    Runtime::new()?.block_on(async {
        let app = App::open(config, Start::Now).await?;
        let outcome = all(&app, &args).await;
        app.stop().await;
        outcome
    })
}

async fn all(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut signals = match &args.signals {
        Some(path) => Some(std::io::BufWriter::new(
            std::fs::File::create(path)
                .with_context(|| format!("{} cannot be written", path.display()))?,
        )),
        None => None,
    };
    wait_for_embedder(app).await;
    let mut figures = Vec::new();
    for folder in &args.folders {
        let collection = Collection::read(folder)?;
        let name = format!("eval {}", collection.name);
        let workspace = ensure_workspace(&app.store, &name, &name).await?;
        let names = take_in(app, workspace, &collection).await?;
        for way in WAYS {
            let talks = collection.questions.iter().any(|q| !q.history.is_empty());
            let chosen = args.by.is_empty() || args.by.iter().any(|by| by == way.name);
            if !chosen || !(way.rewriting || talks) {
                continue;
            }
            let last = way.name == "all";
            let mut seen = |line: serde_json::Value| {
                if let Some(file) = signals.as_mut().filter(|_| last) {
                    // A full disk shows when the file is flushed.
                    let _ = writeln!(file, "{line}");
                }
            };
            let row = measure(
                &app.knowledge,
                workspace,
                &collection,
                &names,
                way,
                &mut seen,
            )
            .await?;
            if !args.json {
                println!("{}", told(&row));
            }
            figures.push(row);
        }
        if !args.keep {
            app.store
                .write(move |tx| store::workspaces::purge(tx, workspace))
                .await?;
        }
    }
    if let Some(mut file) = signals {
        file.flush().context("the signals cannot be written")?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    }
    Ok(())
}

/// Without vectors only the words would be measured.
async fn wait_for_embedder(app: &App) {
    for _ in 0..600 {
        if app.embedder.ready().is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    eprintln!("the embedding model is not there: only words are measured");
}

/// Reads the documents, unless they are there already.
async fn take_in(
    app: &App,
    workspace: WorkspaceId,
    collection: &Collection,
) -> anyhow::Result<HashMap<DocumentId, String>> {
    let mut names = HashMap::new();
    for (name, bytes) in &collection.documents {
        let submitted = app
            .knowledge
            .documents()
            .submit(workspace, name.clone(), bytes.clone().into())
            .await?;
        names.insert(submitted.document, name.clone());
    }
    for document in names.keys() {
        app.knowledge.documents().wait(workspace, *document).await?;
    }
    Ok(names)
}

fn told(f: &Figures) -> String {
    format!(
        "{:16} {:8} n={:<4} nDCG@10 {:.3}  recall@5 {:.3}  top3 {:.3}  top8 {:.3}  p50 {:.0} ms  p95 {:.0} ms",
        f.collection,
        f.by,
        f.questions,
        f.ndcg_10,
        f.recall_5,
        f.hit_3,
        f.hit_8,
        f.p50_ms,
        f.p95_ms
    )
}
