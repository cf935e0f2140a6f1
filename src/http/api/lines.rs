//! Lines that text recognition was not sure of: list, picture, decide.

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::{LineDecision, LinesToCheck};
use crate::store::SeenLineId;
use crate::store::seen::SeenLine;

/// Lines that were not recognised for sure. No visitor gets a line before somebody has confirmed or corrected it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineList {
    /// Id of the version that they are of; `null` if the document was never read.
    version: Option<String>,
    /// How many wait for a decision.
    left: usize,
    /// By page and place.
    lines: Vec<LineView>,
}

/// A line of text in a picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    /// Another one after each reading of the document.
    id: String,
    /// From 1.
    page: u32,
    /// Position on the page, from 0.
    line: u32,
    /// As it was recognised.
    text: String,
    /// How sure the recognition is, from 0 to 1.
    confidence: f64,
    /// Left, top, right and bottom as fractions of the page's width and height.
    place: [f64; 4],
    /// `doubtful`, `confirmed`, `corrected` or `left_out`.
    state: &'static str,
    /// The owner's words, if it was corrected.
    corrected: Option<String>,
    /// Address of its picture.
    picture: String,
}

/// What somebody says to lines.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LineRequest {
    /// Ids of the lines. Of several, those that were decided on before stay as they are.
    lines: Vec<String>,
    /// `confirm`, `correct`, `leave_out` or `undo`.
    decision: String,
    /// What the line says; only for `correct`.
    text: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LineQuery {
    /// Position of the line on its page, from 0.
    #[param(value_type = u32)]
    line: Option<String>,
}

/// The address of a line's picture.
pub(in crate::http) fn picture_address(document: &str, line: &SeenLine) -> String {
    let (page, line) = (line.page, line.line);
    format!("/api/v1/documents/{document}/pages/{page}/picture?line={line}")
}

/// Reads a decision by its name.
pub(in crate::http) fn decision(name: &str, text: Option<String>) -> Result<LineDecision, Problem> {
    let wrong = "decision must be `confirm`, `correct`, `leave_out` or `undo`";
    Ok(match (name, text) {
        ("confirm", _) => LineDecision::Confirm,
        ("correct", Some(text)) => LineDecision::Correct(text),
        ("correct", None) => {
            return Err(Problem::invalid("text", "write what the line says"));
        }
        ("leave_out", _) => LineDecision::LeaveOut,
        ("undo", _) => LineDecision::Undo,
        _ => return Err(Problem::invalid("decision", wrong)),
    })
}

fn view(document: &str, found: LinesToCheck) -> axum::Json<LineList> {
    let left = found.left();
    let lines = found.lines.into_iter().map(|line| LineView {
        id: line.id.to_string(),
        page: line.page,
        line: line.line,
        confidence: line.confidence,
        place: line.place,
        state: line.state.as_str(),
        picture: picture_address(document, &line),
        text: line.text,
        corrected: line.corrected,
    });
    axum::Json(LineList {
        version: found.version.map(|version| version.id.to_string()),
        left,
        lines: lines.collect(),
    })
}

/// The lines of a document that were not recognised for sure, with what was said to them.
#[utoipa::path(get, path = "/api/v1/documents/{id}/lines", tag = "documents", operation_id = "listLines",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LineList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<LineList>, Problem> {
    let of = place::parse_id(&id, "document")?;
    let documents = place.app.knowledge.documents();
    let found = documents.lines_to_check(&place.member, of).await?;
    Ok(view(&id, found))
}

/// Confirms lines, corrects one, leaves them out or takes that back. Answers quote them accordingly when this returns.
#[utoipa::path(post, path = "/api/v1/documents/{id}/lines", tag = "documents", operation_id = "decideLines",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = LineRequest,
    responses((status = 200, body = LineList), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>),
              (status = 409, description = "A line is gone, or was decided on in another way", body = ProblemView<'_>)))]
pub(super) async fn decide(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<LineRequest>,
) -> Result<axum::Json<LineList>, Problem> {
    let of = place::parse_id(&id, "document")?;
    let decision = decision(&request.decision, request.text)?;
    let lines = request.lines.iter();
    let lines = lines.map(|id| place::parse_id::<SeenLineId>(id, "line"));
    let lines = lines.collect::<Result<_, _>>()?;
    let documents = place.app.knowledge.documents();
    let decided = documents.decide_lines(&place.member, of, lines, decision);
    Ok(view(&id, decided.await?))
}

/// The picture of a line with what stands around it, cut out of its page.
#[utoipa::path(get, path = "/api/v1/documents/{id}/pages/{page}/picture", tag = "documents",
    operation_id = "getLinePicture",
    params(("id" = String, Path, description = "Id of the document"),
           ("page" = u32, Path, description = "Number of the page, from 1"), LineQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "image/png", body = Vec<u8>),
              (status = 304, description = "It is the one that the caller has"),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn picture(
    place: ApiPlace,
    Path((id, page)): Path<(String, String)>,
    Query(query): Query<LineQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, page) = (
        place::parse_id(&id, "document")?,
        place::parse_id(&page, "page")?,
    );
    let line = query.line.and_then(|line| line.parse().ok());
    let line = line.ok_or_else(|| {
        Problem::invalid(
            "line",
            "line must be the position of a line on its page, from 0",
        )
    })?;
    let documents = place.app.knowledge.documents();
    let found = documents.line_picture(&place.member, id, page, line);
    let found = found.await?;
    let tag = format!("\"{}\"", found.line);
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let tag = HeaderValue::from_str(&tag).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::ETAG, tag),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        ),
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok(match known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, found.png).into_response(),
    })
}
