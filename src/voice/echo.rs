//! Detects whether the microphone hears the front desk's own voice from the caller's loudspeaker. Compares the
//! loudness of both over the last half second at several delays: an echo rises and falls with
//! what is played, a person does not. Comparing envelopes instead of samples makes clocks, rates and rooms
//! irrelevant.

use std::collections::VecDeque;

/// Window of the comparison in frames of 16 ms: 512 ms.
const WINDOW: usize = 32;
/// Longest delay between sending sound and hearing it, in frames: 640 ms.
const LAGS: usize = 40;
/// Lowest correlation that counts as an echo.
const ECHO: f32 = 0.8;
/// Frames with sound in the window (256 ms) before we believe a new delay: the first rise of a
/// person's voice looks like any rise in what is played.
const ENOUGH: usize = 16;
/// A frame has sound if it is louder than this share of the loudest frame.
const AUDIBLE: f32 = 0.1;
/// Two delays within this many frames count as the same.
const SAME: usize = 2;
/// An echo is at most this many times as loud as what is played.
const LOUDER: f32 = 1.5;

/// Compares incoming sound with what is played.
#[derive(Debug, Default)]
pub struct EchoGuard {
    played: VecDeque<f32>,
    heard: VecDeque<f32>,
    /// The last echo's delay in frames: it stays the same for a room and a device.
    known: Option<usize>,
}

impl EchoGuard {
    /// Adds the levels of an incoming frame and of what was played in the same 16 ms.
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

    /// Whether the last half second was the front desk's own voice.
    pub fn is_echo(&mut self) -> bool {
        if self.heard.len() < WINDOW || self.played.len() < WINDOW {
            return false;
        }
        let heard: Vec<f32> = self.heard.iter().copied().collect();
        let played: Vec<f32> = self.played.iter().copied().collect();
        let loudest = |levels: &[f32]| levels.iter().copied().fold(0.0_f32, f32::max);
        let loud = loudest(&heard);
        let audible = heard.iter().filter(|&&l| l > loud * AUDIBLE).count();
        let most = played.len() - WINDOW;
        let known = self.known;
        let lag = (0..=most.min(LAGS))
            .filter(|lag| audible >= ENOUGH || known.is_some_and(|k| k.abs_diff(*lag) <= SAME))
            .find(|lag| {
                let from = most - lag;
                let reference = &played[from..from + WINDOW];
                loudest(reference) > 0.005
                    && loud <= loudest(reference) * LOUDER
                    && correlate(&heard, reference) >= ECHO
            });
        if audible >= ENOUGH && lag.is_some() {
            self.known = lag;
        }
        lag.is_some()
    }
}

/// Pearson's correlation, −1 to 1; 0 if either input is constant.
fn correlate(a: &[f32], b: &[f32]) -> f32 {
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

    /// Speech-like loudness; deterministic for a seed.
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
    fn whoever_begins_to_speak_is_no_echo() {
        // Words with pauses, and a person who begins together with one of the words.
        let played: Vec<f32> = babble(5, 160)
            .into_iter()
            .enumerate()
            .map(|(at, l)| if at % 40 < 20 { 0.01 } else { 0.1 + l / 10.0 })
            .collect();
        let mut guard = EchoGuard::default();
        for (at, level) in played.iter().enumerate() {
            let person = if at < 150 { 0.0 } else { 0.12 };
            guard.note(person, *level);
            assert!(!guard.is_echo(), "frame {at}");
        }
    }

    #[test]
    fn an_echo_whose_delay_is_known_is_one_from_its_beginning() {
        let played: Vec<f32> = babble(11, 300)
            .into_iter()
            .enumerate()
            .map(|(at, l)| if at % 100 < 40 { 0.0 } else { l })
            .collect();
        let mut guard = EchoGuard::default();
        for at in 0..250 {
            let back = if at < 6 { 0.0 } else { played[at - 6] * 0.4 };
            guard.note(back, played[at]);
            let echo = guard.is_echo();
            assert!(echo || at < 249, "frame {at}");
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
