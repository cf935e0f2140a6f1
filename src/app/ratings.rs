//! Ratings: whether the person who asked found an answer good. A bad rating makes the question a gap.

use super::receipts::{MAY_SEE, find_shown, only_of};
use crate::access::{Denied, Member};
use crate::store::gaps::{self, GapReason};
use crate::store::{ReceiptId, Store, StoreError, UnixMs, ratings};

/// In characters.
pub const LONGEST_COMMENT: usize = 2000;

#[derive(Debug, thiserror::Error)]
pub enum RatingError {
    /// Neither 1 nor -1.
    #[error("value must be 1 or -1")]
    Value,
    #[error("comment may have at most {} characters", LONGEST_COMMENT)]
    Comment,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets the rating: 1 for good, -1 for bad. Replaces an earlier one. The question's gap is opened or removed in
/// the same transaction.
///
/// # Errors
/// `NotFound` if there is no such answer, or they may not see it.
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

/// Removes a rating and the gap that it opened.
///
/// # Errors
/// `NotFound` if there is no such answer, or they may not see it.
pub async fn unrate(store: &Store, by: &Member, id: ReceiptId) -> Result<(), RatingError> {
    let (workspace, own) = (by.need(MAY_SEE)?, only_of(by));
    let removed = store.write(move |tx| {
        let receipt = find_shown(tx, workspace, id, own)?;
        ratings::remove(tx, &receipt)?;
        gaps::withdraw(tx, workspace, id)
    });
    Ok(removed.await?)
}
