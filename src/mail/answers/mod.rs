//! Answers that come back: the mailboxes are watched, and what was sent to a reply address is carried into its
//! conversation. Mail to other addresses is left alone.
//!
//! Mail is read in this process: by a parser without unsafe code, at most a megabyte, and a panic in it costs that message.

mod letter;
mod pattern;
mod quoted;
mod take;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

pub(super) use self::pattern::{check as check_pattern, reply_address};
pub use self::quoted::own_words;

use self::pattern::Pattern;
use super::imap::Session;
use super::settings::{Kept, Mailbox};
use super::{Inner, now_ms};
use crate::egress::Secret;
use crate::reason::Reason;
use crate::store::mail::{self, Cursor, Way};
use crate::store::{ConversationId, StoreError, UnixMs, UserId, WorkspaceId};

/// How long a reply address takes an answer.
pub(super) const OPEN_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// First line of a message that can be answered; what stands below it in an answer is our own text.
pub(super) const INVITATION: &str = "## Reply above this line. Your words go to the visitor. ##";
/// Time between looks at the settings, besides when they change.
const LOOK: Duration = Duration::from_secs(60);
/// How long one connection is used.
const SESSION: Duration = Duration::from_secs(27 * 60);
/// Messages whose addresses are read at a time.
const BATCH: usize = 50;
/// How long after a server told of new mail it is looked at.
const SETTLE: Duration = Duration::from_millis(300);
/// How often it is noted that all is well.
const NOTE: Duration = Duration::from_secs(5 * 60);
/// Minutes until the next attempt, after the first failure, the second …; then the last one again.
const PAUSES: [u64; 5] = [1, 2, 5, 15, 30];

/// An answer for a conversation, from a person who may not be signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    /// As whom it is written; whether they may is up to whoever writes it.
    pub user: UserId,
    pub text: String,
    /// The same for the same answer: a second one with it is to write nothing.
    pub client_id: String,
}

/// Why an answer was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWritten {
    /// For good; a sentence for the person who answered.
    Refused(String),
    /// The store failed or the like: it is tried again.
    Later(Reason),
}

/// Writes an answer into its conversation.
pub type Write = Arc<
    dyn Fn(Answer) -> Pin<Box<dyn Future<Output = Result<(), NotWritten>> + Send>> + Send + Sync,
>;

