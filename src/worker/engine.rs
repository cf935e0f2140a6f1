//! An engine in a worker process as its callers see it: prepared in the background, then serving or refused.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Condition, Spec, Status, Worker, WorkerError};
use crate::reason::Reason;

/// The types of one kind of engine and the way to start its process.
pub trait EngineKind: Send + Sync + 'static {
    type Request: Serialize + Send + Sync + 'static;
    type Event: DeserializeOwned + Send + 'static;
    /// The result of preparing, which is needed to start the process.
    type Prepared: Send + Sync + 'static;
    /// The process's description of itself once it serves.
    type Detail: DeserializeOwned;
    /// Error message for callers until the files are checked.
    const CHECKING: &'static str;
    /// Error message for callers until the process serves.
    const LOADING: &'static str;

    fn spec(prepared: &Self::Prepared) -> Spec;
}

pub type EngineWorker<K> = Worker<<K as EngineKind>::Request, <K as EngineKind>::Event>;

/// Why an engine cannot answer now. The messages are written for the owner.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Its files are being checked or loaded.
    #[error("{0}")]
    NotYet(&'static str),
    /// Preparing it failed.
    #[error("{0}")]
    Refused(#[source] Reason),
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The process is another version of the program, or Frontdesk has a bug.
    #[error(
        "the {worker} process describes itself in an unreadable way ({reason}); restart Frontdesk"
    )]
    Detail {
        worker: String,
        #[source]
        reason: Reason,
    },
}

enum State<K: EngineKind> {
    Preparing,
    Serving {
        worker: EngineWorker<K>,
        prepared: Arc<K::Prepared>,
    },
    Refused(Reason),
}

/// A handle on an engine; clones share it.
pub struct Engine<K: EngineKind> {
    state: watch::Receiver<State<K>>,
}

impl<K: EngineKind> Clone for Engine<K> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
        }
    }
}

impl<K: EngineKind> std::fmt::Debug for Engine<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl<K: EngineKind> Engine<K> {
    /// Starts preparing and then the process. Must be called inside a tokio runtime.
    pub fn start(
        prepare: BoxFuture<'static, Result<K::Prepared, Reason>>,
        shutdown: CancellationToken,
    ) -> Self {
        let (sender, state) = watch::channel(State::Preparing);
        tokio::spawn(async move {
            let next = match prepare.await {
                Ok(prepared) => State::Serving {
                    worker: Worker::start(K::spec(&prepared), shutdown.clone()),
                    prepared: Arc::new(prepared),
                },
                Err(reason) => {
                    tracing::warn!("{reason}");
                    State::Refused(reason)
                }
            };
            sender.send_replace(next);
            shutdown.cancelled().await;
        });
        Self { state }
    }

    /// The status of the process, or why there is none; `None` while it is being prepared.
    pub fn status(&self) -> Option<Result<Status, Reason>> {
        match &*self.state.borrow() {
            State::Preparing => None,
            State::Serving { worker, .. } => Some(Ok(worker.status())),
            State::Refused(reason) => Some(Err(reason.clone())),
        }
    }

    /// `None` until preparing has succeeded.
    pub fn prepared(&self) -> Option<Arc<K::Prepared>> {
        match &*self.state.borrow() {
            State::Serving { prepared, .. } => Some(Arc::clone(prepared)),
            _ => None,
        }
    }

    /// Waits until the process serves or has failed to.
    pub async fn settled(&self) {
        if let Ok((worker, _)) = self.serving().await {
            // Only the waiting matters here; callers get the outcome from `ready`.
            let _ = worker.ready().await;
        }
    }

    /// Waits for the process to be started; it may still be loading.
    pub async fn serving(&self) -> Result<(EngineWorker<K>, Arc<K::Prepared>), EngineError> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|s| !matches!(s, State::Preparing)).await;
        match settled.as_deref() {
            Ok(State::Serving { worker, prepared }) => Ok((worker.clone(), Arc::clone(prepared))),
            Ok(State::Refused(reason)) => Err(EngineError::Refused(reason.clone())),
            _ => Err(WorkerError::Stopping.into()),
        }
    }

    /// The process's description of itself, if it serves now.
    pub fn ready(&self) -> Result<K::Detail, EngineError> {
        let condition = match &*self.state.borrow() {
            State::Preparing => return Err(EngineError::NotYet(K::CHECKING)),
            State::Refused(reason) => return Err(EngineError::Refused(reason.clone())),
            State::Serving { worker, .. } => worker.status().condition,
        };
        match condition {
            Condition::Ready(json) => self.detail(&json),
            Condition::Starting => Err(EngineError::NotYet(K::LOADING)),
            Condition::Stopped => Err(WorkerError::Stopping.into()),
            Condition::Degraded(reason) => Err(WorkerError::Degraded(reason).into()),
        }
    }

    /// Parses the process's description of itself.
    pub fn detail(&self, json: &str) -> Result<K::Detail, EngineError> {
        serde_json::from_str(json).map_err(|error| EngineError::Detail {
            worker: self.name(),
            reason: Reason::of(error),
        })
    }

    fn name(&self) -> String {
        let status = self.status().and_then(Result::ok);
        status.map_or_else(|| "worker".into(), |status| status.name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    enum Nothing {}

    impl EngineKind for Nothing {
        type Request = ();
        type Event = ();
        type Prepared = ();
        type Detail = u32;
        const CHECKING: &'static str = "being checked";
        const LOADING: &'static str = "being loaded";

        fn spec((): &()) -> Spec {
            Spec {
                name: "nothing".into(),
                program: "/no/such/program".into(),
                args: Vec::new(),
                env: Vec::new(),
                init: String::new(),
                start_deadline: Duration::from_secs(1),
                memory_cap: None,
            }
        }
    }

    #[tokio::test]
    async fn callers_are_told_what_an_engine_waits_for_and_why_it_was_refused() {
        let (answer, prepared) = tokio::sync::oneshot::channel();
        let prepare = async move { prepared.await.unwrap() };
        let engine = Engine::<Nothing>::start(Box::pin(prepare), CancellationToken::new());
        assert_eq!(engine.ready().unwrap_err().to_string(), "being checked");
        assert!(engine.status().is_none());
        answer.send(Err("the model is not there".into())).unwrap();
        engine.settled().await;
        assert_eq!(
            engine.ready().unwrap_err().to_string(),
            "the model is not there"
        );
        assert!(matches!(
            engine.serving().await,
            Err(EngineError::Refused(_))
        ));
    }

    #[tokio::test]
    async fn a_process_that_says_something_unreadable_of_itself_does_not_count_as_ready() {
        let shutdown = CancellationToken::new();
        let engine = Engine::<Nothing>::start(Box::pin(async { Ok(()) }), shutdown.clone());
        engine.serving().await.unwrap();
        let error = engine.detail("{}").unwrap_err();
        assert!(matches!(&error, EngineError::Detail { worker, .. } if worker == "nothing"));
        assert_eq!(engine.ready().unwrap_err().to_string(), "being loaded");
        shutdown.cancel();
    }
}
