//! Asking the agent of this process.

use async_trait::async_trait;
use serde_json::Value;

use super::EvalError;
use super::golden::Case;
use super::run::{AskedCase, Asker, Seen};
use crate::agent::{Agent, Display, Turn};
use crate::knowledge::{Audience, View};
use crate::llm::{ChatMessage, Claim, Role};
use crate::reason::Reason;
use crate::store::assistants::Assistant;
use crate::store::{self, Store, WorkspaceId};

/// Asks an agent of this process as one workspace's visitor. Leaves no conversation and no receipt behind.
pub struct AgentAsker {
    pub agent: Agent,
    pub store: Store,
    pub workspace: WorkspaceId,
    pub assistant: Assistant,
    pub claim: Claim,
    pub view: View,
}

#[async_trait]
impl Asker for AgentAsker {
    async fn ask(&self, case: &Case) -> Result<AskedCase, EvalError> {
        let history = case.history.iter().map(|earlier| {
            let role = if earlier.is_visitor() {
                Role::User
            } else {
                Role::Assistant
            };
            ChatMessage::new(role, earlier.text.clone())
        });
        let turn = Turn {
            workspace: self.workspace,
            assistant: self.assistant.clone(),
            conversation: None,
            history: history.collect(),
            question: case.question.clone(),
            client_id: None,
            claim: self.claim,
            sampling: None,
            now: case.now,
            audience: Audience::Visitors,
            display: Display::Whole,
            evaluation: true,
            stays: false,
        };
        let measured = self
            .agent
            .measure(turn, self.view)
            .await
            .map_err(|error| EvalError::Ask(Reason::of(error)))?;
        let (workspace, found) = (self.workspace, measured.found);
        let found = self.store.read(move |conn| {
            let named = found.into_iter().map(|passage| {
                // A document deleted since the search has no name left.
                let document = store::documents::get(conn, workspace, passage.document);
                Seen {
                    name: document.map(|d| d.name.clone()).unwrap_or_default(),
                    document: passage.document.to_string(),
                    version: passage.version.to_string(),
                    span: passage.span,
                    text: passage.text,
                }
            });
            Ok(named.collect())
        });
        Ok(AskedCase {
            answer: measured.answer,
            found: found.await?,
            checks: Value::Object(measured.checks),
        })
    }
}
