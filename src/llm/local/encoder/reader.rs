//! The reader's networks: our own over the base model's table, or an extractive ONNX model from a hub.

use std::path::Path;
use std::sync::Arc;

use safetensors::{Dtype, SafeTensors};

use super::base::Table;
use super::onnx::Onnx;
use super::pair::{self, Form, Pair, WINDOW};
use super::words::{END, START, Words};
use crate::reason::Reason;
use frontdesk_encoder::file::Shape;
use frontdesk_encoder::network::{Layer, Linear, Network, Norm, Quantised, Space};

/// The format that `models/reader/export.py` writes.
const FORMAT: &str = "frontdesk-reader-1";

/// Start and end logits of each token.
pub(super) type Logits = (Vec<f32>, Vec<f32>);

/// A network that marks the words that answer a question.
pub(super) enum Reader {
    /// Layers over the table of the embedding model.
    Own(Box<Own>),
    /// A model from a hub.
    Onnx(Box<Onnx>),
}

impl Reader {
    /// Tokenizes a question.
    pub(super) fn question(&self, text: &str) -> Result<Vec<u32>, Reason> {
        Ok(pair::ids(&self.words().tokens(text, pair::QUESTION)?))
    }

    pub(super) fn pairs(
        &self,
        question: &[u32],
        heading: &str,
        text: &str,
    ) -> Result<Vec<Pair>, Reason> {
        pair::pairs(self.words(), self.form(), question, heading, text)
    }

    fn words(&self) -> &Words {
        match self {
            Self::Own(own) => &own.table.words,
            Self::Onnx(onnx) => &onnx.words,
        }
    }

    fn form(&self) -> Form {
        match self {
            Self::Own(_) => Form {
                start: START,
                end: END,
                is_doubled: false,
                window: WINDOW,
            },
            Self::Onnx(onnx) => onnx.form,
        }
    }

    /// Computes the logits of some pairs, in order.
    pub(super) fn read(&self, pairs: &[&Pair], space: &mut Space) -> Result<Vec<Logits>, Reason> {
        match self {
            Self::Own(own) => own.read(pairs, space),
            Self::Onnx(onnx) => pairs.iter().map(|pair| onnx.read(pair)).collect(),
        }
    }
}

/// The reader that comes with Frontdesk.
pub(super) struct Own {
    table: Arc<Table>,
    network: Network,
    /// `[2, width]`: start and end.
    span: Vec<f32>,
    bias: [f32; 2],
}

impl Own {
    /// Reads the weights, which must have been trained over the base model with this hash (if not empty).
    pub(super) fn load(path: &Path, table: Arc<Table>, base: &str) -> Result<Self, Reason> {
        let data = std::fs::read(path).map_err(Reason::of)?;
        let (_, header) = SafeTensors::read_metadata(&data).map_err(Reason::of)?;
        let notes = header.metadata().clone().unwrap_or_default();
        let note = |key: &str| notes.get(key).map_or("", String::as_str);
        if note("format") != FORMAT {
            return Err(format!(
                "its format is “{}”, and this version reads “{FORMAT}”",
                note("format")
            )
            .into());
        }
        if !base.is_empty() && note("base") != base {
            return Err("it was trained over another embedding model".into());
        }
        let tensors = SafeTensors::deserialize(&data).map_err(Reason::of)?;
        let Shape {
            width,
            layers,
            heads,
            inner,
            ..
        } = table.shape();
        let network = Network {
            layers: (0..layers)
                .map(|at| layer(&tensors, at, width, inner))
                .collect::<Result<_, _>>()?,
            width,
            heads,
        };
        let bias = floats(&tensors, "span.bias", 2)?;
        Ok(Self {
            network,
            span: floats(&tensors, "span.weight", 2 * width)?,
            bias: <[f32; 2]>::try_from(bias).map_err(|_| "its head has the wrong size")?,
            table,
        })
    }

    fn read(&self, pairs: &[&Pair], space: &mut Space) -> Result<Vec<Logits>, Reason> {
        let mut rows = Vec::new();
        for pair in pairs {
            self.table.look_up(&pair.tokens, &mut rows)?;
        }
        let lengths: Vec<usize> = pairs.iter().map(|p| p.tokens.len()).collect();
        self.network.run(&mut rows, &lengths, space)?;
        let width = self.network.width;
        let (start, end) = self.span.split_at(width);
        let mut rows = rows.chunks_exact(width);
        let dot = |row: &[f32], weights: &[f32]| -> f32 {
            row.iter().zip(weights).map(|(a, b)| a * b).sum()
        };
        let [start_bias, end_bias] = self.bias;
        Ok(lengths
            .iter()
            .map(|&length| {
                rows.by_ref()
                    .take(length)
                    .map(|row| (dot(row, start) + start_bias, dot(row, end) + end_bias))
                    .unzip()
            })
            .collect())
    }
}

