//! `POST /api/v1/documents`: several files in one form, each kept or refused on its own.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::App;
use crate::http::multipart;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::Received;
use crate::store::WorkspaceId;

/// Per request.
const MOST_FILES: usize = 100;
/// A request may be this many times as large as one file.
const FILES_AT_FULL_SIZE: u64 = 16;
/// In characters.
const LONGEST_NAME: usize = 200;

/// The form, as the OpenAPI document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct UploadForm {
    /// One or more files.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
}

/// What became of every file.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadReport {
    /// In the order of the form; an archive stands for the files in it.
    files: Vec<UploadedFile>,
}

/// What became of one file: either the first three fields or `error`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct UploadedFile {
    /// The file's name.
    name: String,
    /// Id of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// Number of the version, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// The newest version had the same content already.
    #[serde(skip_serializing_if = "Option::is_none")]
    unchanged: Option<bool>,
    /// Why it was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    error: Option<ErrorOfFile>,
}

#[derive(Debug, Serialize)]
struct ErrorOfFile {
    status: u16,
    code: &'static str,
    detail: String,
}

/// Stores files as documents: a new one, or a new version of the one with the same name. Each file in a
/// ZIP archive becomes a document of its own, named `archive.zip/folder/file.pdf`. They are durable when
/// this returns, and searched once they are read (see the events).
#[utoipa::path(post, path = "/api/v1/documents", tag = "documents", operation_id = "uploadDocuments",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "All were kept", body = UploadReport),
              (status = 207, description = "Some were not", body = UploadReport),
              (status = 413, description = "The only file is too large", body = ProblemView<'_>)))]
pub(super) async fn create(place: ApiPlace, request: Request) -> Result<Response, Problem> {
    build_report(take(&place.app, place.id(), request).await?)
}

/// Stores the files of a form; each has its own outcome.
///
/// # Errors
/// When the form cannot be read, or holds too many files.
pub(in crate::http) async fn take(
    app: &App,
    workspace: WorkspaceId,
    request: Request,
) -> Result<Vec<Outcome>, Problem> {
    let limit = app.config.upload_max_bytes;
    let most = limit.saturating_mul(FILES_AT_FULL_SIZE);
    let mut form = multipart::open(request, most).await?;
    let (mut files, mut outcomes) = (0, Vec::new());
    while let Some(mut field) = multipart::next(&mut form).await? {
        let Some(name) = field.file_name().map(base_name) else {
            continue;
        };
        if files == MOST_FILES {
            return Err(Problem::invalid("file", "send at most 100 files at a time"));
        }
        files += 1;
        match multipart::collect(&mut field, limit).await? {
            Ok(bytes) => outcomes.extend(keep(app, workspace, &name, bytes).await),
            Err(problem) => outcomes.push((name, Err(problem))),
        }
    }
    Ok(outcomes)
}

/// File name, and what became of the file.
pub(in crate::http) type Outcome = (String, Result<UploadedFile, Problem>);

/// Stores one file, or each file in an archive.
async fn keep(app: &App, workspace: WorkspaceId, name: &str, bytes: Bytes) -> Vec<Outcome> {
    let refused = |detail| {
        let problem = Problem::invalid("file", detail);
        vec![(name.to_owned(), Err(problem))]
    };
    if name.is_empty() {
        return refused("the file has no name; give it one");
    }
    if bytes.is_empty() {
        return refused("the file is empty");
    }
    let documents = app.knowledge.documents();
    let received = documents.receive(workspace, name.to_owned(), bytes).await;
    match received {
        Err(error) => vec![(name.to_owned(), Err(error.into()))],
        Ok(documents) => documents
            .into_iter()
            .map(|Received { name, outcome }| {
                let outcome = outcome.map(|submitted| UploadedFile {
                    name: name.clone(),
                    document: Some(submitted.document.to_string()),
                    version: Some(submitted.version),
                    unchanged: Some(submitted.unchanged),
                    error: None,
                });
                (name, outcome.map_err(Problem::from))
            })
            .collect(),
    }
}

/// A single file that failed becomes an error response; otherwise each file has its own outcome.
fn build_report(mut outcomes: Vec<Outcome>) -> Result<Response, Problem> {
    if outcomes.is_empty() {
        return Err(Problem::invalid("file", "the form holds no file"));
    }
    if outcomes.len() == 1
        && let Some((_, Err(problem))) = outcomes.pop_if(|(_, outcome)| outcome.is_err())
    {
        return Err(problem);
    }
    let all_kept = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    let files = outcomes.into_iter().map(|(name, outcome)| match outcome {
        Ok(file) => file,
        Err(problem) => view_refused(name, &problem),
    });
    let status = if all_kept {
        StatusCode::OK
    } else {
        StatusCode::MULTI_STATUS
    };
    Ok((
        status,
        axum::Json(UploadReport {
            files: files.collect(),
        }),
    )
        .into_response())
}

fn view_refused(name: String, problem: &Problem) -> UploadedFile {
    let error = ErrorOfFile {
        status: problem.status.as_u16(),
        code: problem.code,
        detail: problem.detail.clone(),
    };
    UploadedFile {
        name,
        document: None,
        version: None,
        unchanged: None,
        error: Some(error),
    }
}

/// The last component of a client's file name, without control characters. Folders are the client's
/// business. Empty for names like `..`.
fn base_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    let clean = clean.trim();
    if clean.chars().all(|c| c == '.') {
        String::new()
    } else {
        clean.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_folders() {
        assert_eq!(base_name("prices.csv"), "prices.csv");
        assert_eq!(base_name("../../etc/passwd"), "passwd");
        assert_eq!(base_name("C:\\Users\\ann\\menu.docx"), "menu.docx");
        assert_eq!(base_name("a\u{0}b\r\n.txt"), "ab.txt");
        assert_eq!(base_name(".."), "");
        assert_eq!(base_name("dir/"), "");
    }
}
