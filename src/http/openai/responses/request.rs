//! A request for a response: reads and checks it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::input::{self, Sent};
use super::tools;
use super::view::Echo;
use crate::http::clock::Metadata;
use crate::http::openai::chat::ask::{Ask, FieldNames};
use crate::http::openai::chat::sampling::{AskedSampling, DEFAULT_TEMPERATURE};
use crate::http::openai::{ApiError, metadata};
use crate::llm::{ChatMessage, ChatRequest, OutputFormat, Priority};

/// Stands for the model that is loaded.
const DEFAULT_MODEL: &str = "default";
/// Of one request.
const MOST_ITEMS: usize = 2000;

const NAMES: FieldNames = FieldNames {
    input: "input",
    format: "text.format",
};

/// A request for a response. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ResponseRequest {
    /// Name of the chat model, `default`, `assistant:NAME` or `assistant:WORKSPACE/NAME`; `default` when absent.
    model: Option<String>,
    /// A text, or a list of messages, function calls, their outputs and references to stored items.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    /// What the model is told before the conversation; not carried over to the next response.
    instructions: Option<String>,
    /// The stored response that this one goes on from.
    previous_response_id: Option<String>,
    /// The conversation that this response goes on from and is added to: its id, or an object with `id`.
    #[schema(value_type = Option<Object>)]
    conversation: Option<Value>,
    /// Keep the response, to be read later and gone on from; true when absent.
    store: Option<bool>,
    /// Answer at once and work in the background; read the response later.
    background: Option<bool>,
    /// Send events as the answer is written.
    stream: Option<bool>,
    /// 0 (repeatable) to 2; 0.7 when absent.
    temperature: Option<f64>,
    /// Above 0, to 1.
    top_p: Option<f64>,
    /// Most tokens of the answer.
    max_output_tokens: Option<u32>,
    /// For tools that a server runs; there are none here.
    max_tool_calls: Option<u32>,
    /// Functions that the model may call.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    /// `none`, `auto`, `required`, one function, or `allowed_tools`.
    #[schema(value_type = Option<Object>)]
    tool_choice: Option<Value>,
    /// With `false` the model calls one function at a time.
    parallel_tool_calls: Option<bool>,
    /// `format`: `text`, `json_object` or `json_schema`.
    #[schema(value_type = Option<Object>)]
    text: Option<Value>,
    /// `disabled` (default: a conversation that is too long is an error) or `auto` (its beginning is left out).
    truncation: Option<String>,
    /// Pairs of texts that are kept with the response. For an assistant, `now` sets its clock.
    #[schema(value_type = Option<Metadata>)]
    metadata: Option<Map<String, Value>>,
    /// Returned as it came.
    user: Option<String>,
    /// Returned as it came.
    safety_identifier: Option<String>,
    /// Returned as it came.
    prompt_cache_key: Option<String>,
    /// Returned as it came: the model answers without reasoning aloud.
    #[schema(value_type = Option<Object>)]
    reasoning: Option<Value>,
    /// Only 0.
    top_logprobs: Option<u32>,
    /// Not available here, but for those that stay empty.
    include: Option<Vec<String>>,
    /// Not available here.
    #[schema(value_type = Option<Object>)]
    prompt: Option<Value>,
    /// Not available here.
    #[schema(value_type = Option<Object>)]
    moderation: Option<Value>,
}

/// What a response goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Response(String),
    Conversation(String),
}

/// A request that passed all checks.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) before: Before,
    /// Without what references stand for.
    pub(super) items: Vec<Sent>,
    pub(super) store: bool,
    pub(super) background: bool,
    pub(super) stream: bool,
    pub(super) echo: Echo,
    asked: Asked,
}

/// All of an [`Ask`] but its messages.
#[derive(Debug)]
struct Asked {
    sampling: AskedSampling,
    tools: Option<String>,
    require_tool: Option<String>,
    format: OutputFormat,
    metadata: Option<Metadata>,
    no_truncation: bool,
}

