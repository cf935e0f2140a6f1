//! A response as clients see it, and its items.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::agent::Citation;
use crate::http::openai::chat::piece::Grounds;
use crate::http::problem::Problem;
use crate::llm::{ToolCall, Usage};

/// What a response repeats of its request.
#[derive(Debug, Clone)]
pub(super) struct Echo {
    pub(super) model: String,
    pub(super) instructions: Option<String>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) max_tool_calls: Option<u32>,
    pub(super) parallel_tool_calls: bool,
    pub(super) reasoning: Option<Value>,
    pub(super) temperature: f64,
    pub(super) text: Value,
    pub(super) tool_choice: Option<Value>,
    pub(super) tools: Vec<Value>,
    pub(super) top_p: f64,
    pub(super) truncation: &'static str,
    pub(super) metadata: Map<String, Value>,
    pub(super) user: Option<String>,
    pub(super) safety_identifier: Option<String>,
    pub(super) prompt_cache_key: Option<String>,
}

/// A response.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResponseView {
    pub(super) id: String,
    /// Always `response`.
    object: &'static str,
    /// Unix seconds.
    pub(super) created_at: i64,
    /// Unix seconds.
    pub(super) completed_at: Option<i64>,
    /// `queued`, `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`.
    pub(super) status: &'static str,
    pub(super) background: bool,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub(super) error: Option<Value>,
    /// Why it is incomplete.
    #[schema(value_type = Option<Object>)]
    pub(super) incomplete_details: Option<Value>,
    instructions: Option<String>,
    max_output_tokens: Option<u32>,
    max_tool_calls: Option<u32>,
    pub(super) model: String,
    /// Messages and function calls.
    #[schema(value_type = Vec<Object>)]
    pub(super) output: Vec<Value>,
    parallel_tool_calls: bool,
    pub(super) previous_response_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub(super) conversation: Option<Value>,
    #[schema(value_type = Object)]
    reasoning: Value,
    service_tier: &'static str,
    pub(super) store: bool,
    temperature: f64,
    #[schema(value_type = Object)]
    text: Value,
    #[schema(value_type = Object)]
    tool_choice: Value,
    #[schema(value_type = Vec<Object>)]
    tools: Vec<Value>,
    top_logprobs: u32,
    top_p: f64,
    truncation: &'static str,
    #[schema(value_type = Option<Object>)]
    pub(super) usage: Option<Value>,
    user: Option<String>,
    safety_identifier: Option<String>,
    prompt_cache_key: Option<String>,
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// What an assistant's answer rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frontdesk: Option<Grounds>,
}

impl ResponseView {
    /// A response that has just begun. `model` is the name of what answers.
    pub(super) fn new(number: Uuid, model: String, echo: Echo, created_at: i64) -> Self {
        let nothing = json!({ "effort": null, "summary": null });
        Self {
            id: response_id(number),
            object: "response",
            created_at,
            completed_at: None,
            status: "in_progress",
            background: false,
            error: None,
            incomplete_details: None,
            instructions: echo.instructions,
            max_output_tokens: echo.max_output_tokens,
            max_tool_calls: echo.max_tool_calls,
            model,
            output: Vec::new(),
            parallel_tool_calls: echo.parallel_tool_calls,
            previous_response_id: None,
            conversation: None,
            reasoning: echo.reasoning.unwrap_or(nothing),
            service_tier: "default",
            store: true,
            temperature: echo.temperature,
            text: echo.text,
            tool_choice: echo.tool_choice.unwrap_or_else(|| json!("auto")),
            tools: echo.tools,
            top_logprobs: 0,
            top_p: echo.top_p,
            truncation: echo.truncation,
            usage: None,
            user: echo.user,
            safety_identifier: echo.safety_identifier,
            prompt_cache_key: echo.prompt_cache_key,
            metadata: echo.metadata,
            frontdesk: None,
        }
    }

