//! One session: a loop that owns all state, handles messages from the client, the engines and the clock,
//! and reports what happens. No fault of a response or an order ends it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::active::Active;
use super::config::SessionConfig;
use super::conversation::Conversation;
use super::events::{Event, SessionState};
use super::fault::Fault;
use super::fresh_id;
use super::generate::{Answerer, Step};
use super::input::Input;
use super::orders::{ClientOrder, Order};
use super::record::Record;
use crate::llm::Usage;
use crate::speech::{Ears, Pronunciation, Synthesizer};
use crate::store::calls::{CallStatus, EndedReason};
use crate::store::{AssistantId, Store, WorkspaceId, closures};
use crate::usage::{Budgets, Flow};
use crate::voice::desk::{CallPlace, VoiceDesk};

/// The longest session, as at OpenAI.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Most parts of responses buffered; beyond that, generation waits.
const WAITING: usize = 64;

/// Counts what sessions do, for metrics.
pub trait TurnObserver: Send + Sync {
    /// Sound of this length is transcribed.
    fn heard(&self, length: Duration);
    /// A response ended.
    fn answered(&self, usage: Usage);
}

/// What sessions need.
pub struct Parts {
    store: Store,
    pub(super) ears: Arc<dyn Ears>,
    pub(super) synthesizer: Arc<dyn Synthesizer>,
    tasks: TaskTracker,
    /// Gives places to sessions with sound.
    pub(super) desk: VoiceDesk,
    pub(super) budgets: Arc<Budgets>,
    shutdown: CancellationToken,
    pub(super) observer: Arc<dyn TurnObserver>,
}

impl Parts {
    /// Takes engines and store from the desk. `shutdown` fires when all sessions must end.
    pub fn new(
        desk: VoiceDesk,
        budgets: Arc<Budgets>,
        shutdown: CancellationToken,
        observer: Arc<dyn TurnObserver>,
    ) -> Self {
        let shared = desk.parts();
        Self {
            store: shared.store.clone(),
            ears: Arc::clone(&shared.ears),
            synthesizer: Arc::clone(&shared.synthesizer),
            tasks: shared.tasks.clone(),
            desk,
            budgets,
            shutdown,
            observer,
        }
    }
}

/// What a session starts with.
pub struct Opening {
    pub parts: Parts,
    pub workspace: WorkspaceId,
    pub assistant: Option<AssistantId>,
    pub answerer: Answerer,
    /// The caller's name or address, for the record.
    pub caller: Option<String>,
    /// Whose budget the engines' work counts against.
    pub flow: Flow,
    /// Resolves when the session's opener loses their permission.
    pub outlived: BoxFuture<'static, ()>,
    pub config: SessionConfig,
    pub lexicon: Vec<Pronunciation>,
}

/// The client accepts no more events.
#[derive(Debug)]
pub(super) struct Gone;

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

/// A response in progress. Dropping it stops the work.
pub(super) struct Running {
    pub(super) active: Active,
    pub(super) asked: Instant,
    pub(super) _work: AbortOnDropHandle<()>,
}

/// A transcribed part of an item.
pub(super) struct HeardPart {
    pub(super) item: String,
    pub(super) part: usize,
    pub(super) words: Result<Arc<str>, Arc<str>>,
    pub(super) ended: Instant,
    pub(super) ms: u64,
}

pub(super) struct RealtimeSession {
    id: String,
    pub(super) conversation_id: String,
    expires_at: i64,
    pub(super) parts: Parts,
    pub(super) workspace: WorkspaceId,
    pub(super) answerer: Answerer,
    pub(super) flow: Flow,
    pub(super) lexicon: Vec<Pronunciation>,
    pub(super) voices: Vec<String>,
    pub(super) config: SessionConfig,
    pub(super) conversation: Conversation,
    pub(super) input: Input,
    /// Id of the item that the current turn will become.
    pub(super) turn_item: Option<String>,
    /// When the last turn ended.
    pub(super) turn_ended: Option<Instant>,
    pub(super) running: Vec<Running>,
    /// Whether a turn ended during a response and still needs an answer.
    pub(super) owed: bool,
    /// Whether anything was spoken; after that, the voice is fixed.
    pub(super) spoke: bool,
    /// When the caller will have been silent for too long.
    pub(super) idle_at: Option<Instant>,
    pub(super) hearing: JoinSet<HeardPart>,
    pub(super) steps: mpsc::Sender<(String, Step)>,
    pub(super) place: Option<CallPlace>,
    /// When the client was last told that there is no place.
    pub(super) refused_at: Option<Instant>,
    pub(super) record: Record,
    events: mpsc::Sender<Event>,
}

/// How a session ended.
struct Ended(CallStatus, EndedReason);

/// Runs a session; returns when it is over and its record is complete.
pub async fn serve(
    opening: Opening,
    mut orders: mpsc::Receiver<ClientOrder>,
    events: mpsc::Sender<Event>,
) {
    let (steps, mut made) = mpsc::channel(WAITING);
    match RealtimeSession::begin(opening, events.clone(), steps).await {
        Err(fault) => {
            // Fails only when the client has left.
            let _ = events.send(Event::Fault(fault)).await;
        }
        Ok((mut session, outlived)) => {
            drop(events);
            let ended = session.run(&mut orders, &mut made, outlived).await;
            session.end(ended).await;
        }
    }
}

