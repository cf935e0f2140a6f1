//! OpenAI's chat completions, as OpenAI and many others speak them.

use serde_json::{Value, json};

use super::super::sse::SseEvent;
use super::Asked;
use super::dialect::{CallPart, Dialect, Piece, json, number, text};
use crate::llm::{ChatMessage, ChatRequest, FinishReason, OutputFormat, Role, Usage};
use crate::reason::Reason;

/// OpenAI's own newer models take another name for the most tokens than everybody else.
const OWN_HOST: &str = "api.openai.com";

pub(super) fn write(
    request: &ChatRequest,
    model: &str,
    most: u32,
    base: &str,
) -> Result<Asked, Reason> {
    let sampling = &request.sampling;
    let messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
        // Nothing of it is to be kept.
        "store": false,
        "temperature": sampling.temperature,
    });
    let most_name = match base.contains(OWN_HOST) {
        true => "max_completion_tokens",
        false => "max_tokens",
    };
    body[most_name] = json!(most);
    if sampling.top_p < 1.0 {
        body["top_p"] = json!(sampling.top_p);
    }
    if let Some(seed) = sampling.seed {
        body["seed"] = json!(seed);
    }
    if !sampling.stop.is_empty() {
        body["stop"] = json!(sampling.stop);
    }
    for (name, value) in [
        ("presence_penalty", sampling.presence_penalty),
        ("frequency_penalty", sampling.frequency_penalty),
    ] {
        if value != 0.0 {
            body[name] = json!(value);
        }
    }
    if let Some(tools) = &request.tools {
        body["tools"] = serde_json::from_str(tools)
            .map_err(|error| Reason::told("its tools are not JSON", error))?;
        if let Some(required) = &request.require_tool {
            body["tool_choice"] = match required.as_str() {
                "*" => json!("required"),
                name => json!({"type": "function", "function": {"name": name}}),
            };
        }
    }
    match &request.format {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => body["response_format"] = json!({"type": "json_object"}),
        OutputFormat::JsonSchema(schema) => {
            let schema: Value = serde_json::from_str(schema)
                .map_err(|error| Reason::told("its schema is not JSON", error))?;
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema},
            });
        }
        OutputFormat::Choice(_) => return Err("it cannot judge between words".into()),
    }
    Ok(Asked {
        path: "/chat/completions".to_owned(),
        body,
        headers: Vec::new(),
        dialect: Box::new(OpenAi::default()),
    })
}

fn message(message: &ChatMessage) -> Value {
    let mut written = json!({"role": message.role.as_str(), "content": message.content});
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            json!({
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            })
        });
        written["tool_calls"] = calls.collect();
    }
    if let Some(id) = message
        .tool_call_id
        .as_ref()
        .filter(|_| message.role == Role::Tool)
    {
        written["tool_call_id"] = json!(id);
    }
    written
}

#[derive(Debug, Default)]
struct OpenAi {
    finished: bool,
}

impl Dialect for OpenAi {
    fn read(&mut self, event: &SseEvent) -> Result<Vec<Piece>, Reason> {
        if event.data.trim() == "[DONE]" {
            return Ok(vec![Piece::End]);
        }
        let chunk = json(event)?;
        if !chunk["error"].is_null() {
            return Err("it told of an error in the middle of its answer".into());
        }
        let mut pieces = Vec::new();
        if let Some(prompt_tokens) = number(&chunk, "/usage/prompt_tokens") {
            pieces.push(Piece::Usage(Usage {
                prompt_tokens,
                cached_tokens: number(&chunk, "/usage/prompt_tokens_details/cached_tokens")
                    .unwrap_or(0),
                completion_tokens: number(&chunk, "/usage/completion_tokens").unwrap_or(0),
            }));
        }
        // Only the first choice was asked for.
        let choice = &chunk["choices"][0];
        if text(choice, "/delta/refusal").is_some_and(|refusal| !refusal.is_empty()) {
            return Ok(vec![Piece::Refused]);
        }
        if let Some(more) = text(choice, "/delta/content").filter(|more| !more.is_empty()) {
            pieces.push(Piece::Text(more.to_owned()));
        }
        for call in choice["delta"]["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
        {
            pieces.push(Piece::Call(CallPart {
                index: call["index"].as_u64().unwrap_or(0),
                id: text(call, "/id").map(str::to_owned),
                name: text(call, "/function/name").map(str::to_owned),
                arguments: text(call, "/function/arguments")
                    .unwrap_or_default()
                    .to_owned(),
            }));
        }
        if let Some(reason) = text(choice, "/finish_reason") {
            self.finished = true;
            pieces.push(match reason {
                "length" => Piece::Finish(FinishReason::Length),
                "tool_calls" | "function_call" => Piece::Finish(FinishReason::ToolCalls),
                "content_filter" => Piece::Refused,
                _ => Piece::Finish(FinishReason::Stop),
            });
        }
        Ok(pieces)
    }

    /// Some servers leave out the last line.
    fn is_whole(&self) -> bool {
        self.finished
    }
}
