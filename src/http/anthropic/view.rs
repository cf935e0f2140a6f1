//! A message on the wire: whole, or as events in Anthropic's order.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error;
use crate::agent::Citation;
use crate::http::openai::chat::piece::{End, Grounds, Piece};
use crate::llm::{FinishReason, ToolCall, Usage};

/// How many tokens a prompt has.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageTokens {
    input_tokens: u32,
}

impl MessageTokens {
    pub(super) fn new(input_tokens: u32) -> Self {
        Self { input_tokens }
    }
}

/// A message of the assistant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessagesAnswer {
    id: String,
    /// Always `message`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `assistant`.
    role: &'static str,
    model: String,
    /// Blocks of type `text` and `tool_use`.
    #[schema(value_type = Vec<Object>)]
    content: Vec<Value>,
    /// `end_turn` (also for a stop sequence), `max_tokens` or `tool_use`.
    stop_reason: Option<&'static str>,
    stop_sequence: Option<String>,
    #[schema(value_type = Object)]
    usage: Value,
    /// What an assistant's answer rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    frontdesk: Option<Grounds>,
}

/// Anthropic counts tokens from the cache apart.
fn usage_view(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens.saturating_sub(usage.cached_tokens),
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": usage.completion_tokens,
    })
}

/// Writes one message.
pub(super) struct Writer {
    message: MessagesAnswer,
    /// The text of the block that is open.
    open: Option<String>,
    events: Vec<Value>,
    ended: bool,
}

impl Writer {
    pub(super) fn new(model: String) -> Self {
        Self {
            message: MessagesAnswer {
                id: format!("msg_{}", Uuid::now_v7().simple()),
                kind: "message",
                role: "assistant",
                model,
                content: Vec::new(),
                stop_reason: None,
                stop_sequence: None,
                usage: usage_view(Usage::default()),
                frontdesk: None,
            },
            open: None,
            events: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn into_message(self) -> MessagesAnswer {
        self.message
    }

    pub(super) fn begin(&mut self) -> Vec<Value> {
        self.events
            .push(json!({ "type": "message_start", "message": self.message }));
        self.events.push(json!({ "type": "ping" }));
        std::mem::take(&mut self.events)
    }

    pub(super) fn take(&mut self, piece: Piece) -> Vec<Value> {
        match piece {
            Piece::Delta(text) => self.add(&text),
            Piece::ToolCall(call) => self.call(&call),
            Piece::End(end) => self.end(*end),
            Piece::Failed(problem) => {
                self.ended = true;
                let told = serde_json::to_value(error::envelope(&problem));
                self.events.push(told.unwrap_or_default());
            }
        }
        std::mem::take(&mut self.events)
    }

    fn event(&mut self, kind: &str, at: usize, field: &str, value: Value) {
        let mut event = json!({ "type": kind, "index": at });
        event[field] = value;
        self.events.push(event);
    }

    fn open(&mut self) {
        let block = json!({ "type": "text", "text": "", "citations": null });
        let at = self.message.content.len();
        self.event("content_block_start", at, "content_block", block);
        self.open = Some(String::new());
    }

    fn add(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.open.is_none() {
            self.open();
        }
        if let Some(said) = &mut self.open {
            said.push_str(text);
        }
        let delta = json!({ "type": "text_delta", "text": text });
        let at = self.message.content.len();
        self.event("content_block_delta", at, "delta", delta);
    }

    fn close(&mut self, grounds: Option<&Grounds>) {
        let Some(text) = self.open.take() else {
            return;
        };
        let at = self.message.content.len();
        let cited = grounds.map_or(&[][..], Grounds::citations).iter();
        let citations: Vec<Value> = cited.map(citation_view).collect();
        for one in &citations {
            let delta = json!({ "type": "citations_delta", "citation": one });
            self.event("content_block_delta", at, "delta", delta);
        }
        let citations = (!citations.is_empty()).then_some(citations);
        let block = json!({ "type": "text", "text": text, "citations": citations });
        self.message.content.push(block);
        self.events
            .push(json!({ "type": "content_block_stop", "index": at }));
    }

    fn call(&mut self, call: &ToolCall) {
        self.close(None);
        let at = self.message.content.len();
        let read = serde_json::from_str::<Value>(&call.arguments).ok();
        let input = read.filter(Value::is_object).unwrap_or(json!({}));
        let begun = json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} });
        self.event("content_block_start", at, "content_block", begun.clone());
        let delta = json!({ "type": "input_json_delta", "partial_json": input.to_string() });
        self.event("content_block_delta", at, "delta", delta);
        let mut block = begun;
        block["input"] = input;
        self.message.content.push(block);
        self.events
            .push(json!({ "type": "content_block_stop", "index": at }));
    }

    fn end(&mut self, end: End) {
        if self.message.content.is_empty() && self.open.is_none() {
            self.open();
        }
        self.close(end.grounds.as_ref());
        let reason = match end.finish {
            FinishReason::Stop => "end_turn",
            FinishReason::Length => "max_tokens",
            FinishReason::ToolCalls => "tool_use",
        };
        self.message.stop_reason = Some(reason);
        self.message.usage = usage_view(end.usage);
        self.message.frontdesk = end.grounds;
        self.ended = true;
        self.events.push(json!({
            "type": "message_delta",
            "delta": { "stop_reason": reason, "stop_sequence": null },
            "usage": self.message.usage,
        }));
        self.events.push(json!({ "type": "message_stop" }));
    }
}

/// Citations are numbered places in documents, which come nearest to Anthropic's results of a search.
fn citation_view(citation: &Citation) -> Value {
    json!({
        "type": "search_result_location",
        "cited_text": citation.quote,
        "search_result_index": citation.number.saturating_sub(1),
        "source": citation.document,
        "title": citation.title,
        "start_block_index": 0,
        "end_block_index": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(events: &[Value]) -> Vec<&str> {
        events
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect()
    }

    #[test]
    fn events_come_in_anthropics_order() {
        let mut writer = Writer::new("m".into());
        let mut events = writer.begin();
        events.extend(writer.take(Piece::Delta("Let me see.".into())));
        events.extend(writer.take(Piece::ToolCall(ToolCall {
            id: "call_1".into(),
            name: "f".into(),
            arguments: "{\"day\":\"Mon\"}".into(),
        })));
        events.extend(writer.take(Piece::End(Box::new(End {
            finish: FinishReason::ToolCalls,
            usage: Usage {
                prompt_tokens: 12,
                cached_tokens: 5,
                completion_tokens: 3,
            },
            grounds: None,
        }))));
        assert_eq!(
            kinds(&events),
            [
                "message_start",
                "ping",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop",
            ]
        );
        let message = writer.into_message();
        assert_eq!(message.stop_reason, Some("tool_use"));
        assert_eq!(message.content[1]["input"]["day"], "Mon");
        assert_eq!(message.usage["input_tokens"], 7);
        assert_eq!(message.usage["cache_read_input_tokens"], 5);
    }
}
