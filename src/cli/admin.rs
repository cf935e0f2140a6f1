//! `frontdesk admin`: accounts, API keys and the setup link.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::retention::{self, RetentionArgs};
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
    /// Serve visitors in a workspace, or stop it; a workspace is closed to them until then
    Visitors {
        /// Workspace that visitors are served in
        #[arg(long, default_value = "default")]
        workspace: String,
        /// Stop serving visitors there
        #[arg(long)]
        close: bool,
    },
    /// Workspaces: what they take, a copy of everything, closing one or the whole account
    Workspace {
        #[command(subcommand)]
        workspace: WorkspaceCommand,
    },
    /// How long what people said is kept, and what of it is hidden and waits to be deleted
    Retention(RetentionArgs),
    /// The key that pages name a workspace by (`data-site`), or a new one
    SiteKey {
        /// Workspace that it is of
        #[arg(long, default_value = "default")]
        workspace: String,
        /// Make a new key; the present one stops at once
        #[arg(long)]
        renew: bool,
        /// The present key goes on for so many days, at most 30
        #[arg(long, requires = "renew", default_value_t = 0, value_name = "N")]
        old_days: u16,
    },
    /// Go back to the database of before the last update, to run the program of before with it
    RollBack {
        /// Do it; what was written since the update is kept beside, and is not in use
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key; it is printed once
    Create {
        /// What to call it
        #[arg(long)]
        name: String,
        /// What it may do: chat, audio, documents, admin, evaluate, conversations; give it once for each. Without it chat,
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

/// What a key may do that nothing is said of: what most programs need, and nothing of the installation or of visitors.
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
        What::Visitors { workspace, close } => {
            block_on(serve_visitors(config, &workspace, !close))?;
            out::line(&if close {
                format!("No visitors are served in {workspace} any more.")
            } else {
                format!("Visitors are served in {workspace} now.")
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
                    "this puts the database of before the last update back; what was written since is kept \
                     beside it and is not in use. Install the program of before first, then say --yes"
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

/// The error of a failed `admin roll-back`, in words for the command line.
fn not_rolled_back(error: AppError) -> anyhow::Error {
    match error {
        AppError::Store(StoreError::NotFound(_)) => anyhow::anyhow!(
            "there is no database of before an update to go back to; it is kept for 14 days"
        ),
        // There is no list to be reloaded here.
        AppError::Store(StoreError::Conflict(what)) => anyhow::anyhow!(what),
        other => server_first(other),
    }
}

fn scopes_of(named: &[String]) -> anyhow::Result<Vec<String>> {
    if let Some(wrong) = named.iter().find(|n| Scope::parse(n).is_none()) {
        let all: Vec<_> = Scope::ALL.iter().map(|s| s.as_str()).collect();
        return Err(WrongCall(format!(
            "there is no scope `{wrong}`; there are: {}",
            all.join(", ")
        ))
        .into());
    }
    Ok(named.to_vec())
}

async fn create_key(config: Arc<Config>, name: &str, scopes: &[String]) -> anyhow::Result<String> {
    let body = json!({"name": name, "scopes": scopes});
    ask_for(config, "default", "key", async |api| {
        api.post("/api/keys", &body).await
    })
    .await
}

async fn serve_visitors(config: Arc<Config>, workspace: &str, serve: bool) -> anyhow::Result<()> {
    with_api(config, workspace, Start::Never, async |api| {
        let change = json!({ "enabled": serve });
        api.patch("/api/widget", &change).await.map(drop)
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
            api.post("/api/widget/site-key", &body).await
        }
        None => api.get("/api/widget").await,
    })
    .await
}

async fn setup_link(config: Arc<Config>) -> anyhow::Result<String> {
    ask_for(config, "default", "link", async |api| {
        api.post("/api/setup-link", &json!({})).await
    })
    .await
}

/// A text of what the API answers.
async fn ask_for(
    config: Arc<Config>,
    workspace: &str,
    name: &str,
    question: impl AsyncFnOnce(&Api) -> anyhow::Result<Value>,
) -> anyhow::Result<String> {
    let answer = with_api(config, workspace, Start::Never, question).await?;
    let text = answer.get(name).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| anyhow::anyhow!("the answer holds no {name}"))
}