    pub(super) fn as_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn response_id(number: Uuid) -> String {
    format!("resp_{}", number.simple())
}

/// Ids of a response's items hold its own, so that a reference leads to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemIds(pub(super) Uuid);

/// The first number of what came out.
const OUTPUT: usize = 0x8000;

impl ItemIds {
    pub(super) fn output(self, kind: &str, at: usize) -> String {
        self.id(kind, OUTPUT + at)
    }

    /// The items as they are stored, each with its id.
    pub(super) fn name_input(self, items: Vec<Value>) -> Vec<Value> {
        let numbered = items.into_iter().enumerate();
        numbered
            .map(|(at, item)| {
                let kind = item["type"].as_str().unwrap_or_default().to_owned();
                with_id(item, self.id(&kind, at))
            })
            .collect()
    }

    fn id(self, kind: &str, number: usize) -> String {
        let prefix = match kind {
            "function_call" => "fc",
            "function_call_output" => "fco",
            _ => "msg",
        };
        format!("{prefix}_{}{number:04x}", self.0.simple())
    }
}

/// The item with its id, which comes first.
pub(in crate::http::openai) fn with_id(item: Value, id: String) -> Value {
    let mut named = Map::new();
    named.insert("id".to_owned(), Value::String(id));
    if let Value::Object(fields) = item {
        named.extend(fields.into_iter().filter(|(name, _)| name != "id"));
    }
    Value::Object(named)
}

/// The response that an item with this id belongs to.
pub(super) fn response_of(item: &str) -> Option<String> {
    let (_, rest) = item.split_once('_')?;
    let number = Uuid::try_parse(rest.get(..32)?).ok()?;
    Some(response_id(number))
}

pub(super) fn message_item(id: &str, status: &str, content: Vec<Value>) -> Value {
    json!({ "id": id, "type": "message", "status": status, "role": "assistant", "content": content })
}

pub(super) fn text_part(text: &str, annotations: &[Value]) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": annotations, "logprobs": [] })
}

pub(super) fn call_item(id: &str, status: &str, call: &ToolCall, arguments: &str) -> Value {
    json!({
        "id": id, "type": "function_call", "status": status, "call_id": call.id, "name": call.name,
        "arguments": arguments,
    })
}

pub(super) fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": { "cached_tokens": usage.cached_tokens, "cache_write_tokens": 0 },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": usage.prompt_tokens.saturating_add(usage.completion_tokens),
    })
}

/// What an answer cites, as annotations: the document, and where in the text its number stands.
pub(super) fn annotations(text: &str, grounds: Option<&Grounds>) -> Vec<Value> {
    let citations = grounds.map_or(&[][..], Grounds::citations).iter();
    citations.map(|one| annotation(text, one)).collect()
}

fn annotation(text: &str, citation: &Citation) -> Value {
    let mark = format!("[{}]", citation.number);
    let before = text
        .find(&mark)
        .map_or(text, |at| text.get(..at).unwrap_or(text));
    json!({
        "type": "file_citation",
        "file_id": citation.document,
        "filename": citation.title,
        "index": before.chars().count(),
    })
}

/// Why a response failed, with one of OpenAI's codes.
pub(super) fn failure(problem: &Problem) -> Value {
    let code = match problem.status.as_u16() {
        429 => "rate_limit_exceeded",
        400..500 => "invalid_prompt",
        _ => "server_error",
    };
    json!({ "code": code, "message": problem.detail() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_id_leads_to_its_response() {
        let number = Uuid::now_v7();
        let ids = ItemIds(number);
        let named = ids.name_input(vec![json!({"type": "message", "id": "of the client"})]);
        let input = named[0]["id"].as_str().unwrap().to_owned();
        for id in [input, ids.output("function_call", 3)] {
            assert_eq!(response_of(&id), Some(response_id(number)), "{id}");
        }
        assert_eq!(response_of("msg_abc"), None);
        assert_eq!(response_of("nothing"), None);
    }
}
