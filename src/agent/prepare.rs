//! A turn in two steps, for voice: prepare the answer while the caller may still go on talking, and commit it
//! once the question is complete. A preparation that is dropped leaves no trace.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::begin::{self, Begun};
use super::burst::Burst;
use super::climb::{Climb, Climbed};
use super::flow;
use super::follow_up;
use super::handover::Need;
use super::record::{self, Ended, Marks};
use super::reply::{Agent, Turn};
use super::talk::Talk;
use super::types::{Citation, Rung};
use super::{AgentError, Answer};
use crate::knowledge::View;
use crate::llm::ChatMessage;
use crate::store::{ConversationId, MessageId, messages};

/// A complete answer that is not stored yet.
pub struct PreparedAnswer {
    turn: Turn,
    climbed: Climbed,
    history: Vec<ChatMessage>,
    since: Instant,
}

impl PreparedAnswer {
    pub fn question(&self) -> &str {
        &self.turn.question
    }

    /// With `[n]` where it cites.
    pub fn text(&self) -> &str {
        &self.climbed.draft.text
    }

    pub fn rung(&self) -> Rung {
        self.climbed.draft.rung
    }

    pub fn citations(&self) -> &[Citation] {
        &self.climbed.draft.citations
    }

    /// Whether the answer offers a person.
    pub fn handoff(&self) -> bool {
        self.climbed.draft.handoff
    }

    /// The kind of small talk, if the question was small talk.
    pub fn talk(&self) -> Option<Talk> {
        self.climbed.trace.talk
    }

    /// Why a tool gave no answer, as a sentence for the caller; the text offers a person behind it.
    pub fn failure(&self) -> Option<&'static str> {
        self.climbed.trace.tool.as_ref().and_then(|tool| tool.why)
    }

    /// Time of the searches, in ms.
    pub fn retrieve_ms(&self) -> u64 {
        self.climbed.retrieve
    }
}

/// A prepared answer, now stored.
#[derive(Debug, Clone)]
pub struct Committed {
    /// With its receipt.
    pub answer: Answer,
    /// Id of the answer's message, if the turn has a conversation.
    pub message: Option<MessageId>,
}

impl Agent {
    /// Finds the answer of a turn without storing a message, receipt or gap. Dropping the future
    /// cancels the work.
    ///
    /// # Errors
    /// Those of a turn.
    pub async fn prepare(&self, turn: Turn) -> Result<PreparedAnswer, AgentError> {
        let since = Instant::now();
        if turn.question.trim().is_empty() {
            return Err(AgentError::Empty);
        }
        let history = match turn.conversation {
            Some(id) => record::history(self.store(), turn.workspace, id).await?,
            None => turn.history.clone(),
        };
        let own = turn.assistant.own()?;
        let asked = Burst::of(&history, &turn.question);
        // What acts is done once the turn is committed.
        let acting = AtomicBool::new(false);
        let climb = Climb {
            errands: self.errands(&turn, &acting),
            ..self.climb(&turn, &own, &asked, View::Live, since)
        };
        let climbed = flow::answer(&climb, &turn).await?;
        Ok(PreparedAnswer {
            turn,
            climbed,
            history,
            since,
        })
    }

    /// Stores a prepared answer as [`Agent::reply`] would: question and answer in the conversation,
    /// the receipt, and a gap if nothing answered. `None` if a person has the conversation or is called: then only the question is
    /// stored, and the answer must not be heard.
    ///
    /// # Errors
    /// When the store fails; at most the question is stored then.
    pub async fn commit(&self, prepared: PreparedAnswer) -> Result<Option<Committed>, AgentError> {
        let PreparedAnswer {
            turn,
            climbed,
            history,
            since,
        } = prepared;
        let opened = match turn.conversation {
            Some(id) => {
                let (question, client_id) = (turn.question.clone(), turn.client_id.clone());
                match self.begin(&turn, id, question, client_id).await? {
                    Begun::Answers(opened) => Some(opened),
                    Begun::Silent(_) => return Ok(None),
                }
            }
            None => None,
        };
        let asked = Burst::of(&history, &turn.question);
        let marks = Marks {
            evaluation: turn.evaluation,
            audience: turn.audience,
            assistant: turn.assistant.id,
            name: turn.assistant.name.clone(),
            version: turn.assistant.version,
            now: turn.now,
            earlier: asked.history.len(),
            in_full: follow_up::write_in_full(asked.history, &asked.question, " · "),
            // The call itself offers a person.
            need: Need::default(),
        };
        let message = opened.as_ref().map(|opened| opened.answer.id);
        let ended = self
            .close(
                since,
                turn.workspace,
                opened,
                &asked.question,
                climbed,
                marks,
            )
            .await?;
        Ok(match ended {
            Ended::Answered(answer) => Some(Committed {
                answer: *answer,
                message,
            }),
            Ended::GaveWay(_) => None,
        })
    }

    async fn begin(
        &self,
        turn: &Turn,
        id: ConversationId,
        question: String,
        client_id: Option<String>,
    ) -> Result<Begun, AgentError> {
        let (store, running) = (self.store(), self.in_progress());
        let begun = begin::open(store, running, turn.workspace, id, question, client_id);
        Ok(begun.await?)
    }

    /// Stores the question of an interrupted turn with the part of the answer that the caller heard.
    pub async fn keep_broken(&self, turn: Turn, heard: String) -> Result<(), AgentError> {
        if let Some(id) = turn.conversation {
            let (question, client_id) = (turn.question.clone(), turn.client_id.clone());
            if let Begun::Answers(opened) = self.begin(&turn, id, question, client_id).await? {
                record::keep_partial(self.store(), opened.answer.clone(), heard).await;
            }
        }
        Ok(())
    }

    /// Shortens a stored answer to what the caller heard of it; its receipt stays as it is.
    pub async fn shorten(
        &self,
        workspace: crate::store::WorkspaceId,
        message: MessageId,
        heard: String,
    ) -> Result<(), AgentError> {
        let written = self.store().write(move |tx| {
            let message = messages::get(tx, workspace, message)?;
            messages::update(tx, &message, &heard, messages::MessageState::Interrupted)
        });
        Ok(written.await?)
    }
}
