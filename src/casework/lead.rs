//! One lead, step by step.

use std::sync::Arc;

use super::backfill::Backfilled;
use super::judge::Judged;
use super::progress::{Progress, Step};
use super::settings::CaseSettings;
use super::{CaseError, Casework, now, turns};
use crate::analysis::AnalysisError;
use crate::crm::{Crm, CrmError, RemoteNote, Source};
use crate::llm::Priority;
use crate::store::crm::accounts::Account;
use crate::store::crm::deleted;
use crate::store::crm::jobs::{self, CrmJobState};
use crate::store::crm::leads;
use crate::store::quota::Measure;
use crate::store::{AnalysisId, CrmJobId, Scoped, StoreError, Transaction, analyses};
use crate::usage::quota::Reservation;

/// Work on a lead, with all it needs.
pub(super) struct Work {
    pub(super) job: CrmJobId,
    pub(super) account: Scoped<Account>,
    pub(super) crm: Arc<dyn Crm>,
    pub(super) lead: String,
    pub(super) settings: CaseSettings,
    pub(super) progress: Progress,
    /// Where the job is, if it is about more leads than this one.
    pub(super) within: Option<Backfilled>,
}

impl Work {
    /// What the job's row keeps.
    pub(super) fn kept(&self) -> serde_json::Value {
        match &self.within {
            None => self.progress.to_json(),
            Some(all) => {
                let mut all = all.clone();
                all.current = Some(self.progress.clone());
                all.to_json()
            }
        }
    }

    /// What the analysis is called in the list of all analyses.
    pub(super) fn about(&self) -> String {
        format!("{}/{}", self.account.id, self.lead)
    }
}

/// Whether what is found of a lead may still be kept. Ask it in the transaction that keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Yes,
    /// The job was ended or erased meanwhile.
    Ended,
    /// The lead was deleted over there meanwhile.
    Gone,
}

impl Wanted {
    pub(super) fn of(
        tx: &Transaction<'_>,
        account: &Scoped<Account>,
        job: CrmJobId,
        lead: &str,
    ) -> Result<Self, StoreError> {
        if !is_open(tx, account, job)? {
            return Ok(Self::Ended);
        }
        Ok(match deleted::is_gone(tx, account, lead)? {
            true => Self::Gone,
            false => Self::Yes,
        })
    }

    /// # Errors
    /// `Stopped`, `Gone`.
    pub(super) fn check(self) -> Result<(), CaseError> {
        match self {
            Self::Yes => Ok(()),
            Self::Ended => Err(CaseError::Stopped),
            Self::Gone => Err(CaseError::Gone),
        }
    }
}

