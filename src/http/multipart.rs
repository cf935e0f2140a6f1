//! Reading multipart forms within limits.

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::Limited;

use super::body::{self, BodyError};
use super::problem::Problem;

/// Bytes allowed on top of the file, for small fields and the multipart syntax.
pub(super) const OVERHEAD: u64 = 64 * 1024;

/// Opens a form. One that declares more than `most` bytes is refused before a byte is read.
pub(super) async fn open(request: Request, most: u64) -> Result<Multipart, Problem> {
    body::refuse_declared_size(request.headers(), most.saturating_add(OVERHEAD))
        .map_err(|_| too_large(most))?;
    Multipart::from_request(request, &()).await.map_err(|_| {
        BodyError::MediaType {
            wanted: "multipart/form-data",
        }
        .into()
    })
}

/// Like [`open`], for strangers: a form that does not declare its size is broken off where it is too large.
pub(super) async fn open_limited(request: Request, most: u64) -> Result<Multipart, Problem> {
    let limit = usize::try_from(most.saturating_add(OVERHEAD)).unwrap_or(usize::MAX);
    let request = request.map(|body| Body::new(Limited::new(body, limit)));
    open(request, most).await
}

pub(super) async fn next(form: &mut Multipart) -> Result<Option<Field<'_>>, Problem> {
    form.next_field().await.map_err(broken)
}

/// The content of a field. The inner error means that it is longer than `limit` bytes; the field is then
/// skipped to its end, so that the next one can still be read.
pub(super) async fn collect(
    field: &mut Field<'_>,
    limit: u64,
) -> Result<Result<Bytes, Problem>, Problem> {
    let mut bytes = BytesMut::new();
    let mut over = false;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        over = over || (bytes.len() + chunk.len()) as u64 > limit;
        if over {
            bytes = BytesMut::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(if over {
        Err(too_large(limit))
    } else {
        Ok(bytes.freeze())
    })
}

/// 413 with the limit in words.
pub(super) fn too_large(limit: u64) -> Problem {
    let size = if limit >= 1 << 20 {
        format!("{} MiB", limit >> 20)
    } else {
        format!("{} KiB", limit.div_ceil(1024))
    };
    let detail = format!("the file is larger than the limit of {size}; compress or split it");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with_param("file")
}

fn broken(error: MultipartError) -> Problem {
    if body::is_timeout(&error) {
        return BodyError::Slow.into();
    }
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the form is larger than is taken at once; send fewer or smaller files";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with_param("file");
    }
    let detail = format!(
        "the form cannot be read ({}); send multipart/form-data",
        error.body_text()
    );
    Problem::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
}
