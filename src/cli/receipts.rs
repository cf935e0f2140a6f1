//! `frontdesk receipts`: what answers rested on.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, workspace_named};
use crate::app::DataFolder;
use crate::config::Config;
use crate::http::api::receipts::{Format, Wanted, batch, head, in_full, page};
use crate::store::ReceiptId;
use crate::store::receipts::Filter;

/// Arguments of `frontdesk receipts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace whose receipts are meant
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List receipts, newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many, 200 at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one receipt as JSON, with its cited words read again from the documents
    Show {
        /// Id of the receipt
        id: String,
    },
    /// Write receipts to a file: JSON lines, or a table if its name ends in .csv
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// Which receipts are meant.
#[derive(Debug, ClapArgs)]
struct Which {
    /// With these words in question or answer
    #[arg(long, value_name = "WORDS", default_value = "")]
    text: String,
    /// faq, fact, extract, model, refusal or talk
    #[arg(long, default_value = "")]
    rung: String,
    /// good, bad, any or none
    #[arg(long, default_value = "")]
    rating: String,
    /// From this day (2026-05-03) or moment (RFC 3339) on
    #[arg(long, value_name = "TIME", default_value = "")]
    from: String,
    /// Up to this day, which counts, or this moment
    #[arg(long, value_name = "TIME", default_value = "")]
    until: String,
    /// Those of evaluations and replays as well
    #[arg(long)]
    evaluations: bool,
}

impl Which {
    fn wanted(self) -> Wanted {
        Wanted {
            q: self.text,
            rung: self.rung,
            rating: self.rating,
            from: self.from,
            until: self.until,
            evaluations: if self.evaluations { "true" } else { "" }.to_owned(),
            ..Wanted::default()
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let workspace = args.workspace;
    match args.what {
        What::List { which, limit, json } => {
            let mut wanted = which.wanted();
            wanted.limit = limit.to_string();
            let found = block_on(list(&config, &workspace, &wanted))?;
            if json {
                out::json(&found)
            } else {
                print(&found)
            }
        }
        What::Show { id } => {
            let id = id.parse::<ReceiptId>();
            let id = id.map_err(|_| WrongCall("this is not the id of a receipt".into()))?;
            out::json(&block_on(show(&config, &workspace, id))?)
        }
        What::Export { file, which } => {
            block_on(export(&config, &workspace, &file, &which.wanted()))
        }
    }
}

fn print(found: &Value) -> anyhow::Result<()> {
    let receipts = found.get("receipts").and_then(Value::as_array);
    let receipts = receipts.map(Vec::as_slice).unwrap_or_default();
    if receipts.is_empty() {
        out::note("There are no such receipts.");
        return Ok(());
    }
    out::line(&format!(
        "{:36}  {:16}  {:8}  QUESTION",
        "RECEIPT", "WHEN", "RUNG"
    ));
    for receipt in receipts {
        let text = |name: &str| receipt.get(name).and_then(Value::as_str).unwrap_or("");
        let at = receipt.get("created_at").and_then(Value::as_i64);
        let question: String = text("question").chars().take(80).collect();
        out::line(&format!(
            "{:36}  {:16}  {:8}  {}",
            text("id"),
            out::moment(at.unwrap_or(0)),
            text("rung"),
            question.replace('\n', " ")
        ));
    }
    Ok(())
}

fn checked(wanted: &Wanted) -> anyhow::Result<Filter> {
    let problem = |problem: crate::http::problem::Problem| WrongCall(problem.detail().to_owned());
    Ok(wanted.filter().map_err(problem)?)
}

/// The query of a filter for the server's API.
fn query(workspace: &str, wanted: &Wanted) -> String {
    let place: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("workspace", workspace)
        .finish();
    format!("{place}&{}", wanted.query())
}

async fn list(config: &Config, workspace: &str, wanted: &Wanted) -> anyhow::Result<Value> {
    let (filter, limit) = (checked(wanted)?, wanted.limit());
    if let Some(server) = Server::find(&config.data_dir)? {
        let path = format!("/api/receipts?{}", query(workspace, wanted));
        return server.get(&path).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = folder
        .store
        .read(move |conn| page(conn, workspace, &filter, limit));
    Ok(json!(found.await?))
}

async fn show(config: &Config, workspace: &str, id: ReceiptId) -> anyhow::Result<Value> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let place = query(workspace, &Wanted::default());
        return server.get(&format!("/api/receipts/{id}?{place}")).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = folder.store.read(move |conn| in_full(conn, workspace, id));
    Ok(json!(found.await?))
}

async fn export(
    config: &Config,
    workspace: &str,
    file: &Path,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let filter = checked(wanted)?;
    let csv = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let (format, name) = if csv {
        (Format::Csv, "csv")
    } else {
        (Format::JsonLines, "jsonl")
    };
    let server = Server::find(&config.data_dir)?;
    let mut target: Box<dyn Write> = if file.as_os_str() == "-" {
        Box::new(std::io::stdout())
    } else {
        let made = out::private_file(file);
        Box::new(made.with_context(|| format!("{} cannot be written", file.display()))?)
    };
    let mut written = 0_usize;
    let mut take = |bytes: &[u8]| -> anyhow::Result<()> {
        written += bytes.len();
        target
            .write_all(bytes)
            .with_context(|| format!("{} cannot be written", file.display()))
    };
    if let Some(server) = server {
        let path = format!(
            "/api/receipts/export?format={name}&{}",
            query(workspace, wanted)
        );
        server.download(&path, &mut take).await?;
    } else {
        let folder = DataFolder::open(config)?;
        let workspace = workspace_named(&folder.store, workspace).await?;
        take(&head(format))?;
        let mut next = Some(filter);
        while let Some(filter) = next {
            let (bytes, more) = batch(&folder.store, workspace, format, filter).await?;
            take(&bytes)?;
            next = more;
        }
    }
    target
        .flush()
        .context("the last of it could not be written")?;
    out::note(&out::plural(
        written,
        "byte was written",
        "bytes were written",
    ));
    Ok(())
}
