//! `frontdesk talk`: the front desk at this machine's own microphone and loudspeaker.
//!
//! [`devices`] owns the sound card, [`clean`] takes the loudspeaker's sound out of the microphone's,
//! [`playout`] is what is to be played, [`wire`] leads to the session, [`kiosk`] joins them.

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

/// How long the engines have to load.
const LOADING: Duration = Duration::from_secs(120);

/// Arguments of `frontdesk talk`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// List microphones and loudspeakers
    #[arg(long)]
    list: bool,
    /// Microphone by its name in the list, or a part of it
    #[arg(long, value_name = "NAME")]
    microphone: Option<String>,
    /// Loudspeaker by its name in the list, or a part of it
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// Listen only between two presses of Enter
    #[arg(long)]
    push_to_talk: bool,
    /// Assistant that answers; without it, the first
    #[arg(long)]
    assistant: Option<String>,
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Type instead of talking: no microphone and no loudspeaker are used
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
    // Before anything is loaded: a machine without sound is told so at once.
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

/// Waits until ears and voice are there, or it is clear that they are not.
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
/// Without a loudspeaker.
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
    // What the sound card still holds.
    std::thread::sleep(Duration::from_millis(200));
    drop(devices);
    Ok(())
}
