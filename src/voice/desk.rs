//! Admits voice sessions, up to the number of places, and runs them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::line::VoiceLine;
use super::meter::Meter;
use super::settings::VoiceSettings;
use super::{places, session};
use crate::agent::Agent;
use crate::inbox::Inbox;
use crate::providers::Providers;
use crate::speech::{Ears, Synthesizer};
use crate::store::assistants::Assistant;
use crate::store::calls::CallChannel;
use crate::store::{ApiKeyId, ConversationId, Store, WorkspaceId, closures, workspaces};
use crate::usage::Flow;
use crate::usage::quota::{QuotaError, Quotas};
use crate::worker::Governor;

/// Extra places for the kiosk's microphone when outside callers hold all others, so that a script cannot turn away
/// somebody who stands in the shop. They exceed the measured capacity: with one more call, each is
/// slightly slower.
const KEPT_FOR_KIOSK: usize = 1;

/// Why a session cannot begin. The sentence is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    #[error("all our lines are busy right now; write to us in the chat, or try again in a minute")]
    Full,
    /// The owner turned voice off, or an engine is missing; the reason is for the owner.
    #[error("{0}")]
    Unavailable(String),
}

/// The caller, and the assistant that answers.
#[derive(Debug, Clone)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub assistant: Assistant,
    pub channel: CallChannel,
    /// The caller's name or address, if the channel knows it.
    pub name: Option<String>,
    /// A conversation to continue, for example one from the chat.
    pub conversation: Option<ConversationId>,
    /// The API key that opened the call.
    pub begun_by: Option<ApiKeyId>,
    /// Whose budget the engines' work counts against.
    pub flow: Flow,
}

/// A place for a session, freed on drop. The time until then is counted.
#[derive(Debug)]
pub struct CallPlace {
    _permit: OwnedSemaphorePermit,
    meter: Meter,
}

impl CallPlace {
    /// Fires when the minutes of the workspace end, a moment before they do.
    pub(super) fn spent(&self) -> CancellationToken {
        self.meter.spent()
    }
}

/// What the desk needs.
pub struct Parts {
    pub store: Store,
    /// Persons who may take a call's conversation.
    pub inbox: Inbox,
    pub agent: Agent,
    pub ears: Arc<dyn Ears>,
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Who hears and speaks instead, as each workspace wants; `None` if nobody may.
    pub providers: Option<Providers>,
    /// Holds other work back while a turn needs the cores.
    pub governor: Governor,
    /// Counts the minutes of calls.
    pub quotas: Quotas,
    /// Most sessions at once; 0: measure what the machine can carry.
    pub places: usize,
    /// Fires when all sessions must end.
    pub shutdown: CancellationToken,
    pub tasks: TaskTracker,
}

/// Admits and runs voice sessions. Clones share their state.
#[derive(Clone)]
pub struct VoiceDesk {
    parts: Arc<Parts>,
    places: Arc<Semaphore>,
    kept: Arc<Semaphore>,
}

impl VoiceDesk {
    /// Call it inside a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let fixed = Some(parts.places).filter(|places| *places > 0);
        let places = Arc::new(Semaphore::new(
            fixed.unwrap_or_else(|| places::guess(cores)),
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

    /// The store and the engines, for Realtime sessions too.
    pub(super) fn parts(&self) -> Arc<Parts> {
        Arc::clone(&self.parts)
    }

    /// Takes a place for a session in this workspace, if one is free.
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
        let permit = permit.map_err(|_| Busy::Full)?;
        let quotas = self.parts.quotas.clone();
        let meter = Meter::start(quotas, workspace, &self.parts.tasks).await;
        let meter = meter.map_err(|error| match error {
            QuotaError::Exceeded { .. } | QuotaError::Ended => Busy::Unavailable(
                "calls are not possible at the moment; write to us in the chat".into(),
            ),
            QuotaError::Store(error) => Busy::Unavailable(error.to_string()),
        })?;
        Ok(CallPlace {
            _permit: permit,
            meter,
        })
    }

    /// Runs a session; returns when it is over and its record is complete. If the future is
    /// dropped, the session ends once its line is closed.
    pub async fn serve(&self, place: CallPlace, caller: Caller, line: VoiceLine) {
        let parts = Arc::clone(&self.parts);
        let running = self.parts.tasks.spawn(async move {
            session::run(parts, caller, line, place.spent()).await;
            drop(place);
        });
        if let Err(error) = running.await {
            tracing::error!(%error, "a voice session broke down");
        }
    }
}
