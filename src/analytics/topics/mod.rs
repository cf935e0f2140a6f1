//! What visitors ask about: the newest questions as vectors, in groups of like ones. Vectors are made in the background; groups
//! are made anew when questions have come.

mod cluster;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use half::f16;

use crate::llm::{EmbedAs, Embedder, Priority};
use crate::store::analytics::topics::{self, Vector};
use crate::store::{ReceiptId, Store, StoreError, WorkspaceId};

/// Questions of a workspace that are sorted into topics: the newest.
const MOST: u32 = 4_000;
/// Questions per request to the embedder, so that a visitor's gets in between, and requests per look.
const BATCH: u32 = 16;
const BATCHES: usize = 8;
/// Characters of a question that count.
const LONGEST: usize = 600;
/// Least time between two sortings of a workspace.
const REST: Duration = Duration::from_secs(10 * 60);

/// What was seen of each workspace since the start.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<WorkspaceId, Place>);

#[derive(Debug, Default)]
struct Place {
    /// The newest receipt when nothing was left without a vector.
    newest: i64,
    /// The questions are sorted.
    is_sorted: bool,
    sorted_at: Option<Instant>,
    embedder: String,
}

/// Makes some vectors that are missing, and sorts the questions of a workspace if it is time.
pub(crate) async fn look(
    store: &Store,
    embedder: &dyn Embedder,
    workspace: WorkspaceId,
    seen: &mut Seen,
) -> Result<(), StoreError> {
    if embedder.ready().is_err() {
        return Ok(());
    }
    let place = seen.0.entry(workspace).or_default();
    let name = embedder.name();
    if place.embedder != name {
        *place = Place {
            embedder: name.clone(),
            ..Place::default()
        };
    }
    let newest = store
        .read(move |conn| topics::newest(conn, workspace))
        .await?;
    if newest != place.newest {
        match embed(store, embedder, workspace, &name).await? {
            // More are left for the next look.
            Embedded::Some => place.is_sorted = false,
            Embedded::All => (place.newest, place.is_sorted) = (newest, false),
            Embedded::Not => return Ok(()),
        }
    }
    let rested = place.sorted_at.is_none_or(|at| at.elapsed() >= REST);
    if !place.is_sorted && rested {
        sort(store, workspace, &name).await?;
        (place.is_sorted, place.sorted_at) = (true, Some(Instant::now()));
    }
    Ok(())
}

enum Embedded {
    All,
    Some,
    /// The engine is busy or gone.
    Not,
}

async fn embed(
    store: &Store,
    embedder: &dyn Embedder,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Embedded, StoreError> {
    for _ in 0..BATCHES {
        let of = name.to_owned();
        let bare = store.read(move |conn| topics::list_bare(conn, workspace, &of, MOST, BATCH));
        let bare = bare.await?;
        if bare.is_empty() {
            return Ok(Embedded::All);
        }
        let texts = bare
            .iter()
            .map(|question| question.text.chars().take(LONGEST).collect())
            .collect();
        let made = embedder.embed(texts, EmbedAs::Query, Priority::Background.into());
        let vectors = match made.await {
            Ok(made) => made.vectors,
            Err(error) => {
                tracing::debug!(%error, "questions are sorted into topics later");
                return Ok(Embedded::Not);
            }
        };
        let made = bare.into_iter().zip(vectors);
        let kept = made.map(|(question, vector)| Vector {
            receipt: question.receipt,
            asked_at: question.asked_at,
            bytes: encode(&vector),
        });
        let (kept, of): (Vec<Vector>, _) = (kept.collect(), name.to_owned());
        store
            .write(move |tx| topics::keep(tx, workspace, &of, &kept, MOST))
            .await?;
    }
    Ok(Embedded::Some)
}

/// Sorts the questions of a workspace into topics, off the threads that serve.
async fn sort(store: &Store, workspace: WorkspaceId, embedder: &str) -> Result<(), StoreError> {
    let of = embedder.to_owned();
    let asked = store.read(move |conn| topics::list(conn, workspace, &of));
    let asked = asked.await?;
    let sorting = tokio::task::spawn_blocking(move || {
        let vectors: Vec<Vec<f32>> = asked.iter().map(|one| decode(&one.bytes)).collect();
        let found = cluster::cluster(&vectors);
        let asked = asked.into_iter().map(|one| one.receipt);
        asked.zip(found).collect::<Vec<(ReceiptId, _)>>()
    });
    match sorting.await {
        Ok(found) => {
            store
                .write(move |tx| topics::set(tx, workspace, &found))
                .await
        }
        Err(error) => {
            tracing::error!(%error, "questions could not be sorted into topics");
            Ok(())
        }
    }
}

/// IEEE 754 half precision, little endian.
fn encode(vector: &[f32]) -> Vec<u8> {
    let halves = vector.iter().map(|value| f16::from_f32(*value));
    halves.flat_map(f16::to_le_bytes).collect()
}

fn decode(bytes: &[u8]) -> Vec<f32> {
    let halves = bytes.chunks_exact(2).map(|pair| {
        let mut le = [0; 2];
        le.copy_from_slice(pair);
        f16::from_le_bytes(le).to_f32()
    });
    halves.collect()
}

#[cfg(test)]
mod topics_tests;
