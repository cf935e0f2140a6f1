//! What people do with e-mail: set it up, try it, see what became of it.

use std::time::Duration;

use super::outbox::{Enqueued, NewMail, enqueue};
use super::settings::{Kept, MailSettings, NewMailSettings};
use super::{Mail, MailError, now_ms, sender};
use serde_json::json;

use crate::access::{Caller, Member, Scope};
use crate::egress::Secret;
use crate::store::listing::{Listing, Page};
use crate::store::mail::{self, LogFilter, MailKind, MailState, Outgoing, Received};
use crate::store::{MailId, StoreError, UnixMs, UserId, WorkspaceId, events};

const MAY: &[Scope] = &[Scope::Admin];
/// How long a test waits for the background sender.
const TURN: Duration = Duration::from_secs(20);
/// Most lines of what came.
const MOST_RECEIVED: u32 = 50;

/// How it goes with one direction of mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    NotSetUp,
    /// Set up, and nothing was tried since.
    Untried,
    /// Unix ms.
    Works {
        at: UnixMs,
    },
    Fails {
        at: UnixMs,
        error: String,
    },
}

/// The settings and how it goes.
#[derive(Debug, Clone)]
pub struct Overview {
    pub settings: Option<MailSettings>,
    /// Whether a password is stored for sending.
    pub has_password: bool,
    pub out: Health,
    pub replies: Health,
    /// Messages that wait to be sent.
    pub waiting: u64,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub ok: bool,
    /// The server's sentence, or why there was none and what to do.
    pub said: String,
}

/// What was sent, a page of it, and what came last.
#[derive(Debug, Clone)]
pub struct Log {
    pub sent: Page<LogFilter>,
    pub received: Vec<Received>,
}

impl Mail {
    pub async fn overview(&self, by: &Member) -> Result<Overview, MailError> {
        let workspace = by.need(MAY)?;
        let read = self.inner.store.read(move |conn| {
            let kept = Kept::load(conn, workspace)?;
            let state = mail::find_state(conn, workspace)?.unwrap_or_default();
            Ok((kept, state, mail::waiting(conn, workspace)?))
        });
        let (kept, state, waiting) = read.await?;
        let out = health(
            kept.is_some(),
            state.out_ok_at,
            state.out_failed_at.zip(state.out_error),
        );
        let has_mailbox = kept.as_ref().is_some_and(|k| k.settings.mailbox.is_some());
        let replies = health(
            has_mailbox,
            state.in_ok_at,
            state.in_failed_at.zip(state.in_error),
        );
        Ok(Overview {
            has_password: kept
                .as_ref()
                .is_some_and(|k| k.password != Secret::default()),
            settings: kept.map(|kept| kept.settings),
            out,
            replies,
            waiting,
        })
    }

    /// Replaces the settings; what waits is tried again at once.
    ///
    /// # Errors
    /// [`MailError::Wrong`] for what cannot be used; nothing is changed then.
    pub async fn set(&self, by: &Member, new: NewMailSettings) -> Result<(), MailError> {
        let workspace = by.need(MAY)?;
        let now = now_ms();
        let before = self.load(workspace).await?;
        let kept = Kept::of(new, before.as_ref())?;
        let other_mailbox = kept.has_other_mailbox(before.as_ref());
        let servers = kept.servers(now)?;
        let written = self.inner.store.write(move |tx| {
            mail::keep_servers(tx, workspace, &servers, other_mailbox)?;
            mail::hurry(tx, workspace, now)
        });
        written.await?;
        self.inner.rests.end(workspace);
        self.inner.changed.notify_one();
        Ok(())
    }

    /// Forgets servers and passwords. What waits is not sent.
    pub async fn remove(&self, by: &Member) -> Result<(), MailError> {
        let workspace = by.need(MAY)?;
        let now = now_ms();
        let written = self.inner.store.write(move |tx| {
            mail::delete_servers(tx, workspace)?;
            mail::hurry(tx, workspace, now)
        });
        written.await?;
        self.inner.rests.end(workspace);
        self.inner.changed.notify_one();
        Ok(())
    }

