//! End-of-turn detection: Smart Turn (BSD-2) hears the last 8 s and estimates how likely it is that the
//! speaker has finished.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::process::Answers;
use super::protocol::Event;
use super::sound;
use crate::models::convert::mel;
use crate::reason::Reason;
use crate::speech::SAMPLE_RATE;

/// Samples that the model hears: 8 s.
const HEARD: usize = 8 * SAMPLE_RATE as usize;
/// Length of a frame in samples: 25 ms.
const FRAME: usize = 400;
/// Samples from one frame to the next: 10 ms.
const HOP: usize = 160;
const FRAMES: usize = HEARD / HOP;
const BANDS: usize = 80;

/// Computes log-mel features as Whisper does (80 bands, frames of 25 ms every 10 ms), from sound
/// normalised to mean 0 and variance 1.
pub(super) struct Features {
    /// Of the precision that resampling has, too: another one would bring the library's code a second time, 8 MB.
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f64>,
    /// Per band, the first bin and the weights from it onwards.
    bands: Vec<(usize, Vec<f64>)>,
}

impl Features {
    pub(super) fn new() -> Self {
        let turn = std::f64::consts::TAU / FRAME as f64;
        let filters = mel::filters(BANDS);
        let bands = filters.chunks(mel::BINS).map(|row| {
            let first = row.iter().position(|w| *w > 0.0).unwrap_or(0);
            let last = row.iter().rposition(|w| *w > 0.0).map_or(0, |i| i + 1);
            let weights = row.get(first..last).unwrap_or_default();
            (first, weights.iter().map(|w| f64::from(*w)).collect())
        });
        Self {
            transform: RealFftPlanner::new().plan_fft_forward(FRAME),
            window: (0..FRAME)
                .map(|n| 0.5 - 0.5 * (turn * n as f64).cos())
                .collect(),
            bands: bands.collect(),
        }
    }

    /// Features of the last 8 s, band after band; shorter sound is padded with silence at the front.
    pub(super) fn of(&self, samples: &[f32]) -> Vec<f32> {
        let sound = normalise(samples);
        let mut spectrum = self.transform.make_output_vec();
        let mut frame = self.transform.make_input_vec();
        let mut out = vec![0.0_f64; BANDS * FRAMES];
        let mut highest = f64::MIN;
        for index in 0..FRAMES {
            // Frames are centred: the first begins half a frame before the sound, which is mirrored at
            // both ends.
            for (n, (to, weight)) in frame.iter_mut().zip(&self.window).enumerate() {
                let at = (index * HOP + n).abs_diff(FRAME / 2);
                let at = if at < HEARD { at } else { 2 * (HEARD - 1) - at };
                *to = sound
                    .get(at)
                    .map_or(0.0, |s| (f64::from(*s) * weight) as f32);
            }
            if self.transform.process(&mut frame, &mut spectrum).is_err() {
                continue;
            }
            for (band, (first, weights)) in self.bands.iter().enumerate() {
                let bins = spectrum.iter().skip(*first).map(power);
                let energy: f64 = bins
                    .zip(weights)
                    .map(|(power, weight)| power * weight)
                    .sum();
                let value = energy.max(1e-10).log10();
                highest = highest.max(value);
                if let Some(place) = out.get_mut(band * FRAMES + index) {
                    *place = value;
                }
            }
        }
        // Whisper's scaling; values more than 80 dB below the highest are cut off.
        out.iter()
            .map(|value| ((value.max(highest - 8.0) + 4.0) / 4.0) as f32)
            .collect()
    }
}

fn power(bin: &Complex<f32>) -> f64 {
    let (real, imaginary) = (f64::from(bin.re), f64::from(bin.im));
    real * real + imaginary * imaginary
}

/// Normalises the last 8 s to mean 0 and variance 1, including the padding.
fn normalise(samples: &[f32]) -> Vec<f32> {
    let kept = samples
        .get(samples.len().saturating_sub(HEARD)..)
        .unwrap_or_default();
    let mut sound = vec![0.0; HEARD - kept.len()];
    sound.extend_from_slice(kept);
    let mean = sound.iter().map(|s| f64::from(*s)).sum::<f64>() / HEARD as f64;
    let square = |s: &f32| (f64::from(*s) - mean).powi(2);
    let variance = sound.iter().map(square).sum::<f64>() / HEARD as f64;
    let scale = (variance + 1e-7).sqrt();
    for sample in &mut sound {
        *sample = ((f64::from(*sample) - mean) / scale) as f32;
    }
    sound
}

pub(super) struct SmartTurn {
    model: Model,
    input: NodeId,
    output: NodeId,
    features: Features,
    threads: Arc<ThreadPool>,
}

