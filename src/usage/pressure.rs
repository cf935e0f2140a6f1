//! Whether a front desk is flooded with new visits: many are refused, or many come from networks that nobody came from before,
//! compared with what is usual there.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::WorkspaceId;

/// What counts is what happened in so many minutes, the present one among them.
const MINUTES: usize = 5;
/// Refused visits in that time, from which on it is a flood.
const REFUSED: f64 = 30.0;
/// Visits from strange networks in that time; fewer are never a flood.
const STRANGE: f64 = 120.0;
/// More than what is usual, by this factor, is a flood.
const UNUSUAL: f64 = 4.0;
/// What is usual is a mean that forgets in about so many minutes: six hours.
const MEMORY: f64 = 360.0;
/// Networks that are remembered; beyond that, those that were longest away are forgotten.
const MOST_NETWORKS: usize = 32_768;
/// A network is strange again after this time.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What came lately, by workspace. In memory only.
#[derive(Debug)]
pub struct Pressure {
    since: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When somebody last came from there.
    networks: HashMap<(WorkspaceId, IpAddr), Instant>,
    windows: HashMap<WorkspaceId, Window>,
}

/// The last minutes of a workspace.
#[derive(Debug, Default, Clone, Copy)]
struct Window {
    /// The present minute.
    minute: u64,
    /// Refused and strange visits, by minute.
    counts: [(u32, u32); MINUTES],
    /// Strange visits in a minute, as a rule.
    usual: f64,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            state: Mutex::default(),
        }
    }
}

impl Pressure {
    /// Somebody wants to begin a visit. `network` is what their address is counted for.
    pub fn note_visit(&self, workspace: WorkspaceId, network: IpAddr, now: Instant) {
        let mut state = self.lock();
        let place = (workspace, network);
        let before = state.networks.get(&place);
        let is_known = before.is_some_and(|at| now.saturating_duration_since(*at) < KNOWN_FOR);
        if state.networks.len() >= MOST_NETWORKS && !state.networks.contains_key(&place) {
            state.forget_half();
        }
        state.networks.insert(place, now);
        let window = self.window(&mut state, workspace, now);
        window.counts[0].1 += u32::from(!is_known);
    }

    /// A visit was refused, since too many came from one network.
    pub fn note_refused(&self, workspace: WorkspaceId, now: Instant) {
        let mut state = self.lock();
        self.window(&mut state, workspace, now).counts[0].0 += 1;
    }

    /// 0 while nothing is unusual; at the limit 1, and one more each time that it is twice as much.
    pub fn level(&self, workspace: WorkspaceId, now: Instant) -> u32 {
        let mut state = self.lock();
        self.window(&mut state, workspace, now).level()
    }

    fn window<'s>(
        &self,
        state: &'s mut State,
        workspace: WorkspaceId,
        now: Instant,
    ) -> &'s mut Window {
        let minute = now.saturating_duration_since(self.since).as_secs() / 60;
        let window = state.windows.entry(workspace).or_default();
        window.advance(minute);
        window
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_half(&mut self) {
        let mut times: Vec<Instant> = self.networks.values().copied().collect();
        let half = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(half);
        let middle = *middle;
        self.networks.retain(|_, at| *at > middle);
    }
}

impl Window {
    fn advance(&mut self, minute: u64) {
        let passed = minute.saturating_sub(self.minute);
        if passed == 0 {
            return;
        }
        let keeps = 1.0 - 1.0 / MEMORY;
        self.usual = self.usual * keeps + f64::from(self.counts[0].1) / MEMORY;
        // Minutes in which nothing happened.
        let empty = i32::try_from(passed - 1).unwrap_or(i32::MAX);
        self.usual *= keeps.powi(empty);
        let steps = usize::try_from(passed).unwrap_or(MINUTES).min(MINUTES);
        self.counts.rotate_right(steps);
        self.counts[..steps].fill((0, 0));
        self.minute = minute;
    }

    fn level(&self) -> u32 {
        let sum =
            |of: fn(&(u32, u32)) -> u32| self.counts.iter().map(of).map(f64::from).sum::<f64>();
        let (refused, strange): (f64, f64) = (sum(|one| one.0), sum(|one| one.1));
        #[expect(clippy::cast_precision_loss, reason = "five")]
        let usual = self.usual * MINUTES as f64;
        let ratio = (refused / REFUSED).max(strange / STRANGE.max(usual * UNUSUAL));
        if ratio < 1.0 {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 32, and not negative"
        )]
        let doubled = ratio.log2() as u32;
        1 + doubled
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn network(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn many_strangers_are_a_flood_for_some_minutes() {
        let (pressure, shop, other) = (Pressure::default(), WorkspaceId::new(), WorkspaceId::new());
        let now = pressure.since;
        for number in 0..119 {
            pressure.note_visit(shop, network(number), now);
        }
        assert_eq!(pressure.level(shop, now), 0);
        // Those that are known count once.
        for _ in 0..200 {
            pressure.note_visit(shop, network(1), now);
        }
        assert_eq!(pressure.level(shop, now), 0);
        pressure.note_visit(shop, network(1000), now);
        assert_eq!(
            (pressure.level(shop, now), pressure.level(other, now)),
            (1, 0)
        );
        for number in 1001..1121 {
            pressure.note_visit(shop, network(number), now);
        }
        assert_eq!(pressure.level(shop, now), 2);
        let minute = Duration::from_secs(60);
        assert_eq!(pressure.level(shop, now + minute * 4), 2);
        assert_eq!(pressure.level(shop, now + minute * 5), 0);
    }

    #[test]
    fn many_that_are_refused_are_a_flood() {
        let (pressure, shop) = (Pressure::default(), WorkspaceId::new());
        let now = pressure.since;
        for count in 1..=30 {
            pressure.note_refused(shop, now);
            assert_eq!(pressure.level(shop, now), u32::from(count == 30));
        }
    }

    #[test]
    fn what_is_usual_is_no_flood() {
        let (pressure, shop) = (Pressure::default(), WorkspaceId::new());
        let mut now = pressure.since;
        let mut next = 0;
        // A busy website: forty a minute, for a day.
        for _ in 0..24 * 60 {
            for _ in 0..40 {
                next += 1;
                pressure.note_visit(shop, network(next), now);
            }
            now += Duration::from_secs(60);
        }
        assert_eq!(pressure.level(shop, now), 0);
        for _ in 0..800 {
            next += 1;
            pressure.note_visit(shop, network(next), now);
        }
        assert_eq!(pressure.level(shop, now), 1);
        assert!(pressure.lock().networks.len() <= MOST_NETWORKS);
    }
}
