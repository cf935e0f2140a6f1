//! What workspaces pay for at the shop of the owner of the machine: Lemon Squeezy, by subscription or by licence key. Off
//! until the owner sets it up; then quotas ask `store::billing` whether new work may begin.
//!
//! Invariants:
//! - What the shop tells counts only with its signature over the bytes as they came, once, and only if nothing newer is
//!   known.
//! - Nothing of another store counts, and no purchase in test mode unless the owner says so.
//! - Whatever a state means, nothing is deleted for it.
//! - A licence key goes to the shop alone, and is shown to nobody.
//!
//! Reading order: `settings`, `state` (what a state means), `hook` (what the shop tells), `licence` (what the shop is asked),
//! `acts` (what people do).

// So that paths look the same in every room: `crate::room::…`.
extern crate self as billing;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod acts;
mod error;
mod hook;
mod licence;
mod settings;
mod signature;
mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::acts::{Overview, SettingsChange};
pub use self::error::{BillingError, HookError};
pub use self::hook::Taken;
pub use self::settings::{LEMON_SQUEEZY, Settings};
pub use self::signature::{prove, sign};

use crate::egress::{Gateway, Purpose};
use crate::store::Store;

/// How often licences are checked.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after the start they are checked first.
const FIRST: Duration = Duration::from_secs(10 * 60);

/// A handle on billing; clones share it.
#[derive(Clone)]
pub struct Billing {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
}

impl Billing {
    /// Also starts to check licences daily, until `shutdown`, where the settings let anything out.
    pub fn start(
        store: Store,
        gateway: Gateway,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let goes_out = gateway.may(Purpose::Billing);
        let this = Self {
            inner: Arc::new(Inner { store, gateway }),
        };
        if goes_out {
            let daily = this.clone();
            tasks.spawn(async move {
                let checks = daily.check_daily();
                shutdown.run_until_cancelled(checks).await;
            });
        }
        this
    }

    async fn check_daily(self) {
        let mut next = FIRST;
        loop {
            tokio::time::sleep(next).await;
            if let Err(error) = self.check_all().await {
                tracing::warn!(%error, "licences could not be checked");
            }
            next = EVERY;
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
