//! Converts a BERT sentence encoder from safetensors to GGUF, for llama.cpp.
//!
//! The result uses mean pooling and bidirectional attention. Word pieces lose their `##` and
//! words get the prefix U+2581, which is how llama.cpp tells them apart. Matrices are written as
//! 16-bit floats, except the small embeddings of position and type.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::Deserialize;

use super::Failure;
use super::gguf_writer::{GgufWriter, Value};
use crate::reason::Reason;

const WORDS: &str = "embeddings.word_embeddings.weight";
const POSITIONS: &str = "embeddings.position_embeddings.weight";
const TYPES: &str = "embeddings.token_type_embeddings.weight";
const FFN: &str = "encoder.layer.0.intermediate.dense.weight";
/// GGUF token types: an ordinary word, and a special token such as `[CLS]`.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;

/// Names of a layer's parts in safetensors and in GGUF.
const PARTS: [(&str, &str); 8] = [
    ("attention.self.query", "attn_q"),
    ("attention.self.key", "attn_k"),
    ("attention.self.value", "attn_v"),
    ("attention.output.dense", "attn_output"),
    ("attention.output.LayerNorm", "attn_output_norm"),
    ("intermediate.dense", "ffn_up"),
    ("output.dense", "ffn_down"),
    ("output.LayerNorm", "layer_output_norm"),
];

/// The fields we need from the model's `config.json`.
#[derive(Deserialize)]
struct Config {
    num_attention_heads: usize,
    layer_norm_eps: f32,
}

#[derive(Deserialize)]
struct Tokenizer {
    model: WordPiece,
}

#[derive(Deserialize)]
struct WordPiece {
    vocab: BTreeMap<String, usize>,
}

/// Writes the encoder as GGUF. Without a configuration, the number of heads is guessed from the
/// width: heads are 32 wide in MiniLM (up to 384), 64 in BERT.
pub(super) fn convert(
    weights: &[u8],
    tokenizer: &[u8],
    config: Option<&[u8]>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let tensors = SafeTensors::deserialize(weights).map_err(Reason::of)?;
    let [words, width] = matrix(&tensors, WORDS)?;
    let [positions, _] = matrix(&tensors, POSITIONS)?;
    let [types, _] = matrix(&tensors, TYPES)?;
    let [ffn, _] = matrix(&tensors, FFN)?;
    // The file does not name the number of layers, so count them.
    let layers = (0..256)
        .take_while(|i| tensors.tensor(&layer(*i, PARTS[0].0)).is_ok())
        .count();
    let config: Config = match config {
        Some(json) => serde_json::from_slice(json).map_err(|e| name_fault("config.json", e))?,
        None => {
            let head = if width <= 384 { 32 } else { 64 };
            Config {
                num_attention_heads: width / head,
                layer_norm_eps: 1e-12,
            }
        }
    };
    let heads = config.num_attention_heads;
    if heads == 0 || width % heads != 0 {
        return Err(format!("{heads} heads do not fit a width of {width}").into());
    }

    let mut writer = GgufWriter::new("bert");
    writer.key("general.name", Value::Text("sentence encoder".into()));
    writer.key("general.file_type", Value::U32(1));
    let numbers = [
        ("bert.context_length", positions),
        ("bert.embedding_length", width),
        ("bert.feed_forward_length", ffn),
        ("bert.block_count", layers),
        ("bert.attention.head_count", heads),
        // Mean pooling.
        ("bert.pooling_type", 1),
        ("tokenizer.ggml.token_type_count", types),
    ];
    for (key, number) in numbers {
        writer.key(key, small(number)?);
    }
    writer.key(
        "bert.attention.layer_norm_epsilon",
        Value::F32(config.layer_norm_eps),
    );
    writer.key("bert.attention.causal", Value::Bool(false));
    add_vocabulary(&mut writer, tokenizer, words)?;
    add_tensors(&mut writer, &tensors, layers)?;
    writer.write(out)?;
    Ok(())
}

