//! Converts Whisper from CTranslate2's format to whisper.cpp's.
//!
//! CTranslate2 stacks the query, key and value projections of self-attention (and key and value of
//! cross-attention) into one matrix; whisper.cpp wants them separate, and without the key's bias,
//! which Whisper does not have. Matrices are written as 16-bit floats; vectors, the biases of the
//! convolutions and both positional embeddings as 32-bit floats.

use std::collections::HashMap;
use std::io::Write;

use super::Failure;
use super::ct2_file::Ct2File;
use super::mel::{self, BINS};
use crate::models::inspect::WHISPER_MAGIC;
use crate::reason::Reason;

/// Size of the byte-level vocabulary that all Whisper models share. The special tokens after it
/// are added by whisper.cpp itself.
const WORDS: usize = 50_257;
/// Width of one attention head in every Whisper model.
const HEAD: usize = 64;
/// Audio frames in the encoder's context.
const FRAMES: usize = 1500;
/// Tokens in the decoder's context.
const TEXT: usize = 448;

/// Parses a vocabulary with one word per line.
pub(super) fn words_from_text(bytes: &[u8]) -> Result<Vec<String>, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|e| Reason::told("it is not UTF-8", e))?;
    Ok(text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(str::to_owned)
        .collect())
}

/// Parses a vocabulary that is a JSON list.
pub(super) fn words_from_json(bytes: &[u8]) -> Result<Vec<String>, Reason> {
    serde_json::from_slice(bytes).map_err(Reason::of)
}

pub(super) fn convert(bytes: &[u8], words: &[String], out: &mut impl Write) -> Result<(), Failure> {
    let file = Ct2File::parse(bytes)?;
    let embedding = file.get("decoder/embeddings/weight")?;
    let &[vocabulary, width] = embedding.shape.as_slice() else {
        return Err("its word embedding is not a matrix".to_owned().into());
    };
    let convolution = file.get("encoder/conv1/weight")?;
    let &[_, mels, 3] = convolution.shape.as_slice() else {
        return Err("its first convolution has the wrong shape"
            .to_owned()
            .into());
    };
    if width == 0 || width % HEAD != 0 || !(1..=128).contains(&mels) {
        return Err(
            format!("a width of {width} with {mels} mel bands is not a Whisper model").into(),
        );
    }
    let words = words
        .get(..WORDS)
        .ok_or_else(|| format!("{} words are too few", words.len()))?;
    let layers = |side: &str| {
        (0..64)
            .take_while(|i| file.contains(&layer(side, *i, "ffn/linear_0/weight")))
            .count()
    };
    let (encoder, decoder) = (layers("encoder"), layers("decoder"));
    let heads = width / HEAD;

    out.write_all(&WHISPER_MAGIC.to_le_bytes())?;
    // whisper.cpp's `hparams` (the 1 is the weights' type, f16), then the shape of the mel filters.
    let header = [
        vocabulary, FRAMES, width, heads, encoder, TEXT, width, heads, decoder, mels, 1, mels, BINS,
    ];
    for number in header {
        put(out, number)?;
    }
    for weight in mel::filters(mels) {
        out.write_all(&weight.to_le_bytes())?;
    }
    let alphabet = byte_alphabet();
    put(out, words.len())?;
    for word in words {
        let raw = raw_bytes(word, &alphabet);
        put(out, raw.len())?;
        out.write_all(&raw)?;
    }
    let mut tensors = Tensors {
        file: &file,
        width,
        out,
    };
    tensors.outside_of_layers(vocabulary, mels)?;
    for i in 0..encoder {
        tensors.layer("encoder", i)?;
    }
    for i in 0..decoder {
        tensors.layer("decoder", i)?;
    }
    out.flush()?;
    Ok(())
}

struct Tensors<'a, W> {
    file: &'a Ct2File<'a>,
    width: usize,
    out: &'a mut W,
}

/// A range of rows of a variable.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    count: usize,
    /// Number of rows in the whole variable.
    of: usize,
}

impl Rows {
    fn all(count: usize) -> Self {
        Self {
            first: 0,
            count,
            of: count,
        }
    }
}

