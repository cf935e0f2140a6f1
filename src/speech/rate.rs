//! Another sampling rate for live sound, with a delay of a few milliseconds.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::error::SpeechError;

/// Length of the pieces that are converted, in ms.
const PIECE_MS: u32 = 20;
/// Rates that sound cards, telephones and voices have, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Converts one channel of signed 16-bit sound from one rate to another, piece by piece.
pub struct Rate {
    fft: Option<Fft<f32>>,
    pending: Vec<f32>,
    piece: Vec<f32>,
    /// Samples still to be dropped: the filter's delay.
    delay: usize,
    from: u64,
    to: u64,
    taken: u64,
    given: u64,
}

impl Rate {
    /// From `from` Hz to `to` Hz.
    ///
    /// # Errors
    /// [`SpeechError::InvalidOption`] for rates below 8 kHz or above 192 kHz.
    pub fn new(from: u32, to: u32) -> Result<Self, SpeechError> {
        if !RATES.contains(&from) || !RATES.contains(&to) {
            return Err(SpeechError::InvalidOption {
                option: "rate",
                reason: format!("must be 8000 to 192000 Hz, not {from} and {to}"),
            });
        }
        let fft = if from == to {
            None
        } else {
            let piece = (from * PIECE_MS / 1000) as usize;
            let fft = Fft::<f32>::new(from as usize, to as usize, piece, 1, FixedSync::Input);
            Some(fft.map_err(failed)?)
        };
        Ok(Self {
            delay: fft.as_ref().map_or(0, Resampler::output_delay),
            piece: vec![0.0; fft.as_ref().map_or(0, Resampler::output_frames_max)],
            fft,
            pending: Vec::new(),
            from: from.into(),
            to: to.into(),
            taken: 0,
            given: 0,
        })
    }

    /// What comes out for more sound; some of it is held back until the next piece.
    ///
    /// # Errors
    /// [`SpeechError::Engine`] if the filter fails.
    pub fn push(&mut self, samples: &[i16]) -> Result<Vec<i16>, SpeechError> {
        if self.fft.is_none() {
            return Ok(samples.to_vec());
        }
        self.taken += samples.len() as u64;
        self.pending
            .extend(samples.iter().map(|&sample| f32::from(sample) / 32_768.0));
        let mut out = Vec::new();
        self.drain(&mut out)?;
        Ok(out)
    }

    /// What was held back. A new stretch of sound may follow.
    ///
    /// # Errors
    /// As [`Rate::push`].
    pub fn finish(&mut self) -> Result<Vec<i16>, SpeechError> {
        let mut out = Vec::new();
        let wanted = (self.taken * self.to).div_ceil(self.from);
        while self.fft.is_some() && self.given < wanted {
            let need = self.fft.as_ref().map_or(0, Resampler::input_frames_next);
            self.pending.resize(need.max(self.pending.len()), 0.0);
            let before = self.given;
            self.drain(&mut out)?;
            if self.given == before && self.delay == 0 {
                break;
            }
        }
        let over = usize::try_from(self.given.saturating_sub(wanted)).unwrap_or(0);
        out.truncate(out.len().saturating_sub(over));
        if let Some(fft) = &mut self.fft {
            fft.reset();
            self.delay = fft.output_delay();
        }
        self.pending.clear();
        (self.taken, self.given) = (0, 0);
        Ok(out)
    }

    fn drain(&mut self, out: &mut Vec<i16>) -> Result<(), SpeechError> {
        let Some(fft) = &mut self.fft else {
            return Ok(());
        };
        let mut used = 0;
        loop {
            let need = fft.input_frames_next();
            if need == 0 || self.pending.len() - used < need {
                break;
            }
            let input =
                InterleavedSlice::new(&self.pending[used..used + need], 1, need).map_err(failed)?;
            let room = self.piece.len();
            let mut output = InterleavedSlice::new_mut(&mut self.piece, 1, room).map_err(failed)?;
            let (_, made) = fft
                .process_into_buffer(&input, &mut output, None)
                .map_err(failed)?;
            used += need;
            let skip = self.delay.min(made);
            self.delay -= skip;
            self.given += (made - skip) as u64;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "clamped to the range of i16"
            )]
            out.extend(
                self.piece[skip..made]
                    .iter()
                    .map(|sample| (sample * 32_768.0).clamp(-32_768.0, 32_767.0) as i16),
            );
        }
        self.pending.drain(..used);
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> SpeechError {
    SpeechError::Engine {
        reason: format!("sound cannot be resampled: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_pitch_are_kept_between_live_rates() {
        for (from, to) in [
            (8000, 16_000),
            (24_000, 16_000),
            (22_050, 24_000),
            (22_050, 8000),
        ] {
            let mut rate = Rate::new(from, to).unwrap();
            for _ in 0..2 {
                let step = std::f32::consts::TAU * 440.0 / from as f32;
                let tone: Vec<i16> = (0..from)
                    .map(|n| ((n as f32 * step).sin() * 12_000.0) as i16)
                    .collect();
                let mut out = Vec::new();
                for piece in tone.chunks(333) {
                    out.extend(rate.push(piece).unwrap());
                }
                out.extend(rate.finish().unwrap());
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
    fn little_is_held_back_and_nonsense_is_refused() {
        let mut rate = Rate::new(8000, 16_000).unwrap();
        assert!(rate.push(&[0; 800]).unwrap().len() >= 800);
        assert!(Rate::new(100, 16_000).is_err());
    }
}
