//! A request for a chat completion: reads and checks it.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ask::{Ask, FieldNames};
use super::sampling::AskedSampling;
use super::tools;
use crate::http::clock::Metadata;
use crate::http::openai::{ApiError, metadata};
use crate::llm::{ChatMessage, ChatRequest, OutputFormat, Priority, Role, ToolCall};

const NAMES: FieldNames = FieldNames {
    input: "messages",
    format: "response_format",
};

/// A request for a chat completion. Unknown fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChatCompletionRequest {
    /// Name of the chat model, `default`, `assistant:NAME` or `assistant:WORKSPACE/NAME`.
    model: String,
    /// The conversation, oldest first. For an assistant the last one is the question.
    messages: Vec<Message>,
    /// Send the answer as it is written.
    stream: Option<bool>,
    /// Options of a streamed answer.
    stream_options: Option<StreamOptions>,
    /// 0 (repeatable) to 2; 0.7 when absent.
    temperature: Option<f32>,
    /// Above 0, to 1.
    top_p: Option<f32>,
    /// Only 1.
    n: Option<u32>,
    /// Up to four strings that end the answer.
    #[schema(value_type = Option<Object>)]
    stop: Option<Stop>,
    /// The same seed, prompt and model give the same answer.
    seed: Option<i64>,
    /// Most tokens of the answer (the older name).
    max_tokens: Option<u32>,
    /// Most tokens of the answer.
    max_completion_tokens: Option<u32>,
    /// -2 to 2.
    presence_penalty: Option<f32>,
    /// -2 to 2.
    frequency_penalty: Option<f32>,
    /// Functions that the model may call.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    /// `none`, `auto`, `required`, or one function.
    #[schema(value_type = Option<Object>)]
    tool_choice: Option<Value>,
    /// `text`, `json_object` or `json_schema`.
    response_format: Option<ResponseFormat>,
    /// With `false` the model calls one tool at a time.
    parallel_tool_calls: Option<bool>,
    /// Keep the answer, to be read and listed later.
    store: Option<bool>,
    /// Pairs of texts that a stored answer keeps. For an assistant, `now` sets its clock.
    #[schema(value_type = Option<Metadata>)]
    metadata: Option<Map<String, Value>>,
    /// Only `text`.
    modalities: Option<Vec<String>>,
    /// Not available here.
    #[schema(value_type = Option<Object>)]
    audio: Option<Value>,
    /// Not available here.
    logprobs: Option<bool>,
    /// Not available here; use `tools`.
    #[schema(value_type = Option<Vec<Object>>)]
    functions: Option<Vec<Value>>,
    /// Not available here.
    #[schema(value_type = Option<Object>)]
    web_search_options: Option<Value>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct StreamOptions {
    /// Whether a last chunk tells the tokens.
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or a list of strings")]
enum Stop {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize, ToSchema)]
struct ResponseFormat {
    /// `text`, `json_object` or `json_schema`.
    r#type: String,
    /// The schema of `json_schema`.
    json_schema: Option<SchemaFormat>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct SchemaFormat {
    /// A JSON Schema.
    #[schema(value_type = Object)]
    schema: Option<Value>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    role: String,
    /// A string, or a list of parts of type `text`.
    #[schema(value_type = Option<Object>)]
    content: Option<Content>,
    /// Calls of an assistant message.
    tool_calls: Option<Vec<SentToolCall>>,
    /// For a `tool` message: the call that it answers.
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or a list of text parts")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    r#type: String,
    text: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct SentToolCall {
    id: String,
    function: SentFunction,
}

#[derive(Debug, Deserialize, ToSchema)]
struct SentFunction {
    name: String,
    arguments: String,
}

/// A request that passed all checks.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) ask: Ask,
    pub(super) include_usage: bool,
    /// The metadata to keep the answer with; `None` if it is not to be kept.
    pub(super) keep: Option<Map<String, Value>>,
}

impl ChatCompletionRequest {
    /// Checks what the types cannot.
    pub(super) fn parse(self) -> Result<Parsed, ApiError> {
        self.refuse_what_is_not_here()?;
        if self.n.is_some_and(|n| n != 1) {
            return Err(ApiError::invalid(
                "n",
                "n must be 1: one answer per request",
            ));
        }
        if self.messages.is_empty() {
            return Err(ApiError::invalid(
                "messages",
                "messages must hold at least one message",
            ));
        }
        let sampling = self.sampling();
        let custom_sampling = sampling.is_custom();
        let sampling = sampling.check()?;
        let keep = match self.store {
            Some(true) => Some(metadata::check(self.metadata.as_ref())?),
            _ => None,
        };
        let (tools, require_tool) = tools::parse(self.tools, self.tool_choice)?;
        let format = parse_format(self.response_format)?;
        let messages = self.messages.into_iter().enumerate();
        let messages = messages
            .map(|(at, message)| message.parse(at))
            .collect::<Result<_, _>>()?;
        let include_usage = self
            .stream_options
            .and_then(|options| options.include_usage);
        Ok(Parsed {
            ask: Ask {
                model: self.model,
                request: ChatRequest {
                    messages,
                    tools,
                    require_tool,
                    sampling,
                    format,
                    claim: Priority::Api.into(),
                },
                custom_sampling,
                stream: self.stream.unwrap_or(false),
                metadata: self.metadata.as_ref().map(Metadata::of).transpose()?,
                no_truncation: false,
                one_call: self.parallel_tool_calls == Some(false),
                names: NAMES,
            },
            include_usage: include_usage.unwrap_or(false),
            keep,
        })
    }

