//! When a delivery is tried again, and when a webhook is given a rest or up.

use std::time::Duration;

use crate::store::token::fill_random;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Waits between attempts, in ms (Standard Webhooks 1.0.0, "Example retry schedule"): ten attempts within 76 hours.
const WAITS: &[i64] = &[
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// How long a webhook rests that is overloaded and does not say for how long.
pub(super) const REST: i64 = MINUTE;
/// The longest rest that a webhook may ask for.
pub(super) const LONGEST_REST: i64 = DAY;
/// After how long without a success a webhook is paused.
const PATIENCE: i64 = 5 * DAY;
/// A delivery has to fail this often before it can pause its webhook: the first event after a quiet week, met by a
/// short outage, is retried for half an hour first.
const TRIES: u32 = 4;
/// Waits are up to this share longer, by chance, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// How fast the sender works; tests are faster.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Waits between attempts, in ms.
    pub waits: &'static [i64],
    /// How long a webhook may take to answer; the specification recommends 15 to 30 seconds.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            waits: WAITS,
            patience: Duration::from_secs(20),
        }
    }
}

impl Pace {
    /// How long to wait after this many failed attempts, in ms; `None` after the last one.
    pub(super) fn wait_after(&self, attempts: u32) -> Option<i64> {
        let at = usize::try_from(attempts).ok()?.checked_sub(1)?;
        let wait = *self.waits.get(at)?;
        Some(wait + (wait as f64 * JITTER * draw()) as i64)
    }
}

/// A number from 0 to 1; 0 without randomness.
fn draw() -> f64 {
    let mut bytes = [0; 2];
    match fill_random(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.0,
    }
}

/// Whether to pause a webhook that has failed for `failing` ms, after a delivery failed `attempts` times.
pub(super) fn is_hopeless(failing: i64, attempts: u32) -> bool {
    failing >= PATIENCE && attempts >= TRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_made_within_four_days() {
        let pace = Pace::default();
        let mut total = 0;
        for (attempts, wait) in (1..).zip(WAITS) {
            let waited = pace.wait_after(attempts).unwrap();
            assert!((*wait..=wait + wait / 5).contains(&waited), "{attempts}");
            total += wait;
        }
        // The specification's table ends at 75:35:05.
        assert_eq!(total, 75 * HOUR + 35 * MINUTE + 5 * SECOND);
        assert_eq!((pace.wait_after(0), pace.wait_after(10)), (None, None));
    }

    #[test]
    fn one_outage_after_a_quiet_week_pauses_nothing() {
        assert!(!is_hopeless(7 * DAY, 1));
        assert!(!is_hopeless(4 * DAY, 9));
        assert!(is_hopeless(5 * DAY, 4));
    }
}
