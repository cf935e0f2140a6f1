//! `frontdesk admin`: accounts, API keys and the setup link.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::retention::{self, RetentionArgs};
use super::seed::{self, SeedArgs};
use super::shared::{DataPlace, WrongCall, block_on, log, server_first};
use super::users::{self, UserCommand};
use super::workspaces::{self, WorkspaceCommand};
use crate::app::{AppError, SETUP_LINK_HOURS, Start, roll_back};
use crate::config::Config;
use crate::http::auth::Scope;
use crate::store::StoreError;

/// Arguments of `frontdesk admin`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// API keys for programs
    Key {
        #[command(subcommand)]
        key: KeyCommand,
    },
    /// Accounts of people
    User {
        #[command(subcommand)]
        user: UserCommand,
    },
    /// Print a new one-time setup link (only while nobody has an account)
    SetupLink,
    /// Open a workspace to visitors, or close it; a new workspace is closed to them
    Visitors {
        /// Workspace to open or close
        #[arg(long, default_value = "default")]
        workspace: String,
        /// Close it to visitors
        #[arg(long)]
        close: bool,
    },
    /// Workspaces: space used, a copy of everything, closing one or the whole account
    Workspace {
        #[command(subcommand)]
        workspace: WorkspaceCommand,
    },
    /// How long what people said is kept, and what is hidden and waits to be deleted
    Retention(RetentionArgs),
    /// Show the key by which pages name a workspace (`data-site`), or make a new one
    SiteKey {
        /// Workspace of the key
        #[arg(long, default_value = "default")]
        workspace: String,
        /// Make a new key; the current one stops working at once
        #[arg(long)]
        renew: bool,
        /// Let the current key work for this many more days, at most 30
        #[arg(long, requires = "renew", default_value_t = 0, value_name = "N")]
        old_days: u16,
    },
    /// Fill a workspace with made-up conversations, for measuring
    #[command(hide = true)]
    Seed(SeedArgs),
    /// Go back to the database from before the last update, to run the earlier program with it
    RollBack {
        /// Do it; what was written since the update is kept beside it, but no longer used
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key; it is printed only once
    Create {
        /// What to call it
        #[arg(long)]
        name: String,
        /// What it may do: chat, audio, documents, admin, evaluate, conversations; repeat for several. Without it: chat,
        /// audio and documents
        #[arg(long = "scope", value_name = "S")]
        scopes: Vec<String>,
        /// It may do everything, in every workspace
        #[arg(long, conflicts_with = "scopes")]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Default scopes of a key: what most programs need, without access to the installation or to visitors.
const USUAL: [Scope; 3] = [Scope::Chat, Scope::Audio, Scope::Documents];

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    match args.what {
        What::Key {
            key:
                KeyCommand::Create {
                    name,
                    scopes,
                    all,
                    json,
                },
        } => {
            let named = |scopes: &[Scope]| scopes.iter().map(|s| s.as_str().to_owned()).collect();
            let scopes: Vec<String> = match (all, scopes.is_empty()) {
                (true, _) => named(&Scope::ALL),
                (false, true) => named(&USUAL),
                (false, false) => scopes_of(&scopes)?,
            };
            let key = block_on(create_key(config, &name, &scopes))?;
            if json {
                return out::json(&json!({"key": key, "name": name, "scopes": scopes}));
            }
            out::line(&key);
            out::note("Keep it safe: it is not shown again.");
            Ok(())
        }
        What::User { user } => users::run(config, user),
        What::Workspace { workspace } => workspaces::run(config, workspace),
        What::Retention(args) => retention::run(config, &args),
        What::Seed(args) => seed::run(&config, &args),
        What::Visitors { workspace, close } => {
            block_on(serve_visitors(config, &workspace, !close))?;
            out::line(&if close {
                format!("{workspace} is now closed to visitors.")
            } else {
                format!("{workspace} is now open to visitors.")
            });
            Ok(())
        }
        What::SiteKey {
            workspace,
            renew,
            old_days,
        } => {
            let key = block_on(site_key(config, &workspace, renew.then_some(old_days)))?;
            out::line(&key);
            out::note(
                "Pages name it with data-site, as in the line on the console's page \"Widget\".",
            );
            Ok(())
        }
        What::RollBack { yes } => {
            if !yes {
                return Err(WrongCall(
                    "this restores the database from before the last update; what was written since is kept \
                     beside it and is not used. Install the earlier program first, then add --yes"
                        .into(),
                )
                .into());
            }
            let schema = roll_back(&config).map_err(not_rolled_back)?;
            out::line(&format!(
                "The database of schema {} is in use again. Start the earlier version of Frontdesk: this \
                 one would migrate it again.",
                schema.trim_start_matches('0')
            ));
            Ok(())
        }
        What::SetupLink => {
            let link = block_on(setup_link(config))?;
            out::line(&link);
            out::note(&format!("Valid once, for {SETUP_LINK_HOURS} hours."));
            Ok(())
        }
    }
}

/// Explains a failed `admin roll-back` for the command line.
fn not_rolled_back(error: AppError) -> anyhow::Error {
    match error {
        AppError::Store(StoreError::NotFound(_)) => anyhow::anyhow!(
            "there is no database from before an update to go back to; it is kept for 14 days"
        ),
        // A command line has no list to reload.
        AppError::Store(StoreError::Conflict(what)) => anyhow::anyhow!(what),
        other => server_first(other),
    }
}

fn scopes_of(named: &[String]) -> anyhow::Result<Vec<String>> {
    if let Some(wrong) = named.iter().find(|n| Scope::parse(n).is_none()) {
        let all: Vec<_> = Scope::ALL.iter().map(|s| s.as_str()).collect();
        return Err(WrongCall(format!(
            "there is no scope `{wrong}`; the scopes are: {}",
            all.join(", ")
        ))
        .into());
    }
    Ok(named.to_vec())
}

async fn create_key(config: Arc<Config>, name: &str, scopes: &[String]) -> anyhow::Result<String> {
    let body = json!({"name": name, "scopes": scopes});
    ask_for(config, "default", "key", async |api| {
        api.post("/api/v1/keys", &body).await
    })
    .await
}

async fn serve_visitors(config: Arc<Config>, workspace: &str, serve: bool) -> anyhow::Result<()> {
    with_api(config, workspace, Start::Never, async |api| {
        let change = json!({ "enabled": serve });
        api.patch("/api/v1/widget", &change).await.map(drop)
    })
    .await
}

async fn site_key(
    config: Arc<Config>,
    workspace: &str,
    renew: Option<u16>,
) -> anyhow::Result<String> {
    ask_for(config, workspace, "site", async |api| match renew {
        Some(days) => {
            let body = json!({ "old_days": days });
            api.post("/api/v1/widget/site-key", &body).await
        }
        None => api.get("/api/v1/widget").await,
    })
    .await
}

async fn setup_link(config: Arc<Config>) -> anyhow::Result<String> {
    ask_for(config, "default", "link", async |api| {
        api.post("/api/v1/setup-link", &json!({})).await
    })
    .await
}

/// Returns a text field of the API's response.
async fn ask_for(
    config: Arc<Config>,
    workspace: &str,
    name: &str,
    question: impl AsyncFnOnce(&Api) -> anyhow::Result<Value>,
) -> anyhow::Result<String> {
    let answer = with_api(config, workspace, Start::Never, question).await?;
    let text = answer.get(name).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| anyhow::anyhow!("the response has no {name}"))
}
