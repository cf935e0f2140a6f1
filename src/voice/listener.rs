//! Splits incoming sound into frames of 16 ms, scores each, and keeps the sound of the current turn.

use std::collections::VecDeque;

use bytes::Bytes;

use super::line::LINE_RATE;
use crate::speech::{FRAME, VoiceDetector};

const FRAME_BYTES: usize = FRAME * 2;
/// Frames kept before the first voiced frame of a turn, as soft beginnings score low.
const LEAD: usize = 24;
/// Longest turn kept, in frames: the recogniser accepts 30 s.
const LONGEST: usize = 29 * LINE_RATE as usize / FRAME;
/// What the end-of-turn model accepts, in bytes: 8 s.
const TAIL: usize = 8 * LINE_RATE as usize * 2;

/// A scored frame of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Probability of a voice, 0 to 1.
    pub score: f32,
    /// Mean absolute value of its samples, 0 to 1.
    pub level: f32,
}

/// Scores a frame's samples: the probability of a voice, 0 to 1.
pub type Score = Box<dyn FnMut(&[f32]) -> f32 + Send>;

pub struct Listener {
    score: Score,
    rest: VecDeque<u8>,
    lead: VecDeque<Vec<u8>>,
    turn: VecDeque<Vec<u8>>,
    open: bool,
}

impl Default for Listener {
    fn default() -> Self {
        let mut detector = VoiceDetector::default();
        Self::with_score(Box::new(move |frame| detector.score(frame)))
    }
}

impl Listener {
    /// Uses another voice detector.
    pub fn with_score(score: Score) -> Self {
        Self {
            score,
            rest: VecDeque::with_capacity(4 * FRAME_BYTES),
            lead: VecDeque::with_capacity(LEAD + 1),
            turn: VecDeque::new(),
            open: false,
        }
    }

    /// Adds sound of any length; [`Listener::next_frame`] returns it frame by frame.
    pub fn feed(&mut self, pcm: &[u8]) {
        self.rest.extend(pcm);
    }

    /// The next complete frame.
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

    /// Begins a turn, and keeps its sound from shortly before now on.
    pub fn open(&mut self) {
        if !self.open {
            self.open = true;
            self.turn = std::mem::take(&mut self.lead);
        }
    }

    /// Ends the turn and drops its sound.
    pub fn close(&mut self) {
        if self.open {
            self.open = false;
            // Keep the end of this turn: it is the lead of the next.
            let from = self.turn.len().saturating_sub(LEAD / 3);
            self.lead = self.turn.split_off(from);
            self.turn.clear();
        }
    }

    /// The sound of the current turn.
    pub fn turn(&self) -> Bytes {
        self.turn
            .iter()
            .flatten()
            .copied()
            .collect::<Vec<u8>>()
            .into()
    }

    /// The last 8 s of the current turn, for the end-of-turn model.
    pub fn tail(&self) -> Bytes {
        let all = self.turn();
        all.slice(all.len().saturating_sub(TAIL)..)
    }

    /// Length of the current turn's sound, in ms.
    pub fn turn_ms(&self) -> u64 {
        (self.turn.len() * FRAME) as u64 * 1000 / u64::from(LINE_RATE)
    }
}

/// Converts signed 16-bit samples to −1 to 1.
pub(super) fn samples(pcm: &[u8]) -> Vec<f32> {
    pcm.chunks_exact(2)
        .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
        .collect()
}
