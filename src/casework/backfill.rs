//! All open leads of an account, one after the other. After each the job waits behind what people asked for meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lead::Work;
use super::progress::Progress;
use super::{CaseError, Casework};
use crate::crm::LeadRef;
use crate::store::UnixMs;
use crate::store::crm::leads;

/// After so many leads in a row that failed, something else is wrong, and the job rests as failed.
const MOST_FAILURES: u32 = 5;

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Backfilled {
    /// Leads that were analysed, that were up to date, and that failed.
    pub done: u32,
    pub skipped: u32,
    pub failed: u32,
    /// Leads that are known so far; all of them once `last` is set.
    pub seen: u32,
    /// Whether the page below is the last one.
    pub last: bool,
    /// Where the page after it begins.
    next: Option<String>,
    page: Vec<Waiting>,
    /// Place of the next lead in the page.
    at: usize,
    /// Of the lead that is worked on.
    pub(super) current: Option<Progress>,
    failures: u32,
    /// Why the last lead failed, as a code.
    pub code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    id: String,
    updated_at: Option<UnixMs>,
}

impl From<LeadRef> for Waiting {
    fn from(lead: LeadRef) -> Self {
        Self {
            id: lead.id,
            updated_at: lead.updated_at,
        }
    }
}

impl Backfilled {
    pub(super) fn read(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Goes on to the next lead.
    fn pass(&mut self) {
        self.at += 1;
        self.current = None;
    }
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stepped {
    /// There is more to do.
    More,
    Done,
}

impl Casework {
    /// Works on the next lead of a back-fill. `work` has no lead yet.
    ///
    /// # Errors
    /// What stops the whole job: the CRM cannot be reached, the quota is used up, or too many leads failed in a row.
    pub(super) async fn step(&self, work: &mut Work) -> Result<Stepped, CaseError> {
        loop {
            let mut all = work.within.clone().unwrap_or_default();
            let Some(next) = all.page.get(all.at).cloned() else {
                if all.last {
                    return Ok(Stepped::Done);
                }
                self.turn_page(work, all).await?;
                continue;
            };
            work.lead.clone_from(&next.id);
            if all.current.is_none() && self.is_fresh(work, next.updated_at).await? {
                all.skipped += 1;
                all.pass();
                work.within = Some(all);
                continue;
            }
            work.progress = all.current.take().unwrap_or_default();
            work.within = Some(all);
            let worked = self.work_on(work).await;
            return self.count(work, worked).await;
        }
    }

    async fn turn_page(&self, work: &mut Work, mut all: Backfilled) -> Result<(), CaseError> {
        let page = work.crm.open_leads(all.next.as_deref()).await?;
        all.last = page.next.is_none();
        all.next = page.next;
        all.page = page.items.into_iter().map(Waiting::from).collect();
        all.at = 0;
        let more = u32::try_from(all.page.len()).unwrap_or(u32::MAX);
        all.seen = all.seen.saturating_add(more);
        work.within = Some(all);
        Ok(())
    }

    /// Whether a lead was analysed after its last change and nothing was said since.
    async fn is_fresh(&self, work: &Work, updated_at: Option<UnixMs>) -> Result<bool, CaseError> {
        let (account, lead) = (work.account.clone(), work.lead.clone());
        let known = self
            .store()
            .read(move |conn| leads::find(conn, &account, &lead));
        let Some(known) = known.await? else {
            return Ok(false);
        };
        // Our own field and tag change a lead as well, within the minute after the analysis.
        const OWN_CHANGE_MS: i64 = 60 * 1000;
        Ok(known.stale == 0
            && known.analysed_at.is_some_and(|at| {
                updated_at.is_some_and(|changed| changed <= at.saturating_add(OWN_CHANGE_MS))
            }))
    }

    /// Notes what came of a lead and goes on, unless the reason would stop the next one as well.
    async fn count(
        &self,
        work: &mut Work,
        worked: Result<(), CaseError>,
    ) -> Result<Stepped, CaseError> {
        let mut all = work.within.take().unwrap_or_default();
        match worked {
            Ok(()) => {
                all.done += 1;
                (all.failures, all.code) = (0, None);
            }
            Err(error) if is_of_lead(&error) && all.failures + 1 < MOST_FAILURES => {
                all.code = Some(error.code().to_owned());
                // A lead without a conversation says nothing about the next one.
                match error.code() {
                    "no_conversation" => all.skipped += 1,
                    _ => {
                        all.failed += 1;
                        all.failures += 1;
                    }
                }
            }
            Err(error) => {
                work.within = Some(all);
                return Err(error);
            }
        }
        all.pass();
        work.within = Some(all.clone());
        let (account, job, kept) = (work.account.clone(), work.job, all.to_json());
        let noted = self
            .store()
            .write(move |tx| super::lead::note_progress(tx, &account, job, &kept));
        match noted.await? {
            true => Ok(Stepped::More),
            false => Err(CaseError::Stopped),
        }
    }
}

/// Whether an error is about the lead, and not about the account or this machine.
fn is_of_lead(error: &CaseError) -> bool {
    !error.is_passing()
        && matches!(
            error.code(),
            "no_conversation" | "lead_gone" | "server" | "tariff"
        )
}
