//! The pages of tools: what they show, and the form.

use askama::Template;
use serde_json::{Map, Value, json};

use super::format::{Moment, moment};
use super::sentence;
use super::view::{Shell, filters};
use crate::egress::Secret;
use crate::tools::openapi::{Document, Operation};
use crate::tools::{Approval, CallState, InTalk, NewTool, Tool, ToolCall, ToolKind, Wanted};

/// All tools, what waits, what they did.
#[derive(Template)]
#[template(path = "tools.html")]
pub(super) struct ToolsPage {
    pub(super) shell: Shell,
    pub(super) rows: Vec<ToolRow>,
    pub(super) asks: Vec<CallRow>,
    pub(super) calls: Vec<CallRow>,
    pub(super) error: Option<String>,
}

/// One tool: its form, a trial, its log.
#[derive(Template)]
#[template(path = "tool.html")]
pub(super) struct ToolPage {
    pub(super) shell: Shell,
    pub(super) row: ToolRow,
    pub(super) form: ToolForm,
    pub(super) calls: Vec<CallRow>,
    /// Arguments of the trial, as JSON.
    pub(super) trial: String,
    pub(super) done: Option<String>,
    pub(super) error: Option<String>,
}

/// A form alone: of an operation that was chosen, or of what was wrong.
#[derive(Template)]
#[template(path = "tool_new.html")]
pub(super) struct NewToolPage {
    pub(super) shell: Shell,
    pub(super) form: ToolForm,
    pub(super) error: Option<String>,
}

/// Operations of an OpenAPI document, to choose from.
#[derive(Template)]
#[template(path = "tool_import.html")]
pub(super) struct ImportPage {
    pub(super) shell: Shell,
    pub(super) title: String,
    pub(super) operations: Vec<OperationRow>,
}

/// What waits for staff.
#[derive(Template)]
#[template(path = "tool_waiting.html")]
pub(super) struct WaitingPage {
    pub(super) shell: Shell,
    pub(super) asks: Vec<CallRow>,
}

pub(super) struct ToolRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) rule: &'static str,
    pub(super) is_on: bool,
    pub(super) state: &'static str,
    pub(super) label: &'static str,
}

pub(super) struct CallRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) conversation: Option<String>,
    pub(super) made: Moment,
    /// As lines.
    pub(super) arguments: String,
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    pub(super) decided_by: Option<String>,
    pub(super) error: Option<String>,
    pub(super) answer: Option<String>,
}

pub(super) struct OperationRow {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) title: String,
    pub(super) problem: Option<String>,
    pub(super) form: ToolForm,
}

/// The form of a tool: every field as text.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolForm {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) approval: String,
    pub(super) seconds: String,
    pub(super) active: bool,
    pub(super) secret: String,
    /// JSON Schema.
    pub(super) arguments: String,
    /// JSON: the endpoint or the calendar.
    pub(super) settings: String,
    /// Whether assistants call it by themselves, and when.
    pub(super) in_talk: bool,
    pub(super) when: String,
    /// A question in each line.
    pub(super) examples: String,
}

impl ToolRow {
    pub(super) fn new(tool: &Tool) -> Self {
        let (state, label) = match (tool.active, tool.approval) {
            (true, Approval::Never) | (false, _) => ("stopped", "Off"),
            (true, _) => ("ready", "On"),
        };
        let url = tool.settings.get("url").and_then(Value::as_str);
        Self {
            id: tool.id.to_string(),
            name: tool.name.clone(),
            title: tool.title.clone(),
            url: url.unwrap_or_default().to_owned(),
            rule: rule(tool.approval),
            is_on: tool.active,
            state,
            label,
        }
    }
}

fn rule(approval: Approval) -> &'static str {
    match approval {
        Approval::Free => "runs freely",
        Approval::Visitor => "asks the visitor",
        Approval::Staff => "asks staff",
        Approval::Never => "never runs",
    }
}

impl CallRow {
    pub(super) fn new(call: ToolCall) -> Self {
        let (state, label) = match call.state {
            CallState::Visitor => ("starting", "Waits for the visitor"),
            CallState::Staff => ("starting", "Waits for staff"),
            CallState::Allowed => ("starting", "Allowed"),
            CallState::Running => ("starting", "Running"),
            CallState::Done => ("ready", "Done"),
            CallState::Failed => ("failed", "Failed"),
            CallState::Unknown => ("degraded", "Outcome unknown"),
            CallState::Declined => ("stopped", "Declined"),
            CallState::Expired => ("stopped", "Nobody agreed in time"),
        };
        let answer = call
            .answer
            .as_deref()
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        let told = answer.and_then(|answer| Some(answer.get("text")?.as_str()?.to_owned()));
        Self {
            id: call.id.to_string(),
            name: call.name,
            conversation: call.conversation.map(|id| id.to_string()),
            made: moment(call.created_at),
            arguments: lines(&call.arguments),
            state,
            label,
            decided_by: call.decided_by,
            error: call.error.as_deref().map(sentence),
            answer: told.filter(|text| !text.is_empty()),
        }
    }
}

/// `count: 2` and so on, a line for each argument.
fn lines(arguments: &Value) -> String {
    let fields = arguments.as_object().into_iter().flatten();
    let lines = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    lines.collect::<Vec<String>>().join("\n")
}

