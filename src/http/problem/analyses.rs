//! Errors of analyses as problems.

use axum::http::StatusCode;

use super::Problem;
use crate::analysis::WorkError;
use crate::http::now_ms;
use crate::usage::quota::QuotaError;

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        let detail = error.to_string();
        match error {
            WorkError::Analysis(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing_said", detail)
            }
            WorkError::Settings(wrong) => Self::invalid(wrong.field(), detail),
            WorkError::Quota(QuotaError::Exceeded { resets_at, .. }) => {
                let seconds = resets_at.saturating_sub(now_ms()) / 1000;
                Self::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail)
                    .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
            WorkError::Quota(QuotaError::Store(error)) | WorkError::Store(error) => error.into(),
            WorkError::TooLong => Self::invalid("turns", detail),
            WorkError::Denied(error) => error.into(),
        }
    }
}
