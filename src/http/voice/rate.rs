//! How much one address may ask for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::super::address::network_of;
use super::super::problem::Problem;
use crate::store::VisitorId;

/// Turns of a visitor that run or wait.
const MOST_TURNS: usize = 4;
/// Calls at a time from one address, so that one visitor cannot hold every line.
const MOST_CALLS: usize = 2;
/// Most addresses that are remembered at a time.
const MOST_ADDRESSES: usize = 16_384;

/// What a visitor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum Deed {
    /// Begins a visit.
    Visit,
    /// Writes.
    Write,
    /// Sends a voice note.
    Note,
    /// Dials.
    Dial,
}

impl Deed {
    /// So many at once …
    fn burst(self) -> f64 {
        match self {
            Self::Visit => 30.0,
            Self::Write => 20.0,
            Self::Note => 6.0,
            Self::Dial => 10.0,
        }
    }

    /// … and after that one in so many seconds.
    fn seconds(self) -> f64 {
        match self {
            Self::Visit => 10.0,
            Self::Write => 2.0,
            Self::Note => 10.0,
            Self::Dial => 4.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// What visitors did lately, and who is in a call.
#[derive(Debug, Default)]
pub(in crate::http) struct Visits {
    buckets: Mutex<HashMap<(IpAddr, Deed), Bucket>>,
    calls: Mutex<HashMap<VisitorId, IpAddr>>,
    turns: Mutex<HashMap<VisitorId, Turns>>,
}

/// The turns of a visitor that run or wait.
#[derive(Debug, Default)]
struct Turns {
    count: usize,
    running: Arc<tokio::sync::Mutex<()>>,
}

/// A visitor's turn; the next one of the same visitor runs when it is dropped.
#[derive(Debug)]
pub(in crate::http) struct OneTurn {
    _running: tokio::sync::OwnedMutexGuard<()>,
    _counted: CountedTurn,
}

#[derive(Debug)]
struct CountedTurn {
    visits: Arc<Visits>,
    visitor: VisitorId,
}

impl Drop for CountedTurn {
    fn drop(&mut self) {
        let mut turns = (self.visits.turns.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(of_visitor) = turns.get_mut(&self.visitor) {
            of_visitor.count -= 1;
            if of_visitor.count == 0 {
                turns.remove(&self.visitor);
            }
        }
    }
}

/// A visitor's place in a call; dropping it gives it back.
#[derive(Debug)]
pub(in crate::http) struct OneCall {
    visits: Arc<Visits>,
    visitor: VisitorId,
}

impl Drop for OneCall {
    fn drop(&mut self) {
        let calls = &self.visits.calls;
        calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.visitor);
    }
}

impl Visits {
    /// Counts a deed of an address.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(in crate::http) fn count(&self, address: IpAddr, deed: Deed) -> Result<(), Problem> {
        self.count_at(address, deed, Instant::now())
            .map_err(|wait| {
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
                let detail = format!("that was a lot at once; try again in {seconds} s");
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                    .retry_after(seconds)
            })
    }

    fn count_at(&self, address: IpAddr, deed: Deed, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_ADDRESSES {
            let full = |(_, deed): &(IpAddr, Deed), bucket: &mut Bucket| {
                let since = now.saturating_duration_since(bucket.at).as_secs_f64();
                bucket.left + since / deed.seconds() < deed.burst()
            };
            buckets.retain(full);
        }
        let bucket = buckets
            .entry((network_of(address), deed))
            .or_insert(Bucket {
                left: deed.burst(),
                at: now,
            });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since / deed.seconds()).min(deed.burst());
        bucket.at = now;
        if bucket.left < 1.0 {
            let wait = (1.0 - bucket.left) * deed.seconds();
            return Err(Duration::from_secs_f64(wait.ceil()));
        }
        bucket.left -= 1.0;
        Ok(())
    }

    /// Waits for a visitor's turns before this one, so that messages are answered one after the other.
    ///
    /// # Errors
    /// 429 when several wait already.
    pub(in crate::http) async fn turn(
        self: &Arc<Self>,
        visitor: VisitorId,
    ) -> Result<OneTurn, Problem> {
        let (counted, running) = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let of_visitor = turns.entry(visitor).or_default();
            if of_visitor.count >= MOST_TURNS {
                let detail = "your messages are still being answered; wait for the answers";
                return Err(Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_requests",
                    detail,
                )
                .retry_after(5));
            }
            of_visitor.count += 1;
            let counted = CountedTurn {
                visits: Arc::clone(self),
                visitor,
            };
            (counted, Arc::clone(&of_visitor.running))
        };
        Ok(OneTurn {
            _running: running.lock_owned().await,
            _counted: counted,
        })
    }

    /// Takes the one call that a visitor may be in, of the few that an address may have.
    ///
    /// # Errors
    /// A sentence for the visitor.
    pub(in crate::http) fn call(
        self: &Arc<Self>,
        visitor: VisitorId,
        address: IpAddr,
    ) -> Result<OneCall, &'static str> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network_of(address);
        if calls.contains_key(&visitor) {
            return Err("you are in a call already; end it first");
        }
        if calls.values().filter(|other| **other == network).count() >= MOST_CALLS {
            return Err(
                "several calls come from your connection already; write in the chat instead",
            );
        }
        calls.insert(visitor, network);
        Ok(OneCall {
            visits: self.clone(),
            visitor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_after_a_burst_and_others_do_not() {
        let visits = Visits::default();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let now = Instant::now();
        for _ in 0..6 {
            assert!(visits.count_at(here, Deed::Note, now).is_ok());
        }
        assert_eq!(
            visits.count_at(here, Deed::Note, now),
            Err(Duration::from_secs(10))
        );
        assert!(visits.count_at(there, Deed::Note, now).is_ok());
        assert!(visits.count_at(here, Deed::Write, now).is_ok());
        let later = now + Duration::from_secs(10);
        assert!(visits.count_at(here, Deed::Note, later).is_ok());
        assert!(visits.count_at(here, Deed::Note, later).is_err());
    }

    #[tokio::test]
    async fn a_visitors_turns_run_one_after_the_other_and_few_wait() {
        let visits = Arc::new(Visits::default());
        let visitor = VisitorId::new();
        let first = visits.turn(visitor).await.unwrap();
        let waiting: Vec<_> = (1..MOST_TURNS)
            .map(|_| {
                let visits = Arc::clone(&visits);
                tokio::spawn(async move { visits.turn(visitor).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|w| !w.is_finished()));
        assert!(visits.turn(visitor).await.is_err(), "enough wait");
        assert!(visits.turn(VisitorId::new()).await.is_ok(), "others do not");
        drop(first);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        assert!(visits.turns.lock().unwrap().is_empty());
    }

    #[test]
    fn a_visitor_is_in_one_call_at_a_time() {
        let visits = Arc::new(Visits::default());
        let visitor = VisitorId::new();
        let address = |last| IpAddr::from([10, 0, 0, last]);
        let first = visits.call(visitor, address(1)).unwrap();
        assert!(visits.call(visitor, address(2)).is_err());
        let _second = visits.call(VisitorId::new(), address(1)).unwrap();
        assert!(visits.call(VisitorId::new(), address(1)).is_err());
        assert!(visits.call(VisitorId::new(), address(2)).is_ok());
        drop(first);
        assert!(visits.call(visitor, address(1)).is_ok());
    }
}
