//! When certificates are renewed, and how long a failure waits. Times are Unix milliseconds.

use std::time::Duration;

use crate::store::UnixMs;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often files are looked at.
    pub look: Duration,
    /// Waiting time after the first failure; each further one doubles it.
    pub first_retry: Duration,
    pub longest_retry: Duration,
    /// How long a certificate of the private authority lasts.
    pub private: Duration,
}

impl Default for Pace {
    /// Public authorities allow few failures an hour (Let's Encrypt: five for each name), and each attempt may be two.
    fn default() -> Self {
        Self {
            look: Duration::from_secs(5),
            first_retry: Duration::from_secs(15 * 60),
            longest_retry: 6 * HOUR,
            private: 90 * DAY,
        }
    }
}

impl Pace {
    /// How long to wait after so many failures. `chance` (0 to 1) spreads servers that failed together; the authority's
    /// own word (`Retry-After`) counts if it is longer, up to a day.
    pub(super) fn wait(&self, failures: u32, chance: f64, told: Option<Duration>) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let wait = self.first_retry.saturating_mul(doubled);
        let wait = wait.min(self.longest_retry).mul_f64(1.0 + 0.2 * chance);
        wait.max(told.unwrap_or_default().min(DAY))
    }
}

/// When to renew: with a third of the time left, up to a tenth of that third earlier by chance (0 to 1).
pub(super) fn renew_at(from: UnixMs, until: UnixMs, chance: f64) -> UnixMs {
    let third = Duration::from_millis(u64::try_from((until - from) / 3).unwrap_or_default());
    until.saturating_sub(ms(third.mul_f64(1.0 + 0.1 * chance)))
}

/// From when on its end is worth a warning: ten days before, or a quarter of its time if that is less.
pub(super) fn warn_at(from: UnixMs, until: UnixMs) -> UnixMs {
    until.saturating_sub(ms(10 * DAY).min((until - from) / 4))
}

pub(super) fn ms(time: Duration) -> UnixMs {
    UnixMs::try_from(time.as_millis()).unwrap_or(UnixMs::MAX)
}

pub(super) fn now_ms() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// A number from 0 to 1; 0.5 if the system has no randomness.
pub(super) fn chance() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_each_time_and_heed_the_authority() {
        let pace = Pace::default();
        let minutes = |failures, told| pace.wait(failures, 0.0, told).as_secs() / 60;
        assert_eq!(minutes(1, None), 15);
        assert_eq!(minutes(3, None), 60);
        assert_eq!(minutes(40, None), 360);
        assert_eq!(minutes(1, Some(3 * HOUR)), 180);
        assert_eq!(minutes(1, Some(100 * DAY)), 24 * 60);
        assert!(pace.wait(1, 1.0, None) > pace.wait(1, 0.0, None));
    }

    #[test]
    fn a_certificate_is_renewed_in_its_last_third_and_warned_about_ten_days_before_its_end() {
        let day = ms(DAY);
        assert_eq!(renew_at(0, 90 * day, 0.0), 60 * day);
        assert_eq!(renew_at(0, 90 * day, 1.0), 57 * day);
        assert_eq!(warn_at(0, 90 * day), 80 * day);
        assert_eq!(warn_at(0, 6 * day), 6 * day - 6 * day / 4);
        assert_eq!(renew_at(5, 5, 1.0), 5);
    }
}
