//! The HTTP surface: the OpenAI-compatible API, our own JSON API, the console, health and metrics.
//!
//! This module does *not* know how an answer is found, how a document is read or which engine runs. It
//! turns requests into calls of the domain, and results into views. Only here are things serialised for
//! browsers and programs.
//!
//! Invariants:
//! - A route without a policy cannot be registered ([`route`]).
//! - Handlers never act on an id alone: they load the thing that it names within the caller's workspace.
//! - Errors of the domain become status codes in one place ([`problem`]).
//! - What a client sends is bounded in size and time ([`server`], [`body`]).
//!
//! Reading order: [`server`] (connections), `layers`, [`route`] and [`auth`] (who may), then a face: [`openai`] and [`anthropic`] (`/v1`), [`api`] (`/api/v1`),
//! [`console`] (pages), `voice` (visitors, the widget), [`crm`] (what CRMs call), `mcp` (`/mcp`, tools for assistants elsewhere).
//! What they share: `listing` (lists and CSV), `sse`, `address` (proxies), `attempts` (wrong passwords), `audit`, `trips` (round trips),
//! `former` (paths before `/api/v1`), `openapi`.

mod address;
pub mod anthropic;
pub mod api;
mod attachment;
mod attempts;
mod audit;
pub mod auth;
pub mod body;
mod clock;
pub mod console;
pub mod crm;
mod former;
mod hashing;
mod health;
mod layers;
pub mod listing;
mod mcp;
pub mod metrics;
mod multipart;
pub mod openai;
mod openapi;
pub mod problem;
mod redirect;
mod rerank;
pub mod route;
mod second_factor;
pub mod server;
mod sse;
mod trips;
mod voice;

use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::FromRef;
use axum::http::{HeaderMap, Uri};

pub use self::layers::REQUEST_ID;
pub use self::openapi::document as openapi_document;
pub use self::redirect::{origin, redirects};

use self::attempts::Attempts;
use self::metrics::Metrics;
use self::problem::Problem;
use self::route::Route;
use self::voice::{Standing, Visits, Works};
use crate::app::App;

/// State of the handlers; each extracts the part that it needs.
#[derive(Clone)]
pub struct Http {
    app: Arc<App>,
    metrics: Arc<Metrics>,
    visits: Arc<Visits>,
    works: Arc<Works>,
    runs: Arc<openai::Runs>,
    standing: Standing,
    attempts: Attempts,
    /// Reads that are in the audit log already.
    noted: audit::Lately,
}

impl FromRef<Http> for Arc<App> {
    fn from_ref(http: &Http) -> Self {
        http.app.clone()
    }
}

impl FromRef<Http> for Arc<Metrics> {
    fn from_ref(http: &Http) -> Self {
        http.metrics.clone()
    }
}

impl FromRef<Http> for Arc<Visits> {
    fn from_ref(http: &Http) -> Self {
        http.visits.clone()
    }
}

impl FromRef<Http> for Arc<openai::Runs> {
    fn from_ref(http: &Http) -> Self {
        http.runs.clone()
    }
}

pub fn router(app: Arc<App>) -> Router {
    let http = Http {
        app: app.clone(),
        metrics: Arc::default(),
        visits: Arc::default(),
        works: Arc::default(),
        runs: Arc::default(),
        standing: Standing::default(),
        attempts: Attempts::default(),
        noted: audit::Lately::default(),
    };
    let pages = console::router(&http).with_state(app.clone());
    let root = app
        .certificates
        .as_ref()
        .map_or_else(Router::new, |own| console::certificate::router(own, ""));
    let origins = app.config.http_origins.clone();
    let mut mounted = routes();
    mounted.extend(crm::routes());
    let router = route::mount(&http, mounted)
        .merge(pages)
        .merge(root)
        .fallback(move |uri: Uri, headers: HeaderMap| {
            let origins = origins.clone();
            async move { route::not_found(&origins, &uri, &headers) }
        });
    layers::wrap(&http, router)
}

/// Every route of the APIs with its policy. The console has its own table, and so has what CRMs call.
pub fn routes() -> Vec<Route> {
    let mut routes = health::routes();
    routes.extend(openai::routes());
    routes.extend(anthropic::routes());
    routes.extend(rerank::routes());
    routes.extend(api::routes());
    routes.extend(api::second_factor::routes());
    routes.extend(api::members::routes());
    routes.extend(api::calls::routes());
    routes.extend(api::inbox::routes());
    routes.extend(api::assistants::routes());
    routes.extend(api::contacts::routes());
    routes.extend(api::tasks::routes());
    routes.extend(api::crm::routes());
    routes.extend(api::analyses::routes());
    routes.extend(api::analytics::routes());
    routes.extend(api::tools::routes());
    routes.extend(api::workflows::routes());
    routes.extend(voice::routes());
    routes.extend(mcp::routes());
    routes
}

/// The time now in Unix milliseconds. A clock before 1970 counts as 0.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Parses an id in a path. Text that is not an id names nothing, so it is a 404 rather than a 400.
fn parse_id<T: FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}
