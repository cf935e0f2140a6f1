//! The recording of a call: downloads in ranges, its waveform, deleting it.

use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::privacy::{self, ErasureError};
use crate::http::api::place::{self, ApiPlace};
use crate::http::problem::{Problem, ProblemView};
use crate::store::recordings::{self, Recording};
use crate::store::{CallId, Scoped, Store, StoreError, WorkspaceId, calls};
use crate::voice::recorder::{Peaks, peaks};

/// Bytes per read of the store.
const AT_ONCE: u64 = 256 << 10;
/// Points of a waveform.
const POINTS: usize = 1000;

#[derive(Debug, Deserialize)]
pub(super) struct DownloadQuery {
    download: Option<String>,
}

/// The recording of a call. `Range` is understood, so a player can seek. With `download=1` it comes as a
/// file.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "voice", operation_id = "getRecording",
    params(("id" = String, Path, description = "Id of the call"),
           ("download" = Option<String>, Query, description = "1 for a file"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "audio/ogg", body = Vec<u8>),
              (status = 206, content_type = "audio/ogg", body = Vec<u8>),
              (status = 404, body = ProblemView<'_>), (status = 416, body = ProblemView<'_>)))]
pub(super) async fn recording(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = load(&place, &id).await?;
    let size = found.bytes;
    let asked = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let (status, from, to) = match asked.map(|text| parse_range(text, size)) {
        None | Some(AskedRange::Whole) => (StatusCode::OK, 0, size),
        Some(AskedRange::Part(from, to)) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(AskedRange::Nothing) => {
            let detail = format!("the recording has {size} bytes; ask for a range within them");
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", detail);
            let whole = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((whole, problem).into_response());
        }
    };
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_str(&found.format);
    headers.insert(
        header::CONTENT_TYPE,
        kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Keeps the compression layer out: the audio is compressed already, and ranges count its own bytes.
    headers.insert(
        header::CONTENT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {from}-{}/{size}", to.saturating_sub(1));
        if let Ok(part) = HeaderValue::from_str(&part) {
            headers.insert(header::CONTENT_RANGE, part);
        }
    }
    if query.download.is_some() {
        let name = format!("attachment; filename=\"call-{}.ogg\"", found.call);
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
    }
    let body = Body::from_stream(stream_bytes(place.app.store.clone(), found, from, to));
    Ok((status, headers, body).into_response())
}

fn stream_bytes(
    store: Store,
    recording: Scoped<Recording>,
    from: u64,
    to: u64,
) -> impl futures::Stream<Item = Result<Vec<u8>, StoreError>> {
    stream::try_unfold(from, move |at| {
        let (store, recording) = (store.clone(), recording.clone());
        async move {
            if at >= to {
                return Ok(None);
            }
            let end = to.min(at + AT_ONCE);
            let read = store.read(move |conn| recordings::read(conn, &recording, at, end));
            let piece = read.await?;
            // The recording was deleted meanwhile. An error tells the client that the body is incomplete.
            match piece.is_empty() {
                true => Err(StoreError::NotFound("the recording")),
                false => Ok(Some((piece, end))),
            }
        }
    })
}

/// What a `Range` header asks for (RFC 9110, section 14).
#[derive(Debug, PartialEq, Eq)]
enum AskedRange {
    /// No range, or one that a server may ignore.
    Whole,
    /// From the first byte up to, but without, the second.
    Part(u64, u64),
    /// A range outside of the recording.
    Nothing,
}

fn parse_range(text: &str, size: u64) -> AskedRange {
    let Some(spec) = text.trim().strip_prefix("bytes=") else {
        return AskedRange::Whole;
    };
    // A server may answer several ranges with the whole body.
    let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return AskedRange::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (
        first.trim().is_empty(),
        number(first),
        last.trim().is_empty(),
        number(last),
    ) {
        (true, _, _, Some(tail)) if tail > 0 && size > 0 => {
            AskedRange::Part(size.saturating_sub(tail), size)
        }
        (true, _, _, Some(_)) => AskedRange::Nothing,
        (false, Some(from), true, _) if from < size => AskedRange::Part(from, size),
        (false, Some(from), false, Some(last)) if from <= last && from < size => {
            AskedRange::Part(from, size.min(last.saturating_add(1)))
        }
        (false, Some(from), false, Some(last)) if from > last => AskedRange::Whole,
        (false, Some(_), true, _) | (false, Some(_), false, Some(_)) => AskedRange::Nothing,
        _ => AskedRange::Whole,
    }
}

/// The waveform of a recording: the loudest sample of each of equal stretches, 0 to 100.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Waveform {
    /// The caller.
    caller: Vec<u8>,
    /// The front desk.
    agent: Vec<u8>,
    /// Length in ms.
    duration_ms: u64,
}

