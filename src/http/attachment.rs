//! Files of conversations, as they are served.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::inbox::files;
use crate::store::inbox::attachments::Attachment;

/// Whatever the file is, it runs nothing and loads nothing.
const LOCKED: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// A file that may be anything: raster pictures are shown, everything else is saved.
pub(super) fn serve(file: &Attachment, content: Vec<u8>) -> Response {
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
    (headers, content).into_response()
}

/// With the name in UTF-8 (RFC 6266, RFC 8187).
fn build_disposition(shown: bool, name: &str) -> HeaderValue {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    let how = if shown { "inline" } else { "attachment" };
    HeaderValue::from_str(&format!("{how}; filename*=UTF-8''{name}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
