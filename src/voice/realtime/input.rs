//! The input audio buffer: sound that is not committed yet, and the turns in it.

use bytes::Bytes;

use super::fault::Fault;
use super::format::Format;
use super::hearing::EAR_RATE;
use super::turn_detection::{Sign, TurnDetection, TurnFinder};
use crate::speech::{AudioError, FRAME, Mono, VoiceDetector};

/// Samples per ms.
const PER_MS: u64 = EAR_RATE as u64 / 1000;
/// Most sound in samples that may wait for a commit: ten minutes.
const MOST: usize = 600 * EAR_RATE as usize;
/// How much sound to keep, in samples, while no turn begins.
const KEPT: usize = 30 * EAR_RATE as usize;
/// The shortest commit in ms, as at OpenAI.
const LEAST_MS: u64 = 100;
/// What the end-of-turn model hears, in samples: 8 s.
const JUDGED: usize = 8 * EAR_RATE as usize;

/// The sound of one turn, at 16 kHz.
pub(super) struct HeardTurn {
    /// Signed 16-bit samples, little-endian.
    pub(super) pcm: Bytes,
    pub(super) ms: u64,
}

/// The buffer. Times are in ms of received sound.
pub(super) struct Input {
    format: Format,
    odd: Option<u8>,
    ears: Mono,
    buffer: Vec<i16>,
    /// Samples received before the buffer's first one.
    origin: u64,
    /// How much of the buffer was scored.
    scored: usize,
    detector: VoiceDetector,
    finder: TurnFinder,
    /// Where the current turn begins, in samples received.
    start: u64,
}

impl HeardTurn {
    /// A turn without speech.
    pub(super) fn silent() -> Self {
        make_turn(&[])
    }
}

impl Input {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            odd: None,
            ears: Mono::live(EAR_RATE),
            buffer: Vec::new(),
            origin: 0,
            scored: 0,
            detector: VoiceDetector::default(),
            finder: TurnFinder::default(),
            start: 0,
        }
    }

    /// Applies a change of the format or of turn detection.
    pub(super) fn reconfigure(&mut self, format: Format) -> Result<(), AudioError> {
        if format != self.format {
            self.buffer.extend(self.ears.rest()?);
            (self.format, self.odd) = (format, None);
        }
        self.scored = self.buffer.len();
        self.finder.reset();
        Ok(())
    }

    pub(super) fn append(&mut self, audio: &[u8]) -> Result<(), Fault> {
        let samples = self.format.decode(audio, &mut self.odd);
        let samples = self.ears.convert(&samples, self.format.rate());
        let samples = samples.map_err(to_fault)?;
        if self.buffer.len() + samples.len() > MOST {
            return Err(Fault::invalid(
                "input_audio_buffer_too_large",
                "the buffer already holds ten minutes of audio; commit or clear the buffer",
            ));
        }
        self.buffer.extend(samples);
        Ok(())
    }

    /// Scores the frames that arrived, until one of them gives a sign.
    pub(super) fn next_sign(&mut self, detection: &TurnDetection) -> Option<Sign> {
        while self.scored + FRAME <= self.buffer.len() {
            let mut frame = [0.0; FRAME];
            let samples = &self.buffer[self.scored..self.scored + FRAME];
            for (to, from) in frame.iter_mut().zip(samples) {
                *to = f32::from(*from) / 32_768.0;
            }
            let score = self.detector.score(&frame);
            self.scored += FRAME;
            let sign = self.finder.push(score, detection);
            if let Some(Sign::Began { frames_ago }) = sign {
                let back =
                    u64::from(frames_ago) * FRAME as u64 + u64::from(detection.prefix_ms) * PER_MS;
                let now = self.origin + self.scored as u64;
                self.start = now.saturating_sub(back).max(self.origin);
            }
            if sign.is_some() {
                return sign;
            }
        }
        if !self.finder.speaking() && self.buffer.len() > KEPT * 2 {
            self.forget(self.buffer.len() - KEPT);
        }
        None
    }

    /// Where the current turn begins.
    pub(super) fn start_ms(&self) -> u64 {
        self.start / PER_MS
    }

    /// How far sound was scored.
    pub(super) fn scored_ms(&self) -> u64 {
        (self.origin + self.scored as u64) / PER_MS
    }

    /// How much sound was received.
    pub(super) fn length_ms(&self) -> u64 {
        (self.origin + self.buffer.len() as u64) / PER_MS
    }

    /// The last seconds of the current turn, for the end-of-turn model.
    pub(super) fn sound_to_judge(&self) -> Bytes {
        let first = self.start.saturating_sub(self.origin);
        let first = usize::try_from(first)
            .unwrap_or(0)
            .max(self.scored.saturating_sub(JUDGED));
        to_bytes(&self.buffer[first.min(self.scored)..self.scored])
    }

    /// Lets pauses end this turn, as the end-of-turn model is unavailable.
    pub(super) fn without_judge(&mut self) {
        self.finder.without_judge();
    }

    /// Takes the turn that ended at the last scored frame.
    pub(super) fn take_turn(&mut self) -> HeardTurn {
        let first = usize::try_from(self.start.saturating_sub(self.origin)).unwrap_or(0);
        let turn = make_turn(&self.buffer[first.min(self.scored)..self.scored]);
        self.finder.reset();
        self.forget(self.scored);
        turn
    }

    /// Takes everything, for a commit by the client.
    pub(super) fn take_all(&mut self) -> Result<HeardTurn, Fault> {
        let rest = self.ears.rest().map_err(to_fault)?;
        self.buffer.extend(rest);
        let ms = self.buffer.len() as u64 / PER_MS;
        if ms < LEAST_MS {
            let message = format!(
                "the buffer has {ms} ms of audio and a commit takes at least {LEAST_MS} ms"
            );
            return Err(Fault::invalid("input_audio_buffer_commit_empty", message));
        }
        let turn = make_turn(&self.buffer);
        self.clear();
        Ok(turn)
    }

    /// Drops all uncommitted sound.
    pub(super) fn clear(&mut self) {
        self.odd = None;
        self.finder.reset();
        self.forget(self.buffer.len());
    }

    /// Converts sound that came inside an item instead of through the buffer.
    pub(super) fn listen(format: Format, audio: &[u8]) -> Result<HeardTurn, Fault> {
        let samples = format.decode(audio, &mut None);
        let mut ears = Mono::live(EAR_RATE);
        let mut heard = ears.convert(&samples, format.rate()).map_err(to_fault)?;
        heard.extend(ears.rest().map_err(to_fault)?);
        if heard.is_empty() {
            return Err(Fault::value("audio", "the audio is empty"));
        }
        Ok(make_turn(&heard))
    }

    fn forget(&mut self, samples: usize) {
        self.buffer.drain(..samples);
        self.origin += samples as u64;
        self.scored = self.scored.saturating_sub(samples);
    }
}

