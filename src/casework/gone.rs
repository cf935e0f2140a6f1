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
    /// Notes beside the database that a lead is about to be erased, unless that is known or the owner keeps what is held.
    pub(super) async fn note_deletion(
        &self,
        account: &Scoped<Account>,
        lead: &str,
    ) -> Result<(), StoreError> {
        if CaseSettings::of(account).keep_deleted {
            return Ok(());
        }
        let (of, id) = (account.clone(), lead.to_owned());
        let is_known = self
            .store()
            .read(move |conn| deleted::is_gone(conn, &of, &id));
        match is_known.await? {
            true => Ok(()),
            false => self.inner.parts.accounts.note_erased(account, lead).await,
        }
    }

    /// The lead as its CRM has it. One that is no longer there is treated as its hook would have it treated.
    pub(super) async fn ask_for_lead(&self, work: &Work) -> Result<Lead, CaseError> {
        let found = work.crm.lead(&work.lead).await;
        let (account, lead) = (work.account.clone(), work.lead.clone());
        match found {
            Ok(found) => {
                let changed_at = found.updated_at;
                let noted = self
                    .store()
                    .write(move |tx| deleted::note_there(tx, &account, &lead, changed_at, now()));
                noted.await?;
                Ok(found)
            }
            Err(error @ CrmError::Missing { .. }) if work.crm.kind() == CrmKind::Kommo => {
                self.note_deletion(&account, &lead).await?;
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
