//! Functions of a session, flat as the Realtime API has them.

use serde_json::{Value, json};

use super::super::super::chat::tools as chat_tools;
use super::super::fault::Fault;

/// Functions that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http::openai::realtime) struct Tools {
    pub(in crate::http::openai::realtime) list: Vec<Value>,
    pub(in crate::http::openai::realtime) choice: Value,
}

impl Tools {
    /// After a change; `at` names where it stood.
    pub(in crate::http::openai::realtime) fn changed(
        &self,
        list: Option<Vec<Value>>,
        choice: Option<Value>,
        at: &str,
    ) -> Result<Self, Fault> {
        let list_changed = list.is_some();
        let mut new = Self {
            list: list.unwrap_or_else(|| self.list.clone()),
            choice: choice.clone().unwrap_or_else(|| self.choice.clone()),
        };
        if list_changed && choice.is_none() && new.for_model().is_err() {
            // A choice that named one of the earlier tools ends with them.
            new.choice = json!("auto");
        }
        new.for_model().map_err(|mut fault| {
            fault.param = fault.param.map(|param| format!("{at}.{param}"));
            fault
        })?;
        Ok(new)
    }

    /// The tools as the chat model takes them, and which must be called.
    pub(in crate::http::openai::realtime) fn for_model(
        &self,
    ) -> Result<(Option<String>, Option<String>), Fault> {
        let nested = self.list.iter().enumerate().map(|(at, tool)| {
            if tool["type"] == "mcp" {
                let message = "servers of tools (mcp) are not connected to from here; declare \
                               functions and call them in your program";
                return Err(
                    Fault::invalid("unsupported_parameter", message).about(format!("tools[{at}]"))
                );
            }
            let mut function = tool.clone();
            if let Some(fields) = function.as_object_mut() {
                fields.remove("type");
            }
            Ok(json!({"type": tool["type"], "function": function}))
        });
        let nested = nested.collect::<Result<Vec<_>, _>>()?;
        let choice = match &self.choice {
            Value::Null => None,
            Value::Object(one) if one.contains_key("name") => {
                Some(json!({"type": one.get("type"), "function": {"name": one["name"]}}))
            }
            other => Some(other.clone()),
        };
        Ok(chat_tools::parse(Some(nested), choice)?)
    }
}
