//! `tools`, `tool_choice` and `text.format`. Responses have them flat, where chat completions nest them.

use serde_json::{Value, json};

use crate::http::openai::ApiError;
use crate::http::openai::chat::tools as chat_tools;
use crate::llm::OutputFormat;

/// Returns the tools as JSON text for the model's template, and the name of the tool that must be called (`*` for any).
///
/// # Errors
/// 400 for tools that only OpenAI runs, and for a choice of a tool that is not there.
pub(super) fn read(
    tools: &[Value],
    choice: Option<&Value>,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let nested = tools.iter().enumerate().map(|(at, tool)| nest(at, tool));
    let mut nested = nested.collect::<Result<Vec<_>, _>>()?;
    let choice = match choice {
        None | Some(Value::Null) => None,
        Some(Value::String(word)) => Some(json!(word)),
        Some(one) => match one["type"].as_str() {
            Some("function") => {
                let function = json!({ "name": one["name"] });
                Some(json!({ "type": "function", "function": function }))
            }
            Some("allowed_tools") => {
                nested.retain(|tool| is_allowed(one, tool));
                Some(one["mode"].clone())
            }
            _ => return Err(refuse_choice()),
        },
    };
    let list = (!nested.is_empty()).then_some(nested);
    chat_tools::parse(list, choice).map_err(|error| match error.into_problem().param.as_deref() {
        Some("tool_choice") => refuse_choice(),
        at => ApiError::invalid(
            at.unwrap_or("tools").to_owned(),
            "a tool is {\"type\": \"function\", \"name\": …, \"parameters\": …}",
        ),
    })
}

fn nest(at: usize, tool: &Value) -> Result<Value, ApiError> {
    let kind = tool["type"].as_str().unwrap_or_default();
    if kind != "function" {
        let reason = format!(
            "this server runs no tools of type {kind:?}; declare functions, which your program runs. To answer from \
             documents, ask the model assistant:NAME"
        );
        return Err(ApiError::invalid(format!("tools[{at}].type"), reason));
    }
    let mut function = json!({});
    for field in ["name", "description", "parameters", "strict"] {
        if let Some(value) = tool.get(field).filter(|value| !value.is_null()) {
            function[field] = value.clone();
        }
    }
    Ok(json!({ "type": "function", "function": function }))
}

fn is_allowed(choice: &Value, tool: &Value) -> bool {
    let allowed = choice["tools"].as_array();
    allowed.is_some_and(|list| {
        list.iter()
            .any(|one| one["name"] == tool["function"]["name"])
    })
}

fn refuse_choice() -> ApiError {
    ApiError::invalid(
        "tool_choice",
        "tool_choice is none, auto, required, {\"type\": \"function\", \"name\": one of tools}, or allowed_tools; all but \
         none and auto need tools",
    )
}

/// Reads `text.format`.
///
/// # Errors
/// 400 for a format that is not there.
pub(super) fn read_format(format: Option<&Value>) -> Result<OutputFormat, ApiError> {
    let Some(format) = format.filter(|format| !format.is_null()) else {
        return Ok(OutputFormat::Text);
    };
    match format["type"].as_str() {
        Some("text") => Ok(OutputFormat::Text),
        Some("json_object") => Ok(OutputFormat::JsonObject),
        Some("json_schema") if format["schema"].is_object() => {
            Ok(OutputFormat::JsonSchema(format["schema"].to_string()))
        }
        Some("json_schema") => Err(ApiError::invalid(
            "text.format.schema",
            "text.format.schema must hold a JSON Schema",
        )),
        _ => Err(ApiError::invalid(
            "text.format.type",
            "text.format.type must be text, json_object or json_schema",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> Value {
        json!({"type": "function", "name": name, "parameters": {}, "strict": true})
    }

    #[test]
    fn flat_tools_are_nested_and_choices_followed() {
        let tools = [function("f"), function("g")];
        let (text, required) =
            read(&tools, Some(&json!({"type": "function", "name": "g"}))).unwrap();
        let nested: Value = serde_json::from_str(&text.unwrap()).unwrap();
        assert_eq!(nested[0]["function"]["name"], "f");
        assert_eq!(required.as_deref(), Some("g"));
        let only_f = json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]});
        let (text, required) = read(&tools, Some(&only_f)).unwrap();
        assert!(!text.unwrap().contains("\"g\""));
        assert_eq!(required.as_deref(), Some("*"));
        assert_eq!(read(&[], None).unwrap(), (None, None));
    }

    #[test]
    fn what_only_openai_runs_is_refused() {
        let param = |tools: &[Value], choice: Option<Value>| {
            let error = read(tools, choice.as_ref()).unwrap_err();
            error.into_problem().param.unwrap()
        };
        assert_eq!(
            param(&[json!({"type": "web_search"})], None),
            "tools[0].type"
        );
        assert_eq!(param(&[json!({"type": "function"})], None), "tools[0]");
        assert_eq!(
            param(&[function("f")], Some(json!("sometimes"))),
            "tool_choice"
        );
        assert_eq!(param(&[], Some(json!("required"))), "tool_choice");
        assert_eq!(
            param(&[function("f")], Some(json!({"type": "mcp"}))),
            "tool_choice"
        );
    }

    #[test]
    fn formats_are_read() {
        let schema = json!({"type": "json_schema", "name": "x", "schema": {"type": "object"}});
        let format = read_format(Some(&schema)).unwrap();
        assert_eq!(
            format,
            OutputFormat::JsonSchema("{\"type\":\"object\"}".into())
        );
        assert_eq!(read_format(None).unwrap(), OutputFormat::Text);
        assert!(read_format(Some(&json!({"type": "json_schema"}))).is_err());
        assert!(read_format(Some(&json!({"type": "grammar"}))).is_err());
    }
}
