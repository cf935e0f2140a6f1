//! One turn: question in, answer and receipt out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::Stream;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;

use super::ladder::{Draft, Grounds, LadderRung, ModelRung, RefusalRung, elapsed};
use super::record::{self, Opened, Record};
use super::types::{Rung, Timings, TurnEvent};
use super::{AgentError, Answer};
use crate::knowledge::{Knowledge, Passage};
use crate::llm::{ChatMessage, ChatModel, Priority, Sampling};
use crate::store::assistants::Assistant;
use crate::store::{ConversationId, Store, WorkspaceId};

/// Passages that are looked for.
const WANTED: usize = 8;
/// Events that may wait for a slow reader.
const EVENTS: usize = 64;

/// What a turn takes.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Whose documents.
    pub workspace: WorkspaceId,
    /// Who answers.
    pub assistant: Assistant,
    /// Where question and answer are kept; `None` keeps only the receipt.
    pub conversation: Option<ConversationId>,
    /// Earlier messages, oldest first; used when there is no conversation.
    pub history: Vec<ChatMessage>,
    /// What is asked.
    pub question: String,
    /// The sender's own id of the message, so that one sent twice is answered once.
    pub client_id: Option<String>,
    /// Place in the queue.
    pub priority: Priority,
    /// How the model's words are chosen; `None` for the assistant's way.
    pub sampling: Option<Sampling>,
}

/// A running turn. Dropping it cancels the turn; what had come of the answer is kept.
pub type TurnStream = Pin<Box<dyn Stream<Item = TurnEvent> + Send>>;

/// Answers questions. Clones are handles on the same one.
#[derive(Clone)]
pub struct Agent {
    store: Store,
    knowledge: Knowledge,
    model: Arc<dyn ChatModel>,
}

impl Agent {
    /// An agent on these documents and this model.
    pub fn new(store: Store, knowledge: Knowledge, model: Arc<dyn ChatModel>) -> Self {
        Self {
            store,
            knowledge,
            model,
        }
    }

    /// Carries a turn out. Must be called inside a tokio runtime.
    pub fn reply(&self, turn: Turn) -> TurnStream {
        let (out, events) = mpsc::channel(EVENTS);
        let agent = self.clone();
        tokio::spawn(async move {
            let last = match agent.carry_out(turn, &out).await {
                Ok(Some(answer)) => {
                    // Whoever asked may have left in the last moment.
                    let _ = out
                        .send(TurnEvent::Citations(answer.citations.clone()))
                        .await;
                    TurnEvent::Done(Box::new(answer))
                }
                Ok(None) => return,
                Err(error) => TurnEvent::Failed(error.to_string()),
            };
            // Whoever asked may have left in the last moment.
            let _ = out.send(last).await;
        });
        Box::pin(ReceiverStream::new(events))
    }

    /// `None` when whoever asked left before the answer was complete.
    async fn carry_out(
        &self,
        turn: Turn,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Answer>, AgentError> {
        let since = Instant::now();
        if turn.question.trim().is_empty() {
            return Err(AgentError::Empty);
        }
        let mut opened = match turn.conversation {
            Some(id) => {
                let (question, client_id) = (turn.question.clone(), turn.client_id.clone());
                Some(record::open(&self.store, turn.workspace, id, question, client_id).await?)
            }
            None => None,
        };
        let history = opened
            .as_mut()
            .map_or(turn.history, |o| std::mem::take(&mut o.history));
        let shown = Arc::new(Mutex::new(String::new()));
        let (inner_out, mut inner) = mpsc::channel(EVENTS);
        let work = self.answer(
            since,
            turn.workspace,
            &turn.assistant,
            &history,
            &turn.question,
            turn.priority,
            turn.sampling.as_ref(),
            inner_out,
        );
        let forward = async {
            while let Some(event) = inner.recv().await {
                if let TurnEvent::Delta(text) = &event {
                    shown
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push_str(text);
                }
                if out.send(event).await.is_err() {
                    break;
                }
            }
        };
        let outcome = tokio::select! {
            (outcome, ()) = async { tokio::join!(work, forward) } => Some(outcome),
            () = out.closed() => None,
        };
        match outcome {
            None => {
                if let Some(opened) = opened {
                    let text = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    record::keep_partial(&self.store, opened.answer, text).await;
                }
                Ok(None)
            }
            Some(Err(error)) => {
                if let Some(opened) = opened {
                    record::mark_failed(&self.store, opened.answer).await;
                }
                Err(error)
            }
            Some(Ok((draft, passages, retrieve))) => self
                .close(
                    since,
                    turn.workspace,
                    opened,
                    &turn.question,
                    draft,
                    &passages,
                    retrieve,
                )
                .await
                .map(Some),
        }
    }

    /// Climbs the ladder.
    #[expect(
        clippy::too_many_arguments,
        reason = "a turn taken apart, so that parts can be moved out of it"
    )]
    async fn answer(
        &self,
        since: Instant,
        workspace: WorkspaceId,
        assistant: &Assistant,
        history: &[ChatMessage],
        question: &str,
        priority: Priority,
        sampling: Option<&Sampling>,
        out: Sender<TurnEvent>,
    ) -> Result<(Draft, Vec<Passage>, u64), AgentError> {
        let sought = with_context(history, question);
        let passages = self.knowledge.search(workspace, &sought, WANTED).await?;
        let retrieve = elapsed(since);
        let grounds = Grounds {
            question,
            history,
            passages: &passages,
            instructions: &assistant.instructions,
            priority,
            sampling,
            since,
        };
        let model = ModelRung {
            model: &*self.model,
        };
        // Frequent questions, facts and quotations get their rungs before the model's.
        let ladder: [&dyn LadderRung; 2] = [&model, &RefusalRung];
        for rung in ladder {
            if let Some(draft) = rung.answer(&grounds, &out).await? {
                return Ok((draft, passages, retrieve));
            }
        }
        Err(AgentError::Empty)
    }

    #[expect(clippy::too_many_arguments, reason = "what the receipt says")]
    async fn close(
        &self,
        since: Instant,
        workspace: WorkspaceId,
        opened: Option<Opened>,
        question: &str,
        draft: Draft,
        passages: &[Passage],
        retrieve: u64,
    ) -> Result<Answer, AgentError> {
        let timings = Timings {
            retrieve,
            first_token: draft.first_token,
            total: elapsed(since),
        };
        let model =
            (draft.rung == Rung::Model).then(|| (self.model.name(), self.model.weights_hash()));
        let record = Record {
            workspace,
            opened,
            question,
            draft,
            passages,
            model,
            timings,
        };
        Ok(record::close(&self.store, record).await?)
    }
}

/// A short follow-up ("and on Sunday?") says too little to search with: the question before it is
/// searched along.
fn with_context(history: &[ChatMessage], question: &str) -> String {
    let few = crate::knowledge::content_words(question).len() <= 2;
    let before = history
        .iter()
        .rev()
        .find(|m| m.role == crate::llm::Role::User);
    match before {
        Some(before) if few => format!("{}\n{question}", before.content),
        _ => question.to_owned(),
    }
}
