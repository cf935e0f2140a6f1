//! Golden questions: what a workspace's answers are measured by.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::body::Json;
use super::super::now_ms;
use super::super::problem::{Problem, ProblemView};
use super::ask::checked;
use super::place::{self, Place};
use crate::agent::proof;
use crate::store::golden::{self, GoldenQuestion, NewGolden};
use crate::store::{Connection, DocumentId, GoldenId, ReceiptId, StoreError, WorkspaceId};
use crate::store::{documents, receipts};

/// Most questions of one import.
const MOST: usize = 2000;

/// The golden questions of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoldensView {
    questions: Vec<GoldenQuestion>,
}

/// A golden question to keep.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct GoldenRequest {
    /// What is asked; that of the receipt when absent.
    question: Option<String>,
    /// What is expected; worked out from the receipt when absent.
    expectation: Option<Value>,
    /// Id of the receipt of a real answer.
    receipt: Option<String>,
}

/// Golden questions in the form of a JSON-lines file.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ImportRequest {
    /// Each has `question` and the fields of an expectation.
    questions: Vec<Value>,
}

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedView {
    imported: usize,
    /// Left out because the same question with the same expectation is there.
    known: usize,
}

/// The golden questions, oldest first.
#[utoipa::path(get, path = "/api/golden", tag = "quality", operation_id = "listGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = GoldensView)))]
pub(super) async fn list(place: Place) -> Result<axum::Json<GoldensView>, Problem> {
    let workspace = place.id();
    let found = place
        .app
        .store
        .read(move |conn| golden::list(conn, workspace));
    Ok(axum::Json(GoldensView {
        questions: found.await?,
    }))
}

/// Keeps a golden question: a new one, or one from the receipt of a real answer.
#[utoipa::path(post, path = "/api/golden", tag = "quality", operation_id = "createGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = GoldenRequest,
    responses((status = 201, body = GoldenQuestion), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: Place,
    Json(request): Json<GoldenRequest>,
) -> Result<(StatusCode, axum::Json<GoldenQuestion>), Problem> {
    let workspace = place.id();
    if let Some(expectation) = &request.expectation {
        check(expectation)?;
    }
    let question = request
        .question
        .map(|q| checked("question", q))
        .transpose()?;
    let Some(receipt) = request.receipt else {
        let question = question
            .ok_or_else(|| Problem::invalid("question", "question or receipt must be there"))?;
        let expectation = request
            .expectation
            .ok_or_else(|| Problem::invalid("expectation", "expectation must be there"))?;
        let made = place.app.store.write(move |tx| {
            let new = NewGolden {
                question: &question,
                expectation: &expectation,
                receipt: None,
            };
            golden::insert(tx, workspace, &new, now_ms())
        });
        let made = made.await?.into_inner();
        return Ok((StatusCode::CREATED, axum::Json(made)));
    };
    let receipt = place::id::<ReceiptId>(&receipt, "receipt")?;
    let made = place.app.store.write(move |tx| {
        let from = from_receipt(tx, workspace, receipt)?;
        let new = NewGolden {
            question: question.as_deref().unwrap_or(&from.0),
            expectation: request.expectation.as_ref().unwrap_or(&from.1),
            receipt: Some(receipt),
        };
        golden::insert(tx, workspace, &new, now_ms())
    });
    let made = made.await?.into_inner();
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Keeps many golden questions at once; those that are there already are left out.
#[utoipa::path(post, path = "/api/golden/import", tag = "quality", operation_id = "importGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = ImportRequest,
    responses((status = 200, body = ImportedView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: Place,
    Json(request): Json<ImportRequest>,
) -> Result<axum::Json<ImportedView>, Problem> {
    let (imported, known) = take(&place.app, place.id(), request.questions).await?;
    Ok(axum::Json(ImportedView { imported, known }))
}

/// The golden questions as JSON lines, for a file or for `frontdesk eval`.
#[utoipa::path(get, path = "/api/golden/export", tag = "quality", operation_id = "exportGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "JSON lines", content_type = "application/x-ndjson")))]
pub(super) async fn export(place: Place) -> Result<Response, Problem> {
    let workspace = place.id();
    let found = place
        .app
        .store
        .read(move |conn| golden::list(conn, workspace));
    let lines: String = found.await?.into_iter().map(as_line).collect();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"golden.jsonl\""),
        ),
    ];
    Ok((headers, lines).into_response())
}

