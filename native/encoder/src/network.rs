//! The encoder's layers: token vectors in, token vectors out.
//!
//! Matrix products use integers: 7-bit weights with a scale per output, 8-bit inputs with a scale per
//! token. (With 7 bits, the AVX2 instruction for such products cannot saturate, so every processor gives
//! the same sums.) Texts do not influence each other: a text gives bit for bit the same result alone and
//! in a batch.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix, QuantParams};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::NdTensorView;
use rten_vecmath::{Gelu, Softmax};

/// Added to a variance before taking its square root.
const EPSILON: f32 = 1e-12;
/// The largest weight after scaling: 7 bits with a sign.
const LARGEST: f32 = 63.0;
/// The zero point of the quantised inputs.
const ZERO: u8 = 128;
/// Tokens per matrix product, so that intermediate results stay in the CPU cache.
const ROWS: usize = 128;

type Integers = GemmExecutor<u8, i8, i32>;
type Floats = GemmExecutor<f32, f32, f32>;

/// A linear layer with quantised weights.
pub struct Linear {
    packed: PackedBMatrix<i8>,
    /// Per output.
    scales: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

/// Quantised weights `[outputs, inputs]`, from -63 to 63, with a scale per output.
pub struct Quantised {
    pub weights: Vec<i8>,
    pub scales: Vec<f32>,
}

impl Quantised {
    /// Quantises weights `[outputs, inputs]` to 7 bits, each output with its own scale.
    pub fn of(weights: &[f32], inputs: usize) -> Self {
        let mut scales = Vec::with_capacity(weights.len() / inputs.max(1));
        let mut rounded = Vec::with_capacity(weights.len());
        for row in weights.chunks_exact(inputs.max(1)) {
            let largest = row.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let scale = if largest > 0.0 {
                largest / LARGEST
            } else {
                1.0
            };
            scales.push(scale);
            #[expect(clippy::cast_possible_truncation, reason = "between -63 and 63")]
            rounded.extend(row.iter().map(|w| (w / scale).round() as i8));
        }
        Self {
            weights: rounded,
            scales,
        }
    }

    /// Joins three layers over the same input into one.
    pub fn stack(parts: [Self; 3]) -> Self {
        let mut all = Self {
            weights: Vec::new(),
            scales: Vec::new(),
        };
        for part in parts {
            all.weights.extend(part.weights);
            all.scales.extend(part.scales);
        }
        all
    }
}

impl Linear {
    pub fn new(weights: Quantised, bias: Vec<f32>, inputs: usize) -> Result<Self, String> {
        let outputs = weights.scales.len();
        let fits = bias.len() == outputs
            && weights.weights.len() == outputs * inputs
            && weights.weights.iter().all(|w| (-63..=63).contains(w))
            && weights.scales.iter().chain(&bias).all(|v| v.is_finite());
        if !fits {
            return Err("the weights of a layer do not fit together".into());
        }
        let matrix = NdTensorView::from_data([outputs, inputs], weights.weights.as_slice());
        Ok(Self {
            packed: Integers::new().prepack_b(matrix.transposed()),
            scales: weights.scales,
            bias,
            inputs,
        })
    }

    fn outputs(&self) -> usize {
        self.scales.len()
    }
}

pub struct Norm {
    pub scale: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Norm {
    /// Normalises each row in place.
    pub fn apply(&self, rows: &mut [f32]) {
        let width = self.scale.len();
        for row in rows.chunks_exact_mut(width.max(1)) {
            let mean = sum(row) / width as f32;
            for value in row.iter_mut() {
                *value -= mean;
            }
            let variance = sum_of_squares(row) / width as f32;
            let factor = 1.0 / (variance + EPSILON).sqrt();
            for ((value, scale), bias) in row.iter_mut().zip(&self.scale).zip(&self.bias) {
                *value = *value * factor * scale + bias;
            }
        }
    }
}

/// Sums in sixteen lanes, which the compiler vectorises.
fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

fn sum_of_squares(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value * value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|v| v * v).sum::<f32>()
}

/// The largest absolute value.
fn find_largest(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(value.abs());
        }
    }
    let rest = rest.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    lanes.iter().fold(rest, |m, v| m.max(*v))
}

