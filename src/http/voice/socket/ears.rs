//! Sound as it comes in: numbered frames made into a stream without gaps, no faster than time passes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::voice::LINE_RATE;

/// Most bytes of a frame.
pub(super) const LARGEST: usize = 64 * 1024;
/// Bytes of sound in a ms.
const PER_MS: usize = LINE_RATE as usize * 2 / 1000;
/// Most bytes that are handed on at once: 100 ms.
const PIECE: usize = 100 * PER_MS;
/// Longest gap that is filled with silence, in bytes: 1 s.
const LONGEST_GAP: usize = 1000 * PER_MS;
/// A number that is this far off is a new count, not a lost frame.
const NEW_COUNT: u32 = 1000;
/// So far may the sound be ahead of time, in ms.
const AHEAD_MS: f64 = 3000.0;
/// So much may be thrown away for being too early before the connection is closed, in ms of sound.
const MOST_THROWN_MS: f64 = 15_000.0;

/// What is wrong with a frame; each is a sentence for whoever writes a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Over [`LARGEST`].
    #[error("a frame may have at most 65536 bytes; send 20 to 100 ms at a time")]
    TooLarge,
    /// No number, no sound, or half a sample.
    #[error("a frame is a number of 4 bytes and samples of 2 bytes each")]
    Malformed,
    /// Faster than time passes.
    #[error("sound comes faster than time passes; some of it was dropped")]
    TooFast,
    /// Faster than time passes, and no end of it.
    #[error("sound keeps coming faster than time passes")]
    FarTooFast,
}

/// Puts the frames of a caller in order.
#[derive(Debug)]
pub(super) struct Ears {
    next: Option<u32>,
    /// How much may still come now, in ms.
    credit: f64,
    at: Instant,
    thrown: f64,
}

