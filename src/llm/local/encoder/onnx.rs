//! A reader from a model hub: an ONNX graph, run by rten.

use std::path::Path;

use rten::{Model, ModelOptions, NodeId, RunOptions, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::pair::{self, Marks, Pair};
use super::reader::Logits;
use super::words::Words;
use crate::reason::Reason;

/// An extractive question-answering model in the usual form: token ids in, start and end logits out.
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
    /// Reads the graph and its vocabulary, and computes one pair to check that it is a reader.
    pub(super) fn load(model: &Path, vocabulary: &Path) -> Result<Self, Reason> {
        let words = Words::from_file(vocabulary)?;
        let pick = |names: [&str; 2]| names.iter().find_map(|n| words.id(n));
        let marks = Marks {
            start: pick(["[CLS]", "<s>"]).ok_or("its vocabulary has no start mark")?,
            end: pick(["[SEP]", "</s>"]).ok_or("its vocabulary has no end mark")?,
            // Only RoBERTa's family, which has no [CLS], doubles the mark between the parts.
            is_doubled: words.id("[CLS]").is_none(),
        };
        let loaded = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(model)
            .map_err(Reason::of)?;
        let output = |names: [&str; 2], at: usize| {
            names
                .iter()
                .find_map(|n| loaded.find_node(n))
                .or_else(|| loaded.output_ids().get(at).copied())
                .ok_or("it has no outputs for starts and ends")
        };
        let reader = Self {
            ids: loaded.node_id("input_ids").map_err(Reason::of)?,
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
        let trial = trial.first().ok_or("it cannot be tested")?;
        let (starts, ends) = reader.read(trial)?;
        let right = |v: &[f32]| v.len() == trial.tokens.len() && v.iter().all(|x| x.is_finite());
        if right(&starts) && right(&ends) {
            Ok(reader)
        } else {
            Err("it does not return logits for each token".into())
        }
    }

    /// Computes the logits of one pair. Never in a batch: a quantised graph may scale its numbers by the
    /// range over the whole batch.
    pub(super) fn read(&self, pair: &Pair) -> Result<Logits, Reason> {
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
            .map_err(Reason::of)?;
        let values = |value: rten::Value| -> Result<Vec<f32>, Reason> {
            let value: Tensor<f32> = value.try_into().map_err(|_| "it returned no numbers")?;
            Ok(value.iter().copied().collect())
        };
        Ok((values(starts)?, values(ends)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::local::encoder::reader::Reader;

    /// A whole number as protocol buffers write it, seven bits a byte.
    fn varint(mut value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while value > 0x7f {
            out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    }

    /// A field with bytes or another message.
    fn bytes(field: usize, content: &[u8]) -> Vec<u8> {
        [
            varint(field << 3 | 2),
            varint(content.len()),
            content.to_vec(),
        ]
        .concat()
    }

    fn number(field: usize, value: usize) -> Vec<u8> {
        [varint(field << 3), varint(value)].concat()
    }

    /// A constant of the graph: its shape, ONNX's number of its type, its values in little endian.
    fn constant(name: &str, shape: &[usize], kind: usize, values: &[u8]) -> Vec<u8> {
        let dims = shape.iter().flat_map(|d| number(1, *d)).collect();
        let parts = [
            dims,
            number(2, kind),
            bytes(8, name.as_bytes()),
            bytes(9, values),
        ];
        bytes(5, &parts.concat())
    }

    /// `output` is `table` at the indices in `ids`, along an axis.
    fn gather(table: &str, ids: &str, output: &str, axis: usize) -> Vec<u8> {
        let axis = [bytes(1, b"axis"), number(3, axis), number(20, 2)].concat();
        let parts = [
            bytes(1, table.as_bytes()),
            bytes(1, ids.as_bytes()),
            bytes(2, output.as_bytes()),
            bytes(4, b"Gather"),
            bytes(5, &axis),
        ];
        bytes(1, &parts.concat())
    }

    fn value(field: usize, name: &str) -> Vec<u8> {
        bytes(field, &bytes(1, name.as_bytes()))
    }

    /// A reader whose logits depend on the token alone: "nine" begins an answer and "five" ends one.
    fn graph(outputs: [&str; 2]) -> Vec<u8> {
        let mut table = [[0f32, 0.0]; 8];
        table[0] = [1.0, 1.0];
        table[4] = [5.0, 0.0];
        table[6] = [0.0, 5.0];
        let table: Vec<u8> = table
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let graph = [
            gather("table", "input_ids", "both", 0),
            gather("both", "zero", outputs[0], 2),
            gather("both", "one", outputs[1], 2),
            bytes(2, b"tiny"),
            constant("table", &[8, 2], 1, &table),
            constant("zero", &[], 7, &0i64.to_le_bytes()),
            constant("one", &[], 7, &1i64.to_le_bytes()),
            value(11, "input_ids"),
            value(12, outputs[0]),
            value(12, outputs[1]),
        ];
        let graph = graph.concat();
        [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 13))].concat()
    }

    const VOCABULARY: &str = r#"{"version": "1.0", "truncation": null, "padding": null, "normalizer": {"type": "Lowercase"},
        "added_tokens": [
            {"id": 0, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
            {"id": 1, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab":
            {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "open": 3, "nine": 4, "to": 5, "five": 6, "when": 7}}}"#;

    fn load(graph: &[u8], vocabulary: &str) -> Result<Onnx, Reason> {
        let folder = tempfile::tempdir().expect("a folder");
        let (model, words) = (folder.path().join("m.onnx"), folder.path().join("t.json"));
        std::fs::write(&model, graph).expect("written");
        std::fs::write(&words, vocabulary).expect("written");
        Onnx::load(&model, &words)
    }

    #[test]
    fn a_model_of_the_usual_form_marks_the_words_that_answer() {
        let onnx = load(&graph(["start_logits", "end_logits"]), VOCABULARY).expect("it loads");
        let reader = Reader::Onnx(Box::new(onnx));
        let question = reader.question("When open").expect("tokens");
        assert_eq!(question, [7, 3]);
        let text = "We open from nine to five [SEP] daily.";
        let pairs = reader.pairs(&question, "Hours", text).expect("pairs");
        let mut space = frontdesk_encoder::network::Space::default();
        let logits = reader.read(&[&pairs[0]], &mut space).expect("logits");
        let (starts, ends) = &logits[0];
        let best = &pairs[0].spans(starts, ends, text)[0];
        assert_eq!(text.get(best.bytes.clone()), Some("nine to five"));
        assert!((best.margin - 8.0).abs() < 1e-6, "{}", best.margin);
    }

    #[test]
    fn what_is_no_reader_is_refused_with_its_reason() {
        let trouble = |graph: &[u8], words: &str| {
            load(graph, words)
                .err()
                .map(String::from)
                .unwrap_or_default()
        };
        let whole = graph(["start_logits", "end_logits"]);
        assert!(!trouble(&whole[..whole.len() / 2], VOCABULARY).is_empty());
        assert!(!trouble(b"no model", VOCABULARY).is_empty());
        let other = VOCABULARY.replace("[CLS]", "[BEGIN]");
        assert_eq!(trouble(&whole, &other), "its vocabulary has no start mark");
    }
}
