//! Accounts that moved to another address. The old one sends on, knows no such account, or takes no token of it, and hooks name
//! the new one; none of this is believed before Kommo itself was asked, by a host that [`Hosts`](super::Hosts) let pass.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use serde::Deserialize;
use url::Url;

use super::client::{Answer, Call};
use super::tokens::Opened;
use super::{Kommo, claims, wire};
use crate::crm::{CrmError, now};
use crate::egress::{Carrier, Method, Sealed, Secret};
use crate::store::crm::accounts::{self, Account};
use crate::store::{CrmAccountId, Scoped, WorkspaceId};

/// What is merely not found, and hooks, make us look once in this time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);
/// Tells of the account that a token opens, whatever its address.
const ACCOUNT: &str = "/api/v4/account";

#[derive(Deserialize)]
struct AccessClaims {
    #[serde(default)]
    api_domain: Option<String>,
}

impl Kommo {
    /// Whether an answer may come from an address where the account is no longer.
    pub(super) fn may_have_moved(
        &self,
        account: &Scoped<Account>,
        call: &Call,
        opened: &Opened,
        answer: &Answer,
    ) -> bool {
        match answer.status {
            301 | 302 | 303 | 307 | 308 => true,
            // One that can be renewed is looked for when that fails.
            401 => !opened.can_renew,
            // Usually only what was asked for is missing.
            404 => call.path.starts_with(ACCOUNT) || self.may_look(account.id),
            _ => false,
        }
    }

    /// A hook named another address for an account. Hooks are not signed, so that is no more than a reason to ask Kommo.
    pub async fn look_after_hook(&self, account: &Scoped<Account>) {
        if self.may_look(account.id) {
            self.look_where(account, &account.host, None).await;
        }
    }

    /// The address that an account has now, if that is another one than was asked; it is kept then. `sent_on` is where the old one
    /// leads to.
    pub(super) async fn look_where(
        &self,
        account: &Scoped<Account>,
        asked: &str,
        sent_on: Option<&str>,
    ) -> Option<String> {
        match self.find_and_keep(account, asked, sent_on).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "where a CRM account is now could not be found out");
                None
            }
        }
    }

    async fn find_and_keep(
        &self,
        account: &Scoped<Account>,
        asked: &str,
        sent_on: Option<&str>,
    ) -> Result<Option<String>, CrmError> {
        let lock = self.renewal(account.id);
        let _alone = lock.lock().await;
        let standing = self.standing(account).await?;
        let host = standing.account.host.clone();
        if host != asked {
            // Somebody else found it meanwhile.
            return Ok(Some(host));
        }
        let workspace = account.workspace();
        let (access, remote) = (&standing.tokens.access, &account.remote_id);
        let mut found = match &standing.tokens.refresh {
            Some(refresh) => self.ask_where(workspace, access, refresh, remote).await?,
            None => None,
        };
        if found.is_none() {
            found = self
                .ask_central(workspace, access, remote, &host, sent_on)
                .await?;
        }
        let Some(moved) = found.filter(|found| *found != host) else {
            return Ok(None);
        };
        let (id, kept) = (account.id, moved.clone());
        let write = self
            .inner
            .store
            .write(move |tx| accounts::set_host(tx, id, &kept, now()));
        write.await?;
        tracing::info!(from = %host, to = %moved, "a CRM account has another address now");
        Ok(Some(moved))
    }

    /// The address of the account that a refresh token belongs to. The access token names a server that knows all accounts.
    pub(super) async fn ask_where(
        &self,
        workspace: WorkspaceId,
        access: &str,
        refresh: &str,
        remote: &str,
    ) -> Result<Option<String>, CrmError> {
        let Some(server) = self.central(access) else {
            return Ok(None);
        };
        let url = self
            .inner
            .hosts
            .api(&server, "/oauth2/account/current/subdomain")?;
        let token = Sealed::to(&url, Secret::new(refresh));
        let header = http::HeaderName::from_static("x-refresh-token");
        let secrets = vec![(Carrier::Header(header), token)];
        let answer = self
            .exchange(workspace, &server, Method::Get, url, Vec::new(), secrets)
            .await?;
        let body = answer.json().filter(|_| answer.status == 200);
        let Some(body) = body else {
            return Ok(None);
        };
        if wire::id_in(&body, "id").is_some_and(|id| id != remote) {
            return Ok(None);
        }
        let domain = wire::text_in(&body, "domain");
        Ok(domain.and_then(|domain| self.inner.hosts.account(&domain).ok()))
    }

    /// The same for a token that is not renewed: asked of the server that knows all accounts, else of where the old address leads to.
    async fn ask_central(
        &self,
        workspace: WorkspaceId,
        access: &str,
        remote: &str,
        host: &str,
        sent_on: Option<&str>,
    ) -> Result<Option<String>, CrmError> {
        let sent_on = sent_on.and_then(|to| self.account_in(to));
        for server in [self.central(access), sent_on].into_iter().flatten() {
            let url = self.inner.hosts.api(&server, ACCOUNT)?;
            let bearer = Sealed::to(&url, Secret::new(format!("Bearer {access}")));
            let secrets = vec![(Carrier::Header(AUTHORIZATION), bearer)];
            let answer = self
                .exchange(workspace, &server, Method::Get, url, Vec::new(), secrets)
                .await?;
            let body = answer.json().filter(|_| answer.status == 200);
            let Some(body) = body else {
                continue;
            };
            if wire::id_in(&body, "id").as_deref() != Some(remote) {
                continue;
            }
            let (Some(subdomain), Some((_, ending))) =
                (wire::text_in(&body, "subdomain"), host.split_once('.'))
            else {
                continue;
            };
            return Ok(self
                .inner
                .hosts
                .account(&format!("{subdomain}.{ending}"))
                .ok());
        }
        Ok(None)
    }

    /// The server that a token names, if it is Kommo's. Nobody checked the token.
    fn central(&self, access: &str) -> Option<String> {
        let claims: Option<AccessClaims> = claims::read_unchecked(access);
        let named = claims.and_then(|claims| claims.api_domain)?;
        self.inner.hosts.account(&named).ok()
    }

    /// The account's host in an address that an answer leads to, if that is Kommo's and nothing is odd about it.
    fn account_in(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let is_plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().filter(|_| is_plain)?;
        self.inner.hosts.account(host).ok()
    }

    fn may_look(&self, id: CrmAccountId) -> bool {
        let mut looked = self
            .inner
            .looked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let may = looked
            .get(&id)
            .is_none_or(|at| now.duration_since(*at) >= BETWEEN_LOOKS);
        if may {
            looked.insert(id, now);
        }
        may
    }
}
