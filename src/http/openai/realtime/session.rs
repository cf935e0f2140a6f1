//! One session: a loop that owns everything, takes what comes from the client, the engines and the clock,
//! and sends events. No fault of a response or an event ends it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::super::super::auth::Credential;
use super::super::super::metrics::Metrics;
use super::active::Active;
use super::client_event;
use super::config::Config;
use super::conversation::Conversation;
use super::fault::Fault;
use super::generate::{Answerer, Step};
use super::input::Input;
use super::record::Record;
use super::server_event::{ServerEvent, fresh_id};
use crate::app::App;
use crate::speech::Pronunciation;
use crate::store::calls::{CallStatus, EndedReason};
use crate::store::{AssistantId, WorkspaceId, closures};
use crate::voice::CallPlace;

/// The longest session, as at OpenAI.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Events that may wait for a slow reader; then generation waits as well.
const WAITING: usize = 64;
/// How often a quiet client is asked for a sign of life, and how long it may give none.
const PING_EVERY: Duration = Duration::from_secs(20);
const SILENT_FOR: Duration = Duration::from_secs(70);
/// What was sent last may take this long to go out when the session ends.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a session starts with.
pub(super) struct Start {
    pub(super) app: Arc<App>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) workspace: WorkspaceId,
    pub(super) assistant: Option<AssistantId>,
    pub(super) answerer: Answerer,
    pub(super) caller: Option<String>,
    pub(super) credential: Credential,
    pub(super) config: Config,
    pub(super) lexicon: Vec<Pronunciation>,
}

/// The client takes no more events.
#[derive(Debug)]
pub(super) struct Gone;

/// Why an event was not carried out.
#[derive(Debug)]
pub(super) enum Trouble {
    Fault(Fault),
    Gone,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Gone> for Trouble {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A response that is being made. Dropping it ends the work.
pub(super) struct Running {
    pub(super) active: Active,
    pub(super) asked: Instant,
    pub(super) _work: AbortOnDrop,
}

/// Ends a task when it is dropped.
pub(super) struct AbortOnDrop(pub(super) tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A part of an item that was heard.
pub(super) struct HeardPart {
    pub(super) item: String,
    pub(super) part: usize,
    pub(super) words: Result<Arc<str>, Arc<str>>,
    pub(super) ended: Instant,
    pub(super) ms: u64,
}

/// A session.
pub(super) struct Session {
    pub(super) id: String,
    pub(super) conversation_id: String,
    pub(super) expires_at: i64,
    pub(super) app: Arc<App>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) workspace: WorkspaceId,
    pub(super) answerer: Answerer,
    pub(super) credential: Credential,
    pub(super) lexicon: Vec<Pronunciation>,
    pub(super) voices: Vec<String>,
    pub(super) config: Config,
    pub(super) conversation: Conversation,
    pub(super) input: Input,
    /// The item that the present turn becomes.
    pub(super) turn_item: Option<String>,
    /// When the last turn ended.
    pub(super) turn_ended: Option<Instant>,
    pub(super) running: Vec<Running>,
    /// A turn ended while a response was being made; it is answered next.
    pub(super) owed: bool,
    /// Whether anything was spoken; the voice stays from then on.
    pub(super) spoke: bool,
    /// When the caller was silent for too long.
    pub(super) idle_at: Option<Instant>,
    pub(super) hearing: JoinSet<HeardPart>,
    pub(super) steps: mpsc::Sender<(String, Step)>,
    pub(super) place: Option<CallPlace>,
    /// When the client was last told that there is no place.
    pub(super) refused_at: Option<Instant>,
    pub(super) record: Record,
    out: mpsc::Sender<Message>,
}

/// How a session ended.
struct Ended(CallStatus, EndedReason);

/// Carries a session out; returns when it is over and its record is complete.
pub(super) async fn run(socket: WebSocket, start: Start) {
    let (sink, mut stream) = socket.split();
    let (out, waiting) = mpsc::channel(WAITING);
    let mut writer = AbortOnDrop(tokio::spawn(write(sink, waiting)));
    let (steps, mut made) = mpsc::channel(WAITING);
    match Session::begin(start, out.clone(), steps).await {
        Err(fault) => {
            // The client may have left already.
            let _ = out
                .send(Message::text(ServerEvent::from(fault).to_text()))
                .await;
            drop(out);
        }
        Ok(mut session) => {
            drop(out);
            let ended = session.serve(&mut stream, &mut made).await;
            session.end(ended).await;
        }
    }
    if tokio::time::timeout(GOODBYE, &mut writer.0).await.is_err() {
        tracing::debug!("a client did not take its last events");
    }
}

/// Sends what waits, in order; ends when the session or the connection does.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut waiting: mpsc::Receiver<Message>) {
    while let Some(message) = waiting.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    // The client may be gone.
    let _ = sink.close().await;
}

impl Session {
    async fn begin(
        start: Start,
        out: mpsc::Sender<Message>,
        steps: mpsc::Sender<(String, Step)>,
    ) -> Result<Self, Fault> {
        let Start {
            app,
            metrics,
            workspace,
            assistant,
            answerer,
            caller,
            credential,
            config,
            lexicon,
        } = start;
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a realtime session could not begin");
            Fault::server("internal", "the session could not begin; try again")
        };
        let record = Record::begin(&app.store, workspace, assistant, caller).await;
        let record = record.map_err(|error| failed(&error))?;
        let input = Input::new(config.input);
        let voices = app.synthesizer.voices();
        let session = Self {
            id: fresh_id("sess"),
            conversation_id: fresh_id("conv"),
            expires_at: super::super::super::now_ms() / 1000 + LONGEST.as_secs().cast_signed(),
            voices: voices.into_iter().map(|voice| voice.name).collect(),
            app,
            metrics,
            workspace,
            answerer,
            credential,
            lexicon,
            config,
            conversation: Conversation::default(),
            input,
            turn_item: None,
            turn_ended: None,
            running: Vec::new(),
            owed: false,
            spoke: false,
            idle_at: None,
            hearing: JoinSet::new(),
            steps,
            place: None,
            refused_at: None,
            record,
            out,
        };
        let view = session.config.view(&session.id, session.expires_at);
        // A client that left shows in the loop.
        let _ = session
            .send(ServerEvent::SessionCreated { session: view })
            .await;
        Ok(session)
    }

