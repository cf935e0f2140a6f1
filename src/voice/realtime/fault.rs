//! What a session answers when it cannot do what it is told. No fault ends the session.

use crate::llm::LlmError;
use crate::usage::Exhausted;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The client's, who asked for what makes no sense.
    Request,
    /// Nobody's: there is no room now.
    Busy,
    /// Ours.
    Server,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub kind: FaultKind,
    /// A stable name, for programs. OpenAI's where it has one.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// The field of the order that it is about, as the API names it.
    pub param: Option<String>,
    /// The order that caused it, by the client's own id.
    pub order: Option<String>,
}

impl Fault {
    /// The client's to mend.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Request, code, message)
    }

    /// A field has a value that it cannot have.
    pub fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid("invalid_value", message).about(param)
    }

    /// The server's fault; the sentence is fit for the caller.
    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Server, code, message)
    }

    /// There is no room now; the client may try again.
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
            LlmError::Interrupted(_) => Self::server("interrupted", message),
        }
    }
}

impl From<Exhausted> for Fault {
    fn from(error: Exhausted) -> Self {
        Self::busy("too_many_requests", error.to_string())
    }
}
