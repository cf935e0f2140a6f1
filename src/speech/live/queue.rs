//! Decides which utterance is heard next. One pass runs at a time. Finished utterances go before
//! unfinished ones; within each group the oldest goes first. A session has at most one utterance waiting,
//! so this is fair.
//!
//! Pure: the hearing thread asks it what to do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Utterance;

/// How many bytes at the start of two utterances decide whether one continues the other: 250 ms.
const SAME: usize = 8_000;

/// An utterance that waits or is being heard.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) utterance: Utterance,
    pub(super) model: String,
    /// Stops the running pass.
    pub(super) stop: Arc<AtomicBool>,
}

impl Job {
    pub(super) fn new(id: u64, utterance: Utterance, model: String) -> Self {
        Self {
            id,
            utterance,
            model,
            stop: Arc::default(),
        }
    }

    /// Whether this utterance begins with the sound of the earlier one. Digital silence does not count:
    /// every session may begin with it.
    fn continues(&self, earlier: &Utterance) -> bool {
        let (new, old) = (&self.utterance.pcm, &earlier.pcm);
        let head = old.len().min(SAME);
        head > 0
            && new.len() >= old.len()
            && new.get(..head) == old.get(..head)
            && old.iter().take(head).any(|&byte| byte != 0)
    }
}

/// What happens to the result of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Somebody waits for it.
    Wanted,
    /// It was cancelled or superseded.
    Dropped,
    /// It was stopped for a finished utterance and runs again later.
    GaveWay,
}

#[derive(Debug)]
struct Running {
    id: u64,
    utterance: Utterance,
    stop: Arc<AtomicBool>,
    fate: Fate,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    running: Option<Running>,
}

impl Queue {
    /// Adds an utterance; returns the ids of the waiting ones that it supersedes.
    pub(super) fn push(&mut self, job: Job) -> Vec<u64> {
        let mut superseded = Vec::new();
        self.waiting.retain(|old| {
            let stale = old.utterance.partial && job.continues(&old.utterance);
            if stale {
                superseded.push(old.id);
            }
            !stale
        });
        if let Some(running) = &mut self.running
            && running.utterance.partial
            && running.fate != Fate::Dropped
        {
            if job.continues(&running.utterance) {
                running.end(Fate::Dropped);
            } else if !job.utterance.partial {
                running.end(Fate::GaveWay);
            }
        }
        self.waiting.push_back(job);
        superseded
    }

    /// Cancels an utterance; true if it was still waiting. A running pass is stopped, and ends later.
    pub(super) fn cancel(&mut self, id: u64) -> bool {
        if let Some(running) = self.running.as_mut().filter(|r| r.id == id) {
            running.end(Fate::Dropped);
            return false;
        }
        let before = self.waiting.len();
        self.waiting.retain(|job| job.id != id);
        self.waiting.len() < before
    }

    /// Takes the next utterance and marks it as running.
    pub(super) fn begin(&mut self) -> Option<Job> {
        let done = self.waiting.iter().position(|job| !job.utterance.partial);
        let job = self.waiting.remove(done.unwrap_or(0))?;
        job.stop.store(false, Ordering::Relaxed);
        self.running = Some(Running {
            id: job.id,
            utterance: job.utterance.clone(),
            stop: Arc::clone(&job.stop),
            fate: Fate::Wanted,
        });
        Some(job)
    }

    /// Ends a pass. A job that gave way goes back to the front of the queue, unless it `finished` before
    /// it noticed the stop.
    pub(super) fn end(&mut self, job: Job, finished: bool) -> Fate {
        let fate = self.running.take().map_or(Fate::Dropped, |r| r.fate);
        match fate {
            Fate::GaveWay if finished => Fate::Wanted,
            Fate::GaveWay => {
                self.waiting.push_front(job);
                fate
            }
            other => other,
        }
    }
}

impl Running {
    fn end(&mut self, fate: Fate) {
        self.fate = fate;
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: u64, sound: &[u8], partial: bool) -> Job {
        let utterance = Utterance {
            pcm: sound.to_vec().into(),
            partial,
            ..Utterance::default()
        };
        Job::new(id, utterance, "tiny".into())
    }

    fn begin(queue: &mut Queue) -> Job {
        queue.begin().unwrap()
    }

    #[test]
    fn finished_utterances_go_first_and_the_oldest_of_equals() {
        let mut queue = Queue::default();
        for (id, sound, partial) in [
            (1, b"a", true),
            (2, b"b", false),
            (3, b"c", true),
            (4, b"d", false),
        ] {
            assert!(queue.push(job(id, sound, partial)).is_empty());
        }
        let mut order = Vec::new();
        while let Some(job) = queue.begin() {
            order.push(job.id);
            assert_eq!(queue.end(job, true), Fate::Wanted);
        }
        assert_eq!(order, [2, 4, 1, 3]);
    }

    #[test]
    fn what_is_continued_is_worthless_waiting_or_running() {
        let mut queue = Queue::default();
        queue.push(job(1, b"hel", true));
        let first = begin(&mut queue);
        assert!(queue.push(job(2, b"hello", true)).is_empty());
        assert!(first.stop.load(Ordering::Relaxed));
        assert_eq!(queue.push(job(3, b"hello you", true)), [2]);
        assert_eq!(queue.end(first, false), Fate::Dropped);
        assert_eq!(begin(&mut queue).id, 3);
    }

    #[test]
    fn a_finished_utterance_ends_a_strangers_pass_which_is_made_again_in_front() {
        let mut queue = Queue::default();
        queue.push(job(1, b"one", true));
        let first = begin(&mut queue);
        queue.push(job(2, b"two", true));
        assert!(!first.stop.load(Ordering::Relaxed));
        queue.push(job(3, b"three", false));
        assert!(first.stop.load(Ordering::Relaxed));
        assert_eq!(queue.end(first, false), Fate::GaveWay);
        let mut order = Vec::new();
        while let Some(job) = queue.begin() {
            assert!(!job.stop.load(Ordering::Relaxed));
            order.push(job.id);
            queue.end(job, true);
        }
        assert_eq!(order, [3, 1, 2]);
    }

    #[test]
    fn a_pass_that_was_complete_before_it_had_to_give_way_counts() {
        let mut queue = Queue::default();
        queue.push(job(1, b"one", true));
        let first = begin(&mut queue);
        queue.push(job(2, b"two", false));
        assert_eq!(queue.end(first, true), Fate::Wanted);
    }

    #[test]
    fn a_cancel_stops_what_runs_and_removes_what_waits() {
        let mut queue = Queue::default();
        queue.push(job(1, b"one", false));
        let first = begin(&mut queue);
        queue.push(job(2, b"two", false));
        assert!(queue.cancel(2));
        assert!(!queue.cancel(1));
        assert!(!queue.cancel(9));
        assert!(first.stop.load(Ordering::Relaxed));
        assert_eq!(queue.end(first, true), Fate::Dropped);
        assert!(queue.begin().is_none());
    }

    #[test]
    fn silence_is_nobodys_beginning() {
        let mut queue = Queue::default();
        queue.push(job(1, &[0; 4], true));
        assert!(queue.push(job(2, &[0; 8], true)).is_empty());
    }
}
