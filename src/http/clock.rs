//! `metadata.now`: answers a question as if it were asked at another time, for tests and evaluations.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::auth::{Principal, Scope};
use super::problem::Problem;

/// What a request says about itself. Other fields are ignored.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
pub struct Metadata {
    /// The time that the answer is for, RFC 3339 ("2026-12-24T10:00:00-05:00"); the clock's when absent.
    /// Setting it takes the scope `evaluate`.
    now: Option<String>,
}

impl Metadata {
    /// What is ours among the pairs that a client sends as `metadata`.
    ///
    /// # Errors
    /// 400 if it is not a text.
    pub(super) fn of(pairs: &Map<String, Value>) -> Result<Self, Problem> {
        let now = match pairs.get("now") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                return Err(Problem::invalid(
                    "metadata.now",
                    "metadata.now must be a text",
                ));
            }
        };
        Ok(Self { now })
    }
}

/// The time that a request sets; `None` for the clock's.
///
/// # Errors
/// 403 without the scope `evaluate`, 400 for text that is not a time.
pub(super) fn read_now(
    principal: &Principal,
    metadata: Option<&Metadata>,
) -> Result<Option<jiff::Timestamp>, Problem> {
    let Some(now) = metadata.and_then(|m| m.now.as_deref()) else {
        return Ok(None);
    };
    if !principal.may(Scope::Evaluate) {
        let detail =
            "metadata.now needs a key with the scope evaluate; leave it out or use another key";
        return Err(
            Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail).with_param("metadata.now")
        );
    }
    let time = now.parse().map_err(|_| {
        let detail = "metadata.now must be a time like 2026-12-24T10:00:00-05:00";
        Problem::invalid("metadata.now", detail)
    })?;
    Ok(Some(time))
}
