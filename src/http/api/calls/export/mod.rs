//! Calls as files: one call in many formats, or many calls as CSV or JSON lines.

mod archive;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use zip::write::SimpleFileOptions;

use super::query::CallQuery;
use super::view::{CallInFull, in_full};
use crate::http::api::place::{self, ApiPlace};
use crate::http::listing::ListQuery;
use crate::http::listing::file::{self, FileFormat, FileList, download_headers, headed_table};
use crate::http::problem::{Problem, ProblemView};
use crate::speech::{Segment, Transcript, format};
use crate::store::calls::{CallFilter, Listed};
use crate::store::{CallId, Connection, StoreError, WorkspaceId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFormat {
    Json,
    /// The transcript as plain text.
    Text,
    Vtt,
    Srt,
    Csv,
    /// All the other formats, and the recording.
    Zip,
}

impl CallFormat {
    /// By name, which is also the file extension.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Json,
            Self::Text,
            Self::Vtt,
            Self::Srt,
            Self::Csv,
            Self::Zip,
        ];
        all.into_iter().find(|format| format.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "txt",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Csv => "csv",
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
            Self::Zip => "application/zip",
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExportQuery {
    /// Of one call `json`, `txt`, `vtt`, `srt`, `csv` or `zip` (all of them with the recording); of many
    /// `csv` or `jsonl`.
    format: Option<String>,
}

/// A call as a file.
#[utoipa::path(get, path = "/api/v1/calls/{id}/export", tag = "voice", operation_id = "exportCall",
    params(("id" = String, Path, description = "Id of the call"), ExportQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/json", body = Object),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn download(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let format = CallFormat::parse(export.format.as_deref().unwrap_or("json"));
    let format = format.ok_or_else(|| {
        Problem::invalid("format", "format must be json, txt, vtt, srt, csv or zip")
    })?;
    let (workspace, id) = (place.id(), place::parse_id::<CallId>(&id, "call")?);
    let store = &place.app.store;
    let bytes = match format {
        CallFormat::Zip => archive::build(store, workspace, id).await?,
        _ => {
            let call = store.read(move |conn| in_full(conn, workspace, id));
            render(&call.await?, format)
        }
    };
    let file = format!("call-{id}.{}", format.name());
    Ok((download_headers(format.media_type(), &file), bytes).into_response())
}

/// Calls as a file, newest first; the filters are those of the list.
#[utoipa::path(get, path = "/api/v1/calls/export", tag = "voice", operation_id = "exportCalls",
    params(ExportQuery, CallQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn download_all(
    place: ApiPlace,
    Query(export): Query<ExportQuery>,
    Query(query): Query<CallQuery>,
) -> Result<Response, Problem> {
    let format = FileFormat::parse_or_default(export.format.as_deref())?;
    let workspace = place.member.need(CallQuery::SCOPES)?;
    let store = place.app.store.clone();
    Ok(file::respond(store, workspace, query.filter()?, format))
}

impl FileList for CallFilter {
    const NAME: &'static str = "calls";
    const AT_ONCE: u32 = 100;
    const HEADS: &'static [&'static str] = &[
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

    type Line = CallInFull;

    fn cells(row: Listed) -> Vec<String> {
        let call = row.call;
        let started = jiff::Timestamp::from_millisecond(call.started_at);
        let or_empty = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        vec![
            started.map(|at| at.to_string()).unwrap_or_default(),
            call.id.to_string(),
            call.channel.to_string(),
            call.caller.unwrap_or_default(),
            call.status.to_string(),
            call.ended_reason.map(|r| r.to_string()).unwrap_or_default(),
            or_empty(call.ended_at.map(|end| end - call.started_at)),
            row.turns.to_string(),
            row.first_words.unwrap_or_default(),
            or_empty(row.recording_ms),
            call.cost.prompt_tokens.to_string(),
            call.cost.completion_tokens.to_string(),
            call.cost.heard_ms.to_string(),
            call.cost.spoken_ms.to_string(),
        ]
    }

    fn line(
        conn: &Connection,
        workspace: WorkspaceId,
        row: Listed,
    ) -> Result<CallInFull, StoreError> {
        in_full(conn, workspace, row.call.id)
    }
}

fn build_zip(call: &CallInFull, sound: Option<Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let texts = [
        CallFormat::Json,
        CallFormat::Text,
        CallFormat::Vtt,
        CallFormat::Srt,
        CallFormat::Csv,
    ];
    for format in texts {
        let name = format!("call-{}.{}", call.call.id, format.name());
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(&render(call, format))?;
    }
    if let Some(sound) = sound {
        // The recording is compressed already.
        let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(format!("call-{}.ogg", call.call.id), plain)?;
        archive.write_all(&sound)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn render(call: &CallInFull, format: CallFormat) -> Vec<u8> {
    match format {
        CallFormat::Text => write_plain_text(call).into_bytes(),
        CallFormat::Vtt => format::vtt(&build_transcript(call)).into_bytes(),
        CallFormat::Srt => format::srt(&build_transcript(call)).into_bytes(),
        CallFormat::Csv => {
            let heads = [
                "start ms",
                "end ms",
                "speaker",
                "text",
                "interrupted",
                "receipt",
            ];
            let lines = call.lines.iter().map(|line| {
                vec![
                    line.start_ms.to_string(),
                    line.end_ms.to_string(),
                    name_speaker(line.speaker).to_owned(),
                    line.text.clone(),
                    if line.interrupted { "yes" } else { "" }.to_owned(),
                    line.receipt.clone().unwrap_or_default(),
                ]
            });
            headed_table(&heads, lines)
        }
        CallFormat::Json | CallFormat::Zip => serde_json::to_vec_pretty(call).unwrap_or_default(),
    }
}

fn name_speaker(speaker: &str) -> &'static str {
    if speaker == "caller" {
        "Caller"
    } else {
        "Front desk"
    }
}

fn build_transcript(call: &CallInFull) -> Transcript {
    let ms = |ms: i64| u64::try_from(ms).unwrap_or(0);
    let segments = call.lines.iter().map(|line| Segment {
        start_ms: ms(line.start_ms),
        end_ms: ms(line.end_ms.max(line.start_ms)),
        text: format!("{}: {}", name_speaker(line.speaker), line.text),
        ..Segment::default()
    });
    Transcript {
        segments: segments.collect(),
        ..Transcript::default()
    }
}

/// `[0:07] Caller: …`
fn write_plain_text(call: &CallInFull) -> String {
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
            name_speaker(line.speaker)
        );
    }
    out
}
