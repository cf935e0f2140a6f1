//! One turn: takes a question, returns an answer with its receipt.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::Stream;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;

use super::afterword::{self, Pace};
use super::begin::{self, Begun, InProgress, Opened};
use super::burst::Burst;
use super::climb::{Climb, Climbed};
use super::errands::Errands;
use super::flow;
use super::follow_up;
use super::handover::Need;
use super::lead;
use super::meaning::Meanings;
use super::record::{self, Ended, Marks, Record};
use super::rungs::elapsed;
use super::types::{Stored, Timings, TurnEvent};
use super::{AgentError, Answer};
use crate::inbox::Presence;
use crate::knowledge::{Audience, Knowledge, Passage, View};
use crate::llm::{ChatMessage, ChatModel, Claim, Reader, Sampling};
use crate::reason::Reason;
use crate::store::assistants::{Assistant, AssistantSettings, KnowledgeView};
use crate::store::{ConversationId, Store, WorkspaceId};
use crate::tools::Tools;

/// Most events buffered for a slow reader.
const EVENTS: usize = 64;

/// How an answer reaches the visitor, which decides whether the model may add to it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// As text that appears as it comes.
    AsItComes,
    /// As text that appears once it is complete.
    Whole,
    Spoken,
}

/// The input of a turn.
#[derive(Debug, Clone)]
pub struct Turn {
    pub workspace: WorkspaceId,
    pub assistant: Assistant,
    /// Where to store question and answer; `None` stores only the receipt.
    pub conversation: Option<ConversationId>,
    /// Earlier messages, oldest first; used without a conversation.
    pub history: Vec<ChatMessage>,
    pub question: String,
    /// The sender's own id of the message; a repeated id is not answered again.
    pub client_id: Option<String>,
    /// Its place in the engine's queue.
    pub claim: Claim,
    /// `None` uses the default sampling.
    pub sampling: Option<Sampling>,
    /// The time at which the answer applies; `None` for now. Tests and evaluations set it.
    pub now: Option<jiff::Timestamp>,
    /// Visitors never get answers from documents for staff.
    pub audience: Audience,
    /// How the answer reaches the visitor.
    pub display: Display,
    /// An evaluation or a replay asks, not a visitor: the receipt says so, and no gap is noted.
    pub evaluation: bool,
    /// The turn goes on when its reader leaves, who reads the answer in the conversation.
    pub stays: bool,
}

/// A running turn. Dropping it cancels the turn unless it stays, but a complete answer is still stored.
pub type TurnStream = Pin<Box<dyn Stream<Item = TurnEvent> + Send>>;

/// An answer to be graded.
#[derive(Debug, Clone)]
pub struct Measured {
    pub answer: Answer,
    /// The search results, best first.
    pub found: Vec<Passage>,
    /// The `checks` of the receipt that the answer would have.
    pub checks: serde_json::Map<String, serde_json::Value>,
}

/// Answers questions. Clones share their state.
#[derive(Clone)]
pub struct Agent {
    store: Store,
    knowledge: Knowledge,
    model: Arc<dyn ChatModel>,
    reader: Arc<dyn Reader>,
    pace: Arc<Pace>,
    in_progress: InProgress,
    presence: Option<Presence>,
    tools: Option<Tools>,
    meanings: Meanings,
}

/// What a turn came to.
enum Outcome {
    Answered(Box<Answer>),
    /// The assistant says nothing.
    Silent(Stored),
    /// The receiver left before the answer was complete.
    Left,
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Answered(answer) => Self::Answered(answer),
            Ended::GaveWay(stored) => Self::Silent(stored),
        }
    }
}

impl Agent {
    pub fn new(
        store: Store,
        knowledge: Knowledge,
        model: Arc<dyn ChatModel>,
        reader: Arc<dyn Reader>,
    ) -> Self {
        Self {
            store,
            knowledge,
            model,
            reader,
            pace: Arc::default(),
            in_progress: InProgress::default(),
            presence: None,
            meanings: Meanings::default(),
            tools: None,
        }
    }

    /// Lets assistants call the tools that their owners allow them.
    #[must_use]
    pub fn with_tools(self, tools: Tools) -> Self {
        Self {
            tools: Some(tools),
            ..self
        }
    }

