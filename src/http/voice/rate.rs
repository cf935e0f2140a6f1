//! How much one address may ask for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::address::network_of;
use super::super::problem::Problem;
use crate::store::VisitorId;

/// Turns of a visitor that run or wait.
const MOST_TURNS: usize = 4;
/// Turns of one address that run at a time; the others of it wait, and nobody else does.
const TURNS_AT_A_TIME: u32 = 3;
/// While another address asked within this time, one turn of an address runs: what is read for a turn queues up behind
/// that of all others that run.
const OTHERS_ASKED: Duration = Duration::from_mins(1);
/// Turns of one address that run or wait.
const MOST_OF_ADDRESS: usize = 30;
/// Recordings of visitors that wait to be understood. One is understood at a time, so that staff and programs wait for
/// no more than one.
const MOST_NOTES: usize = 4;
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
    /// Is listened to, counted in seconds of sound.
    Sound,
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
            Self::Sound => 240.0,
            Self::Dial => 10.0,
        }
    }

    /// … and after that one in so many seconds.
    fn seconds(self) -> f64 {
        match self {
            Self::Visit => 10.0,
            Self::Write => 2.0,
            Self::Note => 10.0,
            Self::Sound => 4.0,
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
    networks: Mutex<HashMap<IpAddr, OfNetwork>>,
    asked: Mutex<Asked>,
    notes: Notes,
}

/// Who asked last, and when the last one of another address did.
#[derive(Debug, Default)]
struct Asked {
    last: Option<(IpAddr, Instant)>,
    other: Option<Instant>,
}

impl Asked {
    fn note(&mut self, network: IpAddr, now: Instant) {
        if let Some((last, at)) = self.last
            && last != network
        {
            self.other = Some(at);
        }
        self.last = Some((network, now));
    }

    /// Whether another address than this one asked lately.
    fn by_others(&self, network: IpAddr, now: Instant) -> bool {
        let at = match self.last {
            Some((last, at)) if last != network => Some(at),
            _ => self.other,
        };
        at.is_some_and(|at| now.saturating_duration_since(at) < OTHERS_ASKED)
    }
}

/// The turns of an address that run or wait.
#[derive(Debug)]
struct OfNetwork {
    count: usize,
    /// Held by the turn that runs next, so that it takes as many places as are right by then.
    next: Arc<tokio::sync::Mutex<()>>,
    places: Arc<Semaphore>,
}

impl Default for OfNetwork {
    fn default() -> Self {
        Self {
            count: 0,
            next: Arc::default(),
            places: Arc::new(Semaphore::new(TURNS_AT_A_TIME as usize)),
        }
    }
}

/// The one place for recordings of visitors.
#[derive(Debug)]
struct Notes {
    place: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            place: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
        }
    }
}

/// Counts as waiting until it is dropped.
struct WaitingNote<'a>(&'a AtomicUsize);

impl Drop for WaitingNote<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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
    _place: OwnedSemaphorePermit,
    _running: tokio::sync::OwnedMutexGuard<()>,
    _counted: CountedTurn,
}

/// A turn that waits, and what it waits for.
struct Entered {
    counted: CountedTurn,
    running: Arc<tokio::sync::Mutex<()>>,
    next: Arc<tokio::sync::Mutex<()>>,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct CountedTurn {
    visits: Arc<Visits>,
    visitor: VisitorId,
    network: IpAddr,
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
        drop(turns);
        let mut networks = (self.visits.networks.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(of_network) = networks.get_mut(&self.network) {
            of_network.count -= 1;
            if of_network.count == 0 {
                networks.remove(&self.network);
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

    /// Takes away as much as something turned out to cost; what is owed is waited for next time.
    pub(in crate::http) fn charge(&self, address: IpAddr, deed: Deed, much: f64) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&(network_of(address), deed)) {
            bucket.left -= much;
        }
    }

    /// Waits for the one place where a visitor's recording is understood.
    ///
    /// # Errors
    /// 503 when several wait already.
    pub(in crate::http) async fn note(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let waiting = self.notes.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = WaitingNote(&self.notes.waiting);
        if waiting >= MOST_NOTES {
            let detail = "many recordings are being listened to just now; write instead, or try again in a minute";
            return Err(
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(60),
            );
        }
        let place = Arc::clone(&self.notes.place).acquire_owned().await;
        place.map_err(|error| Problem::internal(&error))
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

    /// Waits for a visitor's turns before this one, so that messages are answered one after the other, and for those
    /// of the same address, so that nobody else waits for them.
    ///
    /// # Errors
    /// 429 when several wait already.
    pub(in crate::http) async fn turn(
        self: &Arc<Self>,
        visitor: VisitorId,
        address: IpAddr,
    ) -> Result<OneTurn, Problem> {
        let network = network_of(address);
        let entered = self.enter(visitor, network).ok_or_else(|| {
            let detail = "your messages are still being answered; wait for the answers";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(5)
        })?;
        let Entered {
            counted,
            running,
            next,
            places,
        } = entered;
        let running = running.lock_owned().await;
        let next = next.lock_owned().await;
        let many = if self.others_ask(network) {
            TURNS_AT_A_TIME
        } else {
            1
        };
        let place = places.acquire_many_owned(many).await;
        drop(next);
        Ok(OneTurn {
            _place: place.map_err(|error| Problem::internal(&error))?,
            _running: running,
            _counted: counted,
        })
    }

    fn others_ask(&self, network: IpAddr) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.by_others(network, Instant::now())
    }

    /// Counts a turn that will run or wait; `None` when there are too many.
    fn enter(self: &Arc<Self>, visitor: VisitorId, network: IpAddr) -> Option<Entered> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.note(network, Instant::now());
        drop(asked);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let of_visitor = turns.get(&visitor).map_or(0, |turns| turns.count);
        let of_network = networks.get(&network).map_or(0, |turns| turns.count);
        if of_visitor >= MOST_TURNS || of_network >= MOST_OF_ADDRESS {
            return None;
        }
        let of_visitor = turns.entry(visitor).or_default();
        of_visitor.count += 1;
        let of_network = networks.entry(network).or_default();
        of_network.count += 1;
        let counted = CountedTurn {
            visits: Arc::clone(self),
            visitor,
            network,
        };
        Some(Entered {
            counted,
            running: Arc::clone(&of_visitor.running),
            next: Arc::clone(&of_network.next),
            places: Arc::clone(&of_network.places),
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
#[path = "rate_tests.rs"]
mod tests;
