//! `frontdesk ask`.

use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use futures::StreamExt;
use serde_json::json;

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::agent::{Answer, CitationKind, Turn, TurnEvent};
use crate::app::{App, default_assistant};
use crate::knowledge::Audience;
use crate::llm::Priority;
use crate::store::workspaces;

/// How long the models have to load.
const LOADING: Duration = Duration::from_secs(120);

/// Arguments of `frontdesk ask`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The question
    question: String,
    /// Workspace whose documents are asked
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Ask as if it were this time, RFC 3339: 2026-12-24T10:00:00-05:00
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if args.question.trim().is_empty() {
        return Err(WrongCall("the question is empty".into()).into());
    }
    let answer = block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => remotely(&server, &args).await,
            None => with_app(config, |app| locally(app, &args)).await,
        }
    })?;
    if args.json {
        return out::json(&answer);
    }
    if !answer.citations.is_empty() {
        out::line("");
    }
    for citation in &answer.citations {
        if citation.kind == CitationKind::Faq {
            // The answer stands above already, word for word.
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

async fn locally(app: Arc<App>, args: &Args) -> anyhow::Result<Answer> {
    let slug = args.workspace.clone();
    let found = app
        .store
        .read(move |conn| workspaces::find_by_name(conn, &slug))
        .await?;
    let Some(workspace) = found else {
        return Err(WrongCall(format!("there is no workspace named `{}`", args.workspace)).into());
    };
    let turn = Turn {
        workspace: workspace.id,
        assistant: default_assistant(&app.store, workspace.id).await?,
        conversation: None,
        history: Vec::new(),
        question: args.question.clone(),
        client_id: None,
        claim: Priority::Chat.into(),
        sampling: None,
        now: args.now,
        // Who sits at the machine may open every document.
        audience: Audience::Staff,
        // Whoever sets the clock is testing.
        evaluation: args.now.is_some(),
    };
    app.models_settled(LOADING).await;
    let mut events = app.agent.reply(turn);
    while let Some(event) = events.next().await {
        match event {
            TurnEvent::Delta(text) if !args.json => out::text(&text),
            TurnEvent::Done(answer) => {
                if !args.json {
                    out::line("");
                }
                return Ok(*answer);
            }
            TurnEvent::Failed(reason) => anyhow::bail!(reason),
            TurnEvent::Delta(_) | TurnEvent::Citations(_) => {}
        }
    }
    anyhow::bail!("the answer broke off; ask again")
}

async fn remotely(server: &Server, args: &Args) -> anyhow::Result<Answer> {
    let body = json!({"question": args.question, "workspace": args.workspace,
        "metadata": {"now": args.now}});
    let answer: Answer = serde_json::from_value(server.post("/api/ask", &body).await?)?;
    if !args.json {
        out::line(&answer.answer);
    }
    Ok(answer)
}