    /// Shows to those who follow a conversation that an answer is being written.
    #[must_use]
    pub fn with_presence(self, presence: Presence) -> Self {
        Self {
            presence: Some(presence),
            ..self
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn in_progress(&self) -> &InProgress {
        &self.in_progress
    }

    /// Carries out a turn. Call it inside a tokio runtime.
    pub fn reply(&self, turn: Turn) -> TurnStream {
        let (out, events) = mpsc::channel(EVENTS);
        let agent = self.clone();
        tokio::spawn(async move {
            let last = match agent.carry_out(turn, &out).await {
                Ok(Outcome::Answered(answer)) => {
                    // A send fails only if the receiver is gone.
                    let _ = out
                        .send(TurnEvent::Citations(answer.citations.clone()))
                        .await;
                    TurnEvent::Done(answer)
                }
                Ok(Outcome::Silent(stored)) => TurnEvent::Stored(stored),
                Ok(Outcome::Left) => return,
                Err(error) => TurnEvent::Failed(Reason::of(error)),
            };
            // A send fails only if the receiver is gone.
            let _ = out.send(last).await;
        });
        Box::pin(ReceiverStream::new(events))
    }

    /// Carries out a turn to grade its answer. Stores neither messages nor a receipt. `view` may
    /// include documents that wait at the gate.
    ///
    /// # Errors
    /// Those of a turn.
    pub async fn measure(&self, turn: Turn, view: View) -> Result<Measured, AgentError> {
        let since = Instant::now();
        if turn.question.trim().is_empty() {
            return Err(AgentError::Empty);
        }
        let own = turn.assistant.own()?;
        let asked = Burst::of(&turn.history, &turn.question);
        let climb = self.climb(&turn, &own, &asked, view, since);
        let Climbed {
            mut draft,
            trace,
            found,
            retrieve,
            ..
        } = climb.answer().await?;
        record::narrow_spans(&self.store, turn.workspace, &mut draft).await?;
        let timings = Timings {
            retrieve,
            first_token: draft.first_token,
            total: elapsed(since),
        };
        Ok(Measured {
            answer: Answer {
                answer: draft.text,
                rung: draft.rung,
                citations: draft.citations,
                receipt: None,
                timings_ms: timings,
                tokens: draft.tokens,
                handoff: draft.handoff,
                interrupted: false,
                provider: trace.told_provider(),
                options: trace.options(),
                stored: None,
            },
            found: found.passages,
            checks: trace.into_json(),
        })
    }

    /// Without tools.
    pub(super) fn climb<'a>(
        &'a self,
        turn: &'a Turn,
        own: &'a AssistantSettings,
        asked: &'a Burst<'a>,
        view: View,
        since: Instant,
    ) -> Climb<'a> {
        Climb {
            store: &self.store,
            knowledge: &self.knowledge,
            model: &*self.model,
            reader: &*self.reader,
            workspace: turn.workspace,
            view,
            assistant: &turn.assistant,
            own,
            meanings: &self.meanings,
            history: asked.history,
            question: &asked.question,
            claim: turn.claim,
            sampling: turn.sampling.as_ref(),
            now: turn.now.unwrap_or_else(jiff::Timestamp::now),
            audience: match own.knowledge.view {
                Some(KnowledgeView::Public) => Audience::Visitors,
                _ => turn.audience,
            },
            since,
            errands: None,
        }
    }

