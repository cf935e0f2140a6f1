//! The input audio buffer: what came in and was not committed, and where turns are in it.

use bytes::Bytes;

use super::fault::Fault;
use super::format::Format;
use super::hearing::EAR_RATE;
use super::turn_detection::{Sign, TurnDetection, TurnFinder};
use crate::speech::{AudioError, FRAME, Mono, VoiceDetector};

/// Samples in a ms.
const PER_MS: u64 = EAR_RATE as u64 / 1000;
/// Most sound that may wait for a commit: ten minutes.
const MOST: usize = 600 * EAR_RATE as usize;
/// Without a voice, this much is kept while turns are looked for.
const KEPT: usize = 30 * EAR_RATE as usize;
/// The least that can be committed, in ms, as at OpenAI.
const LEAST_MS: u64 = 100;
/// What a judge of turns listens to: the last 8 s.
const JUDGED: usize = 8 * EAR_RATE as usize;

/// Sound of one turn, at 16 kHz.
pub(super) struct HeardTurn {
    /// Signed 16-bit samples, little-endian.
    pub(super) pcm: Bytes,
    pub(super) ms: u64,
}

/// The buffer. Times are ms of all sound that came in.
pub(super) struct Input {
    format: Format,
    odd: Option<u8>,
    ears: Mono,
    buffer: Vec<i16>,
    /// Samples that came before the buffer.
    origin: u64,
    /// How much of the buffer was looked at for voices.
    scored: usize,
    detector: VoiceDetector,
    finder: TurnFinder,
    /// Where the present turn begins.
    start: u64,
}

impl HeardTurn {
    /// A turn in which nobody spoke.
    pub(super) fn silent() -> Self {
        turn_of(&[])
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

    /// The client changed how it sends or how turns are found.
    pub(super) fn reconfigure(&mut self, format: Format) -> Result<(), AudioError> {
        if format != self.format {
            self.buffer.extend(self.ears.rest()?);
            (self.format, self.odd) = (format, None);
        }
        self.scored = self.buffer.len();
        self.finder.reset();
        Ok(())
    }

    /// Takes more sound.
    pub(super) fn append(&mut self, audio: &[u8]) -> Result<(), Fault> {
        let samples = self.format.decode(audio, &mut self.odd);
        let samples = self.ears.convert(&samples, self.format.rate());
        let samples = samples.map_err(broken)?;
        if self.buffer.len() + samples.len() > MOST {
            return Err(Fault::invalid(
                "input_audio_buffer_too_large",
                "ten minutes of audio wait for a commit already; commit or clear the buffer",
            ));
        }
        self.buffer.extend(samples);
        Ok(())
    }

    /// Looks at the frames that came until one of them tells something.
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

    /// Where the present turn begins.
    pub(super) fn start_ms(&self) -> u64 {
        self.start / PER_MS
    }

    /// Up to where voices were looked for.
    pub(super) fn scored_ms(&self) -> u64 {
        (self.origin + self.scored as u64) / PER_MS
    }

    /// How much sound came in.
    pub(super) fn length_ms(&self) -> u64 {
        (self.origin + self.buffer.len() as u64) / PER_MS
    }

    /// The last seconds of the present turn, for whoever judges whether it is over.
    pub(super) fn judged(&self) -> Bytes {
        let first = self.start.saturating_sub(self.origin);
        let first = usize::try_from(first)
            .unwrap_or(0)
            .max(self.scored.saturating_sub(JUDGED));
        bytes_of(&self.buffer[first.min(self.scored)..self.scored])
    }

    /// Nobody can judge turns now; pauses decide.
    pub(super) fn without_judge(&mut self) {
        self.finder.without_judge();
    }

    /// Takes the turn that ended at the last frame looked at.
    pub(super) fn take_turn(&mut self) -> HeardTurn {
        let first = usize::try_from(self.start.saturating_sub(self.origin)).unwrap_or(0);
        let turn = turn_of(&self.buffer[first.min(self.scored)..self.scored]);
        self.finder.reset();
        self.forget(self.scored);
        turn
    }

    /// Takes everything, for a commit by the client.
    pub(super) fn take_all(&mut self) -> Result<HeardTurn, Fault> {
        let rest = self.ears.rest().map_err(broken)?;
        self.buffer.extend(rest);
        let ms = self.buffer.len() as u64 / PER_MS;
        if ms < LEAST_MS {
            let message = format!(
                "the buffer has {ms} ms of audio and a commit takes at least {LEAST_MS} ms"
            );
            return Err(Fault::invalid("input_audio_buffer_commit_empty", message));
        }
        let turn = turn_of(&self.buffer);
        self.clear();
        Ok(turn)
    }

    /// Forgets what was not committed.
    pub(super) fn clear(&mut self) {
        self.odd = None;
        self.finder.reset();
        self.forget(self.buffer.len());
    }

    /// Sound that came with an item, instead of through the buffer.
    pub(super) fn listen(format: Format, audio: &[u8]) -> Result<HeardTurn, Fault> {
        let samples = format.decode(audio, &mut None);
        let mut ears = Mono::live(EAR_RATE);
        let mut heard = ears.convert(&samples, format.rate()).map_err(broken)?;
        heard.extend(ears.rest().map_err(broken)?);
        if heard.is_empty() {
            return Err(Fault::value("audio", "the audio is empty"));
        }
        Ok(turn_of(&heard))
    }

    fn forget(&mut self, samples: usize) {
        self.buffer.drain(..samples);
        self.origin += samples as u64;
        self.scored = self.scored.saturating_sub(samples);
    }
}

fn broken(error: AudioError) -> Fault {
    Fault::server("audio_failed", error.to_string())
}

/// Samples as the engines take them.
fn bytes_of(samples: &[i16]) -> Bytes {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

fn turn_of(samples: &[i16]) -> HeardTurn {
    HeardTurn {
        pcm: bytes_of(samples),
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
