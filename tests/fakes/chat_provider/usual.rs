//! What is answered where no script is left: some words, in the protocol of the path, and OpenAI's other addresses.

use serde_json::{Value, json};

use super::{Script, Seen, anthropic, gemini, openai};

/// What is said, and heard in every recording.
const WORDS: &[&str] = &["Hello", " there,", " how", " are", " you", "?"];
/// Samples of sound: a tenth of a second at 24 kHz, 16 bits.
const SOUND: usize = 4_800;

fn with(content_type: &'static str, body: impl Into<Vec<u8>>) -> Script {
    Script {
        headers: vec![("content-type", content_type.to_owned())],
        ..Script::stream(body)
    }
}

fn good(body: &Value) -> Script {
    with("application/json", body.to_string())
}

fn text() -> String {
    WORDS.concat()
}

pub(super) fn answer(seen: &Seen) -> Script {
    let path = seen.path();
    let path = path.split('?').next().unwrap_or(path);
    let signed = ["authorization", "x-api-key", "x-goog-api-key"];
    if !signed.iter().any(|name| seen.header(name).is_some()) {
        return Script::error(401, "no key was given");
    }
    match path {
        "/v1/chat/completions" => completion(&read(seen)),
        "/v1/messages" => Script::stream(anthropic::words(WORDS)),
        "/v1/models" => good(&json!({
            "object": "list",
            "data": [{ "id": "m", "object": "model", "created": 1, "owned_by": "fakes" }],
        })),
        "/v1/embeddings" => embeddings(&read(seen)),
        "/v1/audio/speech" => speech(&read(seen)),
        "/v1/audio/transcriptions" => transcription(seen),
        _ if path.ends_with(":streamGenerateContent") => Script::stream(gemini::words(WORDS)),
        _ => Script::error(404, "there is no such address"),
    }
}

fn read(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap_or(Value::Null)
}

fn completion(asked: &Value) -> Script {
    if asked["model"].as_str().is_none() || !asked["messages"].is_array() {
        return Script::error(400, "model and messages are needed");
    }
    if asked["stream"] == true {
        // Cut in the middle of lines and characters.
        return Script::stream(openai::words(WORDS)).in_pieces(7);
    }
    let content = match asked["response_format"]["type"].as_str() {
        Some("json_schema" | "json_object") => "{}".to_owned(),
        _ => text(),
    };
    good(&json!({
        "id": "c1", "object": "chat.completion", "created": 1, "model": asked["model"],
        "choices": [{
            "index": 0, "finish_reason": "stop", "logprobs": null,
            "message": { "role": "assistant", "content": content, "refusal": null },
        }],
        "usage": {
            "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0 },
        },
    }))
}

fn embeddings(asked: &Value) -> Script {
    let count = asked["input"].as_array().map_or(1, Vec::len);
    let one =
        |at: usize| json!({ "object": "embedding", "index": at, "embedding": [0.25, -0.5, 1.0] });
    // Clients may ask for base64: little-endian floats of 32 bits.
    let coded =
        |at: usize| json!({ "object": "embedding", "index": at, "embedding": "AACAPgAAAL8AAIA/" });
    let rows: Vec<Value> = match asked["encoding_format"] == "base64" {
        true => (0..count).map(coded).collect(),
        false => (0..count).map(one).collect(),
    };
    good(&json!({
        "object": "list", "data": rows, "model": asked["model"],
        "usage": { "prompt_tokens": 3, "total_tokens": 3 },
    }))
}

fn speech(asked: &Value) -> Script {
    if asked["input"].as_str().is_none_or(str::is_empty) {
        return Script::error(400, "input is needed");
    }
    let content_type = match asked["response_format"].as_str() {
        Some("pcm") => "audio/pcm",
        Some("wav") => "audio/wav",
        Some("opus") => "audio/opus",
        _ => "audio/mpeg",
    };
    with(content_type, vec![0; SOUND])
}

fn transcription(seen: &Seen) -> Script {
    let form = String::from_utf8_lossy(&seen.body).into_owned();
    let field = |name: &str| {
        let at = form.find(&format!("name=\"{name}\"\r\n\r\n"))?;
        let value = form.get(at..)?.split("\r\n").nth(2)?;
        Some(value.to_owned())
    };
    if !form.contains("name=\"file\"") || field("model").is_none() {
        return Script::error(400, "file and model are needed");
    }
    let usage = json!({ "type": "duration", "seconds": 2 });
    match field("response_format").as_deref() {
        Some("text") => with("text/plain", format!("{}\n", text())),
        Some("srt") => with(
            "text/plain",
            format!("1\n00:00:00,000 --> 00:00:01,250\n{}\n\n", text()),
        ),
        Some("vtt") => with(
            "text/plain",
            format!("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\n{}\n\n", text()),
        ),
        Some("verbose_json") => good(&json!({
            "task": "transcribe", "language": "english", "duration": 1.25, "text": text(),
            "segments": [{
                "id": 0, "seek": 0, "start": 0.0, "end": 1.25, "text": text(), "tokens": [1],
                "temperature": 0.0, "avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.01,
            }],
            "words": [{ "word": "Hello", "start": 0.1, "end": 0.5 }],
            "usage": usage,
        })),
        _ => good(&json!({ "text": text(), "usage": usage })),
    }
}
