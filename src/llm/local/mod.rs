//! The local engine: llama.cpp in a worker process.
//!
//! In the child, `process` loads the models and `scheduler` computes all requests together. In
//! the parent, [`Local`] is a handle that implements [`ChatModel`], [`Embedder`]
//! and [`Reader`].

mod answer;
mod chat;
mod choosing;
mod embed;
mod encoder;
mod process;
mod prompt;
pub mod protocol;
mod queue;
mod scheduler;
mod schema;
mod sequences;
mod text;
mod tools;
mod unfinished;

pub use process::run;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::encoder::LocalReader;
use self::protocol::{Detail, Event, Request};

use super::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, Claim, EmbedAs, Embedder, Embeddings, LlmError,
    ReadFigures, Reader,
};
use crate::usage::{Budgets, Work};
use crate::worker::{Condition, Exchange, Spec, Status, Worker, WorkerError};

type LlmWorker = Worker<Request, Event>;

/// What must be known before the worker can be started; found out behind the server's start, since
/// hashing a model takes seconds.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// How to start the worker.
    pub spec: Spec,
    /// The chat model's file, or why there is none.
    pub chat: Result<Weights, String>,
    /// The embedding model's file, or why there is none.
    pub embed: Result<Weights, String>,
    /// The reader's file, or why there is none.
    pub reader: Result<Weights, String>,
}

/// A model file that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// Catalogue name.
    pub name: String,
    /// SHA-256 as lowercase hex.
    pub sha256: String,
}

#[derive(Debug, Clone)]
enum State {
    Preparing,
    Serving {
        worker: LlmWorker,
        prepared: Arc<Prepared>,
    },
}

/// The local engine, as seen from the main process. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct Local {
    state: watch::Receiver<State>,
    /// Names to show until the files are known.
    chat_name: Arc<str>,
    embed_name: Arc<str>,
    reader_name: Arc<str>,
    figures: Arc<Mutex<ReadFigures>>,
    budgets: Arc<Budgets>,
    context: u32,
    dimensions: usize,
}

impl Local {
    /// Starts preparing and then the worker. Must be called inside a tokio runtime.
    ///
    /// `context` is the most tokens of a conversation, `dimensions` the embedding model's.
    pub fn start(
        prepare: BoxFuture<'static, Prepared>,
        chat_name: &str,
        embed_name: &str,
        reader_name: &str,
        context: u32,
        dimensions: usize,
        shutdown: CancellationToken,
    ) -> Self {
        let (sender, state) = watch::channel(State::Preparing);
        tokio::spawn(async move {
            let prepared = prepare.await;
            for reason in [prepared.chat.as_ref().err(), prepared.embed.as_ref().err()]
                .into_iter()
                .flatten()
            {
                tracing::warn!("{reason}");
            }
            if let Err(reason) = &prepared.reader {
                tracing::warn!("answers are not read from the documents: {reason}");
            }
            let worker = Worker::start(prepared.spec.clone(), shutdown.clone());
            sender.send_replace(State::Serving {
                worker,
                prepared: Arc::new(prepared),
            });
            shutdown.cancelled().await;
        });
        Self {
            state,
            chat_name: chat_name.into(),
            embed_name: embed_name.into(),
            reader_name: reader_name.into(),
            figures: Arc::default(),
            budgets: Arc::default(),
            context,
            dimensions,
        }
    }

    /// The same engine, whose work is taken off these budgets.
    #[must_use]
    pub fn charging(mut self, budgets: Arc<Budgets>) -> Self {
        self.budgets = budgets;
        self
    }

    fn charge(&self, claim: Claim, tokens: u32) {
        let budgets = &self.budgets;
        budgets.charge(claim.flow, Work::Tokens, f64::from(tokens));
    }

    /// Waits until the models are loaded and can answer, or until it is clear that they cannot.
    pub async fn settled(&self) {
        if let Ok((worker, _)) = self.serving().await {
            // Only the waiting matters here; `ready` tells the outcome.
            let _ = worker.ready().await;
        }
    }

    /// Condition and figures of the worker; `None` while the files are being checked.
    pub fn status(&self) -> Option<Status> {
        match &*self.state.borrow() {
            State::Serving { worker, .. } => Some(worker.status()),
            State::Preparing => None,
        }
    }

    /// The chat side.
    pub fn chat_model(&self) -> Arc<dyn ChatModel> {
        Arc::new(LocalChat(self.clone()))
    }

    /// The embedding side.
    pub fn embedder(&self) -> Arc<dyn Embedder> {
        Arc::new(LocalEmbedder(self.clone()))
    }

