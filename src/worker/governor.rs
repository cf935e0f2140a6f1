//! Holds background work back while someone is talking to the front desk. Engines order the requests they already have
//! by priority; the governor delays those that were not sent yet.

use std::time::Duration;

use tokio::sync::watch;

/// Longest time that a piece of background work is held back, so that it still gets done on a busy day.
const PATIENCE: Duration = Duration::from_secs(3);

/// Counts the live turns in progress. Clones share the count.
#[derive(Debug, Clone)]
pub struct Governor {
    live: watch::Sender<usize>,
}

impl Default for Governor {
    fn default() -> Self {
        Self {
            live: watch::Sender::new(0),
        }
    }
}

/// Guard for a live turn: it counts until it is dropped.
#[derive(Debug)]
pub struct Live {
    governor: Governor,
}

impl Governor {
    /// Registers a live turn.
    pub fn live(&self) -> Live {
        self.live.send_modify(|count| *count += 1);
        Live {
            governor: self.clone(),
        }
    }

    /// Whether any live turn is in progress.
    pub fn is_live(&self) -> bool {
        *self.live.borrow() > 0
    }

    /// Waits until no live turn is in progress, but at most 3 s (`PATIENCE`). Call it before each piece of background work.
    pub async fn background(&self) {
        let mut live = self.live.subscribe();
        let quiet = live.wait_for(|count| *count == 0);
        // After the timeout the work goes on all the same.
        let _ = tokio::time::timeout(PATIENCE, quiet).await;
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.governor.live.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn background_work_waits_for_the_end_of_a_live_turn() {
        let governor = Governor::default();
        let since = tokio::time::Instant::now();
        governor.background().await;
        assert_eq!(since.elapsed(), Duration::ZERO);

        let live = governor.live();
        let waiting = tokio::spawn({
            let governor = governor.clone();
            async move { governor.background().await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!waiting.is_finished());
        drop(live);
        waiting.await.unwrap();
        assert_eq!(since.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn background_work_is_not_starved() {
        let governor = Governor::default();
        let _live = governor.live();
        let since = tokio::time::Instant::now();
        governor.background().await;
        assert_eq!(since.elapsed(), PATIENCE);
        assert!(governor.is_live());
    }
}
