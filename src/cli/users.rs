//! `frontdesk admin user`: accounts of people.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{WrongCall, block_on};
use crate::app::Start;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// List accounts with their roles, sessions and second factors
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create an account; the password is read from standard input
    Create {
        /// The person's name
        #[arg(long)]
        name: String,
        /// The e-mail address to sign in with
        #[arg(long)]
        email: String,
        /// owner (of the installation), admin, agent or viewer (in every workspace that is there)
        #[arg(long, default_value = "owner")]
        role: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Invite somebody to a workspace: prints a link that works once, for seven days
    Invite {
        /// E-mail address of the person
        email: String,
        /// owner, admin, agent or viewer
        #[arg(long, default_value = "agent")]
        role: String,
        /// Short name of the workspace
        #[arg(long, default_value = "default")]
        workspace: String,
    },
    /// Take somebody out of a workspace; their account stays
    TakeOut {
        /// E-mail address of the account
        email: String,
        /// Short name of the workspace
        #[arg(long, default_value = "default")]
        workspace: String,
    },
    /// Set a new password, read from standard input; this signs them out everywhere
    Passwd {
        /// E-mail address of the account
        email: String,
    },
    /// Change the name, the e-mail address or the role
    Change {
        /// E-mail address of the account
        email: String,
        /// The person's name
        #[arg(long)]
        name: Option<String>,
        /// New e-mail address to sign in with
        #[arg(long = "new-email", value_name = "ADDRESS")]
        new_email: Option<String>,
        /// owner (of the installation), admin, agent or viewer (in every workspace that is there)
        #[arg(long)]
        role: Option<String>,
    },
    /// Keep somebody from signing in; this signs them out everywhere at once
    Suspend {
        /// E-mail address of the account
        email: String,
    },
    /// Let somebody sign in again
    Reinstate {
        /// E-mail address of the account
        email: String,
    },
    /// Erase somebody's account for good; what they wrote to customers stays, as of a former colleague
    Erase {
        /// E-mail address of the account
        email: String,
        /// Erase it; without this, nothing is done
        #[arg(long)]
        yes: bool,
    },
    /// Reset the second factor of somebody who lost phone and recovery codes; this signs them out everywhere
    ResetSecondFactor {
        /// E-mail address of the account
        email: String,
    },
}

pub(super) fn run(config: Arc<Config>, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::List { json } => {
            let all = block_on(ask(config, async |api| api.get("/api/v1/accounts").await))?;
            let accounts = all.get("accounts").and_then(Value::as_array);
            if json {
                return out::json(&all);
            }
            for one in accounts.into_iter().flatten() {
                let text = |field: &str| one.get(field).and_then(Value::as_str).unwrap_or("");
                let suspended = one.get("suspended_at").is_some_and(|at| !at.is_null());
                let factor = one.get("second_factor").and_then(Value::as_bool);
                out::line(&format!(
                    "{:<6} {}  {}  signed in: {}{}{}",
                    text("role"),
                    text("email"),
                    text("name"),
                    one.get("sessions").unwrap_or(&Value::Null),
                    if factor == Some(true) {
                        "  second factor"
                    } else {
                        ""
                    },
                    if suspended { "  suspended" } else { "" }
                ));
            }
            Ok(())
        }
        UserCommand::Create {
            name,
            email,
            role,
            json,
        } => {
            let new = json!({"name": name, "email": email, "role": role, "password": password()?});
            let made = block_on(ask(config, async |api| {
                api.post("/api/v1/accounts", &new).await
            }))?;
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            if json {
                return out::json(&json!({ "user": id }));
            }
            out::line(id);
            Ok(())
        }
        UserCommand::Invite {
            email,
            role,
            workspace,
        } => {
            let new = json!({"email": email, "role": role});
            let made = block_on(with_api(
                config,
                &workspace,
                Start::Never,
                async |api: &Api| api.post("/api/v1/invitations", &new).await,
            ))?;
            out::line(made.get("link").and_then(Value::as_str).unwrap_or_default());
            Ok(())
        }
        UserCommand::TakeOut { email, workspace } => {
            block_on(with_api(
                config,
                &workspace,
                Start::Never,
                async |api: &Api| {
                    let id = id_of(api, &email).await?;
                    api.delete(&format!("/api/v1/members/{id}")).await
                },
            ))?;
            out::line(&format!("{email} is no longer in {workspace}."));
            Ok(())
        }
        UserCommand::Passwd { email } => {
            let change = json!({ "password": password()? });
            let said =
                format!("The password of {email} was changed; they are signed out everywhere.");
            change_one(config, &email, change, &said)
        }
        UserCommand::Change {
            email,
            name,
            new_email,
            role,
        } => {
            let change = json!({"name": name, "email": new_email, "role": role});
            change_one(config, &email, change, "Changed.")
        }
        UserCommand::Suspend { email } => {
            let said = format!("{email} is suspended and signed out everywhere.");
            change_one(config, &email, json!({"suspended": true}), &said)
        }
        UserCommand::Reinstate { email } => {
            let said = format!("{email} can sign in again.");
            change_one(config, &email, json!({"suspended": false}), &said)
        }
        UserCommand::Erase { email, yes } => {
            if !yes {
                let ask = "erasing an account cannot be undone; add --yes to do it";
                return Err(WrongCall(ask.to_owned()).into());
            }
            block_on(ask(config, async |api| {
                let id = id_of(api, &email).await?;
                api.delete(&format!("/api/v1/accounts/{id}")).await
            }))?;
            out::line(&format!("The account of {email} is erased."));
            Ok(())
        }
        UserCommand::ResetSecondFactor { email } => {
            block_on(ask(config, async |api| {
                let id = id_of(api, &email).await?;
                api.delete(&format!("/api/v1/accounts/{id}/second-factor"))
                    .await
            }))?;
            out::line(&format!(
                "The second factor of {email} was reset; they are signed out everywhere and sign in with their password alone."
            ));
            Ok(())
        }
    }
}

fn change_one(config: Arc<Config>, email: &str, change: Value, said: &str) -> anyhow::Result<()> {
    block_on(ask(config, async |api| {
        let id = id_of(api, email).await?;
        api.patch(&format!("/api/v1/accounts/{id}"), &change).await
    }))?;
    out::line(said);
    Ok(())
}

/// Finds the account with this e-mail address, ignoring case.
async fn id_of(api: &Api, email: &str) -> anyhow::Result<String> {
    let all = api.get("/api/v1/accounts").await?;
    let accounts = all.get("accounts").and_then(Value::as_array);
    let of_email = |one: &&Value| {
        let own = one.get("email").and_then(Value::as_str);
        own.is_some_and(|own| own.eq_ignore_ascii_case(email))
    };
    let found = accounts.and_then(|all| all.iter().find(of_email));
    let id = found.and_then(|one| one.get("id")?.as_str());
    let id = id.ok_or_else(|| {
        let known = "`frontdesk admin user list` shows the accounts";
        WrongCall(format!("nobody signs in with {email}; {known}"))
    })?;
    Ok(id.to_owned())
}

/// Calls the API of the running server, or in this process without one.
async fn ask(
    config: Arc<Config>,
    question: impl AsyncFnOnce(&Api) -> anyhow::Result<Value>,
) -> anyhow::Result<Value> {
    with_api(config, "default", Start::Never, question).await
}

fn password() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        out::note("Type the password and press Enter:");
    }
    let mut typed = String::new();
    stdin.lock().read_line(&mut typed)?;
    Ok(typed.trim_end_matches(['\r', '\n']).to_owned())
}
