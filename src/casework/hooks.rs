//! What CRMs sent: worked on in the order in which it came, whatever order it happened in, and each body once.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::gone::take_deletion;
use super::settings::CaseSettings;
use super::{Casework, News, now};
use crate::crm::CrmError;
use crate::store::casework;
use crate::store::crm::accounts::{self, Account, AccountState};
use crate::store::crm::deleted;
use crate::store::crm::hooks::{self, Hook};
use crate::store::crm::jobs::{self, CrmJobKind};
use crate::store::crm::leads;
use crate::store::crm::messages;
use crate::store::{CrmAccountId, Scoped, StoreError, Transaction, UnixMs};

/// Bodies that are worked on in one transaction.
const AT_ONCE: u32 = 100;
/// After a conversation was closed, how long to wait for what still comes in, in ms.
const SETTLING_MS: i64 = 20_000;
/// How long to wait after a fault of the store.
const AFTER_FAULT: std::time::Duration = std::time::Duration::from_secs(5);

/// A body, whose it is, and what it tells.
type Read = (Hook, Scoped<Account>, Result<Vec<News>, CrmError>);

impl Casework {
    /// Works on what came, until `shutdown`.
    pub(super) async fn follow_hooks(self, shutdown: CancellationToken) {
        loop {
            let worked = tokio::select! {
                () = shutdown.cancelled() => return,
                worked = self.take_hooks(now()) => worked,
            };
            match worked {
                Ok(0) => self.rest(&self.inner.wake_hooks, &shutdown).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "what a CRM sent could not be worked on yet");
                    tokio::time::sleep(AFTER_FAULT).await;
                }
            }
            if shutdown.is_cancelled() {
                return;
            }
        }
    }

    /// Works on the next bodies; returns how many there were.
    pub(super) async fn take_hooks(&self, now: UnixMs) -> Result<usize, StoreError> {
        let due = self
            .store()
            .read(move |conn| hooks::list_due(conn, now, AT_ONCE));
        let due = due.await?;
        if due.is_empty() {
            return Ok(0);
        }
        let count = due.len();
        let accounts = self.accounts_of(&due).await?;
        let mut read: Vec<Read> = Vec::with_capacity(count);
        for hook in due {
            let Some(account) = accounts.get(&hook.account).cloned() else {
                continue;
            };
            let news = match account.state {
                AccountState::Off => Ok(Vec::new()),
                _ => self.inner.parts.accounts.read(&account, &hook.body),
            };
            read.push((hook, account, news));
        }
        let moved = Self::accounts_elsewhere(&read);
        for (account, lead, at) in deletions(&read) {
            self.note_deletion(&account, &lead, at).await?;
        }
        let queued = self.store().write(move |tx| {
            let mut queued = false;
            for (hook, account, news) in &read {
                queued |= take(tx, hook, account, news, now)?;
            }
            Ok(queued)
        });
        if queued.await? {
            self.inner.wake_jobs.notify_one();
        }
        for account in moved {
            let accounts = Arc::clone(&self.inner.parts.accounts);
            // Nothing waits for it: what came is kept already.
            tokio::spawn(async move { accounts.look_where(&account).await });
        }
        Ok(count)
    }

    /// The accounts whose bodies name another address.
    fn accounts_elsewhere(read: &[Read]) -> Vec<Scoped<Account>> {
        let mut found: Vec<Scoped<Account>> = Vec::new();
        for (_, account, news) in read {
            let is_elsewhere = (news.iter().flatten()).any(|one| *one == News::Elsewhere);
            if is_elsewhere && !found.iter().any(|known| known.id == account.id) {
                found.push(account.clone());
            }
        }
        found
    }

    async fn accounts_of(
        &self,
        due: &[Hook],
    ) -> Result<HashMap<CrmAccountId, Scoped<Account>>, StoreError> {
        let of: Vec<_> = due
            .iter()
            .map(|hook| (hook.workspace, hook.account))
            .collect();
        let read = self.store().read(move |conn| {
            let mut found = HashMap::new();
            for (workspace, id) in of {
                if found.contains_key(&id) {
                    continue;
                }
                found.insert(id, accounts::get(conn, workspace, id)?);
            }
            Ok(found)
        });
        read.await
    }
}

