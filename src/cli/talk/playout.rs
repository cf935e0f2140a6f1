//! The queue of sound to play: filled by the session, emptied by the loudspeaker.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::speech::encode::floats;
use crate::speech::{AudioError, Mono};

/// A queue of sound at the loudspeaker's rate, shared with the thread that plays.
pub(super) struct Playout(Mutex<Queue>);

struct Queue {
    rate: u32,
    pieces: VecDeque<Piece>,
    paused: bool,
    /// The answer being played or played last, and how many of its samples were played.
    heard: Option<(u32, u64)>,
}

struct Piece {
    answer: u32,
    /// `None` once the answer's sound is complete.
    filter: Option<Mono>,
    samples: VecDeque<f32>,
}

impl Playout {
    /// A queue for a loudspeaker of this rate.
    pub(super) fn new(rate: u32) -> Self {
        Self(Mutex::new(Queue {
            rate,
            pieces: VecDeque::new(),
            paused: false,
            heard: None,
        }))
    }

    /// Switches to another loudspeaker; drops the queue if the rate changes.
    pub(super) fn set_rate(&self, rate: u32) {
        let mut queue = self.lock();
        if queue.rate != rate {
            queue.rate = rate;
            queue.pieces.clear();
        }
    }

    /// Adds sound of an answer: signed 16-bit samples, little-endian.
    pub(super) fn push(&self, answer: u32, pcm: &[u8], rate: u32) -> Result<(), AudioError> {
        let mut queue = self.lock();
        let target = queue.rate;
        if queue.pieces.back().is_none_or(|p| p.answer != answer) {
            queue.pieces.push_back(Piece {
                answer,
                filter: None,
                samples: VecDeque::new(),
            });
        }
        if let Some(piece) = queue.pieces.back_mut() {
            let filter = piece.filter.get_or_insert_with(|| Mono::at(target));
            filter.push(&floats(pcm), 1, rate)?;
            piece.samples.extend(filter.take());
        }
        Ok(())
    }

    /// Marks the sound of an answer as complete.
    pub(super) fn end(&self, answer: u32) -> Result<(), AudioError> {
        let mut queue = self.lock();
        for piece in queue.pieces.iter_mut().filter(|p| p.answer == answer) {
            if let Some(filter) = piece.filter.take() {
                piece.samples.extend(filter.finish()?);
            }
        }
        Ok(())
    }

    /// Pauses, or resumes where it stopped.
    pub(super) fn pause(&self, paused: bool) {
        self.lock().paused = paused;
    }

    /// Drops what has not been played of this answer and earlier ones.
    pub(super) fn clear(&self, answer: u32) {
        let mut queue = self.lock();
        queue.pieces.retain(|piece| piece.answer > answer);
        queue.paused = false;
    }

    /// Fills in the next samples for the loudspeaker, or silence.
    pub(super) fn fill(&self, out: &mut [f32]) {
        out.fill(0.0);
        let mut queue = self.lock();
        if queue.paused {
            return;
        }
        let mut at = 0;
        while at < out.len() {
            let Some(piece) = queue.pieces.front_mut() else {
                return;
            };
            let answer = piece.answer;
            let count = piece.samples.len().min(out.len() - at);
            for (slot, sample) in out[at..].iter_mut().zip(piece.samples.drain(..count)) {
                *slot = sample;
            }
            at += count;
            let over = piece.samples.is_empty() && piece.filter.is_none();
            let before = match queue.heard {
                Some((heard, samples)) if heard == answer => samples,
                _ => 0,
            };
            queue.heard = Some((answer, before + count as u64));
            if over {
                queue.pieces.pop_front();
            } else if count == 0 {
                return;
            }
        }
    }

    /// The answer being played or played last, and how much of it was played, in ms.
    pub(super) fn heard(&self) -> Option<(u32, u64)> {
        let queue = self.lock();
        let (answer, samples) = queue.heard?;
        Some((answer, samples * 1000 / u64::from(queue.rate.max(1))))
    }

    /// Whether everything has been played.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().pieces.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcm(value: i16, count: usize) -> Vec<u8> {
        std::iter::repeat_n(value.to_le_bytes(), count)
            .flatten()
            .collect()
    }

    #[test]
    fn answers_follow_each_other_and_what_was_heard_is_counted() {
        let playout = Playout::new(16_000);
        playout.push(1, &pcm(8_192, 160), 16_000).unwrap();
        playout.end(1).unwrap();
        playout.push(2, &pcm(16_384, 160), 16_000).unwrap();
        let mut out = [0.0; 240];
        playout.fill(&mut out);
        assert_eq!((out[0], out[159], out[160]), (0.25, 0.25, 0.5));
        assert_eq!(playout.heard(), Some((2, 5)));
        playout.fill(&mut out);
        assert_eq!(
            (out[79], out[80]),
            (0.5, 0.0),
            "silence when there is no more"
        );
        assert!(!playout.is_empty(), "the second answer is not complete");
        playout.end(2).unwrap();
        playout.fill(&mut out);
        assert!(playout.is_empty());
        assert_eq!(playout.heard(), Some((2, 10)));
    }

    #[test]
    fn a_pause_keeps_and_a_clear_forgets() {
        let playout = Playout::new(16_000);
        playout.push(1, &pcm(8_192, 320), 16_000).unwrap();
        playout.push(2, &pcm(16_384, 160), 16_000).unwrap();
        let mut out = [0.0; 160];
        playout.fill(&mut out);
        playout.pause(true);
        playout.fill(&mut out);
        assert_eq!(out, [0.0; 160]);
        playout.pause(false);
        playout.fill(&mut out[..80]);
        assert_eq!(out[79], 0.25, "goes on where it stopped");
        playout.clear(1);
        assert_eq!(playout.heard(), Some((1, 15)));
        playout.fill(&mut out);
        assert_eq!(out[0], 0.5, "the next answer is not cleared");
    }

    #[test]
    fn other_rates_are_made_to_fit() {
        let playout = Playout::new(48_000);
        playout.push(1, &pcm(8_192, 22_050), 22_050).unwrap();
        playout.end(1).unwrap();
        let mut out = vec![0.0; 60_000];
        playout.fill(&mut out);
        assert!(playout.is_empty());
        let ms = playout.heard().unwrap().1;
        assert!((998..=1002).contains(&ms), "{ms}");
        assert!((out[24_000] - 0.25).abs() < 0.01);
    }
}
