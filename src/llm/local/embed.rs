//! Sentence embeddings with llama.cpp: texts in, vectors of length 1 out.

use std::num::NonZeroU32;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::llm::{Claim, Embeddings, LlmError};
use crate::reason::Reason;

/// The most tokens in one pass. The encoder sees a whole text at once, so this is also the longest text.
const BATCH: usize = 2048;
/// The most texts in one pass.
const TEXTS: usize = 64;

/// A request in progress, a few texts at a time.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) claim: Claim,
    texts: Vec<String>,
    result: Embeddings,
}

impl Job {
    pub(super) fn new(id: u64, texts: Vec<String>, claim: Claim) -> Self {
        Self {
            id,
            claim,
            texts,
            result: Embeddings::default(),
        }
    }

    /// Takes the vectors once all texts are done.
    pub(super) fn take_result(&mut self) -> Option<Embeddings> {
        (self.result.vectors.len() == self.texts.len()).then(|| std::mem::take(&mut self.result))
    }
}

pub(super) struct Encoder<'m> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'m>,
    window: usize,
}

impl<'m> Encoder<'m> {
    pub(super) fn new(
        backend: &LlamaBackend,
        model: &'m LlamaModel,
        threads: i32,
    ) -> Result<Self, Reason> {
        let batch = u32::try_from(BATCH).unwrap_or(u32::MAX);
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(batch))
            .with_n_batch(batch)
            .with_n_ubatch(batch)
            .with_n_seq_max(u32::try_from(TEXTS).unwrap_or(1))
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_embeddings(true);
        let context = model
            .new_context(backend, params)
            .map_err(|e| Reason::told(format!("the embedding model cannot be started: {e}"), e))?;
        let window = (model.n_ctx_train() as usize).min(BATCH);
        Ok(Self {
            model,
            context,
            batch: LlamaBatch::new(BATCH, 1),
            window,
        })
    }

    pub(super) fn dimensions(&self) -> usize {
        usize::try_from(self.model.n_embd()).unwrap_or(0)
    }

    /// Embeds as many of the job's texts as fit `budget` tokens, at least one.
    pub(super) fn step(&mut self, job: &mut Job, budget: usize) -> Result<(), LlmError> {
        self.batch.clear();
        let mut sequences = 0i32;
        let mut total = 0usize;
        for text in job.texts.iter().skip(job.result.vectors.len()).take(TEXTS) {
            let tokens = self.tokenize(text);
            if sequences > 0 && total + tokens.len() > budget.min(BATCH) {
                break;
            }
            total += tokens.len();
            for (position, token) in (0i32..).zip(&tokens) {
                self.batch
                    .add(*token, position, &[sequences], true)
                    .map_err(|e| Reason::told(format!("a text is too long to embed: {e}"), e))
                    .map_err(LlmError::Invalid)?;
            }
            sequences += 1;
        }
        self.context.clear_kv_cache();
        self.context
            .encode(&mut self.batch)
            .map_err(|e| Reason::told(format!("the embedding model failed: {e}"), e))
            .map_err(LlmError::Unavailable)?;
        for sequence in 0..sequences {
            let vector = self.context.embeddings_seq_ith(sequence).map_err(|e| {
                let told = format!("the embedding model returned no vector: {e}");
                LlmError::Unavailable(Reason::told(told, e))
            })?;
            job.result.vectors.push(normalise(vector));
        }
        job.result.tokens += u32::try_from(total).unwrap_or(u32::MAX);
        Ok(())
    }

    /// Tokenizes a text with the model's own start and end marks, cut at the window.
    fn tokenize(&self, text: &str) -> Vec<LlamaToken> {
        let mut tokens = self.model.vocab().tokenize(text.as_bytes(), true, false);
        if tokens.len() > self.window {
            // A cut text still needs the end mark.
            let end = tokens.last().copied();
            tokens.truncate(self.window - 1);
            tokens.extend(end);
        }
        tokens
    }
}

/// Scales a vector to Euclidean length 1; a zero vector stays as it is.
fn normalise(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter().map(|v| v / length).collect()
    } else {
        vector.to_vec()
    }
}
