//! The loop that runs ingest jobs, one at a time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::ingest::{KIND, Payload, now};
use super::{Documents, KnowledgeError, Stage};
use crate::reason::Reason;
use crate::store;
use crate::store::documents::DocumentState;
use crate::store::jobs::{AfterFailure, Job, Retry};

/// How long a job may run without a checkpoint before it is leased again, in ms.
const LEASE_MS: i64 = 15 * 60 * 1000;

/// A document that crashes its reader twice is given up; it would crash it a third time.
const RETRY: Retry = Retry {
    max_attempts: 2,
    base_ms: 500,
    cap_ms: 60_000,
};

impl Documents {
    /// Runs until shutdown.
    pub(super) async fn run_jobs(self, shutdown: CancellationToken) {
        let recovered = self
            .inner
            .store
            .write(|tx| store::jobs::recover(tx, now()))
            .await;
        if let Err(error) = recovered {
            tracing::error!(%error, "jobs of the last run could not be taken up");
        }
        let mut last = None;
        loop {
            match self
                .inner
                .store
                .write(move |tx| store::jobs::lease(tx, last, now(), LEASE_MS))
                .await
            {
                Ok(Some(job)) => {
                    last = job.workspace;
                    tokio::select! {
                        () = self.run_job(job) => {}
                        // An interrupted job is leased again at the next start.
                        () = shutdown.cancelled() => return,
                    }
                }
                Ok(None) => {
                    tokio::select! {
                        () = self.inner.wake.notified() => {}
                        () = tokio::time::sleep(Duration::from_secs(5)) => {}
                        () = shutdown.cancelled() => return,
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the job queue cannot be read");
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(5)) => {}
                        () = shutdown.cancelled() => return,
                    }
                }
            }
        }
    }

    async fn run_job(&self, job: Job) {
        let outcome = match (job.kind.as_str(), job.workspace) {
            (KIND, Some(workspace)) => match serde_json::from_value(job.payload.clone()) {
                Ok(payload) => self.ingest(workspace, payload).await,
                Err(e) => Err(KnowledgeError::Unreadable(Reason::of(e))),
            },
            _ => {
                let told = format!("unknown job {}", job.kind);
                Err(KnowledgeError::Unreadable(told.into()))
            }
        };
        let settled = match outcome {
            Ok(()) => {
                self.inner
                    .store
                    .write(move |tx| store::jobs::finish(tx, &job))
                    .await
            }
            Err(error) => self.failed(job, error).await,
        };
        if let Err(error) = settled {
            tracing::error!(%error, "a job's end could not be written down");
        }
    }

    async fn failed(&self, job: Job, error: KnowledgeError) -> Result<(), store::StoreError> {
        let reason = error.to_string();
        let payload: Option<Payload> = serde_json::from_value(job.payload.clone()).ok();
        let workspace = job.workspace;
        let told = reason.clone();
        let document = self
            .inner
            .store
            .write(move |tx| {
                let last = match error.is_final() {
                    true => {
                        store::jobs::give_up(tx, &job, &reason)?;
                        true
                    }
                    false => {
                        let after = store::jobs::fail(tx, &job, &reason, now(), RETRY)?;
                        matches!(after, AfterFailure::GivenUp)
                    }
                };
                let (Some(payload), Some(workspace)) = (payload, workspace) else {
                    return Ok(None);
                };
                // The document was deleted meanwhile, so there is no state to set.
                let Ok(document) = store::documents::get(tx, workspace, payload.document) else {
                    return Ok(None);
                };
                if last {
                    let state = DocumentState::Failed;
                    store::documents::set_state(tx, &document, state, Some(&reason), now())?;
                }
                Ok(last.then_some((workspace, document.id, document.name.clone())))
            })
            .await?;
        if let Some((workspace, id, name)) = document {
            self.report(workspace, id, &name, Stage::Failed { reason: told });
        }
        Ok(())
    }
}
