//! Uses the engines, the agent and the store on behalf of one caller.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::answering::{FindOrder, Remember, SayOrder};
use super::ear::{PartialOrder, PauseOrder};
use super::jobs::{self, Mouth, Work};
use crate::agent::{Display, PreparedAnswer, Turn};
use crate::inbox::leads;
use crate::knowledge::Audience;
use crate::llm::{Claim, Priority};
use crate::speech::{Ears, SpeakRequest, Synthesizer};
use crate::store::calls::Call;
use crate::store::handover;
use crate::store::messages::{self, MessageState, NewMessage};
use crate::store::{ConversationId, Scoped, StoreError, UnixMs, conversations};
use crate::voice::desk::{Caller, Parts};
use crate::voice::phrases::Phrases;
use crate::voice::recorder::Recorder;
use crate::worker::Live;

/// Marks conversations in which somebody left a number.
const CALL_BACK: &str = "call-back";

/// What a session needs from outside.
pub(super) struct Services {
    pub(super) parts: Arc<Parts>,
    pub(super) caller: Caller,
    pub(super) conversation: ConversationId,
    pub(super) phrases: &'static Phrases,
    /// A speech request without its text.
    pub(super) manner: SpeakRequest,
    pub(super) recording_days: u32,
    /// Where jobs report their results.
    pub(super) work: mpsc::Sender<Work>,
}

impl Services {
    /// Holds background work back until dropped.
    pub(super) fn hold_back(&self) -> Live {
        self.parts.governor.live()
    }

    pub(super) fn hear_partial(&self, order: PartialOrder) {
        let PartialOrder { utterance, cancel } = order;
        let (ears, work) = (self.parts.ears.clone(), self.work.clone());
        jobs::hear(&self.parts.tasks, cancel, ears, utterance, None, work);
    }

    /// Transcribes the pause and judges the end of the turn, side by side.
    pub(super) fn judge_pause(&self, order: PauseOrder) {
        let PauseOrder {
            number,
            utterance,
            tail,
            cancel,
        } = order;
        let (tasks, ears, work) = (&self.parts.tasks, self.ears(), &self.work);
        jobs::hear(
            tasks,
            cancel.clone(),
            ears.clone(),
            utterance,
            Some(number),
            work.clone(),
        );
        jobs::judge_turn_end(tasks, cancel, ears.clone(), tail, number, work.clone());
    }

    /// Whoever hears for this workspace.
    fn ears(&self) -> Arc<dyn Ears> {
        let local = Arc::clone(&self.parts.ears);
        match &self.parts.providers {
            Some(providers) => Arc::new(providers.ears(self.caller.workspace, local)),
            None => local,
        }
    }

    /// Whoever speaks for this workspace.
    fn synthesizer(&self) -> Arc<dyn Synthesizer> {
        let local = Arc::clone(&self.parts.synthesizer);
        match &self.parts.providers {
            Some(providers) => Arc::new(providers.live_voice(self.caller.workspace, local)),
            None => local,
        }
    }

    fn mouth(&self, job: u64) -> Mouth {
        Mouth {
            synthesizer: self.synthesizer(),
            manner: self.manner.clone(),
            job,
            work: self.work.clone(),
        }
    }

    pub(super) fn say(&self, order: SayOrder) {
        let mouth = self.mouth(order.job);
        jobs::say(&self.parts.tasks, order.cancel, mouth, order.sentences);
    }

    fn turn(&self, question: String) -> Turn {
        Turn {
            workspace: self.caller.workspace,
            assistant: self.caller.assistant.clone(),
            conversation: Some(self.conversation),
            history: Vec::new(),
            question,
            client_id: None,
            claim: Claim::new(Priority::Voice, self.caller.flow),
            sampling: None,
            now: None,
            audience: Audience::Visitors,
            display: Display::Spoken,
            evaluation: false,
            stays: false,
        }
    }

    pub(super) fn find_answer(&self, order: FindOrder) {
        jobs::answer(
            &self.parts.tasks,
            order.cancel,
            self.parts.agent.clone(),
            self.turn(order.question),
            (self.phrases, order.is_desk_open),
            self.mouth(order.job),
            order.gate,
        );
    }

    /// Stores an answer, even if the call ends meanwhile.
    pub(super) fn keep(&self, job: u64, prepared: PreparedAnswer) {
        let (agent, work) = (self.parts.agent.clone(), self.work.clone());
        jobs::commit(&self.parts.tasks, agent, prepared, job, work);
    }

    /// Stores what was heard of an interrupted answer.
    pub(super) async fn remember(&self, remember: Remember) {
        let agent = &self.parts.agent;
        match remember {
            Remember::Shorten(message, heard) => {
                let done = agent.shorten(self.caller.workspace, message, heard).await;
                if let Err(error) = done {
                    tracing::warn!(%error, "an interrupted answer could not be shortened");
                }
            }
            Remember::Keep { question, heard } => {
                if let Err(error) = agent.keep_broken(self.turn(question), heard).await {
                    tracing::warn!(%error, "an interrupted answer could not be kept");
                }
            }
        }
    }

    /// Takes a request for a call back: as a lead, which reaches somebody, and in the conversation.
    pub(super) async fn request_callback(
        &self,
        name: &str,
        contact: &str,
    ) -> Result<(), StoreError> {
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let text = format!("Call-back requested. Name: {name}. Phone or e-mail: {contact}.");
        let said = format!("{name}, {contact}");
        let kept = self.parts.store.write(move |tx| -> Result<(), StoreError> {
            let now = jiff::Timestamp::now().as_millisecond();
            let conversation = conversations::get(tx, workspace, id)?;
            leads::of_message(tx, &conversation, &said, true, now)?;
            let new = NewMessage {
                role: messages::Speaker::User,
                text: &text,
                state: MessageState::Complete,
                client_id: None,
                author: None,
            };
            messages::append(tx, &conversation, &new, now)?;
            // Nobody waits on the line, so it is no matter for the queue.
            handover::tag(tx, &conversation, CALL_BACK, now)
        });
        kept.await
    }

    pub(super) fn start_recording(&self, call: Scoped<Call>, now: UnixMs) -> Recorder {
        Recorder::start(self.parts.store.clone(), call, self.recording_days, now)
    }
}
