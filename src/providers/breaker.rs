//! The circuit breaker: a provider that fails is left alone for a while, then tried once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::ProviderId;

/// Failures one after another that open the circuit.
const FAILURES: u32 = 3;
/// The first rest; it doubles with every failure after it.
const REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_secs(600);
/// While one request tries whether the provider is well again, the others stay away for as long.
const TRIAL: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    rests_until: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Breakers {
    circuits: Mutex<HashMap<ProviderId, Circuit>>,
}

impl Breakers {
    fn circuits(&self) -> MutexGuard<'_, HashMap<ProviderId, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request may be made.
    ///
    /// # Errors
    /// For how long the provider is still left alone.
    pub(super) fn admit(&self, id: ProviderId) -> Result<(), Duration> {
        let mut circuits = self.circuits();
        let circuit = circuits.entry(id).or_default();
        let now = Instant::now();
        match circuit.rests_until {
            Some(until) if until > now => Err(until - now),
            Some(_) => {
                circuit.rests_until = Some(now + TRIAL);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(super) fn succeeded(&self, id: ProviderId) {
        self.circuits().remove(&id);
    }

    pub(super) fn failed(&self, id: ProviderId) {
        let mut circuits = self.circuits();
        let circuit = circuits.entry(id).or_default();
        circuit.failures = circuit.failures.saturating_add(1);
        let Some(more) = circuit.failures.checked_sub(FAILURES) else {
            return;
        };
        let rest = REST.saturating_mul(1 << more.min(8)).min(LONGEST_REST);
        circuit.rests_until = Some(Instant::now() + rest);
    }

    /// The provider asked to be left alone for so long.
    pub(super) fn rest(&self, id: ProviderId, time: Duration) {
        let until = Instant::now() + time.min(LONGEST_REST);
        self.circuits().entry(id).or_default().rests_until = Some(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_failures_open_it_and_one_trial_closes_it() {
        let (breakers, id) = (Breakers::default(), ProviderId::new());
        breakers.failed(id);
        breakers.failed(id);
        assert!(breakers.admit(id).is_ok());
        breakers.failed(id);
        assert!(breakers.admit(id).is_err());
        tokio::time::advance(REST + Duration::from_secs(1)).await;
        assert!(breakers.admit(id).is_ok());
        assert!(breakers.admit(id).is_err(), "one tries, the others wait");
        breakers.failed(id);
        tokio::time::advance(REST + Duration::from_secs(1)).await;
        assert!(breakers.admit(id).is_err(), "the second rest is longer");
        tokio::time::advance(REST).await;
        assert!(breakers.admit(id).is_ok());
        breakers.succeeded(id);
        assert!(breakers.admit(id).is_ok());
        assert!(breakers.admit(id).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_as_long_as_it_asked_for() {
        let (breakers, id) = (Breakers::default(), ProviderId::new());
        breakers.rest(id, Duration::from_secs(7));
        tokio::time::advance(Duration::from_secs(6)).await;
        let left = breakers.admit(id).unwrap_err();
        assert!(left <= Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(breakers.admit(id).is_ok());
    }
}
