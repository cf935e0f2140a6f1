//! `frontdesk speak`.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args as ClapArgs;
use futures::StreamExt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::out;
use super::remote::Server;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::voice_only;
use crate::config::Config;
use crate::speech::encode::{self, Encoder, Format};
use crate::speech::{SpeakRequest, Synthesizer};

/// Arguments of `frontdesk speak`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The text; `-` reads it from standard input
    #[arg(required_unless_present = "voices")]
    text: Option<String>,
    /// File to write; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Name of the voice; without it, the default voice
    #[arg(long)]
    voice: Option<String>,
    /// Pace, 0.25 to 4; 1 is the voice's normal pace
    #[arg(long, default_value_t = 1.0)]
    speed: f32,
    /// Format: mp3, opus, flac, wav or pcm; without it, the file's extension decides, or wav
    #[arg(long)]
    format: Option<String>,
    /// Play it on this machine's loudspeaker
    #[arg(long)]
    play: bool,
    /// List the voices and their licences
    #[arg(long)]
    voices: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if args.voices {
        return block_on(list(&config));
    }
    let text = text(args.text.as_deref().unwrap_or_default())?;
    let to = args.out.clone();
    if to.is_none() && !args.play {
        let hint = "say where to send the sound: --out FILE, or --play";
        return Err(WrongCall(hint.into()).into());
    }
    let to_terminal = to.as_deref() == Some(Path::new("-")) && std::io::stdout().is_terminal();
    if to_terminal {
        let hint = "a terminal cannot play sound; send it to a program or name a file";
        return Err(WrongCall(hint.into()).into());
    }
    let format = format(&args)?;
    let (pcm, rate) = block_on(synthesise(&config, &args, text))?;
    if let Some(to) = &to {
        let bytes = encode::whole(format, &pcm, rate)?;
        write(to, &bytes)?;
    }
    if args.play {
        super::talk::play(&pcm, rate)?;
    }
    Ok(())
}

fn text(given: &str) -> anyhow::Result<String> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        let read = std::io::stdin().read_to_string(&mut text);
        read.context("standard input cannot be read as text")?;
    }
    if text.trim().is_empty() {
        return Err(WrongCall("the text is empty".into()).into());
    }
    Ok(text)
}

fn format(args: &Args) -> anyhow::Result<Format> {
    let ending = args.out.as_deref().and_then(Path::extension);
    let ending = ending.map(|e| e.to_string_lossy().into_owned());
    let Some(name) = args.format.clone().or(ending) else {
        return Ok(Format::Wav);
    };
    Format::find(&name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|f| f.name()).collect();
        let names = names.join(", ");
        WrongCall(format!(
            "{name:?} is not a supported format; the formats are: {names}"
        ))
        .into()
    })
}

fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if to == Path::new("-") {
        let mut out = std::io::stdout().lock();
        let _closed_pipe = out.write_all(bytes).and_then(|()| out.flush());
        return Ok(());
    }
    std::fs::write(to, bytes).with_context(|| format!("{} cannot be written", to.display()))?;
    let size = out::plural(bytes.len(), "byte", "bytes");
    out::note(&format!("{} ({size})", to.display()));
    Ok(())
}

/// Makes the samples, on the running server or with an engine in this process.
async fn synthesise(
    config: &Arc<Config>,
    args: &Args,
    text: String,
) -> anyhow::Result<(Vec<u8>, u32)> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let body = json!({"input": text, "voice": args.voice, "speed": args.speed,
            "response_format": "pcm"});
        let mut pcm = Vec::new();
        let take = |piece: &[u8]| {
            pcm.extend_from_slice(piece);
            Ok(())
        };
        server.fetch("/v1/audio/speech", &body, take).await?;
        return Ok((pcm, encode::RATE));
    }
    let shutdown = CancellationToken::new();
    let voice = voice_only(config, shutdown.clone())?;
    let request = SpeakRequest {
        text,
        voice: args.voice.clone(),
        speed: args.speed,
        lexicon: Vec::new(),
    };
    let spoken = locally(&voice, request).await;
    shutdown.cancel();
    spoken
}

async fn locally(voice: &dyn Synthesizer, request: SpeakRequest) -> anyhow::Result<(Vec<u8>, u32)> {
    let mut clips = voice.speak(request).await?;
    let mut encoder = Encoder::streaming(Format::Pcm)?;
    let mut pcm = Vec::new();
    while let Some(clip) = clips.next().await {
        let clip = clip?;
        pcm.extend(encoder.push(&clip.pcm, clip.rate)?);
    }
    pcm.extend(encoder.finish()?);
    anyhow::ensure!(
        !pcm.is_empty(),
        "the text holds nothing that can be spoken; it needs at least one word or number"
    );
    Ok((pcm, encode::RATE))
}

async fn list(config: &Arc<Config>) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    let voice = voice_only(config, shutdown.clone())?;
    voice.settled().await;
    let ready = voice.ready();
    let voices = voice.voices();
    shutdown.cancel();
    if voices.is_empty() {
        ready?;
    }
    for voice in voices {
        out::line(&format!(
            "{}\n  {}, language {}, {} Hz\n  licence: {}",
            voice.name, voice.title, voice.language, voice.rate, voice.licence
        ));
    }
    Ok(())
}
