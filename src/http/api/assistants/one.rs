//! One assistant: its draft, what goes live, its versions, its file.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::detail;
use super::view::{AssistantDetail, AssistantDiff, AssistantVersionView, parse_number};
use crate::agent::Answer;
use crate::app::assistants::{self, FileKind};
use crate::eval::gate::Proposed;
use crate::http::api::ask::{Earlier, parse_history};
use crate::http::api::check_text;
use crate::http::api::place::ApiPlace;
use crate::http::auth::OfCredential;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::llm::{Claim, Priority};
use crate::store::assistants::versions::DRAFT;

/// Changes of a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistantChanges {
    /// Each field takes the place of the one before, `null` makes it inherited again, and what is absent stays.
    #[serde(default)]
    #[schema(value_type = Object)]
    said: Map<String, Value>,
    /// A remark about the version.
    note: Option<String>,
}

/// A draft to publish.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AssistantPublish {
    /// A remark about the version, in place of the draft's.
    note: Option<String>,
}

/// What became of a draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantPublished {
    /// Whether it waits at the gate; else it is live.
    waits: bool,
    /// Number of the version that is live.
    version: u32,
}

/// A version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AssistantRollBack {
    version: u32,
}

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AssistantTry {
    question: String,
    /// Earlier turns, oldest first.
    #[serde(default)]
    history: Vec<Earlier>,
}

/// Versions of an assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantVersions {
    /// The draft first, then the newest.
    versions: Vec<AssistantVersionView>,
    /// How many conversations each version answered last.
    conversations: Vec<AssistantShare>,
}

/// Conversations of a version.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantShare {
    version: u32,
    conversations: u64,
}

/// A key for web pages.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantSiteKey {
    site_key: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffQuery {
    /// A number or `draft`; what is live when absent.
    from: Option<String>,
    /// A number or `draft`; the draft when absent.
    to: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// A number or `draft`; what is live when absent.
    version: Option<String>,
    /// `toml` (when absent) or `json`.
    format: Option<String>,
}

/// Changes the draft, or begins one from what is live.
#[utoipa::path(patch, path = "/api/v1/assistants/{name}/draft", tag = "assistants", operation_id = "changeAssistantDraft",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantChanges,
    responses((status = 200, body = AssistantDetail), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantChanges>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let (app, by, note) = (&place.app, &place.member, request.note.as_deref());
    let saved = assistants::save_draft(app, by, &name, request.said, note, now_ms()).await?;
    detail(&place, saved).await
}