fn is_open(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    job: CrmJobId,
) -> Result<bool, StoreError> {
    match jobs::get(tx, account.workspace(), job) {
        Ok(job) => Ok(!matches!(
            job.state,
            CrmJobState::Done | CrmJobState::Failed
        )),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Notes how far a job is; false if it was ended or erased meanwhile.
pub(super) fn note_progress(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    job: CrmJobId,
    kept: &serde_json::Value,
) -> Result<bool, StoreError> {
    let is_open = is_open(tx, account, job)?;
    if is_open {
        jobs::set_progress(tx, job, kept)?;
    }
    Ok(is_open)
}

impl Casework {
    /// Notes how far the work is.
    ///
    /// # Errors
    /// `Stopped` if the job was ended or erased meanwhile, `Gone` if the lead was deleted.
    pub(super) async fn save(&self, work: &Work) -> Result<(), CaseError> {
        let (account, job, lead) = (work.account.clone(), work.job, work.lead.clone());
        let kept = work.kept();
        let noted = self.store().write(move |tx| {
            let wanted = Wanted::of(tx, &account, job, &lead)?;
            if wanted == Wanted::Yes {
                jobs::set_progress(tx, job, &kept)?;
            }
            Ok(wanted)
        });
        noted.await?.check()
    }

    /// Does all that is left to do for a lead.
    pub(super) async fn work_on(&self, work: &mut Work) -> Result<(), CaseError> {
        let worked = self.go_through(work).await;
        let is_over = matches!(worked, Ok(()) | Err(CaseError::Stopped | CaseError::Gone));
        match is_over && self.sweep(work).await? {
            true => Err(CaseError::Gone),
            false => worked,
        }
    }

    async fn go_through(&self, work: &mut Work) -> Result<(), CaseError> {
        work.progress.begin();
        // Also for a lead that is known as deleted: whoever asks for it by hand has the CRM asked.
        let (account, job, kept) = (work.account.clone(), work.job, work.kept());
        let noted = self
            .store()
            .write(move |tx| note_progress(tx, &account, job, &kept));
        if !noted.await? {
            return Err(CaseError::Stopped);
        }
        if work.progress.analysis.is_none() {
            self.find_out(work).await?;
        }
        self.write(work).await
    }

    /// Reads, listens and thinks; what was found is stored.
    async fn find_out(&self, work: &mut Work) -> Result<(), CaseError> {
        let lead = self.ask_for_lead(work).await?;
        let (account, job, known) = (work.account.clone(), work.job, lead.clone());
        let kept = self.store().write(move |tx| {
            let wanted = Wanted::of(tx, &account, job, &known.id)?;
            if wanted == Wanted::Yes {
                let (name, contact) = (Some(known.name.as_str()), known.contacts.first());
                let contact = contact.map(String::as_str);
                leads::keep(tx, &account, &known.id, name, contact, None, now())?;
            }
            Ok(wanted)
        });
        kept.await?.check()?;
        let gathered = work.crm.conversation(&work.lead, None).await?;
        if gathered.source == Source::Kept {
            work.progress.notice("tariff");
        }
        let notes = self.notes(work).await?;
        work.progress.step = Step::Listen;
        let transcripts = self.listen(work, &gathered.messages).await?;
        work.progress.step = Step::Think;
        self.save(work).await?;
        let conversation = turns::build(&gathered.messages, &notes, &transcripts);
        if conversation.turns.is_empty() {
            return Err(AnalysisError::Empty.into());
        }
        let workspace = work.account.workspace();
        let quotas = &self.inner.parts.quotas;
        let held = quotas.reserve(workspace, Measure::Analyses, 1, now());
        let held = held.await?;
        // Somebody looks at the card, unless all leads are gone through.
        let priority = match work.within {
            None => Priority::Api,
            Some(_) => Priority::Background,
        };
        let judged = self.judge(workspace, conversation, priority).await?;
        let title = match lead.name.trim() {
            "" => work.lead.clone(),
            name => name.to_owned(),
        };
        self.keep_analysis(work, judged, title, held).await
    }

    /// Notes of people; without the right to read them there are none.
    async fn notes(&self, work: &mut Work) -> Result<Vec<RemoteNote>, CaseError> {
        match work.crm.notes(&work.lead).await {
            Err(CrmError::Scope { .. } | CrmError::Tariff { .. }) => {
                work.progress.notice("scope_missing");
                Ok(Vec::new())
            }
            notes => Ok(notes?),
        }
    }

    /// Stores and counts an analysis, and notes that it is there, at once.
    async fn keep_analysis(
        &self,
        work: &mut Work,
        judged: Judged,
        title: String,
        mut held: Reservation,
    ) -> Result<(), CaseError> {
        let mut after = work.progress.clone();
        after.step = Step::Write;
        let (account, job, lead) = (work.account.clone(), work.job, work.lead.clone());
        let (within, about) = (work.within.clone(), work.about());
        let written = self.store().write(move |tx| {
            let wanted = Wanted::of(tx, &account, job, &lead)?;
            if wanted != Wanted::Yes {
                return Ok((wanted, after));
            }
            let workspace = account.workspace();
            let before = analyses::of_digest(tx, workspace, &judged.digest)?;
            let before = before.filter(|before| before.about == about);
            after.same = before.is_some();
            let id: AnalysisId = match before {
                Some(before) => before.id,
                None => {
                    let row = judged.to_row(about, title);
                    analyses::keep(tx, workspace, &row, now())?.id
                }
            };
            after.analysis = Some(id.to_string());
            let kept = match within {
                None => after.to_json(),
                Some(mut all) => {
                    all.current = Some(after.clone());
                    all.to_json()
                }
            };
            jobs::set_progress(tx, job, &kept)?;
            let (id, score) = (id.to_string(), &judged.analysis().score);
            let found = leads::Judged {
                analysis: &id,
                score: score.value,
                band: Some(score.band.as_str()).filter(|band| !band.is_empty()),
                note: None,
            };
            leads::note_analysis(tx, &account, &lead, &found, now())?;
            held.count(tx, 1, now())?;
            Ok((wanted, after))
        });
        let (wanted, after) = written.await?;
        wanted.check()?;
        work.progress = after;
        Ok(())
    }
}
