//! Writes the record of a call while it lasts, in a task of its own, so that a slow disk never disturbs the sound.
//! Browser calls and Realtime sessions both use it.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::store::call_log::{self, Line};
use crate::store::calls::{self, Call, CallCost, CallStatus, EndedReason, RecordingState};
use crate::store::{Scoped, Store, StoreError, UnixMs};

/// Most entries per transaction.
const BATCH: usize = 64;
/// Entries that may wait for the disk before [`CallRecord::has_room`] makes the caller wait.
const ROOM: usize = 256;

/// An entry of the record. The first number of an event or the second of a turn is ms from the start.
#[derive(Debug)]
enum Entry {
    Line(Line),
    Event(i64, String, Value),
    Turn(u32, i64, Option<&'static str>, Map<String, Value>),
    Recording(RecordingState, Option<UnixMs>),
    Finished(CallStatus, EndedReason, CallCost),
}

/// An entry that waits for the disk, with its permit if it got one.
type Waiting = (Entry, Option<OwnedSemaphorePermit>);

pub(super) struct CallRecord {
    call: Scoped<Call>,
    entries: mpsc::UnboundedSender<Waiting>,
    room: Arc<Semaphore>,
    writer: JoinHandle<()>,
}

impl CallRecord {
    /// Continues a call that exists in the store.
    pub(super) fn new(store: Store, call: Scoped<Call>, tasks: &TaskTracker) -> Self {
        let (entries, waiting) = mpsc::unbounded_channel();
        let writer = tasks.spawn(write(store, call.clone(), waiting));
        Self {
            call,
            entries,
            room: Arc::new(Semaphore::new(ROOM)),
            writer,
        }
    }

    pub(super) fn call(&self) -> &Scoped<Call> {
        &self.call
    }

    fn put(&self, entry: Entry) {
        let room = Arc::clone(&self.room).try_acquire_owned().ok();
        // Fails only when the writer is gone, and the writer outlives this struct.
        let _ = self.entries.send((entry, room));
    }

    /// Waits while too many entries wait for the disk; for callers that a client can make produce entries at will.
    pub(super) async fn has_room(&self) {
        // Nobody closes the semaphore.
        let _ = self.room.acquire().await;
    }

    pub(super) fn line(&self, line: Line) {
        self.put(Entry::Line(line));
    }

    /// An event, `at` ms from the start.
    pub(super) fn event(&self, at: u64, kind: &str, detail: Value) {
        let detail = if detail.is_object() {
            detail
        } else {
            json!({})
        };
        self.put(Entry::Event(to_store_ms(at), kind.to_owned(), detail));
    }

    /// The timings of a turn.
    pub(super) fn turn(
        &self,
        number: u32,
        at: u64,
        rung: Option<&'static str>,
        times: Map<String, Value>,
    ) {
        self.put(Entry::Turn(number, to_store_ms(at), rung, times));
    }

    /// The state of the recording.
    pub(super) fn recording(&self, state: RecordingState, consent_at: Option<UnixMs>) {
        self.put(Entry::Recording(state, consent_at));
    }

    /// Ends the record; returns when all of it is written.
    pub(super) async fn finish(self, status: CallStatus, reason: EndedReason, cost: CallCost) {
        self.put(Entry::Finished(status, reason, cost));
        drop(self.entries);
        if let Err(error) = self.writer.await {
            tracing::error!(%error, "the record of a call could not be completed");
        }
    }
}

/// Converts ms to the store's type.
pub(super) fn to_store_ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

async fn write(store: Store, call: Scoped<Call>, mut waiting: mpsc::UnboundedReceiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut finished = false;
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let entries = std::mem::take(&mut batch);
        finished |= matches!(entries.last(), Some((Entry::Finished(..), _)));
        write_all(&store, &call, entries).await;
    }
    if !finished {
        // The session was dropped in the middle of the call.
        let (status, reason) = (CallStatus::Failed, EndedReason::ErrorStopped);
        let last = Entry::Finished(status, reason, CallCost::default());
        write_all(&store, &call, vec![(last, None)]).await;
    }
}

async fn write_all(store: &Store, call: &Scoped<Call>, entries: Vec<Waiting>) {
    let call = call.clone();
    let written = store.write(move |tx| {
        for (entry, _) in &entries {
            write_one(tx, &call, entry)?;
        }
        Ok(())
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, "a part of a call's record could not be written");
    }
}

fn write_one(
    tx: &rusqlite::Transaction<'_>,
    call: &Scoped<Call>,
    entry: &Entry,
) -> Result<(), StoreError> {
    match entry {
        Entry::Line(line) => call_log::append_line(tx, call, line),
        Entry::Event(at, kind, detail) => call_log::append_event(tx, call, *at, kind, detail),
        Entry::Turn(number, at, rung, times) => {
            call_log::append_turn(tx, call, *number, *at, *rung, times)
        }
        Entry::Recording(state, at) => calls::set_recording(tx, call, *state, *at),
        Entry::Finished(status, reason, cost) => calls::finish(
            tx,
            call,
            *status,
            *reason,
            cost,
            jiff::Timestamp::now().as_millisecond(),
        ),
    }
}
