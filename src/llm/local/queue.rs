//! Who is served next: higher priority first, first come first served within one, and nobody starves.

use std::time::{Duration, Instant};

use crate::llm::Priority;

/// A request that has waited this long counts as one priority higher, and so on.
const PATIENCE: Duration = Duration::from_secs(15);

/// A bounded waiting line.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Vec<Waiting<T>>,
    limit: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    priority: Priority,
    since: Instant,
    item: T,
}

fn rank(priority: Priority) -> u128 {
    match priority {
        Priority::Background => 0,
        Priority::Api => 1,
        Priority::Chat => 2,
        Priority::Voice => 3,
    }
}

impl<T> Queue<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: Vec::new(),
            limit,
        }
    }

    /// Takes a place in the line, or gives the item back when the line is full.
    pub(super) fn push(&mut self, priority: Priority, item: T, now: Instant) -> Result<(), T> {
        if self.waiting.len() >= self.limit {
            return Err(item);
        }
        self.waiting.push(Waiting {
            priority,
            since: now,
            item,
        });
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Offers the items to `take` in the order in which they are due, until one is taken.
    pub(super) fn offer<R>(
        &mut self,
        now: Instant,
        mut take: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<(T, R)> {
        let mut order: Vec<usize> = (0..self.waiting.len()).collect();
        order.sort_by_key(|&i| self.waiting.get(i).map(|w| std::cmp::Reverse(w.due(now))));
        for i in order {
            if let Some(taken) = self.waiting.get_mut(i).and_then(|w| take(&mut w.item)) {
                return Some((self.waiting.remove(i).item, taken));
            }
        }
        None
    }

    /// Takes out what no longer wants to wait.
    pub(super) fn remove(&mut self, mut gone: impl FnMut(&T) -> bool) -> Vec<T> {
        let (out, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|w| gone(&w.item));
        self.waiting = rest;
        out.into_iter().map(|w| w.item).collect()
    }
}

impl<T> Waiting<T> {
    fn due(&self, now: Instant) -> (u128, std::cmp::Reverse<Instant>) {
        let waited = now.saturating_duration_since(self.since);
        let aged = waited.as_millis() / PATIENCE.as_millis();
        (rank(self.priority) + aged, std::cmp::Reverse(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(queue: &mut Queue<&'static str>, now: Instant) -> Option<&'static str> {
        queue.offer(now, |_| Some(())).map(|(item, ())| item)
    }

    #[test]
    fn priority_then_arrival() {
        let now = Instant::now();
        let later = now + Duration::from_millis(5);
        let mut queue = Queue::new(8);
        queue.push(Priority::Api, "api", now).unwrap();
        queue.push(Priority::Chat, "chat 2", later).unwrap();
        queue.push(Priority::Chat, "chat 1", now).unwrap();
        queue.push(Priority::Voice, "voice", later).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| next(&mut queue, later)).collect();
        assert_eq!(order, ["voice", "chat 1", "chat 2", "api"]);
    }

    #[test]
    fn who_waits_long_rises() {
        let start = Instant::now();
        let now = start + PATIENCE * 2;
        let mut queue = Queue::new(8);
        queue.push(Priority::Background, "old", start).unwrap();
        queue.push(Priority::Api, "new", now).unwrap();
        assert_eq!(next(&mut queue, now), Some("old"));
    }

    #[test]
    fn a_full_line_gives_the_item_back_and_a_refused_item_does_not_block_others() {
        let now = Instant::now();
        let mut queue = Queue::new(2);
        queue.push(Priority::Chat, "big", now).unwrap();
        queue.push(Priority::Chat, "small", now).unwrap();
        assert_eq!(queue.push(Priority::Voice, "third", now), Err("third"));
        let taken = queue.offer(now, |item| (*item == "small").then_some(()));
        assert_eq!(taken, Some(("small", ())));
        assert_eq!(queue.remove(|item| *item == "big"), ["big"]);
        assert_eq!(queue.len(), 0);
    }
}
