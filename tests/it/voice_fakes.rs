//! Ears and a voice that do what a test tells them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk::speech::{
    Clip, ClipStream, Ears, Hearing, SpeakRequest, SpeechError, Synthesizer, Utterance, Voice,
};
use futures::stream;

/// Hears the sentences that a test put in, one per finished utterance, then "Hello there.".
#[derive(Default)]
pub struct FakeEars {
    says: Mutex<VecDeque<String>>,
}

impl FakeEars {
    /// What the next utterances say.
    pub fn will_hear(&self, sentences: &[&str]) {
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        says.extend(sentences.iter().map(|s| (*s).to_owned()));
    }
}

#[async_trait]
impl Ears for FakeEars {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError> {
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if utterance.partial {
            says.front().cloned()
        } else {
            says.pop_front()
        };
        Ok(Hearing {
            text: next.unwrap_or_else(|| "Hello there.".into()),
            language: "en".into(),
            avg_logprob: -0.2,
            took_ms: 1,
        })
    }

    async fn turn_end(&self, _: Bytes) -> Result<f32, SpeechError> {
        Ok(0.95)
    }
}

/// Speaks one clip per sentence, 60 ms a word, at 22,050 Hz.
pub struct FakeSynthesizer;

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
            rate: 22_050,
        }]
    }

    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError> {
        if request.voice.as_deref().is_some_and(|v| v != "fake-voice") {
            return Err(SpeechError::InvalidOption {
                option: "voice",
                reason: "must be fake-voice".into(),
            });
        }
        let clips: Vec<Result<Clip, SpeechError>> = request
            .text
            .split_inclusive(['.', '!', '?'])
            .filter(|part| part.contains(char::is_alphanumeric))
            .map(|part| {
                let samples = part.split_whitespace().count() * 22_050 * 60 / 1000;
                let pcm: Vec<u8> = (0..samples)
                    .flat_map(|n| (((n % 100) as i16 - 50) * 100).to_le_bytes())
                    .collect();
                Ok(Clip {
                    text: part.to_owned(),
                    pcm: pcm.into(),
                    rate: 22_050,
                })
            })
            .collect();
        Ok(Box::pin(stream::iter(clips)))
    }
}
