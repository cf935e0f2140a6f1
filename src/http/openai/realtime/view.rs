//! Events of a session in OpenAI's shape.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::config::TranscriptionForm;
use super::fault::kind_name;
use super::server_event::{PlaceView, ServerEvent};
use super::{format, turn_detection};
use crate::http::openai::chat::piece::Grounds;
use crate::llm::Usage;
use crate::voice::realtime::{
    CancelReason, Ending, Event, Item, Kind, Modality, Part, ResponsePlace, ResponseState, Role,
    SessionConfig, SessionState, Status, joined,
};

impl From<Event> for ServerEvent {
    #[rustfmt::skip]
    fn from(event: Event) -> Self {
        match event {
            Event::Fault(fault) => Self::Error { error: fault.into() },
            Event::Created(state) => Self::SessionCreated { session: state_view(&state) },
            Event::Updated(state) => Self::SessionUpdated { session: state_view(&state) },
            Event::ItemAdded { previous_item_id, item } => Self::ItemAdded { previous_item_id, item: item_view(&item) },
            Event::ItemDone { previous_item_id, item } => Self::ItemDone { previous_item_id, item: item_view(&item) },
            Event::ItemRetrieved { item, sounds } => {
                let mut view = item_view(&item);
                for (at, sound) in sounds {
                    view["content"][at]["audio"] = json!(sound.map(|sound| STANDARD.encode(sound)));
                }
                Self::ItemRetrieved { item: view }
            }
            Event::ItemTruncated { item_id, content_index, audio_end_ms } => {
                Self::ItemTruncated { item_id, content_index, audio_end_ms }
            }
            Event::ItemDeleted { item_id } => Self::ItemDeleted { item_id },
            Event::TranscriptionDelta { item_id, content_index, delta } => {
                Self::TranscriptionDelta { item_id, content_index, delta }
            }
            Event::TranscriptionCompleted { item_id, content_index, transcript, ms } => {
                #[expect(clippy::cast_precision_loss, reason = "minutes in ms")]
                let usage = json!({"type": "duration", "seconds": ms as f64 / 1000.0});
                Self::TranscriptionCompleted { item_id, content_index, transcript, usage }
            }
            Event::TranscriptionFailed { item_id, content_index, why } => {
                let error = json!({"type": "server_error", "code": "transcription_failed",
                                   "message": why, "param": null});
                Self::TranscriptionFailed { item_id, content_index, error }
            }
            Event::Committed { previous_item_id, item_id } => Self::Committed { previous_item_id, item_id },
            Event::Cleared => Self::Cleared {},
            Event::SpeechStarted { audio_start_ms, item_id } => Self::SpeechStarted { audio_start_ms, item_id },
            Event::SpeechStopped { audio_end_ms, item_id } => Self::SpeechStopped { audio_end_ms, item_id },
            Event::TimeoutTriggered { audio_start_ms, audio_end_ms, item_id } => {
                Self::TimeoutTriggered { audio_start_ms, audio_end_ms, item_id }
            }
            Event::ResponseCreated(state) => Self::ResponseCreated { response: response_view(*state) },
            Event::ResponseDone(state) => Self::ResponseDone { response: response_view(*state) },
            Event::OutputItemAdded { response_id, output_index, item } => {
                Self::OutputItemAdded { response_id, output_index, item: item_view(&item) }
            }
            Event::OutputItemDone { response_id, output_index, item } => {
                Self::OutputItemDone { response_id, output_index, item: item_view(&item) }
            }
            Event::PartAdded { place, part } => Self::PartAdded { place: place.into(), part: output_part(part) },
            Event::PartDone { place, part } => Self::PartDone { place: place.into(), part: output_part(part) },
            Event::TextDelta { place, delta } => Self::TextDelta { place: place.into(), delta },
            Event::TextDone { place, text } => Self::TextDone { place: place.into(), text },
            Event::AudioDelta { place, sound } => {
                Self::AudioDelta { place: place.into(), delta: STANDARD.encode(sound) }
            }
            Event::AudioDone { place } => Self::AudioDone { place: place.into() },
            Event::TranscriptDelta { place, delta } => Self::TranscriptDelta { place: place.into(), delta },
            Event::TranscriptDone { place, transcript } => Self::TranscriptDone { place: place.into(), transcript },
            Event::ArgumentsDelta { response_id, item_id, output_index, call_id, delta } => {
                Self::ArgumentsDelta { response_id, item_id, output_index, call_id, delta }
            }
            Event::ArgumentsDone { response_id, item_id, output_index, call_id, name, arguments } => {
                Self::ArgumentsDone { response_id, item_id, output_index, call_id, name, arguments }
            }
            // Our only limit is on responses at a time, so it resets as soon as one is done: 0 seconds.
            Event::Responses { most, remaining } => Self::RateLimits {
                rate_limits: vec![json!({
                    "name": "requests", "limit": most, "remaining": remaining, "reset_seconds": 0,
                })],
            },
        }
    }
}