/// The leads that bodies say were deleted.
fn deletions(read: &[Read]) -> Vec<(Scoped<Account>, String, Option<UnixMs>)> {
    let mut found = Vec::new();
    for (_, account, news) in read {
        for one in news.iter().flatten() {
            if let News::LeadDeleted { lead, at } = one {
                found.push((account.clone(), lead.clone(), *at));
            }
        }
    }
    found
}

/// Works on a body and marks it; returns whether work was queued.
fn take(
    tx: &Transaction<'_>,
    hook: &Hook,
    account: &Scoped<Account>,
    news: &Result<Vec<News>, CrmError>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let news = match news {
        Ok(news) => news,
        Err(error) => {
            hooks::note_failed(tx, hook.id, &error.to_string(), None)?;
            return Ok(false);
        }
    };
    let settings = CaseSettings::of(account);
    let mut queued = false;
    for one in news {
        queued |= take_one(tx, account, &settings, one, now)?;
    }
    hooks::note_done(tx, hook.id)?;
    Ok(queued)
}

fn take_one(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    settings: &CaseSettings,
    news: &News,
    now: UnixMs,
) -> Result<bool, StoreError> {
    if let Some(lead) = lead_of(tx, account, news)?
        && deleted::is_gone(tx, account, &lead)?
    {
        return Ok(false);
    }
    match news {
        News::Message(message) => {
            let is_new = messages::keep(tx, account, message, now)?;
            if let (true, Some(lead)) = (is_new, &message.lead) {
                // One that is older than the analysis, sent again or late, was part of it.
                let known = leads::find(tx, account, lead)?;
                let analysed_at = known.and_then(|known| known.analysed_at);
                if analysed_at.is_none_or(|at| message.at > at) {
                    leads::add_stale(tx, account, lead, 1, now)?;
                }
            }
            Ok(false)
        }
        News::TalkClosed { talk, lead } if settings.on_close => {
            let lead = match lead {
                Some(lead) => Some(lead.clone()),
                None => casework::lead_of_talk(tx, account, talk)?,
            };
            lead.map_or(Ok(false), |lead| ask_for(tx, account, &lead, now))
        }
        News::Stage { lead, name, stage } => {
            leads::keep(tx, account, lead, name.as_deref(), None, None, now)?;
            match settings.stages.contains(stage) {
                true => ask_for(tx, account, lead, now),
                false => Ok(false),
            }
        }
        News::Lead {
            lead,
            name,
            contact,
            facts,
        } => {
            let (name, contact) = (name.as_deref(), contact.as_deref());
            leads::keep(tx, account, lead, name, contact, Some(facts), now)?;
            Ok(false)
        }
        News::LeadDeleted { lead, at } => {
            take_deletion(tx, account, settings, lead, *at, now)?;
            Ok(false)
        }
        News::LeadRestored { lead, at } => {
            // Without a time it may be an old one that came again; then asking for the lead tells.
            if let Some(at) = at {
                deleted::note_restored(tx, account, lead, *at, now)?;
            }
            Ok(false)
        }
        // Ours are no news, and those of people are read with the lead.
        News::TalkClosed { .. } | News::Note { .. } | News::Elsewhere => Ok(false),
    }
}

/// The lead that something is news of, unless it says whether there is such a lead.
fn lead_of(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    news: &News,
) -> Result<Option<String>, StoreError> {
    Ok(match news {
        News::Message(message) => message.lead.clone(),
        News::TalkClosed { lead: None, talk } => casework::lead_of_talk(tx, account, talk)?,
        News::TalkClosed { lead, .. } => lead.clone(),
        News::Stage { lead, .. } | News::Note { lead, .. } => Some(lead.clone()),
        News::Lead { .. }
        | News::LeadDeleted { .. }
        | News::LeadRestored { .. }
        | News::Elsewhere => None,
    })
}

/// Queues an analysis that nobody asked for by hand, unless nothing was said since the last one.
fn ask_for(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let known = leads::find(tx, account, lead)?;
    if known.is_some_and(|known| known.analysed_at.is_some() && known.stale == 0) {
        return Ok(false);
    }
    let later = now.saturating_add(SETTLING_MS);
    jobs::enqueue(tx, account, CrmJobKind::Analyse, lead, later)?;
    Ok(true)
}
