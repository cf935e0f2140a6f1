//! Where voice sessions begin: how many there may be, and what each gets.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::line::VoiceLine;
use super::settings::VoiceSettings;
use super::{places, session};
use crate::agent::Agent;
use crate::speech::{Ears, Synthesizer};
use crate::store::assistants::Assistant;
use crate::store::calls::CallChannel;
use crate::store::{ApiKeyId, ConversationId, Store, WorkspaceId, closures, workspaces};
use crate::usage::Flow;
use crate::worker::Governor;

/// Places kept for the microphone of the house when callers from elsewhere hold all others, so that nobody who stands in
/// the shop is turned away by a script. It comes on top of what the machine is measured to carry: for one more call each is
/// a little slower.
const KEPT_FOR_KIOSK: usize = 1;

/// Why no session begins. The sentence is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// All places are taken.
    #[error("all our lines are busy right now; write to us in the chat, or try again in a minute")]
    Full,
    /// The owner turned voice off, or an engine is missing; the reason is for the owner.
    #[error("{0}")]
    Unavailable(String),
}

/// Who calls, and who answers.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose front desk.
    pub workspace: WorkspaceId,
    /// Who answers.
    pub assistant: Assistant,
    /// How the call came.
    pub channel: CallChannel,
    /// Who is on the other side, as the channel knows them.
    pub name: Option<String>,
    /// A conversation that goes on, for example one that began in the chat.
    pub conversation: Option<ConversationId>,
    /// The API key that calls.
    pub begun_by: Option<ApiKeyId>,
    /// On whose behalf the engines work.
    pub flow: Flow,
}

/// A free place for a session; given back when it is dropped.
#[derive(Debug)]
pub struct CallPlace {
    _permit: OwnedSemaphorePermit,
}

/// What the desk works with.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Answers.
    pub agent: Agent,
    /// Hears.
    pub ears: Arc<dyn Ears>,
    /// Speaks.
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Told while a turn needs the cores.
    pub governor: Governor,
    /// Most sessions at a time; 0: as many as the machine is measured to carry.
    pub places: usize,
    /// Fires when sessions must end.
    pub shutdown: CancellationToken,
    /// Where its tasks run.
    pub tasks: TaskTracker,
}

/// Takes voice sessions. Clones are handles on the same one.
#[derive(Clone)]
pub struct VoiceDesk {
    parts: Arc<Parts>,
    places: Arc<Semaphore>,
    kept: Arc<Semaphore>,
}

impl VoiceDesk {
    /// A desk of these parts. Must be called inside a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let fixed = Some(parts.places).filter(|places| *places > 0);
        let places = Arc::new(Semaphore::new(
            fixed.unwrap_or_else(|| places::unmeasured(cores)),
        ));
        let parts = Arc::new(parts);
        if fixed.is_none() {
            let measure = places::measure(Arc::clone(&parts), Arc::clone(&places), cores);
            let shutdown = parts.shutdown.clone();
            parts
                .tasks
                .spawn(async move { shutdown.run_until_cancelled(measure).await });
        }
        let kept = Arc::new(Semaphore::new(KEPT_FOR_KIOSK));
        Self {
            parts,
            places,
            kept,
        }
    }

    /// What sessions work with, also those of the Realtime API.
    pub(super) fn parts(&self) -> Arc<Parts> {
        Arc::clone(&self.parts)
    }

    /// Takes a place for a session of this workspace that comes through `channel`, if there is one.
    ///
    /// # Errors
    /// [`Busy`], with a sentence for the caller.
    pub async fn admit(
        &self,
        workspace: WorkspaceId,
        channel: CallChannel,
    ) -> Result<CallPlace, Busy> {
        let read = self.parts.store.read(move |conn| {
            let closed = closures::is_closed(conn, workspace)?;
            let settings: VoiceSettings =
                workspaces::section(conn, workspace, VoiceSettings::SECTION)?;
            Ok((settings, closed))
        });
        let (settings, closed) = read
            .await
            .map_err(|error| Busy::Unavailable(error.to_string()))?;
        if closed {
            return Err(Busy::Unavailable("this front desk is closed".into()));
        }
        if !settings.enabled {
            return Err(Busy::Unavailable(
                "talking is turned off here; write to us in the chat".into(),
            ));
        }
        let ready = self.parts.ears.ready();
        ready
            .and_then(|()| self.parts.synthesizer.ready())
            .map_err(|error| Busy::Unavailable(error.to_string()))?;
        let mut permit = self.places.clone().try_acquire_owned();
        if permit.is_err() && channel == CallChannel::Kiosk {
            permit = self.kept.clone().try_acquire_owned();
        }
        permit
            .map(|_permit| CallPlace { _permit })
            .map_err(|_| Busy::Full)
    }

    /// Carries a session out; returns when it is over and its record is complete. When the future is
    /// dropped, the session ends by itself as soon as its line is closed.
    pub async fn serve(&self, place: CallPlace, caller: Caller, line: VoiceLine) {
        let parts = Arc::clone(&self.parts);
        let running = self.parts.tasks.spawn(async move {
            session::run(parts, caller, line).await;
            drop(place);
        });
        if let Err(error) = running.await {
            tracing::error!(%error, "a voice session broke down");
        }
    }
}
