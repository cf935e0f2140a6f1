//! Errors of analyses as problems.

use axum::http::StatusCode;

use super::Problem;
use crate::analysis::WorkError;
use crate::analytics::AnalyticsError;

impl From<AnalyticsError> for Problem {
    fn from(error: AnalyticsError) -> Self {
        let detail = error.to_string();
        match error {
            AnalyticsError::Span(wrong) => Self::invalid(wrong.field(), detail),
            AnalyticsError::Table(_) => Self::nothing(detail),
            AnalyticsError::People => Self::new(StatusCode::CONFLICT, "people_only", detail),
            AnalyticsError::Denied(error) => error.into(),
            AnalyticsError::Store(error) => error.into(),
        }
    }
}

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
