//! The parts of an answer, from the language model or from an assistant.

use std::pin::Pin;

use axum::http::StatusCode;
use futures::{Stream, StreamExt, future};
use serde::Serialize;
use utoipa::ToSchema;

use crate::agent::{Answer, Citation, Rung, Timings, TurnEvent};
use crate::http::problem::Problem;
use crate::llm::{ChatEvent, ChatStream, FinishReason, ToolCall, Usage};

/// `End` or `Failed` comes last.
pub(in crate::http) enum Piece {
    Delta(String),
    /// Always complete: tool calls are not streamed in parts.
    ToolCall(ToolCall),
    End(Box<End>),
    Failed(Problem),
}

#[derive(Debug, Clone)]
pub(in crate::http) struct End {
    pub(in crate::http) finish: FinishReason,
    pub(in crate::http) usage: Usage,
    pub(in crate::http) grounds: Option<Grounds>,
}

/// What an assistant's answer rests on: the field `frontdesk`, next to OpenAI's own fields.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Grounds {
    /// How it was answered: `faq`, `fact`, `extract`, `model`, `refusal` or `talk`.
    #[schema(value_type = String)]
    rung: Rung,
    /// The places in the documents, in the order of their numbers.
    #[schema(value_type = Vec<Object>)]
    citations: Vec<Citation>,
    /// Id of the stored receipt.
    receipt: Option<String>,
    /// Times in ms.
    #[schema(value_type = Object)]
    timings_ms: Timings,
    /// The engine ended before the answer did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
    /// The provider that wrote, if one did and the owner wants people to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

impl Grounds {
    pub(in crate::http) fn citations(&self) -> &[Citation] {
        &self.citations
    }
}

impl From<Answer> for Grounds {
    fn from(answer: Answer) -> Self {
        Self {
            rung: answer.rung,
            citations: answer.citations,
            receipt: answer.receipt,
            timings_ms: answer.timings_ms,
            interrupted: answer.interrupted,
            provider: answer.provider,
        }
    }
}

/// An answer as it comes. Dropping it cancels the answer.
pub(in crate::http) type Pieces = Pin<Box<dyn Stream<Item = Piece> + Send>>;

impl Piece {
    pub(in crate::http) fn is_last(&self) -> bool {
        matches!(self, Piece::End(_) | Piece::Failed(_))
    }
}

/// With `no_truncation` an answer fails whose prompt lost its beginning.
pub(in crate::http) fn from_model(answer: ChatStream, no_truncation: bool) -> Pieces {
    Box::pin(answer.filter_map(move |event| {
        future::ready(match event {
            Ok(ChatEvent::Started {
                dropped_messages, ..
            }) => (no_truncation && dropped_messages > 0).then(|| Piece::Failed(too_long())),
            Ok(ChatEvent::ServedBy(_) | ChatEvent::Chances(_)) => None,
            Ok(ChatEvent::Delta(text)) => Some(Piece::Delta(text)),
            Ok(ChatEvent::ToolCall(call)) => Some(Piece::ToolCall(call)),
            Ok(ChatEvent::Done { finish, usage }) => Some(Piece::End(Box::new(End {
                finish,
                usage,
                grounds: None,
            }))),
            Err(error) => Some(Piece::Failed(error.into())),
        })
    }))
}

fn too_long() -> Problem {
    let detail = "the conversation does not fit the model's window any more; with truncation \"auto\" its beginning is \
                  left out";
    Problem::new(StatusCode::BAD_REQUEST, "context_length_exceeded", detail)
        .with_param("truncation")
}

pub(in crate::http) fn from_assistant(
    turn: Pin<Box<dyn Stream<Item = TurnEvent> + Send>>,
) -> Pieces {
    Box::pin(turn.filter_map(|event| {
        future::ready(match event {
            TurnEvent::Citations(_) => None,
            TurnEvent::Delta(text) => Some(Piece::Delta(text)),
            TurnEvent::Done(answer) => Some(Piece::End(Box::new(end_of(*answer)))),
            // Only a turn with a conversation of ours can have a person.
            TurnEvent::Stored(_) => None,
            TurnEvent::Failed(reason) => Some(Piece::Failed(Problem::turn_failed(reason))),
        })
    }))
}

fn end_of(answer: Answer) -> End {
    let usage = Usage {
        prompt_tokens: answer.tokens.prompt,
        cached_tokens: answer.tokens.cached,
        completion_tokens: answer.tokens.completion,
    };
    // OpenAI has no finish reason for an answer that broke off; `length` at least says that it is incomplete.
    let finish = if answer.interrupted {
        FinishReason::Length
    } else {
        FinishReason::Stop
    };
    End {
        finish,
        usage,
        grounds: Some(answer.into()),
    }
}