/// One layer of a post-norm BERT.
pub struct Layer {
    /// Query, key and value in one product.
    pub attention_in: Linear,
    pub attention_out: Linear,
    pub attention_norm: Norm,
    pub inner_in: Linear,
    pub inner_out: Linear,
    pub inner_norm: Norm,
}

pub struct Network {
    pub layers: Vec<Layer>,
    pub width: usize,
    pub heads: usize,
}

/// Buffers for a pass over the layers; one for each thread.
#[derive(Default)]
pub struct Space {
    quants: Vec<u8>,
    scales: Vec<f32>,
    zeros: Vec<u8>,
    sums: Vec<i32>,
    wide: Vec<f32>,
    narrow: Vec<f32>,
    attended: Vec<f32>,
    scores: Vec<f32>,
    integers: Integers,
    floats: Floats,
}

impl Network {
    /// Runs the concatenated vectors of several texts through all layers, in place. `lengths` counts the
    /// tokens of each text.
    pub fn run(
        &self,
        rows: &mut [f32],
        lengths: &[usize],
        space: &mut Space,
    ) -> Result<(), String> {
        self.layers
            .iter()
            .try_for_each(|layer| self.run_layer(layer, rows, lengths, space))
    }

    fn run_layer(
        &self,
        layer: &Layer,
        rows: &mut [f32],
        lengths: &[usize],
        space: &mut Space,
    ) -> Result<(), String> {
        let width = self.width;
        // Taken out of `space`, since `multiply` and `attend` borrow the rest of it.
        let mut wide = std::mem::take(&mut space.wide);
        let mut narrow = std::mem::take(&mut space.narrow);
        let mut attended = std::mem::take(&mut space.attended);
        wide.clear();
        for block in rows.chunks(ROWS * width) {
            multiply(&layer.attention_in, block, space, &mut wide)?;
        }
        attended.clear();
        attended.resize(rows.len(), 0.0);
        let mut first = 0;
        for &length in lengths {
            let input = wide.get(first * 3 * width..(first + length) * 3 * width);
            let output = attended.get_mut(first * width..(first + length) * width);
            let (Some(input), Some(output)) = (input, output) else {
                return Err("the texts do not fit their lengths".into());
            };
            self.attend(input, output, length, space)?;
            first += length;
        }
        let blocks = attended.chunks(ROWS * width);
        for (rows, attended) in rows.chunks_mut(ROWS * width).zip(blocks) {
            narrow.clear();
            multiply(&layer.attention_out, attended, space, &mut narrow)?;
            add(rows, &narrow);
            layer.attention_norm.apply(rows);
            wide.clear();
            multiply(&layer.inner_in, rows, space, &mut wide)?;
            Gelu {}.map_mut(&mut wide);
            narrow.clear();
            multiply(&layer.inner_out, &wide, space, &mut narrow)?;
            add(rows, &narrow);
            layer.inner_norm.apply(rows);
        }
        space.wide = wide;
        space.narrow = narrow;
        space.attended = attended;
        Ok(())
    }

