//! Errors of our own API, as `application/problem+json` (RFC 9457). This is the only place that maps errors
//! of the domain to status codes; `/v1` sends the same errors in OpenAI's envelope.
//!
//! A mistake that the caller can fix is explained in full. Anything else (a damaged disk, a bug of ours) is
//! logged, and the caller gets a sentence without detail.

mod acts;
mod analyses;
mod crm;
mod inbox;
mod quota;
mod staff;
mod tools;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::BodyError;
use crate::access::Denied;
use crate::eval::EvalError;
use crate::knowledge::KnowledgeError;
use crate::llm::LlmError;
use crate::speech::SpeechError;
use crate::store::StoreError;
use crate::usage::Exhausted;

/// What was bought for this month is used up; OpenAI's name for it.
pub(super) const SPENT: &str = "insufficient_quota";
/// Nobody pays for the workspace any more.
pub(super) const ENDED: &str = "subscription_ended";

/// Why a request failed, for the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) param: Option<String>,
    pub(super) retry_after: Option<u32>,
}

/// The wire form of a [`Problem`].
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView<'a> {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable name, for programs.
    code: &'static str,
    /// What happened and what to do, for people.
    detail: &'a str,
    /// The field of the request that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
}

impl Problem {
    /// `code` is stable, for programs; `detail` is a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            param: None,
            retry_after: None,
        }
    }

    /// 400, about one field.
    pub fn invalid(param: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
        }
    }

    /// 404 for a kind of thing, with or without its article. It is the same whether the thing does not exist or belongs to
    /// another workspace.
    pub fn not_found(what: &str) -> Self {
        let mut articles = ["the ", "a ", "an "].into_iter();
        let bare = articles.find_map(|article| what.strip_prefix(article));
        Self::nothing(format!("there is no such {}", bare.unwrap_or(what)))
    }

    /// 404, in words of its own.
    pub(super) fn nothing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 500 without detail; `cause` goes to the log.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "a request failed by a fault of the server");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed; its log says why, under the request id of this response",
        )
    }

    /// 503 for a turn that could not be finished; the sentence is fit for the visitor.
    pub fn turn_failed(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "turn_failed", reason)
    }

    /// 429 for what a workspace has used up; waiting a moment does not help.
    pub(super) fn spent(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, SPENT, detail)
    }

    /// Whether the workspace has used up what it may use, or nobody pays for it any more.
    pub(super) fn is_spent(&self) -> bool {
        matches!(self.code, SPENT | ENDED)
    }

    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub fn view(&self) -> ProblemView<'_> {
        ProblemView {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            param: self.param.as_deref(),
        }
    }

    /// Adds the headers that both envelopes need.
    pub(super) fn decorate(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.is_spent() {
            // OpenAI's clients try 429 again unless they are told not to.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.view()).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, body).into_response();
        self.decorate(&mut response);
        response
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (status, code) = match &error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            BodyError::MediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            BodyError::Slow => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            BodyError::Syntax { .. } | BodyError::Field { .. } | BodyError::Broken => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
        };
        let detail = error.to_string();
        let param = match error {
            BodyError::Field { path, .. } => Some(path).filter(|path| path != "."),
            _ => None,
        };
        Self {
            param,
            ..Self::new(status, code, detail)
        }
    }
}

impl From<Denied> for Problem {
    fn from(error: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, "missing_scope", error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::NotFound(what) => return Self::not_found(what),
            StoreError::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            // Strangers should not learn the path of the data; the log and the status page have it.
            StoreError::DiskFull { .. } => {
                tracing::error!(%error, "a request was refused");
                let detail = StoreError::DiskFull { folder: None }.to_string();
                return Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail);
            }
            StoreError::LimitReached { .. } => (StatusCode::INSUFFICIENT_STORAGE, "storage_limit"),
            StoreError::Unpaid => (StatusCode::PAYMENT_REQUIRED, ENDED),
            StoreError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "store_busy"),
            other => return Self::internal(other),
        };
        let problem = Self::new(status, code, error.to_string());
        if code == "store_busy" {
            problem.retry_after(1)
        } else {
            problem
        }
    }
}

