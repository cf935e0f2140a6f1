//! Gemini's `streamGenerateContent`.

use serde_json::{Value, json};

use super::super::sse::SseEvent;
use super::Asked;
use super::dialect::{CallPart, Dialect, Piece, functions, json, number, text};
use crate::llm::{ChatMessage, ChatRequest, FinishReason, OutputFormat, Role, Usage};
use crate::reason::Reason;

pub(super) fn write(request: &ChatRequest, model: &str, most: u32) -> Result<Asked, Reason> {
    let sampling = &request.sampling;
    let mut config = json!({
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "maxOutputTokens": most,
    });
    if let Some(seed) = sampling.seed {
        config["seed"] = json!(seed);
    }
    if !sampling.stop.is_empty() {
        config["stopSequences"] = json!(sampling.stop);
    }
    match &request.format {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => config["responseMimeType"] = json!("application/json"),
        OutputFormat::JsonSchema(schema) => {
            let schema: Value = serde_json::from_str(schema)
                .map_err(|error| Reason::told("its schema is not JSON", error))?;
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = schema;
        }
        OutputFormat::Choice(_) => return Err("it cannot judge between words".into()),
    }
    let is_system = |message: &&ChatMessage| message.role == Role::System;
    let system: Vec<Value> = request
        .messages
        .iter()
        .filter(is_system)
        .map(|message| json!({"text": message.content}))
        .collect();
    let mut body = json!({"contents": contents(request)?, "generationConfig": config});
    if !system.is_empty() {
        body["systemInstruction"] = json!({"parts": system});
    }
    if request.tools.is_some() {
        let functions = functions(request.tools.as_deref())?;
        body["tools"] = json!([{"functionDeclarations": functions}]);
        if let Some(required) = &request.require_tool {
            let mut calling = json!({"mode": "ANY"});
            if required != "*" {
                calling["allowedFunctionNames"] = json!([required]);
            }
            body["toolConfig"] = json!({"functionCallingConfig": calling});
        }
    }
    Ok(Asked {
        path: format!("/models/{model}:streamGenerateContent?alt=sse"),
        body,
        headers: Vec::new(),
        dialect: Box::new(Gemini::default()),
    })
}

fn contents(request: &ChatRequest) -> Result<Vec<Value>, Reason> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in request.messages.iter().filter(|m| m.role != Role::System) {
        let role = match message.role {
            Role::Assistant => "model",
            Role::System | Role::User | Role::Tool => "user",
        };
        let parts = parts(request, message)?;
        match turns.last_mut().filter(|(last, _)| *last == role) {
            Some((_, before)) => before.extend(parts),
            None => turns.push((role, parts)),
        }
    }
    let written = turns
        .into_iter()
        .map(|(role, parts)| json!({"role": role, "parts": parts}));
    Ok(written.collect())
}

fn parts(request: &ChatRequest, message: &ChatMessage) -> Result<Vec<Value>, Reason> {
    if message.role == Role::Tool {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        // A result names its function, not its call.
        let mut calls = request.messages.iter().flat_map(|m| &m.tool_calls);
        let name = calls
            .find(|call| call.id == id)
            .map_or("", |call| call.name.as_str());
        let response = json!({"result": message.content});
        return Ok(vec![
            json!({"functionResponse": {"name": name, "response": response}}),
        ]);
    }
    let mut parts = Vec::new();
    if !message.content.is_empty() {
        parts.push(json!({"text": message.content}));
    }
    for call in &message.tool_calls {
        let args: Value = serde_json::from_str(&call.arguments)
            .map_err(|error| Reason::told("the arguments of a call are not JSON", error))?;
        parts.push(json!({"functionCall": {"name": call.name, "args": args}}));
    }
    Ok(parts)
}

#[derive(Debug, Default)]
struct Gemini {
    calls: u64,
    finished: bool,
}

impl Dialect for Gemini {
    fn read(&mut self, event: &SseEvent) -> Result<Vec<Piece>, Reason> {
        let chunk = json(event)?;
        if !chunk["error"].is_null() {
            return Err("it told of an error in the middle of its answer".into());
        }
        if text(&chunk, "/promptFeedback/blockReason").is_some() {
            return Ok(vec![Piece::Refused]);
        }
        let mut pieces = Vec::new();
        if let Some(prompt_tokens) = number(&chunk, "/usageMetadata/promptTokenCount") {
            let of = |path| number(&chunk, path).unwrap_or(0);
            pieces.push(Piece::Usage(Usage {
                prompt_tokens,
                cached_tokens: of("/usageMetadata/cachedContentTokenCount"),
                // Thoughts are charged like words.
                completion_tokens: of("/usageMetadata/candidatesTokenCount")
                    .saturating_add(of("/usageMetadata/thoughtsTokenCount")),
            }));
        }
        let candidate = &chunk["candidates"][0];
        for part in candidate["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if part["thought"].as_bool() == Some(true) {
                continue;
            }
            if let Some(more) = text(part, "/text") {
                pieces.push(Piece::Text(more.to_owned()));
            }
            if let Some(name) = text(part, "/functionCall/name") {
                let args = &part["functionCall"]["args"];
                pieces.push(Piece::Call(CallPart {
                    index: self.calls,
                    id: text(part, "/functionCall/id").map(str::to_owned),
                    name: Some(name.to_owned()),
                    arguments: match args.is_object() {
                        true => args.to_string(),
                        false => String::new(),
                    },
                }));
                self.calls += 1;
            }
        }
        if let Some(reason) = text(candidate, "/finishReason") {
            self.finished = true;
            pieces.push(match reason {
                "STOP" => Piece::Finish(FinishReason::Stop),
                "MAX_TOKENS" => Piece::Finish(FinishReason::Length),
                "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" => {
                    Piece::Refused
                }
                _ => return Err("it ended its answer for a reason of its own".into()),
            });
        }
        Ok(pieces)
    }

    /// Its last event is not marked: the stream ends.
    fn is_whole(&self) -> bool {
        self.finished
    }
}