    /// Sends an event; waits for a slow reader.
    pub(super) async fn send(&self, event: ServerEvent) -> Result<(), Gone> {
        self.out
            .send(Message::text(event.to_text()))
            .await
            .map_err(|_| Gone)
    }

    pub(super) async fn send_all(&self, events: Vec<ServerEvent>) -> Result<(), Gone> {
        for event in events {
            self.send(event).await?;
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        stream: &mut SplitStream<WebSocket>,
        made: &mut mpsc::Receiver<(String, Step)>,
    ) -> Ended {
        let over = Instant::now() + LONGEST;
        let shutdown = self.app.cancel();
        let outlived = self.credential.outlived(Arc::clone(&self.app));
        let closed = closures::until_closed(self.app.store.clone(), self.workspace);
        tokio::pin!(outlived, closed);
        let mut last_sign = Instant::now();
        let mut ping = tokio::time::interval(PING_EVERY);
        let broken = Ended(CallStatus::Completed, EndedReason::ErrorTransport);
        loop {
            let idle_at = self.idle_at.unwrap_or(over);
            let carried_out = tokio::select! {
                message = stream.next() => {
                    last_sign = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.take(text.as_str()).await,
                        Some(Ok(Message::Binary(_))) => {
                            let message = "events are JSON in text frames; audio goes as base64 in \
                                           input_audio_buffer.append";
                            self.tell(Fault::invalid("binary_frame", message)).await
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        None | Some(Ok(Message::Close(_))) => {
                            return Ended(CallStatus::Completed, EndedReason::UserHangup);
                        }
                        Some(Err(error)) => {
                            tracing::debug!(%error, "a realtime connection broke");
                            return broken;
                        }
                    }
                }
                Some((id, step)) = made.recv() => self.step(&id, step).await,
                Some(Ok(part)) = self.hearing.join_next() => self.heard(part).await,
                // The last write failed, or took too long.
                () = self.out.closed() => return broken,
                () = sleep_until(idle_at), if self.idle_at.is_some() => self.idle().await,
                () = sleep_until(over) => {
                    let message = "the session reached its longest duration of 60 minutes";
                    let _ = self.tell(Fault::invalid("session_expired", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::MaxDuration);
                }
                () = &mut outlived => {
                    let message = "the key that opened this session does not count any more";
                    let _ = self.tell(Fault::invalid("invalid_api_key", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::ErrorStopped);
                }
                () = &mut closed => {
                    let message = "this workspace is closed and will be erased";
                    let _ = self.tell(Fault::invalid("workspace_closed", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::ErrorStopped);
                }
                () = shutdown.cancelled() => {
                    let message = "the server is shutting down; connect again in a moment";
                    let _ = self.tell(Fault::server("shutting_down", message)).await;
                    return Ended(CallStatus::Failed, EndedReason::ErrorStopped);
                }
                _ = ping.tick() => {
                    if last_sign.elapsed() > SILENT_FOR {
                        return broken;
                    }
                    self.out.send(Message::Ping(Vec::new().into())).await.map_err(|_| Gone)
                }
            };
            if carried_out.is_err() {
                return broken;
            }
        }
    }

    /// Takes an event of the client.
    async fn take(&mut self, text: &str) -> Result<(), Gone> {
        let (event_id, event) = client_event::parse(text);
        let carried_out = match event {
            Ok(event) => self.carry_out(event).await,
            Err(fault) => Err(Trouble::Fault(fault)),
        };
        match carried_out {
            Ok(()) => Ok(()),
            Err(Trouble::Gone) => Err(Gone),
            Err(Trouble::Fault(fault)) => self.tell(Fault { event_id, ..fault }).await,
        }
    }

    /// Tells the client what went wrong.
    pub(super) async fn tell(&self, fault: Fault) -> Result<(), Gone> {
        let detail = json!({"code": fault.code, "param": fault.param});
        self.record.event("error", detail).await;
        self.send(fault.into()).await
    }

    async fn end(mut self, Ended(status, reason): Ended) {
        // Their work ends with them.
        self.running.clear();
        self.hearing.abort_all();
        let Self {
            record, out, place, ..
        } = self;
        drop(out);
        record.finish(status, reason).await;
        drop(place);
    }
}
