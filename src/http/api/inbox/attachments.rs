//! Files of conversations.

use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::{ApiPlace, place};
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::{files, reading};

/// Whatever the file is, it runs nothing and loads nothing.
const LOCKED: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// A file that a visitor or a colleague sent. Raster pictures are shown, everything else is saved.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "inbox", operation_id = "downloadAttachment",
    params(("id" = String, Path, description = "Id of the file"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn download(place: ApiPlace, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = place::parse_id(&id, "file")?;
    let (file, content) = reading::attachment(&place.app.store, &place.member, id).await?;
    let picture = files::is_picture(&file.media_type);
    let kind = match picture {
        true => HeaderValue::from_str(&file.media_type),
        false => Ok(HeaderValue::from_static("application/octet-stream")),
    };
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, kind),
        (
            header::CONTENT_DISPOSITION,
            build_disposition(picture, &file.name),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(LOCKED),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ),
    ];
    Ok((headers, content).into_response())
}

/// With the name in UTF-8 (RFC 6266, RFC 8187).
fn build_disposition(shown: bool, name: &str) -> HeaderValue {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    let how = if shown { "inline" } else { "attachment" };
    HeaderValue::from_str(&format!("{how}; filename*=UTF-8''{name}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
