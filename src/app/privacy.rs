//! Finding what is kept of a person, and erasing it: what the page, the API and the command do.

use std::time::Duration;

use serde::Serialize;

use crate::store::erasure::{self, Found, Subject, Traces};
use crate::store::tombstones::{Done, Tombstone};
use crate::store::{CallId, Store, StoreError, UnixMs, WorkspaceId};

/// How often, and after which pauses, it is tried to empty the log.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

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

/// What is kept of a person, newest first.
///
/// # Errors
/// When the store refuses.
pub async fn find(store: &Store, workspace: WorkspaceId, who: String) -> Result<Found, StoreError> {
    store
        .read(move |conn| erasure::find(conn, workspace, &who))
        .await
}

/// Erases what was found with all that was derived from it, at once and for good: all of it or nothing.
///
/// # Errors
/// When something does not exist, or the store refuses.
pub async fn erase(
    store: &Store,
    workspace: WorkspaceId,
    mut subjects: Vec<Subject>,
) -> Result<Certificate, StoreError> {
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

/// Erases a call with what was said in it.
///
/// # Errors
/// When it does not exist, or the store refuses.
pub async fn erase_call(
    store: &Store,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<Certificate, StoreError> {
    erase(store, workspace, vec![Subject::Call(id)]).await
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
