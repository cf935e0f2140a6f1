//! Errors that a session reports to its client. No fault ends the session.

use crate::llm::LlmError;
use crate::usage::Exhausted;

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The client: its request makes no sense.
    Request,
    /// Nobody: there is no room now.
    Busy,
    /// The server.
    Server,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub kind: FaultKind,
    /// A stable name for programs; OpenAI's where there is one.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// The field at fault, as the API names it.
    pub param: Option<String>,
    /// The client's own id of the order at fault.
    pub order: Option<String>,
}

impl Fault {
    /// A fault of the client.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Request, code, message)
    }

    /// A field with an invalid value.
    pub fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid("invalid_value", message).about(param)
    }

    /// A fault of the server; the sentence is fit for the caller.
    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Server, code, message)
    }

    /// There is no room now; the client may retry.
    pub fn busy(code: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Busy, code, message)
    }

    fn new(kind: FaultKind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            message: message.into(),
            param: None,
            order: None,
        }
    }

    pub fn about(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }
}

impl From<LlmError> for Fault {
    fn from(error: LlmError) -> Self {
        let message = error.to_string();
        match error {
            LlmError::Busy { .. } => Self::busy("busy", message),
            LlmError::Unavailable(_) => Self::server("model_unavailable", message),
            LlmError::Invalid(_) => Self::invalid("invalid_request", message),
            LlmError::TooLong { .. } => Self::invalid("context_length_exceeded", message),
            LlmError::Spent(_) => Self::busy("insufficient_quota", message),
            LlmError::Interrupted(_) => Self::server("interrupted", message),
        }
    }
}

impl From<Exhausted> for Fault {
    fn from(error: Exhausted) -> Self {
        Self::busy("too_many_requests", error.to_string())
    }
}
