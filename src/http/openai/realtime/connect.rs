//! `GET /v1/realtime`: opens a session.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::FutureExt;
use serde::Deserialize;
use utoipa::IntoParams;

use super::config::SessionPatch;
use super::socket::talk;
use crate::app::App;
use crate::http::auth::realtime::{Opens, Shown};
use crate::http::auth::{Caller, Credential, OfCredential, OfPrincipal, Principal};
use crate::http::metrics::Metrics;
use crate::http::openai::ApiError;
use crate::http::openai::model_name::{ChatTarget, realtime_target};
use crate::http::problem::Problem;
use crate::llm::Usage;
use crate::speech::Pronunciation;
use crate::store::{WorkspaceId, pronunciations};
use crate::voice::realtime::{
    Answerer, Fault, Opening, Parts, SessionConfig, TurnObserver, check_assistant,
};

/// In bytes. Larger messages end the connection; those between the limit for an event and this one get an error.
const MOST_FRAME: usize = 32 << 20;
/// Open at a time per credential.
const MOST_SESSIONS: usize = 16;

/// What is asked for in the address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Address {
    /// Any name of OpenAI's realtime models, the local chat model, or `assistant:NAME`.
    model: Option<String>,
    /// `transcription` for a session that only transcribes.
    intent: Option<String>,
}

/// Opens a session of the Realtime API over a WebSocket. Browsers send the key as the subprotocol
/// `openai-insecure-api-key.KEY` beside `realtime`; or better, a client secret.
#[utoipa::path(get, path = "/v1/realtime", tag = "openai", operation_id = "connectRealtime",
    params(Address),
    responses((status = 101, description = "The session; events are JSON in text frames"),
              (status = 401, body = crate::http::openai::ErrorEnvelope),
              (status = 404, body = crate::http::openai::ErrorEnvelope),
              (status = 426, body = crate::http::openai::ErrorEnvelope)))]
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    opens: Option<Extension<Opens>>,
    shown: Option<Extension<Shown>>,
    Query(asked): Query<Address>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let patch = match &opens {
        Some(Extension(opens)) => serde_json::from_value(opens.session.clone())
            .map_err(|error| Problem::internal(&error))?,
        None => SessionPatch::of_address(
            asked.model,
            asked.intent.as_deref() == Some("transcription"),
        ),
    };
    let caller = match (principal.caller(), &opens) {
        (Caller::Key(id), _) => Some(format!("key {id}")),
        (Caller::Secret, Some(Extension(opens))) => opens.key.map(|id| format!("key {id}")),
        _ => None,
    };
    let prepared = prepare(&app, &principal, patch).await?;
    let upgrade = upgrade.map_err(|rejection| {
        let detail = format!("a session is opened with a WebSocket ({rejection})");
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
    })?;
    // A secret is used up last, so that a request that fails before does not cost a session.
    let one = OneSession::of(&principal)?;
    let opening = prepared.open(Arc::clone(&app), metrics, caller).await?;
    if let Some(Extension(shown)) = shown {
        shown.use_up(&app).await?;
    }
    let upgrade = upgrade
        .protocols(["realtime"])
        .max_message_size(MOST_FRAME)
        .max_frame_size(MOST_FRAME);
    // Keeps a shutdown waiting until the session has written its record.
    let held = app.hold();
    Ok(upgrade.on_upgrade(async move |socket| {
        talk(socket, opening).await;
        drop((held, one));
    }))
}

/// Open sessions by the credential that opened them.
static OPEN: LazyLock<Mutex<HashMap<Credential, usize>>> = LazyLock::new(Mutex::default);

/// A credential's place for an open session; dropping it makes room for another.
struct OneSession(Credential);

impl OneSession {
    fn of(principal: &Principal) -> Result<Self, Problem> {
        let with = principal.credential();
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(with).or_default();
        if *count >= MOST_SESSIONS {
            let detail =
                format!("{MOST_SESSIONS} sessions of this key are open already; end some first");
            return Err(
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                    .retry_after(10),
            );
        }
        *count += 1;
        Ok(Self(with))
    }
}

impl Drop for OneSession {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.0);
            }
        }
    }
}

impl TurnObserver for Metrics {
    fn heard(&self, length: Duration) {
        self.count_audio(length);
    }

    fn answered(&self, usage: Usage) {
        self.count_tokens(
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.completion_tokens,
        );
    }
}

/// A checked session that can be opened.
pub(super) struct PreparedSession {
    pub(super) config: SessionConfig,
    target: ChatTarget,
    principal: Principal,
}

/// Checks the configuration of a session.
pub(super) async fn prepare(
    app: &App,
    principal: &Principal,
    patch: SessionPatch,
) -> Result<PreparedSession, ApiError> {
    let model = patch.model.clone().unwrap_or_else(|| app.chat.name());
    let target = realtime_target(app, principal, &model).await?;
    let voices: Vec<_> = app
        .synthesizer
        .voices()
        .into_iter()
        .map(|voice| voice.name)
        .collect();
    let invalid = |fault: Fault| {
        ApiError::invalid(
            fault.param.unwrap_or_else(|| "session".into()),
            fault.message,
        )
    };
    let config = patch
        .check()
        .and_then(|change| SessionConfig::new(&model).changed(change, &voices))
        .map_err(invalid)?;
    check_assistant(&build_answerer(app, &target), &config).map_err(invalid)?;
    Ok(PreparedSession {
        config,
        target,
        principal: principal.clone(),
    })
}

fn build_answerer(app: &App, target: &ChatTarget) -> Answerer {
    match target {
        ChatTarget::Model => Answerer::Model(Arc::clone(&app.chat)),
        ChatTarget::Assistant(assistant) => Answerer::Assistant {
            agent: app.agent.clone(),
            workspace: assistant.workspace(),
            assistant: Box::new((**assistant).clone().into_inner()),
        },
    }
}

impl PreparedSession {
    /// The assistant's workspace, or the caller's for the plain model.
    pub(super) async fn workspace(&self, app: &App) -> Result<WorkspaceId, ApiError> {
        match &self.target {
            ChatTarget::Model => Ok(self.principal.workspace(app, None).await?.id),
            ChatTarget::Assistant(assistant) => Ok(assistant.workspace()),
        }
    }

    async fn open(
        self,
        app: Arc<App>,
        metrics: Arc<Metrics>,
        caller: Option<String>,
    ) -> Result<Opening, ApiError> {
        let answerer = build_answerer(&app, &self.target);
        let workspace = self.workspace(&app).await?;
        let assistant = match &answerer {
            Answerer::Model(_) => None,
            Answerer::Assistant { assistant, .. } => Some(assistant.id),
        };
        let words = app
            .store
            .read(move |conn| pronunciations::list(conn, workspace))
            .await?;
        let lexicon = words
            .into_iter()
            .map(|entry| Pronunciation {
                word: entry.word,
                say: entry.say,
            })
            .collect();
        let credential = self.principal.credential();
        let (desk, budgets) = (app.voice.clone(), Arc::clone(&app.budgets));
        Ok(Opening {
            parts: Parts::new(desk, budgets, app.cancel(), metrics),
            workspace,
            assistant,
            answerer,
            caller,
            flow: credential.flow(workspace),
            outlived: credential.outlived(app).boxed(),
            config: self.config,
            lexicon,
        })
    }
}
