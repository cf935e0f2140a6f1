//! A call with its recording in one file.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::build_zip;
use crate::http::api::calls::view::in_full;
use crate::http::problem::Problem;
use crate::store::{CallId, Store, WorkspaceId, recordings};

/// One archive at a time, because each holds a whole recording in memory.
static ARCHIVES: Semaphore = Semaphore::const_new(1);

/// A ZIP of a call with its recording. It reads the recording piece by piece, so that no connection of the store is busy
/// for long.
pub(super) async fn build(
    store: &Store,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<Vec<u8>, Problem> {
    const PIECE: u64 = 1 << 20;
    let one = ARCHIVES.acquire().await;
    let _one = one.map_err(|error| Problem::internal(&error))?;
    let call = store.read(move |conn| in_full(conn, workspace, id)).await?;
    let found = store.read(move |conn| recordings::find(conn, workspace, id));
    let sound = match found.await? {
        None => None,
        Some(recording) => {
            let mut sound = Vec::new();
            let (recording, mut from) = (Arc::new(recording), 0);
            while from < recording.bytes {
                let (piece, to) = (Arc::clone(&recording), from + PIECE);
                let read = store.read(move |conn| recordings::read(conn, &piece, from, to));
                sound.extend(read.await?);
                from = to;
            }
            Some(sound)
        }
    };
    let made = tokio::task::spawn_blocking(move || build_zip(&call, sound)).await;
    made.map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))
}