    /// Refuses what would change the answer and is not here, rather than ignore it.
    fn refuse_what_is_not_here(&self) -> Result<(), ApiError> {
        let spoken = |kinds: &Vec<String>| kinds.iter().any(|kind| kind != "text");
        let refused = [
            (
                "audio",
                self.audio.is_some(),
                "chat answers come as text; ask /v1/audio/speech to speak them",
            ),
            (
                "modalities",
                self.modalities.as_ref().is_some_and(spoken),
                "chat answers come as text only",
            ),
            (
                "logprobs",
                self.logprobs == Some(true),
                "this server gives no probabilities of tokens",
            ),
            (
                "functions",
                self.functions.as_ref().is_some_and(|list| !list.is_empty()),
                "functions were replaced by tools; send tools and tool_choice",
            ),
            (
                "web_search_options",
                self.web_search_options.is_some(),
                "this server does not search the web for answers",
            ),
        ];
        match refused.into_iter().find(|(_, is_asked, _)| *is_asked) {
            Some((param, _, reason)) => Err(ApiError::invalid(param, reason)),
            None => Ok(()),
        }
    }

    fn sampling(&self) -> AskedSampling {
        let stop = match &self.stop {
            None => Vec::new(),
            Some(Stop::One(text)) => vec![text.clone()],
            Some(Stop::Many(texts)) => texts.clone(),
        };
        let newer = self
            .max_completion_tokens
            .map(|most| (most, "max_completion_tokens"));
        AskedSampling {
            temperature: self.temperature,
            top_p: self.top_p,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            seed: self.seed,
            stop,
            max_tokens: newer.or(self.max_tokens.map(|most| (most, "max_tokens"))),
        }
    }
}

fn parse_format(asked: Option<ResponseFormat>) -> Result<OutputFormat, ApiError> {
    let Some(asked) = asked else {
        return Ok(OutputFormat::Text);
    };
    match asked.r#type.as_str() {
        "text" => Ok(OutputFormat::Text),
        "json_object" => Ok(OutputFormat::JsonObject),
        "json_schema" => {
            let schema = asked
                .json_schema
                .and_then(|format| format.schema)
                .ok_or_else(|| {
                    ApiError::invalid(
                        "response_format.json_schema",
                        "response_format.json_schema.schema must hold a JSON Schema",
                    )
                })?;
            Ok(OutputFormat::JsonSchema(schema.to_string()))
        }
        other => Err(ApiError::invalid(
            "response_format.type",
            format!("response_format.type must be text, json_object or json_schema, not {other:?}"),
        )),
    }
}

impl Message {
    fn parse(self, at: usize) -> Result<ChatMessage, ApiError> {
        let role = match self.role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            other => {
                let known = "system, developer, user, assistant or tool";
                let message = format!("a message's role is {known}, not {other:?}");
                return Err(ApiError::invalid(format!("messages[{at}].role"), message));
            }
        };
        let calls = self.tool_calls.unwrap_or_default();
        let content = match self.content {
            Some(content) => content.text(at)?,
            None if role == Role::Assistant && !calls.is_empty() => String::new(),
            None => {
                let param = format!("messages[{at}].content");
                return Err(ApiError::invalid(param, "this message needs a content"));
            }
        };
        if role == Role::Tool && self.tool_call_id.is_none() {
            let param = format!("messages[{at}].tool_call_id");
            return Err(ApiError::invalid(
                param,
                "a tool message names the call that it answers",
            ));
        }
        let tool_calls = calls.into_iter().map(SentToolCall::into_call).collect();
        Ok(ChatMessage {
            role,
            content,
            tool_calls,
            tool_call_id: self.tool_call_id,
        })
    }
}

impl Content {
    fn text(self, at: usize) -> Result<String, ApiError> {
        let parts = match self {
            Content::Text(text) => return Ok(text),
            Content::Parts(parts) => parts,
        };
        let texts =
            parts
                .into_iter()
                .enumerate()
                .map(|(n, part)| match (&*part.r#type, part.text) {
                    ("text", Some(text)) => Ok(text),
                    (kind, _) => Err(ApiError::invalid(
                        format!("messages[{at}].content[{n}]"),
                        format!(
                            "this model reads text only; a part of type {kind:?} cannot be read"
                        ),
                    )),
                });
        Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
    }
}

impl SentToolCall {
    fn into_call(self) -> ToolCall {
        ToolCall {
            id: self.id,
            name: self.function.name,
            arguments: self.function.arguments,
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
