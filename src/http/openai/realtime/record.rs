//! The call record of a session: what was said, what happened, how long each turn took.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::super::now_ms;
use crate::store::call_log::{self, Line, LineState, Speaker};
use crate::store::calls::{self, Call, CallChannel, CallCost, CallStatus, EndedReason, NewCall};
use crate::store::{AssistantId, ReceiptId, Scoped, Store, StoreError, WorkspaceId};

/// Entries that may wait for the disk.
const WAITING: usize = 256;

/// Something for the record.
enum Entry {
    Line(Line),
    Event(i64, &'static str, Value),
    Turn {
        number: u32,
        at_ms: i64,
        rung: Option<String>,
        timings: Value,
    },
    Finish(CallStatus, EndedReason, CallCost),
}

/// Writes a session's record. The disk never makes the session wait, unless it is very slow.
pub(super) struct Record {
    entries: mpsc::Sender<Entry>,
    written: tokio::task::JoinHandle<()>,
    since: Instant,
    pub(super) cost: CallCost,
    turns: u32,
    /// What was said last; it may still turn out that less of it was heard.
    last: Option<(String, Line)>,
}

impl Record {
    /// Begins the record.
    pub(super) async fn begin(
        store: &Store,
        workspace: WorkspaceId,
        assistant: Option<AssistantId>,
        caller: Option<String>,
    ) -> Result<Self, StoreError> {
        let begun = store.write(move |tx| {
            let new = NewCall {
                assistant,
                conversation: None,
                channel: CallChannel::Realtime,
                caller: caller.as_deref(),
                status: CallStatus::InProgress,
            };
            calls::create(tx, workspace, &new, now_ms())
        });
        let call = begun.await?;
        let (entries, waiting) = mpsc::channel(WAITING);
        let written = tokio::spawn(write(store.clone(), workspace, call, waiting));
        Ok(Self {
            entries,
            written,
            since: Instant::now(),
            cost: CallCost::default(),
            turns: 0,
            last: None,
        })
    }

    /// The time in the session, in ms.
    pub(super) fn at(&self, when: Instant) -> i64 {
        let since = when.saturating_duration_since(self.since);
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// Something happened.
    pub(super) async fn event(&self, kind: &'static str, detail: Value) {
        let at = self.at(Instant::now());
        self.add(Entry::Event(at, kind, detail)).await;
    }

    /// The caller said something, so long until `ended`.
    pub(super) async fn heard(&mut self, text: String, ended: Instant, ms: u64) {
        self.flush().await;
        let end_ms = self.at(ended);
        let length = i64::try_from(ms).unwrap_or(0);
        let line = Line {
            speaker: Speaker::Caller,
            text,
            start_ms: (end_ms - length).max(0),
            end_ms,
            state: LineState::Complete,
            receipt: None,
        };
        self.add(Entry::Line(line)).await;
    }

    /// The front desk said something; how much of it was heard may follow with [`Record::cut`].
    pub(super) async fn said(
        &mut self,
        item: String,
        text: String,
        from: Instant,
        ms: u64,
        receipt: Option<ReceiptId>,
    ) {
        self.flush().await;
        let start_ms = self.at(from);
        let line = Line {
            speaker: Speaker::Agent,
            text,
            start_ms,
            end_ms: start_ms + i64::try_from(ms).unwrap_or(0),
            state: LineState::Complete,
            receipt,
        };
        self.last = Some((item, line));
    }

    /// Only this much of an answer was heard.
    pub(super) fn cut(&mut self, item: &str, text: &str, ms: Option<i64>) {
        if let Some((id, line)) = &mut self.last
            && id == item
        {
            line.text = text.to_owned();
            line.state = LineState::Interrupted;
            if let Some(ms) = ms {
                line.end_ms = line.start_ms + ms;
            }
        }
    }

    /// A turn is answered.
    pub(super) async fn turn(&mut self, rung: Option<String>, timings: Value) {
        self.turns += 1;
        let (number, at_ms) = (self.turns, self.at(Instant::now()));
        self.add(Entry::Turn {
            number,
            at_ms,
            rung,
            timings,
        })
        .await;
    }

    /// Completes the record; returns when it is written.
    pub(super) async fn finish(mut self, status: CallStatus, reason: EndedReason) {
        self.flush().await;
        self.add(Entry::Finish(status, reason, self.cost)).await;
        drop(self.entries);
        // A panic of the writer is in the log.
        let _ = self.written.await;
    }

    async fn flush(&mut self) {
        if let Some((_, line)) = self.last.take()
            && !line.text.trim().is_empty()
        {
            self.add(Entry::Line(line)).await;
        }
    }

    async fn add(&self, entry: Entry) {
        // The writer ends only after its last entry.
        let _ = self.entries.send(entry).await;
    }
}

async fn write(
    store: Store,
    workspace: WorkspaceId,
    call: Scoped<Call>,
    mut waiting: mpsc::Receiver<Entry>,
) {
    let id = call.id;
    let mut finished = false;
    while let Some(entry) = waiting.recv().await {
        finished = matches!(entry, Entry::Finish(..));
        note(&store, workspace, id, entry).await;
    }
    if !finished {
        // The session was dropped in mid-call.
        let last = Entry::Finish(
            CallStatus::Failed,
            EndedReason::ErrorStopped,
            CallCost::default(),
        );
        note(&store, workspace, id, last).await;
    }
}

async fn note(store: &Store, workspace: WorkspaceId, id: crate::store::CallId, entry: Entry) {
    let kept = store.write(move |tx| {
        let call = calls::get(tx, workspace, id)?;
        match entry {
            Entry::Line(line) => call_log::append_line(tx, &call, &line),
            Entry::Event(at, kind, detail) => call_log::append_event(tx, &call, at, kind, &detail),
            Entry::Turn {
                number,
                at_ms,
                rung,
                timings,
            } => call_log::append_turn(tx, &call, number, at_ms, rung.as_deref(), &timings),
            Entry::Finish(status, reason, cost) => {
                calls::finish(tx, &call, status, reason, &cost, now_ms())
            }
        }
    });
    if let Err(error) = kept.await {
        tracing::warn!(%error, "an entry of a call record was lost");
    }
}

/// How long a turn took, in ms from its end; what there was not is left out.
pub(super) fn timings(asked: Instant, first: Option<Instant>, sound: Option<Instant>) -> Value {
    let ms = |when: Instant| {
        let since = when.saturating_duration_since(asked);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    };
    let mut timings = json!({"total_ms": ms(Instant::now())});
    for (name, when) in [("first_token_ms", first), ("voice_to_voice_ms", sound)] {
        if let Some(when) = when {
            timings[name] = json!(ms(when));
        }
    }
    timings
}
