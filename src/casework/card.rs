//! What the widget shows in a lead's card: all of it from the store, so that opening a card asks nobody.

use super::lead::Work;
use super::progress::{Progress, Step};
use super::settings::CaseSettings;
use super::{CaseError, Casework, now};
use crate::analysis::types::Analysis;
use crate::crm::CrmError;
use crate::store::casework::{self, CrmTranscript};
use crate::store::crm::accounts::{Account, AccountState};
use crate::store::crm::jobs::{self, CrmJobKind, CrmJobState};
use crate::store::crm::leads;
use crate::store::quota::Measure;
use crate::store::{AnalysisId, CrmJobId, Scoped, StoreError, UnixMs, analyses};
use crate::usage::quota::{WARNINGS, told};

/// Transcripts that a card shows, the latest.
const MOST_VOICES: u32 = 50;
/// Longest id of a lead.
const LONGEST_ID: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub lead: String,
    pub analysis: Option<CardAnalysis>,
    /// Messages that came since.
    pub new_messages: u32,
    /// The latest work, unless it is long over.
    pub job: Option<CardJob>,
    /// Whether the next step was made a task, or may have been.
    pub task_made: bool,
    pub voices: Vec<CrmTranscript>,
    pub quota: Vec<Left>,
    /// Codes of what was left out.
    pub notices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CardAnalysis {
    pub id: String,
    pub at: UnixMs,
    pub found: Analysis,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardJob {
    pub state: CrmJobState,
    pub step: Step,
    pub done: u32,
    pub total: u32,
    /// Why it failed, as a code.
    pub code: Option<String>,
}

/// What a month's plan has left of a measure, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub measure: Measure,
    pub left: String,
    pub limit: String,
    pub is_none: bool,
    pub warned: bool,
}

/// What the store has of a lead.
struct Known {
    analysis: Option<CardAnalysis>,
    new_messages: u32,
    task_made: bool,
    job: Option<(jobs::CrmJob, Progress)>,
    voices: Vec<CrmTranscript>,
}

impl Casework {
    /// What is known of a lead.
    ///
    /// # Errors
    /// `Lead` for an id that no CRM gives.
    pub async fn card(&self, account: &Scoped<Account>, lead: &str) -> Result<Card, CaseError> {
        check_lead(lead)?;
        let (of, id) = (account.clone(), lead.to_owned());
        let known = self.store().read(move |conn| read(conn, &of, &id));
        let known = known.await?;
        let (job, progress) = known.job.unzip();
        let progress = progress.unwrap_or_default();
        Ok(Card {
            lead: lead.to_owned(),
            analysis: known.analysis,
            new_messages: known.new_messages,
            job: job.map(|job| CardJob {
                state: job.state,
                step: progress.step,
                done: progress.done,
                total: progress.total,
                code: progress.code.clone(),
            }),
            task_made: known.task_made,
            voices: known.voices,
            quota: self.left(account).await?,
            notices: progress.notices,
        })
    }

    /// Queues an analysis of a lead that somebody asked for, and tells what is known meanwhile.
    ///
    /// # Errors
    /// If the account is not connected, or the month's analyses are used up.
    pub async fn ask(&self, account: &Scoped<Account>, lead: &str) -> Result<Card, CaseError> {
        check_lead(lead)?;
        check_active(account)?;
        // Told now and not only when its turn comes; what is held here is freed at once.
        let workspace = account.workspace();
        let quotas = &self.inner.parts.quotas;
        let held = quotas.reserve(workspace, Measure::Analyses, 1, now());
        drop(held.await?);
        let (of, id) = (account.clone(), lead.to_owned());
        let queued = self.store().write(move |tx| {
            let latest = casework::latest_job(tx, &of, CrmJobKind::Analyse, &id)?;
            let latest = latest.map(|job| jobs::get(tx, of.workspace(), job));
            let latest = latest.transpose()?;
            // Pressed twice: the one that runs is the one that was asked for.
            if latest.is_some_and(|job| job.state == CrmJobState::Running) {
                return Ok(());
            }
            jobs::enqueue(tx, &of, CrmJobKind::Analyse, &id, now()).map(drop)
        });
        queued.await?;
        self.wake();
        self.card(account, lead).await
    }

