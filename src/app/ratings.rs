//! Ratings: whether an answer was good, as whoever got it says. A bad one makes the question a gap.

use super::receipts::{MAY_SEE, find_shown, only_of};
use crate::access::{Denied, Member};
use crate::store::gaps::{self, GapReason};
use crate::store::{ReceiptId, Store, StoreError, UnixMs, ratings};

/// Longest comment in characters.
pub const LONGEST_COMMENT: usize = 2000;

/// Why an answer was not rated.
#[derive(Debug, thiserror::Error)]
pub enum RatingError {
    /// It is neither good nor bad.
    #[error("value must be 1 or -1")]
    Value,
    /// The comment is too long.
    #[error("comment may have at most {} characters", LONGEST_COMMENT)]
    Comment,
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps a rating in place of an earlier one: 1 for good, -1 for bad. The gap that goes with it is noted or forgotten in
/// the same transaction.
///
/// # Errors
/// `NotFound` when there is no such answer that they may see.
pub async fn rate(
    store: &Store,
    by: &Member,
    id: ReceiptId,
    value: i8,
    comment: &str,
    now: UnixMs,
) -> Result<(), RatingError> {
    let (workspace, own) = (by.need(MAY_SEE)?, only_of(by));
    if ![1, -1].contains(&value) {
        return Err(RatingError::Value);
    }
    if comment.chars().count() > LONGEST_COMMENT {
        return Err(RatingError::Comment);
    }
    let comment = comment.trim().to_owned();
    let rated = store.write(move |tx| {
        let receipt = find_shown(tx, workspace, id, own)?;
        ratings::set(tx, &receipt, value, &comment, now)?;
        if value > 0 {
            return gaps::withdraw(tx, workspace, id);
        }
        if receipt.of_evaluation() {
            return Ok(());
        }
        let (question, reason) = (&receipt.question, GapReason::Rated);
        gaps::note(tx, workspace, id, question, reason, now)
    });
    Ok(rated.await?)
}

/// Takes a rating back, and the gap that it made.
///
/// # Errors
/// `NotFound` when there is no such answer that they may see.
pub async fn unrate(store: &Store, by: &Member, id: ReceiptId) -> Result<(), RatingError> {
    let (workspace, own) = (by.need(MAY_SEE)?, only_of(by));
    let removed = store.write(move |tx| {
        let receipt = find_shown(tx, workspace, id, own)?;
        ratings::remove(tx, &receipt)?;
        gaps::withdraw(tx, workspace, id)
    });
    Ok(removed.await?)
}