    /// The tools of a turn; an evaluation does nothing outside.
    pub(super) fn errands<'a>(
        &'a self,
        turn: &Turn,
        acting: &'a AtomicBool,
    ) -> Option<Errands<'a>> {
        let tools = self.tools.as_ref().filter(|_| !turn.evaluation)?;
        Some(Errands {
            tools,
            conversation: turn.conversation,
            acts_later: turn.display == Display::Spoken,
            may_wait: turn.conversation.is_some(),
            acting,
        })
    }

    async fn carry_out(&self, turn: Turn, out: &Sender<TurnEvent>) -> Result<Outcome, AgentError> {
        let since = Instant::now();
        if turn.question.trim().is_empty() {
            return Err(AgentError::Empty);
        }
        let own = turn.assistant.own()?;
        let mut marks = Marks {
            evaluation: turn.evaluation,
            audience: turn.audience,
            assistant: turn.assistant.id,
            name: turn.assistant.name.clone(),
            version: turn.assistant.version,
            now: turn.now,
            earlier: 0,
            in_full: String::new(),
            need: Need::default(),
        };
        let mut opened = match turn.conversation {
            Some(id) => {
                let (question, client_id) = (turn.question.clone(), turn.client_id.clone());
                let (store, running) = (&self.store, &self.in_progress);
                let begun = begin::open(store, running, turn.workspace, id, question, client_id);
                match begun.await? {
                    Begun::Answers(opened) => Some(opened),
                    Begun::Silent(stored) => return Ok(Outcome::Silent(stored)),
                }
            }
            None => None,
        };
        // Until the answer is stored, thrown away or failed.
        let _composing = opened
            .as_ref()
            .zip(self.presence.as_ref())
            .map(|(opened, around)| around.compose(turn.workspace, opened.conversation.id));
        let history = opened
            .as_mut()
            .map_or_else(|| turn.history.clone(), |o| std::mem::take(&mut o.history));
        let asked = Burst::of(&history, &turn.question);
        marks.earlier = asked.history.len();
        marks.in_full = follow_up::write_in_full(asked.history, &asked.question, " · ");
        let acting = AtomicBool::new(false);
        let climb = Climb {
            errands: self.errands(&turn, &acting),
            ..self.climb(&turn, &own, &asked, View::Live, since)
        };
        let answering = flow::answer(&climb, &turn);
        let Some(outcome) = unless_left(answering, out, turn.stays, &acting).await else {
            // Nothing was shown yet: the answer's message stays empty and "interrupted".
            return Ok(Outcome::Left);
        };
        let mut climbed = match outcome {
            Ok(climbed) => climbed,
            Err(error) => {
                if let Some(opened) = opened {
                    record::mark_failed(&self.store, opened.answer).await;
                }
                return Err(error);
            }
        };
        let question = &asked.question;
        let mut shown = None;
        if let Some(plan) = afterword::plan(&climbed, question, &turn)
            && afterword::is_able(&*self.model, &self.pace, &plan)
        {
            let text = climbed.draft.text.clone();
            // The model may take seconds, and what is shown must survive a crash.
            let may = match &mut opened {
                Some(opened) => record::keep_shown(&self.store, opened, text.clone()).await,
                None => true,
            };
            if may {
                // The receiver may be gone by now; a complete answer is stored all the same.
                let _ = out.send(TurnEvent::Delta(text.clone())).await;
                shown = Some(text);
                self.add_afterword(&plan, &turn, question, &mut climbed, since, out)
                    .await;
            }
        }
        if turn.display != Display::Spoken {
            marks.need = Need::of(question, &climbed);
        }
        let ended = self
            .close(since, turn.workspace, opened, question, climbed, marks)
            .await?;
        if let Ended::Answered(answer) = &ended {
            // Nobody reads a word before it is certain that no person speaks.
            let before = shown.as_deref().unwrap_or_default();
            let rest = answer.answer.strip_prefix(before).unwrap_or_default();
            if !rest.is_empty() {
                let _ = out.send(TurnEvent::Delta(rest.to_owned())).await;
            }
        }
        Ok(ended.into())
    }

    /// Lets the model add to a quotation that was just sent. Whoever leaves meanwhile gets the quotation alone.
    async fn add_afterword(
        &self,
        plan: &afterword::Plan,
        turn: &Turn,
        question: &str,
        climbed: &mut Climbed,
        since: Instant,
        out: &Sender<TurnEvent>,
    ) {
        let deadline = Duration::from_secs(climbed.settings.deadline_seconds.into());
        let left = deadline.saturating_sub(since.elapsed());
        let written = afterword::write(
            &*self.model,
            &self.pace,
            plan,
            question,
            &climbed.draft.citations,
            turn.claim,
            left,
        );
        let added = tokio::select! {
            added = written => added,
            () = out.closed(), if !turn.stays => None,
        };
        let Some(added) = added else {
            return;
        };
        if let Some(text) = &added.trace.text {
            climbed.draft.text.push_str("\n\n");
            climbed.draft.text.push_str(text);
        }
        climbed.asked_model = true;
        climbed.draft.prompt_hash = Some(added.prompt_hash);
        climbed.draft.tokens = added.tokens;
        climbed.trace.afterword = Some(added.trace);
        climbed.trace.served = added.served.or(climbed.trace.served.take());
    }

    pub(super) async fn close(
        &self,
        since: Instant,
        workspace: WorkspaceId,
        opened: Option<Box<Opened>>,
        question: &str,
        climbed: Climbed,
        marks: Marks,
    ) -> Result<Ended, AgentError> {
        let by_visitor = marks.audience == Audience::Visitors && !marks.evaluation;
        if let Some(opened) = opened.as_ref().filter(|_| by_visitor) {
            lead::keep(
                &self.store,
                &opened.conversation,
                question,
                climbed.trace.talk,
            )
            .await;
        }
        let timings = Timings {
            retrieve: climbed.retrieve,
            first_token: climbed.draft.first_token,
            total: elapsed(since),
        };
        let model = climbed.asked_model.then(|| match &climbed.trace.served {
            // Nobody knows the weights of a provider.
            Some(served) => (format!("{} ({})", served.model, served.provider), None),
            None => (self.model.name(), self.model.weights_hash()),
        });
        let record = Record {
            workspace,
            opened,
            question,
            draft: climbed.draft,
            trace: climbed.trace,
            passages: &climbed.found.passages,
            model,
            timings,
            marks,
        };
        Ok(record::close(&self.store, record).await?)
    }
}

/// What a turn comes to; `None` if its reader leaves and it does not stay. What the visitor agreed to is done even if they leave
/// meanwhile, and then they find in the conversation what came of it.
async fn unless_left<T>(
    answering: impl Future<Output = T>,
    out: &Sender<TurnEvent>,
    stays: bool,
    acting: &AtomicBool,
) -> Option<T> {
    let mut answering = std::pin::pin!(answering);
    tokio::select! {
        outcome = &mut answering => return Some(outcome),
        () = out.closed(), if !stays => {}
    }
    match acting.load(Ordering::Relaxed) {
        true => Some(answering.await),
        false => None,
    }
}
