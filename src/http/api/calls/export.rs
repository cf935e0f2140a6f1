//! Calls as files: one in the form that its reader wants, or many as a table or as lines of JSON.

mod archive;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;
use zip::write::SimpleFileOptions;

use super::super::super::problem::{Problem, ProblemView};
use super::super::place::{self, Place};
use super::super::receipts::harmless;
use super::view::{CallInFull, in_full};
use super::wanted::Wanted;
use crate::reason::Reason;
use crate::speech::{Segment, Transcript, format};
use crate::store::calls::{self, Filter};
use crate::store::{CallId, Store, StoreError, WorkspaceId, recordings};

/// Calls that are read at once.
const AT_ONCE: u32 = 100;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Everything, for programs.
    Json,
    /// The transcript, for people.
    Text,
    /// Subtitles for browsers.
    Vtt,
    /// Subtitles.
    Srt,
    /// A line of a table per line of the transcript; of many calls, per call.
    Csv,
    /// Of many calls: everything, a line each.
    JsonLines,
    /// All forms of one call and its recording.
    Zip,
}

impl Format {
    /// The form of this name, which is also the ending of its files.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Json,
            Self::Text,
            Self::Vtt,
            Self::Srt,
            Self::Csv,
            Self::JsonLines,
            Self::Zip,
        ];
        all.into_iter().find(|format| format.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "txt",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Zip => "zip",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Vtt => "text/vtt; charset=utf-8",
            Self::Srt => "application/x-subrip; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
            Self::Zip => "application/zip",
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Wish {
    /// Of one call `json`, `txt`, `vtt`, `srt`, `csv` or `zip` (all of them with the recording); of many
    /// `csv` or `jsonl`.
    format: Option<String>,
}

/// A call as a file.
#[utoipa::path(get, path = "/api/calls/{id}/export", tag = "voice", operation_id = "exportCall",
    params(("id" = String, Path, description = "Id of the call"), Wish,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/json"),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn download(
    place: Place,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let format = Format::parse(wish.format.as_deref().unwrap_or("json"))
        .filter(|format| *format != Format::JsonLines)
        .ok_or_else(|| {
            Problem::invalid("format", "format must be json, txt, vtt, srt, csv or zip")
        })?;
    let (workspace, id) = (place.id(), place::id::<CallId>(&id, "call")?);
    let store = &place.app.store;
    let bytes = match format {
        Format::Zip => archive::of_call(store, workspace, id).await?,
        _ => {
            let made = store.read(move |conn| single(conn, workspace, id, format));
            made.await?
        }
    };
    Ok((attached(format, &format!("call-{id}")), bytes).into_response())
}

/// Calls as a file, newest first; the filters are those of the list.
#[utoipa::path(get, path = "/api/calls/export", tag = "voice", operation_id = "exportCalls",
    params(Wish, Wanted,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn download_all(
    place: Place,
    Query(wish): Query<Wish>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let format = Format::parse(wish.format.as_deref().unwrap_or("jsonl"))
        .filter(|format| matches!(format, Format::Csv | Format::JsonLines))
        .ok_or_else(|| Problem::invalid("format", "format must be jsonl or csv"))?;
    let filter = wanted.filter()?;
    let first = stream::once(async move { Ok::<_, StoreError>(head(format)) });
    let (store, workspace) = (place.app.store.clone(), place.id());
    let rest = stream::try_unfold(Some(filter), move |filter| {
        let store = store.clone();
        async move {
            let Some(filter) = filter else {
                return Ok(None);
            };
            Ok(Some(batch(&store, workspace, format, filter).await?))
        }
    });
    let body = Body::from_stream(first.chain(rest).map_err(|error| {
        tracing::warn!(%error, "an export broke off");
        error
    }));
    Ok((attached(format, "calls"), body).into_response())
}

fn attached(format: Format, name: &str) -> [(header::HeaderName, HeaderValue); 3] {
    let file = format!("attachment; filename=\"{name}.{}\"", format.name());
    let file = HeaderValue::from_str(&file).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(format.media_type());
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

/// One call in a form.
///
/// # Errors
/// `NotFound` when the workspace has no such call.
pub fn single(
    conn: &crate::store::Connection,
    workspace: WorkspaceId,
    id: CallId,
    format: Format,
) -> Result<Vec<u8>, StoreError> {
    let call = in_full(conn, workspace, id)?;
    if format != Format::Zip {
        return Ok(written(&call, format));
    }
    let sound = match recordings::find(conn, workspace, id)? {
        Some(found) => Some(recordings::read(conn, &found, 0, found.bytes)?),
        None => None,
    };
    zipped(&call, sound).map_err(|error| {
        let told = format!("the archive of the call could not be made: {error}");
        StoreError::Conflict(Reason::told(told, error))
    })
}

fn zipped(call: &CallInFull, sound: Option<Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let texts = [
        Format::Json,
        Format::Text,
        Format::Vtt,
        Format::Srt,
        Format::Csv,
    ];
    for format in texts {
        let name = format!("call-{}.{}", call.call.id, format.name());
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(&written(call, format))?;
    }
    if let Some(sound) = sound {
        let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(format!("call-{}.ogg", call.call.id), plain)?;
        archive.write_all(&sound)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn written(call: &CallInFull, format: Format) -> Vec<u8> {
    match format {
        Format::Text => plain(call).into_bytes(),
        Format::Vtt => format::vtt(&transcript(call)).into_bytes(),
        Format::Srt => format::srt(&transcript(call)).into_bytes(),
        Format::Csv => {
            let head = [
                "start ms",
                "end ms",
                "speaker",
                "text",
                "interrupted",
                "receipt",
            ];
            let lines = call.lines.iter().map(|line| {
                [
                    line.start_ms.to_string(),
                    line.end_ms.to_string(),
                    who(line.speaker).to_owned(),
                    line.text.clone(),
                    if line.interrupted { "yes" } else { "" }.to_owned(),
                    line.receipt.clone().unwrap_or_default(),
                ]
            });
            let mut bytes = BYTE_ORDER.to_vec();
            bytes.extend(table(std::iter::once(head.map(str::to_owned)).chain(lines)));
            bytes
        }
        Format::Json | Format::JsonLines | Format::Zip => {
            serde_json::to_vec_pretty(call).unwrap_or_default()
        }
    }
}

/// The mark that tells spreadsheets that this is UTF-8.
const BYTE_ORDER: &[u8] = "\u{feff}".as_bytes();

fn who(speaker: &str) -> &'static str {
    if speaker == "caller" {
        "Caller"
    } else {
        "Front desk"
    }
}

fn transcript(call: &CallInFull) -> Transcript {
    let ms = |ms: i64| u64::try_from(ms).unwrap_or(0);
    let segments = call.lines.iter().map(|line| Segment {
        start_ms: ms(line.start_ms),
        end_ms: ms(line.end_ms.max(line.start_ms)),
        text: format!("{}: {}", who(line.speaker), line.text),
        ..Segment::default()
    });
    Transcript {
        segments: segments.collect(),
        ..Transcript::default()
    }
}

/// `[0:07] Caller: …`
fn plain(call: &CallInFull) -> String {
    let mut out = String::new();
    for line in &call.lines {
        let seconds = line.start_ms.max(0) / 1000;
        let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let broken = if line.interrupted {
            " (interrupted)"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "[{}:{:02}] {}: {text}{broken}",
            seconds / 60,
            seconds % 60,
            who(line.speaker)
        );
    }
    out
}

/// What stands before the first of many calls.
pub fn head(format: Format) -> Vec<u8> {
    if format != Format::Csv {
        return Vec::new();
    }
    let names = [
        "started",
        "call",
        "channel",
        "caller",
        "status",
        "ended reason",
        "duration ms",
        "turns",
        "first words",
        "recording ms",
        "prompt tokens",
        "completion tokens",
        "heard ms",
        "spoken ms",
    ];
    let mut bytes = BYTE_ORDER.to_vec();
    bytes.extend(table([names.map(str::to_owned)]));
    bytes
}

/// The next of many calls, and the filter for those after them; none at the end.
///
/// # Errors
/// When the store fails.
pub async fn batch(
    store: &Store,
    workspace: WorkspaceId,
    format: Format,
    filter: Filter,
) -> Result<(Vec<u8>, Option<Filter>), StoreError> {
    let read = store.read(move |conn| {
        let found = calls::list(conn, workspace, &filter, AT_ONCE)?;
        let last = found
            .last()
            .map(|last| (last.call.started_at, last.call.id));
        let next = last
            .filter(|_| found.len() == AT_ONCE as usize)
            .map(|last| Filter {
                before: Some(last),
                ..filter.clone()
            });
        if format == Format::Csv {
            return Ok((table(found.into_iter().map(row)), next));
        }
        let mut bytes = Vec::new();
        for listed in found {
            let call = in_full(conn, workspace, listed.call.id)?;
            bytes.extend(serde_json::to_vec(&call).unwrap_or_default());
            bytes.push(b'\n');
        }
        Ok((bytes, next))
    });
    read.await
}

fn row(listed: calls::Listed) -> [String; 14] {
    let call = listed.call;
    let started = jiff::Timestamp::from_millisecond(call.started_at);
    let or_empty = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
    [
        started.map(|at| at.to_string()).unwrap_or_default(),
        call.id.to_string(),
        call.channel.to_string(),
        call.caller.unwrap_or_default(),
        call.status.to_string(),
        call.ended_reason.map(|r| r.to_string()).unwrap_or_default(),
        or_empty(call.ended_at.map(|end| end - call.started_at)),
        listed.turns.to_string(),
        listed.first_words.unwrap_or_default(),
        or_empty(listed.recording_ms),
        call.cost.prompt_tokens.to_string(),
        call.cost.completion_tokens.to_string(),
        call.cost.heard_ms.to_string(),
        call.cost.spoken_ms.to_string(),
    ]
}

fn table<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        // Spreadsheets of many countries part cells at semicolons too.
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default()
}
