//! Rate limits: how much visitors of one address may do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::http::address::network_of;
use crate::http::problem::Problem;
use crate::store::VisitorId;
use crate::usage::{FairQueue, Flow, QueueFull, QueueLimits, Size, Ticket};

/// Turns of visitors. Of one network, only one runs at a time, so that it cannot crowd out the others.
const TURNS: QueueLimits = QueueLimits {
    places: 4,
    spare: 2,
    places_of_network: 1,
    of_visitor: 4,
    of_network: 30,
    waiting: 200,
    of_member: 4,
};
/// Recordings: one is transcribed at a time; those of staff and programs come before those of visitors.
const RECORDINGS: QueueLimits = QueueLimits {
    places: 1,
    spare: 0,
    places_of_network: 1,
    of_visitor: 2,
    of_network: 4,
    waiting: 4,
    of_member: 64,
};
/// In characters; the engine reads questions up to this length in a moment.
const SHORT: usize = 300;
/// Calls at a time from one network, so that one visitor cannot occupy every line.
const MOST_CALLS: usize = 2;
/// Visitors who send files at a time, from one network and in all: each may have 50 MB in memory.
const MOST_UPLOADS_OF_NETWORK: usize = 2;
const MOST_UPLOADS: usize = 8;
/// Buckets that are kept at a time; full ones are dropped beyond that.
const MOST_ADDRESSES: usize = 16_384;

/// What a visitor starts. Its cost is charged to their [budget](crate::usage::Budgets).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum Deed {
    Visit,
    /// A voice note.
    Note,
    /// A call.
    Dial,
    /// Asking for a person.
    Person,
    /// Saying that they type, how far they have read, or what they think.
    Sign,
    /// How to reach them, left for the team.
    Lead,
    /// Files for a person.
    Files,
    /// The form before a chat.
    Introduction,
    /// An e-mail to an address that they entered.
    Mail,
    /// Asking for a challenge, to begin a visit with.
    Challenge,
}

impl Deed {
    /// How many an address may do at once.
    fn burst(self) -> f64 {
        match self {
            Self::Visit => 30.0,
            Self::Challenge => 60.0,
            Self::Note => 6.0,
            Self::Dial | Self::Person | Self::Files | Self::Introduction => 10.0,
            Self::Mail => 3.0,
            Self::Sign => 120.0,
            Self::Lead => 5.0,
        }
    }

    /// After the burst, one in this time.
    fn seconds(self) -> f64 {
        match self {
            Self::Visit | Self::Note | Self::Person | Self::Files | Self::Introduction => 10.0,
            Self::Mail => 1200.0,
            Self::Challenge => 5.0,
            Self::Dial => 4.0,
            Self::Sign => 0.5,
            Self::Lead => 600.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// What visitors did lately, which turns wait, and who is in a call.
#[derive(Debug)]
pub(in crate::http) struct Visits {
    buckets: Mutex<HashMap<(IpAddr, Deed), Bucket>>,
    calls: Mutex<HashMap<VisitorId, IpAddr>>,
    /// The networks of those who send files now.
    uploads: Mutex<Vec<IpAddr>>,
    turns: Arc<FairQueue>,
    recordings: Arc<FairQueue>,
}

impl Default for Visits {
    fn default() -> Self {
        Self {
            buckets: Mutex::default(),
            calls: Mutex::default(),
            uploads: Mutex::default(),
            turns: Arc::new(FairQueue::new(TURNS)),
            recordings: Arc::new(FairQueue::new(RECORDINGS)),
        }
    }
}

/// A visitor's place in a call; dropping it frees the place.
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

/// A place for files; dropping it frees the place.
#[derive(Debug)]
pub(in crate::http) struct Upload {
    visits: Arc<Visits>,
    network: IpAddr,
}

impl Drop for Upload {
    fn drop(&mut self) {
        let uploads = self.visits.uploads.lock();
        let mut uploads = uploads.unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = uploads.iter().position(|other| *other == self.network) {
            uploads.swap_remove(at);
        }
    }
}

impl Visits {
    /// Takes a place for files of a visitor.
    ///
    /// # Errors
    /// 429 when their network sends files already, 503 when too many others do.
    pub(in crate::http) fn upload(self: &Arc<Self>, address: IpAddr) -> Result<Upload, Problem> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network_of(address);
        let own = uploads.iter().filter(|other| **other == network).count();
        if own >= MOST_UPLOADS_OF_NETWORK {
            let detail = "files from your connection are still being sent; wait for them";
            return Err(too_many(detail, 5));
        }
        if uploads.len() >= MOST_UPLOADS {
            let about = Duration::from_secs(5);
            return Err(busy("too many people are sending files right now", about));
        }
        uploads.push(network);
        Ok(Upload {
            visits: Arc::clone(self),
            network,
        })
    }

    /// Counts a deed of an address (token bucket).
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
        // A full bucket equals a new one, so dropping it forgets nothing.
        if buckets.len() >= MOST_ADDRESSES {
            let is_refilling = |(_, deed): &(IpAddr, Deed), bucket: &mut Bucket| {
                let since = now.saturating_duration_since(bucket.at).as_secs_f64();
                bucket.left + since / deed.seconds() < deed.burst()
            };
            buckets.retain(is_refilling);
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

    /// Joins the queue of turns.
    ///
    /// # Errors
    /// 429 when too many turns of the visitor or their network wait already, 503 when too many of all do.
    pub(in crate::http) fn turn(&self, flow: Flow, question: &str) -> Result<Ticket, Problem> {
        let size = match question.chars().count() {
            0..=SHORT => Size::Small,
            _ => Size::Usual,
        };
        self.turns.join(flow, size).map_err(|full| match full {
            QueueFull::Own => {
                let detail = "your messages are still being answered; wait for the answers";
                too_many(detail, 5)
            }
            QueueFull::All(about) => busy("too many people are asking right now", about),
        })
    }

    /// Joins the queue of recordings.
    ///
    /// # Errors
    /// 429 when too many recordings of the caller or their network wait already, 503 when too many of all do.
    pub(in crate::http) fn recording(&self, flow: Flow) -> Result<Ticket, Problem> {
        self.recordings
            .join(flow, Size::Usual)
            .map_err(|full| match full {
                QueueFull::Own => {
                    let detail =
                        "your recordings are still being listened to; wait for the answers";
                    too_many(detail, 30)
                }
                QueueFull::All(about) => {
                    busy("too many recordings are being listened to right now", about)
                }
            })
    }

    /// Takes a place for a call. A visitor may be in one call, a network in [`MOST_CALLS`].
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
                "there are already several calls from your connection; write in the chat instead",
            );
        }
        calls.insert(visitor, network);
        Ok(OneCall {
            visits: self.clone(),
            visitor,
        })
    }
}

fn too_many(detail: &str, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(seconds)
}

fn busy(why: &str, about: Duration) -> Problem {
    let seconds = u32::try_from(about.as_secs()).unwrap_or(u32::MAX).max(1);
    let detail = format!("{why}; try again in about {seconds} s");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(seconds)
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