impl SmartTurn {
    /// Reads the model and runs it once, so that the first caller does not wait for warm-up.
    pub(super) fn load(path: &Path) -> Result<Self, Reason> {
        let wrong = |what: Reason| {
            let path = path.display();
            let told = format!("{path} is not an end-of-turn model ({what})");
            Reason::told(told, what)
        };
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(path)
            .map_err(|e| wrong(Reason::of(e)))?;
        let (Some(&input), Some(&output)) = (model.input_ids().first(), model.output_ids().first())
        else {
            return Err(wrong("it has no input or output".into()));
        };
        let turn = Self {
            model,
            input,
            output,
            features: Features::new(),
            // One run is too short for a second thread to help.
            threads: Arc::new(ThreadPool::with_num_threads(1)),
        };
        turn.probability(&[0.0; 1600]).map_err(wrong)?;
        Ok(turn)
    }

    pub(super) fn probability(&self, samples: &[f32]) -> Result<f32, Reason> {
        let features = NdTensor::from_data([1, BANDS, FRAMES], self.features.of(samples));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let run = || {
            let inputs = vec![(self.input, ValueOrView::from(features))];
            self.model.run_n(inputs, [self.output], Some(options))
        };
        let [value] = catch_unwind(AssertUnwindSafe(run))
            .map_err(|_| "it cannot compute this sound")?
            .map_err(Reason::of)?;
        let value: Tensor<f32> = value.try_into().map_err(|_| "it returned no numbers")?;
        match value.iter().next() {
            Some(p) if p.is_finite() => Ok(p.clamp(0.0, 1.0)),
            _ => Err("it returned no probability".into()),
        }
    }
}

/// Answers until the process ends.
pub(super) fn run(
    asked: &mpsc::Receiver<(u64, Bytes)>,
    model: &SmartTurn,
    answers: &Answers,
) -> std::io::Result<()> {
    while let Ok((id, pcm)) = asked.recv() {
        if answers.is_cancelled(id) {
            answers.end(id)?;
            continue;
        }
        let event = match model.probability(&sound::samples(&pcm, HEARD)) {
            Ok(probability) => Event::Turn(probability),
            Err(reason) => Event::Broken(reason),
        };
        answers.send_last(id, &event)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sound of loud and soft stretches with noise that any language can compute.
    fn sound(samples: u32) -> Vec<f32> {
        let mut state = 1_u32;
        (0..samples)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from((state >> 16) % 2001) - 1000.0;
                let loud = if (i / 4000) % 2 == 0 { 9000.0 } else { 900.0 };
                let i = f64::from(i);
                let value = loud * (0.05 * i).sin() + loud / 2.0 * (0.31 * i).sin() + noise;
                (value.floor() / 32_768.0) as f32
            })
            .collect()
    }

    fn check(seconds: u32, expected: &[(usize, usize, f32)], mean: f32) {
        let features = Features::new().of(&sound(seconds * 16_000));
        assert_eq!(features.len(), BANDS * FRAMES);
        for &(band, frame, want) in expected {
            let got = features[band * FRAMES + frame];
            assert!(
                (got - want).abs() < 2e-3,
                "{band} {frame}: {got}, not {want}"
            );
        }
        let got = features.iter().sum::<f32>() / features.len() as f32;
        assert!((got - mean).abs() < 1e-3, "{got}, not {mean}");
    }

    // The numbers were computed in Python by the feature extractor that the model was trained with.

    #[test]
    fn features_of_short_sound_are_those_of_the_reference() {
        let points = [
            (0, 0, 0.01034),
            (5, 0, -0.1881),
            (10, 499, 0.51799),
            (0, 500, 1.54702),
            (10, 501, 0.80709),
            (40, 620, 0.75729),
            (79, 700, 0.89344),
            (3, 799, 1.26454),
            (60, 799, 0.78633),
        ];
        check(3, &points, 0.194_387);
    }

    #[test]
    fn of_long_sound_the_end_counts() {
        let points = [
            (0, 0, 1.45443),
            (5, 0, 1.34085),
            (10, 499, 0.62973),
            (0, 500, 1.21338),
            (10, 501, 0.65998),
            (40, 620, 0.75465),
            (79, 700, 0.70742),
            (3, 799, 1.14057),
            (60, 799, 0.64813),
        ];
        check(10, &points, 0.718_804);
    }

    #[test]
    fn silence_and_nothing_have_features_too() {
        for samples in [vec![], vec![0.0; 16_000]] {
            assert!(Features::new().of(&samples).iter().all(|v| v.is_finite()));
        }
    }
}