impl OperationRow {
    fn new(operation: Operation) -> Self {
        let settings = serde_json::to_value(&operation.endpoint).unwrap_or_default();
        Self {
            what: format!(
                "{} {}",
                operation.method.as_str().to_uppercase(),
                operation.path
            ),
            name: operation.name.clone(),
            title: operation.title.clone(),
            problem: operation.problem.as_deref().map(sentence),
            form: ToolForm {
                kind: ToolKind::Http.as_str().to_owned(),
                name: operation.name,
                title: operation.title,
                about: operation.about,
                arguments: pretty(&operation.arguments),
                settings: pretty(&settings),
                ..ToolForm::empty(ToolKind::Http)
            },
        }
    }
}

impl ImportPage {
    pub(super) fn new(shell: Shell, document: Document) -> Self {
        Self {
            shell,
            title: format!("{} {}", document.title, document.version)
                .trim()
                .to_owned(),
            operations: document
                .operations
                .into_iter()
                .map(OperationRow::new)
                .collect(),
        }
    }
}

impl ToolForm {
    /// For a new one, with an example of what is to be written.
    pub(super) fn empty(kind: ToolKind) -> Self {
        let (arguments, settings) = match kind {
            ToolKind::Http => (
                json!({
                    "type": "object",
                    "required": ["order"],
                    "properties": { "order": { "type": "string", "maxLength": 20 } },
                }),
                json!({
                    "method": "get",
                    "url": "https://api.example.com/orders/{order}",
                    "secret": { "in": "bearer" },
                    "takes": [{ "name": "state", "at": "/state" }],
                }),
            ),
            ToolKind::Calendar => (
                Value::Object(Map::new()),
                json!({
                    "url": "https://dav.example.com/anna/appointments/",
                    "user": "anna",
                    "minutes": 30, "step": 30, "buffer": 0, "notice": 120, "days": 30,
                    "title": "Appointment",
                }),
            ),
        };
        Self {
            kind: kind.as_str().to_owned(),
            approval: Approval::Visitor.as_str().to_owned(),
            seconds: "10".to_owned(),
            arguments: pretty(&arguments),
            settings: pretty(&settings),
            ..Self::default()
        }
    }

    pub(super) fn of(tool: &Tool) -> Self {
        let talk = InTalk::of(tool);
        // It has fields of its own.
        let mut settings = tool.settings.clone();
        if let Some(fields) = settings.as_object_mut().filter(|_| talk.is_some()) {
            fields.remove("talk");
        }
        Self {
            kind: tool.kind.as_str().to_owned(),
            name: tool.name.clone(),
            title: tool.title.clone(),
            about: tool.about.clone(),
            approval: tool.approval.as_str().to_owned(),
            seconds: (tool.timeout_ms / 1000).to_string(),
            active: tool.active,
            secret: String::new(),
            arguments: pretty(&tool.arguments),
            settings: pretty(&settings),
            in_talk: talk.is_some(),
            when: talk
                .as_ref()
                .map_or_else(String::new, |talk| talk.when.clone()),
            examples: talk.map_or_else(String::new, |talk| talk.examples.join("\n")),
        }
    }

    pub(super) fn is_calendar(&self) -> bool {
        self.kind == ToolKind::Calendar.as_str()
    }

    pub(super) fn read(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "kind" => form.kind = value,
                "name" => form.name = value,
                "title" => form.title = value,
                "about" => form.about = value,
                "approval" => form.approval = value,
                "seconds" => form.seconds = value,
                "active" => form.active = true,
                "secret" => form.secret = value,
                "arguments" => form.arguments = value,
                "settings" => form.settings = value,
                "in_talk" => form.in_talk = true,
                "when" => form.when = value,
                "examples" => form.examples = value,
                _ => {}
            }
        }
        form
    }

    /// What was entered, or what is wrong with it.
    pub(super) fn wanted(&self) -> Result<NewTool, String> {
        let kind = ToolKind::parse(&self.kind).ok_or("Choose what kind of tool it is.")?;
        let approval = Approval::parse(&self.approval).ok_or("Choose who has to agree.")?;
        let seconds: u32 = self
            .seconds
            .trim()
            .parse()
            .map_err(|_| "A call may take 1 to 60 seconds.")?;
        let secret = self.secret.trim();
        let mut settings = read_json("The settings are", &self.settings)?;
        if let Some(fields) = settings.as_object_mut().filter(|_| self.in_talk) {
            fields.insert("talk".to_owned(), json!(self.talk()));
        }
        Ok(NewTool {
            wanted: Wanted {
                kind,
                name: self.name.clone(),
                title: self.title.clone(),
                about: self.about.clone(),
                arguments: match kind {
                    ToolKind::Http => read_json("The arguments are", &self.arguments)?,
                    ToolKind::Calendar => Value::Null,
                },
                settings,
                approval,
                timeout_ms: seconds.saturating_mul(1_000),
                most_bytes: 100_000,
                active: self.active,
            },
            // An empty field leaves it as it is.
            secret: (!secret.is_empty()).then(|| Secret::new(secret)),
        })
    }

    fn talk(&self) -> InTalk {
        let lines = self.examples.lines().map(str::trim);
        InTalk {
            when: self.when.trim().to_owned(),
            examples: lines
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

fn read_json(what: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{what} no JSON: {error}."))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