    /// Sends a message to `to` now, and waits for what the server says.
    pub async fn test(&self, by: &Member, to: &str) -> Result<Tried, MailError> {
        let workspace = by.need(MAY)?;
        let kept = self.load(workspace).await?.ok_or(MailError::NotSetUp)?;
        let turn = self.inner.turn(workspace);
        let turn = tokio::time::timeout(TURN, turn.lock_owned()).await;
        let _turn = turn.map_err(|_| MailError::Busy)?;
        let (recipient, now) = (to.to_owned(), now_ms());
        let queued = self.inner.store.write(move |tx| {
            let new = NewMail {
                kind: MailKind::Test,
                about: None,
                recipient: &recipient,
                title: "Test from your front desk",
                text: "This is a test. Your front desk can send e-mail.\n",
                reply_to: None,
            };
            match enqueue(tx, workspace, &new, now)? {
                Enqueued::Queued(id) => Ok(mail::find(tx, id)?.map(Ok)),
                Enqueued::BadRecipient(told) => Ok(Some(Err(told))),
                Enqueued::NotSetUp => Ok(None),
            }
        });
        let queued = queued.await?.ok_or(MailError::NotSetUp)?;
        let queued = queued.map_err(|told| super::error::wrong("to", told))?;
        let id = queued.id;
        sender::send_now(&self.inner, workspace, &kept, queued).await?;
        let filter = LogFilter::default();
        let read = self.inner.store.read(move |conn| {
            let latest = mail::list(conn, workspace, &filter, 20)?;
            Ok(latest.into_iter().find(|row| row.id == id))
        });
        let row = read.await?.ok_or(StoreError::NotFound("the test"))?;
        Ok(Tried {
            ok: row.state == MailState::Sent,
            said: row.answer.unwrap_or_default(),
        })
    }

    /// Queues a failed message again, with its words and its `Message-ID`. The log of events notes who did it.
    ///
    /// # Errors
    /// [`MailError::NotFailed`] for one that was sent or waits, so that two clicks send it once.
    pub async fn send_again(&self, by: &Member, id: MailId) -> Result<Outgoing, MailError> {
        let workspace = by.need(MAY)?;
        let (by, now) = (person(by), now_ms());
        let queued = self.inner.store.write(move |tx| {
            if mail::find_servers(tx, workspace)?.is_none() {
                return Ok(Err(MailError::NotSetUp));
            }
            let Some(queued) = mail::requeue(tx, workspace, id, now)? else {
                return Ok(Err(MailError::NotFailed));
            };
            let data = json!({ "by": by });
            events::append(tx, workspace, "mail_requeued", &id.to_string(), &data, now)?;
            Ok(Ok(queued))
        });
        let queued = queued.await??;
        // Somebody waits for it, so a server that could not be used a moment ago is tried.
        self.inner.rests.end(workspace);
        Ok(queued)
    }

    /// A page of what was sent, and what came last.
    pub async fn log(&self, by: &Member, filter: LogFilter, limit: u32) -> Result<Log, MailError> {
        let workspace = by.need(MAY)?;
        let listing = Listing {
            workspace,
            filter,
            limit,
        };
        let read = self.inner.store.read(move |conn| {
            Ok(Log {
                sent: listing.page(conn)?,
                received: mail::received(conn, workspace, MOST_RECEIVED)?,
            })
        });
        Ok(read.await?)
    }

    async fn load(&self, workspace: WorkspaceId) -> Result<Option<Kept>, StoreError> {
        let read = self
            .inner
            .store
            .read(move |conn| Kept::load(conn, workspace));
        read.await
    }
}

/// The account of whoever acts; keys and commands have none.
fn person(by: &Member) -> Option<UserId> {
    match by.principal().caller() {
        Caller::User(user) => Some(user.id),
        Caller::Key(_) | Caller::Secret | Caller::Installation => None,
    }
}

fn health(set_up: bool, ok_at: Option<UnixMs>, failed: Option<(UnixMs, String)>) -> Health {
    match (set_up, failed, ok_at) {
        (false, ..) => Health::NotSetUp,
        (true, Some((at, error)), _) => Health::Fails { at, error },
        (true, None, Some(at)) => Health::Works { at },
        (true, None, None) => Health::Untried,
    }
}
