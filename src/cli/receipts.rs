//! `frontdesk receipts`: the sources of answers.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::Value;

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, checked_query, log};
use crate::app::Start;
use crate::http::api::receipts::ReceiptQuery;
use crate::store::ReceiptId;

/// Arguments of `frontdesk receipts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace of the receipts
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List receipts, newest first
    List {
        #[command(flatten)]
        selection: ReceiptSelection,
        /// How many, 200 at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one receipt as JSON, with its cited words compared with the documents
    Show {
        /// Id of the receipt
        id: String,
    },
    /// Write receipts to a file: JSON lines, or CSV if its name ends in .csv
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
        #[command(flatten)]
        selection: ReceiptSelection,
    },
}

#[derive(Debug, ClapArgs)]
struct ReceiptSelection {
    /// With these words in question or answer
    #[arg(long, value_name = "WORDS", default_value = "")]
    text: String,
    /// faq, fact, extract, model, refusal or talk
    #[arg(long, default_value = "")]
    rung: String,
    /// good, bad, any or none
    #[arg(long, default_value = "")]
    rating: String,
    /// From this day (2026-05-03) or time (RFC 3339)
    #[arg(long, value_name = "TIME", default_value = "")]
    from: String,
    /// Up to and including this day, or up to this time
    #[arg(long, value_name = "TIME", default_value = "")]
    until: String,
    /// Include evaluations and replays
    #[arg(long)]
    evaluations: bool,
}

impl ReceiptSelection {
    fn query(self) -> ReceiptQuery {
        ReceiptQuery {
            q: self.text,
            rung: self.rung,
            rating: self.rating,
            from: self.from,
            until: self.until,
            evaluations: if self.evaluations { "true" } else { "" }.to_owned(),
            ..ReceiptQuery::default()
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let workspace = args.workspace;
    block_on(with_api(config, &workspace, Start::Never, async |api| {
        act(api, args.what).await
    }))
}

async fn act(api: &Api, what: What) -> anyhow::Result<()> {
    match what {
        What::List {
            selection,
            limit,
            json,
        } => {
            let mut query = selection.query();
            query.limit = limit.to_string();
            let query = checked_query(&query)?;
            let found = api.get(&format!("/api/v1/receipts?{query}")).await?;
            match json {
                true => out::json(&found),
                false => print(&found),
            }
        }
        What::Show { id } => {
            let id = id.parse::<ReceiptId>();
            let id = id.map_err(|_| WrongCall("this is not the id of a receipt".into()))?;
            out::json(&api.get(&format!("/api/v1/receipts/{id}")).await?)
        }
        What::Export { file, selection } => {
            let query = checked_query(&selection.query())?;
            let is_table = file
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
            let format = if is_table { "csv" } else { "jsonl" };
            let path = format!("/api/v1/receipts/export?format={format}&{query}");
            let written = api.save(&path, &file).await?;
            out::note(&format!("{written} bytes were written"));
            Ok(())
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
