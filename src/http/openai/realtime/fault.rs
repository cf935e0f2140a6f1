//! What a session answers when it cannot do what it is told. No fault ends the session.

use serde::Serialize;

use super::super::super::body::BodyError;
use super::super::super::problem::Problem;
use super::super::ApiError;

/// What went wrong, in the shape of an `error` event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Fault {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) param: Option<String>,
    /// The client's event that caused it.
    pub(super) event_id: Option<String>,
}

impl Fault {
    /// The client's to mend. The codes are those of OpenAI where it has one.
    pub(super) fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self {
            kind: "invalid_request_error",
            code: Some(code.to_owned()),
            message: message.into(),
            param: None,
            event_id: None,
        }
    }

    /// A field has a value that it cannot have.
    pub(super) fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid("invalid_value", message).about(param)
    }

    /// The server's fault; the sentence is fit for the caller.
    pub(super) fn server(code: &str, message: impl Into<String>) -> Self {
        Self {
            kind: "server_error",
            ..Self::invalid(code, message)
        }
    }

    pub(super) fn about(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        let message = match &error {
            BodyError::Syntax(reason) => format!("the event is not valid JSON: {reason}"),
            BodyError::Field { path, reason } if path == "." => format!("the event: {reason}"),
            other => other.to_string(),
        };
        match error {
            BodyError::Field { path, reason } => {
                let code = if reason.starts_with("unknown field") {
                    "unknown_parameter"
                } else if reason.starts_with("missing field") {
                    "missing_required_parameter"
                } else {
                    "invalid_value"
                };
                let fault = Self::invalid(code, message);
                if path == "." {
                    fault
                } else {
                    fault.about(path)
                }
            }
            _ => Self::invalid("invalid_json", message),
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let kind = match problem.status.as_u16() {
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        Self {
            kind,
            code: Some(problem.code.to_owned()),
            message: problem.detail,
            param: problem.param,
            event_id: None,
        }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        error.into_problem().into()
    }
}
