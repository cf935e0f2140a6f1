//! Items of a response's input, and the messages that they are for a model.
//!
//! Items are kept as JSON in the API's long form ([`normalise`]), so that what was stored can be listed and read again.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::http::openai::ApiError;
use crate::llm::{ChatMessage, Role, ToolCall};

/// An item that a client sent.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http::openai) enum Sent {
    /// In the long form, without an id.
    Item(Value),
    /// The id of an item that is stored.
    Reference(String),
    /// Something that means nothing here: reasoning of another model.
    Nothing,
}

/// Reads one item; `at` is its path, for errors.
///
/// # Errors
/// 400 for pictures, files, sounds, and kinds of items that are not here.
pub(in crate::http::openai) fn normalise(at: &str, item: &Value) -> Result<Sent, ApiError> {
    let kind = match item.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if item.get("role").is_some() => "message",
        None if item.get("id").is_some() => "item_reference",
        None => {
            let reason = "an item has a role and a content, or a type";
            return Err(ApiError::invalid(at, reason));
        }
    };
    Ok(match kind {
        "message" => Sent::Item(normalise_message(at, item)?),
        "function_call" => Sent::Item(json!({
            "type": kind,
            "status": "completed",
            "call_id": text_of(at, item, "call_id")?,
            "name": text_of(at, item, "name")?,
            "arguments": text_of(at, item, "arguments")?,
        })),
        "function_call_output" => Sent::Item(json!({
            "type": kind,
            "status": "completed",
            "call_id": text_of(at, item, "call_id")?,
            "output": output_text(at, item)?,
        })),
        "item_reference" => Sent::Reference(text_of(at, item, "id")?),
        "reasoning" => Sent::Nothing,
        other => {
            let reason = format!(
                "items of type {other:?} are not read here; there are message, function_call, function_call_output and \
                 item_reference"
            );
            return Err(ApiError::invalid(format!("{at}.type"), reason));
        }
    })
}

/// A text of a user, as an item.
pub(in crate::http::openai) fn of_user(text: &str) -> Value {
    message("user", vec![json!({ "type": "input_text", "text": text })])
}

fn message(role: &str, content: Vec<Value>) -> Value {
    json!({ "type": "message", "status": "completed", "role": role, "content": content })
}

fn text_of(at: &str, item: &Value, field: &str) -> Result<String, ApiError> {
    let text = item.get(field).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| {
        let param = format!("{at}.{field}");
        ApiError::invalid(param, format!("this item needs the text {field}"))
    })
}

fn normalise_message(at: &str, item: &Value) -> Result<Value, ApiError> {
    let role = text_of(at, item, "role")?;
    if !["user", "assistant", "system", "developer"].contains(&role.as_str()) {
        let known = "user, assistant, system or developer";
        let reason = format!("a message's role is {known}, not {role:?}");
        return Err(ApiError::invalid(format!("{at}.role"), reason));
    }
    let of_assistant = role == "assistant";
    let content = format!("{at}.content");
    let parts = match item.get("content") {
        Some(Value::String(text)) => vec![part(of_assistant, text)],
        Some(Value::Array(parts)) => {
            let numbered = parts.iter().enumerate();
            let read = numbered.map(|(n, part)| read_part(&format!("{content}[{n}]"), part));
            let texts = read.collect::<Result<Vec<_>, _>>()?;
            texts.iter().map(|text| part(of_assistant, text)).collect()
        }
        _ => {
            let reason = "this message needs a content: a text or a list of text parts";
            return Err(ApiError::invalid(content, reason));
        }
    };
    Ok(message(&role, parts))
}

fn part(of_assistant: bool, text: &str) -> Value {
    match of_assistant {
        true => json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }),
        false => json!({ "type": "input_text", "text": text }),
    }
}

fn read_part(at: &str, part: &Value) -> Result<String, ApiError> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let reason = match kind {
        "input_text" | "output_text" | "text" | "summary_text" => {
            return text_of(at, part, "text");
        }
        "refusal" => return text_of(at, part, "refusal"),
        "input_image" | "image_url" | "computer_screenshot" => {
            "this server reads text only: it cannot look at images; describe the image in words".to_owned()
        }
        "input_file" | "file" => {
            "files are not read here; upload the document at /api/v1/documents and ask an assistant, or send its text"
                .to_owned()
        }
        "input_audio" => "sound is not heard here; send the recording to /v1/audio/transcriptions first".to_owned(),
        other => format!("this server reads text only; a part of type {other:?} cannot be read"),
    };
    Err(ApiError::invalid(at, reason))
}

fn output_text(at: &str, item: &Value) -> Result<String, ApiError> {
    let at = format!("{at}.output");
    match item.get("output") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            let numbered = parts.iter().enumerate();
            let read = numbered.map(|(n, part)| read_part(&format!("{at}[{n}]"), part));
            Ok(read.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        _ => {
            let reason = "the output of a function is a text or a list of text parts";
            Err(ApiError::invalid(at, reason))
        }
    }
}

