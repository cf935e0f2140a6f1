//! `frontdesk doctor`: what this machine can do, what is installed, and what to improve.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::out;
use super::shared::{DataPlace, block_on, log};
use super::starter;
use crate::app::doctor::{self, Finding, Level, finding};
use crate::app::{Engines, Start, WorkerStatus};
use crate::config::Config;
use crate::llm::{ChatEvent, ChatMessage, ChatRequest, Priority, ReadPassage, Role};
use crate::models::Catalogue;
use crate::models::chat;

/// Arguments of `frontdesk doctor`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Skip measuring how fast the chat model answers
    #[arg(long)]
    quick: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("error")?;
    let mut report = doctor::examine(&config)?;
    if !args.quick {
        report.push(pace(&config)?);
        report.extend(block_on(engines(&config))?);
    }
    if args.json {
        out::json(&report)?;
    } else {
        for finding in &report {
            out::line(&format!(
                "{:<8} {:<10} {}",
                finding.level.as_str(),
                finding.what,
                finding.text
            ));
        }
    }
    let problems = report.iter().filter(|f| f.level == Level::Problem).count();
    if problems > 0 {
        anyhow::bail!(out::plural(
            problems,
            "thing needs attention",
            "things need attention"
        ));
    }
    Ok(())
}

/// How fast the general chat models would write, without having them.
fn pace(config: &Config) -> anyhow::Result<Finding> {
    let catalogue = Catalogue::embedded()?;
    let pace = starter::measure(config).pace;
    let words: Vec<String> = chat::general(&catalogue)
        .map(|entry| format!("{} {}", entry.name, starter::round(pace.words(entry))))
        .collect();
    let text = format!(
        "reads {:.1} GB of memory a second; words a second that chat models would write: {}",
        pace.gigabytes(),
        words.join(", ")
    );
    Ok(finding("pace", Level::Ok, text))
}

async fn engines(config: &Arc<Config>) -> anyhow::Result<Vec<Finding>> {
    let shutdown = CancellationToken::new();
    let engines = Engines::local(config, Start::Now, shutdown.clone())?;
    let deadline = Instant::now() + Duration::from_secs(120);
    let starting = |all: &[WorkerStatus]| all.iter().any(|w| w.state == "starting");
    while starting(&(engines.workers)()) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut out: Vec<Finding> = (engines.workers)()
        .into_iter()
        .map(|w| match w.detail {
            Some(reason) => finding("engine", Level::Problem, format!("{}: {reason}", w.name)),
            None => finding(
                "engine",
                Level::Ok,
                format!("{} is {}, {} MB", w.name, w.state, w.memory_bytes >> 20),
            ),
        })
        .collect();
    out.push(match engines.reader.ready() {
        Ok(()) => measure_reading(&engines).await?,
        Err(reason) => finding("reading", Level::Problem, reason.to_string()),
    });
    if engines.reader.ready().is_ok() && !engines.reader.is_calibrated() {
        let (reader, embedder) = (engines.reader.name(), engines.embedder.name());
        out.push(finding(
            "reading",
            Level::Hint,
            doctor::uncalibrated(&reader, &embedder),
        ));
    }
    if engines.chat.ready().is_ok() {
        out.push(measure_speed(&engines).await?);
    }
    shutdown.cancel();
    Ok(out)
}

/// Measures reading eight passages of typical length for a question.
async fn measure_reading(engines: &Engines) -> anyhow::Result<Finding> {
    let text = "The shop opens at nine on weekdays and closes at half past six. ".repeat(6);
    let heading = "Opening hours".to_owned();
    let passages = vec![ReadPassage { heading, text }; 8];
    let question = "When does the shop open?".to_owned();
    let start = Instant::now();
    engines
        .reader
        .read(question, passages, Priority::Chat.into())
        .await?;
    let text = format!(
        "{} reads 8 passages in {} ms",
        engines.reader.name(),
        start.elapsed().as_millis()
    );
    Ok(finding("reading", Level::Ok, text))
}

/// Measures one prompt of typical length.
async fn measure_speed(engines: &Engines) -> anyhow::Result<Finding> {
    let passage = "The shop opens at nine on weekdays and closes at half past six. ".repeat(20);
    let messages = vec![
        ChatMessage::new(Role::System, "Answer from the passage."),
        ChatMessage::new(
            Role::User,
            format!("{passage}\nTell everything about the opening hours."),
        ),
    ];
    let mut request = ChatRequest::new(messages, Priority::Chat);
    request.sampling.max_tokens = Some(32);
    let start = Instant::now();
    let mut stream = engines.chat.chat(request).await?;
    let mut first = None;
    let mut usage = None;
    while let Some(event) = stream.next().await {
        match event? {
            ChatEvent::Delta(_) => {
                first.get_or_insert_with(|| start.elapsed());
            }
            ChatEvent::Done { usage: used, .. } => usage = Some(used),
            _ => {}
        }
    }
    let (first, total) = (first.unwrap_or_default(), start.elapsed());
    let used = usage.unwrap_or_default();
    // Until the first word the model reads the prompt; from then on it writes.
    let read = f64::from(used.prompt_tokens) / first.as_secs_f64().max(0.001);
    let written = f64::from(used.completion_tokens.saturating_sub(1))
        / (total.saturating_sub(first)).as_secs_f64().max(0.001);
    let level = if first.as_secs_f64() < 6.0 {
        Level::Ok
    } else {
        Level::Hint
    };
    Ok(finding(
        "speed",
        level,
        format!(
            "{} reads {read:.0} and writes {written:.0} tokens a second: the first word of an answer comes \
             after about {:.1} s",
            engines.chat.name(),
            first.as_secs_f64()
        ),
    ))
}
