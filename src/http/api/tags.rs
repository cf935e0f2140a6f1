//! Tags of documents, web sources and approved answers, by which assistants choose their knowledge.

use std::collections::BTreeMap;

use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::store::tags::Tagged;

/// What has tags, or could.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentTagList {
    /// Every tag in use, with how many things have it.
    tags: BTreeMap<String, usize>,
    tagged: Vec<TaggedView>,
}

/// Something with its tags.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaggedView {
    /// `source`, `document` or `faq`.
    kind: &'static str,
    id: String,
    /// Address, file name or question.
    name: String,
    tags: Vec<String>,
}

/// Tags to set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TagChange {
    /// They take the place of those before.
    tags: Vec<String>,
}

/// Tags in use, and what has them or could. Pages of a website have the tags of their source.
#[utoipa::path(get, path = "/api/v1/tags", tag = "documents", operation_id = "listDocumentTags",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DocumentTagList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<DocumentTagList>, Problem> {
    let knowledge = &place.app.knowledge;
    let tagged = knowledge.tagged(&place.member).await?.into_iter();
    Ok(axum::Json(DocumentTagList {
        tags: knowledge.count_tags(&place.member).await?,
        tagged: tagged
            .map(|one| TaggedView {
                kind: one.kind.as_str(),
                id: one.id,
                name: one.name,
                tags: one.tags,
            })
            .collect(),
    }))
}

/// Replaces the tags of a document, a source or an approved answer; from the next question on.
#[utoipa::path(put, path = "/api/v1/tags/{kind}/{id}", tag = "documents", operation_id = "setTags",
    params(("kind" = String, Path, description = "`document`, `source` or `faq`"),
           ("id" = String, Path, description = "Its id"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = TagChange,
    responses((status = 200, body = TagChange), (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Path((kind, id)): Path<(String, String)>,
    Json(change): Json<TagChange>,
) -> Result<axum::Json<TagChange>, Problem> {
    let kind = Tagged::parse(&kind).ok_or_else(|| Problem::not_found("kind of knowledge"))?;
    let set = place
        .app
        .knowledge
        .set_tags(&place.member, kind, &id, &change.tags);
    Ok(axum::Json(TagChange { tags: set.await? }))
}
