//! Errors of plans, quotas and billing as problems.

use axum::http::StatusCode;

use super::{ENDED, Problem};
use crate::app::plans::PlanError;
use crate::app::transcribing::TranscribeError;
use crate::billing::{BillingError, HookError};
use crate::http::now_ms;
use crate::usage::quota::QuotaError;

impl From<QuotaError> for Problem {
    fn from(error: QuotaError) -> Self {
        let detail = error.to_string();
        match error {
            QuotaError::Exceeded { resets_at, .. } => {
                let seconds = resets_at.saturating_sub(now_ms()) / 1000;
                Self::spent(detail).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
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

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        let detail = error.to_string();
        let refused = |code| Self::new(StatusCode::CONFLICT, code, detail.clone());
        match error {
            BillingError::Wrong { field, detail } => Self::invalid(field, detail),
            BillingError::Bound => Self::new(StatusCode::FORBIDDEN, "bound", detail),
            BillingError::Off => refused("billing_off"),
            BillingError::Foreign => refused("foreign_licence"),
            BillingError::TestMode => refused("test_mode"),
            BillingError::Refused(_) => refused("licence_refused"),
            BillingError::Unreachable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "shop_unreachable", detail)
                    .retry_after(60)
            }
            BillingError::Denied(error) => error.into(),
            BillingError::Store(error) => error.into(),
        }
    }
}

impl From<HookError> for Problem {
    fn from(error: HookError) -> Self {
        let detail = error.to_string();
        match error {
            HookError::Off => Self::nothing(detail),
            HookError::Signature => Self::new(StatusCode::UNAUTHORIZED, "wrong_signature", detail),
            HookError::Body(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail),
            HookError::Store(error) => error.into(),
        }
    }
}
