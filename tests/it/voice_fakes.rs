//! Ears and a voice that do what a test tells them. The tests of the voice's own sessions, in
//! `src/voice/session/`, include this file too.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk::speech::{
    Clip, ClipStream, Ears, Hearing, SpeakRequest, SpeechError, Synthesizer, Utterance, Voice,
};
use futures::stream;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears the sentences that a test put in, one per finished utterance, then the usual one.
pub struct FakeEars {
    /// How long recognition takes.
    pub takes: Duration,
    /// What is heard when the test says nothing.
    pub usual: &'static str,
    /// How likely a turn is over.
    pub likely: Mutex<f32>,
    /// Recognition fails.
    pub broken: Mutex<bool>,
    pub says: Mutex<VecDeque<String>>,
}

impl Default for FakeEars {
    fn default() -> Self {
        Self {
            takes: Duration::ZERO,
            usual: "Hello there.",
            likely: Mutex::new(0.95),
            broken: Mutex::default(),
            says: Mutex::default(),
        }
    }
}

impl FakeEars {
    /// What the next utterances say.
    pub fn will_hear(&self, sentences: &[&str]) {
        locked(&self.says).extend(sentences.iter().map(|s| (*s).to_owned()));
    }
}

#[async_trait]
impl Ears for FakeEars {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError> {
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        if *locked(&self.broken) {
            return Err(SpeechError::Engine {
                reason: "broken".into(),
            });
        }
        let mut says = locked(&self.says);
        let next = if utterance.partial {
            says.front().cloned()
        } else {
            says.pop_front()
        };
        Ok(Hearing {
            text: next.unwrap_or_else(|| self.usual.into()),
            language: "en".into(),
            avg_logprob: -0.2,
            took_ms: 1,
        })
    }

    async fn turn_end(&self, _: Bytes) -> Result<f32, SpeechError> {
        Ok(*locked(&self.likely))
    }
}

/// Speaks one clip per sentence.
pub struct FakeSynthesizer {
    /// How long it takes to begin.
    pub takes: Mutex<Duration>,
    pub ms_per_word: usize,
    /// Samples per second.
    pub rate: u32,
}

impl Default for FakeSynthesizer {
    fn default() -> Self {
        Self {
            takes: Mutex::default(),
            ms_per_word: 60,
            rate: 22_050,
        }
    }
}

#[async_trait]
impl Synthesizer for FakeSynthesizer {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn voices(&self) -> Vec<Voice> {
        vec![Voice {
            name: "fake-voice".into(),
            title: "Fake".into(),
            language: "en".into(),
            licence: "CC0-1.0".into(),
            rate: self.rate,
        }]
    }

    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError> {
        if request.voice.as_deref().is_some_and(|v| v != "fake-voice") {
            return Err(SpeechError::InvalidOption {
                option: "voice",
                reason: "must be fake-voice".into(),
            });
        }
        let takes = *locked(&self.takes);
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let samples_per_word = self.rate as usize * self.ms_per_word / 1000;
        let clips: Vec<Result<Clip, SpeechError>> = request
            .text
            .split_inclusive(['.', '!', '?'])
            .filter(|part| part.contains(char::is_alphanumeric))
            .map(|part| {
                let samples = part.split_whitespace().count() * samples_per_word;
                let pcm: Vec<u8> = (0..samples)
                    .flat_map(|n| (((n % 100) as i16 - 50) * 100).to_le_bytes())
                    .collect();
                Ok(Clip {
                    text: part.to_owned(),
                    pcm: pcm.into(),
                    rate: self.rate,
                })
            })
            .collect();
        Ok(Box::pin(stream::iter(clips)))
    }
}
