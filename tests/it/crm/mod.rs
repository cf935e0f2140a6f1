//! Kommo's client against a server that behaves like Kommo (`tests/fakes/kommo`).

mod bad;
mod by_hand;
mod connect;
mod fake;
mod generic;
mod inbound;
#[path = "../../fakes/kommo/mod.rs"]
pub mod kommo_fake;
mod moved;
mod pace;
mod reading;
mod voice;
mod walk;
mod widget;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use frontdesk::crm::kommo::{Callback, Hosts, Kommo, KommoAccount};
use frontdesk::crm::{CrmError, Governor};
use frontdesk::egress::{Allow, Gateway, Reach, SystemLookup};
use frontdesk::store::crm::accounts::{self, AccountState, Tokens};
use frontdesk::store::crm::integrations;
use frontdesk::store::{Store, WorkspaceId, workspaces};
use kommo_fake::{CLIENT, HOST, KommoFake, REDIRECT, SECRET};

/// A store, a gateway that reaches the server only, and the client.
pub struct Desk {
    pub store: Store,
    pub fake: KommoFake,
    pub kommo: Kommo,
    pub workspace: WorkspaceId,
}

impl Desk {
    /// In no hurry: neither side counts requests.
    pub async fn start() -> Self {
        let desk = Self::paced(Governor::paced(Duration::ZERO)).await;
        desk.fake
            .switch(|switches| switches.per_second = Some(100_000));
        desk
    }

    pub async fn paced(governor: Governor) -> Self {
        Self::with(governor, Reach::Open).await
    }

    pub async fn with(governor: Governor, reach: Reach) -> Self {
        let fake = KommoFake::start().await;
        let store = Store::open_in_memory().unwrap();
        let workspace = store
            .write_blocking(|tx| {
                let id = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                integrations::keep(tx, id, CLIENT, SECRET, REDIRECT, 1)?;
                Ok(id)
            })
            .unwrap();
        let allow = Allow::parse(&format!("127.0.0.1:{}", fake.port)).unwrap();
        let lookup = Arc::new(SystemLookup);
        let gateway = Gateway::new(store.clone(), reach, allow, lookup).unwrap();
        let hosts = Hosts::stand_in(fake.base().parse().unwrap());
        let kommo = Kommo::new(store.clone(), gateway, hosts, governor);
        Self {
            store,
            fake,
            kommo,
            workspace,
        }
    }

    /// What Kommo sends back after people agreed.
    pub async fn callback(&self) -> Callback {
        let begun = self
            .kommo
            .begin(self.workspace, Some(CLIENT), REDIRECT)
            .await
            .unwrap();
        Callback {
            code: Some(self.fake.issue_code()),
            state: Some(begun.state),
            referer: Some(HOST.into()),
            client_id: Some(CLIENT.into()),
            ..Callback::default()
        }
    }

    /// A connected account; requests so far are forgotten.
    pub async fn connect(&self) -> KommoAccount {
        let callback = self.callback().await;
        let connected = self.kommo.finish(&callback).await.unwrap();
        let account = self
            .kommo
            .account(self.workspace, connected.account.id)
            .await
            .unwrap();
        self.fake.asked();
        account
    }

    pub fn tokens(&self, account: &KommoAccount) -> Option<Tokens> {
        let id = account.account().id;
        self.store
            .read_blocking(|conn| accounts::tokens(conn, id))
            .unwrap()
    }

    pub fn state(&self, account: &KommoAccount) -> (AccountState, String) {
        let (workspace, id) = (self.workspace, account.account().id);
        let read = self
            .store
            .read_blocking(|conn| accounts::get(conn, workspace, id));
        let account = read.unwrap().into_inner();
        (account.state, account.host)
    }
}

/// The error, which a value without `Debug` would not show.
pub fn error_of<T>(result: Result<T, CrmError>) -> CrmError {
    match result {
        Ok(_) => panic!("it was no error"),
        Err(error) => error,
    }
}
