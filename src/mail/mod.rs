//! E-mail: an outbox that is sent through the owner's own mail server, its log, and answers that come back by IMAP.
//!
//! Other rooms put a message into the outbox within the transaction that it tells of ([`enqueue`]); it goes out
//! afterwards ([`Mail`]). Whoever answers a notice from their mailbox writes into the conversation: the notice has a reply
//! address with a token that is good for one answer of one person. This room does not know how a conversation is written
//! to; the composition root gives it the way ([`Write`]).
//!
//! Invariants:
//! - Everything goes through the gateway, and only over TLS.
//! - A message is sent once where SMTP allows it: if the connection breaks after the message was handed over and before
//!   the server said so, it is sent again with the same `Message-ID`.
//! - In the mailbox nothing is changed or deleted, and of mail to other addresses only the lines with addresses are read.
//! - An answer counts only with a token that is known, not used, not expired, and from the address of its person.
//!
//! Reading order: `settings`, `outbox`, `sender`, `smtp`; then `answers` and `imap`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as mail;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod acts;
mod address;
mod answers;
mod error;
mod imap;
mod message;
mod outbox;
mod sender;
mod settings;
mod smtp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::acts::{Health, Log, Overview, Tried};
pub use self::address::parse_address;
pub use self::answers::{Answer, NotWritten, Write, own_words};
pub use self::error::MailError;
pub use self::outbox::{Enqueued, NewMail, ReplyTo, enqueue, is_set_up};
pub use self::settings::{
    MailSettings, Mailbox, NewMailSettings, NewMailbox, NewServer, Sender, Server, Tls,
};
pub use crate::store::mail::MailKind;

use self::sender::Rests;
use crate::egress::Gateway;
use crate::store::{Store, WorkspaceId};

/// A handle on e-mail; clones share it.
#[derive(Clone)]
pub struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    write: Write,
    /// One sender for each workspace at a time, so that no message is sent twice.
    turns: Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<()>>>>,
    rests: Rests,
    /// Settings have changed.
    changed: Notify,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Mail {
    /// Starts sending, and looking for answers, until `shutdown`. `write` carries an answer into its conversation.
    pub fn start(
        store: Store,
        gateway: Gateway,
        write: Write,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let inner = Arc::new(Inner {
            store,
            gateway,
            write,
            turns: Mutex::default(),
            rests: Rests::default(),
            changed: Notify::new(),
            tasks: tasks.clone(),
            shutdown,
        });
        tasks.spawn(sender::run(Arc::clone(&inner)));
        tasks.spawn(answers::run(Arc::clone(&inner)));
        Self { inner }
    }
}

impl Inner {
    /// The turn of a workspace; whoever holds its lock sends.
    fn turn(&self, workspace: WorkspaceId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(workspace).or_default())
    }
}

/// The present, Unix ms.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod mail_tests;
#[cfg(any(test, feature = "fixtures"))]
#[expect(clippy::unwrap_used, reason = "a test's server")]
pub mod servers_fixture;