/// The waveform of a recording, at most 1000 points for each side.
#[utoipa::path(get, path = "/api/v1/calls/{id}/waveform", tag = "voice", operation_id = "getWaveform",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Waveform), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn waveform(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<Waveform>, Problem> {
    let found = load(&place, &id).await?;
    let Peaks {
        caller,
        agent,
        duration_ms,
    } = compute_waveform(&place.app.store, found, POINTS).await?;
    Ok(axum::Json(Waveform {
        caller,
        agent,
        duration_ms,
    }))
}

/// The waveform of a call's recording, with at most `points` per side; `None` without a recording.
pub(in crate::http) async fn waveform_of(
    store: &Store,
    workspace: WorkspaceId,
    call: CallId,
    points: usize,
) -> Result<Option<Peaks>, Problem> {
    let found = store.read(move |conn| recordings::find(conn, workspace, call));
    match found.await? {
        Some(found) => Ok(Some(compute_waveform(store, found, points).await?)),
        None => Ok(None),
    }
}

async fn compute_waveform(
    store: &Store,
    recording: Scoped<Recording>,
    points: usize,
) -> Result<Peaks, Problem> {
    let whole = store.read(move |conn| recordings::read(conn, &recording, 0, recording.bytes));
    let whole = whole.await?;
    let made = tokio::task::spawn_blocking(move || match whole.is_empty() {
        // The recording has just begun.
        true => Ok(Peaks::default()),
        false => peaks(whole, points),
    });
    let made = made.await.map_err(|error| Problem::internal(&error))?;
    made.map_err(|error| Problem::internal(&error))
}

/// Deletes the recording of a call; its transcript stays.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/recording", tag = "voice",
    operation_id = "deleteRecording",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete_recording(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "call")?;
    privacy::remove_recording(&place.app.store, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn load(place: &ApiPlace, id: &str) -> Result<Scoped<Recording>, Problem> {
    let (workspace, id) = (place.id(), place::parse_id::<CallId>(id, "call")?);
    let found = place.app.store.read(move |conn| {
        calls::get(conn, workspace, id)?;
        recordings::find(conn, workspace, id)
    });
    found.await?.ok_or_else(|| ErasureError::NoRecording.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        for (text, expected) in [
            ("bytes=0-", AskedRange::Part(0, 100)),
            ("bytes=0-0", AskedRange::Part(0, 1)),
            ("bytes=10-19", AskedRange::Part(10, 20)),
            ("bytes=90-1000", AskedRange::Part(90, 100)),
            ("bytes=-10", AskedRange::Part(90, 100)),
            ("bytes=-1000", AskedRange::Part(0, 100)),
            ("bytes=100-", AskedRange::Nothing),
            ("bytes=200-300", AskedRange::Nothing),
            ("bytes=-0", AskedRange::Nothing),
            ("bytes=5-3", AskedRange::Whole),
            ("bytes=0-1,5-6", AskedRange::Whole),
            ("bytes=x-y", AskedRange::Whole),
            ("lines=1-2", AskedRange::Whole),
            ("", AskedRange::Whole),
        ] {
            assert_eq!(parse_range(text, 100), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), AskedRange::Nothing);
    }
}
