//! `POST /api/v1/search`: the passages of documents that fit a question, as the assistant finds them. Nothing is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::check_text;
use super::place::ApiPlace;
use crate::app::App;
use crate::http::auth::{Member, OfCredential, OfPrincipal, Scope};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::{Audience, Passage, SearchOptions};
use crate::llm::{Claim, Priority};

/// Who may search: whoever may ask, and whoever reads the documents anyway.
pub(in crate::http) const SCOPES: &[Scope] = &[Scope::Chat, Scope::Documents];

/// Passages without `limit`, and the most.
const USUAL: usize = 10;
const MOST: usize = 50;

/// What is sought.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchRequest {
    /// A question, or words.
    query: String,
    /// Most passages, 1 to 50; 10 when absent.
    limit: Option<usize>,
    /// `staff` searches all documents and needs the scope `documents`; `visitors` leaves out those for staff only. All that
    /// the caller may read when absent.
    view: Option<String>,
}

/// Passages that fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResult {
    /// What was sought.
    query: String,
    /// Whose documents were searched: `staff` or `visitors`.
    view: &'static str,
    /// Whether passages were found by their meaning too, and not by their words alone, as while the search model is away.
    by_meaning: bool,
    /// Best first.
    passages: Vec<PassageView>,
}

/// A passage of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassageView {
    /// Id of the document.
    document: String,
    /// Id of the document's version that has the passage.
    version: String,
    /// Title of the document.
    title: String,
    /// Headings above the passage, outermost first.
    headings: Vec<String>,
    /// Page that it begins on, from 1, where the format has pages.
    page: Option<u32>,
    text: String,
    /// Byte range of the passage in the version's text, as `/documents/{id}/text` gives it.
    #[schema(value_type = Vec<usize>)]
    span: [usize; 2],
    /// How well it fits, 0 to 1: by its meaning or its words, whichever is better.
    score: f32,
    /// What the order is made by, higher first; only comparable within one search.
    rank: f32,
    /// The date that the document gives for itself, in Unix milliseconds.
    dated_at: Option<i64>,
}

impl From<Passage> for PassageView {
    fn from(passage: Passage) -> Self {
        Self {
            score: passage.score(),
            document: passage.document.to_string(),
            version: passage.version.to_string(),
            title: passage.title,
            headings: passage.heading_path,
            page: passage.page,
            text: passage.text,
            span: passage.span,
            rank: passage.rank_score,
            dated_at: passage.dated_at,
        }
    }
}

/// Finds the passages of documents that fit a question.
#[utoipa::path(post, path = "/api/v1/search", tag = "answers", operation_id = "search",
    request_body = SearchRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SearchResult), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<SearchRequest>,
) -> Result<axum::Json<SearchResult>, Problem> {
    Ok(axum::Json(find(&place.app, &place.member, request).await?))
}

/// Searches the documents of a member's workspace.
///
/// # Errors
/// 400 for a request that makes no sense; 403 for the documents of staff without the scope `documents`.
pub(in crate::http) async fn find(
    app: &App,
    by: &Member,
    request: SearchRequest,
) -> Result<SearchResult, Problem> {
    let workspace = by.need(SCOPES)?;
    let query = check_text("query", request.query)?;
    let limit = request.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid(
            "limit",
            format!("limit must be 1 to {MOST}"),
        ));
    }
    let audience = read_view(by, request.view.as_deref())?;
    let options = SearchOptions {
        limit,
        audience,
        claim: Claim::new(Priority::Chat, by.principal().credential().flow(workspace)),
        ..SearchOptions::default()
    };
    let search = app.knowledge.search();
    let found = search.find_with(workspace, &query, &options).await?;
    Ok(SearchResult {
        query: found.query,
        view: match audience {
            Audience::Staff => "staff",
            Audience::Visitors => "visitors",
        },
        by_meaning: found.vector.is_some(),
        passages: found.passages.into_iter().map(PassageView::from).collect(),
    })
}

fn read_view(by: &Member, view: Option<&str>) -> Result<Audience, Problem> {
    match view {
        None => Ok(by.principal().audience()),
        Some("visitors") => Ok(Audience::Visitors),
        Some("staff") => {
            by.need(&[Scope::Documents])?;
            Ok(Audience::Staff)
        }
        Some(_) => Err(Problem::invalid("view", "view is staff or visitors")),
    }
}