/// Throws the draft away.
#[utoipa::path(delete, path = "/api/v1/assistants/{name}/draft", tag = "assistants", operation_id = "discardAssistantDraft",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantDetail), (status = 404, body = ProblemView<'_>),
              (status = 409, description = "Nothing was published yet", body = ProblemView<'_>)))]
pub(super) async fn discard(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let left = assistants::discard(&place.app, &place.member, &name).await?;
    detail(&place, left).await
}

/// Makes the draft what visitors get; with the gate on, it waits there. What it names has to be there.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/publish", tag = "assistants", operation_id = "publishAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantPublish,
    responses((status = 200, body = AssistantPublished), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn publish(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantPublish>,
) -> Result<axum::Json<AssistantPublished>, Problem> {
    let (app, by, note) = (&place.app, &place.member, request.note.as_deref());
    let (done, found) = assistants::publish(app, by, &name, note).await?;
    Ok(axum::Json(AssistantPublished {
        waits: done == Proposed::Waits,
        version: found.assistant.version,
    }))
}

/// What the draft would answer a visitor, or what is live without a draft. Nothing of it is kept.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/try", tag = "assistants", operation_id = "tryAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantTry,
    responses((status = 200, description = "The answer with its citations", body = Object),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn try_out(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantTry>,
) -> Result<axum::Json<Answer>, Problem> {
    let question = check_text("question", request.question)?;
    let history = parse_history(request.history)?;
    let flow = place.principal().credential().flow(place.id());
    let claim = Claim::new(Priority::Chat, flow);
    let (app, by) = (&place.app, &place.member);
    let answer = assistants::try_out(app, by, &name, question, history, claim).await?;
    Ok(axum::Json(answer))
}

/// The versions of an assistant, and how many conversations each answered.
#[utoipa::path(get, path = "/api/v1/assistants/{name}/versions", tag = "assistants", operation_id = "listAssistantVersions",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantVersions), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn versions(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<AssistantVersions>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let found = assistants::get(store, by, &name).await?;
    let counts = assistants::count_conversations(store, by, &name).await?;
    let shares = counts
        .into_iter()
        .map(|(version, conversations)| AssistantShare {
            version,
            conversations,
        });
    Ok(axum::Json(AssistantVersions {
        versions: found
            .versions
            .iter()
            .map(AssistantVersionView::from)
            .collect(),
        conversations: shares.collect(),
    }))
}

/// What two versions say differently, field by field, in words.
#[utoipa::path(get, path = "/api/v1/assistants/{name}/diff", tag = "assistants", operation_id = "compareAssistantVersions",
    params(("name" = String, Path, description = "Short name of the assistant"), DiffQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantDiff), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn compare(
    place: ApiPlace,
    Path(name): Path<String>,
    Query(query): Query<DiffQuery>,
) -> Result<axum::Json<AssistantDiff>, Problem> {
    let found = assistants::get(&place.app.store, &place.member, &name).await?;
    let from = query.from.as_deref().map(parse_number).transpose()?;
    let from = from.unwrap_or(found.assistant.version);
    let to = query.to.as_deref().map(parse_number).transpose()?;
    let to = to.unwrap_or(DRAFT);
    let differences = assistants::compare(&found.body_of(from)?, &found.body_of(to)?);
    Ok(axum::Json(AssistantDiff {
        from,
        to,
        differences: differences.into_iter().map(Into::into).collect(),
    }))
}

/// Makes what an earlier version says live again, at once, as a version of its own.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/rollback", tag = "assistants", operation_id = "rollBackAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantRollBack,
    responses((status = 200, body = AssistantDetail), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn roll_back(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantRollBack>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let (app, by) = (&place.app, &place.member);
    let back = assistants::roll_back(app, by, &name, request.version, now_ms()).await?;
    detail(&place, back).await
}

/// A version as one file, without any secret.
#[utoipa::path(get, path = "/api/v1/assistants/{name}/export", tag = "assistants", operation_id = "exportAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"), ExportQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/toml", body = String),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Path(name): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let found = assistants::get(&place.app.store, &place.member, &name).await?;
    let number = query.version.as_deref().map(parse_number).transpose()?;
    let number = number.unwrap_or(found.assistant.version);
    let kind = match query.format.as_deref() {
        None | Some("toml") => FileKind::Toml,
        Some("json") => FileKind::Json,
        Some(_) => return Err(Problem::invalid("format", "the format is `toml` or `json`")),
    };
    file(&found.assistant.name, &found.body_of(number)?, kind)
}

/// A version as a download.
pub(in crate::http) fn file(
    name: &str,
    body: &crate::store::assistants::Body,
    kind: FileKind,
) -> Result<Response, Problem> {
    let text = assistants::export(name, body, kind)?;
    let (media, ending) = match kind {
        FileKind::Toml => ("application/toml", "toml"),
        FileKind::Json => ("application/json", "json"),
    };
    // Short names are plain, so the header is always valid.
    let saved = format!("attachment; filename=\"{name}.{ending}\"");
    let saved = HeaderValue::try_from(saved).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_DISPOSITION, saved),
    ];
    Ok((headers, text).into_response())
}

/// Makes a key for web pages that name this assistant; one that it had ends at once.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/site-key", tag = "assistants", operation_id = "renewAssistantSiteKey",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantSiteKey), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn renew_key(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<AssistantSiteKey>, Problem> {
    let made = assistants::renew_site_key(&place.app.store, &place.member, &name).await?;
    Ok(axum::Json(AssistantSiteKey { site_key: made }))
}
