//! What an assistant may do elsewhere: endpoints of other programs, described by hand or by an OpenAPI document, and
//! calendars over CalDAV.
//!
//! This module does *not* know conversations, workflows or models: whoever wants something done gives a tool, arguments and a
//! key, and gets an answer or the reason why there is none.
//!
//! Invariants:
//! - A tool runs only if its rule allows it: freely, after the visitor's or somebody's yes to exactly these arguments, or
//!   never. Arguments are checked before anything goes out.
//! - A call is in the log before it goes out, and its key never acts twice. A call whose outcome nobody knows is told as
//!   such and not tried again.
//! - Everything goes through the gateway, without redirects, within the tool's time and size; a secret goes to the tool's
//!   server only and is shown to nobody.
//! - What an assistant calls by itself, without a workflow, only reads unless somebody said yes (`talk`).
//! - An answer is data. Only what can be seen is kept of it, or only the parts that the owner chose; nothing acts on its words.
//!
//! Reading order: `schema` (arguments), `endpoint` (where they go), `send` (one call), `answer`, `run` (who may, the log),
//! `talk` (calls in a conversation), `acts` (what owners and staff do), `openapi`, `calendar`.
//!
//! To add a kind of tool: a `ToolKind` (`store/tools`, its CHECK), its settings and `act` beside `calendar`, its check in `acts`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as tools;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod acts;
mod answer;
pub mod calendar;
mod endpoint;
mod error;
pub mod openapi;
mod run;
mod schema;
mod send;
mod talk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::acts::NewTool;
pub use self::answer::{Answer, Pick};
pub use self::calendar::{Open, Opening, Span};
pub use self::endpoint::{Argument, BodyForm, Endpoint, Place, SecretPlace, Verb};
pub use self::error::{ToolError, ToolsError};
pub use self::run::{Asked, Order};
pub use self::schema::{Schema, SchemaMistake, Wrong};
pub use self::talk::{Consent, Errand, InTalk};
pub use crate::store::tools::calls::{AskedBy, CallFilter, CallState, ToolCall};
pub use crate::store::tools::{Approval, Tool, ToolKind, Wanted};

use crate::egress::Gateway;
use crate::store::{Store, StoreError, ToolId};

/// A handle on the tools of all workspaces; clones share it.
#[derive(Clone)]
pub struct Tools {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    /// When businesses are open, for calendars.
    hours: Option<Arc<dyn Opening>>,
    /// One booking at a time in each calendar.
    booking: Mutex<HashMap<ToolId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Tools {
    pub fn new(store: Store, gateway: Gateway, hours: Option<Arc<dyn Opening>>) -> Self {
        let inner = Inner {
            store,
            gateway,
            hours,
            booking: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Makes the handle, and marks what ran when the last process ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(
        store: Store,
        gateway: Gateway,
        hours: Arc<dyn Opening>,
    ) -> Result<Self, StoreError> {
        let lost = store.write(|tx| crate::store::tools::calls::mark_lost(tx, now()));
        let lost = lost.await?;
        if lost > 0 {
            tracing::warn!(
                lost,
                "tools were running when the server ended; nobody knows whether they finished"
            );
        }
        Ok(Self::new(store, gateway, Some(hours)))
    }

    /// The lock on bookings in a calendar.
    fn booking(&self, tool: ToolId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks: MutexGuard<'_, _> = self
            .inner
            .booking
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(tool).or_default())
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
#[path = "tools_tests.rs"]
mod tests;
