//! What a client asks of one response.

use serde::Deserialize;
use serde_json::Value;

use super::config::{Config, Modality, Output, OutputPatch, Tools, max_tokens};
use super::conversation::Conversation;
use super::fault::Fault;
use super::item::{Item, ItemIn, Listen};

/// Most items of an input of its own.
const MOST_INPUT: usize = 500;
/// OpenAI's limits of metadata: pairs, characters of a key and of a value.
const METADATA: (usize, usize, usize) = (16, 64, 512);

/// The field `response` of `response.create`; everything else is as in the session.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponseRequest {
    instructions: Option<String>,
    output_modalities: Option<Vec<String>>,
    max_output_tokens: Option<Value>,
    tools: Option<Vec<Value>>,
    tool_choice: Option<Value>,
    conversation: Option<String>,
    metadata: Option<Value>,
    input: Option<Vec<ItemIn>>,
    audio: Option<AudioIn>,
    #[serde(rename = "prompt")]
    _prompt: Option<Value>,
    #[serde(rename = "reasoning")]
    _reasoning: Option<Value>,
    #[serde(rename = "parallel_tool_calls")]
    _parallel_tool_calls: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AudioIn {
    output: Option<OutputPatch>,
}

/// A response that can be made.
pub(super) struct Wanted {
    pub(super) instructions: String,
    pub(super) modality: Modality,
    pub(super) max_tokens: Option<u32>,
    pub(super) tools: Tools,
    pub(super) output: Output,
    /// Whether it becomes part of the conversation.
    pub(super) kept: bool,
    pub(super) metadata: Value,
    /// What it answers, instead of the conversation.
    pub(super) input: Option<Vec<Item>>,
}

impl ResponseRequest {
    /// Checks what the types do not, against the session.
    pub(super) fn checked(
        self,
        session: &Config,
        conversation: &Conversation,
        voices: &[String],
        listen: &mut Listen<'_>,
    ) -> Result<Wanted, Fault> {
        let modality = match &self.output_modalities {
            None => session.modality,
            Some(list) => Modality::checked(list, "response.output_modalities")?,
        };
        let max_tokens = match &self.max_output_tokens {
            None => session.max_tokens,
            Some(most) => max_tokens(most, "response.max_output_tokens")?,
        };
        let kept = match self.conversation.as_deref() {
            None | Some("auto") => true,
            Some("none") => false,
            Some(_) => {
                let message = "conversation must be auto or none";
                return Err(Fault::value("response.conversation", message));
            }
        };
        let tools = session
            .tools
            .changed(self.tools, self.tool_choice, "response")?;
        let patch = self
            .audio
            .and_then(|audio| audio.output)
            .unwrap_or_default();
        let output = session.output.changed(patch, voices, "response")?;
        let metadata = self.metadata.unwrap_or_default();
        check_metadata(&metadata)?;
        let input = match self.input {
            None => None,
            Some(list) if list.len() > MOST_INPUT => {
                let message = format!("input has at most {MOST_INPUT} items");
                return Err(Fault::value("response.input", message));
            }
            Some(list) => {
                let items = list.into_iter().enumerate();
                let items = items.map(|(n, item)| {
                    let at = format!("response.input[{n}]");
                    if item.r#type == "item_reference" {
                        return referred(item.id.as_deref(), conversation, &at);
                    }
                    item.checked(&at, listen)
                });
                Some(items.collect::<Result<_, _>>()?)
            }
        };
        Ok(Wanted {
            instructions: self
                .instructions
                .unwrap_or_else(|| session.instructions.clone()),
            modality,
            max_tokens,
            tools,
            output,
            kept,
            metadata,
            input,
        })
    }
}

fn referred(id: Option<&str>, conversation: &Conversation, at: &str) -> Result<Item, Fault> {
    let item = id.and_then(|id| conversation.find(id)).cloned();
    item.ok_or_else(|| {
        Fault::invalid(
            "item_not_found",
            "there is no such item in the conversation",
        )
        .about(format!("{at}.id"))
    })
}

fn check_metadata(metadata: &Value) -> Result<(), Fault> {
    let (pairs, key_length, value_length) = METADATA;
    let fits = match metadata {
        Value::Null => true,
        Value::Object(map) => {
            map.len() <= pairs
                && map.iter().all(|(key, value)| {
                    let value = value.as_str().map(|text| text.chars().count());
                    key.chars().count() <= key_length && value.is_some_and(|n| n <= value_length)
                })
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let message = format!(
        "metadata has up to {pairs} texts of up to {value_length} characters, under names of up to \
         {key_length}"
    );
    Err(Fault::value("response.metadata", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(value: Value) -> Result<Wanted, Fault> {
        let request: ResponseRequest = serde_json::from_value(value).unwrap();
        let listen = &mut |_: &str| Err(Fault::invalid("no", "no sound"));
        request.checked(&Config::new("m"), &Conversation::default(), &[], listen)
    }

    #[test]
    fn a_response_is_as_the_session_unless_it_is_asked_otherwise() {
        let plain = wanted(json!({})).unwrap();
        assert!(plain.kept && plain.input.is_none() && plain.modality == Modality::Audio);
        let other = wanted(json!({
            "conversation": "none", "output_modalities": ["text"], "max_output_tokens": 5,
            "instructions": "x", "metadata": {"a": "b"},
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "q"}]}],
        }));
        let other = other.unwrap();
        assert!(!other.kept && other.modality == Modality::Text);
        assert_eq!((other.max_tokens, other.input.unwrap().len()), (Some(5), 1));
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        for (value, param) in [
            (json!({"conversation": "mine"}), "response.conversation"),
            (
                json!({"output_modalities": []}),
                "response.output_modalities",
            ),
            (json!({"metadata": {"a": 1}}), "response.metadata"),
            (
                json!({"input": [{"type": "item_reference", "id": "x"}]}),
                "response.input[0].id",
            ),
            (json!({"tool_choice": "required"}), "response.tool_choice"),
        ] {
            let fault = wanted(value.clone()).err().unwrap();
            assert_eq!(fault.param.as_deref(), Some(param), "{value}");
        }
    }
}
