//! Decides which request is served next: live speech first, background work last, and within each group
//! the flow that was served least lately. Nobody starves.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use crate::llm::{Claim, Priority};
use crate::usage::{Fair, Flow, Standing};

/// For each such period that a request has waited, it rises one rank.
const PATIENCE: Duration = Duration::from_secs(15);

/// A bounded queue.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Vec<Waiting<T>>,
    limit: usize,
    /// Counts tokens.
    fair: Fair,
}

#[derive(Debug)]
struct Waiting<T> {
    claim: Claim,
    since: Instant,
    item: T,
}

fn rank(priority: Priority) -> u128 {
    match priority {
        Priority::Background => 0,
        Priority::Api | Priority::Chat => 1,
        Priority::Voice => 2,
    }
}

impl<T> Queue<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: Vec::new(),
            limit,
            fair: Fair::default(),
        }
    }

    /// Adds an item, or gives it back if the queue is full.
    pub(super) fn push(&mut self, claim: Claim, item: T, now: Instant) -> Result<(), T> {
        if self.waiting.len() >= self.limit {
            return Err(item);
        }
        self.waiting.push(Waiting {
            claim,
            since: now,
            item,
        });
        Ok(())
    }

    /// Records tokens that were computed for a flow.
    pub(super) fn charge(&mut self, flow: Flow, tokens: usize, now: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "a batch has some hundreds")]
        self.fair.charge(flow, tokens as f64, now);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Offers the items to `take`, most urgent first, until it takes one.
    pub(super) fn offer<R>(
        &mut self,
        now: Instant,
        mut take: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<(T, R)> {
        let mut order: Vec<usize> = (0..self.waiting.len()).collect();
        let fair = &self.fair;
        order.sort_by_key(|&i| self.waiting.get(i).map(|w| w.urgency(fair, now)));
        for i in order {
            if let Some(taken) = self.waiting.get_mut(i).and_then(|w| take(&mut w.item)) {
                return Some((self.waiting.remove(i).item, taken));
            }
        }
        None
    }

    /// Removes the items for which `gone` holds.
    pub(super) fn remove(&mut self, mut gone: impl FnMut(&T) -> bool) -> Vec<T> {
        let (out, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|w| gone(&w.item));
        self.waiting = rest;
        out.into_iter().map(|w| w.item).collect()
    }
}

impl<T> Waiting<T> {
    /// Sort key; the smallest goes first.
    fn urgency(&self, fair: &Fair, now: Instant) -> (Reverse<u128>, Standing, Instant) {
        let waited = now.saturating_duration_since(self.since);
        let aged = waited.as_millis() / PATIENCE.as_millis();
        let standing = fair.standing(self.claim.flow, now);
        (
            Reverse(rank(self.claim.priority) + aged),
            standing,
            self.since,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{VisitorId, WorkspaceId};

    fn next(queue: &mut Queue<&'static str>, now: Instant) -> Option<&'static str> {
        queue.offer(now, |_| Some(())).map(|(item, ())| item)
    }

    #[test]
    fn priority_then_arrival() {
        let now = Instant::now();
        let later = now + Duration::from_millis(5);
        let mut queue = Queue::new(8);
        let house = |priority: Priority| Claim::from(priority);
        queue
            .push(house(Priority::Background), "eval", now)
            .unwrap();
        queue.push(house(Priority::Chat), "chat 2", later).unwrap();
        queue.push(house(Priority::Api), "chat 1", now).unwrap();
        queue.push(house(Priority::Voice), "voice", later).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| next(&mut queue, later)).collect();
        assert_eq!(order, ["voice", "chat 1", "chat 2", "eval"]);
    }

    #[test]
    fn within_a_priority_whoever_was_given_least_is_next() {
        let now = Instant::now();
        let shop = WorkspaceId::new();
        let at = |last| Flow::visitor(shop, [10, 0, 0, last].into(), VisitorId::new());
        let (busy, calm) = (at(1), at(2));
        let mut queue = Queue::new(8);
        queue
            .push(Claim::new(Priority::Chat, busy), "busy", now)
            .unwrap();
        queue
            .push(Claim::new(Priority::Chat, calm), "calm", now)
            .unwrap();
        queue.charge(busy, 900, now);
        let order: Vec<_> = std::iter::from_fn(|| next(&mut queue, now)).collect();
        assert_eq!(order, ["calm", "busy"]);
    }

    #[test]
    fn who_waits_long_rises() {
        let start = Instant::now();
        let now = start + PATIENCE * 2;
        let mut queue = Queue::new(8);
        queue
            .push(Priority::Background.into(), "old", start)
            .unwrap();
        queue.push(Priority::Api.into(), "new", now).unwrap();
        assert_eq!(next(&mut queue, now), Some("old"));
    }

    #[test]
    fn a_full_line_gives_the_item_back_and_a_refused_item_does_not_block_others() {
        let now = Instant::now();
        let mut queue = Queue::new(2);
        queue.push(Priority::Chat.into(), "big", now).unwrap();
        queue.push(Priority::Chat.into(), "small", now).unwrap();
        assert_eq!(
            queue.push(Priority::Voice.into(), "third", now),
            Err("third")
        );
        let taken = queue.offer(now, |item| (*item == "small").then_some(()));
        assert_eq!(taken, Some(("small", ())));
        assert_eq!(queue.remove(|item| *item == "big"), ["big"]);
        assert_eq!(queue.len(), 0);
    }
}
