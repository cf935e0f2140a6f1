//! Deepgram: recordings to text, text to speech.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::error::ProviderError;
use super::super::line::{Line, Post, parts};
use super::speaking::RATE;
use super::{Recording, SAID, float, ms};
use crate::egress::{Class, Purpose};
use crate::speech::{Segment, Transcript, Word};

/// Nothing of what is sent may be used to train models (`mip_opt_out`).
pub(super) const KEEP_NOTHING: &str = "mip_opt_out=true";

pub(super) async fn transcribe(
    line: &Line,
    model: &str,
    recording: &Recording,
) -> Result<Transcript, ProviderError> {
    let language = match &recording.options.language {
        Some(code) => format!("language={}", only_letters(code)),
        None => "detect_language=true".to_owned(),
    };
    let path = format!(
        "/listen?model={model}&{language}&smart_format=true&punctuate=true&utterances=true&{KEEP_NOTHING}"
    );
    let post = Post {
        purpose: Purpose::SpeechProvider,
        path,
        content_type: "audio/*",
        body: parts(SAID, recording.audio.clone()),
        headers: Vec::new(),
    };
    let body = line.send(post).await?.bytes().await?;
    read(line, &body, recording)
}

fn read(line: &Line, body: &[u8], recording: &Recording) -> Result<Transcript, ProviderError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| ProviderError::broken(line.name(), "its answer is not JSON"))?;
    let channel = &body["results"]["channels"][0];
    let best = &channel["alternatives"][0];
    let Some(text) = best["transcript"].as_str() else {
        return Err(ProviderError::broken(
            line.name(),
            "its answer has no transcript",
        ));
    };
    let text = text.trim().to_owned();
    let duration_ms = ms(body["metadata"]["duration"].as_f64());
    let wants_words = recording.options.words;
    let utterances = body["results"]["utterances"].as_array();
    let mut segments: Vec<Segment> = utterances
        .into_iter()
        .flatten()
        .zip(0..)
        .map(|(utterance, id)| Segment {
            id,
            start_ms: ms(utterance["start"].as_f64()),
            end_ms: ms(utterance["end"].as_f64()),
            text: utterance["transcript"]
                .as_str()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            words: match wants_words {
                true => words(&utterance["words"]),
                false => Vec::new(),
            },
            ..Segment::default()
        })
        .collect();
    if segments.is_empty() && !text.is_empty() {
        segments.push(Segment {
            end_ms: duration_ms,
            text: text.clone(),
            words: match wants_words {
                true => words(&best["words"]),
                false => Vec::new(),
            },
            ..Segment::default()
        });
    }
    let language = channel["detected_language"].as_str().map(str::to_owned);
    Ok(Transcript {
        language: language
            .or_else(|| recording.options.language.clone())
            .map(|code| code.chars().take_while(char::is_ascii_alphabetic).collect())
            .unwrap_or_default(),
        translated: false,
        duration_ms,
        no_speech: text.is_empty(),
        text,
        segments,
    })
}

fn words(words: &Value) -> Vec<Word> {
    let words = words.as_array().into_iter().flatten();
    words
        .map(|word| Word {
            start_ms: ms(word["start"].as_f64()),
            end_ms: ms(word["end"].as_f64()),
            text: word["punctuated_word"]
                .as_str()
                .or_else(|| word["word"].as_str())
                .unwrap_or_default()
                .to_owned(),
            probability: float(&word["confidence"]),
        })
        .collect()
}

/// A code of a language is part of an address.
pub(super) fn only_letters(code: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphabetic() || *c == '-';
    code.chars().filter(fits).collect()
}

/// Speaks a text: samples of 16 bits at [`RATE`].
pub(super) async fn speak(line: &Line, model: &str, text: &str) -> Result<Bytes, ProviderError> {
    let path = format!(
        "/speak?model={model}&encoding=linear16&container=none&sample_rate={RATE}&{KEEP_NOTHING}"
    );
    let post = Post {
        purpose: Purpose::VoiceProvider,
        path,
        content_type: "application/json",
        body: parts(
            &[Class::Customer, Class::Business],
            json!({"text": text}).to_string(),
        ),
        headers: Vec::new(),
    };
    Ok(line.send(post).await?.bytes().await?)
}