impl ResponseRequest {
    /// Checks what the types cannot.
    pub(super) fn parse(self) -> Result<Parsed, ApiError> {
        self.refuse_what_is_not_here()?;
        let before = self.before()?;
        let items = read_items(self.input.as_ref())?;
        let (store, background) = (self.store.unwrap_or(true), self.background == Some(true));
        if background && !store {
            let reason = "a response in the background must be stored, or nobody could read it";
            return Err(ApiError::invalid("background", reason));
        }
        let pairs = metadata::check(self.metadata.as_ref())?;
        let sampling = self.sampling();
        sampling.clone().check()?;
        let list = self.tools.unwrap_or_default();
        let (for_model, require_tool) = tools::read(&list, self.tool_choice.as_ref())?;
        let text = self.text.filter(Value::is_object).unwrap_or(json!({}));
        let format = tools::read_format(text.get("format"))?;
        let truncation = match self.truncation.as_deref() {
            None | Some("disabled") => "disabled",
            Some("auto") => "auto",
            Some(other) => {
                let reason = format!("truncation is auto or disabled, not {other:?}");
                return Err(ApiError::invalid("truncation", reason));
            }
        };
        let echo = Echo {
            model: self.model.unwrap_or_else(|| DEFAULT_MODEL.to_owned()),
            instructions: self.instructions,
            max_output_tokens: self.max_output_tokens,
            max_tool_calls: self.max_tool_calls,
            parallel_tool_calls: self.parallel_tool_calls.unwrap_or(true),
            reasoning: self.reasoning.filter(Value::is_object),
            temperature: self
                .temperature
                .unwrap_or((f64::from(DEFAULT_TEMPERATURE) * 10.0).round() / 10.0),
            text: echo_text(text),
            tool_choice: self.tool_choice.filter(|choice| !choice.is_null()),
            tools: list,
            top_p: self.top_p.unwrap_or(1.0),
            truncation,
            metadata: pairs,
            user: self.user,
            safety_identifier: self.safety_identifier,
            prompt_cache_key: self.prompt_cache_key,
        };
        Ok(Parsed {
            before,
            items,
            store,
            background,
            stream: self.stream == Some(true),
            echo,
            asked: Asked {
                sampling,
                tools: for_model,
                require_tool,
                format,
                metadata: self.metadata.as_ref().map(Metadata::of).transpose()?,
                no_truncation: truncation == "disabled",
            },
        })
    }

    /// Refuses what would change the answer and is not here, rather than ignore it.
    fn refuse_what_is_not_here(&self) -> Result<(), ApiError> {
        let logprobs = "message.output_text.logprobs";
        let includes = |list: &Vec<String>| list.iter().any(|one| one == logprobs);
        let refused = [
            (
                "prompt",
                self.prompt.is_some(),
                "there are no stored prompts here; send instructions and input",
            ),
            (
                "top_logprobs",
                self.top_logprobs.is_some_and(|most| most > 0),
                "this server gives no probabilities of tokens",
            ),
            (
                "include",
                self.include.as_ref().is_some_and(includes),
                "this server gives no probabilities of tokens",
            ),
            (
                "moderation",
                self.moderation.is_some(),
                "this server does not judge inputs and outputs; leave moderation out",
            ),
        ];
        match refused.into_iter().find(|(_, is_asked, _)| *is_asked) {
            Some((param, _, reason)) => Err(ApiError::invalid(param, reason)),
            None => Ok(()),
        }
    }

    fn before(&self) -> Result<Before, ApiError> {
        let conversation = match &self.conversation {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(other) => match other["id"].as_str() {
                Some(id) => Some(id.to_owned()),
                None => {
                    let reason = "conversation is the id of a conversation, or an object with it";
                    return Err(ApiError::invalid("conversation", reason));
                }
            },
        };
        match (conversation, self.previous_response_id.clone()) {
            (Some(_), Some(_)) => {
                let reason = "a response goes on from a conversation or from previous_response_id, not from both";
                Err(ApiError::invalid("conversation", reason))
            }
            (Some(id), None) => Ok(Before::Conversation(id)),
            (None, Some(id)) => Ok(Before::Response(id)),
            (None, None) => Ok(Before::Nothing),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the engine samples with 32 bits"
    )]
    fn sampling(&self) -> AskedSampling {
        AskedSampling {
            temperature: self.temperature.map(|warmth| warmth as f32),
            top_p: self.top_p.map(|share| share as f32),
            max_tokens: self
                .max_output_tokens
                .map(|most| (most, "max_output_tokens")),
            ..AskedSampling::default()
        }
    }
}

impl Parsed {
    /// The question, once its messages are known.
    ///
    /// # Errors
    /// None that were not found by [`ResponseRequest::parse`].
    pub(super) fn ask(&self, messages: Vec<ChatMessage>) -> Result<Ask, ApiError> {
        let asked = &self.asked;
        Ok(Ask {
            model: self.echo.model.clone(),
            request: ChatRequest {
                messages,
                tools: asked.tools.clone(),
                require_tool: asked.require_tool.clone(),
                sampling: asked.sampling.clone().check()?,
                format: asked.format.clone(),
                claim: Priority::Api.into(),
            },
            custom_sampling: asked.sampling.is_custom(),
            stream: self.stream,
            metadata: asked.metadata.clone(),
            no_truncation: asked.no_truncation,
            one_call: !self.echo.parallel_tool_calls,
            names: NAMES,
        })
    }
}

/// OpenAI fills in the usual format.
fn echo_text(mut text: Value) -> Value {
    if text.get("format").is_none_or(Value::is_null) {
        text["format"] = json!({ "type": "text" });
    }
    text
}

fn read_items(input: Option<&Value>) -> Result<Vec<Sent>, ApiError> {
    match input {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Sent::Item(input::of_user(text))]),
        Some(Value::Array(items)) if items.len() > MOST_ITEMS => {
            let reason = format!("input holds at most {MOST_ITEMS} items");
            Err(ApiError::invalid("input", reason))
        }
        Some(Value::Array(items)) => {
            let numbered = items.iter().enumerate();
            numbered
                .map(|(n, item)| input::normalise(&format!("input[{n}]"), item))
                .collect()
        }
        Some(_) => Err(ApiError::invalid(
            "input",
            "input is a text or a list of items",
        )),
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
