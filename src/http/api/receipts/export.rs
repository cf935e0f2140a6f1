//! Receipts as a file.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::query::ReceiptQuery;
use super::view::{ReceiptView, titles};
use crate::http::api::place::ApiPlace;
use crate::http::listing::ListQuery;
use crate::http::listing::file::{self, FileFormat, FileList};
use crate::http::problem::{Problem, ProblemView};
use crate::store::receipts::{Listed, ReceiptFilter};
use crate::store::{Connection, StoreError, WorkspaceId};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExportQuery {
    /// `jsonl` or `csv`; `jsonl` when absent.
    format: Option<String>,
}

/// Receipts as a file, newest first; the filters are those of the list.
#[utoipa::path(get, path = "/api/v1/receipts/export", tag = "answers", operation_id = "exportReceipts",
    params(ExportQuery, ReceiptQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(in crate::http::api) async fn download(
    place: ApiPlace,
    Query(export): Query<ExportQuery>,
    Query(query): Query<ReceiptQuery>,
) -> Result<Response, Problem> {
    let format = FileFormat::parse_or_default(export.format.as_deref())?;
    let workspace = place.member.need(ReceiptQuery::SCOPES)?;
    let store = place.app.store.clone();
    Ok(file::respond(store, workspace, query.filter()?, format))
}

impl FileList for ReceiptFilter {
    const NAME: &'static str = "receipts";
    const AT_ONCE: u32 = 200;
    const HEADS: &'static [&'static str] = &[
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

    type Line = ReceiptView;

    fn cells(row: Listed) -> Vec<String> {
        let receipt = &row.receipt;
        let time = jiff::Timestamp::from_millisecond(receipt.created_at).unwrap_or_default();
        let cited = receipt.passages.get("cited").and_then(Value::as_array);
        let quotes: Vec<&str> = cited
            .into_iter()
            .flatten()
            .filter_map(|raw| raw.get("quote")?.as_str())
            .collect();
        let total = receipt.timings.get("total").and_then(Value::as_u64);
        vec![
            time.to_string(),
            receipt.id.to_string(),
            receipt.question.clone(),
            receipt.rung.clone(),
            receipt.answer.clone(),
            titles(&receipt.passages).join("; "),
            quotes.join(" | "),
            match row.rating {
                Some(1) => "good".to_owned(),
                Some(_) => "bad".to_owned(),
                None => String::new(),
            },
            row.comment.clone(),
            receipt.model.clone().unwrap_or_default(),
            total.map(|ms| ms.to_string()).unwrap_or_default(),
            receipt
                .conversation
                .map(|id| id.to_string())
                .unwrap_or_default(),
        ]
    }

    fn line(_: &Connection, _: WorkspaceId, row: Listed) -> Result<ReceiptView, StoreError> {
        Ok(ReceiptView::of(row))
    }
}
