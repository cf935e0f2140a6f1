//! A queue with a few places to run in: the caller served least lately goes first, and every caller knows how
//! many are ahead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Fair, Flow};

/// Assumed time that a place is held, until there are measurements.
const FIRST_GUESS: Duration = Duration::from_secs(2);
/// Weight of the latest measurement in the moving mean.
const LATEST: f64 = 0.2;

#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// How many run at a time.
    pub places: usize,
    /// How many more may run at a time, if they are [`Size::Small`].
    pub spare: usize,
    /// How many of one network run at a time.
    pub places_of_network: usize,
    /// How many of one visitor run or wait; only one of them runs at a time.
    pub of_visitor: usize,
    /// How many of one network run or wait.
    pub of_network: usize,
    /// How many visitors wait in all.
    pub waiting: usize,
    /// How many of one staff member, or of one program, run or wait.
    pub of_member: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Quickly done: it may take a spare place, so that it does not wait behind large work.
    Small,
    Usual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFull {
    /// The caller, or their network, already has enough running or waiting.
    Own,
    /// Too many visitors wait; the duration is an estimate of how long they will take.
    All(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueuePlace {
    Waits {
        ahead: usize,
        /// Estimated time until it runs.
        about: Duration,
    },
    Runs,
}

/// A queue for visitors, staff and programs; [`Fair`] lets staff and programs go first.
#[derive(Debug)]
pub struct FairQueue {
    limits: QueueLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next_id: u64,
    running: Vec<Running>,
    /// In order of arrival.
    waiting: Vec<Waiting>,
    /// Charged in milliseconds that a place was held.
    fair: Fair,
    /// Moving mean of the time that a place is held, in seconds.
    mean: f64,
}

#[derive(Debug)]
struct Running {
    id: u64,
    flow: Flow,
    since: Instant,
    /// The time is charged up to here.
    charged: Instant,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    flow: Flow,
    size: Size,
    place: watch::Sender<QueuePlace>,
}

/// A place in the queue or among the running; dropping it gives the place up.
#[derive(Debug)]
pub struct Ticket {
    queue: Arc<FairQueue>,
    id: u64,
    place: watch::Receiver<QueuePlace>,
}

impl FairQueue {
    pub fn new(limits: QueueLimits) -> Self {
        let state = State {
            next_id: 0,
            running: Vec::new(),
            waiting: Vec::new(),
            fair: Fair::default(),
            mean: FIRST_GUESS.as_secs_f64(),
        };
        Self {
            limits,
            state: Mutex::new(state),
        }
    }

    /// Takes a ticket, which may run at once.
    pub fn join(self: &Arc<Self>, flow: Flow, size: Size) -> Result<Ticket, QueueFull> {
        let mut state = self.state();
        let count = |counts: &dyn Fn(Flow) -> bool| {
            let running = state.running.iter().map(|running| running.flow);
            let waiting = state.waiting.iter().map(|waiting| waiting.flow);
            running
                .chain(waiting)
                .filter(|other| counts(*other))
                .count()
        };
        let of_caller = count(&|other| other == flow);
        let of_network = count(&|other| other.network == flow.network);
        // Staff and programs all have network 0, so the limit per network does not apply to them.
        let has_enough = match flow.is_known() {
            true => of_caller >= self.limits.of_member,
            false => of_caller >= self.limits.of_visitor || of_network >= self.limits.of_network,
        };
        if has_enough {
            return Err(QueueFull::Own);
        }
        let waiting = state.waiting.len();
        let visitors = state.waiting.iter().filter(|w| !w.flow.is_known()).count();
        if !flow.is_known() && visitors >= self.limits.waiting {
            return Err(QueueFull::All(self.estimate_wait(&state, waiting)));
        }
        let id = state.next_id;
        state.next_id += 1;
        let (sender, place) = watch::channel(QueuePlace::Waits {
            ahead: waiting,
            about: self.estimate_wait(&state, waiting),
        });
        state.waiting.push(Waiting {
            id,
            flow,
            size,
            place: sender,
        });
        self.advance(&mut state, Instant::now());
        Ok(Ticket {
            queue: Arc::clone(self),
            id,
            place,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out the free places and tells the waiting where they stand.
    fn advance(&self, state: &mut State, now: Instant) {
        state.charge(now);
        loop {
            let due = order(state, now).into_iter().find(|at| {
                let waiting = state.waiting.get(*at);
                waiting.is_some_and(|waiting| self.may_run(state, waiting))
            });
            let Some(at) = due else { break };
            let Waiting {
                id, flow, place, ..
            } = state.waiting.remove(at);
            state.running.push(Running {
                id,
                flow,
                since: now,
                charged: now,
            });
            place.send_replace(QueuePlace::Runs);
        }
        // The order changed with the charges above, so every place is computed again.
        for (ahead, at) in order(state, now).into_iter().enumerate() {
            let about = self.estimate_wait(state, ahead);
            if let Some(waiting) = state.waiting.get(at) {
                let place = QueuePlace::Waits { ahead, about };
                waiting.place.send_if_modified(|known| {
                    let changed = *known != place;
                    *known = place;
                    changed
                });
            }
        }
    }

    /// Whether there is a free place for it. A visitor's messages run one at a time, so that they are answered in order.
    fn may_run(&self, state: &State, waiting: &Waiting) -> bool {
        let (flow, limits) = (waiting.flow, &self.limits);
        let places = match waiting.size {
            Size::Small => limits.places + limits.spare,
            Size::Usual => limits.places,
        };
        if state.running.len() >= places {
            return false;
        }
        let running = || state.running.iter().map(|running| running.flow);
        let of_network = running().filter(|other| other.network == flow.network);
        flow.is_known()
            || running().all(|other| other != flow) && of_network.count() < limits.places_of_network
    }

    fn estimate_wait(&self, state: &State, ahead: usize) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
        let rounds = (ahead + 1) as f64 / self.limits.places as f64;
        Duration::from_secs_f64((rounds * state.mean).ceil())
    }
}

impl State {
    /// Charges the running for the time since they were last charged.
    fn charge(&mut self, now: Instant) {
        for running in &mut self.running {
            let held = now.saturating_duration_since(running.charged);
            self.fair
                .charge(running.flow, held.as_secs_f64() * 1000.0, now);
            running.charged = now;
        }
    }
}

/// Positions in `waiting` in the order they are due: by standing, then (the sort is stable) by arrival.
fn order(state: &State, now: Instant) -> Vec<usize> {
    let mut order: Vec<usize> = (0..state.waiting.len()).collect();
    order.sort_by_key(|at| {
        let waiting = state.waiting.get(*at);
        waiting.map(|waiting| state.fair.standing(waiting.flow, now))
    });
    order
}

impl Ticket {
    pub fn place(&mut self) -> QueuePlace {
        *self.place.borrow_and_update()
    }

    /// Waits until its place changes, and returns the new one.
    pub async fn changed(&mut self) -> QueuePlace {
        // Once it runs nothing changes any more, and the sender is gone.
        let _ = self.place.changed().await;
        self.place()
    }

    pub async fn runs(&mut self) {
        while self.place() != QueuePlace::Runs {
            self.changed().await;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (mut state, now) = (self.queue.state(), Instant::now());
        state.waiting.retain(|waiting| waiting.id != self.id);
        if let Some(at) = state.running.iter().position(|r| r.id == self.id) {
            state.charge(now);
            let since = state.running.remove(at).since;
            let held = now.saturating_duration_since(since).as_secs_f64();
            state.mean += LATEST * (held - state.mean);
        }
        self.queue.advance(&mut state, now);
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
