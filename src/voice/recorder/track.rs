//! Aligns two channels on one clock: sound may come late, early, or in stretches with gaps between.

use super::RATE;
use crate::speech::Mono;

/// Samples per piece: 2 s.
const PIECE: usize = 2 * RATE as usize;
/// Sound that begins this close to the end of the previous sound follows it directly: the gap is clock jitter.
const NEAR: usize = RATE as usize * 60 / 1000;
/// A larger overlap than this is not jitter; its overlapping part is dropped.
const OVERLAP: usize = RATE as usize / 2;
/// How long to wait for a silent side, in samples.
const WAIT: usize = 3 * RATE as usize;
/// The longest silence to fill in at once: beyond it, a clock must be wrong.
const LONGEST: usize = 3600 * RATE as usize;

#[derive(Default)]
struct Side {
    /// Samples not yet taken; the first one is at the track's place.
    samples: Vec<i16>,
}

impl Side {
    /// Puts samples at an offset from the track's place.
    fn put(&mut self, at: i64, samples: &[i16]) {
        let end = self.samples.len();
        let at_or_zero = usize::try_from(at).unwrap_or(0);
        if at_or_zero > end + NEAR {
            if at_or_zero - end > LONGEST {
                return;
            }
            self.samples.resize(at_or_zero, 0);
        }
        let end = i64::try_from(self.samples.len()).unwrap_or(i64::MAX);
        let overlap = usize::try_from(end - at).unwrap_or(0);
        let skip = if overlap > OVERLAP { overlap } else { 0 };
        self.samples
            .extend_from_slice(samples.get(skip..).unwrap_or_default());
    }
}

#[derive(Default)]
pub(super) struct Track {
    caller: Side,
    agent: Side,
    /// Resamples the front desk's current stretch of speech.
    voice: Option<Stretch>,
    /// How many samples were taken so far.
    place: usize,
}

struct Stretch {
    mono: Mono,
    rate: u32,
    /// Position on the track of its next resampled sample.
    next: usize,
    /// When its next source sample is due, in ms.
    expected_ms: u64,
}

impl Track {
    /// End of the track, in ms.
    pub(super) fn at_ms(&self) -> u64 {
        let ahead = self.caller.samples.len().max(self.agent.samples.len());
        (self.place + ahead) as u64 * 1000 / u64::from(RATE)
    }

    pub(super) fn caller(&mut self, pcm: &[u8], at_ms: u64) {
        let at = self.offset_of(sample_at(at_ms));
        self.caller.put(at, &samples(pcm).collect::<Vec<_>>());
    }

    pub(super) fn agent(&mut self, pcm: &[u8], rate: u32, at_ms: u64) {
        let follows = self.voice.as_ref().is_some_and(|stretch| {
            stretch.rate == rate && stretch.expected_ms.abs_diff(at_ms) <= 250
        });
        if !follows {
            self.end_stretch();
        }
        let stretch = self.voice.get_or_insert_with(|| Stretch {
            mono: Mono::at(RATE),
            rate,
            next: sample_at(at_ms),
            expected_ms: at_ms,
        });
        let source: Vec<f32> = samples(pcm).map(|s| f32::from(s) / 32_768.0).collect();
        let length_ms = source.len() as u64 * 1000 / u64::from(rate.max(1));
        stretch.expected_ms = stretch.expected_ms.saturating_add(length_ms);
        // No voice has this rate: drop the sound.
        if stretch.mono.push(&source, 1, rate).is_err() {
            self.voice = None;
            return;
        }
        let (next, ready) = (stretch.next, stretch.mono.take());
        stretch.next = next.saturating_add(ready.len());
        self.place_agent(next, &ready);
    }

    /// Drops what the front desk would have said after `at_ms`.
    pub(super) fn cut(&mut self, at_ms: u64) {
        self.end_stretch();
        let keep = usize::try_from(self.offset_of(sample_at(at_ms))).unwrap_or(0);
        self.agent.samples.truncate(keep);
    }

    /// A finished piece, interleaved, into which no later sound can fall.
    pub(super) fn ready(&mut self) -> Option<Vec<i16>> {
        let (caller, agent) = (self.caller.samples.len(), self.agent.samples.len());
        // The caller's sound arrives as it is spoken, so both sides are final up to its end.
        let settled = caller.max(agent.saturating_sub(WAIT));
        (settled >= PIECE).then(|| self.take(PIECE))
    }

    /// Everything that is left, interleaved.
    pub(super) fn rest(&mut self) -> Vec<i16> {
        self.end_stretch();
        let all = self.caller.samples.len().max(self.agent.samples.len());
        self.take(all)
    }

    fn take(&mut self, count: usize) -> Vec<i16> {
        let mut out = Vec::with_capacity(count * 2);
        for at in 0..count {
            for side in [&self.caller, &self.agent] {
                out.push(side.samples.get(at).copied().unwrap_or(0));
            }
        }
        for side in [&mut self.caller, &mut self.agent] {
            side.samples.drain(..count.min(side.samples.len()));
        }
        self.place += count;
        out
    }

    fn end_stretch(&mut self) {
        if let Some(stretch) = self.voice.take()
            && let Ok(rest) = stretch.mono.finish()
        {
            self.place_agent(stretch.next, &rest);
        }
    }

    fn place_agent(&mut self, at: usize, sound: &[f32]) {
        let at = self.offset_of(at);
        let sound: Vec<i16> = sound.iter().map(|s| (s * 32_767.0) as i16).collect();
        self.agent.put(at, &sound);
    }

    fn offset_of(&self, sample: usize) -> i64 {
        sample as i64 - self.place as i64
    }
}

fn sample_at(ms: u64) -> usize {
    usize::try_from(ms.saturating_mul(u64::from(RATE)) / 1000).unwrap_or(usize::MAX / 4)
}

fn samples(pcm: &[u8]) -> impl Iterator<Item = i16> + '_ {
    let pairs = pcm.as_chunks::<2>().0;
    pairs.iter().map(|pair| i16::from_le_bytes(*pair))
}
