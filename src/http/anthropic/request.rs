//! A request for a message: reads and checks it.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::openai::ApiError;
use crate::http::openai::chat::ask::{Ask, FieldNames};
use crate::http::openai::chat::sampling::AskedSampling;
use crate::http::openai::chat::tools;
use crate::llm::{ChatMessage, ChatRequest, OutputFormat, Priority, Role, ToolCall};

const NAMES: FieldNames = FieldNames {
    input: "messages",
    format: "output_config.format",
};

/// A request for a message. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct MessagesRequest {
    /// Name of the chat model, `default`, `assistant:NAME`, or one of the setting `openai.aliases`.
    model: String,
    /// Most tokens of the answer.
    max_tokens: Option<u32>,
    /// The conversation, oldest first; the last message is the user's.
    #[schema(value_type = Vec<Object>)]
    messages: Vec<Value>,
    /// What the model is told: a text or a list of text blocks.
    #[schema(value_type = Option<Object>)]
    system: Option<Value>,
    /// Send events as the answer is written.
    stream: Option<bool>,
    /// Up to four strings that end the answer.
    stop_sequences: Option<Vec<String>>,
    /// 0 (repeatable) to 1; 0.7 when absent.
    temperature: Option<f32>,
    /// Above 0, to 1.
    top_p: Option<f32>,
    /// Tools that your program runs.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    /// `auto`, `any`, `tool` with its name, or `none`.
    #[schema(value_type = Option<Object>)]
    tool_choice: Option<Value>,
    /// Not available here, but for `disabled` and `adaptive`.
    #[schema(value_type = Option<Object>)]
    thinking: Option<Value>,
    /// `format` of type `json_schema`.
    #[schema(value_type = Option<Object>)]
    output_config: Option<Value>,
    /// Not available here.
    #[schema(value_type = Option<Vec<Object>>)]
    mcp_servers: Option<Vec<Value>>,
    /// Not available here.
    #[schema(value_type = Option<Object>)]
    container: Option<Value>,
}

impl MessagesRequest {
    /// Checks what the types cannot. Counting tokens needs no `max_tokens`.
    pub(super) fn parse(self, needs_max_tokens: bool) -> Result<Ask, ApiError> {
        if self.model.is_empty() {
            return Err(ApiError::invalid(
                "model",
                "model names the model that answers",
            ));
        }
        if needs_max_tokens && self.max_tokens.is_none() {
            return Err(ApiError::invalid(
                "max_tokens",
                "max_tokens says how long the answer may be",
            ));
        }
        if self
            .mcp_servers
            .as_ref()
            .is_some_and(|list| !list.is_empty())
        {
            let reason = "this server does not connect to MCP servers; declare tools and run them in your program";
            return Err(ApiError::invalid("mcp_servers", reason));
        }
        if self.container.is_some() {
            let reason = "this server runs no code and no skills; leave container out";
            return Err(ApiError::invalid("container", reason));
        }
        if self
            .thinking
            .as_ref()
            .is_some_and(|one| one["type"] == "enabled")
        {
            let reason = "the model answers without thinking aloud; leave thinking out";
            return Err(ApiError::invalid("thinking", reason));
        }
        if self
            .temperature
            .is_some_and(|warmth| !(0.0..=1.0).contains(&warmth))
        {
            return Err(ApiError::invalid(
                "temperature",
                "temperature must be between 0 and 1",
            ));
        }
        let sampling = AskedSampling {
            temperature: self.temperature,
            top_p: self.top_p,
            stop: self.stop_sequences.clone().unwrap_or_default(),
            max_tokens: self.max_tokens.map(|most| (most, "max_tokens")),
            ..AskedSampling::default()
        };
        // Every request says how long the answer may be, so that alone is no wish of the client's.
        let custom_sampling = AskedSampling {
            max_tokens: None,
            ..sampling.clone()
        }
        .is_custom();
        let (for_model, require_tool) = self.read_tools()?;
        let one_call = self
            .tool_choice
            .as_ref()
            .is_some_and(|choice| choice["disable_parallel_tool_use"] == true);
        Ok(Ask {
            request: ChatRequest {
                messages: self.read_messages()?,
                tools: for_model,
                require_tool,
                sampling: sampling.check()?,
                format: read_format(self.output_config.as_ref())?,
                claim: Priority::Api.into(),
            },
            model: self.model,
            custom_sampling,
            stream: self.stream == Some(true),
            metadata: None,
            no_truncation: false,
            one_call,
            names: NAMES,
        })
    }

