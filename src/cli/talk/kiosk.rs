//! One conversation at the machine: carries sound between devices and session, and prints what is said.

use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::clean::Cleaner;
use super::devices::{self, Choice, Devices, Sound};
use super::playout::Playout;
use super::seen::Seen;
use super::wire::Wire;
use crate::cli::out;
use crate::voice::{Incoming, LINE_RATE};

/// Pieces of sound waiting to be cleaned: about two seconds.
const QUEUE: usize = 256;
/// Bytes of sound sent at a time: 20 ms.
const PACKET: usize = LINE_RATE as usize / 50 * 2;
/// How often to report to the session what was played.
const REPORT: Duration = Duration::from_millis(100);
/// How often to look for a lost device.
const SEARCH: Duration = Duration::from_secs(2);
/// Timeout for the session's goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// How the person talks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) text: bool,
    pub(super) push_to_talk: bool,
}

/// The machine's side of a conversation.
pub(super) struct Kiosk {
    manner: Manner,
    choice: Choice,
    playout: Arc<Playout>,
    sound: blocking::SyncSender<Sound>,
    clean: mpsc::Receiver<Bytes>,
    broken: mpsc::UnboundedSender<String>,
    failures: mpsc::UnboundedReceiver<String>,
    devices: Option<Devices>,
    /// Whether the talk key is down.
    talking: bool,
    /// Whether the session asked for consent to record and has no answer yet.
    asked: bool,
    reported: Option<(u32, u64)>,
    phase: &'static str,
}

impl Kiosk {
    /// Opens the devices, unless the person types.
    ///
    /// # Errors
    /// When a device is missing.
    pub(super) fn open(choice: Choice, manner: Manner) -> anyhow::Result<Self> {
        let mut kiosk = Self::closed(choice, manner);
        if !manner.text {
            kiosk.devices = Some(kiosk.open_devices()?);
        }
        Ok(kiosk)
    }

    fn closed(choice: Choice, manner: Manner) -> Self {
        let (sound, raw) = blocking::sync_channel(QUEUE);
        let (cleaned, clean) = mpsc::channel(QUEUE);
        let (broken, failures) = mpsc::unbounded_channel();
        std::thread::spawn(move || clean_all(&raw, &cleaned));
        Self {
            manner,
            choice,
            playout: Arc::new(Playout::new(48_000)),
            sound,
            clean,
            broken,
            failures,
            devices: None,
            talking: false,
            asked: false,
            reported: None,
            phase: "",
        }
    }

    fn open_devices(&self) -> anyhow::Result<Devices> {
        devices::open(&self.choice, &self.playout, &self.sound, &self.broken)
    }

    /// Talks until one side hangs up.
    ///
    /// # Errors
    /// When the session could not start.
    pub(super) async fn talk(mut self, mut wire: Wire) -> anyhow::Result<()> {
        out::note(match (self.manner.text, self.manner.push_to_talk) {
            (true, _) => "Type and press Enter. Ctrl-C hangs up.",
            (false, true) => {
                "Press Enter to talk and Enter again when you are done. Ctrl-C hangs up."
            }
            (false, false) => "Talk. Enter stops an answer, Ctrl-C hangs up.",
        });
        if self.manner.push_to_talk && !self.manner.text {
            wire.to.send(Incoming::Talk(false)).await.ok();
        }
        let mut lines = keyboard();
        let mut typing = true;
        let mut report = interval(REPORT);
        report.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut search = interval(SEARCH);
        loop {
            tokio::select! {
                event = wire.from.recv() => match event {
                    Some(event) => if self.show(event)? {
                        self.play_out().await;
                        return Ok(());
                    },
                    None => anyhow::bail!("the connection to the front desk was lost; try again"),
                },
                Some(pcm) = self.clean.recv() => {
                    // A slow session loses sound, as on a telephone.
                    let _full = wire.to.try_send(Incoming::Audio(pcm));
                }
                Some(sentence) = self.failures.recv(), if self.devices.is_some() => {
                    self.devices = None;
                    out::note(&format!("{sentence}; looking for it again"));
                }
                _ = search.tick(), if self.devices.is_none() && !self.manner.text => {
                    if let Ok(devices) = self.open_devices() {
                        while self.failures.try_recv().is_ok() {}
                        self.devices = Some(devices);
                        out::note("sound is back");
                    }
                }
                _ = report.tick() => {
                    if let Some(played) = self.news() {
                        let _full = wire.to.try_send(played);
                    }
                }
                line = lines.recv(), if typing => match line {
                    Some(line) => if let Some(sign) = self.typed(line.trim()) {
                        wire.to.send(sign).await.ok();
                    },
                    // The keyboard is closed; a person with a microphone can still talk.
                    _ if self.manner.text => return self.hang_up(wire).await,
                    _ => typing = false,
                },
                _ = tokio::signal::ctrl_c() => return self.hang_up(wire).await,
            }
        }
    }

