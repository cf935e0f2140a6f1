//! Begins a turn in its conversation: stores the question, and decides whether the assistant may answer it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::record::{now, visible_history};
use super::types::Stored;
use crate::inbox::{state, turns};
use crate::language::{self, Language};
use crate::llm::ChatMessage;
use crate::store::conversations::{self, Channel, Conversation};
use crate::store::messages::{self, Appended, Message, MessageState, NewMessage, Speaker};
use crate::store::{
    ConversationId, MessageId, Scoped, Store, StoreError, Transaction, WorkspaceId,
};

/// Most messages of a conversation to show to the model.
pub(super) const HISTORY: u32 = 8;
/// Shorter messages do not reveal a language, in words.
const TELLING_WORDS: usize = 3;

/// The messages of a turn in its conversation.
pub(super) struct Opened {
    pub(super) conversation: Scoped<Conversation>,
    /// Earlier messages, oldest first.
    pub(super) history: Vec<ChatMessage>,
    pub(super) asked: Scoped<Message>,
    /// The answer's message, empty and "interrupted" until the answer is complete.
    pub(super) answer: Scoped<Message>,
    /// What was shown of the answer already.
    pub(super) shown: Option<String>,
    _running: Running,
}

pub(super) enum Begun {
    Answers(Box<Opened>),
    /// The message is stored, and the assistant is silent: a person has the conversation or is called, or the message was sent
    /// before and has its answer, or gets it.
    Silent(Stored),
}

/// Questions that are being answered in this process.
#[derive(Clone, Default)]
pub(super) struct InProgress {
    asked: Arc<Mutex<HashSet<MessageId>>>,
}

impl InProgress {
    /// `None` if it is being answered already.
    fn start(&self, asked: MessageId) -> Option<Running> {
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(asked).then(|| Running {
            all: self.clone(),
            asked,
        })
    }
}

/// A question that is being answered, until this is dropped.
struct Running {
    all: InProgress,
    asked: MessageId,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut all = self
            .all
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.asked);
    }
}

/// Stores the question, and an empty message for its answer if the assistant may give one.
pub(super) async fn open(
    store: &Store,
    running: &InProgress,
    workspace: WorkspaceId,
    id: ConversationId,
    question: String,
    client_id: Option<String>,
) -> Result<Begun, StoreError> {
    let running = running.clone();
    store
        .write(move |tx| {
            let found = conversations::get(tx, workspace, id)?;
            let asked = NewMessage {
                role: Speaker::User,
                text: &question,
                state: MessageState::Complete,
                client_id: client_id.as_deref(),
                author: None,
            };
            let known = match &client_id {
                Some(client) => {
                    messages::find_by_client_id(tx, &found, client, Speaker::User, None)?
                }
                None => None,
            };
            if let Some(known) = known {
                return resume(tx, &running, found, known);
            }
            let conversation = turns::reopen(tx, &found, now())?;
            let earlier = messages::list(tx, &conversation, HISTORY)?;
            let asked = match messages::append(tx, &conversation, &asked, now())? {
                Appended::Stored(asked) | Appended::Known(asked) => asked,
            };
            name(tx, &conversation, &question)?;
            if !state::assistant_answers(conversation.state) {
                return Ok(Begun::Silent(Stored::of(&asked, conversation.state)));
            }
            let answer = messages::append(tx, &conversation, &EMPTY, now())?.into_message();
            start(&running, conversation, &earlier, asked, answer)
        })
        .await
}

const EMPTY: NewMessage<'_> = NewMessage {
    role: Speaker::Assistant,
    text: "",
    state: MessageState::Interrupted,
    client_id: None,
    author: None,
};

/// Title and language of a conversation, from what the visitor says.
fn name(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    question: &str,
) -> Result<(), StoreError> {
    if conversation.title.is_empty() {
        let title: String = question.chars().take(80).collect();
        conversations::set_title(tx, conversation, &title)?;
    }
    if question.split_whitespace().count() < TELLING_WORDS {
        return Ok(());
    }
    let language = language::of_question(question);
    if conversation.language.is_none() && language != Language::Other {
        conversations::set_language(tx, conversation, language.code())?;
    }
    Ok(())
}

/// A message that was sent before. A visitor whose connection broke, or whose answer ended with the process, still gets one.
fn resume(
    tx: &Transaction<'_>,
    running: &InProgress,
    conversation: Scoped<Conversation>,
    asked: Scoped<Message>,
) -> Result<Begun, StoreError> {
    if conversation.channel != Channel::Chat {
        return Err(StoreError::Conflict("this message was sent already".into()));
    }
    let silent = Begun::Silent(Stored::of(&asked, conversation.state));
    let later = messages::list_after(tx, &conversation, asked.seq, HISTORY)?;
    let unanswered =
        |message: &Message| message.role == Speaker::Assistant && message.text.is_empty();
    if !state::assistant_answers(conversation.state) || !later.iter().all(unanswered) {
        return Ok(silent);
    }
    let answer = match later.first() {
        Some(empty) => messages::get(tx, conversation.workspace(), empty.id)?,
        None => messages::append(tx, &conversation, &EMPTY, now())?.into_message(),
    };
    let earlier = messages::list_before(tx, &conversation, asked.seq, HISTORY)?;
    match start(running, conversation, &earlier, asked, answer) {
        Err(StoreError::Busy) => Ok(silent),
        begun => begun,
    }
}

fn start(
    running: &InProgress,
    conversation: Scoped<Conversation>,
    earlier: &[Message],
    asked: Scoped<Message>,
    answer: Scoped<Message>,
) -> Result<Begun, StoreError> {
    let running = running.start(asked.id).ok_or(StoreError::Busy)?;
    Ok(Begun::Answers(Box::new(Opened {
        conversation,
        history: visible_history(earlier),
        asked,
        answer,
        shown: None,
        _running: running,
    })))
}
