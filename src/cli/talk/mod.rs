//! `frontdesk talk`: the front desk at this machine's own microphone and loudspeaker.
//!
//! [`devices`] owns the sound card, [`clean`] removes the loudspeaker's sound from the microphone's,
//! [`playout`] queues what to play, [`wire`] connects to the session, [`kiosk`] joins them.

mod alsa;
mod clean;
mod devices;
mod kiosk;
mod playout;
mod seen;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use tokio::sync::mpsc;

use self::devices::Choice;
use self::kiosk::{Kiosk, Manner};
use self::playout::Playout;
use super::out;
use super::remote::Server;
use super::shared::{DataPlace, block_on, log, with_app};

/// Timeout for loading the engines.
const LOADING: Duration = Duration::from_secs(120);

/// Arguments of `frontdesk talk`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// List microphones and loudspeakers
    #[arg(long)]
    list: bool,
    /// Name of the microphone as listed, or part of it
    #[arg(long, value_name = "NAME")]
    microphone: Option<String>,
    /// Name of the loudspeaker as listed, or part of it
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// Listen only between two presses of Enter
    #[arg(long)]
    push_to_talk: bool,
    /// Assistant that answers; without it, the first one
    #[arg(long)]
    assistant: Option<String>,
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Type instead of talking, without microphone and loudspeaker
    #[arg(long)]
    text: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    if args.list {
        return list();
    }
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let manner = Manner {
        text: args.text,
        push_to_talk: args.push_to_talk,
    };
    let choice = Choice {
        microphone: args.microphone.clone(),
        speaker: args.speaker.clone(),
    };
    // Before loading anything, so that a machine without sound fails at once.
    let kiosk = Kiosk::open(choice, manner)?;
    block_on(async {
        let (workspace, assistant) = (args.workspace.as_str(), args.assistant.as_deref());
        if let Some(server) = Server::find(&config.data_dir)? {
            let wire = wire::remote(&server, workspace, assistant).await?;
            return kiosk.talk(wire).await;
        }
        with_app(config, |app| async move {
            out::note("loading the models …");
            app.models_settled(LOADING).await;
            voice_settled(&app).await?;
            let wire = wire::local(&app, workspace, assistant).await?;
            kiosk.talk(wire).await
        })
        .await
    })
}

/// Waits until recognition and voice are loaded or have failed to load.
async fn voice_settled(app: &crate::app::App) -> anyhow::Result<()> {
    let since = std::time::Instant::now();
    loop {
        let (ears, voice) = (app.ears.ready(), app.synthesizer.ready());
        if ears.is_ok() && voice.is_ok() {
            return Ok(());
        }
        let starting = app.workers().iter().any(|w| w.state == "starting");
        if !starting || since.elapsed() > LOADING {
            ears?;
            voice?;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn list() -> anyhow::Result<()> {
    let names = devices::names()?;
    for (title, names) in [
        ("Microphones", &names.microphones),
        ("Loudspeakers", &names.speakers),
    ] {
        out::line(title);
        for name in names {
            out::line(&format!("  {name}"));
        }
        if names.is_empty() {
            out::line("  none");
        }
    }
    Ok(())
}

/// Plays sound to its end: signed 16-bit samples, little-endian, one channel.
///
/// # Errors
/// When there is no loudspeaker.
pub(super) fn play(pcm: &[u8], rate: u32) -> anyhow::Result<()> {
    let playout = Arc::new(Playout::new(rate));
    let (broken, mut failures) = mpsc::unbounded_channel();
    let devices = devices::open_for_playing(&playout, &broken)?;
    playout.push(0, pcm, rate)?;
    playout.end(0)?;
    while !playout.is_empty() {
        if let Ok(sentence) = failures.try_recv() {
            anyhow::bail!(sentence);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Wait for what the sound card still buffers.
    std::thread::sleep(Duration::from_millis(200));
    drop(devices);
    Ok(())
}
