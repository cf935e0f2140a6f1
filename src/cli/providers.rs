//! `frontdesk providers`: services that may help this machine, when they are used, and what they cost.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::api::{Api, ask_and_show};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};

const PATH: &str = "/api/v1/providers";

/// Arguments of `frontdesk providers`; without any it lists them.
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
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
enum Action {
    /// List providers, when they are used and what they cost
    List,
    /// Set up a provider; nothing goes to it until it is used for a purpose
    Add {
        /// Its protocol
        #[arg(value_enum)]
        kind: Kind,
        /// Its name here
        name: String,
        /// Base address, such as https://api.openai.com/v1
        url: String,
        /// File with the key, or - to type it
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// It is a machine of your own, which the setting egress.allow names
        #[arg(long)]
        own: bool,
        /// Where it computes
        #[arg(long, default_value = "")]
        region: String,
        /// Language model
        #[arg(long)]
        chat: Option<String>,
        /// Model for speech to text
        #[arg(long)]
        transcribe: Option<String>,
        /// Model for text to speech
        #[arg(long)]
        speak: Option<String>,
        /// Voice for text to speech
        #[arg(long)]
        voice: Option<String>,
        /// Kind of data that it may get: public, business, customer; can be repeated
        #[arg(long = "class", value_name = "CLASS")]
        classes: Vec<String>,
        /// Name that is left out of what is sent; can be repeated
        #[arg(long = "leave-out", value_name = "NAME")]
        names: Vec<String>,
        /// Most tokens in a month
        #[arg(long)]
        budget_tokens: Option<u64>,
    },
    /// Say who works: this machine or a provider
    Use {
        /// For what
        #[arg(value_enum)]
        purpose: Purpose,
        /// Who goes first
        #[arg(value_enum)]
        mode: Mode,
        /// Name of the provider; not needed for local
        provider: Option<String>,
        /// For overflow: seconds that work may wait on this machine
        #[arg(long, default_value_t = 5)]
        wait: u64,
        /// Do not tell people that a provider was used
        #[arg(long)]
        quiet: bool,
    },
    /// Make a small request that holds nothing of anybody
    Test {
        /// Name of the provider
        name: String,
    },
    /// Delete a provider with its key
    Remove {
        /// Name of the provider
        name: String,
    },
    /// Who processes data for the business, from what is turned on
    Subprocessors,
    /// What left this machine in a month
    Statement {
        /// Such as 2026-12; without it, this month
        month: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Openai,
    Anthropic,
    Gemini,
    Deepgram,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Purpose {
    Chat,
    Transcribe,
    Speak,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// This machine alone
    Local,
    /// This machine; the provider when work would wait too long
    Overflow,
    /// The provider; this machine when it fails
    Provider,
}

/// The name of a choice, as the API knows it.
fn name_of(choice: &impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
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
            Self::Add {
                kind,
                name,
                url,
                key,
                own,
                region,
                chat,
                transcribe,
                speak,
                voice,
                classes,
                names,
                budget_tokens,
            } => {
                let key = key.as_deref().map(read_key).transpose()?;
                let body = json!({
                    "kind": name_of(kind), "name": name, "url": url, "key": key, "own": own, "region": region,
                    "models": {"chat": chat, "transcribe": transcribe, "speak": speak, "voice": voice},
                    "classes": classes, "redaction": {"names": names}, "budget": {"tokens": budget_tokens},
                });
                api.post(PATH, &body).await
            }
            Self::Use {
                purpose,
                mode,
                provider,
                wait,
                quiet,
            } => {
                let id = match provider {
                    Some(name) => Some(find(api, name).await?),
                    None if matches!(mode, Mode::Local) => None,
                    None => {
                        let told = "name the provider that is to be used";
                        return Err(WrongCall(told.to_owned()).into());
                    }
                };
                let body = json!({
                    "mode": name_of(mode), "provider": id, "wait_seconds": wait, "tell": !quiet,
                });
                let path = format!("/api/v1/provider-uses/{}", name_of(purpose));
                api.put(&path, &body).await
            }
            Self::Test { name } => {
                let id = find(api, name).await?;
                api.post(&format!("{PATH}/{id}/test"), &json!({})).await
            }
            Self::Remove { name } => {
                let id = find(api, name).await?;
                api.delete(&format!("{PATH}/{id}")).await
            }
            Self::Subprocessors => api.get("/api/v1/subprocessors").await,
            Self::Statement { month } => {
                let month = month.as_deref().unwrap_or_default();
                if !month.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
                    let told = "write the month as in 2026-12";
                    return Err(WrongCall(told.to_owned()).into());
                }
                api.get(&format!("/api/v1/egress/statement?month={month}"))
                    .await
            }
        }
    }

    fn show(&self, answer: &Value) {
        match self {
            Self::List | Self::Use { .. } => show_list(answer),
            Self::Add { name, .. } => out::line(&format!(
                "{name} is set up. Say when it is used: frontdesk providers use chat overflow \"{name}\""
            )),
            Self::Test { .. } => {
                for test in rows(answer, "tests") {
                    let worked = test["worked"].as_bool().unwrap_or(false);
                    let mark = if worked { "works" } else { "fails" };
                    let (purpose, told) = (text(test, "purpose"), text(test, "told"));
                    out::line(&format!(
                        "{purpose} {mark}: {told} ({} ms)",
                        test["took_ms"]
                    ));
                }
            }
            Self::Remove { name } => out::line(&format!("{name} is deleted, with its key.")),
            Self::Subprocessors => show_subprocessors(answer),
            Self::Statement { .. } => {
                out::line(text(answer, "told"));
                for row in rows(answer, "rows") {
                    out::line(&format!(
                        "  {} ({}) {}: {} requests, {} bytes sent, {} received",
                        text(row, "purpose"),
                        text(row, "data"),
                        text(row, "provider"),
                        row["requests"],
                        row["bytes_sent"],
                        row["bytes_received"],
                    ));
                }
            }
        }
    }
}

