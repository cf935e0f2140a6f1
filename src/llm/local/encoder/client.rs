//! The reader as the main process sees it.

use std::sync::PoisonError;
use std::time::Instant;

use async_trait::async_trait;

use super::MOST_TEXTS;
use crate::llm::local::protocol::{Event, Request};
use crate::llm::local::{Local, Part, worker_error};
use crate::llm::{Claim, LlmError, ReadFigures, ReadPassage, Reader, Span};

/// A handle on the reader of the worker process.
pub(in crate::llm::local) struct LocalReader(pub(in crate::llm::local) Local);

#[async_trait]
impl Reader for LocalReader {
    fn name(&self) -> String {
        let weights = self.0.weights(Part::Reader);
        weights.map_or_else(|| self.0.reader_name.to_string(), |w| w.name)
    }

    fn weights_hash(&self) -> Option<String> {
        self.0.weights(Part::Reader).map(|w| w.sha256)
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.ready(Part::Reader)
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
