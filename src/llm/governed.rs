//! An embedder whose background work waits while somebody talks to the front desk.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Claim, EmbedAs, Embedder, Embeddings, LlmError, Priority};
use crate::worker::Governor;

pub struct Governed {
    inner: Arc<dyn Embedder>,
    governor: Governor,
}

impl Governed {
    pub fn new(inner: Arc<dyn Embedder>, governor: Governor) -> Self {
        Self { inner, governor }
    }
}

#[async_trait]
impl Embedder for Governed {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn dimensions(&self) -> usize {
        self.inner.dimensions()
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.inner.ready()
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        meant: EmbedAs,
        claim: Claim,
    ) -> Result<Embeddings, LlmError> {
        if claim.priority == Priority::Background {
            self.governor.background().await;
        }
        self.inner.embed(texts, meant, claim).await
    }
}
