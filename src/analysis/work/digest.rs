//! What an analysis follows from, as one digest: the same input is not analysed twice.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::analysis::conversation::Conversation;
use crate::analysis::prompts;
use crate::analysis::score::Weights;
use crate::analysis::settings::Settings;
use crate::llm::ChatModel;

/// SHA-256 as hex, of the conversation, of what the owner decided about the result, of prompts, weights and the model.
pub fn of(conversation: &Conversation, settings: &Settings, chat: &dyn ChatModel) -> String {
    let model = match chat.ready() {
        Ok(()) => json!([chat.name(), chat.weights_hash()]),
        Err(_) => json!(null),
    };
    let input = json!([
        conversation,
        settings.rules,
        settings.fields,
        settings.bands,
        prompts::current().version,
        Weights::own().version,
        model,
    ]);
    hex::encode(Sha256::digest(input.to_string().as_bytes()))
}
