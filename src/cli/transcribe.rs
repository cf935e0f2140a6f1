//! `frontdesk transcribe`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::out;
use super::shared::{DataPlace, block_on, log};
use crate::app::speech_only;
use crate::speech::{TranscribeOptions, Transcriber, format, language_code};

/// Arguments of `frontdesk transcribe`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The recording: WAV, MP3, OGG/Opus, FLAC, M4A or WebM
    file: PathBuf,
    /// Format of the transcript
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// Catalogue name of the speech model; without it, the language decides
    #[arg(long)]
    model: Option<String>,
    /// Spoken language, for example `de`; `auto` detects it
    #[arg(long, default_value = "en")]
    language: String,
    /// Print JSON (the same as `--format json`)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The words
    Text,
    /// Words, segments and times
    Json,
    /// Subtitles
    Srt,
    /// Subtitles for web pages
    Vtt,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let size = std::fs::metadata(&args.file).map(|m| m.len());
    let what = || format!("{} cannot be read", args.file.display());
    if size.with_context(what)? > config.audio_max_bytes {
        anyhow::bail!(
            "{} is larger than {} MB; cut it into parts, or raise audio.max_bytes",
            args.file.display(),
            config.audio_max_bytes >> 20
        );
    }
    let audio = std::fs::read(&args.file).with_context(what)?;
    let form = if args.json { Form::Json } else { args.format };
    let automatic = args.language == "auto";
    let language = if automatic {
        None
    } else {
        Some(language_code(&args.language)?.to_owned())
    };
    let options = TranscribeOptions {
        language,
        words: form == Form::Json,
        ..TranscribeOptions::default()
    };
    // Only a multilingual model can detect the language.
    let model = match (&args.model, automatic) {
        (Some(named), _) => Some(named.clone()),
        (None, true) => Some(config.speech_multilingual.clone()),
        (None, false) => None,
    };
    let name = args
        .file
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    let transcript = block_on(async {
        let shutdown = CancellationToken::new();
        let speech = speech_only(&config, shutdown.clone())?;
        let transcript = speech.transcribe(audio.into(), name, model, options).await;
        shutdown.cancel();
        anyhow::Ok(transcript?)
    })?;
    match form {
        Form::Text => out::line(&format::text(&transcript)),
        Form::Json => out::json(&format::verbose_json(&transcript, true, true))?,
        Form::Srt => out::text(&format::srt(&transcript)),
        Form::Vtt => out::text(&format::vtt(&transcript)),
    }
    Ok(())
}