fn show_list(answer: &Value) {
    if answer["sealed"].as_bool() == Some(true) {
        out::line("This machine is sealed: nothing leaves it, whatever is set here.");
    }
    let providers = rows(answer, "providers");
    if providers.is_empty() {
        out::line("No provider is set up: everything stays on this machine.");
    }
    for provider in providers {
        let state = match provider["active"].as_bool() {
            Some(true) => "on",
            _ => "off",
        };
        out::line(&format!(
            "{} ({}, {state})  {}  this month: {} requests, {} tokens, {} millionths of {}",
            text(provider, "name"),
            text(provider, "kind"),
            text(provider, "url"),
            provider["spent"]["requests"],
            provider["spent"]["tokens"],
            provider["spent"]["micro"],
            text(&provider["prices"], "currency"),
        ));
    }
    for used in rows(answer, "uses") {
        let id = text(used, "provider");
        let named = providers.iter().find(|p| text(p, "id") == id);
        let name = named.map_or("", |p| text(p, "name"));
        let wait = match text(used, "mode") {
            "overflow" => format!(", after {} s", used["wait_seconds"]),
            _ => String::new(),
        };
        out::line(&format!(
            "{}: {} {name}{wait}",
            text(used, "purpose"),
            text(used, "mode")
        ));
    }
}

fn show_subprocessors(answer: &Value) {
    let listed = rows(answer, "subprocessors");
    if listed.is_empty() {
        out::line("Nobody: no provider is turned on.");
    }
    for one in listed {
        let purposes = rows(one, "purposes").iter().filter_map(Value::as_str);
        let purposes: Vec<&str> = purposes.collect();
        out::line(&format!(
            "{} ({}, {}): {}. {}",
            text(one, "name"),
            text(one, "host"),
            text(one, "region"),
            purposes.join(", "),
            text(one, "keeps"),
        ));
    }
}

/// The id of the provider with this name.
async fn find(api: &Api, name: &str) -> anyhow::Result<String> {
    let all = api.get(PATH).await?;
    let found = rows(&all, "providers")
        .iter()
        .find(|provider| text(provider, "name").eq_ignore_ascii_case(name))
        .map(|provider| text(provider, "id").to_owned());
    found.with_context(|| format!("there is no provider named `{name}`"))
}

/// A key from a file, or typed.
fn read_key(from: &Path) -> anyhow::Result<String> {
    let key = match from == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin()).context("the key cannot be read")?,
        false => std::fs::read_to_string(from)
            .with_context(|| format!("{} cannot be read", from.display()))?,
    };
    Ok(key.trim().to_owned())
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let rows = value.get(name).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
