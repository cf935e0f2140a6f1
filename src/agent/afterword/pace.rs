//! Whether the language model is quick enough to add to answers, learnt from its latest tries.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The first word must come within this time; the visitor reads the quotation meanwhile.
pub(super) const FIRST_WORD: Duration = Duration::from_secs(2);
/// Pause after the second slow try in a row; it doubles with each further one. The first slow try costs no pause, since the
/// model may only have had to read its instructions for the first time.
const PAUSE: Duration = Duration::from_secs(60);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// Remembers slow tries. Shared by all turns.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    slow: Mutex<Slow>,
}

#[derive(Debug, Default)]
struct Slow {
    in_a_row: u32,
    until: Option<Instant>,
}

impl Pace {
    /// Whether to try now.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        self.lock().until.is_none_or(|until| now >= until)
    }

    pub(super) fn was_quick(&self) {
        *self.lock() = Slow::default();
    }

    pub(super) fn was_slow(&self, now: Instant) {
        let mut slow = self.lock();
        slow.in_a_row = slow.in_a_row.saturating_add(1);
        let doubled = slow.in_a_row.saturating_sub(2).min(8);
        slow.until = (slow.in_a_row > 1).then(|| {
            let pause = PAUSE * 2_u32.pow(doubled);
            now + pause.min(LONGEST_PAUSE)
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slow> {
        self.slow
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_model_is_tried_more_and_more_rarely() {
        let pace = Pace::default();
        let now = Instant::now();
        assert!(pace.may_try(now));
        pace.was_slow(now);
        assert!(pace.may_try(now), "the first try may have been cold");
        pace.was_slow(now);
        assert!(!pace.may_try(now + PAUSE / 2));
        assert!(pace.may_try(now + PAUSE));
        for _ in 0..20 {
            pace.was_slow(now);
        }
        assert!(!pace.may_try(now + LONGEST_PAUSE / 2));
        assert!(pace.may_try(now + LONGEST_PAUSE));
        pace.was_quick();
        assert!(pace.may_try(now));
    }
}
