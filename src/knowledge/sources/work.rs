//! The workers that run syncs, and the timer that queues them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LEASE_MS, Payload, Sources, TICK, WORKERS};
use crate::knowledge::KnowledgeError;
use crate::knowledge::ingest::now;
use crate::reason::Reason;
use crate::store::StoreError;
use crate::store::jobs::{self, AfterFailure, Job, Retry, SYNC};
use crate::store::sources::{self, SourceState};

/// A fault of this machine, such as a full disk, is retried three times.
const RETRY: Retry = Retry {
    max_attempts: 4,
    base_ms: 5_000,
    cap_ms: 300_000,
};

impl Sources {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let recovered = self
            .inner
            .store
            .write(|tx| jobs::recover_kind(tx, SYNC, now()))
            .await;
        if let Err(error) = recovered {
            tracing::error!(%error, "syncs of the last run could not be taken up");
        }
        let workers = (0..WORKERS).map(|_| self.work());
        tokio::select! {
            _ = futures::future::join_all(workers) => {}
            () = self.watch_the_clock() => {}
            // An interrupted sync is leased again at the next start, and resumes at its checkpoint.
            () = shutdown.cancelled() => {}
        }
    }

    /// Queues due syncs. Sleeps first, so that a short command on the data folder ends before it starts
    /// any.
    async fn watch_the_clock(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            let due = self.inner.store.read(|conn| sources::list_due(conn, now()));
            match due.await {
                Ok(due) => {
                    for source in due {
                        if let Err(error) = self.sync(&source).await {
                            tracing::warn!(%error, url = %source.url, "a sync could not be queued");
                        }
                    }
                }
                Err(error) => tracing::error!(%error, "the sources cannot be read"),
            }
        }
    }

    async fn work(&self) {
        loop {
            let leased = self
                .inner
                .store
                .write(|tx| jobs::lease_kind(tx, SYNC, now(), LEASE_MS))
                .await;
            match leased {
                Ok(Some(job)) => {
                    // There may be more jobs, so wake another worker.
                    self.inner.wake.notify_one();
                    self.run_job(job).await;
                }
                Ok(None) => {
                    tokio::select! {
                        () = self.inner.wake.notified() => {}
                        () = tokio::time::sleep(TICK) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the queue of syncs cannot be read");
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
        }
    }

    async fn run_job(&self, job: Job) {
        let outcome = match (
            job.workspace,
            serde_json::from_value::<Payload>(job.payload.clone()),
        ) {
            (Some(workspace), Ok(payload)) => {
                let (token, id) = (CancellationToken::new(), payload.source);
                self.running().insert(id, token.clone());
                let outcome = tokio::select! {
                    outcome = self.carry_out(workspace, payload, &job) => outcome,
                    // It was paused or deleted, which was reported there.
                    () = token.cancelled() => Ok(()),
                };
                if !token.is_cancelled() {
                    self.running().remove(&id);
                }
                outcome
            }
            (None, _) => Err(KnowledgeError::Unreadable("no workspace".into())),
            (_, Err(e)) => Err(KnowledgeError::Unreadable(Reason::of(e))),
        };
        let settled = self.inner.store.write(move |tx| {
            let (error, last) = match outcome {
                Ok(()) => return jobs::finish(tx, &job),
                Err(error) if error.is_final() => {
                    jobs::give_up(tx, &job, &error.to_string())?;
                    (error, true)
                }
                Err(error) => {
                    let after = jobs::fail(tx, &job, &error.to_string(), now(), RETRY)?;
                    (error, matches!(after, AfterFailure::GivenUp))
                }
            };
            tracing::warn!(%error, last, "a sync of a source failed");
            let payload = serde_json::from_value::<Payload>(job.payload.clone());
            if let (true, Some(workspace), Ok(payload)) = (last, job.workspace, payload)
                && let Ok(source) = sources::get(tx, workspace, payload.source)
            {
                let told = error.to_string();
                sources::set_state(tx, &source, SourceState::Failed, Some(&told))?;
            }
            Ok(())
        });
        match settled.await {
            // It was paused or deleted meanwhile.
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => tracing::error!(%error, "the end of a sync could not be written down"),
        }
    }
}
