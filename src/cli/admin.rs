//! `frontdesk admin`: accounts, API keys and the setup link.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::Api;
use super::out;
use super::remote::Server;
use super::retention::{self, RetentionArgs};
use super::shared::{Place, WrongCall, block_on, log, server_first};
use super::users::{self, UserCommand};
use super::workspaces::{self, WorkspaceCommand};
use crate::app::{AppError, DataFolder, SETUP_LINK_HOURS, roll_back, setup_token};
use crate::config::Config;
use crate::http::auth::Scope;
use crate::store::StoreError;
use crate::store::api_keys::{self, NewApiKey};
use crate::store::token::{Token, TokenKind};

/// Arguments of `frontdesk admin`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
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
            let key = block_on(create_key(&config, &name, &scopes))?;
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
            let link = block_on(setup_link(&config))?;
            out::line(&link);
            out::note(&format!("Valid once, for {SETUP_LINK_HOURS} hours."));
            Ok(())
        }
    }
}

/// Why there is no way back, for whoever typed the command.
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

async fn create_key(config: &Config, name: &str, scopes: &[String]) -> anyhow::Result<String> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let body = json!({"name": name, "scopes": scopes});
        let made = server.post("/api/keys", &body).await?;
        let key = made.get("key").and_then(Value::as_str);
        return key
            .map(str::to_owned)
            .ok_or_else(|| anyhow::anyhow!("the server gave no key"));
    }
    let folder = DataFolder::open(config)?;
    let token = Token::generate(TokenKind::ApiKey)?;
    let (hash, prefix) = (token.hash(), token.display_prefix());
    let (name, scopes) = (name.to_owned(), scopes.to_vec());
    folder
        .store
        .write(move |tx| {
            let new = NewApiKey {
                name: &name,
                token: hash,
                prefix: &prefix,
                scopes: &scopes,
                workspace: None,
            };
            api_keys::create(tx, &new, jiff::Timestamp::now().as_millisecond())
        })
        .await?;
    Ok(token.reveal().to_owned())
}

async fn serve_visitors(config: Arc<Config>, workspace: &str, serve: bool) -> anyhow::Result<()> {
    let api = Api::open(config, workspace).await?;
    let changed = api.patch("/api/widget", &json!({ "enabled": serve })).await;
    api.close().await;
    changed.map(drop)
}

async fn site_key(
    config: Arc<Config>,
    workspace: &str,
    renew: Option<u16>,
) -> anyhow::Result<String> {
    let api = Api::open(config, workspace).await?;
    let answer = match renew {
        Some(days) => {
            let body = json!({ "old_days": days });
            api.post("/api/widget/site-key", &body).await
        }
        None => api.get("/api/widget").await,
    };
    api.close().await;
    let answer = answer?;
    let key = answer.get("site").and_then(Value::as_str);
    key.map(str::to_owned)
        .ok_or_else(|| anyhow::anyhow!("the server gave no key"))
}

async fn setup_link(config: &Config) -> anyhow::Result<String> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let made = server.post("/api/setup-link", &json!({})).await?;
        let link = made.get("link").and_then(Value::as_str);
        return link
            .map(str::to_owned)
            .ok_or_else(|| anyhow::anyhow!("the server gave no link"));
    }
    let folder = DataFolder::open(config)?;
    match setup_token(&folder.store).await? {
        Some(token) => Ok(format!("http://{}/setup?token={token}", config.listen)),
        None => anyhow::bail!("Frontdesk is set up already; sign in with an account"),
    }
}
