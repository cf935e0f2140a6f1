//! Kommo (formerly amoCRM): its API version 4, OAuth 2.0, webhooks, and the signatures of its widget.
//!
//! Facts come from Kommo's documentation for developers and from its official open clients; where they differ, each form is
//! accepted. What is decided by a reply's status is never decided by its wording, which is translated.
//!
//! Invariants:
//! - A secret goes only to a host that [`Hosts`] let pass, over TLS.
//! - Tokens are renewed by one task for an account, and stored before they are used.
//! - Tags are added and removed, never replaced as a set.
//!
//! Reading order: `hosts`, `oauth`, `tokens`, `client` (one request), `moved`, `account` (the port), then by need: `talks`, `records`
//! (notes, fields, tags, tasks), `bulk`, `voice`, `subscribe` (webhooks), `form`, `events` and `pipeline` (what comes in), `widget` (JWT),
//! `uninstall`.

mod account;
mod bulk;
mod claims;
mod client;
mod events;
mod form;
mod hosts;
mod moved;
mod oauth;
mod pipeline;
mod records;
mod subscribe;
mod talks;
mod tokens;
mod uninstall;
mod voice;
mod widget;
mod wire;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use self::account::KommoAccount;
pub use self::bulk::LeadPatch;
pub use self::events::{Event, HookMessage, account_of_hook, address_of_hook, read_hook};
pub use self::form::{Node, parse_form};
pub use self::hosts::Hosts;
pub use self::oauth::{Begun, Callback, Connected, NewSecret, STATE_MS};
pub use self::pipeline::{StageReached, read_pipeline};
pub use self::subscribe::{HOOKS, Subscription};
pub use self::uninstall::Uninstall;
pub use self::widget::WidgetCaller;

use super::{CrmError, Governor};
use crate::egress::Gateway;
use crate::store::{CrmAccountId, Store, WorkspaceId};

/// Installs from within Kommo that are followed up in this time; a person makes one now and then.
const MOST_INSTALLS: usize = 10;
const INSTALLS_WITHIN: Duration = Duration::from_secs(60);

/// Kommo, for all accounts of this machine; clones share the pace and the locks.
#[derive(Clone)]
pub struct Kommo {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    hosts: Hosts,
    governor: Governor,
    /// One renewal of tokens at a time for an account.
    renewing: Mutex<HashMap<CrmAccountId, Arc<tokio::sync::Mutex<()>>>>,
    /// When installs from within Kommo were followed up lately.
    installs: Mutex<VecDeque<Instant>>,
    /// When it was last looked whether an account moved.
    looked: Mutex<HashMap<CrmAccountId, Instant>>,
}

impl Kommo {
    pub fn new(store: Store, gateway: Gateway, hosts: Hosts, governor: Governor) -> Self {
        let inner = Inner {
            store,
            gateway,
            hosts,
            governor,
            renewing: Mutex::default(),
            installs: Mutex::default(),
            looked: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// An account that is connected.
    pub async fn account(
        &self,
        workspace: WorkspaceId,
        id: CrmAccountId,
    ) -> Result<KommoAccount, CrmError> {
        use crate::store::crm::accounts;

        let read = move |conn: &crate::store::Connection| accounts::get(conn, workspace, id);
        let account = self.inner.store.read(read).await?;
        Ok(KommoAccount::new(self.clone(), account))
    }

    /// Whether an install from within Kommo may be followed up now. Anybody can call as Kommo does then, and every call would send
    /// Kommo a request with a wrong code, until it shuts this address out.
    fn may_install(&self) -> bool {
        let installs = self.inner.installs.lock();
        let mut installs = installs.unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        installs.retain(|at| now.duration_since(*at) < INSTALLS_WITHIN);
        let may = installs.len() < MOST_INSTALLS;
        if may {
            installs.push_back(now);
        }
        may
    }

    fn renewal(&self, id: CrmAccountId) -> Arc<tokio::sync::Mutex<()>> {
        let renewing = self.inner.renewing.lock();
        let mut renewing = renewing.unwrap_or_else(PoisonError::into_inner);
        renewing.entry(id).or_default().clone()
    }
}
