//! Events on the wire; `view` builds them from the events of the session.

use serde::Serialize;
use serde_json::Value;

use super::fault::FaultView;
use crate::voice::realtime::fresh_id;

#[derive(Serialize)]
struct Envelope<'a> {
    event_id: String,
    #[serde(flatten)]
    event: &'a ServerEvent,
}

/// A place within a response.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PlaceView {
    pub(super) response_id: String,
    pub(super) item_id: String,
    pub(super) output_index: usize,
    pub(super) content_index: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
#[rustfmt::skip]
pub(super) enum ServerEvent {
    #[serde(rename = "error")]
    Error { error: FaultView },
    #[serde(rename = "session.created")]
    SessionCreated { session: Value },
    #[serde(rename = "session.updated")]
    SessionUpdated { session: Value },
    #[serde(rename = "conversation.item.added")]
    ItemAdded { previous_item_id: Option<String>, item: Value },
    #[serde(rename = "conversation.item.done")]
    ItemDone { previous_item_id: Option<String>, item: Value },
    #[serde(rename = "conversation.item.retrieved")]
    ItemRetrieved { item: Value },
    #[serde(rename = "conversation.item.truncated")]
    ItemTruncated { item_id: String, content_index: usize, audio_end_ms: i64 },
    #[serde(rename = "conversation.item.deleted")]
    ItemDeleted { item_id: String },
    #[serde(rename = "conversation.item.input_audio_transcription.delta")]
    TranscriptionDelta { item_id: String, content_index: usize, delta: String },
    #[serde(rename = "conversation.item.input_audio_transcription.completed")]
    TranscriptionCompleted { item_id: String, content_index: usize, transcript: String, usage: Value },
    #[serde(rename = "conversation.item.input_audio_transcription.failed")]
    TranscriptionFailed { item_id: String, content_index: usize, error: Value },
    #[serde(rename = "input_audio_buffer.committed")]
    Committed { previous_item_id: Option<String>, item_id: String },
    #[serde(rename = "input_audio_buffer.cleared")]
    Cleared {},
    #[serde(rename = "input_audio_buffer.speech_started")]
    SpeechStarted { audio_start_ms: u64, item_id: String },
    #[serde(rename = "input_audio_buffer.speech_stopped")]
    SpeechStopped { audio_end_ms: u64, item_id: String },
    #[serde(rename = "input_audio_buffer.timeout_triggered")]
    TimeoutTriggered { audio_start_ms: u64, audio_end_ms: u64, item_id: String },
    #[serde(rename = "response.created")]
    ResponseCreated { response: Value },
    #[serde(rename = "response.done")]
    ResponseDone { response: Value },
    #[serde(rename = "response.output_item.added")]
    OutputItemAdded { response_id: String, output_index: usize, item: Value },
    #[serde(rename = "response.output_item.done")]
    OutputItemDone { response_id: String, output_index: usize, item: Value },
    #[serde(rename = "response.content_part.added")]
    PartAdded { #[serde(flatten)] place: PlaceView, part: Value },
    #[serde(rename = "response.content_part.done")]
    PartDone { #[serde(flatten)] place: PlaceView, part: Value },
    #[serde(rename = "response.output_text.delta")]
    TextDelta { #[serde(flatten)] place: PlaceView, delta: String },
    #[serde(rename = "response.output_text.done")]
    TextDone { #[serde(flatten)] place: PlaceView, text: String },
    #[serde(rename = "response.output_audio.delta")]
    AudioDelta { #[serde(flatten)] place: PlaceView, delta: String },
    #[serde(rename = "response.output_audio.done")]
    AudioDone { #[serde(flatten)] place: PlaceView },
    #[serde(rename = "response.output_audio_transcript.delta")]
    TranscriptDelta { #[serde(flatten)] place: PlaceView, delta: String },
    #[serde(rename = "response.output_audio_transcript.done")]
    TranscriptDone { #[serde(flatten)] place: PlaceView, transcript: String },
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta { response_id: String, item_id: String, output_index: usize, call_id: String, delta: String },
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone { response_id: String, item_id: String, output_index: usize, call_id: String, name: String, arguments: String },
    #[serde(rename = "rate_limits.updated")]
    RateLimits { rate_limits: Vec<Value> },
}

impl ServerEvent {
    /// JSON text, with a fresh event id.
    pub(super) fn to_text(&self) -> String {
        let envelope = Envelope {
            event_id: fresh_id("event"),
            event: self,
        };
        // Serialising cannot fail: no map in an event has keys other than strings.
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_type_an_id_and_its_place() {
        let place = PlaceView {
            response_id: "r".into(),
            item_id: "i".into(),
            output_index: 0,
            content_index: 0,
        };
        let delta = String::from("x");
        let text = ServerEvent::TextDelta { place, delta }.to_text();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["type"], "response.output_text.delta");
        assert_eq!(value["response_id"], "r");
        assert_eq!(value["delta"], "x");
        assert!(value["event_id"].as_str().unwrap().starts_with("event_"));
    }
}
