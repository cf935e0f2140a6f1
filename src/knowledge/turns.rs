//! Turns: whoever has the turn for something keeps others waiting who want the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

pub(super) struct Turns<K>(Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>);

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Turns<K> {
    /// Waits for the turn; it ends when what this returns is dropped.
    pub(super) async fn take(&self, key: K) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody else knows a turn that only the map holds.
            all.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(all.entry(key).or_default())
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_same_waits_and_another_does_not() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        let short = Duration::from_millis(20);
        assert!(tokio::time::timeout(short, turns.take(1)).await.is_err());
        let other = turns.take(2).await;
        drop(first);
        let again = turns.take(1).await;
        drop((other, again));
        drop(turns.take(3).await);
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
