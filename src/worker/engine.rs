//! An engine in a worker process as its callers see it: prepared behind the server's start, then serving or refused.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Condition, Spec, Status, Worker, WorkerError};
use crate::reason::Reason;

/// One kind of engine: what its process is asked and answers, and what is known of it.
pub trait EngineKind: Send + Sync + 'static {
    /// What the process is asked.
    type Request: Serialize + Send + Sync + 'static;
    /// What it answers.
    type Event: DeserializeOwned + Send + 'static;
    /// What must be known before the process can be started.
    type Prepared: Send + Sync + 'static;
    /// What the process says of itself once it serves.
    type Detail: DeserializeOwned;
    /// What callers are told until the files are checked.
    const CHECKING: &'static str;
    /// What callers are told until the process serves.
    const LOADING: &'static str;

    /// How to start the process.
    fn spec(prepared: &Self::Prepared) -> Spec;
}

/// The process of an engine.
pub type EngineWorker<K> = Worker<<K as EngineKind>::Request, <K as EngineKind>::Event>;

/// Why an engine does not answer now. Each message is fit for the owner.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Its files are being checked or loaded.
    #[error("{0}")]
    NotYet(&'static str),
    /// It cannot be started: what was found as it was prepared.
    #[error("{0}")]
    Refused(#[source] Reason),
    /// Its process does not serve.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// Its process is of another version, or a fault in Frontdesk.
    #[error(
        "what the {worker} process says of itself cannot be read ({reason}); restart Frontdesk"
    )]
    Detail {
        /// Name of the worker.
        worker: String,
        /// What is wrong with it.
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

/// A handle on an engine; clones are handles on the same one.
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

    /// Condition and figures of the process, or why there is none; `None` while it is prepared.
    pub fn status(&self) -> Option<Result<Status, Reason>> {
        match &*self.state.borrow() {
            State::Preparing => None,
            State::Serving { worker, .. } => Some(Ok(worker.status())),
            State::Refused(reason) => Some(Err(reason.clone())),
        }
    }

    /// What was found before the start, once it is.
    pub fn prepared(&self) -> Option<Arc<K::Prepared>> {
        match &*self.state.borrow() {
            State::Serving { prepared, .. } => Some(Arc::clone(prepared)),
            _ => None,
        }
    }

    /// Waits until the process serves, or until it is clear that it cannot.
    pub async fn settled(&self) {
        if let Ok((worker, _)) = self.serving().await {
            // Only the waiting matters here; `ready` tells the outcome.
            let _ = worker.ready().await;
        }
    }

    /// The process, once it is started; it may still be loading.
    ///
    /// # Errors
    /// When there is none.
    pub async fn serving(&self) -> Result<(EngineWorker<K>, Arc<K::Prepared>), EngineError> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|s| !matches!(s, State::Preparing)).await;
        match settled.as_deref() {
            Ok(State::Serving { worker, prepared }) => Ok((worker.clone(), Arc::clone(prepared))),
            Ok(State::Refused(reason)) => Err(EngineError::Refused(reason.clone())),
            _ => Err(WorkerError::Stopping.into()),
        }
    }

    /// What the process says of itself, if it serves now.
    ///
    /// # Errors
    /// Why it does not.
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

    /// Reads what the process said of itself.
    ///
    /// # Errors
    /// [`EngineError::Detail`].
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
