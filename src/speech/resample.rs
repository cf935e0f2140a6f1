//! Converts any number of channels at any rate to one channel at one rate, piece by piece.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler};

use super::error::AudioError;
use crate::reason::Reason;

/// Source frames of a recording that are resampled at once.
const CHUNK: usize = 1024;
/// Length of a piece of live sound, in ms: how long the filter waits.
const LIVE_MS: u32 = 20;
/// Full scale of signed 16-bit samples.
const FULL_SCALE: f32 = 32_768.0;
/// Rates outside this range, in Hz, come from damaged headers, not from recorders.
const RATES: std::ops::RangeInclusive<u32> = 2_000..=400_000;
/// The longest silence that replaces one broken packet, in seconds.
const MAX_GAP: f64 = 1.0;

/// Mixes and resamples sound piece by piece; see the module.
pub struct Mono {
    target: u32,
    live: bool,
    out: Vec<f32>,
    stage: Option<Stage>,
}

/// The resampler for one source rate.
struct Stage {
    rate: u32,
    target: u32,
    /// `None` if the source already has the target rate.
    fft: Option<Fft<f32>>,
    /// Mono samples at the source rate that do not fill a chunk yet.
    pending: Vec<f32>,
    /// Output buffer of one chunk.
    chunk: Vec<f32>,
    /// Output samples still to be dropped: the filter's delay.
    delay: usize,
    /// Frames taken in and samples given out, so that the result ends at the right length.
    frames_in: u64,
    samples_out: u64,
}

impl Mono {
    /// Collects mono samples at this rate, in Hz.
    pub fn at(target: u32) -> Self {
        Self {
            target,
            live: false,
            out: Vec::new(),
            stage: None,
        }
    }

    /// Like [`Mono::at`], for live sound: the filter holds back only about 20 ms.
    pub fn live(target: u32) -> Self {
        Self {
            live: true,
            ..Self::at(target)
        }
    }

    /// Takes signed 16-bit sound of one channel and returns what is ready in the same form. Fails like
    /// [`Mono::push`].
    pub fn convert(&mut self, samples: &[i16], rate: u32) -> Result<Vec<i16>, AudioError> {
        let floats: Vec<f32> = samples.iter().map(|&s| f32::from(s) / FULL_SCALE).collect();
        self.push(&floats, 1, rate)?;
        Ok(self.take_i16())
    }

    /// Returns what the filter still holds back, like [`Mono::convert`]. New sound may follow.
    pub fn rest(&mut self) -> Result<Vec<i16>, AudioError> {
        self.flush()?;
        Ok(self.take_i16())
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float to i16 saturates, as it should"
    )]
    fn take_i16(&mut self) -> Vec<i16> {
        let scaled = |sample: f32| (sample * FULL_SCALE).round() as i16;
        self.out.drain(..).map(scaled).collect()
    }

    /// Takes what is ready, without what the filter still holds back.
    pub fn take(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.out)
    }

    /// Samples that are ready.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Adds interleaved frames.
    ///
    /// # Errors
    /// For a rate outside 2 to 400 kHz, and for zero channels.
    pub fn push(
        &mut self,
        interleaved: &[f32],
        channels: usize,
        rate: u32,
    ) -> Result<(), AudioError> {
        if channels == 0 || !RATES.contains(&rate) {
            let reason = format!("{channels} channels at {rate} Hz").into();
            return Err(AudioError::Damaged { reason });
        }
        if self.stage.as_ref().is_some_and(|stage| stage.rate != rate) {
            self.flush()?;
        }
        let stage = match &mut self.stage {
            Some(stage) => stage,
            None => self.stage.insert(Stage::new(rate, self.target, self.live)?),
        };
        let scale = 1.0 / channels as f32;
        stage.frames_in += (interleaved.len() / channels) as u64;
        stage
            .pending
            .extend(interleaved.chunks_exact(channels).map(|frame| {
                let sum: f32 = frame.iter().map(|&sample| clamp_finite(sample)).sum();
                sum * scale
            }));
        stage.drain(&mut self.out, false)
    }

    /// Adds silence, at most a second, for sound that could not be decoded.
    pub(super) fn push_silence(&mut self, seconds: f64) -> Result<(), AudioError> {
        if let Some(stage) = &mut self.stage {
            let frames = (seconds.clamp(0.0, MAX_GAP) * f64::from(stage.rate)) as usize;
            stage.frames_in += frames as u64;
            stage.pending.resize(stage.pending.len() + frames, 0.0);
            stage.drain(&mut self.out, false)?;
        }
        Ok(())
    }

    /// Returns everything that was not taken yet, to the last sample.
    pub fn finish(mut self) -> Result<Vec<f32>, AudioError> {
        self.flush()?;
        Ok(self.out)
    }

    fn flush(&mut self) -> Result<(), AudioError> {
        match self.stage.take() {
            Some(mut stage) => stage.drain(&mut self.out, true),
            None => Ok(()),
        }
    }
}

