//! `response.create`: what a client asks of one response.

use serde::Deserialize;
use serde_json::Value;

use super::config::{OutputPatch, max_tokens, modality};
use super::item::ItemIn;
use super::tools;
use crate::voice::realtime::{Fault, InputItem, ResponseOrder};

const MOST_INPUT: usize = 500;
/// OpenAI's limits for metadata: pairs, characters of a key, characters of a value.
const METADATA: (usize, usize, usize) = (16, 64, 512);

/// The field `response` of `response.create`. Absent fields are as in the session.
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

impl ResponseRequest {
    /// Checks what the types cannot.
    pub(super) fn check(self) -> Result<ResponseOrder, Fault> {
        let modality = match &self.output_modalities {
            None => None,
            Some(list) => Some(modality(list, "response.output_modalities")?),
        };
        let max_tokens = match &self.max_output_tokens {
            None => None,
            Some(most) => Some(max_tokens(most, "response.max_output_tokens")?),
        };
        let apart = match self.conversation.as_deref() {
            None | Some("auto") => false,
            Some("none") => true,
            Some(_) => {
                let message = "conversation must be auto or none";
                return Err(Fault::value("response.conversation", message));
            }
        };
        let output = self.audio.and_then(|audio| audio.output);
        Ok(ResponseOrder {
            instructions: self.instructions,
            modality,
            max_tokens,
            apart,
            tools: tools::read(self.tools, self.tool_choice, "response")?,
            output: output.unwrap_or_default().check("response")?,
            metadata: self.metadata.map(read_metadata).transpose()?,
            input: self.input.map(read_input).transpose()?,
        })
    }
}

fn read_input(list: Vec<ItemIn>) -> Result<Vec<InputItem>, Fault> {
    if list.len() > MOST_INPUT {
        let message = format!("input has at most {MOST_INPUT} items");
        return Err(Fault::value("response.input", message));
    }
    let items = list.into_iter().enumerate();
    let items = items.map(|(n, item)| match item.r#type.as_str() {
        "item_reference" => Ok(InputItem::Known(item.id)),
        _ => item
            .check(&format!("response.input[{n}]"))
            .map(InputItem::New),
    });
    items.collect()
}

fn read_metadata(metadata: Value) -> Result<Vec<(String, String)>, Fault> {
    let (pairs, key_length, value_length) = METADATA;
    let text = |(key, value): (String, Value)| match value {
        Value::String(text)
            if key.chars().count() <= key_length && text.chars().count() <= value_length =>
        {
            Some((key, text))
        }
        _ => None,
    };
    let read = match metadata {
        Value::Object(map) if map.len() <= pairs => map.into_iter().map(text).collect(),
        _ => None,
    };
    read.ok_or_else(|| {
        let message = format!(
            "metadata has up to {pairs} texts of up to {value_length} characters, under names of up to \
             {key_length}"
        );
        Fault::value("response.metadata", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::realtime::Modality;
    use serde_json::json;

    fn check(value: Value) -> Result<ResponseOrder, Fault> {
        let request: ResponseRequest = serde_json::from_value(value).unwrap();
        request.check()
    }

    #[test]
    fn what_a_response_is_asked_to_be_is_read() {
        let plain = check(json!({})).unwrap();
        assert!(!plain.apart && plain.input.is_none() && plain.modality.is_none());
        let other = check(json!({
            "conversation": "none", "output_modalities": ["text"], "max_output_tokens": 5,
            "instructions": "x", "metadata": {"b": "1", "a": "2"},
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "q"}]}],
        }));
        let other = other.unwrap();
        assert!(other.apart && other.modality == Some(Modality::Text));
        assert_eq!(other.max_tokens, Some(Some(5)));
        assert_eq!(other.input.unwrap().len(), 1);
        let told: Vec<String> = other
            .metadata
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(told, ["b", "a"]);
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
                json!({"input": [{"type": "song"}]}),
                "response.input[0].type",
            ),
            (json!({"tool_choice": "sometimes"}), "response.tool_choice"),
        ] {
            let fault = check(value.clone()).err().unwrap();
            assert_eq!(fault.param.as_deref(), Some(param), "{value}");
        }
    }
}
