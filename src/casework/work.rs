//! Who runs the jobs: one at a time, as each keeps the processor busy.

use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::backfill::{Backfilled, Stepped};
use super::card::check_active;
use super::lead::Work;
use super::progress::Progress;
use super::settings::CaseSettings;
use super::{CaseError, Casework, now};
use crate::store::casework;
use crate::store::crm::accounts;
use crate::store::crm::jobs::{self, CrmJob, CrmJobKind, Ended};
use crate::store::{CrmJobId, StoreError, UnixMs, WorkspaceId};

/// How long to sleep at most, should something have gone unnoticed.
const LONGEST: Duration = Duration::from_secs(60);
/// How long to wait after a fault of the store.
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// How often to look whether the engines are loaded.
const LOADING: Duration = Duration::from_secs(1);
/// A job is tried this often.
const MOST_FAILURES: u32 = 8;
/// Wait after the first failure, in ms; twice as long after each further one.
const FIRST_WAIT_MS: i64 = 5_000;
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1000;

impl Casework {
    /// Works on what is queued, until `shutdown`. A job that is cut off goes on at the next start.
    pub(super) async fn follow_jobs(self, shutdown: CancellationToken) {
        let resumed = self.store().write(|tx| jobs::resume_all(tx, now()));
        if let Err(error) = resumed.await {
            tracing::error!(%error, "work for a CRM that was cut off could not be queued again");
        }
        loop {
            while !(self.inner.parts.settled)() {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(LOADING) => {}
                }
            }
            let worked = tokio::select! {
                () = shutdown.cancelled() => return,
                worked = self.run_next() => worked,
            };
            match worked {
                Ok(true) => {}
                Ok(false) => self.rest(&self.inner.wake_jobs, &shutdown).await,
                Err(error) => {
                    tracing::error!(%error, "work for a CRM could not be done yet");
                    tokio::time::sleep(AFTER_FAULT).await;
                }
            }
            if shutdown.is_cancelled() {
                return;
            }
        }
    }

    /// Sleeps until somebody wakes this worker, or something is due.
    pub(super) async fn rest(&self, wake: &Notify, shutdown: &CancellationToken) {
        let due = self.store().read(casework::next_due).await;
        let left = match due {
            Ok(Some(due)) => due.saturating_sub(now()).max(0),
            _ => i64::MAX,
        };
        // Due now and still here: the other worker has it.
        let left =
            Duration::from_millis(left.unsigned_abs()).clamp(Duration::from_millis(200), LONGEST);
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep(left) => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Runs the job that waits longest; false if none does.
    pub(super) async fn run_next(&self) -> Result<bool, StoreError> {
        let Some(job) = self.store().write(|tx| jobs::take(tx, now())).await? else {
            return Ok(false);
        };
        let (id, workspace) = (job.id, job.workspace);
        let ending = self.run(job).await;
        self.note_end(id, workspace, ending).await?;
        Ok(true)
    }

    /// Runs a job as far as it goes at once.
    async fn run(&self, job: CrmJob) -> Ending {
        let mut work = match self.prepare(&job).await {
            Ok(work) => work,
            Err(error) => {
                let (failures, kept) = with_code(&job, error.code());
                return Ending::of(&error, failures, kept);
            }
        };
        match job.kind {
            CrmJobKind::Analyse => match self.work_on(&mut work).await {
                Ok(()) => Ending::Done(work.kept()),
                Err(error) => {
                    work.progress.code = Some(error.code().to_owned());
                    work.progress.failures += 1;
                    let failures = work.progress.failures;
                    Ending::of(&error, failures, work.kept())
                }
            },
            CrmJobKind::Backfill => match self.step(&mut work).await {
                Ok(Stepped::More) => Ending::Again(now(), String::new(), kept_of_all(&work)),
                Ok(Stepped::Done) => Ending::Done(kept_of_all(&work)),
                Err(error) => {
                    let mut all = work.within.take().unwrap_or_default();
                    all.code = Some(error.code().to_owned());
                    work.progress.failures += 1;
                    let failures = work.progress.failures;
                    all.current = Some(work.progress.clone());
                    Ending::of(&error, failures, all.to_json())
                }
            },
        }
    }

    async fn prepare(&self, job: &CrmJob) -> Result<Work, CaseError> {
        let (workspace, id) = (job.workspace, job.account);
        let account = self
            .store()
            .read(move |conn| accounts::get(conn, workspace, id));
        let account = account.await?;
        check_active(&account)?;
        let crm = self.inner.parts.accounts.open(&account).await?;
        let (progress, within) = match job.kind {
            CrmJobKind::Analyse => (Progress::read(&job.progress), None),
            CrmJobKind::Backfill => {
                let all = Backfilled::read(&job.progress);
                (Progress::default(), Some(all))
            }
        };
        Ok(Work {
            job: job.id,
            settings: CaseSettings::of(&account),
            account,
            crm,
            lead: job.lead.clone(),
            progress,
            within,
        })
    }

    /// Writes down how a run ended. One that was paused, ended or erased meanwhile stays as it is.
    async fn note_end(
        &self,
        id: CrmJobId,
        workspace: WorkspaceId,
        ending: Ending,
    ) -> Result<(), StoreError> {
        let written = self.store().write(move |tx| {
            match jobs::get(tx, workspace, id) {
                Err(StoreError::NotFound(_)) => return Ok(()),
                known => known?,
            };
            let now = now();
            match &ending {
                Ending::Stopped => Ok(()),
                Ending::Done(kept) => {
                    jobs::set_progress(tx, id, kept)?;
                    jobs::end(tx, id, Ended::Done, now)
                }
                Ending::Failed(told, kept) => {
                    jobs::set_progress(tx, id, kept)?;
                    jobs::end(tx, id, Ended::Failed(told), now)
                }
                Ending::Again(at, told, kept) => {
                    jobs::set_progress(tx, id, kept)?;
                    jobs::end(tx, id, Ended::RetryAt(*at, told), now)
                }
            }
        });
        written.await
    }
}

