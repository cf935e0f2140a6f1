//! What the protocols have in common: events of a stream become pieces of an answer.

use serde_json::Value;

use crate::llm::{FinishReason, Usage};
use crate::reason::Reason;

use super::super::sse::SseEvent;

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    /// A part of a call of a function.
    Call(CallPart),
    /// What is known of the tokens by now; the later one replaces the earlier.
    Usage(Usage),
    Finish(FinishReason),
    /// It does not want to answer.
    Refused,
    /// Nothing follows.
    End,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CallPart {
    /// Which of several calls.
    pub(super) index: u64,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    /// More of its arguments, as JSON text.
    pub(super) arguments: String,
}

/// Reads the stream of one answer.
pub(super) trait Dialect: Send {
    /// # Errors
    /// With the reason, if the event is not what the protocol says or tells of an error.
    fn read(&mut self, event: &SseEvent) -> Result<Vec<Piece>, Reason>;

    /// Whether the answer is whole if the stream ends here.
    fn is_whole(&self) -> bool;
}

pub(super) fn json(event: &SseEvent) -> Result<Value, Reason> {
    serde_json::from_str(&event.data)
        .map_err(|error| Reason::told("an event of its answer is not JSON", error))
}

pub(super) fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path)?.as_str()
}

pub(super) fn number(value: &Value, path: &str) -> Option<u32> {
    let number = value.pointer(path)?.as_u64()?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The tools of a request, each as OpenAI's `function`.
pub(super) fn functions(tools: Option<&str>) -> Result<Vec<Value>, Reason> {
    let Some(tools) = tools else {
        return Ok(Vec::new());
    };
    let tools: Vec<Value> = serde_json::from_str(tools)
        .map_err(|error| Reason::told("its tools are not a list of JSON", error))?;
    Ok(tools
        .into_iter()
        .map(|mut tool| match tool.get_mut("function") {
            Some(function) => function.take(),
            None => tool,
        })
        .collect())
}
