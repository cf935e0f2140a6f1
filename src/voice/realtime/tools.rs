//! Functions that the model may call.

use serde_json::Value;

use super::fault::Fault;

/// JSON that the session keeps for its client without looking inside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opaque(pub Value);

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    /// The declaration in the JSON form of chat templates.
    pub declaration: String,
    /// The declaration as the client wrote it.
    pub written: Opaque,
}

/// Which functions the model calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    /// At least one, whichever.
    Any,
    This(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tools {
    pub list: Vec<Tool>,
    choice: ToolChoice,
    /// The choice as the client wrote it, if it wrote one.
    pub written_choice: Option<Opaque>,
}

#[derive(Debug, Clone, Default)]
pub struct ToolsChange {
    pub list: Option<Vec<Tool>>,
    pub choice: Option<(ToolChoice, Opaque)>,
}

/// The fault of an invalid `tool_choice`; `at` is its path in the request.
pub fn no_such_choice(at: &str) -> Fault {
    let message = "tool_choice is none, auto, required, or {\"type\": \"function\", \"function\": {\"name\": one of \
                   tools}}; required and a name need tools";
    Fault::invalid("invalid_request", message).about(format!("{at}.tool_choice"))
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            choice: ToolChoice::Auto,
            written_choice: None,
        }
    }
}

impl Tools {
    /// Applies a change; `at` is its path in the request, for faults.
    pub fn changed(&self, change: ToolsChange, at: &str) -> Result<Self, Fault> {
        let ToolsChange { list, choice } = change;
        let only_list = list.is_some() && choice.is_none();
        let mut new = self.clone();
        new.list = list.unwrap_or(new.list);
        if let Some((choice, written)) = choice {
            (new.choice, new.written_choice) = (choice, Some(written));
        }
        if only_list && !new.can_choose() {
            // A choice that named an earlier tool goes with it.
            (new.choice, new.written_choice) = (ToolChoice::Auto, None);
        }
        if new.can_choose() {
            return Ok(new);
        }
        Err(no_such_choice(at))
    }

    fn can_choose(&self) -> bool {
        match &self.choice {
            ToolChoice::Auto | ToolChoice::None => true,
            ToolChoice::Any => !self.list.is_empty(),
            ToolChoice::This(name) => self.list.iter().any(|tool| tool.name == *name),
        }
    }

    /// The tools in the form of the chat model, and the one it must call: `*` for any.
    pub fn for_model(&self) -> (Option<String>, Option<String>) {
        if self.list.is_empty() || self.choice == ToolChoice::None {
            return (None, None);
        }
        let declarations: Vec<_> = self.list.iter().map(|t| t.declaration.as_str()).collect();
        let required = match &self.choice {
            ToolChoice::Auto | ToolChoice::None => None,
            ToolChoice::Any => Some("*".to_owned()),
            ToolChoice::This(name) => Some(name.clone()),
        };
        (Some(format!("[{}]", declarations.join(","))), required)
    }
}
