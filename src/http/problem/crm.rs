//! Errors of CRMs and of the work on their leads as problems. The codes are those that the widget has sentences for.

use axum::http::StatusCode;

use super::Problem;
use crate::app::crm::ConnectError;
use crate::casework::CaseError;
use crate::crm::CrmError;
use crate::http::crm::package::PackageError;
use crate::store::StoreError;
use crate::usage::quota::QuotaError;

impl From<CrmError> for Problem {
    fn from(error: CrmError) -> Self {
        let detail = error.to_string();
        let (status, code) = match error {
            CrmError::Store(error) => return error.into(),
            CrmError::Limited { wait_s, .. } => {
                let wait = u32::try_from(wait_s).unwrap_or(u32::MAX).max(1);
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
                    .retry_after(wait);
            }
            CrmError::Revoked { .. } | CrmError::Off => (StatusCode::CONFLICT, "disconnected"),
            CrmError::Tariff { .. } => (StatusCode::CONFLICT, "tariff"),
            CrmError::Scope { .. } => (StatusCode::CONFLICT, "scope_missing"),
            CrmError::Missing { .. } => (StatusCode::NOT_FOUND, "lead_gone"),
            CrmError::Refused { .. } | CrmError::Answer { .. } | CrmError::Voice(_) => {
                (StatusCode::BAD_GATEWAY, "crm_refused")
            }
            CrmError::Failing { .. } | CrmError::Egress(_) => {
                (StatusCode::BAD_GATEWAY, "crm_unreachable")
            }
            CrmError::Declined => (StatusCode::CONFLICT, "declined"),
            CrmError::Forged(_) => (StatusCode::UNAUTHORIZED, "token_invalid"),
            CrmError::Integration(_) => (StatusCode::NOT_FOUND, "not_found"),
            CrmError::Host { .. }
            | CrmError::State
            | CrmError::Code { .. }
            | CrmError::Input(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        Self::new(status, code, detail)
    }
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        let (detail, code) = (error.to_string(), error.code());
        match error {
            CaseError::Crm(error) => error.into(),
            CaseError::Store(error) | CaseError::Quota(QuotaError::Store(error)) => error.into(),
            CaseError::Denied(error) => error.into(),
            CaseError::Speech(error) => error.into(),
            CaseError::Settings(_) => Self::invalid("settings", detail),
            CaseError::Quota(QuotaError::Exceeded { .. }) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
            }
            CaseError::Quota(QuotaError::Ended) => {
                Self::new(StatusCode::PAYMENT_REQUIRED, code, detail)
            }
            CaseError::Lead | CaseError::Gone => Self::new(StatusCode::NOT_FOUND, code, detail),
            CaseError::Analysis(_) | CaseError::NoStep | CaseError::Stopped => {
                Self::new(StatusCode::CONFLICT, code, detail)
            }
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        let detail = error.to_string();
        match error {
            ConnectError::Address => Self::new(StatusCode::CONFLICT, "no_public_address", detail),
            ConnectError::Keys => Self::invalid("client_secret", detail),
            ConnectError::Crm(error) => error.into(),
            ConnectError::Denied(error) => error.into(),
            // The round trip's own lookup has no article to take off.
            ConnectError::Store(StoreError::NotFound(what)) => Self::not_found(what),
            ConnectError::Store(error) => error.into(),
        }
    }
}

impl From<PackageError> for Problem {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::Address(_) => Self::invalid("url", error.to_string()),
            PackageError::Build(_) => Self::internal(&error),
        }
    }
}
