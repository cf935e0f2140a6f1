//! `frontdesk search`: the passages that an answer would rest on.

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

/// Arguments of `frontdesk search`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A question, or words
    query: String,
    /// Workspace to search
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Most passages
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=50))]
    limit: u32,
    /// Only what visitors get answers from
    #[arg(long)]
    visitors: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if args.query.trim().is_empty() {
        return Err(WrongCall("there is nothing to search for".into()).into());
    }
    let view = args.visitors.then_some("visitors");
    let body = json!({"query": args.query, "limit": args.limit, "view": view});
    let work = async |api: &Api| {
        api.models_settled().await;
        api.post("/api/v1/search", &body).await
    };
    let found = block_on(with_api(config, &args.workspace, Start::Now, work))?;
    if args.json {
        return out::json(&found);
    }
    let passages = found.get("passages").and_then(Value::as_array);
    let passages = passages.map(Vec::as_slice).unwrap_or_default();
    if passages.is_empty() {
        out::note("No passage fits.");
        return Ok(());
    }
    for passage in passages {
        print_passage(passage);
    }
    Ok(())
}

fn print_passage(passage: &Value) {
    let text = |name: &str| {
        passage
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let score = passage.get("score").and_then(Value::as_f64).unwrap_or(0.0);
    let headings = passage.get("headings").and_then(Value::as_array);
    let mut place: Vec<String> = vec![text("title").to_owned()];
    let headings = headings.into_iter().flatten().filter_map(Value::as_str);
    place.extend(headings.map(str::to_owned));
    if let Some(page) = passage.get("page").and_then(Value::as_u64) {
        place.push(format!("page {page}"));
    }
    out::line(&format!("{score:.2}  {}", place.join(" › ")));
    for line in text("text").lines() {
        out::line(&format!("      {line}"));
    }
}
