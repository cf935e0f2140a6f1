//! The cross-encoder itself: a question and a text in, one number out.
//!
//! Each pair is computed alone, without padding. The quantised graph takes the range of its numbers
//! over everything it computes at once, so in a batch the score of a pair would depend on its
//! neighbours (by up to 0.3, measured), and a decision that was made from it could not be repeated.
//! What a batch would save is a tenth of the time; the pairs are spread over the threads instead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use tokenizers::Tokenizer;

use crate::llm::LlmError;

/// Tokens of question, text and marks together; the encoder has no positions beyond.
pub(super) const WINDOW: usize = 512;
/// Most tokens of a question, so that most of the window is left for the text.
const QUERY: usize = 128;
/// Marks in a pair: one before the question, one after each part.
const MARKS: usize = 3;
/// More bytes than this cannot matter: a word piece is rarely longer than 16 bytes.
const MOST_BYTES: usize = WINDOW * 16;

/// The tokens of one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    tokens: Vec<i32>,
    /// Where the text begins.
    second: usize,
}

/// The model, its vocabulary and the threads that it computes on.
pub(super) struct Ranker {
    model: Model,
    tokenizer: Tokenizer,
    ids: NodeId,
    mask: NodeId,
    kinds: Option<NodeId>,
    output: NodeId,
    start: u32,
    end: u32,
    /// For a single pair: all threads.
    wide: Arc<ThreadPool>,
    /// For many pairs: one thread each, so that none waits for another.
    narrow: Vec<Arc<ThreadPool>>,
}

impl Ranker {
    /// Reads both files and computes one pair to see that the model is one.
    pub(super) fn load(model: &Path, tokenizer: &Path, threads: usize) -> Result<Self, String> {
        let mut vocabulary = Tokenizer::from_file(tokenizer).map_err(|e| {
            format!(
                "the re-ranker's {} cannot be read: {e}",
                tokenizer.display()
            )
        })?;
        vocabulary.with_padding(None);
        vocabulary
            .with_truncation(None)
            .map_err(|e| e.to_string())?;
        // A document may say [SEP]; that is text and no mark.
        vocabulary.set_encode_special_tokens(true);
        let mark = |name: &str| {
            vocabulary
                .token_to_id(name)
                .ok_or_else(|| format!("the re-ranker's vocabulary has no {name}"))
        };
        let (start, end) = (mark("[CLS]")?, mark("[SEP]")?);
        let loaded = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(model)
            .map_err(|e| {
                format!(
                    "the re-ranking model {} cannot be loaded: {e}",
                    model.display()
                )
            })?;
        let node = |name: &str| {
            loaded
                .node_id(name)
                .map_err(|e| format!("the re-ranking model has no input {name}: {e}"))
        };
        let threads = threads.max(1);
        let ranker = Self {
            ids: node("input_ids")?,
            mask: node("attention_mask")?,
            kinds: loaded.find_node("token_type_ids"),
            output: *loaded
                .output_ids()
                .first()
                .ok_or("the re-ranking model has no output")?,
            tokenizer: vocabulary,
            start,
            end,
            wide: Arc::new(ThreadPool::with_num_threads(threads)),
            narrow: (0..threads)
                .map(|_| Arc::new(ThreadPool::with_num_threads(1)))
                .collect(),
            model: loaded,
        };
        let trial = ranker.query("open").and_then(|q| ranker.pair(&q, "open"));
        let scored = trial.and_then(|pair| ranker.score(&[&pair]));
        match scored.map_err(|e| e.to_string())?.first() {
            Some(score) if score.is_finite() => Ok(ranker),
            _ => Err("the re-ranking model gives no score; get it again".into()),
        }
    }

    /// Pairs that are computed at the same time.
    pub(super) fn threads(&self) -> usize {
        self.narrow.len()
    }

    /// Tokens of a question, cut to [`QUERY`].
    pub(super) fn query(&self, text: &str) -> Result<Vec<u32>, LlmError> {
        let mut tokens = self.tokens(text)?;
        tokens.truncate(QUERY);
        Ok(tokens)
    }