    /// Makes the last analysis's next step a task, once.
    ///
    /// # Errors
    /// `NoStep` if there is none, and whatever the CRM says.
    pub async fn make_task_of(
        &self,
        account: &Scoped<Account>,
        lead: &str,
    ) -> Result<Card, CaseError> {
        check_lead(lead)?;
        check_active(account)?;
        let (of, id) = (account.clone(), lead.to_owned());
        let known = self.store().read(move |conn| read(conn, &of, &id));
        let known = known.await?;
        let analysis = known.analysis.ok_or(CaseError::NoStep)?;
        let work = Work {
            job: CrmJobId::new(),
            account: account.clone(),
            crm: self.inner.parts.accounts.open(account).await?,
            lead: lead.to_owned(),
            settings: CaseSettings::of(account),
            progress: Progress::default(),
            within: None,
        };
        self.make_task(&work, &analysis.id, &analysis.found).await?;
        self.card(account, lead).await
    }

    /// What the month's plan has left.
    async fn left(&self, account: &Scoped<Account>) -> Result<Vec<Left>, StoreError> {
        let month = self
            .inner
            .parts
            .quotas
            .standing(account.workspace(), now())
            .await?;
        let shown = [Measure::Analyses, Measure::TranscriptionMs];
        let of_card = month
            .standings
            .into_iter()
            .filter(|standing| shown.contains(&standing.measure));
        let left = of_card.filter_map(|standing| {
            let limit = standing.limit?;
            let left = limit.saturating_sub(standing.used.saturating_add(standing.reserved));
            Some(Left {
                measure: standing.measure,
                left: told(standing.measure, left),
                limit: told(standing.measure, limit),
                is_none: left == 0,
                warned: standing.share().is_some_and(|share| share >= WARNINGS[0]),
            })
        });
        Ok(left.collect())
    }
}

fn read(
    conn: &crate::store::Connection,
    account: &Scoped<Account>,
    lead: &str,
) -> Result<Known, StoreError> {
    let workspace = account.workspace();
    let row = leads::find(conn, account, lead)?;
    let id = row.as_ref().and_then(|row| row.analysis.as_ref());
    let id: Option<AnalysisId> = id.and_then(|id| id.parse().ok());
    let stored = match id.map(|id| analyses::get(conn, workspace, id)) {
        // Deleted on the page of analyses, or too old.
        None | Some(Err(StoreError::NotFound(_))) => None,
        Some(found) => Some(found?),
    };
    let job = casework::latest_job(conn, account, CrmJobKind::Analyse, lead)?;
    let job = job.map(|job| jobs::get(conn, workspace, job)).transpose()?;
    let task_made = match &stored {
        Some(stored) => casework::has_task(conn, account, lead, &stored.id.to_string())?,
        None => false,
    };
    Ok(Known {
        task_made,
        analysis: stored.map(|stored| CardAnalysis {
            id: stored.id.to_string(),
            at: stored.created_at,
            found: serde_json::from_value(stored.body.clone()).unwrap_or_default(),
        }),
        new_messages: row.map_or(0, |row| row.stale),
        job: job.map(|job| {
            let progress = Progress::read(&job.progress);
            (job.into_inner(), progress)
        }),
        voices: casework::transcripts_of_lead(conn, account, lead, MOST_VOICES)?,
    })
}

/// Ids come from a page of the CRM.
fn check_lead(lead: &str) -> Result<(), CaseError> {
    let is_id = (1..=LONGEST_ID).contains(&lead.len())
        && lead
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match is_id {
        true => Ok(()),
        false => Err(CaseError::Lead),
    }
}

pub(super) fn check_active(account: &Account) -> Result<(), CaseError> {
    match account.state {
        // It may be paid by now; the CRM says so if not.
        AccountState::Active | AccountState::Unpaid => Ok(()),
        AccountState::Revoked | AccountState::Off => Err(CrmError::Off.into()),
    }
}
