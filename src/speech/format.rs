//! Writes a transcript as plain text, OpenAI's JSON, SubRip or WebVTT subtitles. Pure functions;
//! times in JSON are in seconds, as OpenAI's clients expect.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::types::{Segment, Transcript, Word};
use super::whisper_language::language_name;

pub fn text(transcript: &Transcript) -> String {
    format!("{}\n", transcript.text)
}

/// OpenAI's short form: text and usage.
pub fn json(transcript: &Transcript) -> Value {
    json!({ "text": transcript.text, "usage": usage(transcript) })
}

/// OpenAI's long form. `segments` and `words` choose its lists; OpenAI's default is segments only.
pub fn verbose_json(transcript: &Transcript, segments: bool, words: bool) -> Value {
    let task = if transcript.translated {
        "translate"
    } else {
        "transcribe"
    };
    let mut object = Map::new();
    object.insert("task".into(), task.into());
    object.insert(
        "language".into(),
        language_name(&transcript.language).into(),
    );
    object.insert("duration".into(), seconds(transcript.duration_ms));
    object.insert("text".into(), transcript.text.clone().into());
    if segments {
        object.insert(
            "segments".into(),
            transcript.segments.iter().map(segment_json).collect(),
        );
    }
    if words {
        let all = transcript
            .segments
            .iter()
            .flat_map(|segment| &segment.words);
        object.insert("words".into(), all.map(word_json).collect());
    }
    object.insert("usage".into(), usage(transcript));
    Value::Object(object)
}

/// SubRip subtitles: numbered, with a comma before the milliseconds.
pub fn srt(transcript: &Transcript) -> String {
    let mut out = String::new();
    for (index, segment) in transcript.segments.iter().enumerate() {
        let (from, to) = (
            format_time(segment.start_ms, ','),
            format_time(segment.end_ms, ','),
        );
        let _ = write!(
            out,
            "{}\n{from} --> {to}\n{}\n\n",
            index + 1,
            clean_cue(&segment.text)
        );
    }
    out
}

pub fn vtt(transcript: &Transcript) -> String {
    let mut out = String::from("WEBVTT\n\n");
    for segment in &transcript.segments {
        let (from, to) = (
            format_time(segment.start_ms, '.'),
            format_time(segment.end_ms, '.'),
        );
        let text = clean_cue(&segment.text)
            .replace('&', "&amp;")
            .replace('<', "&lt;");
        let _ = write!(out, "{from} --> {to}\n{text}\n\n");
    }
    out
}

fn segment_json(segment: &Segment) -> Value {
    json!({
        "id": segment.id,
        // OpenAI counts it in hundredths of a second.
        "seek": segment.start_ms / 10,
        "start": seconds(segment.start_ms),
        "end": seconds(segment.end_ms),
        "text": segment.text,
        "tokens": segment.tokens,
        "temperature": round_finite(segment.temperature),
        "avg_logprob": round_finite(segment.avg_logprob),
        "compression_ratio": round_finite(segment.compression_ratio),
        "no_speech_prob": round_finite(segment.no_speech_prob),
    })
}

fn word_json(word: &Word) -> Value {
    json!({ "word": word.text, "start": seconds(word.start_ms), "end": seconds(word.end_ms) })
}

/// Billed by length, in whole seconds rounded up.
fn usage(transcript: &Transcript) -> Value {
    json!({ "type": "duration", "seconds": transcript.duration_ms.div_ceil(1000) })
}

fn seconds(ms: u64) -> Value {
    (ms as f64 / 1000.0).into()
}

/// Rounds to four decimals; NaN and infinity become 0, since JSON has neither.
fn round_finite(value: f32) -> f64 {
    if value.is_finite() {
        (f64::from(value) * 10_000.0).round() / 10_000.0
    } else {
        0.0
    }
}

fn format_time(ms: u64, point: char) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{hours:02}:{minutes:02}:{seconds:02}{point}{:03}",
        ms % 1000
    )
}

/// Cleans text so that it cannot end its cue: no line breaks, no arrow.
fn clean_cue(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("-->", "->")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript() -> Transcript {
        let word = Word {
            start_ms: 3_661_250,
            end_ms: 3_661_900,
            text: "Hello,".into(),
            probability: 0.9,
        };
        Transcript {
            language: "en".into(),
            duration_ms: 3_662_500,
            text: "Hello, Tom & <Ann>.".into(),
            segments: vec![Segment {
                start_ms: 3_661_250,
                end_ms: 3_662_007,
                text: "Hello, Tom\n& <Ann>.".into(),
                avg_logprob: -0.25,
                no_speech_prob: f32::NAN,
                tokens: vec![2425, 11],
                words: vec![word],
                ..Segment::default()
            }],
            ..Transcript::default()
        }
    }

    #[test]
    fn plain_text_ends_with_a_line_break() {
        assert_eq!(text(&transcript()), "Hello, Tom & <Ann>.\n");
    }

    #[test]
    fn short_json_has_text_and_usage() {
        let expected = json!({
            "text": "Hello, Tom & <Ann>.",
            "usage": { "type": "duration", "seconds": 3663 },
        });
        assert_eq!(json(&transcript()), expected);
    }

    #[test]
    fn long_json_uses_the_names_of_openai() {
        let value = verbose_json(&transcript(), true, true);
        assert_eq!(value["task"], "transcribe");
        assert_eq!(value["language"], "english");
        assert_eq!(value["duration"], 3662.5);
        let segment = &value["segments"][0];
        assert_eq!(segment["start"], 3661.25);
        assert_eq!(segment["avg_logprob"], -0.25);
        assert_eq!(segment["no_speech_prob"], 0.0);
        assert_eq!(segment["tokens"], json!([2425, 11]));
        assert_eq!(
            value["words"],
            json!([{ "word": "Hello,", "start": 3661.25, "end": 3661.9 }])
        );
        let short = verbose_json(&transcript(), false, false);
        assert!(short.get("segments").is_none() && short.get("words").is_none());
    }

    #[test]
    fn subrip_counts_from_one_with_commas() {
        let expected = "1\n01:01:01,250 --> 01:01:02,007\nHello, Tom & <Ann>.\n\n";
        assert_eq!(srt(&transcript()), expected);
    }

    #[test]
    fn webvtt_escapes_markup() {
        let expected = "WEBVTT\n\n01:01:01.250 --> 01:01:02.007\nHello, Tom &amp; &lt;Ann>.\n\n";
        assert_eq!(vtt(&transcript()), expected);
        assert_eq!(vtt(&Transcript::default()), "WEBVTT\n\n");
    }

    #[test]
    fn an_arrow_cannot_break_a_cue() {
        let mut transcript = transcript();
        transcript.segments[0].text = "a --> b".into();
        assert!(vtt(&transcript).contains("a -> b"));
    }
}
