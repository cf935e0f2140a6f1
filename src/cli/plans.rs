//! `frontdesk plans`: what workspaces may use in a month, which has which plan, and what all of them used.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::quota::{rows, show, text};
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

const PLANS: &str = "/api/v1/plans";
const MINUTE_MS: u64 = 60_000;

/// Arguments of `frontdesk plans`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the plans, and what each workspace has used in this month
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a plan; what is left out has no limit
    Add {
        /// Name
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Set what a plan allows, at once for each workspace that has it; what is left out has no limit
    Set {
        /// Name
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Delete a plan that no workspace has
    Remove {
        /// Name
        name: String,
    },
    /// Give a workspace a plan
    Give {
        /// Short name of the workspace
        workspace: String,
        /// Name of the plan; without it, the workspace has none any more
        plan: Option<String>,
    },
    /// Write what all workspaces used in a month as CSV, for invoices
    Use {
        /// Such as 2026-12; this month if left out
        month: Option<String>,
        /// File to write, or - for standard output
        #[arg(long, default_value = "-")]
        out: PathBuf,
    },
}

/// The most of each in a month.
#[derive(Debug, ClapArgs)]
struct Limits {
    /// Conversations to analyse
    #[arg(long)]
    analyses: Option<u64>,
    /// Minutes of recordings and voice notes
    #[arg(long)]
    transcription_minutes: Option<u64>,
    /// Minutes of calls
    #[arg(long)]
    call_minutes: Option<u64>,
    /// Tokens that language models read and write
    #[arg(long)]
    tokens: Option<u64>,
}

impl Limits {
    fn body(&self, name: &str) -> Value {
        let ms = |minutes: Option<u64>| minutes.map(|n| n.saturating_mul(MINUTE_MS));
        json!({
            "name": name,
            "limits": {
                "analyses": self.analyses,
                "transcription_ms": ms(self.transcription_minutes),
                "voice_ms": ms(self.call_minutes),
                "model_tokens": self.tokens,
            },
        })
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let what = args.what;
    block_on(with_api(
        config,
        "default",
        Start::Never,
        async move |api| carry_out(api, what).await,
    ))
}

async fn carry_out(api: &Api, what: What) -> anyhow::Result<()> {
    match what {
        What::List { json } => {
            let all = api.get(PLANS).await?;
            if json {
                return out::json(&all);
            }
            list(&all);
        }
        What::Add { name, limits } => {
            api.post(PLANS, &limits.body(&name)).await?;
            out::line(&format!("The plan {name} is made."));
        }
        What::Set { name, limits } => {
            let id = find(api, &name).await?;
            api.put(&format!("{PLANS}/{id}"), &limits.body(&name))
                .await?;
            out::line(&format!("The plan {name} is changed."));
        }
        What::Remove { name } => {
            let id = find(api, &name).await?;
            api.delete(&format!("{PLANS}/{id}")).await?;
            out::line(&format!("The plan {name} is deleted."));
        }
        What::Give { workspace, plan } => {
            let id = match &plan {
                Some(name) => Some(find(api, name).await?),
                None => None,
            };
            let encoded: String = form_urlencoded::byte_serialize(workspace.as_bytes()).collect();
            let path = format!("/api/v1/workspaces/{encoded}/plan");
            api.put(&path, &json!({ "plan": id })).await?;
            out::line(&match plan {
                Some(name) => format!("{workspace} has the plan {name} now."),
                None => format!("{workspace} has no plan any more."),
            });
        }
        What::Use { month, out } => {
            let query = month.map(|month| {
                let month: String = form_urlencoded::byte_serialize(month.as_bytes()).collect();
                format!("?month={month}")
            });
            let path = format!("{PLANS}/use.csv{}", query.unwrap_or_default());
            api.save(&path, &out).await?;
        }
    }
    Ok(())
}

/// The id of the plan of this name.
async fn find(api: &Api, name: &str) -> anyhow::Result<String> {
    let all = api.get(PLANS).await?;
    let mut plans = rows(&all, "plans").iter();
    let found = plans.find(|plan| text(plan, "name").eq_ignore_ascii_case(name));
    match found {
        Some(plan) => Ok(text(plan, "id").to_owned()),
        None => Err(WrongCall(format!("there is no plan named `{name}`")).into()),
    }
}

fn list(all: &Value) {
    let plans = rows(all, "plans");
    if plans.is_empty() {
        out::line("There are no plans, so nothing is limited.");
    }
    for plan in plans {
        let limits = plan.get("limits").and_then(Value::as_object);
        let limits = limits.into_iter().flatten();
        let limits: Vec<String> = limits.map(|(of, limit)| format!("{of} {limit}")).collect();
        let told = match limits.is_empty() {
            true => "no limits".to_owned(),
            false => limits.join(", "),
        };
        out::line(&format!("{}: {told}", text(plan, "name")));
    }
    for workspace in rows(all, "workspaces") {
        show(workspace);
    }
}
