//! The local engine: llama.cpp and the encoder in a worker process.
//!
//! In the child, `process` loads the models and `scheduler` computes all requests together. In the parent,
//! [`Local`] hands out a [`ChatModel`], an [`Embedder`] and a [`Reader`].
//!
//! In the child, reading order: `scheduler` (rounds), `chat` (one batch for all answers), `sequences` (the shared cache),
//! `queue` (who waits for whom), `answer` and `choosing` (one answer and its next token), `text`, `tools` and `schema` (what
//! comes out); `encoder` has its own thread.

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
use tokio_util::sync::CancellationToken;

use self::encoder::LocalReader;
use self::protocol::{Detail, Event, ReaderState, Request};

use super::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, Claim, EmbedAs, Embedder, Embeddings, LlmError,
    ReadFigures, Reader,
};
use crate::reason::Reason;
use crate::usage::{Budgets, Work};
use crate::worker::{Engine, EngineError, EngineKind, Exchange, Spec, Status, WorkerError};

/// What the worker needs to start. It is prepared after the server has started, since hashing a model
/// takes seconds.
#[derive(Debug, Clone)]
pub struct PreparedModels {
    pub spec: Spec,
    /// The chat model's file, or why there is none.
    pub chat: Result<Weights, Reason>,
    /// The embedding model's file, or why there is none.
    pub embed: Result<Weights, Reason>,
    /// The reader's file, or why there is none.
    pub reader: Result<ReaderWeights, Reason>,
    /// The reader that serves if the process cannot load the other.
    pub spare_reader: Option<ReaderWeights>,
    /// Why the reader that the owner chose does not read.
    pub passed_over: Option<Reason>,
}

/// The identity of a checked model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// Catalogue name.
    pub name: String,
    /// SHA-256 as lowercase hex.
    pub sha256: String,
}

/// A reader's checked file, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderWeights {
    pub weights: Weights,
    /// See [`Reader::is_calibrated`].
    pub is_calibrated: bool,
}

/// The models that one worker process serves.
#[derive(Debug, Clone, Copy)]
enum Part {
    Chat,
    Embed,
    Reader,
}

impl Part {
    /// Why there is no file for the part.
    fn missing(self, prepared: &PreparedModels) -> Option<&Reason> {
        match self {
            Self::Chat => prepared.chat.as_ref().err(),
            Self::Embed => prepared.embed.as_ref().err(),
            Self::Reader => prepared.reader.as_ref().err(),
        }
    }

    /// Why the process could not load the part.
    fn trouble(self, detail: Detail) -> Option<Reason> {
        match self {
            Self::Chat => detail.chat?.err(),
            Self::Embed => detail.embed?.err(),
            Self::Reader => match detail.reader? {
                ReaderState::Failed(reason) => Some(reason),
                ReaderState::Chosen | ReaderState::Spare(_) => None,
            },
        }
    }
}

#[derive(Debug)]
enum LlmEngine {}

impl EngineKind for LlmEngine {
    type Request = Request;
    type Event = Event;
    type Prepared = PreparedModels;
    type Detail = Detail;
    const CHECKING: &'static str = "the model files are being checked";
    const LOADING: &'static str = "the models are being loaded";

    fn spec(prepared: &PreparedModels) -> Spec {
        prepared.spec.clone()
    }
}

impl From<EngineError> for LlmError {
    fn from(error: EngineError) -> Self {
        Self::Unavailable(Reason::of(error))
    }
}

/// The local engine, as seen from the main process. Clones share one worker.
#[derive(Debug, Clone)]
pub struct Local {
    engine: Engine<LlmEngine>,
    /// Names shown until the files are known.
    chat_name: Arc<str>,
    embed_name: Arc<str>,
    reader_name: Arc<str>,
    figures: Arc<Mutex<ReadFigures>>,
    budgets: Arc<Budgets>,
    context: u32,
    dimensions: usize,
}

impl Local {
    /// Runs `prepare`, then starts the worker. Must be called inside a tokio runtime. The names are shown until
    /// the files are known.
    ///
    /// `context` is the most tokens of a conversation, `dimensions` the length of the embedding vectors.
    pub fn start(
        prepare: BoxFuture<'static, Result<PreparedModels, Reason>>,
        chat_name: &str,
        embed_name: &str,
        reader_name: &str,
        context: u32,
        dimensions: usize,
        shutdown: CancellationToken,
    ) -> Self {
        let prepare = async move {
            let prepared = prepare.await?;
            for part in [Part::Chat, Part::Embed] {
                if let Some(reason) = part.missing(&prepared) {
                    tracing::warn!("{reason}");
                }
            }
            match (&prepared.reader, &prepared.passed_over) {
                (Err(reason), _) => {
                    tracing::warn!("answers are not read from the documents: {reason}");
                }
                (Ok(_), Some(reason)) => tracing::warn!("{reason}"),
                (Ok(_), None) => {}
            }
            Ok(prepared)
        };
        Self {
            engine: Engine::start(Box::pin(prepare), shutdown),
            chat_name: chat_name.into(),
            embed_name: embed_name.into(),
            reader_name: reader_name.into(),
            figures: Arc::default(),
            budgets: Arc::default(),
            context,
            dimensions,
        }
    }

