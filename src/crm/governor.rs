//! How fast a CRM is asked: one pace for all accounts, as it counts requests by our address.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Between two requests: at most five in any second, where Kommo allows seven.
const BETWEEN: Duration = Duration::from_millis(210);
/// The rest after a 429 that names none, as Kommo's own.
const REST: Duration = Duration::from_secs(300);
/// The rest after this address was shut out.
const SHUT_OUT: Duration = Duration::from_secs(900);
/// The longest rest that is believed.
const LONGEST: Duration = Duration::from_secs(3600);
/// How long a request waits for its turn; with more waiting it is told to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// A handle on the pace; clones share it.
#[derive(Debug, Clone)]
pub struct Governor {
    pace: Arc<Mutex<Pace>>,
}

#[derive(Debug)]
struct Pace {
    between: Duration,
    /// When the next request may go.
    next: Instant,
    /// Until when none may.
    rest_until: Option<Instant>,
}

/// No request may go for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resting(pub(super) Duration);

impl Default for Governor {
    fn default() -> Self {
        Self::paced(BETWEEN)
    }
}

impl Governor {
    /// With another pace; for a server that is not Kommo's.
    pub fn paced(between: Duration) -> Self {
        let pace = Pace {
            between,
            next: Instant::now(),
            rest_until: None,
        };
        Self {
            pace: Arc::new(Mutex::new(pace)),
        }
    }

    /// Waits for the turn of one request.
    pub(super) async fn wait(&self) -> Result<(), Resting> {
        let at = self.take_place(Instant::now())?;
        tokio::time::sleep_until(at).await;
        // Another request may have been told to rest meanwhile.
        match self.lock().rest_until {
            Some(until) if until > Instant::now() => Err(Resting(until - Instant::now())),
            _ => Ok(()),
        }
    }

    fn take_place(&self, now: Instant) -> Result<Instant, Resting> {
        let mut pace = self.lock();
        if let Some(until) = pace.rest_until {
            if until > now {
                return Err(Resting(until - now));
            }
            pace.rest_until = None;
        }
        let at = pace.next.max(now);
        if at - now > PATIENCE {
            return Err(Resting(at - now));
        }
        pace.next = at + pace.between;
        Ok(at)
    }

    /// The CRM asked for fewer requests; returns how long the rest is.
    pub(super) fn rest(&self, asked: Option<u64>) -> Duration {
        let rest = asked.map_or(REST, Duration::from_secs);
        self.rest_for(rest.clamp(BETWEEN, LONGEST))
    }

    /// The CRM shut this address out; returns how long the rest is.
    pub(super) fn rest_shut_out(&self) -> Duration {
        self.rest_for(SHUT_OUT)
    }

    fn rest_for(&self, rest: Duration) -> Duration {
        let until = Instant::now() + rest;
        let mut pace = self.lock();
        pace.rest_until = Some(pace.rest_until.map_or(until, |known| known.max(until)));
        rest
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn at_most_five_requests_go_in_any_second() {
        let governor = Governor::default();
        let mut went = Vec::new();
        for _ in 0..20 {
            governor.wait().await.unwrap();
            went.push(Instant::now());
        }
        for window in went.windows(6) {
            let took = window[5] - window[0];
            assert!(took > Duration::from_secs(1), "six requests in {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_holds_for_all_and_ends() {
        let governor = Governor::default();
        governor.wait().await.unwrap();
        assert_eq!(governor.rest(Some(300)), Duration::from_secs(300));
        let Resting(left) = governor.clone().wait().await.unwrap_err();
        assert!(left <= Duration::from_secs(300) && left > Duration::from_secs(299));
        tokio::time::advance(Duration::from_secs(301)).await;
        governor.wait().await.unwrap();
        // A nonsensical number is not believed.
        assert_eq!(governor.rest(Some(u64::MAX)), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_is_told_to_come_back() {
        let governor = Governor::default();
        let now = Instant::now();
        let mut refused = 0;
        for _ in 0..200 {
            refused += usize::from(governor.take_place(now).is_err());
        }
        assert!((50..70).contains(&refused), "{refused} were refused");
    }
}
