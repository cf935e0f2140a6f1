//! Faults on the wire, and faults of events that cannot be read.

use serde::Serialize;

use crate::http::body::BodyError;
use crate::http::openai::ApiError;
use crate::voice::realtime::{Fault, FaultKind};

/// The shape of an `error` event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FaultView {
    #[serde(rename = "type")]
    kind: &'static str,
    code: String,
    message: String,
    param: Option<String>,
    /// Id of the client's event that caused it, if the client gave one.
    event_id: Option<String>,
}

impl From<Fault> for FaultView {
    fn from(fault: Fault) -> Self {
        Self {
            kind: kind_name(fault.kind),
            code: fault.code,
            message: fault.message,
            param: fault.param,
            event_id: fault.order,
        }
    }
}

pub(super) fn kind_name(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Request => "invalid_request_error",
        FaultKind::Busy => "rate_limit_error",
        FaultKind::Server => "server_error",
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

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let problem = error.into_problem();
        let fault = match problem.status.as_u16() {
            429 => Self::busy(problem.code, problem.detail),
            500.. => Self::server(problem.code, problem.detail),
            _ => Self::invalid(problem.code, problem.detail),
        };
        match problem.param {
            Some(param) => fault.about(param),
            None => fault,
        }
    }
}