impl RealtimeSession {
    async fn begin(
        opening: Opening,
        events: mpsc::Sender<Event>,
        steps: mpsc::Sender<(String, Step)>,
    ) -> Result<(Self, BoxFuture<'static, ()>), Fault> {
        let Opening {
            parts,
            workspace,
            assistant,
            answerer,
            caller,
            flow,
            outlived,
            config,
            lexicon,
        } = opening;
        let record = Record::begin(&parts.store, &parts.tasks, workspace, assistant, caller).await;
        let record = record.map_err(|error| {
            tracing::error!(%error, "a realtime session could not begin");
            Fault::server("internal", "the session could not begin; try again")
        })?;
        let voices = parts.synthesizer.voices();
        let now = jiff::Timestamp::now().as_millisecond() / 1000;
        let session = Self {
            id: fresh_id("sess"),
            conversation_id: fresh_id("conv"),
            expires_at: now + LONGEST.as_secs().cast_signed(),
            voices: voices.into_iter().map(|voice| voice.name).collect(),
            input: Input::new(config.input),
            parts,
            workspace,
            answerer,
            flow,
            lexicon,
            config,
            conversation: Conversation::default(),
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
            events,
        };
        // If the client has left, the loop notices.
        let _ = session.send(Event::Created(session.state())).await;
        Ok((session, outlived))
    }

    /// The session as the client sees it.
    pub(super) fn state(&self) -> SessionState {
        SessionState {
            id: self.id.clone(),
            expires_at: self.expires_at,
            config: Box::new(self.config.clone()),
        }
    }

    /// Whether a response of the conversation is in progress.
    pub(super) fn is_answering(&self) -> bool {
        self.running.iter().any(|running| running.active.is_kept())
    }

    /// Sends an event; waits for a slow reader.
    pub(super) async fn send(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).await.map_err(|_| Gone)
    }

    pub(super) async fn send_all(&self, events: Vec<Event>) -> Result<(), Gone> {
        for event in events {
            self.send(event).await?;
        }
        Ok(())
    }

    async fn run(
        &mut self,
        orders: &mut mpsc::Receiver<ClientOrder>,
        made: &mut mpsc::Receiver<(String, Step)>,
        mut outlived: BoxFuture<'static, ()>,
    ) -> Ended {
        let over = Instant::now() + LONGEST;
        let shutdown = self.parts.shutdown.clone();
        let closed = closures::until_closed(self.parts.store.clone(), self.workspace);
        tokio::pin!(closed);
        let broken = Ended(CallStatus::Completed, EndedReason::ErrorTransport);
        loop {
            let idle_at = self.idle_at.unwrap_or(over);
            let spent = self.place.as_ref().map(CallPlace::spent);
            let spent = spent.unwrap_or_default();
            let carried_out = tokio::select! {
                order = orders.recv() => match order {
                    Some(ClientOrder { order: Ok(Order::HangUp), .. }) => {
                        return Ended(CallStatus::Completed, EndedReason::UserHangup);
                    }
                    Some(order) => self.take(order).await,
                    None => return broken,
                },
                Some((id, step)) = made.recv() => self.step(&id, step).await,
                Some(Ok(part)) = self.hearing.join_next() => self.note_heard(part).await,
                // The client no longer reads.
                () = self.events.closed() => return broken,
                () = sleep_until(idle_at), if self.idle_at.is_some() => self.idle().await,
                () = sleep_until(over) => {
                    let message = "the session reached its limit of 60 minutes";
                    let _ = self.tell(Fault::invalid("session_expired", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::MaxDuration);
                }
                () = &mut outlived => {
                    let message = "the key that opened this session is no longer valid";
                    let _ = self.tell(Fault::invalid("invalid_api_key", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::ErrorStopped);
                }
                () = spent.cancelled() => {
                    let message = "this workspace has used up its minutes of calls of this month";
                    let _ = self.tell(Fault::busy("insufficient_quota", message)).await;
                    return Ended(CallStatus::Completed, EndedReason::MaxDuration);
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
            };
            if carried_out.is_err() {
                return broken;
            }
        }
    }

    /// Handles a message of the client.
    async fn take(&mut self, ClientOrder { id, order }: ClientOrder) -> Result<(), Gone> {
        let carried_out = match order {
            Ok(order) => self.carry_out(order).await,
            Err(fault) => Err(Trouble::Fault(fault)),
        };
        match carried_out {
            Ok(()) => Ok(()),
            Err(Trouble::Gone) => Err(Gone),
            Err(Trouble::Fault(fault)) => self.tell(Fault { order: id, ..fault }).await,
        }
    }

    /// Reports a fault to the client.
    pub(super) async fn tell(&self, fault: Fault) -> Result<(), Gone> {
        let detail = json!({"code": fault.code, "param": fault.param});
        self.record.event("error", detail).await;
        self.send(Event::Fault(fault)).await
    }

    async fn end(mut self, Ended(status, reason): Ended) {
        // Dropping a response stops its work.
        self.running.clear();
        self.hearing.abort_all();
        let Self {
            record,
            events,
            place,
            ..
        } = self;
        drop(events);
        record.finish(status, reason).await;
        drop(place);
    }
}
