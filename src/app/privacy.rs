//! Finds and erases what is kept about a person: the operations behind the page, the API and the command.

use std::time::Duration;

use serde::Serialize;

use crate::access::{Denied, Member, Scope};
use crate::store::erasure::{self, Found, LEAST_LETTERS, Subject, Traces};
use crate::store::tombstones::{Done, Tombstone};
use crate::store::visitors::{self, Visitor};
use crate::store::{
    CallId, ContactId, Store, StoreError, UnixMs, WorkspaceId, calls, contacts, recordings,
};

/// Attempts to empty the log, and the pause between them.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Most finds erased in one request.
const MOST: usize = 200;
/// Who may find and erase what people said.
const MAY: &[Scope] = &[Scope::Admin];

/// Proof of an erasure, to hand to the person who asked for it.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// Unix ms.
    pub erased_at: UnixMs,
    pub erased: Traces,
    /// Whether copies that Frontdesk itself keeps (the write-ahead log, a database from before an update) are gone too; if not, the
    /// log says why.
    pub copies_erased: bool,
}

/// Why a search or an erasure failed.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The search text is too short to identify a person.
    #[error("give at least three characters")]
    TooShort,
    /// Nothing to erase, or too much for one request.
    #[error("give 1 to {} ids", MOST)]
    Amount,
    #[error("this call has no recording; it was not recorded, or its recording was deleted")]
    NoRecording,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds what is kept about a person, newest first.
///
/// # Errors
/// When the search text is too short.
pub async fn find(store: &Store, by: &Member, who: String) -> Result<Found, ErasureError> {
    let workspace = by.need(MAY)?;
    if who.trim().chars().count() < LEAST_LETTERS {
        return Err(ErasureError::TooShort);
    }
    let read = store.read(move |conn| erasure::find(conn, workspace, &who));
    Ok(read.await?)
}

/// Erases what was found and everything derived from it, at once and for good, all or nothing.
///
/// # Errors
/// When there is nothing to erase, too much for one request, or something does not exist.
pub async fn erase(
    store: &Store,
    by: &Member,
    mut subjects: Vec<Subject>,
) -> Result<Certificate, ErasureError> {
    let workspace = by.need(MAY)?;
    if !(1..=MOST).contains(&subjects.len()) {
        return Err(ErasureError::Amount);
    }
    let mut seen: Vec<Subject> = Vec::new();
    subjects.retain(|subject| {
        let new = !seen.contains(subject);
        seen.push(subject.clone());
        new
    });
    // A contact goes with its last conversation, and would not be found after it.
    subjects.sort_by_key(|subject| !matches!(subject, Subject::Contact(_)));
    Ok(erase_all(store, workspace, subjects).await?)
}

/// Erases a visitor's own conversations, also those that staff joined with another one, and ends their visit.
///
/// # Errors
/// When the store fails.
pub async fn erase_visit(store: &Store, visitor: &Visitor) -> Result<Certificate, StoreError> {
    let own = visitor.clone();
    let find = store.read(move |conn| visitors::all_conversations(conn, &own));
    let subjects = find.await?.into_iter().map(Subject::Conversation);
    let done = erase_all(store, visitor.workspace, subjects.collect()).await?;
    let id = visitor.id;
    store.write(move |tx| visitors::remove(tx, id)).await?;
    Ok(done)
}

async fn erase_all(
    store: &Store,
    workspace: WorkspaceId,
    subjects: Vec<Subject>,
) -> Result<Certificate, StoreError> {
    let now = jiff::Timestamp::now().as_millisecond();
    // Recorded before erasing: earlier backups still hold it, and restoring one must erase it again.
    let mut gone = merged_contacts(store, workspace, subjects.clone()).await?;
    gone.extend(subjects.iter().cloned());
    note(store, workspace, &gone, now).await?;
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

/// Notes beside the database what is about to be erased, so that restoring an earlier backup erases it again.
pub(super) async fn note(
    store: &Store,
    workspace: WorkspaceId,
    gone: &[Subject],
    now: UnixMs,
) -> Result<(), StoreError> {
    let (journal, noted) = (store.clone(), tombstones(workspace, gone, now));
    let noted = tokio::task::spawn_blocking(move || journal.note_erased_blocking(&noted)).await;
    noted.map_err(|_| StoreError::Busy)?
}

/// The contacts that became part of these: in earlier backups they stand for themselves.
async fn merged_contacts(
    store: &Store,
    workspace: WorkspaceId,
    subjects: Vec<Subject>,
) -> Result<Vec<Subject>, StoreError> {
    let read = store.read(move |conn| {
        let mut merged = Vec::new();
        for subject in subjects {
            if let Subject::Contact(id) = subject {
                let contact = contacts::get_even_due(conn, workspace, id)?;
                merged.extend(contacts::merged_into(conn, &contact)?);
            }
        }
        Ok(merged.into_iter().map(Subject::Contact).collect())
    });
    read.await
}

/// Erases a contact, and if `with_conversations` everything that was said with them too.
pub async fn remove_contact(
    store: &Store,
    by: &Member,
    id: ContactId,
    with_conversations: bool,
) -> Result<Certificate, ErasureError> {
    let workspace = by.need(MAY)?;
    let said = store.read(move |conn| {
        let contact = contacts::get_even_due(conn, workspace, id)?;
        match with_conversations {
            true => contacts::conversations(conn, &contact),
            false => Ok(Vec::new()),
        }
    });
    let said = said.await?.into_iter().map(Subject::Conversation);
    let all: Vec<Subject> = std::iter::once(Subject::Contact(id)).chain(said).collect();
    let mut whole: Option<Certificate> = None;
    for some in all.chunks(MOST) {
        let certificate = erase(store, by, some.to_vec()).await?;
        whole = Some(match whole {
            None => certificate,
            Some(mut before) => {
                before.erased += certificate.erased;
                before.copies_erased &= certificate.copies_erased;
                before
            }
        });
    }
    whole.ok_or(ErasureError::Amount)
}

fn tombstones(workspace: WorkspaceId, subjects: &[Subject], at: UnixMs) -> Vec<Tombstone> {
    let one = |subject: &Subject| Tombstone {
        at,
        workspace,
        done: Done::Erased(subject.clone()),
    };
    subjects.iter().map(one).collect()
}

/// Erases a call with its transcript, its recording, and the messages and receipts of its conversation.
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
/// When the call does not exist or has no recording.
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

/// Removes copies that still hold erased data: old pages in the write-ahead log, and databases from before an update. Returns
/// whether all of them are gone.
pub(super) async fn forget_copies(store: &Store) -> bool {
    let emptied = empty_log(store).await;
    let store = store.clone();
    let removed = tokio::task::spawn_blocking(move || store.discard_originals_blocking()).await;
    if let Ok(Err(error)) = &removed {
        tracing::warn!(%error, "a copy from before an update could not be removed; it still holds what was erased");
    }
    emptied && matches!(removed, Ok(Ok(())))
}

/// Empties the write-ahead log, which holds old pages. If somebody is reading, a later write empties it.
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
    tracing::info!("the write-ahead log is being read; it will be emptied later");
    false
}