fn add_vocabulary(writer: &mut GgufWriter, tokenizer: &[u8], words: usize) -> Result<(), Failure> {
    let tokenizer: Tokenizer =
        serde_json::from_slice(tokenizer).map_err(|e| name_fault("tokenizer.json", e))?;
    let vocab = tokenizer.model.vocab;
    if vocab.len() != words {
        return Err(format!("{words} word vectors do not fit {} words", vocab.len()).into());
    }
    let mut texts = vec![None; words];
    for (text, id) in &vocab {
        let slot = texts
            .get_mut(*id)
            .ok_or_else(|| format!("word {id} is out of range"))?;
        *slot = Some(text);
    }
    let (mut list, mut kinds) = (Vec::with_capacity(words), Vec::with_capacity(words));
    for text in texts {
        let text = text.ok_or_else(|| "two words have the same number".to_owned())?;
        let marker = text.starts_with('[') && text.ends_with(']');
        kinds.push(if marker { CONTROL } else { NORMAL });
        list.push(match text.strip_prefix("##") {
            _ if marker => text.clone(),
            Some(piece) => piece.to_owned(),
            None => format!("\u{2581}{text}"),
        });
    }
    writer.key("tokenizer.ggml.model", Value::Text("bert".into()));
    writer.key("tokenizer.ggml.pre", Value::Text("default".into()));
    writer.key("tokenizer.ggml.tokens", Value::Texts(list));
    writer.key("tokenizer.ggml.token_type", Value::Ints(kinds));
    // GGUF does spell it “seperator”.
    let markers = [
        ("bos", "[CLS]"),
        ("seperator", "[SEP]"),
        ("eos", "[SEP]"),
        ("padding", "[PAD]"),
        ("unknown", "[UNK]"),
        ("mask", "[MASK]"),
    ];
    for (key, text) in markers {
        let id = *vocab
            .get(text)
            .ok_or_else(|| format!("the vocabulary has no {text}"))?;
        writer.key(format!("tokenizer.ggml.{key}_token_id"), small(id)?);
    }
    Ok(())
}

fn add_tensors(writer: &mut GgufWriter, from: &SafeTensors, layers: usize) -> Result<(), Failure> {
    add(writer, from, WORDS, "token_embd.weight", true)?;
    add(writer, from, POSITIONS, "position_embd.weight", false)?;
    add(writer, from, TYPES, "token_types.weight", false)?;
    for end in ["weight", "bias"] {
        let name = format!("embeddings.LayerNorm.{end}");
        add(
            writer,
            from,
            &name,
            &format!("token_embd_norm.{end}"),
            false,
        )?;
    }
    for i in 0..layers {
        for (part, name) in PARTS {
            let prefix = format!("encoder.layer.{i}.{part}");
            let matrix = !part.ends_with("LayerNorm");
            add(
                writer,
                from,
                &format!("{prefix}.weight"),
                &format!("blk.{i}.{name}.weight"),
                matrix,
            )?;
            add(
                writer,
                from,
                &format!("{prefix}.bias"),
                &format!("blk.{i}.{name}.bias"),
                false,
            )?;
        }
    }
    Ok(())
}

fn add(
    writer: &mut GgufWriter,
    from: &SafeTensors,
    old: &str,
    new: &str,
    halve: bool,
) -> Result<(), Failure> {
    let tensor = from.tensor(old).map_err(|e| name_fault(old, e))?;
    let values = floats(&tensor).map_err(|e| name_fault(old, e))?;
    if halve {
        writer.tensor_f16(new, tensor.shape(), values);
    } else {
        writer.tensor_f32(new, tensor.shape(), values);
    }
    Ok(())
}

fn floats(tensor: &TensorView) -> Result<Vec<f32>, Reason> {
    let data = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::F16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::BF16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        other => return Err(format!("numbers of type {other:?} are not known").into()),
    })
}

fn matrix(tensors: &SafeTensors, name: &str) -> Result<[usize; 2], Reason> {
    let tensor = tensors.tensor(name).map_err(|e| name_fault(name, e))?;
    tensor
        .shape()
        .try_into()
        .map_err(|_| format!("{name} is not a matrix").into())
}

/// Prefixes an error with the file or tensor that it is about.
fn name_fault(name: &str, cause: impl Error + Send + Sync + 'static) -> Reason {
    Reason::told(format!("{name}: {cause}"), cause)
}

fn layer(i: usize, part: &str) -> String {
    format!("encoder.layer.{i}.{part}.weight")
}

fn small(number: usize) -> Result<Value, Reason> {
    u32::try_from(number).map(Value::U32).map_err(Reason::of)
}
