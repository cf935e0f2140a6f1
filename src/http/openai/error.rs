//! OpenAI's error envelope.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::Problem;
use crate::llm::LlmError;
use crate::store::StoreError;

/// A [`Problem`] in OpenAI's envelope.
#[derive(Debug, Clone)]
pub struct ApiError(Problem);

/// The wire form.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What happened and what to do.
    message: String,
    /// The kind of error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field of the request that caused it.
    param: Option<String>,
    /// A stable name.
    code: Option<&'static str>,
}

impl ApiError {
    /// 400, about one field.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Problem::invalid(param, message))
    }

    /// 404 for a model that is not here. The message lists those that are.
    pub fn no_such_model(asked: &str, known: &[String]) -> Self {
        let detail = format!(
            "the model {asked:?} does not exist here; there are: {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        );
        Self(Problem::new(StatusCode::NOT_FOUND, "model_not_found", detail).with_param("model"))
    }

    pub fn into_problem(self) -> Problem {
        self.0
    }

    /// The wire form, also for an error in the middle of a stream.
    pub fn envelope(&self) -> ErrorEnvelope {
        let problem = &self.0;
        let kind = match problem.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            402 | 429 if problem.is_spent() => "insufficient_quota",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        // OpenAI leaves the code empty where the type already says it.
        let code = Some(problem.code).filter(|code| *code != "invalid_request");
        let (message, param) = (problem.detail.clone(), problem.param.clone());
        ErrorEnvelope {
            error: ErrorBody {
                message,
                kind,
                param,
                code,
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.envelope()).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.0.status, kind, body).into_response();
        self.0.decorate(&mut response);
        response
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<LlmError> for ApiError {
    fn from(error: LlmError) -> Self {
        Self(error.into())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}