    /// The reading side.
    pub fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(LocalReader(self.clone()))
    }

    /// Why the reader that is there does not work; `None` also if there is none.
    pub fn reader_trouble(&self) -> Option<String> {
        let Some(Condition::Ready(detail)) = self.status().map(|s| s.condition) else {
            return None;
        };
        let detail: Detail = serde_json::from_str(&detail).ok()?;
        detail.reader?.err()
    }

    async fn serving(&self) -> Result<(LlmWorker, Arc<Prepared>), LlmError> {
        let mut state = self.state.clone();
        let serving = state.wait_for(|s| matches!(s, State::Serving { .. })).await;
        match serving.as_deref() {
            Ok(State::Serving { worker, prepared }) => Ok((worker.clone(), Arc::clone(prepared))),
            _ => Err(LlmError::Unavailable("Frontdesk is shutting down".into())),
        }
    }

    /// `Ok` when the model whose part of the set-up `pick` chooses can answer now.
    fn condition(
        &self,
        pick: impl Fn(&Prepared) -> Option<String>,
        loaded: impl Fn(&Detail) -> Option<String>,
    ) -> Result<(), LlmError> {
        let unavailable = |reason: &str| Err(LlmError::Unavailable(reason.to_owned()));
        match &*self.state.borrow() {
            State::Preparing => unavailable("the model files are being checked"),
            State::Serving { worker, prepared } => {
                if let Some(reason) = pick(prepared) {
                    return unavailable(&reason);
                }
                match worker.status().condition {
                    Condition::Starting => unavailable("the models are being loaded"),
                    Condition::Stopped => unavailable("Frontdesk is shutting down"),
                    Condition::Degraded(reason) => unavailable(&reason),
                    Condition::Ready(detail) => {
                        let detail: Detail = serde_json::from_str(&detail).unwrap_or_default();
                        loaded(&detail).map_or(Ok(()), |reason| unavailable(&reason))
                    }
                }
            }
        }
    }

    async fn exchange(&self, request: Request) -> Result<Exchange<Event>, LlmError> {
        let (worker, prepared) = self.serving().await?;
        let part = match &request {
            Request::Chat(_) => &prepared.chat,
            Request::Embed { .. } => &prepared.embed,
            Request::Read { .. } => &prepared.reader,
        };
        if let Err(reason) = part {
            return Err(LlmError::Unavailable(reason.clone()));
        }
        worker
            .call(request)
            .await
            .map_err(|e| LlmError::Unavailable(e.to_string()))
    }
}

fn ended(error: &WorkerError) -> LlmError {
    match error {
        WorkerError::Ended { .. } | WorkerError::Stopping => {
            LlmError::Interrupted(error.to_string())
        }
        other => LlmError::Unavailable(other.to_string()),
    }
}

struct LocalChat(Local);

#[async_trait]
impl ChatModel for LocalChat {
    fn name(&self) -> String {
        match &*self.0.state.borrow() {
            State::Serving { prepared, .. } => prepared
                .chat
                .as_ref()
                .map_or_else(|_| self.0.chat_name.to_string(), |w| w.name.clone()),
            State::Preparing => self.0.chat_name.to_string(),
        }
    }

    fn context_tokens(&self) -> u32 {
        self.0.context
    }

    fn weights_hash(&self) -> Option<String> {
        match &*self.0.state.borrow() {
            State::Serving { prepared, .. } => {
                prepared.chat.as_ref().ok().map(|w| w.sha256.clone())
            }
            State::Preparing => None,
        }
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.condition(
            |prepared| prepared.chat.as_ref().err().cloned(),
            |detail| detail.chat.as_ref().and_then(|c| c.as_ref().err().cloned()),
        )
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        let (local, claim) = (self.0.clone(), request.claim);
        let mut exchange = self.0.exchange(Request::Chat(Box::new(request))).await?;
        // The first event tells whether the request was admitted at all.
        let first = match exchange.next().await {
            Some(Ok(Event::Error(error))) => return Err(error),
            Some(Ok(event)) => event,
            Some(Err(error)) => return Err(ended(&error)),
            None => return Err(LlmError::Interrupted("the engine gave no answer".into())),
        };
        let rest = futures::stream::once(async { Ok(first) }).chain(exchange);
        Ok(Box::pin(rest.filter_map(move |event| {
            match &event {
                // What was read is charged at once: whoever asked may leave.
                Ok(Event::Chat(ChatEvent::Started {
                    prompt_tokens: read,
                    cached_tokens: known,
                    ..
                })) => local.charge(claim, read.saturating_sub(*known)),
                Ok(Event::Chat(ChatEvent::Done { usage, .. })) => {
                    local.charge(claim, usage.completion_tokens);
                }
                _ => {}
            }
            futures::future::ready(match event {
                Ok(Event::Chat(event)) => Some(Ok(event)),
                Ok(Event::Error(error)) => Some(Err(error)),
                Ok(Event::Embedded(_) | Event::Read { .. }) => None,
                Err(error) => Some(Err(ended(&error))),
            })
        })))
    }
}

struct LocalEmbedder(Local);

#[async_trait]
impl Embedder for LocalEmbedder {
    fn name(&self) -> String {
        self.0.embed_name.to_string()
    }

    fn dimensions(&self) -> usize {
        self.0.dimensions
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.condition(
            |prepared| prepared.embed.as_ref().err().cloned(),
            |detail| {
                detail
                    .embed
                    .as_ref()
                    .and_then(|e| e.as_ref().err().cloned())
            },
        )
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        meant: EmbedAs,
        claim: Claim,
    ) -> Result<Embeddings, LlmError> {
        if texts.is_empty() {
            return Ok(Embeddings::default());
        }
        let mut exchange = self
            .0
            .exchange(Request::Embed {
                texts,
                meant,
                claim,
            })
            .await?;
        match exchange.next().await {
            Some(Ok(Event::Embedded(embeddings))) => {
                self.0.charge(claim, embeddings.tokens);
                Ok(embeddings)
            }
            Some(Ok(Event::Error(error))) => Err(error),
            Some(Ok(_)) | None => Err(LlmError::Interrupted("the engine gave no vectors".into())),
            Some(Err(error)) => Err(ended(&error)),
        }
    }
}
