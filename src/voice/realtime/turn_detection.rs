//! Finds the end of a turn: not at all, by the length of a pause, or by what was said.

use crate::voice::turn_settings::{END_BLIND_MS, LOOK_AFTER_MS, VOICED_FRAMES, WINDOW_FRAMES};

/// How eagerly semantic detection takes the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eagerness {
    Low,
    Medium,
    High,
    Auto,
}

impl Eagerness {
    /// The longest wait in ms, as at OpenAI.
    fn longest_ms(self) -> u32 {
        match self {
            Self::Low => 8000,
            Self::Medium | Self::Auto => 4000,
            Self::High => 2000,
        }
    }

    /// Lowest probability that the speaker has finished, 0 to 1.
    pub(super) fn sure(self) -> f32 {
        match self {
            Self::Low => 0.7,
            Self::Medium | Self::Auto => 0.5,
            Self::High => 0.35,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TurnEnd {
    /// A pause of `ms`; `idle_ms` is how long the caller may be silent after an answer.
    Pause { ms: u32, idle_ms: Option<u32> },
    /// A judgement of what was said.
    Meaning(Eagerness),
}

/// Settings of turn detection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnDetection {
    /// Lowest probability of a voice that counts as speech, 0 to 1.
    pub threshold: f32,
    /// Sound before the first speech to include in the turn, in ms.
    pub prefix_ms: u32,
    pub end: TurnEnd,
    /// Whether to answer each turn without being asked.
    pub create_response: bool,
    /// Whether speech of the caller cancels a response.
    pub interrupt_response: bool,
}

impl Default for TurnDetection {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            prefix_ms: 300,
            end: TurnEnd::Pause {
                ms: 500,
                idle_ms: None,
            },
            create_response: true,
            interrupt_response: true,
        }
    }
}

impl TurnDetection {
    /// A pause this long ends the turn, whatever was said.
    fn pause_ms(&self) -> u32 {
        match self.end {
            TurnEnd::Pause { ms, .. } => ms,
            TurnEnd::Meaning(eagerness) => eagerness.longest_ms(),
        }
    }
}

/// What the frames reveal about turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Speech began this many frames ago.
    Began { frames_ago: u32 },
    /// The pause is long enough to judge.
    Pause,
    /// The turn is over.
    Ended,
}

/// Finds turns in the scores of 16 ms frames. Pure: no clock, only frames.
// Not the turn taker of browser calls, which weighs echo, back-channels and words, and pauses an answer before
// it ends it. Here the client was promised `threshold`, `silence_duration_ms` and `interrupt_response`, deals with
// its own echo, and takes `speech_started` as the moment to stop playing.
#[derive(Debug, Clone, Default)]
pub(super) struct TurnFinder {
    speaking: bool,
    /// Which of the last frames had a voice; the newest is the lowest bit.
    recent: u16,
    /// Frames since the last one with a voice.
    silent: u32,
    /// The end-of-turn model is unavailable: pauses decide.
    unjudged: bool,
}

fn frames(ms: u32) -> u32 {
    (ms / 16).max(1)
}

impl TurnFinder {
    pub(super) fn speaking(&self) -> bool {
        self.speaking
    }

    /// Lets pauses decide for the rest of this turn.
    pub(super) fn without_judge(&mut self) {
        self.unjudged = true;
    }

    /// Ends the turn without a sign.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes the score of the next frame.
    pub(super) fn push(&mut self, score: f32, detection: &TurnDetection) -> Option<Sign> {
        // Hysteresis: speech begins at the threshold and ends somewhat below it.
        let needed = if self.speaking {
            (detection.threshold - 0.15).max(0.05)
        } else {
            detection.threshold
        };
        let voiced = score >= needed;
        self.recent = (self.recent << 1 | u16::from(voiced)) & ((1 << WINDOW_FRAMES) - 1);
        if !self.speaking {
            if self.recent.count_ones() < VOICED_FRAMES {
                return None;
            }
            let frames_ago = 16 - self.recent.leading_zeros();
            (self.speaking, self.silent) = (true, 0);
            return Some(Sign::Began { frames_ago });
        }
        self.silent = if voiced { 0 } else { self.silent + 1 };
        let meaning = matches!(detection.end, TurnEnd::Meaning(_));
        let enough = if self.unjudged && meaning {
            END_BLIND_MS
        } else {
            detection.pause_ms()
        };
        if self.silent >= frames(enough) {
            self.reset();
            return Some(Sign::Ended);
        }
        // Judge again every half second: a longer pause may change the judgement.
        let look = frames(LOOK_AFTER_MS);
        let due =
            self.silent == look || (self.silent > look && (self.silent - look).is_multiple_of(32));
        (meaning && !self.unjudged && due).then_some(Sign::Pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(scores: &[(f32, u32)], detection: &TurnDetection) -> Vec<(u32, Sign)> {
        let mut finder = TurnFinder::default();
        let mut found = Vec::new();
        let mut at = 0;
        for (score, count) in scores {
            for _ in 0..*count {
                at += 1;
                found.extend(finder.push(*score, detection).map(|sign| (at, sign)));
            }
        }
        found
    }

    #[test]
    fn a_turn_begins_with_voice_and_ends_with_a_pause() {
        let found = signs(
            &[(0.0, 20), (0.9, 30), (0.1, 40)],
            &TurnDetection::default(),
        );
        let began = Sign::Began { frames_ago: 5 };
        assert_eq!(found, [(25, began), (81, Sign::Ended)]);
    }

    #[test]
    fn clicks_begin_nothing_and_short_pauses_end_nothing() {
        let detection = TurnDetection::default();
        assert!(signs(&[(0.0, 9), (0.9, 4), (0.0, 50)], &detection).is_empty());
        let found = signs(&[(0.9, 20), (0.0, 25), (0.9, 20), (0.0, 31)], &detection);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], (96, Sign::Ended));
    }

    #[test]
    fn a_judged_pause_is_looked_at_more_than_once() {
        let detection = TurnDetection {
            end: TurnEnd::Meaning(Eagerness::High),
            ..TurnDetection::default()
        };
        let found = signs(&[(0.9, 20), (0.0, 130)], &detection);
        let kinds: Vec<_> = found.iter().map(|(_, sign)| *sign).collect();
        assert_eq!(
            kinds[1..],
            [
                Sign::Pause,
                Sign::Pause,
                Sign::Pause,
                Sign::Pause,
                Sign::Ended
            ]
        );
        assert_eq!(found[1].0, 35);
        assert_eq!(found.last().unwrap().0, 145);
    }
}
