//! Providers: services that a workspace may use beside the local engines, when it uses them, and a test call.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::egress::Secret;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::providers::{self, NewProvider, Tried, UseChange, UseView};
use crate::store::ProviderId;
use crate::store::providers::{
    Mode, Provider, ProviderBudget, ProviderKind, ProviderModels, ProviderPrices, Redaction, Spend,
    Use, Wanted,
};

/// The providers of a workspace, and when it uses them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderList {
    /// By name.
    providers: Vec<ProviderView>,
    /// Every purpose.
    uses: Vec<ProviderUseView>,
    /// The month that spending is counted in, such as `2026-12`.
    month: String,
    /// Whether the machine is sealed, so that no provider is reached.
    sealed: bool,
}

/// A provider, without its key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderView {
    id: String,
    /// `openai` (and whatever speaks like it), `anthropic`, `gemini` or `deepgram`.
    kind: &'static str,
    name: String,
    /// Base address, such as `https://api.openai.com/v1`.
    url: String,
    /// Whether a key is kept for it. It is never shown.
    has_key: bool,
    /// Whether it is a machine of the owner's own.
    own: bool,
    /// Where it computes, in the owner's words.
    region: String,
    models: ProviderModels,
    /// Kinds of data that it may get: `public`, `business`, `customer`.
    classes: Vec<String>,
    redaction: Redaction,
    budget: ProviderBudget,
    prices: ProviderPrices,
    active: bool,
    /// What was used of it in this month.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent: Option<ProviderSpendView>,
    /// What it would get and be asked to keep, by purpose.
    promises: Vec<PromiseView>,
    /// Unix milliseconds.
    created_at: i64,
}

/// What was used of a provider in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderSpendView {
    requests: u64,
    tokens: u64,
    /// Millionths of the currency of the prices.
    micro: u64,
}

/// What one purpose would send, and what is asked to be kept of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromiseView {
    /// `chat`, `transcribe` or `speak`.
    purpose: &'static str,
    gets: &'static str,
    keeps: &'static str,
}

/// When a provider is used for one purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderUseView {
    /// `chat`, `transcribe` or `speak`.
    purpose: &'static str,
    /// `local`, `overflow` or `provider`.
    mode: &'static str,
    /// For `overflow`: how long work may wait on this machine.
    wait_seconds: u64,
    /// Id of the provider; absent if the purpose stays on this machine.
    provider: Option<String>,
    /// Whether answers name the provider for people; receipts always do.
    tell: bool,
}

/// A provider to set up, or what it is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProviderRequest {
    /// `openai` (and whatever speaks like it), `anthropic`, `gemini` or `deepgram`.
    kind: String,
    name: String,
    /// Base address, such as `https://api.openai.com/v1`.
    url: String,
    /// Absent, it stays as it is; empty, it is forgotten.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    key: Option<Secret>,
    /// Whether it is a machine of the owner's own, which the setting `egress.allow` names.
    #[serde(default)]
    own: bool,
    #[serde(default)]
    region: String,
    #[serde(default)]
    models: ProviderModels,
    /// Kinds of data that it may get: `public`, `business`, `customer`.
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    redaction: Redaction,
    #[serde(default)]
    budget: ProviderBudget,
    #[serde(default)]
    prices: ProviderPrices,
    /// On if absent.
    active: Option<bool>,
}

/// When a provider is to be used for a purpose.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProviderUseRequest {
    /// `local` (this machine alone), `overflow` (the provider when work would wait too long) or `provider` (the
    /// provider; this machine when it fails).
    mode: String,
    /// For `overflow`: 0 to 600.
    #[serde(default)]
    wait_seconds: u64,
    /// Id of the provider; absent, the purpose stays on this machine.
    provider: Option<String>,
    /// Whether answers name the provider for people; yes if absent. Receipts always do.
    tell: Option<bool>,
}

/// What came of a test call.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTests {
    /// One for each purpose that a model is named for.
    tests: Vec<ProviderTest>,
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTest {
    /// `chat`, `transcribe` or `speak`.
    purpose: &'static str,
    worked: bool,
    /// What happened, in a sentence.
    told: String,
    took_ms: u64,
}

impl ProviderView {
    fn new(provider: Provider, spent: Option<Spend>) -> Self {
        let promises = providers::promises(&provider);
        Self {
            id: provider.id.to_string(),
            kind: provider.kind.as_str(),
            name: provider.name,
            url: provider.url,
            has_key: provider.has_key,
            own: provider.own,
            region: provider.region,
            models: provider.models,
            classes: provider.classes,
            redaction: provider.redaction,
            budget: provider.budget,
            prices: provider.prices,
            active: provider.active,
            spent: spent.map(|spend| ProviderSpendView {
                requests: spend.requests,
                tokens: spend.tokens,
                micro: spend.micro,
            }),
            promises: promises
                .into_iter()
                .map(|promise| PromiseView {
                    purpose: promise.purpose.as_str(),
                    gets: promise.gets,
                    keeps: promise.keeps,
                })
                .collect(),
            created_at: provider.created_at,
        }
    }
}

impl From<UseView> for ProviderUseView {
    fn from(used: UseView) -> Self {
        Self {
            purpose: used.purpose.as_str(),
            mode: used.mode.as_str(),
            wait_seconds: used.wait_ms / 1_000,
            provider: used.provider.map(|id| id.to_string()),
            tell: used.tell,
        }
    }
}

