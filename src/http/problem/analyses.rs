//! Errors of analyses as problems.

use axum::http::StatusCode;

use super::Problem;
use crate::analysis::WorkError;

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        let detail = error.to_string();
        match error {
            WorkError::Analysis(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing_said", detail)
            }
            WorkError::Settings(wrong) => Self::invalid(wrong.field(), detail),
            WorkError::Quota(error) => error.into(),
            WorkError::Store(error) => error.into(),
            WorkError::TooLong => Self::invalid("turns", detail),
            WorkError::Denied(error) => error.into(),
        }
    }
}