    fn read_tools(&self) -> Result<(Option<String>, Option<String>), ApiError> {
        let list = self.tools.iter().flatten().enumerate();
        let nested = list
            .map(|(at, tool)| nest(at, tool))
            .collect::<Result<Vec<_>, _>>()?;
        let choice = match &self.tool_choice {
            None | Some(Value::Null) => None,
            Some(choice) => Some(match choice["type"].as_str() {
                Some(word @ ("auto" | "none")) => json!(word),
                Some("any") => json!("required"),
                Some("tool") => {
                    json!({ "type": "function", "function": { "name": choice["name"] } })
                }
                _ => return Err(refuse_choice()),
            }),
        };
        tools::parse((!nested.is_empty()).then_some(nested), choice).map_err(|error| {
            match error.into_problem().param.as_deref() {
                Some("tool_choice") => refuse_choice(),
                at => ApiError::invalid(
                    at.unwrap_or("tools").to_owned(),
                    "a tool is {\"name\": …, \"description\": …, \"input_schema\": …}",
                ),
            }
        })
    }

    fn read_messages(&self) -> Result<Vec<ChatMessage>, ApiError> {
        let mut messages = Vec::new();
        match &self.system {
            None | Some(Value::Null) => {}
            Some(system) => {
                let text = read_text("system", system)?;
                if !text.is_empty() {
                    messages.push(ChatMessage::new(Role::System, text));
                }
            }
        }
        let last = self.messages.last().map(|message| &message["role"]);
        if last.is_none_or(|role| role != "user") {
            let reason = "the last message must be the user's; the model cannot go on with a message that was begun for it";
            return Err(ApiError::invalid("messages", reason));
        }
        for (at, message) in self.messages.iter().enumerate() {
            read_message(&format!("messages[{at}]"), message, &mut messages)?;
        }
        Ok(messages)
    }
}

fn nest(at: usize, tool: &Value) -> Result<Value, ApiError> {
    if !matches!(tool["type"].as_str(), None | Some("custom")) {
        let reason = format!(
            "this server runs no tools of type {}; declare tools of your own, which your program runs",
            tool["type"]
        );
        return Err(ApiError::invalid(format!("tools[{at}].type"), reason));
    }
    let mut function = json!({ "name": tool["name"], "parameters": tool["input_schema"] });
    if let Some(text) = tool["description"].as_str() {
        function["description"] = json!(text);
    }
    Ok(json!({ "type": "function", "function": function }))
}

fn refuse_choice() -> ApiError {
    ApiError::invalid(
        "tool_choice",
        "tool_choice has the type auto, any, none, or tool with the name of one of tools; any and tool need tools",
    )
}

fn read_format(config: Option<&Value>) -> Result<OutputFormat, ApiError> {
    let format = config.map(|config| &config["format"]);
    match format.filter(|format| !format.is_null()) {
        None => Ok(OutputFormat::Text),
        Some(format) if format["type"] == "json_schema" && format["schema"].is_object() => {
            Ok(OutputFormat::JsonSchema(format["schema"].to_string()))
        }
        Some(_) => Err(ApiError::invalid(
            "output_config.format",
            "output_config.format has the type json_schema and a schema",
        )),
    }
}

/// Adds the messages that one of Anthropic's is for a model: results of tools are messages of their own.
fn read_message(at: &str, message: &Value, into: &mut Vec<ChatMessage>) -> Result<(), ApiError> {
    let role = match message["role"].as_str() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        _ => {
            let reason =
                "a message's role is user or assistant; what the model is told goes into system";
            return Err(ApiError::invalid(format!("{at}.role"), reason));
        }
    };
    let blocks = match &message["content"] {
        Value::String(text) => {
            into.push(ChatMessage::new(role, text.clone()));
            return Ok(());
        }
        Value::Array(blocks) => blocks,
        _ => {
            let reason = "content is a text or a list of blocks";
            return Err(ApiError::invalid(format!("{at}.content"), reason));
        }
    };
    let mut texts = Vec::new();
    let mut calls = Vec::new();
    for (n, block) in blocks.iter().enumerate() {
        let at = format!("{at}.content[{n}]");
        match (block["type"].as_str(), role) {
            (Some("tool_use"), Role::Assistant) => calls.push(ToolCall {
                id: text_of(&at, block, "id")?,
                name: text_of(&at, block, "name")?,
                arguments: block["input"].to_string(),
            }),
            (Some("tool_result"), Role::User) => {
                let id = text_of(&at, block, "tool_use_id")?;
                let text = match &block["content"] {
                    Value::Null => String::new(),
                    content => read_text(&format!("{at}.content"), content)?,
                };
                let text = match block["is_error"] == true {
                    true => format!("Error: {text}"),
                    false => text,
                };
                let mut result = ChatMessage::new(Role::Tool, text);
                result.tool_call_id = Some(id);
                into.push(result);
            }
            (Some("thinking" | "redacted_thinking"), Role::Assistant) => {}
            _ => texts.push(read_block(&at, block)?),
        }
    }
    if !texts.is_empty() || !calls.is_empty() {
        let mut message = ChatMessage::new(role, texts.join("\n"));
        message.tool_calls = calls;
        into.push(message);
    }
    Ok(())
}

