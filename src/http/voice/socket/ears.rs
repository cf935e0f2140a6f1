//! Incoming audio: turns numbered frames into a stream without gaps, at real time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::voice::LINE_RATE;

/// Bytes of a frame.
pub(super) const LARGEST: usize = 64 * 1024;
/// Bytes of audio per millisecond.
const PER_MS: usize = LINE_RATE as usize * 2 / 1000;
/// Bytes that are passed on at a time: 100 ms.
const PIECE: usize = 100 * PER_MS;
/// Longest gap that is filled with silence, in bytes: 1 s.
const LONGEST_GAP: usize = 1000 * PER_MS;
/// A sequence number that is this far off means that the client started to count again, not that frames were lost.
const NEW_COUNT: u32 = 1000;
/// How far the audio may be ahead of real time.
const AHEAD_MS: f64 = 3000.0;
/// Audio that may be dropped for being too early before the connection is closed.
const MOST_THROWN_MS: f64 = 15_000.0;

/// What is wrong with a frame, in words for the developer of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Over [`LARGEST`].
    #[error("a frame may have at most 65536 bytes; send 20 to 100 ms at a time")]
    TooLarge,
    /// No number, no audio, or half a sample.
    #[error("a frame is a number of 4 bytes and samples of 2 bytes each")]
    Malformed,
    #[error("audio arrives faster than real time; some of it was dropped")]
    TooFast,
    /// [`Fault::TooFast`] too often.
    #[error("audio keeps arriving faster than real time")]
    FarTooFast,
}

/// Orders the frames of a caller, and limits their rate.
#[derive(Debug)]
pub(super) struct Ears {
    next: Option<u32>,
    /// Audio that may still arrive at once, in ms (token bucket).
    credit: f64,
    at: Instant,
    /// Dropped audio in ms; it decays while time passes.
    thrown: f64,
}

impl Ears {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: None,
            credit: AHEAD_MS,
            at: now,
            thrown: 0.0,
        }
    }

    /// Returns the audio of a frame in pieces of at most 100 ms, after silence for frames that were lost before it.
    /// A late frame returns nothing.
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
        let Some(lost) = self.count_lost(number) else {
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

    /// Counts the frames that are missing before this one; `None` if it is late.
    fn count_lost(&self, number: u32) -> Option<u32> {
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
        // A client that keeps to real time for a while is forgiven.
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
        // sequence number, ms of audio that it yields
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
        // Back at real time, audio passes again.
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
