//! The re-ranker as the main process sees it.

use std::sync::PoisonError;
use std::time::Instant;

use async_trait::async_trait;

use super::MOST_TEXTS;
use crate::llm::local::protocol::{Event, Request};
use crate::llm::local::{Local, State, ended};
use crate::llm::{LlmError, Priority, RerankFigures, Reranker};

/// A handle on the re-ranking model of the worker process.
pub(in crate::llm::local) struct LocalReranker(pub(in crate::llm::local) Local);

#[async_trait]
impl Reranker for LocalReranker {
    fn name(&self) -> String {
        let prepared = match &*self.0.state.borrow() {
            State::Serving { prepared, .. } => {
                prepared.rerank.as_ref().ok().map(|w| w.name.clone())
            }
            State::Preparing => None,
        };
        prepared.unwrap_or_else(|| self.0.rerank_name.to_string())
    }

    fn weights_hash(&self) -> Option<String> {
        match &*self.0.state.borrow() {
            State::Serving { prepared, .. } => {
                prepared.rerank.as_ref().ok().map(|w| w.sha256.clone())
            }
            State::Preparing => None,
        }
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.condition(
            |prepared| prepared.rerank.as_ref().err().cloned(),
            |detail| {
                let loaded = detail.rerank.as_ref();
                loaded.and_then(|r| r.as_ref().err().cloned())
            },
        )
    }

    async fn score(
        &self,
        query: String,
        texts: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<f32>, LlmError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        if texts.len() > MOST_TEXTS {
            return Err(LlmError::Invalid(format!(
                "{} texts are too many to compare at once; send at most {MOST_TEXTS}",
                texts.len()
            )));
        }
        let since = Instant::now();
        let wanted = texts.len();
        let request = Request::Rerank {
            query,
            texts,
            priority,
        };
        let mut exchange = self.0.exchange(request).await?;
        match exchange.next().await {
            Some(Ok(Event::Scores(scores))) if scores.len() == wanted => {
                let waited = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                let done = &self.0.reranked;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.requests += 1;
                done.texts += wanted as u64;
                done.waited_ms = done.waited_ms.saturating_add(waited);
                Ok(scores)
            }
            Some(Ok(Event::Error(error))) => Err(error),
            Some(Ok(_)) | None => Err(LlmError::Interrupted("the engine gave no scores".into())),
            Some(Err(error)) => Err(ended(&error)),
        }
    }

    fn figures(&self) -> RerankFigures {
        *self
            .0
            .reranked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
