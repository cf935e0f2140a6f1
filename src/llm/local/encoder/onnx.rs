//! A reader from a model hub: an ONNX graph, run by rten.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::pair::{Form, LEAST_WINDOW, Pair};
use super::reader::Logits;
use super::words::Words;
use crate::reason::Reason;

/// Windows to try, in tokens, if the graph does not compute the one that its training used.
const SHORTER: [usize; 3] = [256, 192, LEAST_WINDOW];
/// What is wrong if a graph does not load.
const NO_GRAPH: &str = "its file is cut short or no ONNX graph that can be run here";

/// An extractive question-answering model in the usual form: token ids in, start and end logits out.
pub(super) struct Onnx {
    model: Model,
    pub(super) words: Words,
    pub(super) form: Form,
    ids: NodeId,
    mask: Option<NodeId>,
    kinds: Option<NodeId>,
    outputs: [NodeId; 2],
}

impl Onnx {
    /// Reads the graph and its vocabulary, and computes a full window of at most `window` tokens, to find out how many it
    /// takes and that it is a reader.
    pub(super) fn load(model: &Path, vocabulary: &Path, window: usize) -> Result<Self, Reason> {
        let words = Words::from_file(vocabulary)?;
        let pick = |names: [&str; 2]| names.iter().find_map(|n| words.id(n));
        let form = Form {
            start: pick(["[CLS]", "<s>"]).ok_or("its vocabulary has no start mark")?,
            end: pick(["[SEP]", "</s>"]).ok_or("its vocabulary has no end mark")?,
            // Only RoBERTa's family, which has no [CLS], doubles the mark between the parts.
            is_doubled: words.id("[CLS]").is_none(),
            window: window.max(LEAST_WINDOW),
        };
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let loaded = unpanicked(|| {
            options
                .load_file(model)
                .map_err(|e| Reason::told(format!("{NO_GRAPH} ({e})"), e))
        })?;
        let [ids, mask, kinds] = find_inputs(&loaded)?;
        let mut reader = Self {
            ids: ids.ok_or(match loaded.input_ids() {
                // A file that was cut to nothing is a graph without anything.
                [] => NO_GRAPH,
                _ => "it has no input input_ids, so it reads no text",
            })?,
            mask,
            kinds,
            outputs: find_outputs(&loaded)?,
            words,
            form,
            model: loaded,
        };
        reader.form.window = reader.try_windows()?;
        Ok(reader)
    }

    /// The longest window that the graph computes.
    fn try_windows(&self) -> Result<usize, Reason> {
        let most = self.form.window;
        let shorter = SHORTER.into_iter().filter(|window| *window < most);
        let mut failed = Reason::from("");
        // As later on: with a thread of its own, so that rten starts no pool for all cores.
        let pool = ThreadPool::with_num_threads(1);
        for window in std::iter::once(most).chain(shorter) {
            match pool.run(|| self.read(&self.full_window(window))) {
                Ok(_) => return Ok(window),
                Err(reason) => failed = reason,
            }
        }
        let told = format!(
            "it does not compute {LEAST_WINDOW} tokens of its vocabulary ({failed}); do model and tokenizer belong \
             together?"
        );
        Err(Reason::told(told, failed))
    }

    /// A pair that is as long as a window, with the highest token of the vocabulary, which a smaller model lacks.
    fn full_window(&self, window: usize) -> Pair {
        let mut tokens = vec![self.words.highest_id(); window];
        if let Some(first) = tokens.first_mut() {
            *first = self.form.start;
        }
        Pair {
            tokens,
            second: 2,
            first: 2,
            places: Vec::new(),
        }
    }

    /// Computes the logits of one pair. Never in a batch: a quantised graph may scale its numbers by the
    /// range over the whole batch, and padding may change the last bits.
    pub(super) fn read(&self, pair: &Pair) -> Result<Logits, Reason> {
        let length = pair.tokens.len();
        let row = |values: Vec<i32>| ValueOrView::from(NdTensor::from_data([1, length], values));
        let ids = pair.tokens.iter().map(|t| i32::try_from(*t).unwrap_or(0));
        let mut inputs = vec![(self.ids, row(ids.collect()))];
        if let Some(mask) = self.mask {
            inputs.push((mask, row(vec![1; length])));
        }
        if let Some(kinds) = self.kinds {
            // RoBERTa's family knows one kind of token only.
            let second = |i| i >= pair.second && !self.form.is_doubled;
            let kinds_of = (0..length).map(|i| i32::from(second(i)));
            inputs.push((kinds, row(kinds_of.collect())));
        }
        let [starts, ends] = unpanicked(|| {
            let options = Some(RunOptions::default());
            let run = self.model.run_n(inputs, self.outputs, options);
            run.map_err(Reason::of)
        })?;
        Ok((take_logits(starts, length)?, take_logits(ends, length)?))
    }
}

/// A panic in the library becomes an error.
fn unpanicked<T>(work: impl FnOnce() -> Result<T, Reason>) -> Result<T, Reason> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err("it cannot be computed".into()))
}

/// One finite number for each token.
fn take_logits(value: rten::Value, length: usize) -> Result<Vec<f32>, Reason> {
    let value: Tensor<f32> = value.try_into().map_err(|_| "it returns no numbers")?;
    if value.len() != length {
        let told = format!(
            "it returns {} numbers for {length} tokens: it is no reader",
            value.len()
        );
        return Err(told.into());
    }
    let logits: Vec<f32> = value.iter().copied().collect();
    match logits.iter().all(|logit| logit.is_finite()) {
        true => Ok(logits),
        false => Err("it returns numbers that are not finite".into()),
    }
}

/// The inputs for ids, mask and kinds; no other may be needed.
fn find_inputs(model: &Model) -> Result<[Option<NodeId>; 3], Reason> {
    const NAMES: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];
    let mut found = [None; 3];
    for id in model.input_ids() {
        let info = model.node_info(*id);
        let name = info.as_ref().and_then(|i| i.name()).unwrap_or_default();
        let place = NAMES.iter().zip(&mut found).find(|(n, _)| **n == name);
        let Some((_, place)) = place else {
            return Err(format!("it needs the input {name}, which readers do not have").into());
        };
        *place = Some(*id);
        let shape = info.as_ref().and_then(|i| i.shape());
        if let Some(Dimension::Fixed(length)) = shape.as_ref().and_then(|s| s.get(1)) {
            let told = format!(
                "it takes texts of exactly {length} tokens; export it again with a free length"
            );
            return Err(told.into());
        }
    }
    Ok(found)
}

/// The outputs for starts and ends, by their usual names or, if there are two, by their order.
fn find_outputs(model: &Model) -> Result<[NodeId; 2], Reason> {
    let all = model.output_ids();
    let name = |id: &NodeId| Some(model.node_info(*id)?.name()?.to_owned());
    let named = |wanted: &str| all.iter().find(|id| name(id).as_deref() == Some(wanted));
    match (named("start_logits"), named("end_logits"), all) {
        (Some(start), Some(end), _) => Ok([*start, *end]),
        (None, None, [start, end]) => Ok([*start, *end]),
        _ => {
            let names: Vec<String> = all.iter().filter_map(name).collect();
            let told = format!(
                "it returns {}, and a reader returns start_logits and end_logits",
                names.join(", ")
            );
            Err(told.into())
        }
    }
}

#[cfg(test)]
#[path = "onnx_tests.rs"]
mod tests;
