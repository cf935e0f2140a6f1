//! `tools` and `tool_choice`.

use serde::Deserialize;
use serde_json::Value;

use crate::http::openai::ApiError;

#[derive(Deserialize)]
struct Named {
    r#type: String,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
}

/// Returns the tools as JSON text for the model's template, and the name of the tool that must be called (`*`
/// for any).
pub(in crate::http) fn parse(
    tools: Option<Vec<Value>>,
    choice: Option<Value>,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let tools = tools.unwrap_or_default();
    let names = tools
        .iter()
        .enumerate()
        .map(|(at, tool)| read_name(at, tool));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let required = match choice {
        None => None,
        Some(Value::String(word)) => match word.as_str() {
            "auto" => None,
            "none" => return Ok((None, None)),
            "required" => Some("*".to_owned()),
            _ => return Err(refuse_choice()),
        },
        Some(one) => {
            let one = serde_json::from_value::<Named>(one).map_err(|_| refuse_choice())?;
            if one.r#type != "function" || !names.contains(&one.function.name) {
                return Err(refuse_choice());
            }
            Some(one.function.name)
        }
    };
    if tools.is_empty() {
        return if required.is_some() {
            Err(refuse_choice())
        } else {
            Ok((None, None))
        };
    }
    Ok((Some(Value::Array(tools).to_string()), required))
}

fn read_name(at: usize, tool: &Value) -> Result<String, ApiError> {
    match Named::deserialize(tool) {
        Ok(named) if named.r#type == "function" && !named.function.name.is_empty() => {
            Ok(named.function.name)
        }
        _ => Err(ApiError::invalid(
            format!("tools[{at}]"),
            "a tool is {\"type\": \"function\", \"function\": {\"name\": …, \"parameters\": …}}",
        )),
    }
}

fn refuse_choice() -> ApiError {
    ApiError::invalid(
        "tool_choice",
        "tool_choice is none, auto, required, or {\"type\": \"function\", \"function\": {\"name\": \
         one of tools}}; required and a name need tools",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tools() -> Option<Vec<Value>> {
        Some(vec![
            json!({"type": "function", "function": {"name": "f", "parameters": {}}}),
        ])
    }

    #[test]
    fn choices_become_requirements() {
        let required = |choice| parse(tools(), choice).unwrap().1;
        assert_eq!(required(None), None);
        assert_eq!(required(Some(json!("auto"))), None);
        assert_eq!(required(Some(json!("required"))).as_deref(), Some("*"));
        let named = json!({"type": "function", "function": {"name": "f"}});
        assert_eq!(required(Some(named)).as_deref(), Some("f"));
        assert_eq!(parse(tools(), Some(json!("none"))).unwrap(), (None, None));
    }

    #[test]
    fn nonsense_is_refused() {
        let other = json!({"type": "function", "function": {"name": "g"}});
        assert!(parse(tools(), Some(other)).is_err());
        assert!(parse(None, Some(json!("required"))).is_err());
        assert!(parse(tools(), Some(json!("sometimes"))).is_err());
        assert!(parse(Some(vec![json!({"name": "f"})]), None).is_err());
    }
}
