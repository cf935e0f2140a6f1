//! Who may use the cores: while somebody speaks with the front desk, work that nobody waits for stands
//! back. Engines order what they were handed by priority; this holds back what was not handed over yet.

use std::time::Duration;

use tokio::sync::watch;

/// Background work is not held back longer than this at a time, so that a busy day does not stop it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Knows how many live turns are being computed. Clones are handles on the same one.
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

/// A live turn that needs the cores, until it is dropped.
#[derive(Debug)]
pub struct Live {
    governor: Governor,
}

impl Governor {
    /// Notes that a live turn needs the cores.
    pub fn live(&self) -> Live {
        self.live.send_modify(|count| *count += 1);
        Live {
            governor: self.clone(),
        }
    }

    /// Whether a live turn needs the cores.
    pub fn is_live(&self) -> bool {
        *self.live.borrow() > 0
    }

    /// Waits until no live turn needs the cores, but at most 3 s: called before each piece of background work.
    pub async fn background(&self) {
        let mut live = self.live.subscribe();
        let quiet = live.wait_for(|count| *count == 0);
        // Whether it became quiet or not, the work goes on.
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
