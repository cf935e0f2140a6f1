//! Words of what is spoken, as they are heard again.

use std::fmt::Write;
use std::time::Instant;

use frontdesk::speech::{Ears, Mono, SAMPLE_RATE, SpeakRequest, Synthesizer, Utterance};
use futures::StreamExt;
use serde::Serialize;

use super::{Engines, ms, pcm, percent};
use crate::score::{Errors, compare, quantile, words};

#[derive(Debug, Serialize)]
struct Spoken {
    text: String,
    heard: String,
    errors: Errors,
    /// Until the first clause was there.
    first_ms: u64,
    /// Until all of it was there.
    took_ms: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Report {
    sentences: Vec<Spoken>,
}

pub(super) async fn measure(engines: &Engines, lines: &[&str]) -> anyhow::Result<Report> {
    let mut sentences = Vec::new();
    for line in lines {
        let request = SpeakRequest {
            text: (*line).to_owned(),
            speed: 1.0,
            ..SpeakRequest::default()
        };
        let since = Instant::now();
        let mut clips = engines.live.speak(request).await?;
        let mut mono = Mono::at(SAMPLE_RATE);
        let (mut first_ms, mut seconds) = (None, 0.0);
        while let Some(clip) = clips.next().await {
            let clip = clip?;
            first_ms.get_or_insert(since.elapsed().as_millis() as u64);
            seconds += clip.duration_ms() as f64 / 1000.0;
            let (pairs, _) = clip.pcm.as_chunks::<2>();
            let samples: Vec<f32> = pairs
                .iter()
                .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0)
                .collect();
            mono.push(&samples, 1, clip.rate)?;
        }
        let took_ms = since.elapsed().as_millis() as u64;
        let utterance = Utterance {
            pcm: pcm(&mono.finish()?),
            language: Some("en".into()),
            ..Utterance::default()
        };
        let heard = engines.live.hear(utterance).await?.text;
        sentences.push(Spoken {
            errors: compare(&words(line), &words(&heard)),
            text: (*line).to_owned(),
            heard,
            first_ms: first_ms.unwrap_or(took_ms),
            took_ms,
            seconds,
        });
    }
    Ok(Report { sentences })
}

impl Report {
    pub(super) fn told(&self, details: bool) -> String {
        let all = self
            .sentences
            .iter()
            .fold(Errors::default(), |sum, s| sum.plus(s.errors));
        let firsts: Vec<u64> = self.sentences.iter().map(|s| s.first_ms).collect();
        let took: u64 = self.sentences.iter().map(|s| s.took_ms).sum();
        let seconds: f64 = self.sentences.iter().map(|s| s.seconds).sum();
        let mut out = format!(
            "Words of what is spoken\n{} sentences, {} of {} words wrong ({}); first sound p50 {}, p95 {}; {:.3} s of work for a second of sound\n",
            self.sentences.len(),
            all.errors,
            all.words,
            percent(all.rate()),
            ms(quantile(&firsts, 0.5)),
            ms(quantile(&firsts, 0.95)),
            took as f64 / 1000.0 / seconds.max(0.001),
        );
        for spoken in self
            .sentences
            .iter()
            .filter(|s| details || s.errors.errors > 0)
        {
            // Writing to a text cannot fail.
            let _ = writeln!(
                out,
                "\n{} wrong\n  text  {}\n  heard {}",
                spoken.errors.errors, spoken.text, spoken.heard
            );
        }
        out
    }
}
