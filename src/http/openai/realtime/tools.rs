//! Tools of a session. The Realtime API has them flat, where chat completions nest them under `function`.

use serde_json::{Value, json};

use crate::http::openai::chat::tools as chat_tools;
use crate::voice::realtime::{Fault, Opaque, Tool, ToolChoice, ToolsChange, no_such_choice};

/// Reads `tools` and `tool_choice`; `at` is the path of their parent, for errors.
pub(super) fn read(
    list: Option<Vec<Value>>,
    choice: Option<Value>,
    at: &str,
) -> Result<ToolsChange, Fault> {
    Ok(ToolsChange {
        list: list.map(|list| read_list(list, at)).transpose()?,
        choice: match choice {
            None => None,
            Some(written) => {
                let choice = read_choice(&written).ok_or_else(|| no_such_choice(at))?;
                Some((choice, Opaque(written)))
            }
        },
    })
}

fn read_list(list: Vec<Value>, at: &str) -> Result<Vec<Tool>, Fault> {
    let nested = list.iter().enumerate().map(|(n, tool)| {
        if tool["type"] == "mcp" {
            let message = "this server does not connect to MCP servers; declare functions \
                           and call them in your program";
            let fault = Fault::invalid("unsupported_parameter", message);
            return Err(fault.about(format!("{at}.tools[{n}]")));
        }
        let mut function = tool.clone();
        if let Some(fields) = function.as_object_mut() {
            fields.remove("type");
        }
        Ok(json!({"type": tool["type"], "function": function}))
    });
    let nested = nested.collect::<Result<Vec<_>, _>>()?;
    chat_tools::parse(Some(nested.clone()), None).map_err(|error| {
        let mut fault = Fault::from(error);
        fault.param = fault.param.map(|param| format!("{at}.{param}"));
        fault
    })?;
    let tools = list.into_iter().zip(nested).map(|(written, nested)| Tool {
        name: nested["function"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        declaration: nested.to_string(),
        written: Opaque(written),
    });
    Ok(tools.collect())
}

/// A word, or a function: flat as here, or nested as in chat completions.
fn read_choice(written: &Value) -> Option<ToolChoice> {
    match written {
        Value::String(word) => match word.as_str() {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            "required" => Some(ToolChoice::Any),
            _ => None,
        },
        Value::Object(_) if written["type"] == "function" => {
            let name = written.get("name").unwrap_or(&written["function"]["name"]);
            Some(ToolChoice::This(name.as_str()?.to_owned()))
        }
        _ => None,
    }
}