fn to_fault(error: AudioError) -> Fault {
    Fault::server("audio_failed", error.to_string())
}

/// Samples in the form that the engines take.
fn to_bytes(samples: &[i16]) -> Bytes {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

fn make_turn(samples: &[i16]) -> HeardTurn {
    HeardTurn {
        pcm: to_bytes(samples),
        ms: samples.len() as u64 / PER_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(ms: usize) -> Vec<u8> {
        vec![0; 24 * 2 * ms]
    }

    #[test]
    fn a_commit_takes_what_came_and_leaves_nothing() {
        let mut input = Input::new(Format::Pcm);
        input.append(&silence(50)).unwrap();
        let error = input.take_all().err().unwrap();
        assert_eq!(error.code, "input_audio_buffer_commit_empty");
        input.append(&silence(300)).unwrap();
        let turn = input.take_all().unwrap();
        assert!((340..=355).contains(&turn.ms), "{}", turn.ms);
        assert!(input.take_all().is_err());
        input.append(&silence(300)).unwrap();
        input.clear();
        assert!(input.take_all().is_err());
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        let refused = Input::listen(Format::Pcm, &[]).err().unwrap();
        assert_eq!(refused.param.as_deref(), Some("audio"));
        assert!(Input::listen(Format::Pcm, &silence(100)).is_ok());
    }

    #[test]
    fn a_buffer_without_a_voice_does_not_grow() {
        let mut input = Input::new(Format::Pcm);
        let detection = TurnDetection::default();
        for _ in 0..75 {
            input.append(&silence(1000)).unwrap();
            assert_eq!(input.next_sign(&detection), None);
        }
        assert!(input.buffer.len() <= KEPT * 2);
        assert!(input.length_ms().abs_diff(75_000) < 100);
    }

    #[test]
    fn ten_minutes_are_the_most() {
        let mut input = Input::new(Format::Mulaw);
        let minute = vec![0xff; 8000 * 60];
        for _ in 0..9 {
            input.append(&minute).unwrap();
        }
        input.append(&minute).unwrap();
        let error = input.append(&minute).unwrap_err();
        assert_eq!(error.code, "input_audio_buffer_too_large");
    }
}
