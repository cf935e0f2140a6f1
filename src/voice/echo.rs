//! Whether what comes in is what goes out: the caller's loudspeaker may be heard by their microphone. The
//! loudness of both over the last half second is compared at several delays; an echo rises and falls with
//! what is played, a person does not. Envelopes are compared, not samples, so that clocks, rates and rooms
//! do not matter.

use std::collections::VecDeque;

/// Frames of 16 ms that are compared: 512 ms.
const WINDOW: usize = 32;
/// Largest delay between handing over and hearing, in frames: 640 ms.
const LAGS: usize = 40;
/// From this correlation on, it is an echo.
const ECHO: f32 = 0.8;
/// An echo is hardly louder than what is played.
const LOUDER: f32 = 1.5;

/// Compares what comes in with what is played.
#[derive(Debug, Default)]
pub struct EchoGuard {
    played: VecDeque<f32>,
    heard: VecDeque<f32>,
}

impl EchoGuard {
    /// Notes the levels of a frame that came in and of what was played in the same 16 ms.
    pub fn note(&mut self, heard: f32, played: f32) {
        self.heard.push_back(heard);
        self.played.push_back(played);
        if self.heard.len() > WINDOW {
            self.heard.pop_front();
        }
        if self.played.len() > WINDOW + LAGS {
            self.played.pop_front();
        }
    }

    /// Whether the last half second is the front desk's own voice.
    pub fn is_echo(&self) -> bool {
        if self.heard.len() < WINDOW || self.played.len() < WINDOW {
            return false;
        }
        let heard: Vec<f32> = self.heard.iter().copied().collect();
        let played: Vec<f32> = self.played.iter().copied().collect();
        let loudest = |levels: &[f32]| levels.iter().copied().fold(0.0_f32, f32::max);
        let most = played.len() - WINDOW;
        (0..=most.min(LAGS)).any(|lag| {
            let from = most - lag;
            let reference = &played[from..from + WINDOW];
            loudest(reference) > 0.005
                && loudest(&heard) <= loudest(reference) * LOUDER
                && correlation(&heard, reference) >= ECHO
        })
    }
}

/// Pearson's correlation, -1 to 1; 0 when one of them does not change.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len()).max(1) as f32;
    let (mean_a, mean_b) = (a.iter().sum::<f32>() / n, b.iter().sum::<f32>() / n);
    let (mut both, mut only_a, mut only_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        both += x * y;
        only_a += x * x;
        only_b += y * y;
    }
    if only_a <= 1e-9 || only_b <= 1e-9 {
        return 0.0;
    }
    both / (only_a * only_b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loudness like that of speech: the same numbers for the same seed.
    fn babble(seed: u64, frames: usize) -> Vec<f32> {
        let mut state = seed;
        (0..frames)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ((state >> 40) as f32 / (1u64 << 24) as f32).powi(2) * 0.3
            })
            .collect()
    }

    #[test]
    fn a_late_and_softer_copy_is_an_echo_and_another_voice_is_not() {
        let played = babble(7, 120);
        let other = babble(99, 120);
        for delay in [0, 3, 12, 30] {
            let (mut echo, mut person) = (EchoGuard::default(), EchoGuard::default());
            for at in 0..played.len() {
                let back = at.checked_sub(delay).map_or(0.0, |at| played[at] * 0.4);
                echo.note(back, played[at]);
                person.note(other[at], played[at]);
            }
            assert!(echo.is_echo(), "delay {delay}");
            assert!(!person.is_echo(), "delay {delay}");
        }
    }

    #[test]
    fn in_silence_nothing_is_an_echo() {
        let mut guard = EchoGuard::default();
        for level in babble(3, 100) {
            guard.note(level, 0.0);
        }
        assert!(!guard.is_echo());
    }
}
