//! A reader of a model hub: an ONNX graph, run by rten.

use std::path::Path;

use rten::{Model, ModelOptions, NodeId, RunOptions, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::pair::{self, Marks, Pair};
use super::reader::Logits;
use super::words::Words;

/// An extractive question-answering model of the usual form: token ids in, start and end logits out.
pub(super) struct Onnx {
    model: Model,
    pub(super) words: Words,
    pub(super) marks: Marks,
    ids: NodeId,
    mask: Option<NodeId>,
    kinds: Option<NodeId>,
    outputs: [NodeId; 2],
}

impl Onnx {
    /// Reads the graph and its vocabulary, and computes one pair to see that it is a reader.
    pub(super) fn load(model: &Path, vocabulary: &Path) -> Result<Self, String> {
        let words = Words::from_file(vocabulary)?;
        let pick = |names: [&str; 2]| names.iter().find_map(|n| words.id(n));
        let marks = Marks {
            start: pick(["[CLS]", "<s>"]).ok_or("its vocabulary has no start mark")?,
            end: pick(["[SEP]", "</s>"]).ok_or("its vocabulary has no end mark")?,
            is_doubled: words.id("[CLS]").is_none(),
        };
        let loaded = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(model)
            .map_err(|e| e.to_string())?;
        let output = |names: [&str; 2], at: usize| {
            names
                .iter()
                .find_map(|n| loaded.find_node(n))
                .or_else(|| loaded.output_ids().get(at).copied())
                .ok_or("it has no outputs for starts and ends")
        };
        let reader = Self {
            ids: loaded.node_id("input_ids").map_err(|e| e.to_string())?,
            mask: loaded.find_node("attention_mask"),
            kinds: loaded.find_node("token_type_ids"),
            outputs: [
                output(["start_logits", "start"], 0)?,
                output(["end_logits", "end"], 1)?,
            ],
            words,
            marks,
            model: loaded,
        };
        let trial = pair::pairs(&reader.words, marks, &[marks.end], "", "open")?;
        let trial = trial.first().ok_or("it cannot be tried")?;
        let (starts, ends) = reader.read(trial)?;
        let right = |v: &[f32]| v.len() == trial.tokens.len() && v.iter().all(|x| x.is_finite());
        if right(&starts) && right(&ends) {
            Ok(reader)
        } else {
            Err("it gives no logits for each token".into())
        }
    }

    /// Logits of a pair; it is computed alone, since a quantised graph may take the range of its
    /// numbers over all that it computes at once.
    pub(super) fn read(&self, pair: &Pair) -> Result<Logits, String> {
        let length = pair.tokens.len();
        let row = |values: Vec<i32>| ValueOrView::from(NdTensor::from_data([1, length], values));
        let ids = pair.tokens.iter().map(|t| i32::try_from(*t).unwrap_or(0));
        let mut inputs = vec![(self.ids, row(ids.collect()))];
        if let Some(mask) = self.mask {
            inputs.push((mask, row(vec![1; length])));
        }
        if let Some(kinds) = self.kinds {
            let kinds_of = (0..length).map(|i| i32::from(i >= pair.second));
            inputs.push((kinds, row(kinds_of.collect())));
        }
        let [starts, ends] = self
            .model
            .run_n(inputs, self.outputs, Some(RunOptions::default()))
            .map_err(|e| e.to_string())?;
        let values = |value: rten::Value| -> Result<Vec<f32>, String> {
            let value: Tensor<f32> = value.try_into().map_err(|_| "it gave no numbers")?;
            Ok(value.iter().copied().collect())
        };
        Ok((values(starts)?, values(ends)?))
    }
}
