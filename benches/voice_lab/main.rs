//! Live speech beside recordings whose words are known: words heard, ends of turns, words of what is spoken.
//!
//! `cargo bench --bench voice_lab -- FOLDER [--only hearing,turns,speaking]`; the models are those of the settings.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints its figures"
)]

mod hearing;
#[path = "../lab/mod.rs"]
mod lab;
mod score;
mod speaking;
mod turns;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use frontdesk::app::{speech_only, voice_only};
use frontdesk::speech::live::LiveEngine;
use frontdesk::speech::local::LocalTranscriber;
use frontdesk::speech::{AudioLimits, decode};
use serde::Serialize;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use lab::Place;
use score::{Recording, manifest};

/// The list of recordings in a folder.
const MANIFEST: &str = "manifest.jsonl";
/// Sentences to be spoken, one a line.
const SENTENCES: &str = "tts_sentences.txt";

/// Measures live speech: words heard, ends of turns, words of what is spoken.
#[derive(Debug, Parser)]
struct Args {
    /// Folder with manifest.jsonl (audio, text, lang, condition) and, for speaking, tts_sentences.txt
    folder: PathBuf,
    /// Measure only this
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Sentences to be spoken, one a line
    #[arg(long, value_name = "FILE")]
    sentences: Option<PathBuf>,
    /// Take every Nth recording
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Take recordings of this condition only
    #[arg(long, value_name = "NAME")]
    condition: Vec<String>,
    /// Leave the default path of whisper.cpp out, which is slow
    #[arg(long)]
    no_default_path: bool,
    /// Longest wait in ms for the end of a turn, behind the last word
    #[arg(long, value_name = "MS", default_value_t = 3200)]
    ceiling: u64,
    /// How long words are waited for, in ms, while the sound goes on
    #[arg(long, value_name = "MS", default_value_t = 350)]
    words_ms: u64,
    /// The same, of the end of a turn
    #[arg(long, value_name = "MS", default_value_t = 100)]
    turn_ms: u64,
    /// Show every recording and sentence, not only the sums
    #[arg(long)]
    details: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Words of recordings
    Hearing,
    /// Ends of turns
    Turns,
    /// Words of what is spoken
    Speaking,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    hearing: Option<hearing::Report>,
    turns: Option<turns::Report>,
    speaking: Option<speaking::Report>,
}

/// What is measured.
struct Engines {
    live: LiveEngine,
    files: LocalTranscriber,
}

fn main() -> ExitCode {
    lab::start(run)
}

fn run(args: Args) -> anyhow::Result<()> {
    let args = &args;
    let config = args.place.settings()?;
    let report = Runtime::new()?.block_on(async {
        let shutdown = CancellationToken::new();
        let engines = Engines {
            live: voice_only(&config, shutdown.clone())?,
            files: speech_only(&config, shutdown.clone())?,
        };
        engines.live.settled().await;
        let report = measure(args, &engines).await;
        shutdown.cancel();
        // The processes go when their pipes close.
        tokio::time::sleep(Duration::from_millis(50)).await;
        report
    })?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    for part in [
        report.hearing.map(|r| r.told(args.details)),
        report.turns.map(|r| r.told(args.details)),
        report.speaking.map(|r| r.told(args.details)),
    ]
    .into_iter()
    .flatten()
    {
        println!("{part}");
    }
    Ok(())
}

async fn measure(args: &Args, engines: &Engines) -> anyhow::Result<Report> {
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let mut report = Report::default();
    if wanted(Part::Hearing) || wanted(Part::Turns) {
        let recordings = recordings(args)?;
        if wanted(Part::Hearing) {
            report.hearing = Some(hearing::measure(args, engines, &recordings).await?);
        }
        if wanted(Part::Turns) {
            report.turns = Some(turns::measure(args, engines, &recordings).await?);
        }
    }
    if wanted(Part::Speaking) {
        let beside = args.folder.join(SENTENCES);
        let path = args.sentences.clone().unwrap_or_else(|| beside.clone());
        if path != beside || path.exists() {
            let text = read(&path)?;
            let lines: Vec<&str> = text
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .collect();
            report.speaking = Some(speaking::measure(engines, &lines).await?);
        }
    }
    Ok(report)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// English recordings of the folder, as far as they are asked for.
fn recordings(args: &Args) -> anyhow::Result<Vec<Recording>> {
    let all = manifest(&read(&args.folder.join(MANIFEST))?)?;
    let chosen: Vec<Recording> = all
        .into_iter()
        .filter(Recording::is_english)
        .filter(|r| args.condition.is_empty() || args.condition.contains(&r.condition))
        .step_by(args.every.max(1))
        .collect();
    if chosen.is_empty() {
        anyhow::bail!("there are no English recordings of that kind in the manifest");
    }
    Ok(chosen)
}

/// A recording's bytes, and its samples as bytes of the line.
async fn sound(args: &Args, recording: &Recording) -> anyhow::Result<(bytes::Bytes, Vec<f32>)> {
    let path = args.folder.join(&recording.audio);
    let bytes =
        std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let bytes = bytes::Bytes::from(bytes);
    let (again, name) = (bytes.clone(), path.clone());
    let never = AtomicBool::new(false);
    let decoded = tokio::task::spawn_blocking(move || {
        decode(&again, name.to_str(), &AudioLimits::default(), &never)
    });
    let pcm = decoded.await?.with_context(|| path.display().to_string())?;
    Ok((bytes, pcm.samples))
}

/// Samples as signed 16-bit ones.
fn pcm(samples: &[f32]) -> bytes::Bytes {
    let each = samples
        .iter()
        .map(|s| (s.clamp(-1.0, 1.0) * 32_767.0).round() as i16);
    each.flat_map(i16::to_le_bytes).collect::<Vec<u8>>().into()
}

/// A share as percent.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A time, or that there is none.
fn ms(value: Option<u64>) -> String {
    value.map_or("-".into(), |v| format!("{v} ms"))
}