impl Ears {
    /// Ears that begin to listen now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: None,
            credit: AHEAD_MS,
            at: now,
            thrown: 0.0,
        }
    }

    /// The sound of a frame in pieces of at most 100 ms, silence for lost frames before it. A late frame
    /// gives none.
    pub(super) fn take(&mut self, frame: &Bytes, now: Instant) -> Result<Vec<Bytes>, Fault> {
        if frame.len() > LARGEST {
            return Err(Fault::TooLarge);
        }
        let (number, sound) = frame.split_at_checked(4).ok_or(Fault::Malformed)?;
        let number = number
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| Fault::Malformed)?;
        if sound.is_empty() || !sound.len().is_multiple_of(2) {
            return Err(Fault::Malformed);
        }
        let Some(lost) = self.lost(number) else {
            return Ok(Vec::new());
        };
        let gap = (lost as usize).saturating_mul(sound.len()).min(LONGEST_GAP);
        self.next = Some(number.wrapping_add(1));
        self.charge(gap + sound.len(), now)?;
        let mut pieces = Vec::new();
        if gap > 0 {
            pieces.extend(cut(BytesMut::zeroed(gap).freeze()));
        }
        pieces.extend(cut(frame.slice(4..)));
        Ok(pieces)
    }

    /// How many frames are missing before this one; none if it is late.
    fn lost(&self, number: u32) -> Option<u32> {
        let Some(next) = self.next else {
            return Some(0);
        };
        let ahead = number.wrapping_sub(next);
        let behind = next.wrapping_sub(number);
        match (ahead, behind) {
            (ahead, _) if ahead < NEW_COUNT => Some(ahead),
            (_, behind) if behind < NEW_COUNT => None,
            _ => Some(0),
        }
    }

    fn charge(&mut self, bytes: usize, now: Instant) -> Result<(), Fault> {
        let passed = now.saturating_duration_since(self.at);
        self.at = now;
        self.credit = (self.credit + millis(passed)).min(AHEAD_MS);
        // Who behaves for a while is forgiven.
        self.thrown = (self.thrown - millis(passed) / 4.0).max(0.0);
        let ms = bytes as f64 / PER_MS as f64;
        if ms <= self.credit {
            self.credit -= ms;
            return Ok(());
        }
        self.thrown += ms;
        Err(if self.thrown > MOST_THROWN_MS {
            Fault::FarTooFast
        } else {
            Fault::TooFast
        })
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn cut(sound: Bytes) -> impl Iterator<Item = Bytes> {
    let starts = (0..sound.len()).step_by(PIECE);
    starts.map(move |at| sound.slice(at..sound.len().min(at + PIECE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u32, ms: usize) -> Bytes {
        let mut frame = number.to_le_bytes().to_vec();
        frame.resize(4 + ms * PER_MS, 7);
        frame.into()
    }

    fn ms(pieces: &[Bytes]) -> usize {
        pieces.iter().map(Bytes::len).sum::<usize>() / PER_MS
    }

    #[test]
    fn lost_frames_become_silence_and_late_ones_nothing() {
        let now = Instant::now();
        // number, ms of sound that come of it
        for steps in [
            vec![(5, 20), (6, 20), (7, 20)],
            vec![(0, 20), (3, 60), (1, 0), (2, 0), (4, 20)],
            vec![(0, 20), (200, 1020), (201, 20)],
            vec![(u32::MAX, 20), (0, 20), (2, 40)],
            vec![(9, 20), (9, 0)],
            vec![(9, 20), (90_000, 20), (90_001, 20)],
        ] {
            let mut ears = Ears::new(now);
            for (number, expected) in &steps {
                let got = ears.take(&frame(*number, 20), now).unwrap();
                assert_eq!(ms(&got), *expected, "{number} of {steps:?}");
            }
        }
    }

    #[test]
    fn silence_comes_before_the_sound() {
        let now = Instant::now();
        let mut ears = Ears::new(now);
        ears.take(&frame(0, 20), now).unwrap();
        let got = ears.take(&frame(2, 20), now).unwrap();
        assert!(got[0].iter().all(|b| *b == 0) && got[1].iter().all(|b| *b == 7));
    }

    #[test]
    fn long_frames_are_cut() {
        let now = Instant::now();
        let got = Ears::new(now).take(&frame(0, 250), now).unwrap();
        let lengths: Vec<_> = got.iter().map(|piece| piece.len() / PER_MS).collect();
        assert_eq!(lengths, [100, 100, 50]);
    }

    #[test]
    fn malformed_frames_change_nothing() {
        let now = Instant::now();
        let mut ears = Ears::new(now);
        ears.take(&frame(0, 20), now).unwrap();
        for (bytes, fault) in [
            (Bytes::new(), Fault::Malformed),
            (Bytes::from_static(b"abc"), Fault::Malformed),
            (Bytes::from_static(b"abcd"), Fault::Malformed),
            (Bytes::from_static(b"abcde"), Fault::Malformed),
            (vec![0; LARGEST + 1].into(), Fault::TooLarge),
        ] {
            assert_eq!(ears.take(&bytes, now), Err(fault));
        }
        assert_eq!(ms(&ears.take(&frame(1, 20), now).unwrap()), 20);
    }

    #[test]
    fn three_seconds_ahead_are_fine_and_persistence_is_not() {
        let start = Instant::now();
        let mut ears = Ears::new(start);
        let mut now = start;
        let mut number = 0;
        let mut next = |ears: &mut Ears, now| {
            number += 1;
            ears.take(&frame(number, 100), now)
        };
        for _ in 0..30 {
            assert!(next(&mut ears, now).is_ok());
        }
        assert_eq!(next(&mut ears, now), Err(Fault::TooFast));
        // In time again, it goes on.
        for _ in 0..100 {
            now += Duration::from_millis(100);
            assert!(next(&mut ears, now).is_ok());
        }
        let faults: Vec<_> = (0..200)
            .filter_map(|_| next(&mut ears, now).err())
            .collect();
        assert_eq!(faults.first(), Some(&Fault::TooFast));
        assert_eq!(faults.last(), Some(&Fault::FarTooFast));
    }
}