/// Watches the mailboxes of all workspaces until shutdown.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut watched: HashMap<WorkspaceId, (UnixMs, CancellationToken)> = HashMap::new();
    loop {
        match inner.store.read(mail::workspaces_with_servers).await {
            Ok(present) => {
                watched.retain(|workspace, (since, watch)| {
                    let stays = present.contains(&(*workspace, *since));
                    if !stays {
                        watch.cancel();
                    }
                    stays
                });
                for (workspace, since) in present {
                    watched.entry(workspace).or_insert_with(|| {
                        let token = inner.shutdown.child_token();
                        let watch = watch(Arc::clone(&inner), workspace, token.clone());
                        inner.tasks.spawn(watch);
                        (since, token)
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "the mail settings could not be read"),
        }
        tokio::select! {
            () = inner.shutdown.cancelled() => return,
            () = inner.changed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Watches one mailbox until `stop`, with a new session after each that ends.
async fn watch(inner: Arc<Inner>, workspace: WorkspaceId, stop: CancellationToken) {
    let mut failures = 0;
    loop {
        let kept = inner.store.read(move |conn| Kept::load(conn, workspace));
        let outcome = match kept.await {
            Ok(Some(Kept {
                settings,
                mailbox_password,
                ..
            })) => {
                let Some(mailbox) = settings.mailbox else {
                    return;
                };
                let inner = Arc::clone(&inner);
                let stop = stop.clone();
                // A task of its own: if a server's words make a parser panic, that ends the session only.
                let session = tokio::spawn(async move {
                    attend(&inner, workspace, &mailbox, &mailbox_password, &stop).await
                });
                session.await.unwrap_or_else(|_| {
                    Err("the mailbox's server sent something that could not be read".into())
                })
            }
            Ok(None) => return,
            Err(error) => Err(error.to_string()),
        };
        let pause = match outcome {
            Ok(()) => {
                failures = 0;
                Duration::from_secs(1)
            }
            Err(told) => {
                tracing::warn!(%workspace, reason = %told, "the mailbox could not be read");
                note_failed(&inner, workspace, told).await;
                let minutes = PAUSES.get(failures).or(PAUSES.last()).copied().unwrap_or(1);
                failures += 1;
                Duration::from_secs(60 * minutes)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One session with a mailbox.
///
/// # Errors
/// A sentence for the owner.
async fn attend(
    inner: &Inner,
    workspace: WorkspaceId,
    mailbox: &Mailbox,
    password: &Secret,
    stop: &CancellationToken,
) -> Result<(), String> {
    let began = Instant::now();
    let host = &mailbox.server.host;
    let talk = |error: super::imap::ImapError| format!("{host}: {error}");
    let pattern = Pattern::new(&mailbox.address).ok_or("the reply address has no @")?;
    let opening = Session::open(&inner.gateway, workspace, mailbox, password);
    let mut session = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        opened = opening => opened?,
    };
    let opened = session.examine(&mailbox.folder).await;
    let opened = opened.map_err(|error| {
        format!(
            "the folder “{}” could not be opened at {host}: {error}. Check how it is named there; the usual one is INBOX",
            mailbox.folder
        )
    })?;
    let state = inner
        .store
        .read(move |conn| mail::find_state(conn, workspace));
    let state = state.await.map_err(|error| error.to_string())?;
    let known = state.and_then(|state| state.cursor());
    let mut cursor = match known.filter(|known| known.validity == opened.validity) {
        Some(cursor) => cursor,
        None => {
            // What was there before is none of our business.
            let seen = match opened.next {
                Some(next) => next.saturating_sub(1),
                None => session
                    .newer_than(0)
                    .await
                    .map_err(talk)?
                    .pop()
                    .unwrap_or(0),
            };
            let cursor = Cursor {
                validity: opened.validity,
                seen,
            };
            keep_cursor(inner, workspace, cursor).await?;
            cursor
        }
    };
    let mut noted: Option<Instant> = None;
    loop {
        let newer = session.newer_than(cursor.seen).await.map_err(talk)?;
        for uids in newer.chunks(BATCH) {
            let lines = session.address_lines(uids).await.map_err(talk)?;
            for uid in uids {
                let line = lines.iter().find(|(of, _)| of == uid);
                let token = line.and_then(|(_, line)| pattern.find_token(line));
                cursor.seen = *uid;
                let Some(token) = token else { continue };
                let Some(message) = session.message(*uid).await.map_err(talk)? else {
                    continue;
                };
                take::take(inner, workspace, &token, message, cursor).await?;
            }
            keep_cursor(inner, workspace, cursor).await?;
        }
        if noted.is_none_or(|noted| noted.elapsed() > NOTE) {
            let now = now_ms();
            let written = inner
                .store
                .write(move |tx| mail::note_ok(tx, workspace, Way::In, now));
            written.await.map_err(|error| error.to_string())?;
            noted = Some(Instant::now());
        }
        let left = SESSION.saturating_sub(began.elapsed());
        if left.is_zero() {
            session.close().await;
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            waited = session.wait(left.min(NOTE)) => waited.map_err(talk)?,
        }
        // What comes together is looked at together, and a server that always tells of something costs little.
        tokio::time::sleep(SETTLE).await;
    }
}

async fn keep_cursor(inner: &Inner, workspace: WorkspaceId, cursor: Cursor) -> Result<(), String> {
    let written = inner
        .store
        .write(move |tx| mail::set_cursor(tx, workspace, cursor));
    written.await.map_err(|error| error.to_string())
}

async fn note_failed(inner: &Inner, workspace: WorkspaceId, told: String) {
    let now = now_ms();
    let written: Result<(), StoreError> = inner
        .store
        .write(move |tx| mail::note_failed(tx, workspace, Way::In, &told, now))
        .await;
    if let Err(error) = written {
        tracing::warn!(%error, "it could not be noted that the mailbox failed");
    }
}