impl From<ResponsePlace> for PlaceView {
    fn from(place: ResponsePlace) -> Self {
        Self {
            response_id: place.response_id,
            item_id: place.item_id,
            output_index: place.output_index,
            content_index: place.content_index,
        }
    }
}

fn state_view(state: &SessionState) -> Value {
    session_view(&state.config, &state.id, state.expires_at)
}

pub(super) fn session_view(config: &SessionConfig, id: &str, expires_at: i64) -> Value {
    let written = |name: &str| config.written.get(name).map(|value| value.0.clone());
    let transcription = config.transcription.clone().map(TranscriptionForm::from);
    let input = json!({
        "format": format::view(config.input),
        "noise_reduction": written("noise_reduction"),
        "transcription": transcription,
        "turn_detection": config.turn_detection.as_ref().map(turn_detection::view),
    });
    if config.transcribes_only {
        return json!({
            "type": "transcription", "object": "realtime.transcription_session", "id": id,
            "expires_at": expires_at, "include": written("include"), "audio": {"input": input},
        });
    }
    let tools: Vec<_> = config
        .tools
        .list
        .iter()
        .map(|tool| &tool.written.0)
        .collect();
    let choice = config.tools.written_choice.as_ref();
    let choice = choice.map_or_else(|| json!("auto"), |choice| choice.0.clone());
    json!({
        "type": "realtime", "object": "realtime.session", "id": id, "model": config.model,
        "expires_at": expires_at,
        "output_modalities": modality_view(config.modality),
        "instructions": config.instructions,
        "max_output_tokens": max_tokens_view(config.max_tokens),
        "tools": tools, "tool_choice": choice,
        "truncation": written("truncation").unwrap_or_else(|| json!("auto")),
        "include": written("include"), "tracing": written("tracing"), "prompt": null,
        "audio": {"input": input, "output": {
            "format": format::view(config.output.format), "voice": config.output.voice.as_str(),
            "speed": config.output.speed,
        }},
    })
}

fn modality_view(modality: Modality) -> Value {
    match modality {
        Modality::Audio => json!(["audio"]),
        Modality::Text => json!(["text"]),
    }
}

fn max_tokens_view(most: Option<u32>) -> Value {
    most.map_or_else(|| json!("inf"), |most| json!(most))
}

/// Without audio: only `conversation.item.retrieve` returns that.
pub(super) fn item_view(item: &Item) -> Value {
    let (id, status) = (&item.id, status_name(item.status));
    match &item.kind {
        Kind::Message { role, parts } => {
            let name = match role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let content: Vec<_> = parts.iter().map(|part| part_view(part, *role)).collect();
            json!({"id": id, "object": "realtime.item", "type": "message",
                   "status": status, "role": name, "content": content})
        }
        Kind::Call {
            call_id,
            name,
            arguments,
        } => json!({
            "id": id, "object": "realtime.item", "type": "function_call",
            "status": status, "call_id": call_id, "name": name, "arguments": arguments,
        }),
        Kind::CallOutput { call_id, output } => json!({
            "id": id, "object": "realtime.item", "type": "function_call_output",
            "status": status, "call_id": call_id, "output": output,
        }),
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::InProgress => "in_progress",
        Status::Completed => "completed",
        Status::Incomplete => "incomplete",
    }
}

fn part_view(part: &Part, role: Role) -> Value {
    match part {
        Part::Text(text) if role == Role::Assistant => json!({"type": "output_text", "text": text}),
        Part::Text(text) => json!({"type": "input_text", "text": text}),
        Part::Heard(sound) => json!({"type": "input_audio", "transcript": sound.transcript}),
        Part::Spoken(said) => json!({"type": "output_audio", "transcript": joined(said)}),
    }
}

/// A part of a response. OpenAI names its types differently here than within an item.
fn output_part(part: Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Spoken(said) => json!({"type": "audio", "transcript": joined(&said)}),
        Part::Heard(_) => Value::Null,
    }
}

