//! Vectors of sentences that are compared with every message: phrases of workflows, examples of topics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Likeness;
use crate::knowledge::Search;
use crate::llm::Claim;

/// Vectors that are remembered; one and a half kilobytes each.
const MOST: usize = 2000;

/// They are the same for every message, so they are embedded once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meanings {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// By embedder and sentence.
    vectors: HashMap<(String, String), Vec<f32>>,
    /// By embedder.
    likeness: HashMap<String, Arc<Likeness>>,
}

impl Meanings {
    /// The vectors of sentences, without those that cannot be embedded now.
    pub(crate) async fn vectors<'s>(
        &self,
        sentences: impl Iterator<Item = &'s str>,
        search: &Search,
        claim: Claim,
    ) -> Vec<Vec<f32>> {
        let mut vectors = Vec::new();
        for sentence in sentences {
            vectors.extend(self.vector(sentence, search, claim).await);
        }
        vectors
    }

    async fn vector(&self, sentence: &str, search: &Search, claim: Claim) -> Option<Vec<f32>> {
        let key = (search.embedder_name(), sentence.to_owned());
        if let Some(known) = self.lock().vectors.get(&key).cloned() {
            return Some(known);
        }
        let vector = search.question_vector(sentence, claim).await?;
        let mut known = self.lock();
        if known.vectors.len() >= MOST {
            known.vectors.clear();
        }
        known.vectors.insert(key, vector.clone());
        Some(vector)
    }

    /// How this embedder's vectors are compared; `None` while it is unavailable.
    pub(crate) async fn likeness(&self, search: &Search, claim: Claim) -> Option<Arc<Likeness>> {
        let name = search.embedder_name();
        if let Some(known) = Likeness::known(&name) {
            return Some(known);
        }
        if let Some(known) = self.lock().likeness.get(&name).cloned() {
            return Some(known);
        }
        // Not the visitor's work, but as urgent.
        let claim = claim.priority.into();
        let vectors = search
            .question_vectors(Likeness::sentences(), claim)
            .await?;
        let made = Arc::new(Likeness::of(&vectors)?);
        self.lock().likeness.insert(name, Arc::clone(&made));
        Some(made)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
