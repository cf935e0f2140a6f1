//! A tiny encoder for tests: one layer, 64 wide, a vocabulary of single letters.

use std::collections::HashMap;
use std::path::PathBuf;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

/// Width of a token's vector, and of the feed-forward part.
const WIDTH: usize = 64;
const INNER: usize = 96;
const ROWS: usize = 40;
const POSITIONS: usize = 32;

fn put_u32(out: &mut Vec<u8>, value: usize) {
    out.extend(u32::try_from(value).unwrap().to_le_bytes());
}

/// Small pseudo-random numbers, the same for each seed.
fn numbers(seed: usize, count: usize) -> Vec<f32> {
    let mut state = (seed as u32).wrapping_mul(747_796_405);
    let next = || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (state >> 16) as f32 / 65_536.0 - 0.5
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn blocks(values: &[f32]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in values.chunks(32) {
        let largest = block.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let scale = half::f16::from_f32(largest / 7.0);
        out.extend(scale.to_le_bytes());
        let nibble = |v: f32| ((v / scale.to_f32()).round() as i8 + 8).clamp(0, 15) as u8;
        for at in 0..16 {
            out.push(nibble(block[at]) | nibble(block[at + 16]) << 4);
        }
    }
    out
}

pub(super) fn packed() -> Vec<u8> {
    let mut out = b"E5S1".to_vec();
    for value in [1, WIDTH, 1, 2, INNER, ROWS, POSITIONS, 2] {
        put_u32(&mut out, value);
    }
    out.extend(1e-12f32.to_le_bytes());
    put_u32(&mut out, 32);
    let mut pieces = vec![
        "<s>".to_owned(),
        "<pad>".into(),
        "</s>".into(),
        "<unk>".into(),
        "\u{2581}".into(),
    ];
    pieces.extend(('a'..='z').map(String::from));
    for value in [pieces.len(), 0, 2, 1, 3] {
        put_u32(&mut out, value);
    }
    let blob: String = pieces.concat();
    out.extend((blob.len() as u64).to_le_bytes());
    let mut at = 0;
    for piece in &pieces {
        put_u32(&mut out, at);
        at += piece.len();
    }
    put_u32(&mut out, at);
    for _ in &pieces {
        out.extend((-3.0f32).to_le_bytes());
    }
    out.extend(blob.as_bytes());
    put_u32(&mut out, 0);
    put_u32(&mut out, 0);
    let square = WIDTH * WIDTH;
    let mut tensors: Vec<(String, u8, usize)> = vec![
        ("emb.word".into(), 1, ROWS * WIDTH),
        ("emb.pos".into(), 1, POSITIONS * WIDTH),
        ("emb.type".into(), 0, 2 * WIDTH),
        ("emb.ln.w".into(), 0, WIDTH),
        ("emb.ln.b".into(), 0, WIDTH),
    ];
    for (part, weights, outputs) in [
        ("q", square, WIDTH),
        ("k", square, WIDTH),
        ("v", square, WIDTH),
        ("ao", square, WIDTH),
        ("fi", WIDTH * INNER, INNER),
        ("fo", WIDTH * INNER, WIDTH),
    ] {
        tensors.push((format!("l0.{part}.w"), 1, weights));
        tensors.push((format!("l0.{part}.b"), 0, outputs));
    }
    for norm in ["aln", "oln"] {
        tensors.push((format!("l0.{norm}.w"), 0, WIDTH));
        tensors.push((format!("l0.{norm}.b"), 0, WIDTH));
    }
    let directory: usize = tensors
        .iter()
        .map(|(n, _, _)| 2 + n.len() + 1 + 4 + 16)
        .sum();
    let mut from = out.len() + 4 + directory;
    let mut data = Vec::new();
    put_u32(&mut out, tensors.len());
    for (seed, (name, kind, count)) in tensors.iter().enumerate() {
        let values = numbers(seed + 1, *count);
        let bytes = match kind {
            0 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            _ => blocks(&values),
        };
        out.extend((name.len() as u16).to_le_bytes());
        out.extend(name.as_bytes());
        out.push(*kind);
        put_u32(&mut out, *count);
        out.extend((from as u64).to_le_bytes());
        out.extend((bytes.len() as u64).to_le_bytes());
        from += bytes.len();
        data.extend(bytes);
    }
    out.extend(data);
    out
}

/// Writes the file to a temporary folder.
pub(super) fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.e5s");
    std::fs::write(&path, packed()).unwrap();
    (folder, path)
}

/// The file of a reader over the tiny base model, with this metadata.
pub(super) fn reader(format: &str, base: &str) -> Vec<u8> {
    let (width, inner) = (WIDTH, INNER);
    let mut data: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    let floats = |count: usize, value: f32| -> Vec<u8> {
        std::iter::repeat_n(value.to_le_bytes(), count)
            .flatten()
            .collect()
    };
    for (part, inputs, outputs) in [
        ("q", width, width),
        ("k", width, width),
        ("v", width, width),
        ("ao", width, width),
        ("fi", width, inner),
        ("fo", inner, width),
    ] {
        let weights = (0..inputs * outputs).map(|i| ((i * 7 % 61) as i8 - 30).cast_unsigned());
        let name = format!("layers.0.{part}");
        let shape = vec![outputs, inputs];
        data.push((
            format!("{name}.weight"),
            Dtype::I8,
            shape,
            weights.collect(),
        ));
        data.push((
            format!("{name}.scale"),
            Dtype::F32,
            vec![outputs],
            floats(outputs, 0.002),
        ));
        data.push((
            format!("{name}.bias"),
            Dtype::F32,
            vec![outputs],
            floats(outputs, 0.0),
        ));
    }
    for norm in ["aln", "oln"] {
        let name = format!("layers.0.{norm}");
        data.push((
            format!("{name}.weight"),
            Dtype::F32,
            vec![width],
            floats(width, 1.0),
        ));
        data.push((
            format!("{name}.bias"),
            Dtype::F32,
            vec![width],
            floats(width, 0.0),
        ));
    }
    let head: Vec<u8> = (0..2 * width)
        .flat_map(|i| (i as f32 / 90.0 - 0.7).to_le_bytes())
        .collect();
    data.push(("span.weight".into(), Dtype::F32, vec![2, width], head));
    data.push(("span.bias".into(), Dtype::F32, vec![2], floats(2, 0.1)));
    let views = data.iter().map(|(name, dtype, shape, bytes)| {
        (
            name.as_str(),
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    let notes = HashMap::from([
        ("format".to_owned(), format.to_owned()),
        ("base".to_owned(), base.to_owned()),
    ]);
    serialize(views, Some(notes)).unwrap()
}
