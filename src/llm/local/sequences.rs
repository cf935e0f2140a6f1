//! Keeps track of which tokens are in the key-value cache, by sequence.
//!
//! A sequence keeps its tokens after its answer has ended, so that the next turn of the conversation and
//! other conversations with the same prompt prefix can reuse them. This file only keeps the books;
//! [`super::chat`] changes the cache itself.
//!
//! A finished conversation stays until its place is needed, because on a processor reading the prompt is what takes seconds.

/// In llama.cpp's cache.
pub(super) type SequenceId = usize;

pub(super) type Token = i32;

#[derive(Debug, Default, Clone)]
struct Sequence {
    /// Tokens whose keys and values are in the cache.
    cached: Vec<Token>,
    /// The whole prompt that is being computed; empty if there is none.
    planned: Vec<Token>,
    /// Cells that the running answer may use in all.
    reserved: usize,
    busy: bool,
    last_used: u64,
}

#[derive(Debug)]
pub(super) struct Sequences {
    all: Vec<Sequence>,
    cells: usize,
    /// Cells that finished answers may keep. Every generated token is compared with all cells in use,
    /// including those of other conversations, so a full cache is slow.
    resident: usize,
    clock: u64,
}

/// Where a new prompt goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) sequence: SequenceId,
    /// Where to copy the first `shared` tokens from; `None` if they are already in `sequence`.
    pub(super) copy_from: Option<SequenceId>,
    /// Prompt tokens that are already computed.
    pub(super) shared: usize,
    /// Sequences to empty first.
    pub(super) evict: Vec<SequenceId>,
}

/// Whether a new prompt can start now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Start(Placement),
    /// Another sequence is computing a prefix of this prompt: wait, then copy it.
    AwaitPrefix,
    /// No room; wait until an answer ends.
    Full,
}

/// Waiting for a shared prefix must save at least this many tokens.
const WORTH_WAITING: usize = 24;

impl Sequences {
    pub(super) fn new(count: usize, cells: usize, resident: usize) -> Self {
        Self {
            all: vec![Sequence::default(); count],
            cells,
            resident,
            clock: 0,
        }
    }

    /// Finds a place for `prompt`, whose answer may take `answer` more cells. Without `reuse`, every token
    /// is computed again: results from other batches differ in the last bits, so nothing else gives the
    /// same text twice.
    pub(super) fn admit(&self, prompt: &[Token], answer: usize, reuse: bool) -> Admission {
        // The last token is always computed: its logits choose the first token of the answer.
        let usable = prompt.len().saturating_sub(1);
        let usable = if reuse { usable } else { 0 };
        let best = (0..self.all.len())
            .map(|id| (self.count_shared(id, prompt).min(usable), id))
            .max_by_key(|&(shared, id)| (shared, self.continues(id, shared), id));
        let (shared, source) = best.unwrap_or((0, 0));
        let coming = self
            .all
            .iter()
            .map(|s| count_common(&s.planned, prompt))
            .max()
            .unwrap_or(0);
        if coming.min(usable) >= shared + WORTH_WAITING {
            return Admission::AwaitPrefix;
        }
        let reuse = self.continues(source, shared);
        let sequence = if reuse {
            Some(source)
        } else {
            self.find_idle((shared > 0).then_some(source))
        };
        // If only the source is idle, truncate it rather than wait.
        let (sequence, shared) = match (sequence, self.all.get(source)) {
            (Some(id), _) => (id, shared),
            (None, Some(s)) if !s.busy => (source, shared),
            _ => return Admission::Full,
        };
        match self.make_room(prompt.len() + answer, &[sequence, source]) {
            Some(evict) => Admission::Start(Placement {
                sequence,
                copy_from: (shared > 0 && sequence != source).then_some(source),
                shared,
                evict,
            }),
            None => Admission::Full,
        }
    }

    /// Records that a placement was carried out.
    pub(super) fn start(&mut self, placement: &Placement, prompt: &[Token], answer: usize) {
        for &id in &placement.evict {
            if let Some(s) = self.all.get_mut(id) {
                s.cached.clear();
            }
        }
        self.clock += 1;
        let clock = self.clock;
        if let Some(source) = placement.copy_from.and_then(|id| self.all.get_mut(id)) {
            source.last_used = clock;
        }
        if let Some(s) = self.all.get_mut(placement.sequence) {
            s.cached = prompt.get(..placement.shared).unwrap_or_default().to_vec();
            s.planned = prompt.to_vec();
            s.reserved = prompt.len() + answer;
            s.busy = true;
            s.last_used = clock;
        }
    }

