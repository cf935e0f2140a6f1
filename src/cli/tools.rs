//! `frontdesk tools`: what assistants may do elsewhere, and what they did.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::api::{Api, ask_and_show};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};

const PATH: &str = "/api/v1/tools";
const CALLS: &str = "/api/v1/tool-calls";

/// Arguments of `frontdesk tools`; without any it lists them.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List tools, their rules and addresses
    List,
    /// Set up a tool from a file with its description, as the API takes it
    Add {
        /// JSON file
        file: PathBuf,
        /// File with the key, token or password, or - to type it
        #[arg(long, value_name = "FILE")]
        secret: Option<PathBuf>,
    },
    /// Show the operations of an OpenAPI document, or set one up
    Import {
        /// OpenAPI 3.0 or 3.1, JSON or YAML
        file: PathBuf,
        /// Operation to set up, by the name that is shown
        #[arg(long, value_name = "NAME")]
        choose: Option<String>,
        /// Who has to agree before it runs
        #[arg(long, value_enum, default_value = "visitor")]
        approval: Rule,
        /// File with the key, token or password, or - to type it
        #[arg(long, value_name = "FILE")]
        secret: Option<PathBuf>,
    },
    /// Call a tool to try it; it really acts
    Try {
        /// Name of the tool
        name: String,
        /// Arguments as JSON
        #[arg(default_value = "{}")]
        arguments: String,
    },
    /// Let a tool run
    On {
        /// Name of the tool
        name: String,
    },
    /// Let a tool run no more
    Off {
        /// Name of the tool
        name: String,
    },
    /// Delete a tool with its secret
    Remove {
        /// Name of the tool
        name: String,
    },
    /// What waits for somebody of staff to agree
    Waiting,
    /// Allow a call that waits, and run it
    Allow {
        /// Id of the call
        id: String,
    },
    /// Decline a call that waits
    Decline {
        /// Id of the call
        id: String,
    },
    /// What tools did, newest first
    Log,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    /// Nobody
    Free,
    /// The visitor
    Visitor,
    /// Somebody of staff
    Staff,
    /// It never runs
    Never,
}

impl Rule {
    /// As the API knows it.
    fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Visitor => "visitor",
            Self::Staff => "staff",
            Self::Never => "never",
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let action = args.action.as_ref().unwrap_or(&Action::List);
    block_on(ask_and_show(
        config,
        &args.workspace,
        args.json,
        async |api| action.ask(api).await,
        |_, answer| action.show(answer),
    ))?;
    Ok(())
}

