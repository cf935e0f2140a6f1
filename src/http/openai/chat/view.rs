//! An answer on the wire: whole, or in chunks.

use axum::response::sse::Event;
use futures::{Stream, StreamExt};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::piece::{End, Grounds, Piece};
use crate::app::App;
use crate::http::now_ms;
use crate::http::openai::ApiError;
use crate::http::openai::model_name::ChatTarget;
use crate::http::sse;
use crate::llm::{FinishReason, LlmError, ToolCall, Usage};

/// Fields that all chunks of an answer share.
#[derive(Debug, Clone)]
pub(super) struct Header {
    id: String,
    created: i64,
    model: String,
}

impl Header {
    /// An alias in the request becomes the name of the model behind it.
    pub(super) fn new(asked: &str, target: &ChatTarget, app: &App) -> Self {
        let model = match target {
            ChatTarget::Model => app.chat.name(),
            ChatTarget::Assistant(_) => asked.to_owned(),
        };
        let id = format!("chatcmpl-{}", Uuid::now_v7().simple());
        Self {
            id,
            created: now_ms() / 1000,
            model,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }
}

/// A whole answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletion {
    id: String,
    /// Always `chat.completion`.
    object: &'static str,
    /// Unix seconds.
    created: i64,
    model: String,
    choices: Vec<Choice>,
    usage: UsageView,
    /// What an assistant's answer rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    frontdesk: Option<Grounds>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Choice {
    index: u32,
    message: AnswerMessage,
    /// `stop`, `length` or `tool_calls`.
    finish_reason: &'static str,
    #[schema(value_type = Option<Object>)]
    logprobs: Option<()>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AnswerMessage {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ToolCallView {
    /// Position; only in chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    id: String,
    r#type: &'static str,
    function: FunctionView,
}

#[derive(Debug, Serialize, ToSchema)]
struct FunctionView {
    name: String,
    arguments: String,
}

impl ToolCallView {
    fn new(call: ToolCall, index: Option<usize>) -> Self {
        let function = FunctionView {
            name: call.name,
            arguments: call.arguments,
        };
        Self {
            index,
            id: call.id,
            r#type: "function",
            function,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(in crate::http::openai) struct UsageView {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    prompt_tokens_details: PromptDetails,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct PromptDetails {
    cached_tokens: u32,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cached_tokens,
            },
        }
    }
}

fn reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
    }
}

pub(super) async fn collect(
    pieces: impl Stream<Item = Piece>,
    header: Header,
) -> Result<ChatCompletion, ApiError> {
    let mut pieces = std::pin::pin!(pieces);
    let (mut text, mut calls) = (String::new(), Vec::new());
    while let Some(piece) = pieces.next().await {
        match piece {
            Piece::Delta(more) => text.push_str(&more),
            Piece::ToolCall(call) => calls.push(call),
            Piece::End(end) => return Ok(complete(header, text, calls, *end)),
            Piece::Failed(problem) => return Err(problem.into()),
        }
    }
    Err(LlmError::Interrupted("the answer has no end".into()).into())
}

/// The whole answer, from what came of it.
pub(super) fn complete(
    header: Header,
    text: String,
    calls: Vec<ToolCall>,
    end: End,
) -> ChatCompletion {
    let calls = calls.into_iter().map(|call| ToolCallView::new(call, None));
    let tool_calls: Vec<_> = calls.collect();
    let content = Some(text).filter(|text| !text.is_empty() || tool_calls.is_empty());
    let message = AnswerMessage {
        role: "assistant",
        content,
        refusal: None,
        tool_calls,
    };
    let finish_reason = reason(end.finish);
    ChatCompletion {
        id: header.id,
        object: "chat.completion",
        created: header.created,
        model: header.model,
        choices: vec![Choice {
            index: 0,
            message,
            finish_reason,
            logprobs: None,
        }],
        usage: end.usage.into(),
        frontdesk: end.grounds,
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<UsageView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frontdesk: Option<Grounds>,
}

#[derive(Serialize)]
struct ChunkChoice {
    index: u32,
    delta: Delta,
    finish_reason: Option<&'static str>,
    logprobs: Option<()>,
}

#[derive(Default, Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallView>,
}

pub(super) struct ChunkWriter {
    header: Header,
    include_usage: bool,
    calls: usize,
}

impl ChunkWriter {
    pub(super) fn new(header: Header, include_usage: bool) -> Self {
        Self {
            header,
            include_usage,
            calls: 0,
        }
    }

    /// The first chunk: it only holds the role.
    pub(super) fn opening(&self) -> Event {
        let delta = Delta {
            role: Some("assistant"),
            content: Some(String::new()),
            ..Delta::default()
        };
        sse::event(&self.chunk(delta, None))
    }

    /// The last piece also yields `[DONE]`, unless the answer failed.
    pub(super) fn events(&mut self, piece: Piece) -> Vec<Event> {
        match piece {
            Piece::Delta(text) => {
                let delta = Delta {
                    content: Some(text),
                    ..Delta::default()
                };
                vec![sse::event(&self.chunk(delta, None))]
            }
            Piece::ToolCall(call) => {
                let view = ToolCallView::new(call, Some(self.calls));
                self.calls += 1;
                let delta = Delta {
                    tool_calls: vec![view],
                    ..Delta::default()
                };
                vec![sse::event(&self.chunk(delta, None))]
            }
            Piece::End(end) => self.ending(*end),
            Piece::Failed(problem) => vec![sse::event(&ApiError::from(problem).envelope())],
        }
    }

    /// The finish reason, the usage if it was asked for, and `[DONE]`. The last chunk also carries the
    /// grounds of the answer.
    fn ending(&self, end: End) -> Vec<Event> {
        let mut finish = self.chunk(Delta::default(), Some(reason(end.finish)));
        let mut events = Vec::with_capacity(3);
        if self.include_usage {
            events.push(sse::event(&finish));
            events.push(sse::event(&Chunk {
                choices: Vec::new(),
                usage: Some(Some(end.usage.into())),
                frontdesk: end.grounds,
                ..finish
            }));
        } else {
            finish.frontdesk = end.grounds;
            events.push(sse::event(&finish));
        }
        events.push(Event::default().data("[DONE]"));
        events
    }

    fn chunk(&self, delta: Delta, finish_reason: Option<&'static str>) -> Chunk<'_> {
        Chunk {
            id: &self.header.id,
            object: "chat.completion.chunk",
            created: self.header.created,
            model: &self.header.model,
            choices: vec![ChunkChoice {
                index: 0,
                delta,
                finish_reason,
                logprobs: None,
            }],
            // As at OpenAI: when usage was asked for, every chunk has the field, `null` in all but the last.
            usage: self.include_usage.then_some(None),
            frontdesk: None,
        }
    }
}
