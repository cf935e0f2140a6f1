//! Asks the question of a receipt again and compares the two answers.

use futures::StreamExt;
use serde::Serialize;
use serde_json::Value;

use super::{Proof, examine};
use crate::agent::{Agent, AgentError, Answer, Display, Turn, TurnEvent};
use crate::knowledge::Audience;
use crate::llm::{ChatMessage, Priority};
use crate::store::assistants::{self, Assistant};
use crate::store::messages;
use crate::store::receipts::{self, Receipt};
use crate::store::{
    self, Connection, ReceiptId, Scoped, Store, StoreError, WorkspaceId, conversations,
};

/// How many messages of a conversation to search for those before the answer.
const LOOKED_THROUGH: u32 = 500;

/// The first answer to a question, and today's.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The receipt of the first answer, checked against the documents.
    pub proof: Proof,
    /// Today's answer.
    pub again: Answer,
    /// Receipt of today's answer.
    pub receipt: Receipt,
    pub differences: Vec<Difference>,
    /// How many earlier messages the first answer could use that are no longer stored, so that today's
    /// answer could not.
    pub history_lost: u64,
}

/// A difference between two answers to the same question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `answer`, `rung`, `sources`, `model`, `model_hash` or `prompt_hash`.
    pub what: &'static str,
    pub then: String,
    pub now: String,
}

impl Agent {
    /// Asks the question of a receipt again with today's knowledge. The new answer gets its own receipt,
    /// marked as an evaluation. `fallback` answers if the receipt's assistant is gone.
    ///
    /// # Errors
    /// Those of a turn.
    pub async fn replay(
        &self,
        receipt: Scoped<Receipt>,
        fallback: Assistant,
    ) -> Result<Replay, AgentError> {
        let workspace = receipt.workspace();
        let store: &Store = self.store();
        let then = receipt.clone().into_inner();
        let (proof, asked) = store
            .read(move |conn| Ok((examine(conn, &then)?, find_setting(conn, &then, fallback)?)))
            .await?;
        let turn = Turn {
            workspace,
            assistant: asked.assistant,
            // The earlier messages come from the receipt's conversation, but the replay must not write into it.
            conversation: None,
            history: asked.history,
            question: receipt.question.clone(),
            client_id: None,
            claim: Priority::Chat.into(),
            sampling: None,
            now: None,
            audience: match receipt.checks.get("staff") {
                Some(_) => Audience::Staff,
                None => Audience::Visitors,
            },
            display: Display::Whole,
            evaluation: true,
            stays: false,
        };
        let mut events = self.reply(turn);
        let again = loop {
            match events.next().await {
                Some(TurnEvent::Done(answer)) => break *answer,
                Some(TurnEvent::Failed(reason)) => return Err(AgentError::Failed(reason)),
                Some(_) => {}
                None => {
                    return Err(AgentError::Failed(
                        "the answer was interrupted; try again".into(),
                    ));
                }
            }
        };
        let made = again.receipt.as_deref().and_then(|id| id.parse().ok());
        let made: ReceiptId = made.ok_or(StoreError::NotFound("the receipt"))?;
        let now = store
            .read(move |conn| receipts::get(conn, workspace, made))
            .await?
            .into_inner();
        Ok(Replay {
            proof,
            differences: compare(&receipt, &now),
            again,
            receipt: now,
            history_lost: asked.lost,
        })
    }
}

/// The assistant that answered, and the earlier messages it had.
struct Setting {
    assistant: Assistant,
    history: Vec<ChatMessage>,
    lost: u64,
}

fn find_setting(
    conn: &Connection,
    receipt: &Receipt,
    fallback: Assistant,
) -> Result<Setting, StoreError> {
    let workspace = receipt.workspace;
    let field = |name: &str| receipt.checks.get(name);
    let assistant = match field("assistant").and_then(Value::as_str) {
        Some(name) => assistants::find_by_name(conn, workspace, name)?.map(Scoped::into_inner),
        None => None,
    };
    let history = read_history(conn, workspace, receipt)?;
    let earlier = field("earlier_messages")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let lost = if history.is_empty() { earlier } else { 0 };
    Ok(Setting {
        assistant: assistant.unwrap_or(fallback),
        history,
        lost,
    })
}

/// The messages before the question, oldest first.
fn read_history(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: &Receipt,
) -> Result<Vec<ChatMessage>, StoreError> {
    let (Some(conversation), Some(message)) = (receipt.conversation, receipt.message) else {
        return Ok(Vec::new());
    };
    let conversation = conversations::get(conn, workspace, conversation)?;
    let all = messages::list(conn, &conversation, LOOKED_THROUGH)?;
    let before: Vec<_> = all
        .into_iter()
        .take_while(|m| m.id != message)
        .filter(|m| m.state != store::messages::MessageState::Failed)
        .collect();
    // The last one is the question itself.
    let earlier = before.split_last().map_or(&[][..], |(_, earlier)| earlier);
    Ok(crate::agent::record::visible_history(earlier))
}

fn compare(then: &Receipt, now: &Receipt) -> Vec<Difference> {
    let none = || "none".to_owned();
    let of = |receipt: &Receipt| {
        [
            ("answer", strip_afterword(receipt).to_owned()),
            ("rung", receipt.rung.clone()),
            ("sources", list_sources(receipt)),
            ("model", receipt.model.clone().unwrap_or_else(none)),
            (
                "model_hash",
                receipt.model_hash.clone().unwrap_or_else(none),
            ),
            (
                "prompt_hash",
                receipt.prompt_hash.clone().unwrap_or_else(none),
            ),
        ]
    };
    of(then)
        .into_iter()
        .zip(of(now))
        .filter(|(then, now)| then.1 != now.1)
        .map(|((what, then), (_, now))| Difference { what, then, now })
        .collect()
}

/// The answer without what the model added to it, which depends on how quick the machine was.
fn strip_afterword(receipt: &Receipt) -> &str {
    let added = receipt.checks.pointer("/afterword/text");
    let without = added
        .and_then(Value::as_str)
        .and_then(|added| receipt.answer.strip_suffix(added));
    without.map_or(receipt.answer.as_str(), str::trim_end)
}

/// Titles and versions of the documents that an answer cites.
fn list_sources(receipt: &Receipt) -> String {
    let cited = receipt.passages.get("cited").and_then(Value::as_array);
    let mut names: Vec<String> = cited
        .into_iter()
        .flatten()
        .map(|raw| {
            let title = raw.get("title").and_then(Value::as_str).unwrap_or("?");
            match raw.get("version_number").and_then(Value::as_u64) {
                Some(number) => format!("{title} (version {number})"),
                None => title.to_owned(),
            }
        })
        .collect();
    names.dedup();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
