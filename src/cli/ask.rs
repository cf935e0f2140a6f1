//! `frontdesk ask`.

use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::agent::{Answer, CitationKind};
use crate::app::Start;

/// Arguments of `frontdesk ask`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The question
    question: String,
    /// Workspace to ask
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Ask as if it were this time, RFC 3339: 2026-12-24T10:00:00-05:00
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if args.question.trim().is_empty() {
        return Err(WrongCall("the question is empty".into()).into());
    }
    let work = async |api: &Api| {
        api.models_settled().await;
        ask(api, &args).await
    };
    let answer = block_on(with_api(config, &args.workspace, Start::Now, work))?;
    if args.json {
        return out::json(&answer);
    }
    if !answer.citations.is_empty() {
        out::line("");
    }
    for citation in &answer.citations {
        if citation.kind == CitationKind::Faq {
            // The answer above already has these words.
            out::line(&format!(
                "[{}] Approved answer to “{}”",
                citation.number, citation.title
            ));
            continue;
        }
        let place = [
            citation.section.clone(),
            citation.page.map(|p| format!("page {p}")),
        ];
        let place: Vec<String> = place.into_iter().flatten().collect();
        let place = if place.is_empty() {
            String::new()
        } else {
            format!(", {}", place.join(", "))
        };
        out::line(&format!(
            "[{}] {}{place}: “{}”",
            citation.number, citation.title, citation.quote
        ));
    }
    Ok(())
}

/// Asks, and prints the answer as it arrives unless JSON was requested.
async fn ask(api: &Api, args: &Args) -> anyhow::Result<Answer> {
    let body = json!({"question": args.question, "workspace": args.workspace,
        "metadata": {"now": args.now}});
    if args.json {
        return Ok(serde_json::from_value(
            api.post("/api/v1/ask", &body).await?,
        )?);
    }
    let mut answer = None;
    let take = |event: &str, data: Value| {
        let text = |field: &str| data.get(field).and_then(Value::as_str).unwrap_or_default();
        match event {
            "delta" => out::text(text("text")),
            "failed" => anyhow::bail!("{}", text("detail")),
            "done" => answer = Some(serde_json::from_value(data)?),
            _ => {}
        }
        Ok(())
    };
    api.events("/api/v1/ask", &body, take).await?;
    out::line("");
    answer.context("the answer was cut off; ask again")
}
