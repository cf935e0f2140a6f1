//! The parent's handle on a worker that is kept running.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::life::Supervisor;
use super::{Exchange, WorkerError};

/// How many events may wait for a slow reader: more than any answer has tokens.
const EVENT_QUEUE: usize = 16 * 1024;

/// How to start a worker.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Shown in logs and on the status page.
    pub name: String,
    /// Normally this binary.
    pub program: std::path::PathBuf,
    pub args: Vec<String>,
    /// The child's whole environment; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// The set-up as JSON, sent in the first frame.
    pub init: String,
    /// How long the set-up may take.
    pub start_deadline: Duration,
    /// Resident memory in bytes above which the child is killed.
    pub memory_cap: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Being started for the first time or again.
    Starting,
    /// Serving. The text is the child's description of itself, as JSON.
    Ready(String),
    /// Not serving until it is set up again; the reason is a sentence for the owner.
    Degraded(String),
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub name: String,
    pub condition: Condition,
    /// Starts after the first.
    pub restarts: u64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Requests in progress or waiting.
    pub open: u32,
    /// `None` while no child runs.
    pub pid: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) restarts: AtomicU64,
    pub(super) memory: AtomicU64,
    pub(super) open: AtomicU32,
    pub(super) pid: AtomicU32,
}

pub(super) struct Call<R, E> {
    pub(super) id: u64,
    pub(super) body: R,
    pub(super) events: mpsc::Sender<Result<E, WorkerError>>,
}

/// A handle on a worker process that is kept running; clones share it.
pub struct Worker<R, E> {
    name: Arc<str>,
    calls: mpsc::Sender<Call<R, E>>,
    cancel: mpsc::UnboundedSender<u64>,
    restart: mpsc::Sender<Spec>,
    condition: watch::Receiver<Condition>,
    figures: Arc<Figures>,
    next_id: Arc<AtomicU64>,
}

impl<R, E> Clone for Worker<R, E> {
    fn clone(&self) -> Self {
        Self {
            name: Arc::clone(&self.name),
            calls: self.calls.clone(),
            cancel: self.cancel.clone(),
            restart: self.restart.clone(),
            condition: self.condition.clone(),
            figures: Arc::clone(&self.figures),
            next_id: Arc::clone(&self.next_id),
        }
    }
}

impl<R, E> std::fmt::Debug for Worker<R, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<R, E> Worker<R, E>
where
    R: Serialize + Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
{
    /// Starts the child and its supervisor task. Must be called inside a tokio runtime.
    pub fn start(spec: Spec, shutdown: CancellationToken) -> Self {
        let (calls, call_queue) = mpsc::channel(256);
        let (cancel, cancels) = mpsc::unbounded_channel();
        let (restart, restarts) = mpsc::channel(4);
        let (condition_out, condition) = watch::channel(Condition::Starting);
        let figures = Arc::new(Figures::default());
        let worker = Self {
            name: spec.name.as_str().into(),
            calls,
            cancel,
            restart,
            condition,
            figures: Arc::clone(&figures),
            next_id: Arc::new(AtomicU64::new(1)),
        };
        let supervisor = Supervisor {
            spec,
            calls: call_queue,
            cancels,
            restarts,
            condition: condition_out,
            figures,
            shutdown,
        };
        tokio::spawn(supervisor.run());
        worker
    }

    /// Sends a request. Waits while the worker is being started.
    ///
    /// # Errors
    /// [`WorkerError::Degraded`] at once if the worker does not serve.
    pub async fn call(&self, body: R) -> Result<Exchange<E>, WorkerError> {
        self.ready().await?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        self.calls
            .send(Call {
                id,
                body,
                events: events_in,
            })
            .await
            .map_err(|_| WorkerError::Stopping)?;
        Ok(Exchange {
            id,
            events,
            cancel: self.cancel.clone(),
            ended: false,
        })
    }

    /// Waits until the worker serves, and returns its description of itself.
    ///
    /// # Errors
    /// When it is degraded or has stopped.
    pub async fn ready(&self) -> Result<String, WorkerError> {
        let mut condition = self.condition.clone();
        let settled = condition
            .wait_for(|c| !matches!(c, Condition::Starting))
            .await;
        match settled.as_deref() {
            Ok(Condition::Ready(detail)) => Ok(detail.clone()),
            Ok(Condition::Degraded(reason)) => Err(WorkerError::Degraded(reason.clone())),
            _ => Err(WorkerError::Stopping),
        }
    }

    /// Replaces the child by one with another set-up.
    pub async fn restart(&self, spec: Spec) {
        // A supervisor that has stopped needs no restart.
        let _ = self.restart.send(spec).await;
    }

    pub fn status(&self) -> Status {
        let pid = self.figures.pid.load(Ordering::Relaxed);
        Status {
            name: self.name.to_string(),
            condition: self.condition.borrow().clone(),
            restarts: self.figures.restarts.load(Ordering::Relaxed),
            memory_bytes: self.figures.memory.load(Ordering::Relaxed),
            open: self.figures.open.load(Ordering::Relaxed),
            pid: (pid != 0).then_some(pid),
        }
    }
}
