//! What goes to the caller's side, in order and without ever waiting for it.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::line::Outgoing;

/// A side that takes nothing for so many ms is gone.
const PATIENCE_MS: u64 = 10_000;
/// Messages that wait at most; sound is not made while any waits.
const MOST: usize = 1024;

/// Sends without waiting; keeps what does not fit.
pub(super) struct Outbox {
    line: mpsc::Sender<Outgoing>,
    waiting: VecDeque<Outgoing>,
    stuck_since: Option<u64>,
    gone: bool,
}

impl Outbox {
    pub(super) fn new(line: mpsc::Sender<Outgoing>) -> Self {
        Self {
            line,
            waiting: VecDeque::new(),
            stuck_since: None,
            gone: false,
        }
    }

    /// Sends, or keeps it until there is room.
    pub(super) fn send(&mut self, message: Outgoing) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(message);
        }
        self.flush();
    }

    /// Hands over what there is room for.
    pub(super) fn flush(&mut self) {
        while let Some(message) = self.waiting.pop_front() {
            match self.line.try_send(message) {
                Ok(()) => self.stuck_since = None,
                Err(TrySendError::Full(message)) => {
                    self.waiting.push_front(message);
                    return;
                }
                Err(TrySendError::Closed(_)) => {
                    self.gone = true;
                    self.waiting.clear();
                    return;
                }
            }
        }
        self.stuck_since = None;
        self.gone |= self.line.is_closed();
    }

    /// Forgets sound of an answer that was broken off.
    pub(super) fn forget(&mut self, answer: u32) {
        self.waiting
            .retain(|m| !matches!(m, Outgoing::Audio { answer: a, .. } if *a == answer));
    }

    /// Whether something waits for room.
    pub(super) fn is_stuck(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the other side left, or takes nothing any more.
    pub(super) fn is_gone(&mut self, now: u64) -> bool {
        if self.waiting.is_empty() {
            return self.gone;
        }
        let since = *self.stuck_since.get_or_insert(now);
        self.gone || now.saturating_sub(since) >= PATIENCE_MS
    }
}