    /// Charges the engine's work to these budgets.
    #[must_use]
    pub fn charging(mut self, budgets: Arc<Budgets>) -> Self {
        self.budgets = budgets;
        self
    }

    fn charge(&self, claim: Claim, tokens: u32) {
        let budgets = &self.budgets;
        budgets.charge(claim.flow, Work::Tokens, f64::from(tokens));
    }

    /// Waits until the models are loaded or have failed to load.
    pub async fn settled(&self) {
        self.engine.settled().await;
    }

    /// State and figures of the worker, or why there is none; `None` while the files are being checked.
    pub fn status(&self) -> Option<Result<Status, Reason>> {
        self.engine.status()
    }

    pub fn chat_model(&self) -> Arc<dyn ChatModel> {
        Arc::new(LocalChat(self.clone()))
    }

    pub fn embedder(&self) -> Arc<dyn Embedder> {
        Arc::new(LocalEmbedder(self.clone()))
    }

    pub fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(LocalReader(self.clone()))
    }

    /// The chat model's file, once it is checked.
    fn chat_weights(&self) -> Option<Weights> {
        self.engine.prepared()?.chat.as_ref().ok().cloned()
    }

    fn ready(&self, part: Part) -> Result<(), LlmError> {
        // A reason from before the start explains more than the process's own.
        if let Some(prepared) = self.engine.prepared()
            && let Some(reason) = part.missing(&prepared)
        {
            return Err(LlmError::Unavailable(reason.clone()));
        }
        let trouble = part.trouble(self.engine.ready()?);
        trouble.map_or(Ok(()), |reason| Err(LlmError::Unavailable(reason)))
    }

    async fn exchange(&self, request: Request) -> Result<Exchange<Event>, LlmError> {
        let (worker, prepared) = self.engine.serving().await?;
        let part = match &request {
            Request::Chat(_) => Part::Chat,
            Request::Embed { .. } => Part::Embed,
            Request::Read { .. } => Part::Reader,
        };
        if let Some(reason) = part.missing(&prepared) {
            return Err(LlmError::Unavailable(reason.clone()));
        }
        worker
            .call(request)
            .await
            .map_err(|e| LlmError::Unavailable(Reason::of(e)))
    }
}

fn worker_error(error: WorkerError) -> LlmError {
    let is_over = matches!(error, WorkerError::Ended { .. } | WorkerError::Stopping);
    let reason = Reason::of(error);
    match is_over {
        true => LlmError::Interrupted(reason),
        false => LlmError::Unavailable(reason),
    }
}

struct LocalChat(Local);

#[async_trait]
impl ChatModel for LocalChat {
    fn name(&self) -> String {
        let weights = self.0.chat_weights();
        weights.map_or_else(|| self.0.chat_name.to_string(), |w| w.name)
    }

    fn context_tokens(&self) -> u32 {
        self.0.context
    }

    fn weights_hash(&self) -> Option<String> {
        self.0.chat_weights().map(|w| w.sha256)
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.0.ready(Part::Chat)
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        let (local, claim) = (self.0.clone(), request.claim);
        let mut exchange = self.0.exchange(Request::Chat(Box::new(request))).await?;
        // The first event tells whether the request was accepted at all.
        let first = match exchange.next().await {
            Some(Ok(Event::Error(error))) => return Err(error),
            Some(Ok(event)) => event,
            Some(Err(error)) => return Err(worker_error(error)),
            None => {
                return Err(LlmError::Interrupted(
                    "the engine returned no answer".into(),
                ));
            }
        };
        let rest = futures::stream::once(async { Ok(first) }).chain(exchange);
        Ok(Box::pin(rest.filter_map(move |event| {
            match &event {
                // The prompt is charged at once: the caller may leave before the end.
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
                Err(error) => Some(Err(worker_error(error))),
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
        self.0.ready(Part::Embed)
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
            Some(Ok(_)) | None => Err(LlmError::Interrupted(
                "the engine returned no vectors".into(),
            )),
            Some(Err(error)) => Err(worker_error(error)),
        }
    }
}
