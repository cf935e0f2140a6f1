//! Contact details that a visitor writes in the chat become a lead.

use super::record::now;
use super::talk::Talk;
use crate::inbox::leads;
use crate::store::conversations::Conversation;
use crate::store::{Scoped, Store};

/// Keeps what a visitor wrote of themselves, if the assistant's answer is that it is noted or that a person is called;
/// nothing where visitors must agree first. A failure is logged: the message itself is in the conversation.
pub(super) async fn keep(
    store: &Store,
    conversation: &Scoped<Conversation>,
    message: &str,
    talk: Option<Talk>,
) {
    let is_answer = match talk {
        Some(Talk::Contact) => true,
        Some(Talk::Person) => false,
        _ => return,
    };
    let (conversation, message) = (conversation.clone(), message.to_owned());
    let kept = store.write(move |tx| leads::of_chat(tx, &conversation, &message, is_answer, now()));
    if let Err(error) = kept.await {
        tracing::error!(%error, "what a visitor left for the team could not be kept as a lead; it stands in the conversation");
    }
}
