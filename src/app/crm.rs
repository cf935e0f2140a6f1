//! Customer relationship systems: which client speaks to which kind, and how accounts are connected.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::{App, AppError, privacy};
use crate::access::{Denied, Member, Scope};
use crate::casework::{Accounts, CaseError, Disconnected, News};
use crate::config::Config;
use crate::crm::generic::{self, Generic, Told};
use crate::crm::kommo::{
    Begun, Callback, Connected, Event, Hosts, Kommo, account_of_hook, address_of_hook, read_hook,
};
use crate::crm::{Crm, CrmError, Governor};
use crate::egress::Gateway;
use crate::reason::Reason;
use crate::store::crm::accounts::{self, Account, CrmKind};
use crate::store::crm::integrations;
use crate::store::erasure::{Remote, RemoteKey, Subject};
use crate::store::{CrmAccountId, Scoped, Store, StoreError, UnixMs};

/// Who may connect accounts.
const MAY: &[Scope] = &[Scope::Admin];
/// Path that Kommo sends browsers back to.
pub const RETURN_PATH: &str = "/crm/kommo/return";
/// Path that hooks come to, before the account's secret.
pub const HOOK_PATH: &str = "/crm/hooks/";
/// Path of the action of a pipeline, before the account's secret.
pub const PIPELINE_PATH: &str = "/crm/kommo/pipeline/";

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(
        "Kommo reaches this server by HTTPS only, and its address is not known: set public.url to one such as \
         https://desk.example.com, or give it a certificate with https.names"
    )]
    Address,
    #[error(
        "the id and the secret of the integration stand in Kommo under \"Keys and scopes\"; copy both in full"
    )]
    Keys,
    #[error(transparent)]
    Crm(#[from] CrmError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Kommo as the settings name it.
pub(super) fn kommo(config: &Config, store: Store, gateway: Gateway) -> Result<Kommo, AppError> {
    let hosts = match &config.kommo_server.0 {
        None => Hosts::real(),
        Some(address) => {
            let wrong =
                |error| AppError::Settings(Reason::told("kommo.server is no address", error));
            Hosts::stand_in(Url::parse(address).map_err(wrong)?)
        }
    };
    Ok(Kommo::new(store, gateway, hosts, Governor::default()))
}

/// The clients of all kinds.
pub(super) struct Clients {
    pub(super) kommo: Kommo,
    pub(super) store: Store,
    pub(super) gateway: Gateway,
    /// Address of this server, if Kommo can reach it.
    pub(super) address: Option<String>,
}

#[async_trait]
impl Accounts for Clients {
    async fn open(&self, account: &Scoped<Account>) -> Result<Arc<dyn Crm>, CrmError> {
        match account.kind {
            CrmKind::Kommo => {
                let client = self.kommo.account(account.workspace(), account.id).await?;
                Ok(Arc::new(client))
            }
            CrmKind::Generic => {
                let (store, gateway) = (self.store.clone(), self.gateway.clone());
                Ok(Arc::new(Generic::new(store, gateway, account.clone())?))
            }
        }
    }

    fn read(&self, account: &Scoped<Account>, body: &[u8]) -> Result<Vec<News>, CrmError> {
        match account.kind {
            CrmKind::Kommo => {
                // An address that was copied into another account brings other people's words.
                if account_of_hook(body)?.is_some_and(|of| of != account.remote_id) {
                    let told = "it is about another account than the one with this address";
                    return Err(CrmError::Input(told.into()));
                }
                let events = read_hook(body, now())?;
                let named = address_of_hook(body, &account.host)?;
                let elsewhere = named.is_some_and(|named| named != account.host);
                let first = elsewhere.then_some(News::Elsewhere);
                let rest = events.into_iter().filter_map(news);
                Ok(first.into_iter().chain(rest).collect())
            }
            CrmKind::Generic => {
                let told = generic::read_hook(body)?;
                Ok(told.into_iter().map(news_of_program).collect())
            }
        }
    }

    async fn note_erased(&self, account: &Scoped<Account>, lead: &str) -> Result<(), StoreError> {
        let subject = Subject::Crm(Remote {
            account: account.id,
            key: RemoteKey::Lead(lead.to_owned()),
        });
        privacy::note(&self.store, account.workspace(), &[subject], now()).await
    }

    async fn look_where(&self, account: &Scoped<Account>) {
        if account.kind == CrmKind::Kommo {
            self.kommo.look_after_hook(account).await;
        }
    }

    async fn disconnect(
        &self,
        account: &Scoped<Account>,
        keep_copies: bool,
    ) -> Result<bool, CrmError> {
        let url = match account.kind {
            CrmKind::Kommo => hook_url(&self.store, account, self.address.as_deref()).await?,
            CrmKind::Generic => None,
        };
        self.kommo
            .disconnect(account, url.as_deref(), keep_copies)
            .await
    }
}

/// What is of use in an event of Kommo.
fn news(event: Event) -> Option<News> {
    match event {
        Event::Message(message) => Some(News::Message(message.message)),
        Event::Talk { talk, lead, closed } => closed.then_some(News::TalkClosed { talk, lead }),
        Event::Lead {
            lead,
            name,
            stage: Some(stage),
            moved: true,
            ..
        } => Some(News::Stage { lead, name, stage }),
        Event::Lead { .. } => None,
        Event::LeadDeleted { lead, at } => Some(News::LeadDeleted { lead, at }),
        Event::LeadRestored { lead, at } => Some(News::LeadRestored { lead, at }),
        Event::Note { lead, note, .. } => Some(News::Note { lead, note }),
    }
}

/// What another program tells.
fn news_of_program(told: Told) -> News {
    match told {
        Told::Message(message) => News::Message(message),
        Told::Lead(row) => News::Lead {
            facts: serde_json::to_value(&row).unwrap_or_default(),
            name: Some(row.name).filter(|name| !name.is_empty()),
            contact: row.contact,
            lead: row.id,
        },
    }
}

/// The address that an account's hooks come to; `None` while this server has none that Kommo reaches. The integration's own
/// address comes first, as Kommo was told it.
async fn hook_url(
    store: &Store,
    account: &Scoped<Account>,
    address: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let (of, client_id) = (account.clone(), account.client_id.clone());
    let read = store.read(move |conn| {
        let secret = accounts::hook_secret(conn, &of)?;
        Ok((secret, integrations::find(conn, &client_id)?))
    });
    let (secret, integration) = read.await?;
    let own = integration.and_then(|integration| {
        let url = Url::parse(&integration.redirect_uri).ok()?;
        Some(url.origin().ascii_serialization())
    });
    let base = own.or_else(|| address.map(str::to_owned));
    Ok(base.map(|base| format!("{base}{HOOK_PATH}{secret}")))
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

impl App {
    /// The address that an integration is registered with at Kommo.
    ///
    /// # Errors
    /// `Address` while Kommo cannot reach this server.
    pub fn kommo_return_address(&self) -> Result<String, ConnectError> {
        let address = self.public_address().ok_or(ConnectError::Address)?;
        let is_https = address.starts_with("https://") || self.config.kommo_server.0.is_some();
        match is_https {
            true => Ok(format!("{address}{RETURN_PATH}")),
            false => Err(ConnectError::Address),
        }
    }

    /// Keeps id and secret of a private integration.
    pub async fn keep_integration(
        &self,
        by: &Member,
        client_id: &str,
        secret: &str,
    ) -> Result<(), ConnectError> {
        let workspace = by.need(MAY)?;
        let is_key = |text: &str| {
            (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let (client_id, secret) = (client_id.trim().to_owned(), secret.trim().to_owned());
        if !is_key(&client_id) || !is_key(&secret) {
            return Err(ConnectError::Keys);
        }
        let redirect_uri = self.kommo_return_address()?;
        let written = self.store.write(move |tx| {
            integrations::keep(tx, workspace, &client_id, &secret, &redirect_uri, now())
        });
        Ok(written.await?)
    }

    /// Ids of the workspace's integrations, oldest first.
    pub async fn integrations(&self, by: &Member) -> Result<Vec<String>, ConnectError> {
        let workspace = by.need(MAY)?;
        let read = self
            .store
            .read(move |conn| integrations::list(conn, workspace));
        Ok(read.await?)
    }

    /// Forgets an integration; its accounts can no longer renew their tokens.
    pub async fn forget_integration(
        &self,
        by: &Member,
        client_id: &str,
    ) -> Result<bool, ConnectError> {
        let workspace = by.need(MAY)?;
        let client_id = client_id.to_owned();
        let written = self
            .store
            .write(move |tx| integrations::delete(tx, workspace, &client_id));
        Ok(written.await?)
    }

    /// Begins to connect an account through an integration, or through one that Kommo makes.
    pub async fn begin_kommo(
        &self,
        by: &Member,
        client_id: Option<&str>,
    ) -> Result<Begun, ConnectError> {
        let workspace = by.need(MAY)?;
        let redirect_uri = self.kommo_return_address()?;
        let begun = self.kommo.begin(workspace, client_id, &redirect_uri);
        Ok(begun.await?)
    }

    /// Ends what [`App::begin_kommo`] began, or takes an install from within Kommo, and asks for its hooks.
    pub async fn finish_kommo(&self, callback: &Callback) -> Result<Connected, ConnectError> {
        let connected = self.kommo.finish(callback).await?;
        self.subscribe(&connected.account).await?;
        Ok(connected)
    }

    /// Connects an account by a token that lives for long.
    pub async fn connect_kommo_by_token(
        &self,
        by: &Member,
        host: &str,
        token: &str,
    ) -> Result<Scoped<Account>, ConnectError> {
        let workspace = by.need(MAY)?;
        let account = self.kommo.connect_with_token(workspace, host, token);
        let account = account.await?;
        self.subscribe(&account).await?;
        Ok(account)
    }

    /// Asks for the account's hooks. Without them it works all the same: what is new is read when somebody asks.
    async fn subscribe(&self, account: &Scoped<Account>) -> Result<(), ConnectError> {
        let address = self.public_address();
        let url = hook_url(&self.store, account, address.as_deref()).await?;
        let (Some(url), CrmKind::Kommo) = (url, account.kind) else {
            return Ok(());
        };
        let client = self.kommo.account(account.workspace(), account.id).await?;
        if let Err(error) = client.subscribe(&url).await {
            tracing::warn!(%error, "a CRM account has no hooks");
        }
        Ok(())
    }

    /// Erases what is held of one lead, or all copies of an account, for good: also from the copies of the database that Frontdesk
    /// itself keeps. One lead is erased again when an earlier backup is restored.
    pub async fn erase_crm(
        &self,
        by: &Member,
        id: CrmAccountId,
        lead: Option<&str>,
    ) -> Result<(), CaseError> {
        if let Some(lead) = lead {
            // Nothing is noted for somebody who may not erase, or for an account of somebody else.
            self.casework.account(by, id).await?;
            let subject = Subject::Crm(Remote {
                account: id,
                key: RemoteKey::Lead(lead.to_owned()),
            });
            privacy::note(&self.store, by.workspace(), &[subject], now()).await?;
        }
        self.casework.erase(by, id, lead).await?;
        privacy::forget_copies(&self.store).await;
        Ok(())
    }

    /// Ends the connection of an account; without `keep_copies` all copies go, like [`App::erase_crm`]'s.
    pub async fn disconnect_crm(
        &self,
        by: &Member,
        id: CrmAccountId,
        keep_copies: bool,
    ) -> Result<Disconnected, CaseError> {
        let gone = self.casework.disconnect(by, id, keep_copies).await?;
        if !keep_copies {
            privacy::forget_copies(&self.store).await;
        }
        Ok(gone)
    }

    /// The path of an account's action for pipelines, for the widget's package. It holds the account's secret.
    pub async fn pipeline_path(
        &self,
        by: &Member,
        id: CrmAccountId,
    ) -> Result<String, ConnectError> {
        let workspace = by.need(MAY)?;
        let read = self.store.read(move |conn| {
            let account = accounts::get(conn, workspace, id)?;
            accounts::hook_secret(conn, &account)
        });
        Ok(format!("{PIPELINE_PATH}{}", read.await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lead_that_moved_is_news() {
        let lead = |moved| Event::Lead {
            lead: "7".into(),
            name: None,
            stage: Some("142".into()),
            pipeline: None,
            moved,
        };
        assert!(news(lead(false)).is_none());
        assert!(matches!(news(lead(true)), Some(News::Stage { stage, .. }) if stage == "142"));
        let talk = |closed| Event::Talk {
            talk: "1".into(),
            lead: None,
            closed,
        };
        assert!(news(talk(false)).is_none());
        assert!(news(talk(true)).is_some());
    }
}