/// How far a job was, with why it did not even begin, and how often that was.
fn with_code(job: &CrmJob, code: &str) -> (u32, serde_json::Value) {
    let code = Some(code.to_owned());
    match job.kind {
        CrmJobKind::Analyse => {
            let mut progress = Progress::read(&job.progress);
            progress.code = code;
            progress.failures += 1;
            (progress.failures, progress.to_json())
        }
        CrmJobKind::Backfill => {
            let mut all = Backfilled::read(&job.progress);
            all.code = code;
            let mut current = all.current.take().unwrap_or_default();
            current.failures += 1;
            let failures = current.failures;
            all.current = Some(current);
            (failures, all.to_json())
        }
    }
}

/// A back-fill without the lead that is done.
fn kept_of_all(work: &Work) -> serde_json::Value {
    work.within.clone().unwrap_or_default().to_json()
}

/// How a run ended, with what its row keeps.
enum Ending {
    Done(serde_json::Value),
    Failed(String, serde_json::Value),
    Again(UnixMs, String, serde_json::Value),
    /// The job was ended or erased meanwhile.
    Stopped,
}

impl Ending {
    fn of(error: &CaseError, failures: u32, kept: serde_json::Value) -> Self {
        if matches!(error, CaseError::Stopped) {
            return Self::Stopped;
        }
        let told = error.to_string();
        if !error.is_passing() || failures >= MOST_FAILURES {
            tracing::warn!(%error, "work for a CRM failed");
            return Self::Failed(told, kept);
        }
        let doubled = FIRST_WAIT_MS.saturating_mul(1_i64 << failures.saturating_sub(1).min(20));
        let wait = error.wait_ms().unwrap_or(doubled);
        let at = now().saturating_add(wait.clamp(FIRST_WAIT_MS, LONGEST_WAIT_MS));
        Self::Again(at, told, kept)
    }
}
