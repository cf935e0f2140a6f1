//! Sends what waits in the outbox, in the background. A message is tried again with growing pauses for two days.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::message::build;
use super::settings::Kept;
use super::smtp::{Outcome, Patience, Post};
use super::{Inner, now_ms};
use crate::store::mail::{self, MailKind, Sending, Way};
use crate::store::{StoreError, UnixMs, WorkspaceId};

/// Time between looks into the outbox. A look is one read of an index.
const LOOK: Duration = Duration::from_secs(2);
/// Messages over one connection.
const BATCH: u32 = 20;
/// How long a server is left alone after it could not be used.
const REST: Duration = Duration::from_secs(30);
const MINUTE_MS: i64 = 60_000;
/// Minutes until the next attempt, after the first, the second …; then the last one again.
const PAUSES: [i64; 10] = [1, 2, 5, 15, 30, 60, 120, 240, 480, 720];
/// How long a message is tried.
const PATIENCE_MS: i64 = 48 * 60 * MINUTE_MS;

/// Until when the server of a workspace is left alone.
#[derive(Default)]
pub(super) struct Rests(Mutex<HashMap<WorkspaceId, Instant>>);

impl Rests {
    fn is_resting(&self, workspace: WorkspaceId) -> bool {
        let rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = rests.get(&workspace);
        until.is_some_and(|until| *until > Instant::now())
    }

    fn begin(&self, workspace: WorkspaceId) {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert(workspace, Instant::now() + REST);
    }

    pub(super) fn end(&self, workspace: WorkspaceId) {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.remove(&workspace);
    }
}

/// Looks into the outbox until shutdown.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = inner.shutdown.cancelled() => return,
            _ = looks.tick() => {}
        }
        let now = now_ms();
        let due = inner
            .store
            .read(move |conn| mail::workspaces_due(conn, now));
        let due = match due.await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the outbox of e-mail could not be read");
                continue;
            }
        };
        for workspace in due {
            let turn = inner.turn(workspace);
            if inner.rests.is_resting(workspace) {
                continue;
            }
            // A workspace whose sender is still at work has its turn later.
            let Ok(turn) = turn.try_lock_owned() else {
                continue;
            };
            let inner = Arc::clone(&inner);
            inner.tasks.clone().spawn(async move {
                if let Err(error) = send_due(&inner, workspace).await {
                    tracing::warn!(%error, "e-mail could not be sent");
                    inner.rests.begin(workspace);
                }
                drop(turn);
            });
        }
    }
}

/// Sends the messages of a workspace that are due. Whoever calls it holds the workspace's turn.
async fn send_due(inner: &Inner, workspace: WorkspaceId) -> Result<(), StoreError> {
    let now = now_ms();
    let found = inner.store.read(move |conn| {
        let kept = Kept::load(conn, workspace)?;
        Ok((kept, mail::waiting_of(conn, workspace, now, BATCH)?))
    });
    let (kept, due) = found.await?;
    let Some(kept) = kept else {
        let told = "no mail server was set up any more";
        let written = inner.store.write(move |tx| {
            due.iter()
                .try_for_each(|mail| mail::fail(tx, mail.id, told, now))
        });
        return written.await;
    };
    deliver(inner, workspace, &kept, &due, Patience::BACKGROUND).await
}

/// Sends these messages and notes what became of each.
async fn deliver(
    inner: &Inner,
    workspace: WorkspaceId,
    kept: &Kept,
    due: &[Sending],
    patience: Patience,
) -> Result<(), StoreError> {
    let has_words = due.iter().any(|mail| mail.kind != MailKind::Test);
    let opened = Post::open(&inner.gateway, workspace, kept, has_words, patience).await;
    let mut post = match opened {
        Ok(post) => post,
        Err(told) => {
            inner.rests.begin(workspace);
            return note_broken(inner, workspace, due, told).await;
        }
    };
    for (at, mail) in due.iter().enumerate() {
        if inner.shutdown.is_cancelled() {
            break;
        }
        let outcome = match build(&kept.settings.sender, mail) {
            Ok(letter) => post.send(&letter).await,
            Err(reason) => Outcome::Refused(reason.to_string()),
        };
        if let Outcome::Broken(told) = outcome {
            inner.rests.begin(workspace);
            // Only this one was tried; the others keep their place.
            let tried = due.get(at..=at).unwrap_or_default();
            return note_broken(inner, workspace, tried, told).await;
        }
        note(inner, workspace, mail, outcome).await?;
    }
    post.close().await;
    Ok(())
}

