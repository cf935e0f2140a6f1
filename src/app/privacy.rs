//! Finding what is kept of a person, and erasing it: what the page, the API and the command do.

use std::time::Duration;

use serde::Serialize;

use crate::access::{Denied, Member, Scope};
use crate::store::erasure::{self, Found, LEAST_LETTERS, Subject, Traces};
use crate::store::tombstones::{Done, Tombstone};
use crate::store::{CallId, Store, StoreError, UnixMs, WorkspaceId, calls, recordings};

/// How often, and after which pauses, it is tried to empty the log.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Most finds that are erased at a time.
const MOST: usize = 200;
/// Who finds and erases what people said.
const MAY: &[Scope] = &[Scope::Admin];

/// What was erased, to be handed to who asked for it.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// Unix ms.
    pub erased_at: UnixMs,
    /// How much it was.
    pub erased: Traces,
    /// Copies that Frontdesk itself keeps (the write-ahead log, a database of before an update) are gone too; if not, the
    /// log tells why.
    pub copies_erased: bool,
}

/// Why a person was not found, or something not erased.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// Too little is said of a person to tell who it is.
    #[error("give at least three characters")]
    TooShort,
    /// Nothing, or too much for one time.
    #[error("give 1 to {} ids", MOST)]
    Amount,
    /// The call has no recording.
    #[error("this call has no recording; it was not recorded, or its recording was deleted")]
    NoRecording,
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is kept of a person, newest first.
///
/// # Errors
/// When too little is said of them to tell who it is.
pub async fn find(store: &Store, by: &Member, who: String) -> Result<Found, ErasureError> {
    let workspace = by.need(MAY)?;
    if who.trim().chars().count() < LEAST_LETTERS {
        return Err(ErasureError::TooShort);
    }
    let read = store.read(move |conn| erasure::find(conn, workspace, &who));
    Ok(read.await?)
}

/// Erases what was found with all that was derived from it, at once and for good: all of it or nothing.
///
/// # Errors
/// When there is nothing to erase or too much for one time, something does not exist, or the store refuses.
pub async fn erase(
    store: &Store,
    by: &Member,
    mut subjects: Vec<Subject>,
) -> Result<Certificate, ErasureError> {
    let workspace = by.need(MAY)?;
    if !(1..=MOST).contains(&subjects.len()) {
        return Err(ErasureError::Amount);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let mut seen: Vec<Subject> = Vec::new();
    subjects.retain(|subject| {
        let new = !seen.contains(subject);
        seen.push(*subject);
        new
    });
    // Before it is done: a backup of before still holds it, and restoring that erases it again.
    let (journal, noted) = (store.clone(), tombstones(workspace, &subjects, now));
    let noted = tokio::task::spawn_blocking(move || journal.note_erased_blocking(&noted)).await;
    noted.map_err(|_| StoreError::Busy)??;
    let erased = store
        .write(move |tx| {
            let mut erased = Traces::default();
            for subject in subjects {
                erased += erasure::erase_subject(tx, workspace, subject, now)?;
            }
            Ok(erased)
        })
        .await?;
    Ok(Certificate {
        erased_at: now,
        erased,
        copies_erased: forget_copies(store).await,
    })
}

fn tombstones(workspace: WorkspaceId, subjects: &[Subject], at: UnixMs) -> Vec<Tombstone> {
    let one = |subject: &Subject| Tombstone {
        at,
        workspace,
        done: Done::Erased(*subject),
    };
    subjects.iter().map(one).collect()
}

/// Erases a call with what was said in it, its recording, and the messages and receipts of its conversation.
///
/// # Errors
/// When it does not exist, or the store refuses.
pub async fn remove_call(
    store: &Store,
    by: &Member,
    id: CallId,
) -> Result<Certificate, ErasureError> {
    erase(store, by, vec![Subject::Call(id)]).await
}

/// Deletes the recording of a call; its transcript stays.
///
/// # Errors
/// When there is no such call, or it has no recording.
pub async fn remove_recording(store: &Store, by: &Member, id: CallId) -> Result<(), ErasureError> {
    let workspace = by.need(MAY)?;
    let removed = store.write(move |tx| {
        calls::get(tx, workspace, id)?;
        let Some(found) = recordings::find(tx, workspace, id)? else {
            return Ok(false);
        };
        recordings::delete(tx, &found)?;
        Ok(true)
    });
    match removed.await? {
        true => Ok(()),
        false => Err(ErasureError::NoRecording),
    }
}

/// Removes what still holds the erased: older pages in the write-ahead log, and databases of before an update. Whether
/// all of it is gone.
pub(super) async fn forget_copies(store: &Store) -> bool {
    let emptied = empty_log(store).await;
    let store = store.clone();
    let removed = tokio::task::spawn_blocking(move || store.discard_originals_blocking()).await;
    if let Ok(Err(error)) = &removed {
        tracing::warn!(%error, "a copy of before an update could not be removed; it holds what was erased");
    }
    emptied && matches!(removed, Ok(Ok(())))
}

/// Empties the write-ahead log, which holds older pages; while somebody reads it is emptied with a later write.
pub(super) async fn empty_log(store: &Store) -> bool {
    for _ in 0..ATTEMPTS {
        let store = store.clone();
        let emptied = tokio::task::spawn_blocking(move || store.checkpoint_blocking()).await;
        match emptied {
            Ok(Ok(())) => return true,
            Ok(Err(StoreError::Busy)) => tokio::time::sleep(PAUSE).await,
            other => {
                tracing::warn!(?other, "the write-ahead log could not be emptied");
                return false;
            }
        }
    }
    tracing::info!("the write-ahead log is emptied later: it is being read");
    false
}
