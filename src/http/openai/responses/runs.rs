//! Responses in the background of this process: their events so far, and how to end them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long the events of one that ended are still there for a client that comes back.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The responses in the background, by id.
#[derive(Debug, Default)]
pub(in crate::http) struct Runs(Mutex<HashMap<String, Arc<Run>>>);

#[derive(Debug)]
pub(super) struct Run {
    so_far: Mutex<SoFar>,
    /// Changes with each event.
    told: watch::Sender<usize>,
    cancel: CancellationToken,
}

#[derive(Debug)]
struct SoFar {
    events: Vec<Value>,
    response: Value,
    ended: Option<Instant>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runs {
    pub(super) fn find(&self, id: &str) -> Option<Arc<Run>> {
        lock(&self.0).get(id).cloned()
    }

    /// Adds one that has begun, and forgets those that ended long ago.
    pub(super) fn begin(&self, id: &str, response: Value) -> Arc<Run> {
        let run = Arc::new(Run {
            so_far: Mutex::new(SoFar {
                events: Vec::new(),
                response,
                ended: None,
            }),
            told: watch::Sender::new(0),
            cancel: CancellationToken::new(),
        });
        let mut all = lock(&self.0);
        all.retain(|_, run| run.is_wanted());
        all.insert(id.to_owned(), Arc::clone(&run));
        run
    }

    /// Ends one that was deleted.
    pub(super) fn forget(&self, id: &str) {
        if let Some(run) = lock(&self.0).remove(id) {
            run.cancel.cancel();
        }
    }
}

/// Whoever works on a run holds this. A run that was let go of without an end, as by a panic, has failed: else those who wait for
/// it would wait for ever.
#[derive(Debug)]
pub(super) struct Held(Arc<Run>);

impl Held {
    pub(super) fn new(run: &Arc<Run>) -> Self {
        Self(Arc::clone(run))
    }
}

impl std::ops::Deref for Held {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fail_unended();
    }
}

impl Run {
    /// Ends it as failed, unless it has ended.
    fn fail_unended(&self) {
        let mut so_far = lock(&self.so_far);
        if so_far.ended.is_some() {
            return;
        }
        tracing::error!("a response in the background broke off");
        let message = "the answer broke off before it was complete; ask again";
        so_far.response["status"] = json!("failed");
        so_far.response["error"] = json!({ "code": "server_error", "message": message });
        let last = so_far.events.last();
        let last = last.and_then(|event| event["sequence_number"].as_u64());
        let event = json!({
            "type": "response.failed", "sequence_number": last.map_or(0, |last| last + 1),
            "response": so_far.response,
        });
        so_far.events.push(event);
        so_far.ended = Some(Instant::now());
        let known = so_far.events.len();
        drop(so_far);
        self.told.send_replace(known);
    }

    fn is_wanted(&self) -> bool {
        lock(&self.so_far)
            .ended
            .is_none_or(|at| at.elapsed() < KEPT)
    }

    pub(super) fn add(&self, events: Vec<Value>, response: Option<Value>) {
        let mut so_far = lock(&self.so_far);
        so_far.events.extend(events);
        if let Some(response) = response {
            so_far.response = response;
        }
        let known = so_far.events.len();
        drop(so_far);
        self.told.send_replace(known);
    }

    pub(super) fn end(&self, response: Value) {
        let mut so_far = lock(&self.so_far);
        so_far.response = response;
        so_far.ended = Some(Instant::now());
        drop(so_far);
        self.told.send_modify(|_| {});
    }

    pub(super) fn response(&self) -> Value {
        lock(&self.so_far).response.clone()
    }

    pub(super) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Ends the work, and waits for the response as it is then.
    pub(super) async fn stop(&self) -> Value {
        self.cancel.cancel();
        let mut told = self.told.subscribe();
        while lock(&self.so_far).ended.is_none() {
            if told.changed().await.is_err() {
                break;
            }
        }
        self.response()
    }

    /// The events after number `after`, those to come too.
    pub(super) fn follow(self: Arc<Self>, after: Option<u64>) -> impl Stream<Item = Value> + Send {
        let told = self.told.subscribe();
        let new = stream::unfold((self, told, 0), |(run, mut told, at)| async move {
            loop {
                let (events, has_ended) = {
                    let so_far = lock(&run.so_far);
                    let events = so_far.events.get(at..).map(<[_]>::to_vec);
                    (events.unwrap_or_default(), so_far.ended.is_some())
                };
                if !events.is_empty() {
                    let next = at + events.len();
                    return Some((stream::iter(events), (run, told, next)));
                }
                if has_ended || told.changed().await.is_err() {
                    return None;
                }
            }
        });
        let is_new = move |event: &Value| {
            let number = event["sequence_number"].as_u64();
            after.is_none_or(|after| number.is_some_and(|number| number > after))
        };
        new.flatten()
            .filter(move |event| futures::future::ready(is_new(event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_late_gets_what_was_and_what_comes() {
        let runs = Runs::default();
        let run = runs.begin("resp_1", json!({"status": "queued"}));
        let event = |n: u64| json!({ "sequence_number": n });
        run.add(
            vec![event(0), event(1)],
            Some(json!({"status": "in_progress"})),
        );
        let mut all = Box::pin(runs.find("resp_1").unwrap().follow(None));
        let mut some = Box::pin(Arc::clone(&run).follow(Some(0)));
        assert_eq!(all.next().await, Some(event(0)));
        assert_eq!(some.next().await, Some(event(1)));
        run.add(vec![event(2)], None);
        run.end(json!({"status": "completed"}));
        assert_eq!(some.next().await, Some(event(2)));
        assert_eq!(some.next().await, None);
        let rest: Vec<_> = all.collect().await;
        assert_eq!(rest, [event(1), event(2)]);
        assert_eq!(run.stop().await["status"], "completed");
        runs.forget("resp_1");
        assert!(runs.find("resp_1").is_none());
    }

    #[tokio::test]
    async fn a_run_whose_task_panicked_has_failed_and_nobody_waits_for_it() {
        let runs = Runs::default();
        let run = runs.begin("resp_1", json!({"status": "in_progress"}));
        run.add(vec![json!({ "sequence_number": 0 })], None);
        let held = Held::new(&run);
        let task = tokio::spawn(async move {
            held.add(vec![json!({ "sequence_number": 1 })], None);
            panic!("as a bug would");
        });
        assert!(task.await.is_err());
        let stopped = tokio::time::timeout(Duration::from_secs(5), run.stop()).await;
        assert_eq!(stopped.unwrap()["status"], "failed");
        let events: Vec<_> = Arc::clone(&run).follow(None).collect().await;
        assert_eq!(events.len(), 3);
        assert_eq!(
            (&events[2]["type"], &events[2]["sequence_number"]),
            (&json!("response.failed"), &json!(2))
        );
        // One that has ended keeps its end.
        let run = runs.begin("resp_2", json!({}));
        let held = Held::new(&run);
        held.end(json!({"status": "completed"}));
        drop(held);
        assert_eq!(run.response()["status"], "completed");
    }
}
