//! Cleans the microphone's sound: removes the loudspeaker's echo and noise, and evens the volume.

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, NoiseSuppression,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::reason::Reason;
use crate::speech::encode::integers;
use crate::speech::{AudioError, Mono};
use crate::voice::LINE_RATE;

/// Samples cleaned at a time: 10 ms.
const FRAME: usize = LINE_RATE as usize / 100;

/// Cleans what the microphone hears.
pub(super) struct Cleaner {
    processing: AudioProcessing,
    far: Channel,
    near: Channel,
}

/// One direction, at the line's rate, with the samples that do not fill a frame yet.
struct Channel {
    filter: Mono,
    rest: Vec<f32>,
}

impl Channel {
    fn new() -> Self {
        Self {
            filter: Mono::at(LINE_RATE),
            rest: Vec::new(),
        }
    }

    fn frames(&mut self, samples: &[f32], rate: u32) -> Result<Vec<Vec<f32>>, AudioError> {
        self.filter.push(samples, 1, rate)?;
        self.rest.extend(self.filter.take());
        let whole = self.rest.len() / FRAME * FRAME;
        let frames = self.rest.drain(..whole).collect::<Vec<f32>>();
        Ok(frames.chunks_exact(FRAME).map(<[f32]>::to_vec).collect())
    }
}

impl Cleaner {
    /// A cleaner that does not know the room yet; it adapts within about a second of playing.
    pub(super) fn new() -> Self {
        let config = Config {
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: Some(EchoCanceller::default()),
            noise_suppression: Some(NoiseSuppression::default()),
            gain_controller2: Some(GainController2 {
                adaptive_digital: Some(AdaptiveDigital::default()),
                ..GainController2::default()
            }),
            ..Config::default()
        };
        let stream = StreamConfig::new(LINE_RATE, 1);
        let processing = AudioProcessing::builder()
            .config(config)
            .capture_config(stream)
            .render_config(stream)
            .build();
        Self {
            processing,
            far: Channel::new(),
            near: Channel::new(),
        }
    }

    /// Takes what the loudspeaker plays, one channel.
    ///
    /// # Errors
    /// For unsupported rates.
    pub(super) fn played(&mut self, samples: &[f32], rate: u32) -> Result<(), AudioError> {
        for frame in self.far.frames(samples, rate)? {
            let mut out = [0.0; FRAME];
            let done = self
                .processing
                .process_render_f32(&[&frame], &mut [&mut out]);
            done.map_err(refusal)?;
        }
        Ok(())
    }

    /// Takes what the microphone heard, one channel, and returns the clean sound in the line's format.
    ///
    /// # Errors
    /// For unsupported rates.
    pub(super) fn heard(&mut self, samples: &[f32], rate: u32) -> Result<Vec<u8>, AudioError> {
        let mut pcm = Vec::new();
        for frame in self.near.frames(samples, rate)? {
            let mut out = [0.0; FRAME];
            let done = self
                .processing
                .process_capture_f32(&[&frame], &mut [&mut out]);
            done.map_err(refusal)?;
            pcm.extend(integers(&out).iter().flat_map(|s| s.to_le_bytes()));
        }
        Ok(pcm)
    }
}

fn refusal(error: sonora::Error) -> AudioError {
    AudioError::Damaged {
        reason: Reason::told(format!("the echo canceller refused it: {error}"), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::encode::floats;

    const SECOND: usize = LINE_RATE as usize;

    /// Speech-like noise: syllables of 250 ms with pauses of 100 ms, low frequencies stronger.
    fn speech(seed: u32, seconds: usize, loud: f32) -> Vec<f32> {
        let (mut state, mut low) = (seed, 0.0_f32);
        (0..seconds * SECOND)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
                low += 0.25 * (white - low);
                let at = n % (SECOND * 35 / 100);
                let on = at < SECOND / 4;
                let shape = (at as f32 / (SECOND / 4) as f32 * std::f32::consts::PI).sin();
                if on { low * shape * loud } else { 0.0 }
            })
            .collect()
    }

    fn decibels(samples: &[f32]) -> f32 {
        let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
        10.0 * power.max(1e-12).log10()
    }

    /// Cleans `near` while `far` plays and leaks in 40 ms later at a third of its volume.
    fn cleaned(far: &[f32], near: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let delay = SECOND / 25;
        let microphone: Vec<f32> = (0..far.len())
            .map(|n| {
                let echo = |late: usize, by: f32| {
                    n.checked_sub(delay + late).map_or(0.0, |at| far[at] * by)
                };
                near[n] + echo(0, 0.33) + echo(90, 0.12) + echo(400, 0.05)
            })
            .collect();
        let mut cleaner = Cleaner::new();
        let mut out = Vec::new();
        for (played, heard) in far.chunks(FRAME).zip(microphone.chunks(FRAME)) {
            cleaner.played(played, LINE_RATE).unwrap();
            out.extend(floats(&cleaner.heard(heard, LINE_RATE).unwrap()));
        }
        (microphone, out)
    }

    #[test]
    fn the_own_voice_is_taken_out() {
        let far = speech(1, 8, 1.0);
        let (microphone, out) = cleaned(&far, &vec![0.0; far.len()]);
        let after = 4 * SECOND..8 * SECOND;
        let gone = decibels(&microphone[after.clone()]) - decibels(&out[after]);
        assert!(gone > 20.0, "{gone} dB");
    }

    #[test]
    fn the_visitor_stays_while_nothing_plays_and_while_something_does() {
        let seconds = 8;
        let silence = vec![0.0; seconds * SECOND];
        let near = speech(77, seconds, 0.8);
        let after = 4 * SECOND..8 * SECOND;
        let spoken = decibels(&near[after.clone()]);
        let (_, alone) = cleaned(&silence, &near);
        let lost = spoken - decibels(&alone[after]);
        assert!(lost < 6.0, "alone: {lost} dB lost");
        // The canceller adapts in the first half; the visitor speaks in the second.
        let mut late = near.clone();
        late[..4 * SECOND].fill(0.0);
        let far = speech(1, seconds, 0.5);
        let (_, out) = cleaned(&far, &late);
        let lost = spoken - decibels(&out[4 * SECOND..]);
        assert!(lost < 10.0, "both: {lost} dB lost");
    }

    #[test]
    fn any_rate_of_the_microphone_comes_out_at_the_line_s() {
        for rate in [8_000, 44_100, 48_000] {
            let mut cleaner = Cleaner::new();
            let mut bytes = 0;
            for _ in 0..100 {
                let piece = vec![0.0; rate as usize / 100];
                bytes += cleaner.heard(&piece, rate).unwrap().len();
            }
            let samples = bytes / 2;
            assert!(
                (SECOND * 8 / 10..=SECOND).contains(&samples),
                "{rate}: {samples}"
            );
        }
    }
}
