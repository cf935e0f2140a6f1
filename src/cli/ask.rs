//! `frontdesk ask`.

use std::sync::Arc;

use clap::Args as ClapArgs;
use futures::StreamExt;
use serde_json::json;

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::agent::{Answer, Turn, TurnEvent};
use crate::app::{App, default_assistant};
use crate::llm::Priority;
use crate::store::workspaces;

/// Arguments of `frontdesk ask`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The question
    question: String,
    /// Workspace whose documents are asked
    #[arg(long, default_value = "default")]
    workspace: String,
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
        priority: Priority::Chat,
        sampling: None,
    };
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
    let body = json!({"question": args.question, "workspace": args.workspace});
    let answer: Answer = serde_json::from_value(server.post("/api/ask", &body).await?)?;
    if !args.json {
        out::line(&answer.answer);
    }
    Ok(answer)
}
