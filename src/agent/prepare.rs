//! A turn in two steps, for those who speak: the answer is prepared while it is not yet sure that the
//! question is complete, and only kept when it is. A preparation that is dropped leaves nothing.

use std::time::Instant;

use super::burst::Burst;
use super::climb::Climbed;
use super::follow_up;
use super::record::{self, Marks};
use super::reply::{Agent, Turn};
use super::talk::Talk;
use super::types::{Citation, Rung};
use super::{AgentError, Answer};
use crate::knowledge::View;
use crate::llm::ChatMessage;
use crate::store::{MessageId, messages};

/// An answer that is complete, and kept nowhere yet.
pub struct PreparedAnswer {
    turn: Turn,
    climbed: Climbed,
    history: Vec<ChatMessage>,
    since: Instant,
}

impl PreparedAnswer {
    /// What was asked.
    pub fn question(&self) -> &str {
        &self.turn.question
    }

    /// The answer's text, with `[n]` where it cites.
    pub fn text(&self) -> &str {
        &self.climbed.draft.text
    }

    /// The rung that answered.
    pub fn rung(&self) -> Rung {
        self.climbed.draft.rung
    }

    /// The places that it rests on.
    pub fn citations(&self) -> &[Citation] {
        &self.climbed.draft.citations
    }

    /// Whether a person is offered.
    pub fn handoff(&self) -> bool {
        self.climbed.draft.handoff
    }

    /// What kind of small talk the question was, if it was.
    pub fn talk(&self) -> Option<Talk> {
        self.climbed.trace.talk
    }

    /// ms that finding passages took.
    pub fn retrieve_ms(&self) -> u64 {
        self.climbed.retrieve
    }
}

/// A prepared answer that is kept now.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The answer, with its receipt.
    pub answer: Answer,
    /// Its message, if the turn has a conversation.
    pub message: Option<MessageId>,
}

impl Agent {
    /// Finds the answer of a turn without keeping anything: no message, receipt or gap. Dropping the future
    /// cancels the work.
    ///
    /// # Errors
    /// As a turn that fails.
    pub async fn prepare(&self, turn: Turn) -> Result<PreparedAnswer, AgentError> {
        let since = Instant::now();
        if turn.question.trim().is_empty() {
            return Err(AgentError::Empty);
        }
        let history = match turn.conversation {
            Some(id) => record::history(self.store(), turn.workspace, id).await?,
            None => turn.history.clone(),
        };
        let asked = Burst::of(&history, &turn.question);
        let climb = self.climb(&turn, &asked, View::Live, since);
        let climbed = climb.answer().await?;
        Ok(PreparedAnswer {
            turn,
            climbed,
            history,
            since,
        })
    }

    /// Keeps a prepared answer as [`Agent::reply`] would have: question and answer in the conversation,
    /// the receipt, and a gap if nothing answered.
    ///
    /// # Errors
    /// When the store refuses; then nothing is kept but the question.
    pub async fn commit(&self, prepared: PreparedAnswer) -> Result<Committed, AgentError> {
        let PreparedAnswer {
            turn,
            climbed,
            history,
            since,
        } = prepared;
        let opened = match turn.conversation {
            Some(id) => {
                let (question, client_id) = (turn.question.clone(), turn.client_id.clone());
                let opened = record::open(self.store(), turn.workspace, id, question, client_id);
                Some(opened.await?)
            }
            None => None,
        };
        let asked = Burst::of(&history, &turn.question);
        let marks = Marks {
            evaluation: turn.evaluation,
            audience: turn.audience,
            assistant: turn.assistant.name.clone(),
            now: turn.now,
            earlier: asked.history.len(),
            in_full: follow_up::in_full(asked.history, &asked.question, " · "),
        };
        let message = opened.as_ref().map(|opened| opened.answer.id);
        let answer = self
            .close(
                since,
                turn.workspace,
                opened,
                &asked.question,
                climbed,
                marks,
            )
            .await?;
        Ok(Committed { answer, message })
    }

    /// Keeps the question of a turn whose answer was broken off, and what came of that answer.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn keep_broken(&self, turn: Turn, heard: String) -> Result<(), AgentError> {
        if let Some(id) = turn.conversation {
            let opened = record::open(
                self.store(),
                turn.workspace,
                id,
                turn.question,
                turn.client_id,
            )
            .await?;
            record::keep_partial(self.store(), opened.answer, heard).await;
        }
        Ok(())
    }

    /// Shortens a kept answer to what the caller heard of it; its receipt stays as it is.
    ///
    /// # Errors
    /// When the store refuses.
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
