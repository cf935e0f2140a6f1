//! OpenAI's transcriptions and speech, as others speak them too.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::super::error::ProviderError;
use super::super::line::{Line, Post, parts};
use super::deepgram::only_letters;
use super::{Recording, SAID, float, ms};
use crate::egress::{Class, Purpose};
use crate::speech::{Segment, Transcript, Word};

/// Between the fields of a form. A recording that holds it is not sent.
const BOUNDARY: &str = "frontdesk-5f1c0d7a2b9e4c38a6d1e07b3f924c55";
const FORM: &str = "multipart/form-data; boundary=frontdesk-5f1c0d7a2b9e4c38a6d1e07b3f924c55";

pub(super) async fn transcribe(
    line: &Line,
    model: &str,
    recording: &Recording,
) -> Result<Transcript, ProviderError> {
    let holds = |bytes: &[u8]| {
        bytes
            .windows(BOUNDARY.len())
            .any(|w| w == BOUNDARY.as_bytes())
    };
    if holds(&recording.audio) {
        let told = "the recording cannot be put into a form";
        return Err(ProviderError::unfit(line.name(), told));
    }
    let mut form = Form::default();
    form.field("model", model);
    form.field("response_format", "verbose_json");
    form.field("timestamp_granularities[]", "segment");
    if recording.options.words {
        form.field("timestamp_granularities[]", "word");
    }
    if let Some(code) = &recording.options.language {
        form.field("language", &only_letters(code));
    }
    if recording.options.temperature > 0.0 {
        form.field("temperature", &recording.options.temperature.to_string());
    }
    form.file(&file_name(recording.name.as_deref()), &recording.audio);
    let post = Post {
        purpose: Purpose::SpeechProvider,
        path: "/audio/transcriptions".to_owned(),
        content_type: FORM,
        body: parts(SAID, form.finish()),
        headers: Vec::new(),
    };
    let body = line.send(post).await?.bytes().await?;
    read(line, &body, recording)
}

/// A name says who somebody is, so only its ending goes along, which tells the kind of the file.
fn file_name(name: Option<&str>) -> String {
    let ending = name
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, end)| end);
    let fits = |end: &&str| end.len() <= 5 && end.bytes().all(|b| b.is_ascii_alphanumeric());
    format!("recording.{}", ending.filter(fits).unwrap_or("wav"))
}

fn read(line: &Line, body: &[u8], recording: &Recording) -> Result<Transcript, ProviderError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| ProviderError::broken(line.name(), "its answer is not JSON"))?;
    let Some(text) = body["text"].as_str() else {
        return Err(ProviderError::broken(line.name(), "its answer has no text"));
    };
    let text = text.trim().to_owned();
    let seconds = body["duration"]
        .as_f64()
        .or_else(|| body["usage"]["seconds"].as_f64());
    // Without a duration, count the longest that the recording can be.
    let bytes = u64::try_from(recording.audio.len()).unwrap_or(u64::MAX);
    let duration_ms = match seconds {
        Some(_) => ms(seconds),
        None => bytes.saturating_mul(1_000) / super::FEWEST_BYTES,
    };
    let all_words: Vec<Word> = words(&body["words"]);
    let segments = body["segments"].as_array();
    let mut segments: Vec<Segment> = segments
        .into_iter()
        .flatten()
        .zip(0..)
        .map(|(segment, id)| {
            let (start_ms, end_ms) = (ms(segment["start"].as_f64()), ms(segment["end"].as_f64()));
            let within = |word: &&Word| word.start_ms >= start_ms && word.start_ms < end_ms;
            Segment {
                id,
                start_ms,
                end_ms,
                text: segment["text"]
                    .as_str()
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
                avg_logprob: float(&segment["avg_logprob"]),
                no_speech_prob: float(&segment["no_speech_prob"]),
                compression_ratio: float(&segment["compression_ratio"]),
                words: all_words.iter().filter(within).cloned().collect(),
                ..Segment::default()
            }
        })
        .collect();
    if segments.is_empty() && !text.is_empty() {
        segments.push(Segment {
            end_ms: duration_ms,
            text: text.clone(),
            words: all_words,
            ..Segment::default()
        });
    }
    let language = body["language"].as_str().unwrap_or_default();
    let asked = recording.options.language.clone().unwrap_or_default();
    Ok(Transcript {
        // Some write the language's name instead of its code.
        language: match language.len() {
            2 => language.to_owned(),
            _ => crate::speech::language_code(language).map_or(asked, str::to_owned),
        },
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
            text: word["word"].as_str().unwrap_or_default().trim().to_owned(),
            probability: 1.0,
        })
        .collect()
}

/// Speaks a text: samples of 16 bits at 24 kHz.
pub(super) async fn speak(
    line: &Line,
    model: &str,
    voice: &str,
    text: &str,
    speed: f32,
) -> Result<Bytes, ProviderError> {
    let body = json!({
        "model": model,
        "input": text,
        "voice": voice,
        "response_format": "pcm",
        "speed": speed.clamp(0.25, 4.0),
    });
    let post = Post {
        purpose: Purpose::VoiceProvider,
        path: "/audio/speech".to_owned(),
        content_type: "application/json",
        body: parts(&[Class::Customer, Class::Business], body.to_string()),
        headers: Vec::new(),
    };
    Ok(line.send(post).await?.bytes().await?)
}

/// A form with a file (RFC 7578).
#[derive(Default)]
struct Form(BytesMut);

impl Form {
    fn field(&mut self, name: &str, value: &str) {
        let field = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        self.0.extend_from_slice(field.as_bytes());
    }

    fn file(&mut self, name: &str, bytes: &[u8]) {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
    }

    fn finish(mut self) -> Bytes {
        let end = format!("--{BOUNDARY}--\r\n");
        self.0.extend_from_slice(end.as_bytes());
        self.0.freeze()
    }
}