fn text_of(at: &str, block: &Value, field: &str) -> Result<String, ApiError> {
    let text = block[field].as_str().map(str::to_owned);
    let reason = || format!("this block needs the text {field}");
    text.ok_or_else(|| ApiError::invalid(format!("{at}.{field}"), reason()))
}

fn read_text(at: &str, content: &Value) -> Result<String, ApiError> {
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Array(blocks) => {
            let numbered = blocks.iter().enumerate();
            let texts = numbered.map(|(n, block)| read_block(&format!("{at}[{n}]"), block));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        _ => Err(ApiError::invalid(
            at,
            "this is a text or a list of text blocks",
        )),
    }
}

fn read_block(at: &str, block: &Value) -> Result<String, ApiError> {
    let reason = match block["type"].as_str() {
        Some("text") => return text_of(at, block, "text"),
        Some("document") if block["source"]["type"] == "text" => {
            return text_of(&format!("{at}.source"), &block["source"], "data");
        }
        Some("image") => {
            "this server reads text only: it cannot look at images; describe the image in words"
        }
        Some("document") => {
            "files are not read here; send the text of the document, or upload it at /api/v1/documents and ask an assistant"
        }
        _ => {
            "this server reads blocks of type text, tool_use (of the assistant) and tool_result (of the user)"
        }
    };
    Err(ApiError::invalid(at, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(change: impl FnOnce(&mut Value)) -> Result<Ask, ApiError> {
        let mut body = json!({
            "model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}],
        });
        change(&mut body);
        serde_json::from_value::<MessagesRequest>(body)
            .unwrap()
            .parse(true)
    }

    fn param(change: impl FnOnce(&mut Value)) -> String {
        parse(change).unwrap_err().into_problem().param.unwrap()
    }

    #[test]
    fn a_tool_conversation_is_read() {
        let ask = parse(|body| {
            body["system"] = json!([{"type": "text", "text": "Be brief."}]);
            body["tools"] = json!([{"name": "f", "input_schema": {"type": "object"}}]);
            body["tool_choice"] = json!({"type": "any", "disable_parallel_tool_use": true});
            body["messages"] = json!([
                {"role": "user", "content": "x"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "42"}], "is_error": true},
                    {"type": "text", "text": "Well?"},
                ]},
            ]);
        })
        .unwrap();
        assert!(ask.one_call && !ask.custom_sampling);
        let request = ask.request;
        assert_eq!(request.require_tool.as_deref(), Some("*"));
        let roles: Vec<_> = request.messages.iter().map(|m| m.role).collect();
        use Role::{Assistant, System, Tool, User};
        assert_eq!(roles, [System, User, Assistant, Tool, User]);
        assert_eq!(request.messages[2].tool_calls[0].arguments, "{\"a\":1}");
        assert_eq!(request.messages[3].content, "Error: 42");
    }

    #[test]
    fn what_is_wrong_or_not_here_is_named() {
        assert_eq!(param(|body| body["max_tokens"] = Value::Null), "max_tokens");
        assert_eq!(param(|body| body["model"] = json!("")), "model");
        assert_eq!(
            param(|body| body["temperature"] = json!(1.5)),
            "temperature"
        );
        assert_eq!(
            param(|body| body["thinking"] = json!({"type": "enabled"})),
            "thinking"
        );
        assert_eq!(
            param(|body| body["mcp_servers"] = json!([{}])),
            "mcp_servers"
        );
        assert_eq!(
            param(|body| body["container"] = json!({"id": "c"})),
            "container"
        );
        assert_eq!(param(|body| body["messages"] = json!([])), "messages");
        let begun =
            json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "He"}]);
        assert_eq!(param(|body| body["messages"] = begun), "messages");
        let image = json!([{"role": "user", "content": [{"type": "image", "source": {}}]}]);
        assert_eq!(
            param(|body| body["messages"] = image),
            "messages[0].content[0]"
        );
        let search = json!([{"type": "web_search_20250305", "name": "web_search"}]);
        assert_eq!(param(|body| body["tools"] = search), "tools[0].type");
        assert_eq!(
            param(|body| body["tool_choice"] = json!({"type": "any"})),
            "tool_choice"
        );
        let format = json!({"format": {"type": "xml"}});
        assert_eq!(
            param(|body| body["output_config"] = format),
            "output_config.format"
        );
    }
}