fn response_view(state: ResponseState) -> Value {
    let output: Vec<_> = state.items.iter().map(item_view).collect();
    let usage = state.ending.is_some().then(|| usage_view(state.usage));
    let (status, details) = ending_view(state.ending);
    let metadata = state.metadata.map(|pairs| {
        let pairs = pairs.into_iter().map(|(key, value)| (key, json!(value)));
        Value::Object(pairs.collect())
    });
    let mut view = json!({
        "object": "realtime.response", "id": state.id, "status": status,
        "status_details": details, "output": output,
        "conversation_id": state.conversation_id,
        "output_modalities": modality_view(state.modality),
        "max_output_tokens": max_tokens_view(state.max_tokens),
        "audio": {"output": {
            "format": format::view(state.output.format), "voice": state.output.voice.as_str(),
        }},
        "usage": usage, "metadata": metadata,
    });
    let grounds = state.grounds.map(|answer| Grounds::from(*answer));
    if let Some(grounds) = grounds.and_then(|grounds| serde_json::to_value(grounds).ok()) {
        view["frontdesk"] = grounds;
    }
    view
}

/// The status of a response, and its details.
fn ending_view(ending: Option<Ending>) -> (&'static str, Value) {
    match ending {
        None => ("in_progress", Value::Null),
        Some(Ending::Completed) => ("completed", json!({"type": "completed"})),
        Some(Ending::Cancelled(by)) => {
            let reason = match by {
                CancelReason::Turn => "turn_detected",
                CancelReason::Client => "client_cancelled",
            };
            ("cancelled", json!({"type": "cancelled", "reason": reason}))
        }
        Some(Ending::TooLong) => (
            "incomplete",
            json!({"type": "incomplete", "reason": "max_output_tokens"}),
        ),
        Some(Ending::Failed(fault)) => {
            let error = json!({"type": kind_name(fault.kind), "code": fault.code, "message": fault.message});
            ("failed", json!({"type": "failed", "error": error}))
        }
    }
}

/// Token usage in OpenAI's shape. All tokens are text tokens, because audio becomes text before a model reads it.
fn usage_view(usage: Usage) -> Value {
    let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
    json!({
        "total_tokens": input + output, "input_tokens": input, "output_tokens": output,
        "input_token_details": {
            "text_tokens": input, "audio_tokens": 0, "image_tokens": 0,
            "cached_tokens": usage.cached_tokens,
            "cached_tokens_details": {
                "text_tokens": usage.cached_tokens, "audio_tokens": 0, "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": output, "audio_tokens": 0},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::realtime::Fault;

    #[test]
    fn events_are_written_to_the_letter() {
        let config = SessionConfig::new("m");
        let response = ResponseState {
            id: "r".into(),
            ending: None,
            items: Vec::new(),
            conversation_id: Some("c".into()),
            modality: config.modality,
            max_tokens: config.max_tokens,
            output: config.output,
            metadata: Some(vec![("b".into(), "1".into()), ("a".into(), "2".into())]),
            usage: Usage::default(),
            grounds: None,
        };
        let fault = Fault {
            order: Some("e".into()),
            ..Fault::value("p", "m")
        };
        for (event, written) in [
            (
                Event::Fault(fault),
                r#""type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"m","param":"p","event_id":"e"}}"#,
            ),
            (
                Event::Responses {
                    most: 4,
                    remaining: 3,
                },
                r#""type":"rate_limits.updated","rate_limits":[{"name":"requests","limit":4,"remaining":3,"reset_seconds":0}]}"#,
            ),
            (
                Event::Committed {
                    previous_item_id: None,
                    item_id: "i".into(),
                },
                r#""type":"input_audio_buffer.committed","previous_item_id":null,"item_id":"i"}"#,
            ),
            (
                Event::ResponseCreated(Box::new(response)),
                r#""type":"response.created","response":{"object":"realtime.response","id":"r","status":"in_progress","status_details":null,"output":[],"conversation_id":"c","output_modalities":["audio"],"max_output_tokens":"inf","audio":{"output":{"format":{"type":"audio/pcm","rate":24000},"voice":"alloy"}},"usage":null,"metadata":{"b":"1","a":"2"}}}"#,
            ),
        ] {
            let text = ServerEvent::from(event).to_text();
            let (_, without_id) = text.split_once(',').unwrap();
            assert_eq!(without_id, written);
        }
    }
}
