//! Responses in the background of this process: their events so far, and how to end them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt, stream};
use serde_json::Value;
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

impl Run {
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
    use serde_json::json;

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
}
