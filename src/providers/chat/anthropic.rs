//! Anthropic's messages.

use serde_json::{Value, json};

use super::super::sse::SseEvent;
use super::Asked;
use super::dialect::{CallPart, Dialect, Piece, functions, json, number, text};
use crate::llm::{ChatMessage, ChatRequest, FinishReason, OutputFormat, Role, Usage};
use crate::reason::Reason;

const VERSION: &str = "2023-06-01";
/// The function whose arguments are the answer, where JSON is asked for.
const ANSWER: &str = "answer";

pub(super) fn write(request: &ChatRequest, model: &str, most: u32) -> Result<Asked, Reason> {
    let sampling = &request.sampling;
    let is_system = |message: &&ChatMessage| message.role == Role::System;
    let system: Vec<&str> = request
        .messages
        .iter()
        .filter(is_system)
        .map(|message| message.content.as_str())
        .collect();
    let mut body = json!({
        "model": model,
        "max_tokens": most,
        "messages": messages(request)?,
        "stream": true,
        "temperature": sampling.temperature.clamp(0.0, 1.0),
    });
    if !system.is_empty() {
        body["system"] = json!(system.join("\n\n"));
    }
    if sampling.top_p < 1.0 {
        body["top_p"] = json!(sampling.top_p);
    }
    if !sampling.stop.is_empty() {
        body["stop_sequences"] = json!(sampling.stop);
    }
    let schema = match &request.format {
        OutputFormat::Text => None,
        OutputFormat::JsonObject => Some(json!({"type": "object"})),
        OutputFormat::JsonSchema(schema) => Some(
            serde_json::from_str(schema)
                .map_err(|error| Reason::told("its schema is not JSON", error))?,
        ),
        OutputFormat::Choice(_) => return Err("it cannot judge between words".into()),
    };
    let in_json = schema.is_some();
    if let Some(schema) = schema {
        body["tools"] =
            json!([{"name": ANSWER, "description": "Give the answer.", "input_schema": schema}]);
        body["tool_choice"] = json!({"type": "tool", "name": ANSWER});
    } else if request.tools.is_some() {
        let tools = functions(request.tools.as_deref())?;
        let tools = tools.into_iter().map(|function| {
            json!({
                "name": function["name"],
                "description": function["description"].as_str().unwrap_or_default(),
                "input_schema": match function["parameters"].is_object() {
                    true => function["parameters"].clone(),
                    false => json!({"type": "object"}),
                },
            })
        });
        body["tools"] = tools.collect();
        if let Some(required) = &request.require_tool {
            body["tool_choice"] = match required.as_str() {
                "*" => json!({"type": "any"}),
                name => json!({"type": "tool", "name": name}),
            };
        }
    }
    Ok(Asked {
        path: "/messages".to_owned(),
        body,
        headers: vec![("anthropic-version", VERSION.to_owned())],
        dialect: Box::new(Anthropic {
            in_json,
            ..Anthropic::default()
        }),
    })
}

/// Messages in turn: those of one side after another become one.
fn messages(request: &ChatRequest) -> Result<Vec<Value>, Reason> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in request.messages.iter().filter(|m| m.role != Role::System) {
        let (role, blocks) = blocks(message)?;
        match turns.last_mut().filter(|(last, _)| *last == role) {
            Some((_, before)) => before.extend(blocks),
            None => turns.push((role, blocks)),
        }
    }
    let written = turns
        .into_iter()
        .map(|(role, content)| json!({"role": role, "content": content}));
    Ok(written.collect())
}

fn blocks(message: &ChatMessage) -> Result<(&'static str, Vec<Value>), Reason> {
    let mut blocks = Vec::new();
    if message.role == Role::Tool {
        blocks.push(json!({
            "type": "tool_result",
            "tool_use_id": message.tool_call_id.as_deref().unwrap_or_default(),
            "content": message.content,
        }));
        return Ok(("user", blocks));
    }
    if !message.content.is_empty() {
        blocks.push(json!({"type": "text", "text": message.content}));
    }
    for call in &message.tool_calls {
        let input: Value = serde_json::from_str(&call.arguments)
            .map_err(|error| Reason::told("the arguments of a call are not JSON", error))?;
        blocks.push(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}));
    }
    let role = match message.role {
        Role::Assistant => "assistant",
        Role::System | Role::User | Role::Tool => "user",
    };
    Ok((role, blocks))
}

#[derive(Debug, Default)]
struct Anthropic {
    /// The arguments of the only function are the answer.
    in_json: bool,
    usage: Usage,
    stopped: bool,
}

impl Dialect for Anthropic {
    fn read(&mut self, event: &SseEvent) -> Result<Vec<Piece>, Reason> {
        let read = json(event)?;
        let index = read["index"].as_u64().unwrap_or(0);
        Ok(match text(&read, "/type").unwrap_or_default() {
            "message_start" => {
                let cached = number(&read, "/message/usage/cache_read_input_tokens").unwrap_or(0);
                let fresh = number(&read, "/message/usage/input_tokens").unwrap_or(0);
                self.usage.prompt_tokens = fresh.saturating_add(cached);
                self.usage.cached_tokens = cached;
                vec![Piece::Usage(self.usage)]
            }
            "content_block_start" => match text(&read, "/content_block/type") {
                Some("text") => {
                    let more = text(&read, "/content_block/text").unwrap_or_default();
                    vec![Piece::Text(more.to_owned())]
                }
                Some("tool_use") => {
                    let name = text(&read, "/content_block/name").unwrap_or_default();
                    if self.in_json && name == ANSWER {
                        return Ok(Vec::new());
                    }
                    vec![Piece::Call(CallPart {
                        index,
                        id: text(&read, "/content_block/id").map(str::to_owned),
                        name: Some(name.to_owned()),
                        arguments: String::new(),
                    })]
                }
                _ => Vec::new(),
            },
            "content_block_delta" => match text(&read, "/delta/type") {
                // Where JSON is asked for, words beside it are no part of the answer.
                Some("text_delta") if !self.in_json => {
                    let more = text(&read, "/delta/text").unwrap_or_default();
                    vec![Piece::Text(more.to_owned())]
                }
                Some("input_json_delta") => {
                    let more = text(&read, "/delta/partial_json")
                        .unwrap_or_default()
                        .to_owned();
                    match self.in_json {
                        true => vec![Piece::Text(more)],
                        false => vec![Piece::Call(CallPart {
                            index,
                            arguments: more,
                            ..CallPart::default()
                        })],
                    }
                }
                _ => Vec::new(),
            },
            "message_delta" => {
                if let Some(written) = number(&read, "/usage/output_tokens") {
                    self.usage.completion_tokens = written;
                }
                let mut pieces = vec![Piece::Usage(self.usage)];
                match text(&read, "/delta/stop_reason") {
                    Some("refusal") => pieces.push(Piece::Refused),
                    Some("max_tokens") => pieces.push(Piece::Finish(FinishReason::Length)),
                    Some("tool_use") if !self.in_json => {
                        pieces.push(Piece::Finish(FinishReason::ToolCalls));
                    }
                    Some(_) => pieces.push(Piece::Finish(FinishReason::Stop)),
                    None => {}
                }
                pieces
            }
            "message_stop" => {
                self.stopped = true;
                vec![Piece::End]
            }
            "error" => return Err("it told of an error in the middle of its answer".into()),
            // `ping`, `content_block_stop`, and what later versions add.
            _ => Vec::new(),
        })
    }

    fn is_whole(&self) -> bool {
        self.stopped
    }
}