impl From<Tried> for ProviderTest {
    fn from(tried: Tried) -> Self {
        Self {
            purpose: tried.purpose.as_str(),
            worked: tried.worked,
            told: tried.told,
            took_ms: tried.took_ms,
        }
    }
}

impl ProviderRequest {
    fn read(self) -> Result<NewProvider, Problem> {
        let kind = ProviderKind::parse(&self.kind).ok_or_else(|| {
            Problem::invalid("kind", "kind must be openai, anthropic, gemini or deepgram")
        })?;
        Ok(NewProvider {
            wanted: Wanted {
                kind,
                name: self.name,
                url: self.url,
                own: self.own,
                region: self.region,
                models: self.models,
                classes: self.classes,
                redaction: self.redaction,
                budget: self.budget,
                prices: self.prices,
                active: self.active.unwrap_or(true),
            },
            key: self.key,
        })
    }
}

/// The providers of a workspace, and when it uses them.
#[utoipa::path(get, path = "/api/v1/providers", tag = "providers", operation_id = "listProviders",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ProviderList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<ProviderList>, Problem> {
    let overview = place.app.providers.overview(&place.member).await?;
    let providers = overview.providers.into_iter();
    Ok(axum::Json(ProviderList {
        providers: providers
            .map(|(provider, spend)| ProviderView::new(provider, Some(spend)))
            .collect(),
        uses: overview
            .uses
            .into_iter()
            .map(ProviderUseView::from)
            .collect(),
        month: overview.month,
        sealed: overview.is_sealed,
    }))
}

/// Sets up a provider. Nothing is sent to it until it is used for a purpose.
#[utoipa::path(post, path = "/api/v1/providers", tag = "providers", operation_id = "createProvider",
    request_body = ProviderRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ProviderView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<ProviderRequest>,
) -> Result<(StatusCode, axum::Json<ProviderView>), Problem> {
    let made = place.app.providers.create(&place.member, request.read()?);
    let view = ProviderView::new(made.await?, None);
    Ok((StatusCode::CREATED, axum::Json(view)))
}

/// A provider, without its key.
#[utoipa::path(get, path = "/api/v1/providers/{id}", tag = "providers", operation_id = "getProvider",
    params(("id" = String, Path, description = "Id of the provider"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ProviderView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ProviderView>, Problem> {
    let found = place.app.providers.get(&place.member, provider_id(&id)?);
    Ok(axum::Json(ProviderView::new(found.await?, None)))
}

/// Changes a provider. Another address needs the key again.
#[utoipa::path(put, path = "/api/v1/providers/{id}", tag = "providers", operation_id = "changeProvider",
    request_body = ProviderRequest,
    params(("id" = String, Path, description = "Id of the provider"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ProviderView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ProviderRequest>,
) -> Result<axum::Json<ProviderView>, Problem> {
    let (id, new) = (provider_id(&id)?, request.read()?);
    let changed = place.app.providers.change(&place.member, id, new);
    Ok(axum::Json(ProviderView::new(changed.await?, None)))
}

/// Deletes a provider with its key. What it was used for stays on this machine from now on.
#[utoipa::path(delete, path = "/api/v1/providers/{id}", tag = "providers", operation_id = "deleteProvider",
    params(("id" = String, Path, description = "Id of the provider"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    (place.app.providers)
        .delete(&place.member, provider_id(&id)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a small request for each purpose that a model is named for. It holds nothing of anybody.
#[utoipa::path(post, path = "/api/v1/providers/{id}/test", tag = "providers", operation_id = "testProvider",
    params(("id" = String, Path, description = "Id of the provider"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ProviderTests), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn test(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ProviderTests>, Problem> {
    let tried = place.app.providers.test(&place.member, provider_id(&id)?);
    let tests = tried.await?.into_iter().map(ProviderTest::from).collect();
    Ok(axum::Json(ProviderTests { tests }))
}

/// Says when a provider is used for a purpose.
#[utoipa::path(put, path = "/api/v1/provider-uses/{purpose}", tag = "providers", operation_id = "setProviderUse",
    request_body = ProviderUseRequest,
    params(("purpose" = String, Path, description = "`chat`, `transcribe` or `speak`"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ProviderList), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set_use(
    place: ApiPlace,
    Path(purpose): Path<String>,
    Json(request): Json<ProviderUseRequest>,
) -> Result<axum::Json<ProviderList>, Problem> {
    let purpose = Use::parse(&purpose).ok_or_else(|| Problem::not_found("purpose"))?;
    let mode = Mode::parse(&request.mode)
        .ok_or_else(|| Problem::invalid("mode", "mode must be local, overflow or provider"))?;
    let provider = request.provider.as_deref().filter(|id| !id.is_empty());
    let change = UseChange {
        purpose,
        mode,
        wait_ms: request.wait_seconds.saturating_mul(1_000),
        provider: provider.map(provider_id).transpose()?,
        tell: request.tell.unwrap_or(true),
    };
    place.app.providers.set_use(&place.member, change).await?;
    list(place).await
}

fn provider_id(id: &str) -> Result<ProviderId, Problem> {
    place::parse_id(id, "provider")
}