    /// Interprets a line from the keyboard.
    fn typed(&mut self, line: &str) -> Option<Incoming> {
        if self.asked && !line.is_empty() {
            let yes = matches!(line.to_lowercase().as_str(), "y" | "yes");
            let no = matches!(line.to_lowercase().as_str(), "n" | "no");
            if yes || no {
                self.asked = false;
                return Some(Incoming::Consent(yes));
            }
        }
        if !line.is_empty() {
            return Some(Incoming::Text(line.to_owned()));
        }
        if self.manner.text {
            return None;
        }
        if self.manner.push_to_talk {
            self.talking = !self.talking;
            out::note(if self.talking { "(talk now)" } else { "(done)" });
            return Some(Incoming::Talk(self.talking));
        }
        Some(Incoming::Interrupt)
    }

    /// Shows or plays an event; returns whether it was the last.
    fn show(&mut self, event: Seen) -> anyhow::Result<bool> {
        match event {
            Seen::Ready(consent) => {
                self.asked = consent.is_some();
                if let Some(question) = consent {
                    out::note(&format!("{question} (type y or n, or say it)"));
                }
            }
            Seen::Phase(phase) if phase != self.phase => {
                self.phase = phase;
                out::note(&format!("({phase})"));
            }
            Seen::Phase(_) => {}
            Seen::Partial(words) => out::note(&format!("… {words}")),
            Seen::Heard(words) => out::line(&format!("You: {words}")),
            Seen::Answer(text) => out::line(&format!("Front desk: {text}")),
            Seen::Audio { answer, pcm, rate } if self.devices.is_some() => {
                self.playout.push(answer, &pcm, rate)?;
            }
            Seen::Audio { .. } => {}
            Seen::AudioEnd(answer) => self.playout.end(answer)?,
            Seen::Pause => self.playout.pause(true),
            Seen::Resume => self.playout.pause(false),
            Seen::Clear(answer) => self.playout.clear(answer),
            Seen::Notice(text) => out::note(&format!("({text})")),
            Seen::Ended(message) => {
                out::note(&message);
                return Ok(true);
            }
            Seen::Refused(reason) => anyhow::bail!(reason),
        }
        Ok(false)
    }

    /// Reports what was played since the last call.
    fn news(&mut self) -> Option<Incoming> {
        let heard = self.playout.heard();
        if heard == self.reported {
            return None;
        }
        self.reported = heard;
        heard.map(|(answer, ms)| Incoming::Played { answer, ms })
    }

    async fn hang_up(mut self, mut wire: Wire) -> anyhow::Result<()> {
        self.devices = None;
        wire.to.send(Incoming::Hangup).await.ok();
        drop(wire.to);
        let goodbye = async {
            while let Some(event) = wire.from.recv().await {
                if let Seen::Ended(message) = event {
                    out::note(&message);
                }
            }
        };
        timeout(FAREWELL, goodbye).await.ok();
        Ok(())
    }

    /// Waits until the last sentence has been played.
    async fn play_out(&self) {
        let last = async {
            while self.devices.is_some() && !self.playout.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(FAREWELL, last).await.ok();
    }
}

/// Reads typed lines in a thread of its own, because reading cannot be interrupted when the
/// conversation ends.
fn keyboard() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}

/// Cleans sound until the devices are gone for good.
fn clean_all(raw: &blocking::Receiver<Sound>, clean: &mpsc::Sender<Bytes>) {
    let mut cleaner = Cleaner::new();
    let mut pending = Vec::new();
    while let Ok(sound) = raw.recv() {
        if sound.played {
            if let Err(error) = cleaner.played(&sound.samples, sound.rate) {
                tracing::warn!(%error, "what was played");
            }
            continue;
        }
        match cleaner.heard(&sound.samples, sound.rate) {
            Ok(pcm) => pending.extend(pcm),
            Err(error) => tracing::warn!(%error, "what was heard"),
        }
        while pending.len() >= PACKET {
            let packet: Vec<u8> = pending.drain(..PACKET).collect();
            if let Err(mpsc::error::TrySendError::Closed(_)) = clean.try_send(packet.into()) {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "kiosk_tests.rs"]
mod tests;