    /// Records tokens that were computed.
    pub(super) fn extend(&mut self, id: SequenceId, tokens: &[Token]) {
        if let Some(s) = self.all.get_mut(id) {
            s.cached.extend_from_slice(tokens);
        }
    }

    /// Records that an answer ended. Its tokens stay for later turns.
    pub(super) fn release(&mut self, id: SequenceId) {
        self.clock += 1;
        if let Some(s) = self.all.get_mut(id) {
            s.busy = false;
            s.reserved = 0;
            s.planned.clear();
            s.last_used = self.clock;
        }
    }

    /// Records that a sequence was emptied.
    pub(super) fn clear(&mut self, id: SequenceId) {
        if let Some(s) = self.all.get_mut(id) {
            s.cached.clear();
        }
    }

    /// Records that the whole cache was emptied. Nothing may be running.
    pub(super) fn clear_all(&mut self) {
        for s in &mut self.all {
            s.cached.clear();
        }
    }

    /// The least recently used idle sequence that is not empty.
    pub(super) fn find_oldest_full(&self) -> Option<SequenceId> {
        self.idle()
            .filter(|(_, s)| !s.cached.is_empty())
            .min_by_key(|(_, s)| s.last_used)
            .map(|(id, _)| id)
    }

    fn idle(&self) -> impl Iterator<Item = (SequenceId, &Sequence)> {
        self.all.iter().enumerate().filter(|(_, s)| !s.busy)
    }

    fn count_shared(&self, id: SequenceId, prompt: &[Token]) -> usize {
        self.all
            .get(id)
            .map_or(0, |s| count_common(&s.cached, prompt))
    }

    /// Whether the prompt continues an idle sequence (a next turn). It then takes the sequence over instead
    /// of copying it. A few tokens at its end may differ, since a template formats a finished answer
    /// slightly differently from the generated one.
    fn continues(&self, id: SequenceId, shared: usize) -> bool {
        self.all
            .get(id)
            .is_some_and(|s| !s.busy && shared > 0 && shared + 8 >= s.cached.len())
    }

    /// The idle sequence to overwrite: an empty one if possible, else the least recently used.
    fn find_idle(&self, keep: Option<SequenceId>) -> Option<SequenceId> {
        self.idle()
            .filter(|(id, _)| keep != Some(*id))
            .min_by_key(|(_, s)| (!s.cached.is_empty(), s.last_used))
            .map(|(id, _)| id)
    }

    /// Idle sequences to empty so that `wanted` more cells fit; `None` if even that is not enough. Cells that
    /// sequences share count for each of them, so the estimate errs on the safe side.
    fn make_room(&self, wanted: usize, keep: &[SequenceId]) -> Option<Vec<SequenceId>> {
        let reserved: usize = self.all.iter().filter(|s| s.busy).map(|s| s.reserved).sum();
        let mut free = self
            .cells
            .checked_sub(reserved + wanted)?
            .min(self.resident);
        let mut idle: Vec<_> = self
            .idle()
            .filter(|(id, s)| !keep.contains(id) && !s.cached.is_empty())
            .collect();
        idle.sort_by_key(|(_, s)| std::cmp::Reverse(s.last_used));
        let mut evict = Vec::new();
        for (id, s) in idle {
            match free.checked_sub(s.cached.len()) {
                Some(rest) => free = rest,
                None => evict.push(id),
            }
        }
        Some(evict)
    }
}

