//! The record of a Realtime session: what was said, what happened, how long each turn took.
//!
//! The words of an answer are held back until the next entry: the client may still report that less of it was heard.

use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::store::call_log::{Line, LineState, Speaker};
use crate::store::calls::{self, CallChannel, CallCost, CallStatus, EndedReason, NewCall};
use crate::store::{AssistantId, ReceiptId, Store, StoreError, WorkspaceId};
use crate::voice::call_record::{CallRecord, to_store_ms};

/// Records what happens in a session. Only a very slow disk makes the session wait.
pub struct Record {
    call: CallRecord,
    since: Instant,
    pub cost: CallCost,
    turns: u32,
    /// The last answer, with the id of its item.
    last: Option<(String, Line)>,
}

impl Record {
    pub async fn begin(
        store: &Store,
        tasks: &TaskTracker,
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
            let now = jiff::Timestamp::now().as_millisecond();
            calls::create(tx, workspace, &new, now)
        });
        Ok(Self {
            call: CallRecord::new(store.clone(), begun.await?, tasks),
            since: Instant::now(),
            cost: CallCost::default(),
            turns: 0,
            last: None,
        })
    }

    /// Time since the session began, in ms.
    fn at(&self, when: Instant) -> u64 {
        ms_between(self.since, when)
    }

    pub async fn event(&self, kind: &'static str, detail: Value) {
        let at = self.at(Instant::now());
        self.call.has_room().await;
        self.call.event(at, kind, detail);
    }

    /// The caller's words, spoken in the `ms` before `ended`.
    pub async fn note_caller(&mut self, text: String, ended: Instant, ms: u64) {
        self.flush().await;
        let end_ms = self.at(ended);
        self.call.has_room().await;
        self.call.line(Line {
            speaker: Speaker::Caller,
            text,
            start_ms: to_store_ms(end_ms.saturating_sub(ms)),
            end_ms: to_store_ms(end_ms),
            state: LineState::Complete,
            receipt: None,
        });
    }

    /// The front desk's words; [`Record::cut`] may shorten them afterwards.
    pub async fn note_answer(
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
            start_ms: to_store_ms(start_ms),
            end_ms: to_store_ms(start_ms.saturating_add(ms)),
            state: LineState::Complete,
            receipt,
        };
        self.last = Some((item, line));
    }

    /// Shortens an answer to what was heard of it.
    pub fn cut(&mut self, item: &str, text: &str, ms: Option<i64>) {
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

    /// The timings of an answered turn.
    pub async fn turn(&mut self, rung: Option<&'static str>, timings: Map<String, Value>) {
        self.turns += 1;
        let at = self.at(Instant::now());
        self.call.has_room().await;
        self.call.turn(self.turns, at, rung, timings);
    }

    /// Ends the record; returns when it is written.
    pub async fn finish(mut self, status: CallStatus, reason: EndedReason) {
        self.flush().await;
        self.call.finish(status, reason, self.cost).await;
    }

    async fn flush(&mut self) {
        if let Some((_, line)) = self.last.take()
            && !line.text.trim().is_empty()
        {
            self.call.has_room().await;
            self.call.line(line);
        }
    }
}

/// Durations of a turn's steps, in ms from its end; missing steps are left out.
pub fn timings(
    asked: Instant,
    first: Option<Instant>,
    sound: Option<Instant>,
) -> Map<String, Value> {
    let mut timings = Map::new();
    let mut note = |name: &str, when| timings.insert(name.into(), json!(ms_between(asked, when)));
    note("total_ms", Instant::now());
    if let Some(first) = first {
        note("first_token_ms", first);
    }
    if let Some(sound) = sound {
        note("voice_to_voice_ms", sound);
    }
    timings
}

fn ms_between(from: Instant, to: Instant) -> u64 {
    let between = to.saturating_duration_since(from);
    u64::try_from(between.as_millis()).unwrap_or(u64::MAX)
}