impl From<KnowledgeError> for Problem {
    fn from(error: KnowledgeError) -> Self {
        match error {
            KnowledgeError::Store(error) => error.into(),
            KnowledgeError::Embedder(error) => error.into(),
            KnowledgeError::NoName | KnowledgeError::Empty(_) | KnowledgeError::Document(_) => {
                Self::invalid("file", error.to_string())
            }
            KnowledgeError::Faq(detail) => Self::invalid("faq", detail),
            KnowledgeError::Line(detail) => Self::invalid("text", detail),
            KnowledgeError::Synonyms(detail) => Self::invalid("groups", detail),
            KnowledgeError::Tags(detail) => Self::invalid("tags", detail),
            KnowledgeError::FaqOwner => Self::invalid("owner", error.to_string()),
            KnowledgeError::Denied(error) => error.into(),
            KnowledgeError::Machine(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "machine_busy",
                error.to_string(),
            )
            .retry_after(3),
            KnowledgeError::Unreadable(_) | KnowledgeError::Index(_) => Self::internal(&error),
        }
    }
}

impl From<EvalError> for Problem {
    fn from(error: EvalError) -> Self {
        let detail = error.to_string();
        match error {
            EvalError::Store(error) => error.into(),
            EvalError::Gate(_) => Self::new(StatusCode::CONFLICT, "gate", detail),
            EvalError::NoGolden | EvalError::NoQuestions => {
                Self::new(StatusCode::CONFLICT, "no_questions", detail)
            }
            EvalError::Name => Self::invalid("name", detail),
            EvalError::Instructions => Self::invalid("instructions", detail),
            EvalError::Denied(error) => error.into(),
            EvalError::Threshold => Self::invalid("threshold", detail),
            EvalError::Line { .. } => Self::invalid("questions", detail),
            EvalError::Ask(_) | EvalError::Stopped => Self::turn_failed(detail),
        }
    }
}

impl From<Exhausted> for Problem {
    fn from(error: Exhausted) -> Self {
        let seconds = u32::try_from(error.after.as_secs()).unwrap_or(u32::MAX);
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "too_many_requests", error.to_string()).retry_after(seconds.max(1))
    }
}

impl From<LlmError> for Problem {
    fn from(error: LlmError) -> Self {
        let detail = error.to_string();
        match error {
            LlmError::Busy { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(1)
            }
            LlmError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "model_unavailable", detail)
                    .retry_after(3)
            }
            LlmError::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail),
            LlmError::TooLong { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "context_length_exceeded", detail)
            }
            LlmError::Spent(_) => Self::spent(detail),
            LlmError::Interrupted(_) => Self::new(StatusCode::BAD_GATEWAY, "interrupted", detail),
        }
    }
}

impl From<SpeechError> for Problem {
    fn from(error: SpeechError) -> Self {
        let (status, code, param) = match &error {
            SpeechError::Rejected(_) => (StatusCode::BAD_REQUEST, "invalid_request", Some("file")),
            SpeechError::UnknownLanguage { .. } | SpeechError::EnglishOnly { .. } => {
                (StatusCode::BAD_REQUEST, "invalid_request", Some("language"))
            }
            SpeechError::InvalidOption { option, .. } => {
                (StatusCode::BAD_REQUEST, "invalid_request", Some(*option))
            }
            SpeechError::ModelUnreadable { .. }
            | SpeechError::ModelInvalid { .. }
            | SpeechError::Unavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "model_unavailable", None)
            }
            SpeechError::Engine { .. } => (StatusCode::BAD_GATEWAY, "interrupted", None),
            SpeechError::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, "cancelled", None),
        };
        Self {
            param: param.map(str::to_owned),
            ..Self::new(status, code, error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named_without_its_article() {
        for (what, detail) in [
            ("the conversation", "there is no such conversation"),
            (
                "an assistant in this workspace",
                "there is no such assistant in this workspace",
            ),
            ("a closed workspace", "there is no such closed workspace"),
            ("theory", "there is no such theory"),
            ("answer", "there is no such answer"),
        ] {
            let problem = Problem::from(StoreError::NotFound(what));
            assert_eq!(
                (problem.status, problem.detail()),
                (StatusCode::NOT_FOUND, detail)
            );
        }
    }
}
