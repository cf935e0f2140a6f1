//! The reader as the main process sees it.

use std::sync::PoisonError;
use std::time::Instant;

use async_trait::async_trait;

use super::MOST_TEXTS;
use crate::llm::local::protocol::{Event, ReaderState, Request};
use crate::llm::local::{Local, Part, ReaderWeights, worker_error};
use crate::llm::{Claim, LlmError, ReadFigures, ReadPassage, Reader, Span};
use crate::reason::Reason;

/// A handle on the reader of the worker process.
pub(in crate::llm::local) struct LocalReader(pub(in crate::llm::local) Local);

impl LocalReader {
    /// The reader that serves, or will once the process has loaded it.
    fn weights(&self) -> Option<ReaderWeights> {
        let prepared = self.0.engine.prepared()?;
        match self.state() {
            Some(ReaderState::Spare(_)) => prepared.spare_reader.clone(),
            _ => prepared.reader.as_ref().ok().cloned(),
        }
    }

    /// What the process has loaded.
    fn state(&self) -> Option<ReaderState> {
        self.0.engine.ready().ok()?.reader
    }
}

#[async_trait]
impl Reader for LocalReader {
    fn name(&self) -> String {
        let name = || self.0.reader_name.to_string();
        self.weights().map_or_else(name, |w| w.weights.name)
    }

    fn weights_hash(&self) -> Option<String> {
        self.weights().map(|w| w.weights.sha256)
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.ready(Part::Reader)
    }

    fn trouble(&self) -> Option<Reason> {
        match self.state() {
            Some(ReaderState::Failed(reason)) => Some(reason),
            Some(ReaderState::Spare(reason)) => {
                let told = format!("{reason}; {} reads instead", self.name());
                Some(Reason::told(told, reason))
            }
            _ => self.0.engine.prepared()?.passed_over.clone(),
        }
    }

    fn is_calibrated(&self) -> bool {
        self.weights().is_none_or(|w| w.is_calibrated)
    }

    async fn read(
        &self,
        question: String,
        passages: Vec<ReadPassage>,
        claim: Claim,
    ) -> Result<Vec<Vec<Span>>, LlmError> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        if passages.len() > MOST_TEXTS {
            let told = format!(
                "{} passages are too many to read at once; send at most {MOST_TEXTS}",
                passages.len()
            );
            return Err(LlmError::Invalid(told.into()));
        }
        let since = Instant::now();
        let wanted = passages.len();
        let request = Request::Read {
            question,
            passages,
            claim,
        };
        let mut exchange = self.0.exchange(request).await?;
        match exchange.next().await {
            Some(Ok(Event::Read { spans, tokens })) if spans.len() == wanted => {
                self.0.charge(claim, tokens);
                let waited = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                let done = &self.0.figures;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.requests += 1;
                done.passages += wanted as u64;
                done.waited_ms = done.waited_ms.saturating_add(waited);
                Ok(spans)
            }
            Some(Ok(Event::Error(error))) => Err(error),
            Some(Ok(_)) | None => Err(LlmError::Interrupted("the reader returned no spans".into())),
            Some(Err(error)) => Err(worker_error(error)),
        }
    }

    fn figures(&self) -> ReadFigures {
        *self
            .0
            .figures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
