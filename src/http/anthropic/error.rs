//! Anthropic's error envelope.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::openai::ApiError;
use crate::http::problem::Problem;

/// Why a request failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesError {
    /// Always `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    error: MessagesErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesErrorBody {
    /// The kind of error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What happened and what to do, after the field that caused it.
    message: String,
}

/// A [`Problem`] in Anthropic's envelope.
#[derive(Debug)]
pub(in crate::http) struct Failure(Problem);

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error.into_problem())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        respond(&self.0)
    }
}

/// The wire form, also for an error in the middle of a stream.
pub(super) fn envelope(problem: &Problem) -> MessagesError {
    let kind = match problem.status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    // There is no field for the place, so the sentence says it.
    let message = match &problem.param {
        Some(param) if !problem.detail().contains(param.as_str()) => {
            format!("{param}: {}", problem.detail())
        }
        _ => problem.detail().to_owned(),
    };
    MessagesError {
        kind: "error",
        error: MessagesErrorBody { kind, message },
    }
}

pub(in crate::http) fn respond(problem: &Problem) -> Response {
    let body = serde_json::to_vec(&envelope(problem)).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (problem.status, kind, body).into_response();
    problem.decorate(&mut response);
    response
}