    /// Computes attention within one text: `[length, 3 * width]` in, `[length, width]` out.
    fn attend(
        &self,
        input: &[f32],
        output: &mut [f32],
        length: usize,
        space: &mut Space,
    ) -> Result<(), String> {
        let (width, size) = (self.width, self.width / self.heads);
        let all = NdTensorView::from_data([length, 3 * width], input);
        let scale = 1.0 / (size as f32).sqrt();
        space.scores.resize(length * length, 0.0);
        let mut mixed = std::mem::take(&mut space.narrow);
        mixed.clear();
        mixed.resize(length * size, 0.0);
        for head in 0..self.heads {
            // Each row holds query, key and value one after the other, each with all heads.
            let part = |at: usize| {
                let from = at * width + head * size;
                all.slice((.., from..from + size))
            };
            let options = GemmOptions {
                alpha: scale,
                ..GemmOptions::default()
            };
            space
                .floats
                .gemm(
                    &mut space.scores,
                    GemmInputA::Unpacked(part(0)),
                    GemmInputB::Unpacked(part(1).transposed()),
                    options,
                )
                .map_err(|e| e.to_string())?;
            for row in space.scores.chunks_exact_mut(length.max(1)) {
                Softmax::new_mut(row).dispatch();
            }
            let weights = NdTensorView::from_data([length, length], space.scores.as_slice());
            space
                .floats
                .gemm(
                    &mut mixed,
                    GemmInputA::Unpacked(weights),
                    GemmInputB::Unpacked(part(2)),
                    GemmOptions::default(),
                )
                .map_err(|e| e.to_string())?;
            let rows = output.chunks_exact_mut(width);
            for (row, values) in rows.zip(mixed.chunks_exact(size)) {
                if let Some(own) = row.get_mut(head * size..(head + 1) * size) {
                    own.copy_from_slice(values);
                }
            }
        }
        space.narrow = mixed;
        Ok(())
    }
}

fn add(rows: &mut [f32], more: &[f32]) {
    for (value, more) in rows.iter_mut().zip(more) {
        *value += more;
    }
}

/// Adding this to a number from −127 to 127 leaves the rounded number plus 128 in the lowest byte:
/// 1.5 · 2²³ pushes the fraction out of the mantissa.
const ROUNDING: f32 = 12_582_912.0 + ZERO as f32;

/// Appends `input × weights + bias` to `out`.
fn multiply(
    linear: &Linear,
    input: &[f32],
    space: &mut Space,
    out: &mut Vec<f32>,
) -> Result<(), String> {
    let (inputs, outputs) = (linear.inputs, linear.outputs());
    let rows = input.len() / inputs.max(1);
    space.scales.clear();
    space.quants.resize(rows * inputs, 0);
    let quants = space.quants.chunks_exact_mut(inputs.max(1));
    for (row, quants) in input.chunks_exact(inputs.max(1)).zip(quants) {
        let largest = find_largest(row);
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let factor = 1.0 / scale;
        space.scales.push(scale);
        for (quant, value) in quants.iter_mut().zip(row) {
            let [lowest, ..] = (value * factor + ROUNDING).to_bits().to_le_bytes();
            *quant = lowest;
        }
    }
    // The inputs are unsigned for the AVX2 instruction; the zero point takes the 128 off again.
    space.zeros.resize(rows.max(space.zeros.len()), ZERO);
    space.sums.resize(rows * outputs, 0);
    let quants = NdTensorView::from_data([rows, inputs], space.quants.as_slice());
    let options = GemmOptions {
        a_quant: Some(QuantParams {
            zero_point: space.zeros.get(..rows).unwrap_or_default(),
        }),
        ..GemmOptions::default()
    };
    space
        .integers
        .gemm(
            &mut space.sums,
            GemmInputA::Unpacked(quants),
            GemmInputB::Packed(&linear.packed),
            options,
        )
        .map_err(|e| e.to_string())?;
    let start = out.len();
    out.resize(start + rows * outputs, 0.0);
    let done = out.get_mut(start..).unwrap_or_default();
    let sums = space.sums.chunks_exact(outputs);
    for ((out, sums), scale) in done.chunks_exact_mut(outputs).zip(sums).zip(&space.scales) {
        let columns = linear.scales.iter().zip(&linear.bias);
        for ((value, sum), (own, bias)) in out.iter_mut().zip(sums).zip(columns) {
            *value = *sum as f32 * (scale * own) + bias;
        }
    }
    Ok(())
}