impl Stage {
    fn new(rate: u32, target: u32, live: bool) -> Result<Self, AudioError> {
        let fft = if rate == target {
            None
        } else {
            let (from, to) = (rate as usize, target as usize);
            let chunk = if live {
                (rate * LIVE_MS / 1000) as usize
            } else {
                CHUNK
            };
            Some(Fft::<f32>::new(from, to, chunk, 1, FixedSync::Input).map_err(resample_error)?)
        };
        let delay = fft.as_ref().map_or(0, Resampler::output_delay);
        let chunk = vec![0.0; fft.as_ref().map_or(0, Resampler::output_frames_max)];
        let pending = Vec::new();
        Ok(Self {
            rate,
            target,
            fft,
            pending,
            chunk,
            delay,
            frames_in: 0,
            samples_out: 0,
        })
    }

    /// Resamples all full chunks; at the `end` also the partial one and what the filter holds back.
    fn drain(&mut self, out: &mut Vec<f32>, end: bool) -> Result<(), AudioError> {
        let Some(fft) = &mut self.fft else {
            out.extend(self.pending.drain(..).map(|sample| sample.clamp(-1.0, 1.0)));
            return Ok(());
        };
        let wanted = (self.frames_in * u64::from(self.target)).div_ceil(u64::from(self.rate));
        let mut used = 0;
        loop {
            let need = fft.input_frames_next();
            let available = self.pending.len() - used;
            let partial = available < need;
            if partial && !(end && self.samples_out < wanted) {
                break;
            }
            let take = available.min(need);
            let indexing = Indexing::new().partial_len(take);
            let input = InterleavedSlice::new(&self.pending[used..used + take], 1, take)
                .map_err(resample_error)?;
            let room = self.chunk.len();
            let mut output =
                InterleavedSlice::new_mut(&mut self.chunk, 1, room).map_err(resample_error)?;
            let (_, produced) = fft
                .process_into_buffer(&input, &mut output, partial.then_some(&indexing))
                .map_err(resample_error)?;
            used += take;
            let skip = self.delay.min(produced);
            self.delay -= skip;
            // Without this cap, padding of the last chunk would lengthen the sound.
            let left = usize::try_from(wanted - self.samples_out.min(wanted)).unwrap_or(usize::MAX);
            let keep = &self.chunk[skip..produced];
            let keep = &keep[..keep.len().min(left)];
            out.extend(keep.iter().map(|sample| sample.clamp(-1.0, 1.0)));
            self.samples_out += keep.len() as u64;
            if take == 0 && produced == 0 {
                break;
            }
        }
        self.pending.drain(..used);
        Ok(())
    }
}