impl Action {
    async fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        match self {
            Self::List => api.get(PATH).await,
            Self::Add { file, secret } => {
                let text = read(file)?;
                let mut body: Value = serde_json::from_str(&text)
                    .with_context(|| format!("{} is no JSON", file.display()))?;
                add_secret(&mut body, secret.as_deref())?;
                api.post(PATH, &body).await
            }
            Self::Import {
                file,
                choose,
                approval,
                secret,
            } => {
                let document = json!({ "document": read(file)? });
                let described = api.post(&format!("{PATH}/import"), &document).await?;
                let Some(name) = choose else {
                    return Ok(described);
                };
                let mut found = rows(&described, "operations").iter();
                let operation = found.find(|one| text(one, "name") == name.as_str());
                let operation = operation
                    .with_context(|| format!("the document has no operation named `{name}`"))?;
                let mut body = json!({
                    "kind": operation["kind"], "name": operation["name"], "title": operation["title"],
                    "about": operation["about"], "arguments": operation["arguments"],
                    "settings": operation["settings"], "approval": approval.name(), "active": true,
                });
                add_secret(&mut body, secret.as_deref())?;
                api.post(PATH, &body).await
            }
            Self::Try { name, arguments } => {
                let arguments: Value = serde_json::from_str(arguments)
                    .map_err(|error| WrongCall(format!("the arguments are no JSON: {error}")))?;
                let id = find(api, name).await?;
                let body = json!({ "arguments": arguments });
                api.post(&format!("{PATH}/{id}/try"), &body).await
            }
            Self::On { name } => set_active(api, name, true).await,
            Self::Off { name } => set_active(api, name, false).await,
            Self::Remove { name } => {
                let id = find(api, name).await?;
                api.delete(&format!("{PATH}/{id}")).await
            }
            Self::Waiting => api.get(&format!("{CALLS}/waiting")).await,
            Self::Allow { id } => decide(api, id, "allow").await,
            Self::Decline { id } => decide(api, id, "decline").await,
            Self::Log => api.get(CALLS).await,
        }
    }

    fn show(&self, answer: &Value) {
        match self {
            Self::List => {
                let tools = rows(answer, "tools");
                if tools.is_empty() {
                    out::line("No tool is set up: assistants do nothing elsewhere.");
                }
                for tool in tools {
                    show_tool(tool);
                }
            }
            Self::Import { choose: None, .. } => {
                for operation in rows(answer, "operations") {
                    let (name, title) = (text(operation, "name"), text(operation, "title"));
                    let (method, path) = (text(operation, "method"), text(operation, "path"));
                    out::line(&format!("{name}  {method} {path}  {title}"));
                    if let Some(problem) = operation["problem"].as_str() {
                        out::line(&format!("  not as it is: {problem}"));
                    }
                }
            }
            Self::Add { .. } | Self::Import { .. } | Self::On { .. } | Self::Off { .. } => {
                show_tool(answer);
            }
            Self::Remove { name } => out::line(&format!("{name} is deleted, with its secret.")),
            Self::Try { .. } | Self::Allow { .. } | Self::Decline { .. } => show_call(answer),
            Self::Waiting | Self::Log => {
                let calls = rows(answer, "calls");
                if calls.is_empty() {
                    out::line("Nothing.");
                }
                for call in calls {
                    show_call(call);
                }
            }
        }
    }
}

async fn set_active(api: &Api, name: &str, active: bool) -> anyhow::Result<Value> {
    let id = find(api, name).await?;
    api.put(&format!("{PATH}/{id}/active"), &json!({ "active": active }))
        .await
}

async fn decide(api: &Api, id: &str, verb: &str) -> anyhow::Result<Value> {
    if !id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        return Err(WrongCall(
            "give the id of a call, as `frontdesk tools waiting` shows it".to_owned(),
        )
        .into());
    }
    api.post(&format!("{CALLS}/{id}/{verb}"), &json!({})).await
}

/// The id of the tool with this name.
async fn find(api: &Api, name: &str) -> anyhow::Result<String> {
    let all = api.get(PATH).await?;
    let found = rows(&all, "tools")
        .iter()
        .find(|tool| text(tool, "name") == name);
    let id = found.map(|tool| text(tool, "id").to_owned());
    id.with_context(|| format!("there is no tool named `{name}`"))
}

fn add_secret(body: &mut Value, from: Option<&Path>) -> anyhow::Result<()> {
    if let (Some(from), Value::Object(fields)) = (from, body) {
        let secret = match from == Path::new("-") {
            true => {
                std::io::read_to_string(std::io::stdin()).context("the secret cannot be read")?
            }
            false => read(from)?,
        };
        fields.insert("secret".to_owned(), Value::String(secret.trim().to_owned()));
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn show_tool(tool: &Value) {
    let state = match tool["active"].as_bool() {
        Some(true) => "on",
        _ => "off",
    };
    out::line(&format!(
        "{} ({}, {state}, asks: {})  {}  {}",
        text(tool, "name"),
        text(tool, "kind"),
        text(tool, "approval"),
        text(&tool["settings"], "url"),
        text(tool, "title"),
    ));
}

fn show_call(call: &Value) {
    let at = out::moment(call["created_at"].as_i64().unwrap_or_default());
    out::line(&format!(
        "{at}  {}  {}: {}  {}",
        text(call, "id"),
        text(call, "name"),
        text(call, "state"),
        call["arguments"],
    ));
    let told = [text(call, "error"), text(&call["answer"], "text")];
    for part in told.into_iter().filter(|part| !part.is_empty()) {
        for line in part.lines() {
            out::line(&format!("  {line}"));
        }
    }
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let rows = value.get(name).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
