//! Functions that the model may call.

use serde_json::Value;

use super::fault::Fault;

/// JSON that the session keeps for its client and does not look into.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opaque(pub Value);

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    /// Its declaration as chat templates take it, in JSON.
    pub declaration: String,
    /// As the client wrote it.
    pub written: Opaque,
}

/// Which of the functions are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    /// One of them, whichever.
    Any,
    This(String),
}

/// The functions of a session or a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Tools {
    pub list: Vec<Tool>,
    choice: ToolChoice,
    /// The choice as the client wrote it; `None` if it wrote none.
    pub written_choice: Option<Opaque>,
}

/// A change of the functions.
#[derive(Debug, Clone, Default)]
pub struct ToolsChange {
    pub list: Option<Vec<Tool>>,
    pub choice: Option<(ToolChoice, Opaque)>,
}

/// `tool_choice` is none that there is; `at` names where it stood.
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
    /// After a change; `at` names where it stood.
    pub fn changed(&self, change: ToolsChange, at: &str) -> Result<Self, Fault> {
        let ToolsChange { list, choice } = change;
        let only_list = list.is_some() && choice.is_none();
        let mut new = self.clone();
        new.list = list.unwrap_or(new.list);
        if let Some((choice, written)) = choice {
            (new.choice, new.written_choice) = (choice, Some(written));
        }
        if only_list && !new.can_choose() {
            // A choice that named one of the earlier tools ends with them.
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

    /// The tools as the chat model takes them, and which must be called: `*` for any.
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