impl<W: Write> Tensors<'_, W> {
    fn outside_of_layers(&mut self, vocabulary: usize, mels: usize) -> Result<(), Failure> {
        let d = self.width;
        for (side, rows) in [("encoder", FRAMES), ("decoder", TEXT)] {
            let from = format!("{side}/position_encodings/encodings");
            let all = self
                .file
                .get_shaped(&from, &[rows, d])?
                .floats(0, rows * d)?;
            self.floats(&format!("{side}.positional_embedding"), &[rows, d], &all)?;
        }
        self.matrix(
            "decoder.token_embedding.weight",
            "decoder/embeddings/weight",
            Rows::all(vocabulary),
            d,
        )?;
        for (i, inputs) in [(1, mels), (2, d)] {
            let from = format!("encoder/conv{i}");
            let weight = self
                .file
                .get_shaped(&format!("{from}/weight"), &[d, inputs, 3])?;
            let halves = weight.halves(0, d * inputs * 3)?;
            self.head(&format!("encoder.conv{i}.weight"), &[d, inputs, 3], 1)?;
            self.out.write_all(&halves)?;
            let bias = self
                .file
                .get_shaped(&format!("{from}/bias"), &[d])?
                .floats(0, d)?;
            self.floats(&format!("encoder.conv{i}.bias"), &[d, 1], &bias)?;
        }
        self.norm("encoder.ln_post", "encoder/layer_norm")?;
        self.norm("decoder.ln", "decoder/layer_norm")
    }

    fn layer(&mut self, side: &str, i: usize) -> Result<(), Failure> {
        let d = self.width;
        let to = format!("{side}.blocks.{i}");
        let from = layer(side, i, "");
        let own = format!("{from}self_attention");
        self.stacked(
            &format!("{to}.attn"),
            &format!("{own}/linear_0"),
            &["query", "key", "value"],
        )?;
        self.linear(&format!("{to}.attn.out"), &format!("{own}/linear_1"), d, d)?;
        self.norm(&format!("{to}.attn_ln"), &format!("{own}/layer_norm"))?;
        if side == "decoder" {
            let cross = format!("{from}attention");
            let name = format!("{to}.cross_attn");
            self.linear(&format!("{name}.query"), &format!("{cross}/linear_0"), d, d)?;
            self.stacked(&name, &format!("{cross}/linear_1"), &["key", "value"])?;
            self.linear(&format!("{name}.out"), &format!("{cross}/linear_2"), d, d)?;
            self.norm(&format!("{name}_ln"), &format!("{cross}/layer_norm"))?;
        }
        self.linear(
            &format!("{to}.mlp.0"),
            &format!("{from}ffn/linear_0"),
            4 * d,
            d,
        )?;
        self.linear(
            &format!("{to}.mlp.2"),
            &format!("{from}ffn/linear_1"),
            d,
            4 * d,
        )?;
        self.norm(&format!("{to}.mlp_ln"), &format!("{from}ffn/layer_norm"))
    }

    /// Square projections stacked in one matrix.
    fn stacked(&mut self, to: &str, from: &str, names: &[&str]) -> Result<(), Failure> {
        let d = self.width;
        for (at, name) in names.iter().enumerate() {
            let rows = Rows {
                first: at * d,
                count: d,
                of: names.len() * d,
            };
            self.matrix(
                &format!("{to}.{name}.weight"),
                &format!("{from}/weight"),
                rows,
                d,
            )?;
            if *name != "key" {
                self.vector(&format!("{to}.{name}.bias"), &format!("{from}/bias"), rows)?;
            }
        }
        Ok(())
    }

    fn linear(&mut self, to: &str, from: &str, rows: usize, columns: usize) -> Result<(), Failure> {
        self.matrix(
            &format!("{to}.weight"),
            &format!("{from}/weight"),
            Rows::all(rows),
            columns,
        )?;
        self.vector(
            &format!("{to}.bias"),
            &format!("{from}/bias"),
            Rows::all(rows),
        )
    }

    fn norm(&mut self, to: &str, from: &str) -> Result<(), Failure> {
        let rows = Rows::all(self.width);
        self.vector(&format!("{to}.weight"), &format!("{from}/gamma"), rows)?;
        self.vector(&format!("{to}.bias"), &format!("{from}/beta"), rows)
    }

    fn matrix(&mut self, to: &str, from: &str, rows: Rows, columns: usize) -> Result<(), Failure> {
        let whole = self.file.get_shaped(from, &[rows.of, columns])?;
        let halves = whole.halves(rows.first * columns, rows.count * columns)?;
        self.head(to, &[rows.count, columns], 1)?;
        Ok(self.out.write_all(&halves)?)
    }

    fn vector(&mut self, to: &str, from: &str, rows: Rows) -> Result<(), Failure> {
        let whole = self.file.get_shaped(from, &[rows.of])?;
        let floats = whole.floats(rows.first, rows.count)?;
        self.floats(to, &[rows.count], &floats)
    }

    fn floats(&mut self, to: &str, shape: &[usize], values: &[f32]) -> Result<(), Failure> {
        self.head(to, shape, 0)?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Ok(self.out.write_all(&bytes)?)
    }

    /// Writes a tensor's header: rank, length of the name, type; then the extents, fastest first, and the name.
    fn head(&mut self, name: &str, shape: &[usize], kind: usize) -> Result<(), Failure> {
        for number in [shape.len(), name.len(), kind]
            .into_iter()
            .chain(shape.iter().rev().copied())
        {
            put(self.out, number)?;
        }
        Ok(self.out.write_all(name.as_bytes())?)
    }
}

fn layer(side: &str, i: usize, rest: &str) -> String {
    format!("{side}/layer_{i}/{rest}")
}

fn put(out: &mut impl Write, number: usize) -> Result<(), Failure> {
    let number = i32::try_from(number).map_err(Reason::of)?;
    Ok(out.write_all(&number.to_le_bytes())?)
}

/// The byte for each character of a byte-level vocabulary: bytes that are printable in Latin-1 stand
/// for themselves, the others are written as the characters from U+0100 on (Radford et al., GPT-2).
fn byte_alphabet() -> HashMap<char, u8> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100_u32;
    let mut alphabet = HashMap::new();
    for byte in 0..=u8::MAX {
        let stands_for = if printable(byte) {
            Some(char::from(byte))
        } else {
            next += 1;
            char::from_u32(next - 1)
        };
        alphabet.extend(stands_for.map(|c| (c, byte)));
    }
    alphabet
}

fn raw_bytes(word: &str, alphabet: &HashMap<char, u8>) -> Vec<u8> {
    let raw: Option<Vec<u8>> = word.chars().map(|c| alphabet.get(&c).copied()).collect();
    raw.unwrap_or_else(|| word.as_bytes().to_vec())
}
