//! Sends messages to the caller's side, in order and without waiting for it.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::line::Outgoing;

/// A receiver that accepts nothing for this long, in ms, is gone.
const PATIENCE_MS: u64 = 10_000;
/// Most messages waiting; while any waits, no sound is made.
const MOST: usize = 1024;

/// Sends without waiting, and queues what does not fit.
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

    /// Sends the message, or queues it until there is room.
    pub(super) fn send(&mut self, message: Outgoing) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(message);
        }
        self.flush();
    }

    /// Sends as many queued messages as fit.
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

    /// Drops queued sound of an interrupted answer.
    pub(super) fn forget(&mut self, answer: u32) {
        self.waiting
            .retain(|m| !matches!(m, Outgoing::Audio { answer: a, .. } if *a == answer));
    }

    /// Whether messages wait for room.
    pub(super) fn is_stuck(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the receiver left, or has stopped accepting messages.
    pub(super) fn is_gone(&mut self, now: u64) -> bool {
        if self.waiting.is_empty() {
            return self.gone;
        }
        let since = *self.stuck_since.get_or_insert(now);
        self.gone || now.saturating_sub(since) >= PATIENCE_MS
    }
}
