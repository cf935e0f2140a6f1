//! Errors of staff's work on conversations as problems.

use axum::http::StatusCode;

use super::Problem;
use crate::inbox::InboxError;

impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        let detail = error.to_string();
        match error {
            InboxError::Taken { .. } => Self::new(StatusCode::CONFLICT, "taken", detail),
            InboxError::Changed => Self::new(StatusCode::CONFLICT, "changed", detail),
            InboxError::NotFound(what) => Self::not_found(what),
            InboxError::Denied(error) => error.into(),
            InboxError::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail),
            InboxError::Store(error) => error.into(),
        }
    }
}