/// Changes a golden question.
#[utoipa::path(put, path = "/api/golden/{id}", tag = "quality", operation_id = "updateGolden",
    params(("id" = String, Path, description = "Id of the golden question"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = GoldenRequest,
    responses((status = 200, body = GoldenQuestion), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn update(
    place: Place,
    Path(id): Path<String>,
    Json(request): Json<GoldenRequest>,
) -> Result<axum::Json<GoldenQuestion>, Problem> {
    let (workspace, id) = (place.id(), place::id::<GoldenId>(&id, "golden question")?);
    if let Some(expectation) = &request.expectation {
        check(expectation)?;
    }
    let question = request
        .question
        .map(|q| checked("question", q))
        .transpose()?;
    let changed = place.app.store.write(move |tx| {
        let kept = golden::get(tx, workspace, id)?;
        let question = question.as_deref().unwrap_or(&kept.question);
        let expectation = request.expectation.as_ref().unwrap_or(&kept.expectation);
        golden::update(tx, &kept, question, expectation)?;
        golden::get(tx, workspace, id)
    });
    Ok(axum::Json(changed.await?.into_inner()))
}

/// Deletes a golden question.
#[utoipa::path(delete, path = "/api/golden/{id}", tag = "quality", operation_id = "deleteGolden",
    params(("id" = String, Path, description = "Id of the golden question"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is gone"), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: Place, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let (workspace, id) = (place.id(), place::id::<GoldenId>(&id, "golden question")?);
    let deleted = place.app.store.write(move |tx| {
        let kept = golden::get(tx, workspace, id)?;
        golden::delete(tx, &kept)
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Question and expectation of a real answer.
pub(in crate::http) fn from_receipt(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<(String, Value), StoreError> {
    let receipt = receipts::get(conn, workspace, receipt)?;
    let mut expectation = proof::expectation(&receipt);
    // A document is known by its file name: its title may change with the next version.
    let cited = receipt.passages.pointer("/cited/0/document");
    let id = cited.and_then(|id| id.as_str()?.parse::<DocumentId>().ok());
    if let Some(id) = id
        && let Ok(document) = documents::get(conn, workspace, id)
        && let Some(fields) = expectation.as_object_mut()
        && fields.contains_key("source")
    {
        fields.insert("source".into(), document.name.clone().into());
    }
    Ok((receipt.question.clone(), expectation))
}

/// Keeps golden questions in the form of a file; gives how many are new and how many were known.
pub(in crate::http) async fn take(
    app: &crate::app::App,
    workspace: WorkspaceId,
    questions: Vec<Value>,
) -> Result<(usize, usize), Problem> {
    if questions.len() > MOST {
        let detail = format!("an import may have at most {MOST} questions; send it in parts");
        return Err(Problem::invalid("questions", detail));
    }
    let mut taken = Vec::with_capacity(questions.len());
    for (at, question) in questions.into_iter().enumerate() {
        let param = format!("questions[{at}]");
        let split = split(question).map_err(|mut problem| {
            problem.detail = format!("question {}: {}", at + 1, problem.detail);
            problem.with_param(&param)
        });
        taken.push(split?);
    }
    let kept = app.store.write(move |tx| {
        let known = golden::list(tx, workspace)?;
        let mut imported = 0;
        let all = taken.len();
        for (question, expectation) in taken {
            let there = |k: &GoldenQuestion| k.question == question && k.expectation == expectation;
            if known.iter().any(there) {
                continue;
            }
            let new = NewGolden {
                question: &question,
                expectation: &expectation,
                receipt: None,
            };
            golden::insert(tx, workspace, &new, now_ms())?;
            imported += 1;
        }
        Ok((imported, all - imported))
    });
    Ok(kept.await?)
}

/// A line of a file as question and expectation.
fn split(line: Value) -> Result<(String, Value), Problem> {
    let Value::Object(mut fields) = line else {
        return Err(Problem::invalid("questions", "it must be a JSON object"));
    };
    let question = match fields.shift_remove("question") {
        Some(Value::String(question)) => checked("question", question)?,
        _ => return Err(Problem::invalid("question", "question must be a text")),
    };
    fields.shift_remove("id");
    let expectation = Value::Object(fields);
    check(&expectation)?;
    Ok((question, expectation))
}

/// A golden question as a line of a file.
fn as_line(golden: GoldenQuestion) -> String {
    let mut line = Map::new();
    line.insert("id".into(), golden.id.to_string().into());
    line.insert("question".into(), golden.question.into());
    if let Value::Object(fields) = golden.expectation {
        line.extend(fields.into_iter().filter(|(name, _)| name != "id"));
    }
    format!("{}\n", Value::Object(line))
}

/// Refuses an expectation that nothing can be graded by.
pub(in crate::http) fn check(expectation: &Value) -> Result<(), Problem> {
    let wrong = |detail: &str| Err(Problem::invalid("expectation", detail));
    let Some(fields) = expectation.as_object() else {
        return wrong("expectation must be a JSON object");
    };
    if fields.get("answerable").is_some_and(|v| !v.is_boolean()) {
        return wrong("answerable must be true or false");
    }
    let texts = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|list| list.iter().all(Value::is_string))
    };
    for name in ["answers", "must_not"] {
        if fields.get(name).is_some_and(|value| !texts(value)) {
            return wrong(&format!("{name} must be a list of texts"));
        }
    }
    let lists = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|list| list.iter().all(texts))
    };
    if fields.get("must").is_some_and(|value| !lists(value)) {
        return wrong("`must` has to be a list of lists of texts: of each list, one must be said");
    }
    Ok(())
}
