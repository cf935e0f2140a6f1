//! How much work visitors may ask for.
//!
//! A visitor, a network and a workspace each have a token bucket for each kind of work. The cost of a message is
//! known only when it is done, so a bucket that is not empty admits it and may go below zero; the next message
//! then waits until it is refilled. Staff and programs have no budget here. The machine has none either: what it
//! cannot do at once waits in the fair queues.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Flow;

/// What a message costs by itself (its row, its search), in tokens, so that very short ones count too.
pub const MESSAGE_TOKENS: f64 = 500.0;
/// How many buckets are kept; beyond this, full ones are dropped.
const MOST: usize = 32_768;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// Tokens that a model reads or writes. A question costs about 3,000.
    Tokens,
    /// Sound that is transcribed, in milliseconds.
    SoundMs,
    /// Bytes of messages that are stored.
    Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    Caller(Flow),
    Network(u64, u64),
    Workspace(u64),
}

struct Allowance {
    burst: f64,
    per_second: f64,
}

/// A visitor may ask twenty questions at once and then one every 15 s; a network, which may be a whole
/// office, eighty and then one every 2 s; a workspace as much as a fast machine can answer.
fn allowance(scope: Scope, work: Work) -> Allowance {
    let (burst, per_second) = match (work, scope) {
        (Work::Tokens, Scope::Caller(_)) => (60_000.0, 200.0),
        (Work::Tokens, Scope::Network(..)) => (240_000.0, 1500.0),
        (Work::Tokens, Scope::Workspace(_)) => (2_400_000.0, 12_000.0),
        // A voice note is at most two minutes long; an old machine takes half a second for a second of sound.
        (Work::SoundMs, Scope::Caller(_)) => (240e3, 250.0),
        (Work::SoundMs, Scope::Network(..)) => (240e3, 250.0),
        (Work::SoundMs, Scope::Workspace(_)) => (3600e3, 1000.0),
        // A message has at most 4,000 characters, 16 KB.
        (Work::Bytes, Scope::Caller(_)) => (256e3, 512.0),
        (Work::Bytes, Scope::Network(..)) => (2e6, 4e3),
        (Work::Bytes, Scope::Workspace(_)) => (64e6, 64e3),
    };
    Allowance { burst, per_second }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(allowance: &Allowance, now: Instant) -> Self {
        Self {
            left: allowance.burst,
            at: now,
        }
    }

    fn fill(&mut self, allowance: &Allowance, now: Instant) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * allowance.per_second).min(allowance.burst);
        self.at = now;
    }
}

/// The budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that was a lot at once; try again in {} s", .after.as_secs().max(1))]
pub struct Exhausted {
    /// How long until some of it is back.
    pub after: Duration,
}

#[derive(Debug, Default)]
pub struct Budgets {
    buckets: Mutex<HashMap<(Scope, Work), Bucket>>,
}

fn scopes(flow: Flow) -> [Scope; 3] {
    [
        Scope::Caller(flow),
        Scope::Network(flow.workspace, flow.network),
        Scope::Workspace(flow.workspace),
    ]
}

impl Budgets {
    /// Checks that something is left for this kind of work.
    pub fn admit(&self, flow: Flow, work: Work) -> Result<(), Exhausted> {
        self.admit_at(flow, work, Instant::now())
    }

    /// Deducts work that was done.
    pub fn charge(&self, flow: Flow, work: Work, amount: f64) {
        self.charge_at(flow, work, amount, Instant::now());
    }

    fn admit_at(&self, flow: Flow, work: Work, now: Instant) -> Result<(), Exhausted> {
        if flow.is_known() {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after: f64 = 0.0;
        for scope in scopes(flow) {
            let allowance = allowance(scope, work);
            if let Some(bucket) = buckets.get_mut(&(scope, work)) {
                bucket.fill(&allowance, now);
                if bucket.left <= 0.0 {
                    after = after.max((1.0 - bucket.left) / allowance.per_second);
                }
            }
        }
        if after > 0.0 {
            let after = Duration::from_secs_f64(after.ceil());
            return Err(Exhausted { after });
        }
        Ok(())
    }

    fn charge_at(&self, flow: Flow, work: Work, amount: f64, now: Instant) {
        if flow.is_known() {
            return;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|(scope, work), bucket| {
                let allowance = allowance(*scope, *work);
                bucket.fill(&allowance, now);
                bucket.left < allowance.burst
            });
        }
        for scope in scopes(flow) {
            let allowance = allowance(scope, work);
            let bucket = buckets
                .entry((scope, work))
                .or_insert_with(|| Bucket::full(&allowance, now));
            bucket.fill(&allowance, now);
            bucket.left -= amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{VisitorId, WorkspaceId};

    #[test]
    fn what_is_owed_is_waited_for_and_others_are_not_held_up() {
        let shop = WorkspaceId::new();
        let at = |last| Flow::visitor(shop, [10, 0, 0, last].into(), VisitorId::new());
        let (here, beside, there) = (at(1), at(1), at(2));
        let (budgets, now) = (Budgets::default(), Instant::now());
        budgets.charge_at(here, Work::Tokens, 59_999.0, now);
        assert_eq!(budgets.admit_at(here, Work::Tokens, now), Ok(()));
        budgets.charge_at(here, Work::Tokens, 4000.0, now);
        let wait = budgets.admit_at(here, Work::Tokens, now).unwrap_err();
        assert_eq!(wait.after, Duration::from_secs(20));
        assert_eq!(budgets.admit_at(beside, Work::Tokens, now), Ok(()));
        assert_eq!(budgets.admit_at(here, Work::SoundMs, now), Ok(()));
        let later = now + wait.after;
        assert_eq!(budgets.admit_at(here, Work::Tokens, later), Ok(()));
        for _ in 0..4 {
            budgets.charge_at(at(1), Work::Tokens, 60_000.0, now);
        }
        assert!(
            budgets.admit_at(beside, Work::Tokens, now).is_err(),
            "its network"
        );
        assert_eq!(budgets.admit_at(there, Work::Tokens, now), Ok(()));
    }

    #[test]
    fn staff_and_programs_have_no_budget() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let staff = Flow::member(WorkspaceId::new(), &"key");
        budgets.charge_at(staff, Work::Tokens, 1e9, now);
        assert_eq!(budgets.admit_at(staff, Work::Tokens, now), Ok(()));
        assert!(budgets.buckets.lock().unwrap().is_empty());
    }

    #[test]
    fn full_buckets_are_forgotten_when_there_are_many() {
        let shop = WorkspaceId::new();
        let (budgets, now) = (Budgets::default(), Instant::now());
        for n in 0..u32::try_from(MOST).unwrap() {
            let network = std::net::Ipv4Addr::from(n).into();
            let flow = Flow::visitor(shop, network, VisitorId::new());
            budgets.charge_at(
                flow,
                Work::Bytes,
                1.0,
                now + Duration::from_millis(n.into()),
            );
        }
        assert!(budgets.buckets.lock().unwrap().len() <= MOST);
    }
}