/// The messages for a model: instructions, then the items, oldest first. Calls of functions belong to the assistant's message
/// before them.
///
/// # Errors
/// 400 for the output of a call that nobody made.
pub(super) fn to_messages(
    instructions: Option<&str>,
    items: &[Value],
) -> Result<Vec<ChatMessage>, ApiError> {
    let system = instructions.filter(|text| !text.is_empty());
    let mut messages: Vec<ChatMessage> = system
        .map(|text| ChatMessage::new(Role::System, text))
        .into_iter()
        .collect();
    let mut calls = HashSet::new();
    for item in items {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str() {
            Some("function_call") => {
                let call = ToolCall {
                    id: text("call_id"),
                    name: text("name"),
                    arguments: text("arguments"),
                };
                calls.insert(call.id.clone());
                match messages.last_mut() {
                    Some(last) if last.role == Role::Assistant => last.tool_calls.push(call),
                    _ => {
                        let mut message = ChatMessage::new(Role::Assistant, "");
                        message.tool_calls.push(call);
                        messages.push(message);
                    }
                }
            }
            Some("function_call_output") => {
                let id = text("call_id");
                if !calls.contains(&id) {
                    let reason = format!(
                        "there is no function call {id:?} that this output could belong to; send the call too, or its \
                         response as previous_response_id"
                    );
                    return Err(ApiError::invalid("input", reason));
                }
                let mut message = ChatMessage::new(Role::Tool, text("output"));
                message.tool_call_id = Some(id);
                messages.push(message);
            }
            _ => messages.push(ChatMessage::new(role_of(item), said(item))),
        }
    }
    Ok(messages)
}

fn role_of(item: &Value) -> Role {
    match item["role"].as_str() {
        Some("assistant") => Role::Assistant,
        Some("system" | "developer") => Role::System,
        _ => Role::User,
    }
}

fn said(item: &Value) -> String {
    let parts = item["content"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = parts.iter().filter_map(|part| part["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: Value) -> Value {
        match normalise("input[0]", &value).unwrap() {
            Sent::Item(item) => item,
            other => panic!("{other:?}"),
        }
    }

    fn param(value: Value) -> String {
        let error = normalise("input[0]", &value).unwrap_err();
        error.into_problem().param.unwrap()
    }

    #[test]
    fn every_shape_of_a_text_becomes_one() {
        let parts = json!([{"type": "input_text", "text": "Hi"}]);
        for shape in [
            json!({"role": "user", "content": "Hi"}),
            json!({"role": "user", "content": parts, "type": "message", "phase": "commentary"}),
            of_user("Hi"),
        ] {
            assert_eq!(item(shape), of_user("Hi"));
        }
        let said = item(json!({"role": "assistant", "content": "Hello", "id": "msg_1"}));
        assert_eq!(said["content"][0]["type"], "output_text");
        assert!(said.get("id").is_none());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let with = |part: Value| json!({"role": "user", "content": [part]});
        let image = json!({"type": "input_image", "image_url": "data:,"});
        assert_eq!(param(with(image)), "input[0].content[0]");
        assert_eq!(param(json!({"type": "computer_call"})), "input[0].type");
        assert_eq!(
            param(json!({"role": "king", "content": ""})),
            "input[0].role"
        );
        assert_eq!(param(json!({"role": "user"})), "input[0].content");
        assert_eq!(
            param(json!({"type": "function_call", "name": "f"})),
            "input[0].call_id"
        );
        assert_eq!(param(json!({"text": "Hi"})), "input[0]");
        let call = json!({"type": "function_call_output", "call_id": "c", "output": 5});
        assert_eq!(param(call), "input[0].output");
    }

    #[test]
    fn references_are_kept_and_reasoning_is_dropped() {
        let reference = normalise("i", &json!({"id": "msg_1"})).unwrap();
        assert_eq!(reference, Sent::Reference("msg_1".into()));
        let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": []});
        assert_eq!(normalise("i", &reasoning).unwrap(), Sent::Nothing);
    }

    #[test]
    fn calls_belong_to_the_message_before_them() {
        let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
        let output =
            |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "42"});
        let items = [
            json!({"role": "user", "content": "x"}),
            call("a"),
            call("b"),
            output("a"),
            output("b"),
        ]
        .map(item);
        let messages = to_messages(Some("Be brief."), &items).unwrap();
        let roles: Vec<_> = messages.iter().map(|m| m.role).collect();
        use Role::{Assistant, System, Tool, User};
        assert_eq!(roles, [System, User, Assistant, Tool, Tool]);
        assert_eq!(messages[2].tool_calls.len(), 2);
        assert_eq!(messages[4].tool_call_id.as_deref(), Some("b"));
        let orphan = [item(output("c"))];
        assert!(to_messages(None, &orphan).is_err());
    }
}
