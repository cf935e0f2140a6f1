//! `frontdesk doctor`: what this machine can do, what is installed, and what to improve.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use futures::StreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::out;
use super::shared::{DataPlace, block_on, log};
use super::starter;
use crate::app::{Engines, Start, WorkerStatus, https_settings, key_strength};
use crate::certificates::Mode;
use crate::config::{Config, cpu_count};
use crate::llm::{ChatEvent, ChatMessage, ChatRequest, Priority, ReadPassage, Role};
use crate::models::chat;
use crate::models::{Cache, Catalogue, Role as ModelRole, State};
use crate::store::KeyStrength;

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

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    /// `ok`, `hint` or `problem`.
    level: &'static str,
    text: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("error")?;
    let mut report = vec![processor(), memory(), disk(&config)];
    report.extend(model_files(&config)?);
    report.push(key(&config));
    report.extend(https(&config));
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
                finding.level, finding.what, finding.text
            ));
        }
    }
    let problems = report.iter().filter(|f| f.level == "problem").count();
    if problems > 0 {
        anyhow::bail!(out::plural(
            problems,
            "thing needs attention",
            "things need attention"
        ));
    }
    Ok(())
}

fn finding(what: &'static str, level: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        what,
        level,
        text: text.into(),
    }
}

fn processor() -> Finding {
    let cores = cpu_count();
    let text = format!("{cores} cores; built for {}", built_for());
    finding("processor", if cores >= 2 { "ok" } else { "hint" }, text)
}

fn built_for() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "AVX2"
    } else {
        std::env::consts::ARCH
    }
}

/// A line of the kernel's report on memory, such as `MemTotal:`, in MB.
pub(super) fn memory_mb(field: &str) -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|l| l.starts_with(field))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kb| kb / 1024)
}

fn memory() -> Finding {
    let (Some(total), Some(free)) = (memory_mb("MemTotal:"), memory_mb("MemAvailable:")) else {
        return finding("memory", "hint", "the system does not report it");
    };
    let fits: Vec<String> = Catalogue::embedded()
        .map(|c| {
            c.list()
                .filter(|e| e.role == ModelRole::Chat && u64::from(e.memory_mb) + 800 <= free)
                .map(|e| e.name.clone())
                .collect()
        })
        .unwrap_or_default();
    if fits.is_empty() {
        let text = format!(
            "{total} MB, {free} MB free; no chat model fits: answers are quoted, and none is written"
        );
        return finding("memory", "hint", text);
    }
    let text = format!(
        "{total} MB, {free} MB free; chat models that fit: {}",
        fits.join(", ")
    );
    finding("memory", "ok", text)
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
    Ok(finding("pace", "ok", text))
}

fn disk(config: &Config) -> Finding {
    let place = config
        .data_dir
        .ancestors()
        .find(|p| p.exists())
        .unwrap_or(&config.data_dir);
    match fs4::available_space(place) {
        Ok(free) if free > 2 << 30 => finding("disk", "ok", format!("{} GB free", free >> 30)),
        Ok(free) => finding(
            "disk",
            "hint",
            format!(
                "only {} MB free at {}; models and documents need room",
                free >> 20,
                place.display()
            ),
        ),
        Err(e) => finding(
            "disk",
            "hint",
            format!("{} cannot be examined: {e}", place.display()),
        ),
    }
}

fn model_files(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    let mut out = Vec::new();
    let mut roles_here = Vec::new();
    for entry in catalogue.list() {
        match cache.state(entry) {
            State::Present => {
                roles_here.push(entry.role);
                out.push(finding(
                    "model",
                    "ok",
                    format!("{} ({})", entry.name, entry.licence),
                ));
            }
            State::Corrupt { reason } => out.push(finding(
                "model",
                "problem",
                format!(
                    "{} is damaged ({reason}); get it again: frontdesk models get {0}",
                    entry.name
                ),
            )),
            State::Missing | State::Partial { .. } => {}
        }
    }
    if !roles_here.contains(&ModelRole::Chat) {
        let text = "there is no chat model: answers are quoted from documents, and none is written. To add one: \
                    frontdesk models get --starter default (or small)";
        out.push(finding("model", "hint", text));
    }
    for (role, name) in [(ModelRole::Embed, "embedding"), (ModelRole::Stt, "speech")] {
        if !roles_here.contains(&role) {
            let text = format!("there is no {name} model: frontdesk models get --starter lite");
            out.push(finding("model", "problem", text));
        }
    }
    if !roles_here.contains(&ModelRole::Reader) && config.reader_model == "auto" {
        let text = "there is no reader; without one, few questions are answered from documents: \
                    frontdesk models get frontdesk-reader";
        out.push(finding("model", "problem", text));
    }
    Ok(out)
}

fn key(config: &Config) -> Finding {
    match key_strength(config) {
        Ok(KeyStrength::Strong) => finding("key", "ok", "the disk alone does not open the data"),
        Ok(KeyStrength::Weak(reason)) => finding("key", "hint", reason),
        Err(_) => finding(
            "key",
            "ok",
            "there is no store yet; its key is made at the first start",
        ),
    }
}

/// What the settings say about HTTPS; nothing without a name.
fn https(config: &Config) -> Option<Finding> {
    match https_settings(config) {
        Ok(None) => None,
        Ok(Some(settings)) => {
            let names: Vec<String> = settings.names.iter().map(ToString::to_string).collect();
            let source = match settings.source.mode() {
                Mode::Files => "your own files",
                Mode::Acme => "an authority on the internet",
                Mode::Private => "its own authority, which each device must be told to trust",
            };
            let text = format!(
                "for {}, with a certificate from {source}; the page Status says how it stands",
                names.join(", ")
            );
            Some(match settings.check_files() {
                Ok(()) => finding("https", "ok", text),
                Err(error) => finding("https", "problem", error.to_string()),
            })
        }
        Err(error) => Some(finding("https", "problem", error.to_string())),
    }
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
            Some(reason) => finding("engine", "problem", format!("{}: {reason}", w.name)),
            None => finding(
                "engine",
                "ok",
                format!("{} is {}, {} MB", w.name, w.state, w.memory_bytes >> 20),
            ),
        })
        .collect();
    out.push(match engines.reader.ready() {
        Ok(()) => measure_reading(&engines).await?,
        Err(reason) => finding("reading", "problem", reason.to_string()),
    });
    if engines.reader.ready().is_ok() && !engines.reader.is_calibrated() {
        let text = format!(
            "{} has no calibration beside {}: what it finds is shown as related, and given as an answer only after \
             `frontdesk eval calibrate FILE` chose a threshold for it",
            engines.reader.name(),
            engines.embedder.name()
        );
        out.push(finding("reading", "hint", text));
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
    Ok(finding("reading", "ok", text))
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
        "ok"
    } else {
        "hint"
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