/// Notes what a server that works said to a message.
async fn note(
    inner: &Inner,
    workspace: WorkspaceId,
    mail: &Sending,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let (mail, now) = (mail.clone(), now_ms());
    let written = inner.store.write(move |tx| {
        mail::note_ok(tx, workspace, Way::Out, now)?;
        match outcome {
            Outcome::Sent(said) => mail::sent(tx, mail.id, &said, now),
            Outcome::Refused(told) => mail::fail(tx, mail.id, &told, now),
            Outcome::Later(told) | Outcome::Broken(told) => put_off(tx, &mail, &told, now),
        }
    });
    written.await
}

/// Notes that the server could not be used, with the messages that were to be sent.
async fn note_broken(
    inner: &Inner,
    workspace: WorkspaceId,
    due: &[Sending],
    told: String,
) -> Result<(), StoreError> {
    tracing::warn!(%workspace, reason = %told, "e-mail could not be sent");
    let (due, now) = (due.to_vec(), now_ms());
    let written = inner.store.write(move |tx| {
        mail::note_failed(tx, workspace, Way::Out, &told, now)?;
        due.iter()
            .try_for_each(|mail| put_off(tx, mail, &told, now))
    });
    written.await
}

/// Puts a message off, or gives it up after two days. A test is given up at once: somebody watches it.
fn put_off(
    tx: &crate::store::Transaction<'_>,
    mail: &Sending,
    told: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    match next_attempt(mail, now) {
        Some(next_at) => mail::postpone(tx, mail.id, told, next_at),
        None if mail.kind == MailKind::Test => mail::fail(tx, mail.id, told, now),
        None => mail::fail(
            tx,
            mail.id,
            &format!("given up after two days: {told}"),
            now,
        ),
    }
}

/// When a message is tried again; `None` when it was tried long enough. The clock may have jumped in between.
fn next_attempt(mail: &Sending, now: UnixMs) -> Option<UnixMs> {
    if mail.kind == MailKind::Test {
        return None;
    }
    let tried = usize::try_from(mail.attempts).unwrap_or(usize::MAX);
    let pause = PAUSES.get(tried).or(PAUSES.last()).copied().unwrap_or(1);
    let next_at = now.saturating_add(pause * MINUTE_MS);
    let end = mail.created_at.saturating_add(PATIENCE_MS);
    // At least one attempt at the end of the two days, whatever the pauses add up to.
    if next_at <= end {
        return Some(next_at);
    }
    (now < end).then_some(end)
}

/// Sends one message while its sender watches. Whoever calls it holds the workspace's turn.
pub(super) async fn send_now(
    inner: &Inner,
    workspace: WorkspaceId,
    kept: &Kept,
    mail: Sending,
) -> Result<(), StoreError> {
    deliver(inner, workspace, kept, &[mail], Patience::WATCHED).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MailId;

    fn mail(kind: MailKind, attempts: u32) -> Sending {
        Sending {
            id: MailId::new(),
            kind,
            recipient: "anna@example.com".into(),
            title: String::new(),
            text: String::new(),
            reply_to: None,
            attempts,
            created_at: 0,
        }
    }

    #[test]
    fn pauses_grow_and_end_after_two_days() {
        let (mut now, mut pauses) = (0, Vec::new());
        let mut attempts = 0;
        while let Some(next_at) = next_attempt(&mail(MailKind::Notice, attempts), now) {
            pauses.push((next_at - now) / MINUTE_MS);
            now = next_at;
            attempts += 1;
        }
        assert_eq!(pauses[..10], PAUSES);
        assert_eq!(pauses.iter().sum::<i64>(), 48 * 60);
        assert!(
            pauses.iter().all(|pause| (1..=720).contains(pause)),
            "{pauses:?}"
        );
        assert_eq!(next_attempt(&mail(MailKind::Test, 0), 0), None);
    }
}
