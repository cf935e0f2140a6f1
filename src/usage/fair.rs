//! Decides who goes first: the caller who was served least lately.
//!
//! This is fair queueing by decayed usage (as in the schedulers of time-sharing systems): each workspace,
//! network and caller has a sum of the work done for it, which halves every 30 s.
//! An occasional caller overtakes a busy one, and nobody starves: serving the others raises their sums.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Flow;

const HALF_LIFE: Duration = Duration::from_secs(30);
/// How many sums are kept; beyond this, the smaller half is dropped.
const MOST: usize = 16_384;
/// Work for staff and programs is divided by this: they come before visitors, unless they ask for several
/// times as much.
const KNOWN: f64 = 4.0;

/// The place of a flow in a queue; the smallest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing([u64; 3], Visitor);

/// Breaks ties: `false` (staff, programs) sorts before `true`.
type Visitor = bool;

#[derive(Debug, Default)]
pub struct Fair {
    sums: HashMap<Level, Sum>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Level {
    Workspace(u64),
    Network(u64, u64),
    Caller(Flow),
}

#[derive(Debug, Clone, Copy)]
struct Sum {
    work: f64,
    at: Instant,
}

impl Sum {
    fn now(self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.work * (-since / HALF_LIFE.as_secs_f64()).exp2()
    }
}

fn levels(flow: Flow) -> [Level; 3] {
    [
        Level::Workspace(flow.workspace),
        Level::Network(flow.workspace, flow.network),
        Level::Caller(flow),
    ]
}

impl Fair {
    /// Notes work that was done for a flow, in the queue's own unit.
    pub fn charge(&mut self, flow: Flow, work: f64, now: Instant) {
        if self.sums.len() >= MOST {
            self.forget(now);
        }
        let work = if flow.is_known() { work / KNOWN } else { work };
        for level in levels(flow) {
            let sum = self.sums.entry(level).or_insert(Sum { work: 0.0, at: now });
            *sum = Sum {
                work: sum.now(now) + work,
                at: now,
            };
        }
    }

    pub fn standing(&self, flow: Flow, now: Instant) -> Standing {
        let sum = |level: Level| self.sums.get(&level).map_or(0.0, |sum| sum.now(now));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "work is never negative, and fractions of a unit do not matter"
        )]
        Standing(
            levels(flow).map(|level| sum(level) as u64),
            !flow.is_known(),
        )
    }

    // Small sums decide little; dropping half at once keeps this rare.
    fn forget(&mut self, now: Instant) {
        let mut works: Vec<f64> = self.sums.values().map(|sum| sum.now(now)).collect();
        works.sort_by(f64::total_cmp);
        let middle = works.get(works.len() / 2).copied().unwrap_or_default();
        self.sums.retain(|_, sum| sum.now(now) > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{VisitorId, WorkspaceId};

    fn at(workspace: WorkspaceId, last: u8) -> Flow {
        Flow::visitor(workspace, [10, 0, 0, last].into(), VisitorId::new())
    }

    #[test]
    fn whoever_was_given_least_goes_first_by_workspace_then_network_then_caller() {
        let (shop, clinic) = (WorkspaceId::new(), WorkspaceId::new());
        let now = Instant::now();
        let mut fair = Fair::default();
        let (many, more, one) = (at(shop, 1), at(shop, 1), at(shop, 2));
        fair.charge(many, 500.0, now);
        let standing = |flow| fair.standing(flow, now);
        assert!(
            standing(one) < standing(more),
            "its network was given nothing"
        );
        assert!(
            standing(more) < standing(many),
            "it was given nothing itself"
        );
        assert!(
            standing(at(clinic, 1)) < standing(one),
            "its workspace was given nothing"
        );
    }

    #[test]
    fn what_was_given_is_forgotten_and_nobody_starves() {
        let shop = WorkspaceId::new();
        let now = Instant::now();
        let mut fair = Fair::default();
        let (busy, calm) = (at(shop, 1), at(shop, 2));
        fair.charge(busy, 8000.0, now);
        let later = now + HALF_LIFE * 3;
        for _ in 0..10 {
            assert!(fair.standing(calm, later) < fair.standing(busy, later));
            fair.charge(calm, 100.0, later);
        }
        fair.charge(calm, 100.0, later);
        assert!(fair.standing(busy, later) < fair.standing(calm, later));
    }

    #[test]
    fn staff_come_before_visitors_until_they_ask_for_several_times_as_much() {
        let shop = WorkspaceId::new();
        let now = Instant::now();
        let mut fair = Fair::default();
        let (staff, visitor) = (Flow::member(shop, &"key"), at(shop, 1));
        fair.charge(visitor, 1000.0, now);
        fair.charge(staff, 3000.0, now);
        assert!(fair.standing(staff, now) < fair.standing(visitor, now));
        fair.charge(staff, 2000.0, now);
        assert!(fair.standing(visitor, now) < fair.standing(staff, now));
    }

    #[test]
    fn the_smaller_sums_are_forgotten_when_there_are_too_many() {
        let shop = WorkspaceId::new();
        let now = Instant::now();
        let mut fair = Fair::default();
        let busy = at(shop, 1);
        fair.charge(busy, 1e6, now);
        for n in 0..MOST {
            let last = u8::try_from(n % 200).unwrap();
            fair.charge(at(shop, last), 1.0, now);
        }
        assert!(fair.sums.len() <= MOST + 3);
        assert!(fair.standing(at(shop, 250), now) < fair.standing(busy, now));
    }
}
