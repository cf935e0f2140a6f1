//! A request for a chat completion: reads and checks it.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::tools;
use crate::http::clock::Metadata;
use crate::http::openai::ApiError;
use crate::llm::{ChatMessage, ChatRequest, OutputFormat, Priority, Role, Sampling, ToolCall};

/// OpenAI's default of 1.0 makes small models ramble.
const DEFAULT_TEMPERATURE: f32 = 0.7;

const MOST_STOPS: usize = 4;

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
    /// For an assistant, `now` sets its clock.
    metadata: Option<Metadata>,
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
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) request: ChatRequest,
    /// Whether the client set any sampling option; if not, an assistant uses its own.
    custom_sampling: bool,
    pub(super) metadata: Option<Metadata>,
}

/// What an assistant gets besides the question.
#[derive(Debug)]
pub(super) struct History {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) sampling: Option<Sampling>,
}

impl ChatCompletionRequest {
    /// Checks what the types cannot.
    pub(super) fn parse(self) -> Result<Parsed, ApiError> {
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
        let custom_sampling = self.temperature.is_some()
            || self.top_p.is_some()
            || self.presence_penalty.is_some()
            || self.frequency_penalty.is_some()
            || self.seed.is_some()
            || self.stop.is_some()
            || self.max_tokens.or(self.max_completion_tokens).is_some();
        let sampling = self.sampling()?;
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
            model: self.model,
            stream: self.stream.unwrap_or(false),
            include_usage: include_usage.unwrap_or(false),
            request: ChatRequest {
                messages,
                tools,
                require_tool,
                sampling,
                format,
                claim: Priority::Api.into(),
            },
            custom_sampling,
            metadata: self.metadata,
        })
    }

    fn sampling(&self) -> Result<Sampling, ApiError> {
        let stop = match &self.stop {
            None => Vec::new(),
            Some(Stop::One(text)) => vec![text.clone()],
            Some(Stop::Many(texts)) => texts.clone(),
        };
        if stop.len() > MOST_STOPS || stop.iter().any(String::is_empty) {
            return Err(ApiError::invalid(
                "stop",
                "stop must be 1 to 4 strings, none of them empty",
            ));
        }
        let (max_tokens, param) = match self.max_completion_tokens {
            Some(most) => (Some(most), "max_completion_tokens"),
            None => (self.max_tokens, "max_tokens"),
        };
        if max_tokens == Some(0) {
            return Err(ApiError::invalid(
                param,
                format!("{param} must be at least 1"),
            ));
        }
        let top_p = check_range("top_p", self.top_p, 1.0, 0.0, 1.0)?;
        if top_p <= 0.0 {
            return Err(ApiError::invalid("top_p", "top_p must be above 0"));
        }
        Ok(Sampling {
            max_tokens,
            temperature: check_range(
                "temperature",
                self.temperature,
                DEFAULT_TEMPERATURE,
                0.0,
                2.0,
            )?,
            top_p,
            // Clients may send 64 bits, the engine takes 32; the low half is enough to repeat an answer.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            seed: self.seed.map(|seed| seed as u32),
            stop,
            presence_penalty: check_range(
                "presence_penalty",
                self.presence_penalty,
                0.0,
                -2.0,
                2.0,
            )?,
            frequency_penalty: check_range(
                "frequency_penalty",
                self.frequency_penalty,
                0.0,
                -2.0,
                2.0,
            )?,
        })
    }
}

fn check_range(
    param: &str,
    value: Option<f32>,
    default: f32,
    least: f32,
    most: f32,
) -> Result<f32, ApiError> {
    let value = value.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(ApiError::invalid(
        param,
        format!("{param} must be between {least} and {most}"),
    ))
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

impl Parsed {
    /// Splits the conversation for an assistant: the last message is the question, earlier ones of the user
    /// and the assistant are its history. System messages are dropped, because only the owner instructs an
    /// assistant.
    pub(super) fn into_question(mut self) -> Result<(String, History), ApiError> {
        if self.request.tools.is_some() {
            return Err(ApiError::invalid(
                "tools",
                "an assistant takes no tools of the client",
            ));
        }
        if self.request.format != OutputFormat::Text {
            return Err(ApiError::invalid(
                "response_format",
                "an assistant answers in text",
            ));
        }
        let last = self
            .request
            .messages
            .pop()
            .filter(|message| message.role == Role::User);
        let question = last.map(|message| message.content).unwrap_or_default();
        if question.trim().is_empty() {
            let reason = "the last message must be the user's question";
            return Err(ApiError::invalid("messages", reason));
        }
        self.request
            .messages
            .retain(|m| matches!(m.role, Role::User | Role::Assistant));
        let sampling = self.custom_sampling.then_some(self.request.sampling);
        Ok((
            question,
            History {
                messages: self.request.messages,
                sampling,
            },
        ))
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
