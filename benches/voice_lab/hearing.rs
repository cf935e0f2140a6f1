//! Words of recordings: the live path beside whisper.cpp's default path, same model.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

use frontdesk::speech::{Ears, TranscribeOptions, Transcriber, Utterance};
use serde::Serialize;

use super::{Args, Engines, ms, pcm, percent, sound};
use crate::score::{Errors, Recording, compare, quantile, words};

#[derive(Debug, Serialize)]
struct Heard {
    audio: String,
    condition: String,
    seconds: f64,
    said: String,
    live: Path,
    default_path: Option<Path>,
}

#[derive(Debug, Serialize)]
struct Path {
    text: String,
    errors: Errors,
    took_ms: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    recordings: Vec<Heard>,
}

pub(super) async fn measure(
    args: &Args,
    engines: &Engines,
    recordings: &[Recording],
) -> anyhow::Result<Report> {
    let mut heard = Vec::new();
    for recording in recordings {
        let (bytes, samples) = sound(args, recording).await?;
        let text = recording.text.clone().unwrap_or_default();
        let said = words(&text);
        let path = |text: String, since: Instant| Path {
            errors: compare(&said, &words(&text)),
            text,
            took_ms: since.elapsed().as_millis() as u64,
        };
        let utterance = Utterance {
            pcm: pcm(&samples),
            language: Some("en".into()),
            ..Utterance::default()
        };
        let since = Instant::now();
        let live = path(engines.live.hear(utterance).await?.text, since);
        let default_path = if args.no_default_path {
            None
        } else {
            let options = TranscribeOptions {
                language: Some("en".into()),
                full_context: true,
                ..TranscribeOptions::default()
            };
            let since = Instant::now();
            let name = Some(recording.audio.clone());
            let transcript = engines.files.transcribe(bytes, name, None, options).await?;
            Some(path(transcript.text, since))
        };
        heard.push(Heard {
            audio: recording.audio.clone(),
            condition: recording.condition.clone(),
            seconds: samples.len() as f64 / 16_000.0,
            said: text,
            live,
            default_path,
        });
    }
    Ok(Report { recordings: heard })
}

fn sum<'a>(paths: impl Iterator<Item = &'a Path>) -> Errors {
    paths.fold(Errors::default(), |sum, path| sum.plus(path.errors))
}

impl Report {
    pub(super) fn told(&self, details: bool) -> String {
        let mut out = String::from("Words of recordings\n");
        let mut by: BTreeMap<&str, Vec<&Heard>> = BTreeMap::new();
        for heard in &self.recordings {
            by.entry("all").or_default().push(heard);
            by.entry(heard.condition.as_str()).or_default().push(heard);
        }
        let head = "condition";
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "{head:<26} {:>5} {:>8} {:>8} {:>9} {:>9} {:>7}",
            "files", "live", "default", "live p50", "p95", "ratio"
        );
        for (condition, heard) in by {
            let defaults = || heard.iter().filter_map(|h| h.default_path.as_ref());
            let lives: Vec<u64> = heard.iter().map(|h| h.live.took_ms).collect();
            let (fast, slow): (u64, u64) = (
                heard
                    .iter()
                    .filter(|h| h.default_path.is_some())
                    .map(|h| h.live.took_ms)
                    .sum(),
                defaults().map(|p| p.took_ms).sum(),
            );
            let known = slow > 0;
            let _ = writeln!(
                out,
                "{condition:<26} {:>5} {:>8} {:>8} {:>9} {:>9} {:>7}",
                heard.len(),
                percent(sum(heard.iter().map(|h| &h.live)).rate()),
                if known {
                    percent(sum(defaults()).rate())
                } else {
                    "-".into()
                },
                ms(quantile(&lives, 0.5)),
                ms(quantile(&lives, 0.95)),
                if known {
                    format!("{:.1}", slow as f64 / fast.max(1) as f64)
                } else {
                    "-".into()
                },
            );
        }
        for heard in self
            .recordings
            .iter()
            .filter(|h| details && h.live.errors.errors > 0)
        {
            let _ = writeln!(out, "\n{} ({} ms)", heard.audio, heard.live.took_ms);
            let _ = writeln!(out, "  said    {}", heard.said);
            let _ = writeln!(out, "  live    {}", heard.live.text);
            if let Some(path) = &heard.default_path {
                let _ = writeln!(out, "  default {} ({} ms)", path.text, path.took_ms);
            }
        }
        out
    }
}
