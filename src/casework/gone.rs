//! Leads that were deleted in their CRM: what is held of them goes as the owner wants it, and does not come back by itself.

use super::lead::Work;
use super::settings::CaseSettings;
use super::{CaseError, Casework, now};
use crate::crm::{CrmError, Lead};
use crate::store::crm::accounts::{Account, CrmKind};
use crate::store::crm::deleted;
use crate::store::{Scoped, StoreError, Transaction, UnixMs, casework};

/// Takes the news that a lead was deleted. What is known already, or older than what is known, changes nothing.
pub(super) fn take_deletion(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    settings: &CaseSettings,
    lead: &str,
    at: Option<UnixMs>,
    now: UnixMs,
) -> Result<(), StoreError> {
    if !deleted::note_gone(tx, account, lead, at, now)? {
        return Ok(());
    }
    match settings.keep_deleted {
        true => casework::drop_jobs(tx, account, lead).map(drop),
        false => casework::erase_lead(tx, account, lead, now).map(drop),
    }
}

impl Casework {
    /// Notes beside the database that a lead is about to be erased, unless its deletion is no news or the owner keeps what is held.
    pub(super) async fn note_deletion(
        &self,
        account: &Scoped<Account>,
        lead: &str,
        at: Option<UnixMs>,
    ) -> Result<(), StoreError> {
        if CaseSettings::of(account).keep_deleted {
            return Ok(());
        }
        let (of, id) = (account.clone(), lead.to_owned());
        let is_news = self
            .store()
            .read(move |conn| deleted::is_news(conn, &of, &id, at));
        match is_news.await? {
            true => self.inner.parts.accounts.note_erased(account, lead).await,
            false => Ok(()),
        }
    }

    /// Erases once more what is held of a lead that was deleted over there while it was worked on; returns whether it was.
    pub(super) async fn sweep(&self, work: &Work) -> Result<bool, CaseError> {
        let (account, lead) = (work.account.clone(), work.lead.clone());
        let keeps = work.settings.keep_deleted;
        let swept = self.store().write(move |tx| {
            let is_gone = deleted::is_gone(tx, &account, &lead)?;
            if is_gone && !keeps {
                casework::erase_lead(tx, &account, &lead, now())?;
            }
            Ok(is_gone)
        });
        Ok(swept.await?)
    }

    /// The lead as its CRM has it. One that is no longer there is treated as its hook would have it treated.
    pub(super) async fn ask_for_lead(&self, work: &Work) -> Result<Lead, CaseError> {
        let asked_at = now();
        let found = work.crm.lead(&work.lead).await;
        let (account, lead) = (work.account.clone(), work.lead.clone());
        match found {
            Ok(found) => {
                let changed_at = found.updated_at;
                let noted = self.store().write(move |tx| {
                    deleted::note_there(tx, &account, &lead, changed_at, asked_at, now())
                });
                noted.await?;
                Ok(found)
            }
            Err(error @ CrmError::Missing { .. }) if work.crm.kind() == CrmKind::Kommo => {
                self.note_deletion(&account, &lead, None).await?;
                let settings = work.settings.clone();
                let taken = self
                    .store()
                    .write(move |tx| take_deletion(tx, &account, &settings, &lead, None, now()));
                taken.await?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
