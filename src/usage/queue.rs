//! A waiting line with few places: whoever was given least lately goes first, and everybody knows how many
//! are before them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Fair, Flow};

/// What a place is thought to be held for before anything is known.
const FIRST_GUESS: Duration = Duration::from_secs(2);
/// Weight of the latest time in the mean.
const LATEST: f64 = 0.2;

/// How many may run and wait.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// That run at a time.
    pub places: usize,
    /// More that run at a time, for what is small.
    pub spare: usize,
    /// Of one network that run at a time.
    pub places_of_network: usize,
    /// Of one visitor that run or wait; one of them runs at a time.
    pub of_visitor: usize,
    /// Of one network that run or wait.
    pub of_network: usize,
    /// Of all visitors that wait.
    pub waiting: usize,
    /// Of one of staff, or of one program, that run or wait.
    pub of_member: usize,
}

/// How much somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Done in a moment: it may take a spare place, so that it need not wait until what is large is done.
    Small,
    /// Any.
    Usual,
}

/// Why there is no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFull {
    /// The caller, or their network, has enough that run or wait.
    Own,
    /// Too many wait; this is about how long they will take.
    All(Duration),
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// So many go first, and it takes about so long.
    Waits {
        /// Those that go first.
        ahead: usize,
        /// Until it runs.
        about: Duration,
    },
    /// It has its place.
    Runs,
}

/// A waiting line of visitors, and where it says so of staff and programs, whom [`Fair`] lets go first.
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
    /// By ms that places were held.
    fair: Fair,
    /// Mean time that a place is held, in seconds.
    mean: f64,
}

#[derive(Debug)]
struct Running {
    id: u64,
    flow: Flow,
    since: Instant,
    /// Until when the place was charged for.
    charged: Instant,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    flow: Flow,
    size: Size,
    place: watch::Sender<Place>,
}

/// A place in the line, or among those that run; dropping it gives it up.
#[derive(Debug)]
pub struct Ticket {
    queue: Arc<FairQueue>,
    id: u64,
    place: watch::Receiver<Place>,
}

impl FairQueue {
    /// An empty line.
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
    ///
    /// # Errors
    /// When too many of the caller, of the network or of all run or wait.
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
            return Err(QueueFull::All(self.about(&state, waiting)));
        }
        let id = state.next_id;
        state.next_id += 1;
        let (sender, place) = watch::channel(Place::Waits {
            ahead: waiting,
            about: self.about(&state, waiting),
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

    /// Gives free places away and tells those who wait where they stand.
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
            place.send_replace(Place::Runs);
        }
        for (ahead, at) in order(state, now).into_iter().enumerate() {
            let about = self.about(state, ahead);
            if let Some(waiting) = state.waiting.get(at) {
                let place = Place::Waits { ahead, about };
                waiting.place.send_if_modified(|told| {
                    let changed = *told != place;
                    *told = place;
                    changed
                });
            }
        }
    }

    /// Whether there is a place for it. One of a visitor runs at a time, so that messages are answered in order.
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

    fn about(&self, state: &State, ahead: usize) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
        let rounds = (ahead + 1) as f64 / self.limits.places as f64;
        Duration::from_secs_f64((rounds * state.mean).ceil())
    }
}

impl State {
    /// Charges those that run for the time since they were charged last.
    fn charge(&mut self, now: Instant) {
        for running in &mut self.running {
            let held = now.saturating_duration_since(running.charged);
            self.fair
                .charge(running.flow, held.as_secs_f64() * 1000.0, now);
            running.charged = now;
        }
    }
}

/// Those who wait, in the order in which they are due: by standing, then by arrival.
fn order(state: &State, now: Instant) -> Vec<usize> {
    let mut order: Vec<usize> = (0..state.waiting.len()).collect();
    order.sort_by_key(|at| {
        let waiting = state.waiting.get(*at);
        waiting.map(|waiting| state.fair.standing(waiting.flow, now))
    });
    order
}

impl Ticket {
    /// Where it stands.
    pub fn place(&mut self) -> Place {
        *self.place.borrow_and_update()
    }

    /// Where it stands, as soon as that differs from what was told last.
    pub async fn changed(&mut self) -> Place {
        // Once it runs nothing changes any more, and the sender is gone.
        let _ = self.place.changed().await;
        self.place()
    }

    /// Waits until it runs.
    pub async fn runs(&mut self) {
        while self.place() != Place::Runs {
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
