//! A whole list as a file: JSON lines for programs, CSV for spreadsheets. It is streamed in batches, so that years of
//! rows take no more memory than one page.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::http::problem::Problem;
use crate::store::listing::{ListFilter, Listing};
use crate::store::{Connection, Store, StoreError, WorkspaceId};

/// Tells spreadsheets that this is UTF-8.
const BYTE_ORDER: &[u8] = "\u{feff}".as_bytes();
/// A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A list that can be exported.
pub(in crate::http) trait FileList: ListFilter {
    /// File name, without the extension.
    const NAME: &'static str;
    /// Rows per batch.
    const AT_ONCE: u32;
    const HEADS: &'static [&'static str];

    /// A row in JSON lines: everything there is to know, where CSV has a summary.
    type Line: Serialize;

    /// A row in CSV, in the order of [`FileList::HEADS`].
    fn cells(row: Self::Row) -> Vec<String>;

    fn line(
        conn: &Connection,
        workspace: WorkspaceId,
        row: Self::Row,
    ) -> Result<Self::Line, StoreError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    JsonLines,
    Csv,
}

impl FileFormat {
    /// By name, which is also the file extension.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::JsonLines, Self::Csv]
            .into_iter()
            .find(|format| format.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The format that a query asks for: JSON lines when absent.
    ///
    /// # Errors
    /// 400 for another name.
    pub(in crate::http) fn parse_or_default(name: Option<&str>) -> Result<Self, Problem> {
        match name {
            None => Ok(Self::JsonLines),
            Some(name) => Self::parse(name)
                .ok_or_else(|| Problem::invalid("format", "format must be jsonl or csv")),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Exports the rows that pass a filter, as a file that is written while it is sent.
pub(in crate::http) fn respond<F: FileList>(
    store: Store,
    workspace: WorkspaceId,
    filter: F,
    format: FileFormat,
) -> Response {
    let listing = Listing {
        workspace,
        filter,
        limit: F::AT_ONCE,
    };
    let first = stream::once(async move { Ok::<_, StoreError>(head::<F>(format)) });
    let rest = stream::try_unfold(Some(listing), move |listing| {
        let store = store.clone();
        async move {
            let Some(listing) = listing else {
                return Ok(None);
            };
            let read = store.read(move |conn| batch(conn, listing, format));
            Ok(Some(read.await?))
        }
    });
    let body = Body::from_stream(first.chain(rest).map_err(|error| {
        tracing::warn!(%error, "an export broke off");
        error
    }));
    let file = format!("{}.{}", F::NAME, format.name());
    (download_headers(format.media_type(), &file), body).into_response()
}

fn head<F: FileList>(format: FileFormat) -> Vec<u8> {
    match format {
        FileFormat::JsonLines => Vec::new(),
        FileFormat::Csv => headed_table(F::HEADS, []),
    }
}

/// The next rows, and the rest of the list after them.
fn batch<F: FileList>(
    conn: &Connection,
    listing: Listing<F>,
    format: FileFormat,
) -> Result<(Vec<u8>, Option<Listing<F>>), StoreError> {
    let page = listing.page(conn)?;
    let bytes = match format {
        FileFormat::Csv => table(page.rows.into_iter().map(F::cells)),
        FileFormat::JsonLines => {
            let mut bytes = Vec::new();
            for row in page.rows {
                let line = F::line(conn, listing.workspace, row)?;
                bytes.extend(serde_json::to_vec(&line).unwrap_or_default());
                bytes.push(b'\n');
            }
            bytes
        }
    };
    Ok((bytes, page.next.map(|next| listing.resume_at(next))))
}

/// Headers that make a browser save the response under a file name.
pub(in crate::http) fn download_headers(
    kind: &'static str,
    file: &str,
) -> [(HeaderName, HeaderValue); 3] {
    let file = format!("attachment; filename=\"{file}\"");
    let file = HeaderValue::from_str(&file).unwrap_or(HeaderValue::from_static("attachment"));
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

/// CSV with column heads and byte order mark, as spreadsheets open it.
pub(in crate::http) fn headed_table(
    heads: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Vec<u8> {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut bytes = BYTE_ORDER.to_vec();
    bytes.extend(table(std::iter::once(heads).chain(rows)));
    bytes
}

fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        // Spreadsheets of many countries also split cells at semicolons, so quote everything.
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| defuse_formula(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

/// Keeps a spreadsheet from taking a cell for a formula.
fn defuse_formula(cell: &str) -> String {
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
        let row = vec!["refund;=cmd|' /C calc'!A0".into(), "＝1+1".into()];
        let line = String::from_utf8(table([row])).unwrap();
        assert_eq!(line, "\"refund;=cmd|' /C calc'!A0\",\"'＝1+1\"\r\n");
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
            assert_eq!(defuse_formula(cell), expected);
        }
    }

    #[test]
    fn a_cell_keeps_commas_quotes_and_lines() {
        let row: Vec<String> = vec!["One, \"two\"\nthree".into(), "=1".into()];
        let bytes = table([row.clone()]);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!(&read[0], row[0]);
        assert_eq!(&read[1], "'=1");
        assert_eq!(FileFormat::parse("xlsx"), None);
    }
}
