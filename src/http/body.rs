//! Reading JSON bodies: bounded in size and time, and precise about what is wrong with them.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutError;

use super::problem::Problem;
use crate::reason::Reason;

/// For JSON bodies of our own API, in bytes.
pub const JSON_LIMIT: usize = 1 << 20;

/// Timeout for a JSON body to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the request body is larger than {limit} bytes; send less at a time")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// Not the media type that the route reads.
    #[error("the request body must be {wanted}; set the Content-Type header")]
    MediaType { wanted: &'static str },
    #[error("the request body is not valid JSON: {0}")]
    Syntax(#[source] Reason),
    /// JSON, but a field is missing or has the wrong type.
    #[error("{path}: {reason}")]
    Field {
        /// Path of the field, such as `messages[0].content`.
        path: String,
        reason: String,
    },
    #[error("the request body did not arrive in time; send it again")]
    Slow,
    /// The connection broke, or the framing of the body is wrong.
    #[error("the request body ended early; send it again")]
    Broken,
}

/// A JSON body of our own API, at most [`JSON_LIMIT`] bytes.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(read_json(request, JSON_LIMIT).await?))
    }
}

/// Reads a JSON body of at most `limit` bytes.
pub(super) async fn read_json<T: DeserializeOwned>(
    request: Request,
    limit: usize,
) -> Result<T, BodyError> {
    let (parts, body) = request.into_parts();
    refuse_declared_size(&parts.headers, limit as u64)?;
    if !is_json(&parts.headers) {
        return Err(BodyError::MediaType {
            wanted: "application/json",
        });
    }
    let bytes = tokio::time::timeout(PATIENCE, read_limited(body, limit))
        .await
        .map_err(|_| BodyError::Slow)??;
    parse(&bytes)
}

/// Reads a body of any kind, of at most `limit` bytes.
///
/// # Errors
/// [`BodyError::TooLarge`], [`BodyError::Slow`], [`BodyError::Broken`].
pub(super) async fn read_bytes(request: Request, limit: usize) -> Result<Bytes, BodyError> {
    let (parts, body) = request.into_parts();
    refuse_declared_size(&parts.headers, limit as u64)?;
    // Files are larger than JSON, so they get more time.
    tokio::time::timeout(PATIENCE * 2, read_limited(body, limit))
        .await
        .map_err(|_| BodyError::Slow)?
}

/// Refuses a body by its `Content-Length`, before a byte of it is read.
///
/// # Errors
/// [`BodyError::TooLarge`].
pub fn refuse_declared_size(headers: &HeaderMap, limit: u64) -> Result<(), BodyError> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    match declared.and_then(|value| value.parse::<u64>().ok()) {
        Some(length) if length > limit => Err(BodyError::TooLarge { limit }),
        _ => Ok(()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    essence.is_some_and(|kind| {
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

async fn read_limited(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge {
            limit: limit as u64,
        }),
        Err(error) if is_timeout(error.as_ref()) => Err(BodyError::Slow),
        Err(_) => Err(BodyError::Broken),
    }
}

/// Whether reading a body failed because no more bytes came.
pub(super) fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| cause.is::<TimeoutError>())
}

/// Parses JSON. The error says where it is wrong.
///
/// # Errors
/// [`BodyError::Syntax`] with line and column, [`BodyError::Field`] with the field's path.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let reason = inner.to_string();
            let path = missing_field(&reason, &path).unwrap_or(path);
            BodyError::Field { path, reason }
        } else {
            BodyError::Syntax(Reason::of(inner))
        }
    })?;
    deserializer
        .end()
        .map_err(|error| BodyError::Syntax(Reason::of(error)))?;
    Ok(value)
}

/// serde reports a missing field at its parent; the field's own path is more useful.
fn missing_field(reason: &str, parent: &str) -> Option<String> {
    let name = reason.strip_prefix("missing field `")?.split('`').next()?;
    Some(if parent == "." {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        #[expect(dead_code)]
        items: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[expect(dead_code)]
        size: u32,
    }

    fn field(json: &str) -> String {
        match parse::<Outer>(json.as_bytes()).unwrap_err() {
            BodyError::Field { path, .. } => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_names_the_field() {
        assert_eq!(
            field(r#"{"items":[{"size":1},{"size":"x"}]}"#),
            "items[1].size"
        );
        assert_eq!(field(r#"{"items":[{}]}"#), "items[0].size");
        assert_eq!(field("{}"), "items");
    }

    #[test]
    fn broken_json_names_the_place() {
        let error = parse::<Outer>(b"{\"items\":\n [}").unwrap_err();
        assert!(
            matches!(&error, BodyError::Syntax(text) if text.contains("line 2")),
            "{error}"
        );
        let trailing = parse::<Outer>(br#"{"items":[]} x"#).unwrap_err();
        assert!(matches!(trailing, BodyError::Syntax(_)));
    }

    #[test]
    fn a_declared_size_is_believed_when_it_is_too_large() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, "2147483648".parse().unwrap());
        assert!(refuse_declared_size(&headers, 10).is_err());
        assert!(refuse_declared_size(&headers, 1 << 31).is_ok());
    }
}
