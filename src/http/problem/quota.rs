//! Errors of plans, quotas and billing as problems.

use axum::http::StatusCode;

use super::{ENDED, Problem};
use crate::app::plans::PlanError;
use crate::app::transcribing::TranscribeError;
use crate::usage::quota::QuotaError;

impl From<QuotaError> for Problem {
    fn from(error: QuotaError) -> Self {
        let detail = error.to_string();
        match error {
            QuotaError::Exceeded { .. } => Self::spent(detail),
            QuotaError::Ended => Self::new(StatusCode::PAYMENT_REQUIRED, ENDED, detail),
            QuotaError::Store(error) => error.into(),
        }
    }
}

impl From<TranscribeError> for Problem {
    fn from(error: TranscribeError) -> Self {
        match error {
            TranscribeError::Quota(error) => error.into(),
            TranscribeError::Speech(error) => error.into(),
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let detail = error.to_string();
        match error {
            PlanError::Name => Self::invalid("name", detail),
            PlanError::Measure(name) => Self::invalid(format!("limits.{name}"), detail),
            PlanError::TooMuch(name) => Self::invalid(format!("limits.{name}"), detail),
            PlanError::Month => Self::invalid("month", detail),
            PlanError::May(error) => error.into(),
            PlanError::Denied(error) => error.into(),
            PlanError::Store(error) => error.into(),
        }
    }
}
