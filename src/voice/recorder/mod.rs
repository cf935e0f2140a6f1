//! Records a call while it lasts: two channels on one clock, stored piece by piece in the encrypted store.
//!
//! The left channel is the caller, the right one the front desk. The recording runs on the call's clock:
//! what was said at 0:42 of the call is heard at 0:42, and the time before consent is silent.
//!
//! Invariants: nothing is recorded before [`Recorder::start`]; sound is only ever written to the store; the session
//! never waits. If the store fails, the recording ends with a note in the call's flow log, and the
//! call goes on.

mod opus;
mod sound;
mod track;

pub use opus::{MEDIA_TYPE, RecordingError};
pub use sound::{Peaks, Sound, peaks};

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinHandle;

use self::opus::Pieces;
use self::track::Track;
use crate::store::calls::Call;
use crate::store::recordings::{self, NewRecording};
use crate::store::{Scoped, Store, StoreError, UnixMs, call_log, storage};

/// Sample rate of recordings, in Hz.
pub const RATE: u32 = 16_000;
/// Most packets that may wait for the writer: some seconds of both sides.
const QUEUE: usize = 1024;
/// How long the end of a call waits for the last piece.
const PATIENCE: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

enum Sign {
    Caller { pcm: Bytes, at_ms: u64 },
    Agent { pcm: Bytes, rate: u32, at_ms: u64 },
    Cut { at_ms: u64 },
}

/// Records both sides of a call. Dropping it ends the recording like [`Recorder::finish`], but does
/// not wait.
#[derive(Debug)]
pub struct Recorder {
    signs: mpsc::Sender<Sign>,
    writer: JoinHandle<()>,
    lost: bool,
}

impl Recorder {
    /// Starts recording a call, after the caller's consent. The recording is kept for `days` from `now`. Call it
    /// inside a tokio runtime.
    pub fn start(store: Store, call: Scoped<Call>, days: u32, now: UnixMs) -> Self {
        let (signs, waiting) = mpsc::channel(QUEUE);
        let purge_at = now.saturating_add(i64::from(days).saturating_mul(DAY_MS));
        let writer =
            tokio::task::spawn_blocking(move || write(&store, &call, waiting, now, purge_at));
        Self {
            signs,
            writer,
            lost: false,
        }
    }

    /// Adds sound of the caller: signed 16-bit samples, little-endian, mono, [`RATE`]. `at_ms` is when it
    /// begins, in ms from the start of the call.
    pub fn caller(&mut self, pcm: &[u8], at_ms: u64) {
        self.send(Sign::Caller {
            pcm: Bytes::copy_from_slice(pcm),
            at_ms,
        });
    }

    /// Adds sound of the front desk at any rate, as it is played; may come some seconds ahead of its time.
    pub fn agent(&mut self, pcm: &[u8], rate: u32, at_ms: u64) {
        self.send(Sign::Agent {
            pcm: Bytes::copy_from_slice(pcm),
            rate,
            at_ms,
        });
    }

    /// The front desk was interrupted: drops what would have been heard after `at_ms`.
    pub fn cut(&mut self, at_ms: u64) {
        self.send(Sign::Cut { at_ms });
    }

    /// Ends the recording; returns when the last piece is stored.
    pub async fn finish(self) {
        let Self { signs, writer, .. } = self;
        drop(signs);
        if tokio::time::timeout(PATIENCE, writer).await.is_err() {
            tracing::warn!("the end of a recording is still being written");
        }
    }

    fn send(&mut self, sign: Sign) {
        if let Err(TrySendError::Full(_)) = self.signs.try_send(sign)
            && !std::mem::replace(&mut self.lost, true)
        {
            tracing::warn!("the disk is too slow for a recording; parts of it are silence");
        }
    }
}

/// Handles sound until the call is over, on a thread that may block.
fn write(
    store: &Store,
    call: &Scoped<Call>,
    mut waiting: mpsc::Receiver<Sign>,
    now: UnixMs,
    purge_at: UnixMs,
) {
    let mut track = Track::default();
    let written = (|| {
        let mut shelf = Shelf::open(store, call, now, purge_at)?;
        while let Some(sign) = waiting.blocking_recv() {
            match sign {
                Sign::Caller { pcm, at_ms } => track.caller(&pcm, at_ms),
                Sign::Agent { pcm, rate, at_ms } => track.agent(&pcm, rate, at_ms),
                Sign::Cut { at_ms } => track.cut(at_ms),
            }
            while let Some(piece) = track.ready() {
                shelf.put(&piece, false)?;
            }
        }
        shelf.put(&track.rest(), true)
    })();
    if let Err(error) = written {
        waiting.close();
        let reason = error.to_string();
        tracing::error!(call = %call.id, %reason, "the recording of a call stopped");
        let at_ms = i64::try_from(track.at_ms()).unwrap_or(i64::MAX);
        let noted = store.write_blocking(|tx| {
            let detail = serde_json::json!({ "reason": reason });
            call_log::append_event(tx, call, at_ms, "recording_failed", &detail)
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "the flow log of a call is incomplete");
        }
    }
}

/// Stores the pieces of a recording.
struct Shelf<'a> {
    store: &'a Store,
    call: &'a Scoped<Call>,
    pieces: Pieces,
    number: u32,
}

impl<'a> Shelf<'a> {
    fn open(
        store: &'a Store,
        call: &'a Scoped<Call>,
        now: UnixMs,
        purge_at: UnixMs,
    ) -> Result<Self, RecordingError> {
        let pieces = Pieces::new()?;
        let new = NewRecording {
            format: MEDIA_TYPE,
            sample_rate: RATE,
            purge_at,
        };
        store.has_room()?;
        store.write_blocking(|tx| {
            storage::has_room(tx, call.workspace(), now)?;
            recordings::start(tx, call, &new, now)
        })?;
        Ok(Self {
            store,
            call,
            pieces,
            number: 0,
        })
    }

    /// Stores interleaved samples of both channels.
    fn put(&mut self, samples: &[i16], last: bool) -> Result<(), RecordingError> {
        let bytes = self.pieces.encode(samples, last)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let duration = self.pieces.duration_ms();
        let (call, number) = (self.call, self.number);
        let kept = self
            .store
            .write_blocking(|tx| recordings::append(tx, call, number, &bytes, duration));
        self.number += 1;
        match kept {
            // The owner deleted it during the call.
            Err(StoreError::NotFound(_)) => Err(RecordingError::Deleted),
            other => Ok(other?),
        }
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod recorder_tests;