/// Clamps to -1 to 1; NaN and infinity, which float recordings may hold, become 0.
fn clamp_finite(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

fn resample_error(error: impl std::error::Error + Send + Sync + 'static) -> AudioError {
    AudioError::Damaged {
        reason: Reason::told(format!("it cannot be resampled: {error}"), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::decode::SAMPLE_RATE;

    fn tone(rate: u32, hz: f32, seconds: f32) -> Vec<f32> {
        let frames = (rate as f32 * seconds) as usize;
        let step = std::f32::consts::TAU * hz / rate as f32;
        (0..frames).map(|n| 0.5 * (n as f32 * step).sin()).collect()
    }

    /// Whole cycles, from upward zero crossings.
    fn crossings(samples: &[f32]) -> usize {
        samples
            .windows(2)
            .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
            .count()
    }

    #[test]
    fn keeps_pitch_and_length_at_every_common_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let mut mono = Mono::at(SAMPLE_RATE);
            for piece in tone(rate, 440.0, 2.0).chunks(777) {
                mono.push(piece, 1, rate).unwrap();
            }
            let samples = mono.finish().unwrap();
            assert!(
                (31_990..=32_010).contains(&samples.len()),
                "{rate}: {}",
                samples.len()
            );
            assert!((876..=882).contains(&crossings(&samples)), "{rate}");
        }
    }

    #[test]
    fn mixes_every_channel_in() {
        let left = tone(16_000, 300.0, 0.1);
        let stereo: Vec<f32> = left.iter().flat_map(|&sample| [sample, 0.0]).collect();
        let mut mono = Mono::at(SAMPLE_RATE);
        mono.push(&stereo, 2, 16_000).unwrap();
        let samples = mono.finish().unwrap();
        assert_eq!(samples.len(), left.len());
        assert!((samples[20] - left[20] / 2.0).abs() < 1e-6);
    }

    #[test]
    fn a_change_of_rate_in_the_middle_loses_nothing() {
        let mut mono = Mono::at(SAMPLE_RATE);
        mono.push(&tone(8_000, 200.0, 1.0), 1, 8_000).unwrap();
        mono.push(&tone(48_000, 200.0, 1.0), 1, 48_000).unwrap();
        let length = mono.finish().unwrap().len();
        assert!((31_990..=32_010).contains(&length), "{length}");
    }

    #[test]
    fn broken_floats_become_silence() {
        let mut mono = Mono::at(SAMPLE_RATE);
        mono.push(&[f32::NAN, f32::INFINITY, 9.0], 1, 16_000)
            .unwrap();
        assert_eq!(mono.finish().unwrap(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn silence_stands_in_for_a_lost_packet() {
        let mut mono = Mono::at(SAMPLE_RATE);
        mono.push(&[0.5; 160], 1, 16_000).unwrap();
        mono.push_silence(0.02).unwrap();
        assert_eq!(mono.finish().unwrap().len(), 160 + 320);
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert!(Mono::at(SAMPLE_RATE).push(&[0.0], 1, 3).is_err());
        assert!(Mono::at(SAMPLE_RATE).push(&[0.0], 0, 16_000).is_err());
    }
    #[test]
    fn live_sound_comes_out_at_once_and_in_full_stretch_after_stretch() {
        let rates = [
            (8000, 16_000),
            (24_000, 16_000),
            (22_050, 24_000),
            (22_050, 8000),
        ];
        for (from, to) in rates {
            let mut mono = Mono::live(to);
            let sound: Vec<i16> = tone(from, 440.0, 1.0)
                .iter()
                .map(|sample| (sample * 24_000.0) as i16)
                .collect();
            for _ in 0..2 {
                let mut out = Vec::new();
                for (n, piece) in sound.chunks(from as usize / 50).enumerate() {
                    out.extend(mono.convert(piece, from).unwrap());
                    let due = (n * to as usize / 50).saturating_sub(to as usize / 25);
                    assert!(out.len() >= due, "{from} {to} {n}: {}", out.len());
                }
                out.extend(mono.rest().unwrap());
                assert!(
                    out.len().abs_diff(to as usize) <= 2,
                    "{from} {to} {}",
                    out.len()
                );
                let ups = out.windows(2).filter(|p| p[0] < 0 && p[1] >= 0).count();
                assert!((436..=444).contains(&ups), "{from} {to} {ups}");
            }
        }
    }

    #[test]
    fn sound_of_the_right_rate_passes_unchanged() {
        let sound = [0, 1, -1, 1234, i16::MIN, i16::MAX];
        assert_eq!(Mono::live(16_000).convert(&sound, 16_000).unwrap(), sound);
    }
}
