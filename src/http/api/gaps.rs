//! Gaps: questions that got no good answer, in groups of similar ones.

use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::{Cluster, GapQuestion};
use crate::store::FaqId;
use crate::store::gaps::GapState;

/// Questions that are listed per group.
const EXAMPLES: usize = 50;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct GapsQuery {
    /// `open`, `answered` or `dismissed`; `open` when absent.
    state: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct WithAnswer {
    /// Id of the question-and-answer pair that was written.
    #[param(value_type = Option<String>)]
    faq: Option<FaqId>,
}

/// Groups of gaps, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapsView {
    /// The groups.
    pub gaps: Vec<GapView>,
}

/// Questions without a good answer that are alike.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapView {
    /// Id of the receipt of the question that represents the group; also the id of the group.
    pub id: String,
    /// That question.
    pub question: String,
    /// How often it was asked.
    pub count: usize,
    /// How many of these got an answer that was rated bad.
    pub rated_bad: usize,
    /// When it was last asked, Unix milliseconds.
    pub last_at: i64,
    /// The questions, newest first; the latest 50.
    pub examples: Vec<AskedView>,
}

/// A question that got no good answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedView {
    /// Id of the receipt of its answer.
    pub receipt: String,
    /// The question.
    pub question: String,
    /// Whether it got an answer that was rated bad.
    pub rated_bad: bool,
    /// Unix milliseconds.
    pub at: i64,
}

impl From<GapQuestion> for AskedView {
    fn from(asked: GapQuestion) -> Self {
        Self {
            receipt: asked.receipt.to_string(),
            question: asked.question,
            rated_bad: asked.rated_bad,
            at: asked.at,
        }
    }
}

impl From<Cluster> for GapView {
    fn from(cluster: Cluster) -> Self {
        Self {
            id: cluster.representative.receipt.to_string(),
            count: cluster.members.len(),
            rated_bad: cluster.members.iter().filter(|m| m.rated_bad).count(),
            last_at: cluster.last_at(),
            question: cluster.representative.question,
            examples: cluster
                .members
                .into_iter()
                .take(EXAMPLES)
                .map(AskedView::from)
                .collect(),
        }
    }
}

/// The receipts whose gaps were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettledView {
    receipts: Vec<String>,
}

/// Questions that got no good answer, in groups of similar ones, the most frequent first.
#[utoipa::path(get, path = "/api/v1/gaps", tag = "answers", operation_id = "listGaps",
    params(GapsQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = GapsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<GapsQuery>,
) -> Result<axum::Json<GapsView>, Problem> {
    let state = query.state.as_deref().unwrap_or(GapState::Open.as_str());
    let state = GapState::parse(state)
        .ok_or_else(|| Problem::invalid("state", "state must be open, answered or dismissed"))?;
    let found = place
        .app
        .knowledge
        .gaps()
        .list(&place.member, state)
        .await?;
    Ok(axum::Json(view(found)))
}

pub fn view(groups: Vec<Cluster>) -> GapsView {
    GapsView {
        gaps: groups.into_iter().map(GapView::from).collect(),
    }
}

/// Dismisses the whole group of this question.
#[utoipa::path(post, path = "/api/v1/gaps/{id}/dismiss", tag = "answers", operation_id = "dismissGap",
    params(("id" = String, Path, description = "Id of any receipt of the group"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SettledView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn dismiss(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<SettledView>, Problem> {
    settle(place, &id, GapState::Open, GapState::Dismissed, None).await
}

/// Reopens a group that was dismissed.
#[utoipa::path(post, path = "/api/v1/gaps/{id}/reopen", tag = "answers", operation_id = "reopenGap",
    params(("id" = String, Path, description = "Id of any receipt of the group"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SettledView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn reopen(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<SettledView>, Problem> {
    settle(place, &id, GapState::Dismissed, GapState::Open, None).await
}

/// Says that an answer was written for the whole group of this question.
#[utoipa::path(post, path = "/api/v1/gaps/{id}/answered", tag = "answers", operation_id = "answeredGap",
    params(("id" = String, Path, description = "Id of any receipt of the group"), WithAnswer,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SettledView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn answered(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(with): Query<WithAnswer>,
) -> Result<axum::Json<SettledView>, Problem> {
    settle(place, &id, GapState::Open, GapState::Answered, with.faq).await
}

async fn settle(
    place: ApiPlace,
    id: &str,
    from: GapState,
    to: GapState,
    faq: Option<FaqId>,
) -> Result<axum::Json<SettledView>, Problem> {
    let (by, id) = (&place.member, place::parse_id(id, "gap")?);
    let gaps = place.app.knowledge.gaps();
    let settled = gaps.settle(by, id, from, to, faq).await?;
    Ok(axum::Json(SettledView {
        receipts: settled.iter().map(ToString::to_string).collect(),
    }))
}
