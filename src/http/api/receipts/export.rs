//! Receipts as a file: JSON lines for programs, CSV for spreadsheets. Streamed, so that years of
//! receipts take no more memory than a page of them.

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{TryStreamExt, stream};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::super::super::problem::{Problem, ProblemView};
use super::super::place::Place;
use super::view::{ReceiptView, titles};
use super::wanted::Wanted;
use crate::store::receipts::{self, Filter, Listed};
use crate::store::{Store, StoreError, WorkspaceId};

/// Receipts that are read at once.
const AT_ONCE: u32 = 200;
/// Characters that make a spreadsheet take a cell for a formula when it begins with one (OWASP, "CSV
/// Injection").
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A receipt in full per line.
    JsonLines,
    /// A line of a table per receipt.
    Csv,
}

impl Format {
    /// The form of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Wish {
    /// `jsonl` or `csv`; `jsonl` when absent.
    format: Option<String>,
}

/// Receipts as a file, newest first; the filters are those of the list.
#[utoipa::path(get, path = "/api/receipts/export", tag = "answers", operation_id = "exportReceipts",
    params(Wish, Wanted,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(in crate::http::api) async fn download(
    place: Place,
    Query(wish): Query<Wish>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let format = Format::parse(wish.format.as_deref().unwrap_or("jsonl"))
        .ok_or_else(|| Problem::invalid("format", "format must be jsonl or csv"))?;
    let filter = wanted.filter()?;
    let (kind, name) = match format {
        Format::JsonLines => ("application/x-ndjson", "receipts.jsonl"),
        Format::Csv => ("text/csv; charset=utf-8", "receipts.csv"),
    };
    let attached = format!("attachment; filename=\"{name}\"");
    let attached =
        HeaderValue::from_str(&attached).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, attached),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let first = stream::once(async move { Ok::<_, StoreError>(head(format)) });
    let (store, workspace) = (place.app.store.clone(), place.id());
    let rest = stream::try_unfold(Some(filter), move |filter| {
        let store = store.clone();
        async move {
            let Some(filter) = filter else {
                return Ok(None);
            };
            let (bytes, next) = batch(&store, workspace, format, filter).await?;
            Ok(Some((bytes, next)))
        }
    });
    let body = Body::from_stream(futures::StreamExt::chain(first, rest).map_err(|error| {
        tracing::warn!(%error, "an export broke off");
        error
    }));
    Ok((headers, body).into_response())
}

/// What stands before the first receipt.
pub fn head(format: Format) -> Vec<u8> {
    match format {
        Format::JsonLines => Vec::new(),
        Format::Csv => {
            let names = [
                "time",
                "receipt",
                "question",
                "answered by",
                "answer",
                "documents",
                "quotes",
                "rating",
                "comment",
                "model",
                "total ms",
                "conversation",
            ];
            // The mark that tells spreadsheets that this is UTF-8.
            let mut bytes = "\u{feff}".as_bytes().to_vec();
            bytes.extend(csv_lines([names.map(str::to_owned)]));
            bytes
        }
    }
}

/// The next receipts, and the filter for those after them; none at the end.
///
/// # Errors
/// When the store fails.
pub async fn batch(
    store: &Store,
    workspace: WorkspaceId,
    format: Format,
    mut filter: Filter,
) -> Result<(Vec<u8>, Option<Filter>), StoreError> {
    let wanted = filter.clone();
    let found = store
        .read(move |conn| receipts::list(conn, workspace, &wanted, AT_ONCE))
        .await?;
    let last = found.last().map(|last| last.receipt.seq);
    let more = last.filter(|_| found.len() == AT_ONCE as usize).map(|seq| {
        filter.before = Some(seq);
        filter
    });
    let bytes = match format {
        Format::JsonLines => found.into_iter().flat_map(json_line).collect(),
        Format::Csv => csv_lines(found.iter().map(cells)),
    };
    Ok((bytes, more))
}

fn json_line(listed: Listed) -> Vec<u8> {
    let mut line = serde_json::to_vec(&ReceiptView::of(listed)).unwrap_or_default();
    line.push(b'\n');
    line
}

fn cells(listed: &Listed) -> [String; 12] {
    let receipt = &listed.receipt;
    let time = jiff::Timestamp::from_millisecond(receipt.created_at).unwrap_or_default();
    let cited = receipt.passages.get("cited").and_then(Value::as_array);
    let quotes: Vec<&str> = cited
        .into_iter()
        .flatten()
        .filter_map(|raw| raw.get("quote")?.as_str())
        .collect();
    let total = receipt.timings.get("total").and_then(Value::as_u64);
    [
        time.to_string(),
        receipt.id.to_string(),
        receipt.question.clone(),
        receipt.rung.clone(),
        receipt.answer.clone(),
        titles(&receipt.passages).join("; "),
        quotes.join(" | "),
        match listed.rating {
            Some(1) => "good".to_owned(),
            Some(_) => "bad".to_owned(),
            None => String::new(),
        },
        listed.comment.clone(),
        receipt.model.clone().unwrap_or_default(),
        total.map(|ms| ms.to_string()).unwrap_or_default(),
        receipt
            .conversation
            .map(|id| id.to_string())
            .unwrap_or_default(),
    ]
}

fn csv_lines(rows: impl IntoIterator<Item = [String; 12]>) -> Vec<u8> {
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

/// A cell that no spreadsheet takes for a formula.
pub(in crate::http::api) fn harmless(cell: &str) -> String {
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_that_parts_at_semicolons_finds_no_formula() {
        let mut row: [String; 12] = Default::default();
        row[0] = "refund;=cmd|' /C calc'!A0".into();
        row[1] = "＝1+1".into();
        let line = String::from_utf8(csv_lines([row])).unwrap();
        assert!(
            line.starts_with("\"refund;=cmd|' /C calc'!A0\",\"'＝1+1\",\"\""),
            "{line}"
        );
    }

    #[test]
    fn no_cell_becomes_a_formula() {
        for (cell, expected) in [
            (
                "=HYPERLINK(\"http://evil.example\")",
                "'=HYPERLINK(\"http://evil.example\")",
            ),
            ("+49 30 1234", "'+49 30 1234"),
            ("-5", "'-5"),
            ("@sum", "'@sum"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("1 = 1", "1 = 1"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }

    #[test]
    fn a_cell_keeps_commas_quotes_and_lines() {
        let mut row: [String; 12] = Default::default();
        row[2] = "One, \"two\"\nthree".into();
        row[3] = "=1".into();
        let bytes = csv_lines([row.clone()]);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!(&read[2], row[2]);
        assert_eq!(&read[3], "'=1");
        assert_eq!(Format::parse("xlsx"), None);
    }
}
