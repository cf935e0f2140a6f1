//! Endpoints for monitoring: is the process up, can it serve, what does it count.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Server;

use super::api::HttpsView;
use super::auth::{Scope, origin};
use super::metrics::Metrics;
use super::problem::Problem;
use super::route::{Policy, Route, routes};
use crate::app::{App, Integrity};
use crate::store::{StoreError, documents, workspaces};

pub(super) fn routes() -> Vec<Route> {
    routes![
        (GET, "/healthz", Policy::Public, healthz),
        (GET, "/readyz", Policy::Public, readyz),
        (GET, "/metrics", Policy::LoopbackOr(Scope::Admin), metrics),
        (GET, "/openapi.json", Policy::Public, openapi),
    ]
}

/// Whether the process is up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
    /// Version of Frontdesk; only for programs on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
}

/// True when the request comes from a program on this machine, and not through a proxy.
struct FromHere(bool);

impl<S: Sync> FromRequestParts<S> for FromHere {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(origin::is_this_machine(parts)))
    }
}

/// Whether requests would be served now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `true` when every engine would serve.
    ready: bool,
    /// Every engine.
    engines: Vec<EngineReadiness>,
    /// How it stands with HTTPS of its own; only for programs on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    https: Option<HttpsView>,
}

/// Whether one engine would serve now.
#[derive(Debug, Serialize, ToSchema)]
pub struct EngineReadiness {
    /// `store`, `index`, `chat`, `embeddings`, `speech` or `reader`.
    engine: &'static str,
    /// Whether it would serve.
    ready: bool,
    /// Why not, or why another model serves than the chosen one, in a sentence for the owner; only for programs on
    /// this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl EngineReadiness {
    fn of<E: std::fmt::Display>(engine: &'static str, state: Result<(), E>) -> Self {
        let reason = state.err().map(|error| error.to_string());
        Self {
            engine,
            ready: reason.is_none(),
            reason,
        }
    }
}

/// The process is up.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, body = Health)))]
async fn healthz(near: FromHere) -> axum::Json<Health> {
    axum::Json(Health {
        status: "ok",
        version: near.0.then_some(env!("CARGO_PKG_VERSION")),
    })
}

/// Whether every engine would serve now; names those that would not. Answers go on without the reader, so it does not
/// count.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn readyz(
    State(app): State<Arc<App>>,
    near: FromHere,
) -> (StatusCode, axum::Json<Readiness>) {
    let store = match app.integrity() {
        Integrity::Damaged(_) => Err("the database is damaged; see the status page".into()),
        _ => app.store_ready().await,
    };
    let index = if app.knowledge.is_complete() {
        Ok(())
    } else {
        Err("the index is being filled from the store; answers may miss something until then")
    };
    let mut engines = vec![
        EngineReadiness::of("store", store),
        EngineReadiness::of("index", index),
        EngineReadiness::of("chat", app.chat.ready()),
        EngineReadiness::of("embeddings", app.embedder.ready()),
        EngineReadiness::of("speech", app.transcriber.ready()),
    ];
    let ready = engines.iter().all(|engine| engine.ready);
    let mut reader = EngineReadiness::of("reader", app.reader.ready());
    reader.reason = reader
        .reason
        .or_else(|| app.reader.trouble().map(String::from));
    engines.push(reader);
    if !near.0 {
        // Reasons hold paths and error texts, which strangers should not see.
        engines.iter_mut().for_each(|engine| engine.reason = None);
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let certificates = app.certificates.as_ref().filter(|_| near.0);
    let readiness = Readiness {
        ready,
        engines,
        https: certificates.map(|own| own.state().into()),
    };
    (status, axum::Json(readiness))
}

/// Counters and gauges as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"),
              (status = 401), (status = 403)))]
async fn metrics(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
) -> Result<Response, Problem> {
    let documents = app.store.read(count_documents).await?;
    let text = metrics
        .render(&app.workers(), &documents, app.reader.figures())
        .map_err(|error| Problem::internal(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn count_documents(conn: &crate::store::Connection) -> Result<Vec<(String, i64)>, StoreError> {
    let mut counts = std::collections::BTreeMap::<String, i64>::new();
    for workspace in workspaces::list(conn)? {
        for summary in documents::list(conn, workspace.id)? {
            *counts
                .entry(summary.document.state.to_string())
                .or_default() += 1;
        }
    }
    Ok(counts.into_iter().collect())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "health", security(()),
    responses((status = 200, body = serde_json::Value)))]
async fn openapi(State(app): State<Arc<App>>) -> impl IntoResponse {
    const OPEN: (HeaderName, &str) = (header::CACHE_CONTROL, "no-cache");
    let mut document = super::openapi::document();
    // Without one, tools take the address that they fetched it from.
    document.servers = app
        .public_address()
        .map(|address| vec![Server::new(address)]);
    ([OPEN], axum::Json(document))
}
