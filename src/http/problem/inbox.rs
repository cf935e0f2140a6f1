//! Maps errors of what staff do in the inbox to a [`Problem`].

use axum::http::StatusCode;

use super::Problem;
use crate::agent::AgentError;
use crate::app::assist::AssistError;
use crate::inbox::staff::StaffError;

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Wrong { field, detail } => Self::invalid(field, detail.as_str()),
            StaffError::Denied(error) => error.into(),
            StaffError::Inbox(error) => error.into(),
            StaffError::Store(error) => error.into(),
        }
    }
}

impl From<AssistError> for Problem {
    fn from(error: AssistError) -> Self {
        let detail = error.to_string();
        match error {
            AssistError::NothingSaid => Self::new(StatusCode::CONFLICT, "nothing_said", detail),
            AssistError::NotOfStaff => {
                Self::new(StatusCode::NOT_FOUND, "not_found", detail).with_param("message")
            }
            AssistError::Question => Self::invalid("question", detail),
            AssistError::NoMessage => {
                Self::new(StatusCode::NOT_FOUND, "not_found", detail).with_param("message")
            }
            AssistError::Length => Self::invalid("text", detail),
            AssistError::Language => Self::invalid("to", detail),
            AssistError::SameLanguage(_) => {
                Self::new(StatusCode::CONFLICT, "same_language", detail)
            }
            AssistError::NoModel(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "model_unavailable", detail)
            }
            AssistError::TooSlow { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "model_too_slow", detail)
            }
            AssistError::NotTranslated => {
                Self::new(StatusCode::BAD_GATEWAY, "not_translated", detail)
            }
            AssistError::Model(error) => error.into(),
            AssistError::Agent(AgentError::Store(error)) | AssistError::Store(error) => {
                error.into()
            }
            AssistError::Agent(AgentError::Model(error)) => error.into(),
            AssistError::Agent(_) => Self::turn_failed(detail),
            AssistError::Knowledge(error) => error.into(),
            AssistError::Denied(error) => error.into(),
        }
    }
}
