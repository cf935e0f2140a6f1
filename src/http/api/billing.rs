//! Billing: the shop of the machine's owner, what it tells, and licence keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::{App, closing};
use crate::billing::{Overview, Settings, SettingsChange, Taken};
use crate::http::auth::Principal;
use crate::http::body::{self, Json};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::PlanId;
use crate::store::billing::{Entitlement, ShopEvent};

/// Most bytes of what the shop sends; its messages have a few thousand.
const HOOK_LIMIT: usize = 256 << 10;
/// Where the shop sends what happens.
pub(in crate::http) const HOOK: &str = "/api/v1/billing/hook";

/// How billing stands. Whoever belongs to one workspace sees what that has.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillingView {
    enabled: bool,
    /// Id of the owner's store at Lemon Squeezy.
    store: String,
    /// Ids of products that count; empty for all of the store.
    products: Vec<String>,
    /// Ids of plans by the ids of variants.
    #[schema(value_type = Object)]
    plans: BTreeMap<String, String>,
    /// Where people buy.
    checkout: String,
    /// The same for the workspace of a caller who belongs to one: what is bought there counts for it.
    own_checkout: Option<String>,
    /// Whether purchases in the shop's test mode count.
    test_mode: bool,
    /// Where licences are checked.
    api: String,
    /// Whether the secret was set. It is never shown.
    has_secret: bool,
    /// Where the shop sends what happens.
    hook: String,
    /// Subscriptions and licences, the latest change first.
    entitlements: Vec<EntitlementView>,
    /// What the shop told, the latest first; for the owner of the machine only.
    events: Vec<ShopEventView>,
}

/// A subscription or a licence.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntitlementView {
    /// `subscription` or `licence`.
    kind: &'static str,
    /// Its id at the shop; for a licence that of the activation.
    id: String,
    /// Id of the workspace; `null` while nobody knows whose it is.
    workspace: Option<String>,
    /// As the shop names it.
    state: String,
    product: String,
    variant: String,
    /// Whether work is done for it now.
    works: bool,
    /// Until when, in Unix milliseconds; `null` until the shop says otherwise.
    until: Option<i64>,
    /// Whether a payment is overdue.
    overdue: bool,
    /// What came of the last payment, such as `paid`.
    payment: Option<String>,
    /// The last letters of the licence key; empty for a subscription.
    key_ends: String,
    /// Unix milliseconds.
    changed_at: i64,
}

/// Something that the shop told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShopEventView {
    event: String,
    /// Id of what it is about.
    about: String,
    /// Id of the workspace.
    workspace: Option<String>,
    /// What was done.
    outcome: String,
    /// Unix milliseconds.
    received_at: i64,
}

/// What the owner of the machine enters. What is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BillingRequest {
    enabled: Option<bool>,
    /// Signs what the shop sends, 6 to 40 letters; as entered at the shop.
    secret: Option<String>,
    store: Option<String>,
    products: Option<Vec<String>>,
    /// Ids of plans by the ids of variants.
    #[schema(value_type = Object)]
    plans: Option<BTreeMap<String, String>>,
    checkout: Option<String>,
    test_mode: Option<bool>,
    api: Option<String>,
}

/// Whose a subscription is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionOwner {
    /// Short name of the workspace; `null` for nobody.
    workspace: Option<String>,
}

/// A licence key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceRequest {
    /// As the shop sent it.
    key: String,
}

impl From<Entitlement> for EntitlementView {
    fn from(of: Entitlement) -> Self {
        Self {
            kind: of.kind.as_str(),
            works: of.works(now_ms()),
            workspace: of.workspace.map(|id| id.to_string()),
            key_ends: end_of(&of.key),
            id: of.remote,
            state: of.state,
            product: of.product,
            variant: of.variant,
            until: of.until,
            overdue: of.overdue,
            payment: of.payment,
            changed_at: of.changed_at,
        }
    }
}

/// The last four letters.
pub(in crate::http) fn end_of(key: &str) -> String {
    let skipped = key.chars().count().saturating_sub(4);
    key.chars().skip(skipped).collect()
}

impl From<ShopEvent> for ShopEventView {
    fn from(of: ShopEvent) -> Self {
        Self {
            event: of.event,
            about: of.remote,
            workspace: of.workspace.map(|id| id.to_string()),
            outcome: of.outcome,
            received_at: of.received_at,
        }
    }
}

fn view(app: &App, of: Overview) -> BillingView {
    let settings = of.settings;
    let plans = settings.plans.into_iter();
    BillingView {
        enabled: settings.enabled,
        store: settings.store,
        products: settings.products,
        plans: plans
            .map(|(variant, plan)| (variant, plan.to_string()))
            .collect(),
        checkout: settings.checkout,
        own_checkout: of.checkout,
        test_mode: settings.test_mode,
        api: settings.api,
        has_secret: of.has_secret,
        hook: format!("{}{HOOK}", app.link_address()),
        entitlements: of
            .entitlements
            .into_iter()
            .map(EntitlementView::from)
            .collect(),
        events: of.events.into_iter().map(ShopEventView::from).collect(),
    }
}

