//! What owners do: accounts and their settings, back-fill, what is held of an account, erasing, disconnecting.

use serde_json::{Map, Value, json};

use super::backfill::Backfilled;
use super::card::check_active;
use super::settings::CaseSettings;
use super::{CaseError, Casework, now};
use crate::access::{Member, Scope};
use crate::store::casework::{self, Held};
use crate::store::crm::accounts::{self, Account};
use crate::store::crm::jobs::{self, CrmJob, CrmJobKind};
use crate::store::crm::leads::{self, CrmLead};
use crate::store::crm::{self, messages};
use crate::store::{CrmAccountId, CrmJobId, Scoped, StoreError, Transaction};

/// Who may connect CRMs and see what is held for them.
const MAY: &[Scope] = &[Scope::Admin];
/// Leads in one copy; more have no place in a file that a person reads.
const MOST_LEADS: u32 = 100_000;
/// Messages of a lead in one copy.
const MOST_MESSAGES: u32 = 10_000;

/// An account with what stands around it.
#[derive(Debug, Clone)]
pub struct AccountView {
    pub account: Scoped<Account>,
    pub settings: CaseSettings,
    pub held: Held,
    /// The latest back-fill.
    pub backfill: Option<(CrmJob, Backfilled)>,
}

/// A lead in a list.
pub type LeadRow = CrmLead;

/// What came of disconnecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnected {
    /// Whether the CRM confirmed that it sends us nothing more.
    pub unhooked: bool,
}

impl Casework {
    /// The accounts of the workspace, oldest first.
    pub async fn accounts(&self, by: &Member) -> Result<Vec<AccountView>, CaseError> {
        let workspace = by.need(MAY)?;
        let read = self.store().read(move |conn| {
            let mut found = Vec::new();
            for account in accounts::list(conn, workspace)? {
                found.push(view(conn, accounts::get(conn, workspace, account.id)?)?);
            }
            Ok(found)
        });
        Ok(read.await?)
    }

    pub async fn account(&self, by: &Member, id: CrmAccountId) -> Result<AccountView, CaseError> {
        let workspace = by.need(MAY)?;
        let read = self.store().read(move |conn| {
            let account = accounts::get(conn, workspace, id)?;
            view(conn, account)
        });
        Ok(read.await?)
    }

    /// Changes what is written back and what runs by itself.
    pub async fn set_settings(
        &self,
        by: &Member,
        id: CrmAccountId,
        settings: CaseSettings,
    ) -> Result<AccountView, CaseError> {
        let workspace = by.need(MAY)?;
        let settings = settings.checked()?;
        let written = self.store().write(move |tx| {
            let account = accounts::get(tx, workspace, id)?;
            let all = settings.within(&account);
            accounts::set_settings(tx, &account, &all, now())?;
            view(tx, accounts::get(tx, workspace, id)?)
        });
        Ok(written.await?)
    }

