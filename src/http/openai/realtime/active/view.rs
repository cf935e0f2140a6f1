//! A response as the API shows it.

use serde_json::{Value, json};

use super::super::config::max_tokens_view;
use super::super::item::Item;
use super::Active;
use crate::llm::Usage;

impl Active {
    pub(super) fn view(
        &self,
        status: &str,
        details: Value,
        usage: Value,
        grounds: Option<Value>,
    ) -> Value {
        let output: Vec<_> = self.items.iter().map(Item::view).collect();
        let mut view = json!({
            "object": "realtime.response", "id": self.id, "status": status,
            "status_details": details, "output": output,
            "conversation_id": self.kept.then_some(&self.conversation_id),
            "output_modalities": self.modality.view(),
            "max_output_tokens": max_tokens_view(self.max_tokens),
            "audio": {"output": self.output.view()},
            "usage": usage, "metadata": self.metadata,
        });
        if let Some(grounds) = grounds {
            view["frontdesk"] = grounds;
        }
        view
    }
}

/// Tokens as OpenAI tells them. Here all of them are of text: sound becomes text before it is read.
pub(super) fn usage_view(usage: Usage) -> Value {
    let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
    json!({
        "total_tokens": input + output, "input_tokens": input, "output_tokens": output,
        "input_token_details": {
            "text_tokens": input, "audio_tokens": 0, "image_tokens": 0,
            "cached_tokens": usage.cached_tokens,
            "cached_tokens_details": {
                "text_tokens": usage.cached_tokens, "audio_tokens": 0, "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": output, "audio_tokens": 0},
    })
}
