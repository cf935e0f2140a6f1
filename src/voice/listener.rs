//! What comes in: frames of 16 ms with a score each, and the sound of the turn that is open.

use std::collections::VecDeque;

use bytes::Bytes;

use super::line::LINE_RATE;
use crate::speech::{FRAME, VoiceDetector};

/// Bytes of a frame.
const FRAME_BYTES: usize = FRAME * 2;
/// Kept before the first voice of a turn, in frames: soft beginnings score low.
const LEAD: usize = 24;
/// Longest turn that is kept, in frames: the recogniser hears 30 s.
const LONGEST: usize = 29 * LINE_RATE as usize / FRAME;
/// What the end-of-turn model hears, in bytes: 8 s.
const TAIL: usize = 8 * LINE_RATE as usize * 2;

/// A frame of sound, judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Probability (0 to 1) of a voice.
    pub score: f32,
    /// Mean level of its samples, 0 to 1.
    pub level: f32,
}

/// Scores a frame's samples: the probability (0 to 1) of a voice.
pub type Score = Box<dyn FnMut(&[f32]) -> f32 + Send>;

/// Listens to a line.
pub struct Listener {
    score: Score,
    rest: VecDeque<u8>,
    lead: VecDeque<Vec<u8>>,
    turn: VecDeque<Vec<u8>>,
    open: bool,
}

impl Default for Listener {
    /// Ears that have heard nothing yet.
    fn default() -> Self {
        let mut detector = VoiceDetector::default();
        Self::scored_by(Box::new(move |frame| detector.score(frame)))
    }
}

impl Listener {
    /// The same with another way to know a voice.
    pub fn scored_by(score: Score) -> Self {
        Self {
            score,
            rest: VecDeque::with_capacity(4 * FRAME_BYTES),
            lead: VecDeque::with_capacity(LEAD + 1),
            turn: VecDeque::new(),
            open: false,
        }
    }

    /// Takes sound as it came; [`Listener::next_frame`] gives it frame by frame.
    pub fn feed(&mut self, pcm: &[u8]) {
        self.rest.extend(pcm);
    }

    /// The next frame that is complete.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.rest.len() < FRAME_BYTES {
            return None;
        }
        let bytes: Vec<u8> = self.rest.drain(..FRAME_BYTES).collect();
        let samples = samples(&bytes);
        let score = (self.score)(&samples);
        let level = samples.iter().map(|s| s.abs()).sum::<f32>() / FRAME as f32;
        let (buffer, most) = if self.open {
            (&mut self.turn, LONGEST)
        } else {
            (&mut self.lead, LEAD)
        };
        buffer.push_back(bytes);
        if buffer.len() > most {
            buffer.pop_front();
        }
        Some(Frame { score, level })
    }

    /// A turn begins: its sound is kept from a little before now.
    pub fn open(&mut self) {
        if !self.open {
            self.open = true;
            self.turn = std::mem::take(&mut self.lead);
        }
    }

    /// The turn is over; its sound is let go.
    pub fn close(&mut self) {
        if self.open {
            self.open = false;
            // The end of this turn is the lead of the next.
            let from = self.turn.len().saturating_sub(LEAD / 3);
            self.lead = self.turn.split_off(from);
            self.turn.clear();
        }
    }

    /// The sound of the open turn.
    pub fn turn(&self) -> Bytes {
        self.turn
            .iter()
            .flatten()
            .copied()
            .collect::<Vec<u8>>()
            .into()
    }

    /// The end of the open turn, as the end-of-turn model wants it.
    pub fn tail(&self) -> Bytes {
        let all = self.turn();
        all.slice(all.len().saturating_sub(TAIL)..)
    }

    /// How long the open turn's sound is, in ms.
    pub fn turn_ms(&self) -> u64 {
        (self.turn.len() * FRAME) as u64 * 1000 / u64::from(LINE_RATE)
    }
}

/// Samples from -1 to 1 of signed 16-bit ones.
pub(super) fn samples(pcm: &[u8]) -> Vec<f32> {
    pcm.chunks_exact(2)
        .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
        .collect()
}