impl BillingRequest {
    fn apply(self, to: Settings) -> Result<SettingsChange, Problem> {
        let plans = match self.plans {
            None => to.plans,
            Some(plans) => {
                let mut read = BTreeMap::new();
                for (variant, plan) in plans {
                    let plan: PlanId = plan
                        .parse()
                        .map_err(|_| Problem::invalid("plans", "name plans by their ids"))?;
                    read.insert(variant, plan);
                }
                read
            }
        };
        let settings = Settings {
            enabled: self.enabled.unwrap_or(to.enabled),
            store: self.store.unwrap_or(to.store),
            products: self.products.unwrap_or(to.products),
            plans,
            checkout: self.checkout.unwrap_or(to.checkout),
            test_mode: self.test_mode.unwrap_or(to.test_mode),
            api: self.api.unwrap_or(to.api),
        };
        Ok(SettingsChange {
            settings,
            secret: self.secret,
        })
    }
}

/// How billing stands.
#[utoipa::path(get, path = "/api/v1/billing", tag = "billing", operation_id = "getBilling",
    responses((status = 200, body = BillingView), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    by: Principal,
) -> Result<axum::Json<BillingView>, Problem> {
    let overview = app.billing.overview(&by).await?;
    Ok(axum::Json(view(&app, overview)))
}

/// Sets up billing. Off until then, and off again with `enabled: false`; nobody is refused work while it is off.
#[utoipa::path(put, path = "/api/v1/billing", tag = "billing", operation_id = "setBilling",
    request_body = BillingRequest,
    responses((status = 200, body = BillingView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    by: Principal,
    Json(request): Json<BillingRequest>,
) -> Result<axum::Json<BillingView>, Problem> {
    let before = app.billing.overview(&by).await?.settings;
    let change = request.apply(before)?;
    app.billing.set(&by, change, now_ms()).await?;
    get(State(app), by).await
}

/// Says whose a subscription is.
#[utoipa::path(put, path = "/api/v1/billing/subscriptions/{id}", tag = "billing",
    operation_id = "assignSubscription", request_body = SubscriptionOwner,
    params(("id" = String, Path, description = "Id of the subscription at the shop")),
    responses((status = 200, body = BillingView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn assign(
    State(app): State<Arc<App>>,
    by: Principal,
    Path(id): Path<String>,
    Json(request): Json<SubscriptionOwner>,
) -> Result<axum::Json<BillingView>, Problem> {
    let workspace = match request.workspace {
        Some(name) => Some(closing::named(&app.store, &name).await?.id),
        None => None,
    };
    app.billing.assign(&by, &id, workspace, now_ms()).await?;
    get(State(app), by).await
}

/// Activates a licence key for the workspace.
#[utoipa::path(post, path = "/api/v1/billing/licence", tag = "billing", operation_id = "activateLicence",
    request_body = LicenceRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = EntitlementView), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 503, body = ProblemView<'_>)))]
pub(super) async fn activate(
    place: ApiPlace,
    Json(request): Json<LicenceRequest>,
) -> Result<(StatusCode, axum::Json<EntitlementView>), Problem> {
    let billing = &place.app.billing;
    let made = billing
        .activate(&place.member, &request.key, now_ms())
        .await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Asks the shop whether a licence still holds.
#[utoipa::path(post, path = "/api/v1/billing/licence/{id}/check", tag = "billing",
    operation_id = "checkLicence",
    params(("id" = String, Path, description = "Id of the activation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = EntitlementView), (status = 404, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn check(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<EntitlementView>, Problem> {
    let checked = place.app.billing.check(&place.member, &id).await?;
    Ok(axum::Json(checked.into()))
}

/// Gives the activation of a licence back to the shop, and forgets the key.
#[utoipa::path(delete, path = "/api/v1/billing/licence/{id}", tag = "billing",
    operation_id = "deactivateLicence",
    params(("id" = String, Path, description = "Id of the activation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn deactivate(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    place.app.billing.deactivate(&place.member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes what the shop tells: the body as Lemon Squeezy sends it, signed in `X-Signature`. The same message again does
/// nothing, nor does one that is older than what is known.
#[utoipa::path(post, path = "/api/v1/billing/hook", tag = "billing", operation_id = "takeShopEvent",
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "It was taken"), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn take_hook(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, Problem> {
    let signature = headers
        .get("x-signature")
        .and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    // The signature is over the bytes as they came.
    let body = body::read_bytes(request, HOOK_LIMIT).await?;
    match app.billing.take(&body, &signature, now_ms()).await? {
        Taken::Done(outcome) => tracing::info!(%outcome, "the shop told something"),
        Taken::Known => {}
    }
    Ok(StatusCode::OK)
}
