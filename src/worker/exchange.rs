//! One request and the events that answer it.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use tokio::sync::mpsc;

use super::WorkerError;

/// A request in progress: a stream of events. Dropping it cancels the request.
#[derive(Debug)]
pub struct Exchange<E> {
    pub(super) id: u64,
    pub(super) events: mpsc::Receiver<Result<E, WorkerError>>,
    /// Gets the id on drop. Unbounded because `drop` cannot wait; it holds at most one number per open exchange.
    pub(super) cancel: mpsc::UnboundedSender<u64>,
    pub(super) ended: bool,
}

impl<E> Exchange<E> {
    /// The next event; `None` when the answer is complete.
    ///
    /// # Errors
    /// The first error ends the exchange.
    pub async fn next(&mut self) -> Option<Result<E, WorkerError>> {
        let next = self.events.recv().await;
        self.note(&next);
        next
    }

    fn note(&mut self, next: &Option<Result<E, WorkerError>>) {
        if !matches!(next, Some(Ok(_))) {
            self.ended = true;
        }
    }
}

impl<E> Stream for Exchange<E> {
    type Item = Result<E, WorkerError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.events.poll_recv(cx);
        if let Poll::Ready(item) = &next {
            self.note(item);
        }
        next
    }
}

impl<E> Drop for Exchange<E> {
    fn drop(&mut self) {
        if !self.ended {
            // If the supervisor has stopped, there is nothing to cancel.
            let _ = self.cancel.send(self.id);
        }
    }
}