/// Length of the common prefix.
fn count_common(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(prefix: usize, rest: &[Token]) -> Vec<Token> {
        (0..prefix as Token).chain(rest.iter().copied()).collect()
    }

    fn start(books: &mut Sequences, tokens: &[Token]) -> Placement {
        let Admission::Start(placement) = books.admit(tokens, 10, true) else {
            panic!("no place")
        };
        books.start(&placement, tokens, 10);
        placement
    }

    fn finish(books: &mut Sequences, placement: &Placement, tokens: &[Token]) {
        books.extend(placement.sequence, &tokens[placement.shared..]);
        books.release(placement.sequence);
    }

    #[test]
    fn a_next_turn_takes_its_own_sequence_over() {
        let mut books = Sequences::new(4, 1000, 1000);
        let first = prompt(50, &[100, 101]);
        let placed = start(&mut books, &first);
        finish(&mut books, &placed, &first);
        let second = prompt(50, &[100, 101, 102, 103]);
        let next = start(&mut books, &second);
        assert_eq!(
            (next.sequence, next.copy_from, next.shared),
            (placed.sequence, None, 52)
        );
    }

    #[test]
    fn another_conversation_copies_the_shared_prefix_and_leaves_the_first_intact() {
        let mut books = Sequences::new(4, 1000, 1000);
        let first = prompt(50, &[100; 40]);
        let placed = start(&mut books, &first);
        finish(&mut books, &placed, &first);
        let other = start(&mut books, &prompt(50, &[200; 40]));
        assert_ne!(other.sequence, placed.sequence);
        assert_eq!((other.copy_from, other.shared), (Some(placed.sequence), 50));
    }

    #[test]
    fn a_prefix_in_the_making_is_waited_for() {
        let mut books = Sequences::new(4, 1000, 1000);
        let placed = start(&mut books, &prompt(50, &[100; 40]));
        assert_eq!(
            books.admit(&prompt(50, &[200; 40]), 10, true),
            Admission::AwaitPrefix
        );
        books.extend(placed.sequence, &prompt(50, &[]));
        let Admission::Start(next) = books.admit(&prompt(50, &[200; 40]), 10, true) else {
            panic!()
        };
        assert_eq!((next.copy_from, next.shared), (Some(placed.sequence), 50));
    }

    #[test]
    fn the_same_prompt_again_computes_only_its_last_token() {
        let mut books = Sequences::new(2, 1000, 1000);
        let tokens = prompt(30, &[]);
        let placed = start(&mut books, &tokens);
        finish(&mut books, &placed, &tokens);
        assert_eq!(start(&mut books, &tokens).shared, 29);
    }

    #[test]
    fn without_reuse_everything_is_computed_and_nothing_is_waited_for() {
        let mut books = Sequences::new(3, 1000, 1000);
        let first = prompt(50, &[100]);
        start(&mut books, &first);
        let Admission::Start(next) = books.admit(&first, 10, false) else {
            panic!()
        };
        assert_eq!((next.copy_from, next.shared), (None, 0));
    }

    #[test]
    fn the_oldest_content_makes_room_and_running_answers_are_never_touched() {
        let mut books = Sequences::new(3, 100, 100);
        let a = prompt(0, &[1; 40]);
        let placed = start(&mut books, &a);
        finish(&mut books, &placed, &a);
        let running = start(&mut books, &prompt(0, &[2; 20]));
        let Admission::Start(third) = books.admit(&prompt(0, &[3; 40]), 10, true) else {
            panic!()
        };
        assert_eq!(third.evict, vec![placed.sequence]);
        assert_ne!(third.sequence, running.sequence);
    }

    #[test]
    fn finished_answers_keep_only_so_many_cells() {
        let mut books = Sequences::new(4, 1000, 50);
        let a = prompt(0, &[1; 40]);
        let first = start(&mut books, &a);
        finish(&mut books, &first, &a);
        let b = prompt(0, &[2; 40]);
        let second = start(&mut books, &b);
        finish(&mut books, &second, &b);
        let Admission::Start(third) = books.admit(&prompt(0, &[3; 40]), 10, true) else {
            panic!()
        };
        assert_eq!(third.evict, vec![first.sequence]);
    }

    #[test]
    fn a_prompt_that_does_not_fit_beside_running_answers_waits() {
        let mut books = Sequences::new(3, 100, 100);
        start(&mut books, &prompt(0, &[2; 60]));
        assert_eq!(books.admit(&prompt(0, &[3; 40]), 10, true), Admission::Full);
    }

    #[test]
    fn with_all_sequences_busy_a_prompt_waits() {
        let mut books = Sequences::new(1, 1000, 1000);
        start(&mut books, &prompt(0, &[2; 10]));
        assert_eq!(books.admit(&prompt(0, &[3; 10]), 10, true), Admission::Full);
    }
}