    /// A question beside a text, which is cut to what is left of the window.
    pub(super) fn pair(&self, query: &[u32], text: &str) -> Result<Pair, LlmError> {
        Ok(joined(query, &self.tokens(text)?, self.start, self.end))
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, LlmError> {
        let text = text
            .get(..text.floor_char_boundary(MOST_BYTES))
            .unwrap_or_default();
        self.tokenizer
            .encode_fast(text, false)
            .map(|e| e.get_ids().to_vec())
            .map_err(|e| LlmError::Invalid(format!("a text cannot be cut into tokens: {e}")))
    }

    /// Scores in the order of the pairs. The longest are begun first, so that all threads end at
    /// about the same time.
    pub(super) fn score(&self, pairs: &[&Pair]) -> Result<Vec<f32>, LlmError> {
        let threads = self.narrow.len().min(pairs.len());
        if threads <= 1 {
            return pairs.iter().map(|p| self.run(p, &self.wide)).collect();
        }
        let order = longest_first(pairs);
        let next = AtomicUsize::new(0);
        let work = |pool: &Arc<ThreadPool>| {
            let mut done = Vec::new();
            while let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Some(pair) = pairs.get(i) {
                    done.push((i, self.run(pair, pool)));
                }
            }
            done
        };
        let work = &work;
        let results = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .narrow
                .iter()
                .take(threads)
                .map(|pool| scope.spawn(move || work(pool)))
                .collect();
            running
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_default())
                .collect::<Vec<_>>()
        });
        let mut scores = vec![None; pairs.len()];
        for (i, score) in results {
            if let Some(place) = scores.get_mut(i) {
                *place = Some(score?);
            }
        }
        scores
            .into_iter()
            .map(|s| s.ok_or_else(|| failed("a thread ended early")))
            .collect()
    }

    /// One pass of the encoder. A panic in it is this pair's error, not the end of the process.
    fn run(&self, pair: &Pair, pool: &Arc<ThreadPool>) -> Result<f32, LlmError> {
        catch_unwind(AssertUnwindSafe(|| self.logit(pair, pool)))
            .map_err(|_| failed("it cannot compute this text"))?
    }

    fn logit(&self, pair: &Pair, pool: &Arc<ThreadPool>) -> Result<f32, LlmError> {
        let shape = [1, pair.tokens.len()];
        let row = |values: Vec<i32>| ValueOrView::from(NdTensor::from_data(shape, values));
        let mut inputs = vec![
            (self.ids, row(pair.tokens.clone())),
            (self.mask, row(vec![1; pair.tokens.len()])),
        ];
        if let Some(kinds) = self.kinds {
            inputs.push((kinds, row(pair.kinds())));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let [value] = self
            .model
            .run_n(inputs, [self.output], Some(options))
            .map_err(|e| failed(&e.to_string()))?;
        let value: Tensor<f32> = value.try_into().map_err(|_| failed("it gave no numbers"))?;
        value
            .iter()
            .next()
            .copied()
            .ok_or_else(|| failed("it gave no score"))
    }
}

fn failed(reason: &str) -> LlmError {
    LlmError::Unavailable(format!("the re-ranking model failed: {reason}"))
}

fn longest_first(pairs: &[&Pair]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(pairs.get(i).map(|p| p.tokens.len())));
    order
}

fn joined(query: &[u32], text: &[u32], start: u32, end: u32) -> Pair {
    let room = WINDOW.saturating_sub(MARKS + query.len());
    let text = text.get(..room).unwrap_or(text);
    let first = std::iter::once(&start).chain(query).chain([&end]);
    let tokens = first.chain(text).chain([&end]);
    Pair {
        tokens: tokens.map(|&t| i32::try_from(t).unwrap_or(0)).collect(),
        second: query.len() + 2,
    }
}

impl Pair {
    /// 0 for the question and its marks, 1 for the text.
    fn kinds(&self) -> Vec<i32> {
        (0..self.tokens.len())
            .map(|i| i32::from(i >= self.second))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_marked_as_the_encoder_was_trained() {
        let pair = joined(&[7, 8], &[9], 101, 102);
        assert_eq!(pair.tokens, [101, 7, 8, 102, 9, 102]);
        assert_eq!(pair.kinds(), [0, 0, 0, 0, 1, 1]);
        let nothing = joined(&[7], &[], 101, 102);
        assert_eq!(nothing.tokens, [101, 7, 102, 102]);
        assert_eq!(nothing.kinds(), [0, 0, 0, 1]);
    }

    #[test]
    fn a_long_text_is_cut_and_keeps_its_end_mark() {
        let query = vec![7; QUERY];
        let pair = joined(&query, &vec![9; 9000], 101, 102);
        assert_eq!(pair.tokens.len(), WINDOW);
        assert_eq!(pair.tokens.last(), Some(&102));
        let fitting = joined(&query, &vec![9; WINDOW - MARKS - QUERY], 101, 102);
        assert_eq!(fitting, pair);
    }

    #[test]
    fn the_longest_pair_is_begun_first() {
        let pairs: Vec<Pair> = [3, 9, 1, 9]
            .iter()
            .map(|&n| joined(&[7], &vec![9; n], 101, 102))
            .collect();
        let pairs: Vec<&Pair> = pairs.iter().collect();
        assert_eq!(longest_first(&pairs), [1, 3, 0, 2]);
    }
}
