//! The state of the installation, for the owner.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, Protection, WorkerStatus};
use crate::certificates;
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::worker::sandbox::Held;

/// The state of the installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusView {
    /// Version of Frontdesk.
    version: &'static str,
    /// When it started, in Unix milliseconds.
    started_at: i64,
    /// How long it has been running, in ms.
    uptime_ms: i64,
    /// Worker processes.
    workers: Vec<WorkerView>,
    /// The models in use.
    models: ModelsView,
    /// Protections as they were measured, not as they were promised.
    protections: Vec<Protection>,
    /// HTTPS of its own; absent without.
    #[serde(skip_serializing_if = "Option::is_none")]
    https: Option<HttpsView>,
}

/// How it stands with the certificate.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct HttpsView {
    /// `files`, `acme` or `private`: where the certificate comes from.
    mode: &'static str,
    /// Names that visitors use.
    names: Vec<String>,
    /// Who vouches for the certificate.
    issuer: String,
    /// When it ends, in Unix milliseconds.
    valid_until: i64,
    /// Whether nobody vouches for it, as there is no other yet.
    stand_in: bool,
    /// When the last attempt to get or read one was, in Unix milliseconds.
    last_attempt_at: Option<i64>,
    /// Why it failed, if it did.
    last_error: Option<String>,
    /// When the next one is due, in Unix milliseconds.
    next_attempt_at: Option<i64>,
    /// The authority's terms of service.
    terms: Option<String>,
}

impl From<certificates::State> for HttpsView {
    fn from(state: certificates::State) -> Self {
        let (last_attempt_at, last_error) = match state.attempt {
            Some(last) => (Some(last.at), last.error),
            None => (None, None),
        };
        Self {
            mode: state.mode.name(),
            names: state.names,
            issuer: state.shown.issuer,
            valid_until: state.shown.until,
            stand_in: state.shown.is_stand_in,
            last_attempt_at,
            last_error,
            next_attempt_at: state.next_at,
            terms: state.terms,
        }
    }
}

/// A worker process.
#[derive(Debug, Serialize, ToSchema)]
struct WorkerView {
    /// `llm`, `speech`, `voice` or `extract`.
    name: String,
    /// `ready`, `starting`, `degraded` or `stopped`.
    state: String,
    /// A sentence for the owner.
    detail: Option<String>,
    /// Restarts since the server started.
    restarts: u64,
    /// Resident memory in bytes.
    memory_bytes: u64,
    /// Requests that wait.
    queue: u32,
    /// What it tried when it started, and whether that was refused; absent while it does not run.
    refused: Option<RefusedView>,
}

/// What a worker tried when it started: `true` if it was refused, `false` if it was possible.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedView {
    /// Opening a connection, by a socket or a ring (io_uring).
    connections: bool,
    /// Sending a signal to the server.
    signals: bool,
    /// Opening the environment and the memory of the server.
    parent: bool,
    /// Opening a file that it does not need.
    files: bool,
    /// Starting a process or a program.
    programs: bool,
    /// Going beyond its limits: these were set and read again.
    resources: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct ModelsView {
    chat: String,
    /// SHA-256 of the chat model's weights.
    chat_hash: Option<String>,
    /// Window of the chat model in tokens.
    chat_context: u32,
    embeddings: String,
    embedding_dimensions: usize,
    /// The model that marks the words that answer a question, when it works.
    reader: Option<String>,
    /// SHA-256 of its weights.
    reader_hash: Option<String>,
    /// Why documents are not read for answers, when they are not.
    reader_off: Option<String>,
    /// Whether its decisions were calibrated beside this embedding model. What another reader finds is shown as related,
    /// and given as an answer only by a threshold that `frontdesk eval calibrate` chose for it.
    reader_calibrated: bool,
    speech: Vec<String>,
}

impl From<WorkerStatus> for WorkerView {
    fn from(worker: WorkerStatus) -> Self {
        Self {
            name: worker.name,
            state: worker.state,
            detail: worker.detail,
            restarts: worker.restarts,
            memory_bytes: worker.memory_bytes,
            queue: worker.queue,
            refused: worker.held.map(RefusedView::from),
        }
    }
}

impl From<Held> for RefusedView {
    fn from(held: Held) -> Self {
        Self {
            connections: held.connections,
            signals: held.signals,
            parent: held.parent,
            files: held.files,
            programs: held.programs,
            resources: held.resources,
        }
    }
}

/// Workers, models, versions and measured protections.
#[utoipa::path(get, path = "/api/v1/status", tag = "admin", operation_id = "getStatus",
    responses((status = 200, body = StatusView), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<StatusView>, Problem> {
    principal.unbound()?;
    Ok(axum::Json(StatusView {
        version: env!("CARGO_PKG_VERSION"),
        started_at: app.started_at_ms,
        uptime_ms: now_ms().saturating_sub(app.started_at_ms),
        workers: app.workers().into_iter().map(WorkerView::from).collect(),
        models: models(&app),
        protections: app.protections(),
        https: app.certificates.as_ref().map(|own| own.state().into()),
    }))
}

fn models(app: &App) -> ModelsView {
    ModelsView {
        chat: app.chat.name(),
        chat_hash: app.chat.weights_hash(),
        chat_context: app.chat.context_tokens(),
        embeddings: app.embedder.name(),
        embedding_dimensions: app.embedder.dimensions(),
        reader: app.reader.ready().is_ok().then(|| app.reader.name()),
        reader_hash: app.reader.weights_hash(),
        reader_off: app.reader.ready().err().map(|e| e.to_string()),
        reader_calibrated: app.reader.is_calibrated(),
        speech: app.transcriber.models(),
    }
}