fn layer(
    tensors: &SafeTensors<'_>,
    at: usize,
    width: usize,
    inner: usize,
) -> Result<Layer, Reason> {
    let quantised = |part: &str, inputs: usize, outputs: usize| {
        let name = format!("layers.{at}.{part}");
        let weights = tensors
            .tensor(&format!("{name}.weight"))
            .map_err(Reason::of)?;
        if weights.dtype() != Dtype::I8 || weights.shape() != [outputs, inputs] {
            return Err(format!("its tensor {name} has the wrong shape").into());
        }
        let weights = weights.data().iter().map(|b| b.cast_signed()).collect();
        let scales = floats(tensors, &format!("{name}.scale"), outputs)?;
        Ok::<_, Reason>(Quantised { weights, scales })
    };
    let bias = |part: &str, outputs| floats(tensors, &format!("layers.{at}.{part}.bias"), outputs);
    let linear = |part: &str, inputs: usize, outputs: usize| {
        Ok::<_, Reason>(Linear::new(
            quantised(part, inputs, outputs)?,
            bias(part, outputs)?,
            inputs,
        )?)
    };
    let norm = |part: &str| {
        Ok::<_, Reason>(Norm {
            scale: floats(tensors, &format!("layers.{at}.{part}.weight"), width)?,
            bias: floats(tensors, &format!("layers.{at}.{part}.bias"), width)?,
        })
    };
    // One product for query, key and value is faster than three.
    let square = |part| quantised(part, width, width);
    let together = Quantised::stack([square("q")?, square("k")?, square("v")?]);
    let biases = [bias("q", width)?, bias("k", width)?, bias("v", width)?].concat();
    Ok(Layer {
        attention_in: Linear::new(together, biases, width)?,
        attention_out: linear("ao", width, width)?,
        attention_norm: norm("aln")?,
        inner_in: linear("fi", width, inner)?,
        inner_out: linear("fo", inner, width)?,
        inner_norm: norm("oln")?,
    })
}

fn floats(tensors: &SafeTensors<'_>, name: &str, values: usize) -> Result<Vec<f32>, Reason> {
    let tensor = tensors.tensor(name).map_err(Reason::of)?;
    let numbers = tensor.data().as_chunks::<4>().0;
    if tensor.dtype() != Dtype::F32 || numbers.len() != values {
        return Err(format!("its tensor {name} has the wrong shape").into());
    }
    let values: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if values.iter().any(|v| !v.is_finite()) {
        return Err(format!("its tensor {name} contains values that are not finite").into());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::local::encoder::base::Base;
    use crate::llm::local::encoder::tiny;

    fn load(bytes: &[u8], base: &str) -> Result<Own, Reason> {
        let (folder, path) = tiny::file();
        let table = Base::load(&path).unwrap().table;
        let reader = folder.path().join("r.safetensors");
        std::fs::write(&reader, bytes).unwrap();
        Own::load(&reader, table, base)
    }

    #[test]
    fn a_pair_has_the_same_logits_alone_and_beside_others() {
        let reader = Reader::Own(Box::new(load(&tiny::reader(FORMAT, "abc"), "abc").unwrap()));
        let question = reader.question("how long").unwrap();
        let mut pairs = reader.pairs(&question, "head", "it lasts an hour").unwrap();
        pairs.extend(reader.pairs(&question, "", "b").unwrap());
        pairs.extend(reader.pairs(&question, "x", "").unwrap());
        let all: Vec<&Pair> = pairs.iter().collect();
        let together = reader.read(&all, &mut Space::default()).unwrap();
        for (pair, logits) in pairs.iter().zip(&together) {
            assert_eq!(logits.0.len(), pair.tokens.len());
            let alone = reader.read(&[pair], &mut Space::default()).unwrap();
            assert_eq!(alone.first(), Some(logits));
        }
    }

    #[test]
    fn weights_of_another_version_or_base_and_damaged_ones_are_refused() {
        let told = |result: Result<Own, Reason>| result.err().map(String::from).unwrap_or_default();
        assert!(
            told(load(&tiny::reader("frontdesk-reader-9", "abc"), "abc"))
                .contains("frontdesk-reader-9")
        );
        assert!(
            told(load(&tiny::reader(FORMAT, "abc"), "def")).contains("another embedding model")
        );
        let good = tiny::reader(FORMAT, "abc");
        for part in [0, 7, 100, good.len() / 2, good.len() - 1] {
            assert!(load(&good[..part], "abc").is_err(), "{part}");
        }
        assert!(load(b"not a model at all", "abc").is_err());
    }
}