    /// The leads of an account that were worked on, by id.
    pub async fn leads(
        &self,
        by: &Member,
        id: CrmAccountId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<LeadRow>, CaseError> {
        let workspace = by.need(MAY)?;
        let after = after.to_owned();
        let read = self.store().read(move |conn| {
            let account = accounts::get(conn, workspace, id)?;
            leads::list(conn, &account, &after, limit)
        });
        Ok(read.await?)
    }

    /// Begins to analyse all open leads, or goes on if that was begun.
    pub async fn backfill(&self, by: &Member, id: CrmAccountId) -> Result<AccountView, CaseError> {
        let workspace = by.need(MAY)?;
        let before = self.account(by, id).await?;
        check_active(&before.account)?;
        let written = self.store().write(move |tx| {
            let account = accounts::get(tx, workspace, id)?;
            let latest = casework::latest_job(tx, &account, CrmJobKind::Backfill, "")?;
            let latest = latest
                .map(|job| jobs::get(tx, workspace, job))
                .transpose()?;
            let runs = latest.is_some_and(|job| job.ended_at.is_none());
            if !runs {
                jobs::enqueue(tx, &account, CrmJobKind::Backfill, "", now())?;
            }
            view(tx, account)
        });
        let after = written.await?;
        self.wake();
        Ok(after)
    }

    /// Pauses a back-fill after the lead that is worked on, or lets it go on.
    pub async fn pause(
        &self,
        by: &Member,
        id: CrmAccountId,
        paused: bool,
    ) -> Result<AccountView, CaseError> {
        let workspace = by.need(MAY)?;
        let written = self.store().write(move |tx| {
            let account = accounts::get(tx, workspace, id)?;
            let job = latest_backfill(tx, &account)?;
            jobs::set_paused(tx, &job, paused, now())?;
            view(tx, account)
        });
        let after = written.await?;
        self.wake();
        Ok(after)
    }

    /// Queues an analysis of a lead for an owner.
    pub async fn analyse(
        &self,
        by: &Member,
        id: CrmAccountId,
        lead: &str,
    ) -> Result<super::Card, CaseError> {
        let workspace = by.need(MAY)?;
        let found = self
            .store()
            .read(move |conn| accounts::get(conn, workspace, id));
        let account = found.await?;
        self.ask(&account, lead).await
    }

    /// Everything that is held for an account, or of one lead, as JSON: a copy for whoever asks what is known of them.
    pub async fn copy(
        &self,
        by: &Member,
        id: CrmAccountId,
        lead: Option<&str>,
    ) -> Result<Value, CaseError> {
        let workspace = by.need(MAY)?;
        let lead = lead.map(str::to_owned);
        let read = self.store().read(move |conn| {
            let account = accounts::get(conn, workspace, id)?;
            let all: Vec<CrmLead> = match &lead {
                Some(lead) => leads::find(conn, &account, lead)?.into_iter().collect(),
                None => leads::list(conn, &account, "", MOST_LEADS)?,
            };
            let mut copied = Vec::with_capacity(all.len());
            for lead in all {
                copied.push(copy_of_lead(conn, &account, &lead)?);
            }
            Ok(json!({
                "account": { "name": account.name, "host": account.host, "state": account.state },
                "leads": copied,
            }))
        });
        Ok(read.await?)
    }

    /// Erases what is held of one lead, or all copies of the account. What stands in the CRM stays there.
    pub async fn erase(
        &self,
        by: &Member,
        id: CrmAccountId,
        lead: Option<&str>,
    ) -> Result<(), CaseError> {
        let workspace = by.need(MAY)?;
        let lead = lead.map(str::to_owned);
        let erased = self.store().write(move |tx| {
            let account = accounts::get(tx, workspace, id)?;
            erase(tx, &account, lead.as_deref())
        });
        Ok(erased.await?)
    }

    /// Ends the connection: hooks and tokens go and, unless they are to stay, all copies.
    pub async fn disconnect(
        &self,
        by: &Member,
        id: CrmAccountId,
        keep_copies: bool,
    ) -> Result<Disconnected, CaseError> {
        let workspace = by.need(MAY)?;
        let written = self.store().write(move |tx| {
            let account = accounts::get(tx, workspace, id)?;
            casework::end_jobs(tx, &account, "the account was disconnected", now())?;
            // Transcripts go with the account; analyses are in a list of all.
            if !keep_copies {
                casework::erase_analyses(tx, &account, None)?;
            }
            Ok(account)
        });
        let account = written.await?;
        let unhooked = self
            .inner
            .parts
            .accounts
            .disconnect(&account, keep_copies)
            .await?;
        Ok(Disconnected { unhooked })
    }
}

fn view(
    conn: &crate::store::Connection,
    account: Scoped<Account>,
) -> Result<AccountView, StoreError> {
    let job = casework::latest_job(conn, &account, CrmJobKind::Backfill, "")?;
    let job = job
        .map(|job| jobs::get(conn, account.workspace(), job))
        .transpose()?;
    Ok(AccountView {
        settings: CaseSettings::of(&account),
        held: casework::held(conn, &account)?,
        backfill: job.map(|job| {
            let job: CrmJob = job.into_inner();
            let progress = Backfilled::read(&job.progress);
            (job, progress)
        }),
        account,
    })
}

fn latest_backfill(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
) -> Result<Scoped<CrmJob>, StoreError> {
    let latest: Option<CrmJobId> = casework::latest_job(tx, account, CrmJobKind::Backfill, "")?;
    let latest = latest.ok_or(StoreError::NotFound("a back-fill of this account"))?;
    jobs::get(tx, account.workspace(), latest)
}

fn erase(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: Option<&str>,
) -> Result<(), StoreError> {
    if let Some(lead) = lead {
        return casework::erase_lead(tx, account, lead, now()).map(drop);
    }
    casework::erase_transcripts(tx, account, None)?;
    casework::erase_analyses(tx, account, None)?;
    casework::erase_tasks(tx, account, None)?;
    crm::erase_copies(tx, account).map(drop)
}

fn copy_of_lead(
    conn: &crate::store::Connection,
    account: &Scoped<Account>,
    lead: &CrmLead,
) -> Result<Value, StoreError> {
    let said = messages::list_of_lead(conn, account, &lead.id, i64::MIN, MOST_MESSAGES)?;
    let said: Vec<Value> = said
        .into_iter()
        .map(|one| {
            json!({
                "id": one.id, "at": one.at, "who": one.who, "author": one.author, "kind": one.kind,
                "text": one.text,
            })
        })
        .collect();
    let heard = casework::transcripts_of_lead(conn, account, &lead.id, MOST_MESSAGES)?;
    let heard: Vec<Value> = heard
        .into_iter()
        .map(|one| {
            json!({
                "message": one.message, "at": one.at, "who": one.who, "state": one.state,
                "language": one.language, "text": one.text,
            })
        })
        .collect();
    let id = lead.analysis.as_ref().and_then(|id| id.parse().ok());
    let analysis = match id.map(|id| crate::store::analyses::get(conn, account.workspace(), id)) {
        None | Some(Err(StoreError::NotFound(_))) => Value::Null,
        Some(found) => found?.body.clone(),
    };
    let mut copied = Map::new();
    copied.insert("id".into(), lead.id.clone().into());
    copied.insert("name".into(), lead.name.clone().into());
    copied.insert("contact".into(), lead.contact.clone().into());
    copied.insert("score".into(), lead.score.into());
    copied.insert("band".into(), lead.band.clone().into());
    copied.insert("analysed_at".into(), lead.analysed_at.into());
    copied.insert("analysis".into(), analysis);
    copied.insert("messages".into(), said.into());
    copied.insert("transcripts".into(), heard.into());
    Ok(Value::Object(copied))
}
