//! `frontdesk facts`: opening hours, holidays, address and telephone.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, with_app};
use crate::app::App;
use crate::hours::{Book, edit};
use crate::store::facts::{self as stored, FactState, Settings};
use crate::store::{FactId, UnixMs, WorkspaceId, workspaces};

/// Arguments of `frontdesk facts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// Workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the facts, proposed and confirmed
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read the documents again for hours, holidays, address and telephone
    Propose,
    /// Say that facts are true; from then on they answer questions
    Confirm {
        /// Ids, as `facts list` shows them
        ids: Vec<String>,
        /// All proposals that no newer document overrules
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Say that facts are not to be used
    Dismiss {
        /// Ids, as `facts list` shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Enter a fact: set hours "Mon-Fri 8-17, Sat 9-13", set holiday "Dec 24: 8 to noon",
    /// set address "…", set phone "Label: number", set email "…", set price "Crown = 1,450 USD"
    Set {
        /// hours, holiday, address, phone, email or price
        kind: String,
        /// What holds
        text: String,
    },
    /// Set the time zone of the business, and its country for public holidays
    Timezone {
        /// IANA name: Europe/Berlin
        zone: String,
        /// Two letters: DE
        #[arg(long)]
        country: Option<String>,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if let What::Confirm { ids, all: false } = &args.what
        && ids.is_empty()
    {
        return Err(
            WrongCall("name the facts to confirm by their ids, or say --all".into()).into(),
        );
    }
    block_on(async {
        match Server::find(&config.data_dir)? {
            Some(server) => remotely(&server, &args).await,
            None => with_app(config, |app| locally(app, &args)).await,
        }
    })
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

async fn locally(app: Arc<App>, args: &Args) -> anyhow::Result<()> {
    let slug = args.workspace.clone();
    let found = app
        .store
        .read(move |conn| workspaces::find_by_name(conn, &slug))
        .await?;
    let Some(workspace) = found.map(|w| w.id) else {
        return Err(WrongCall(format!("there is no workspace named `{}`", args.workspace)).into());
    };
    match &args.what {
        What::List { json } => {
            let book = app
                .store
                .read(move |conn| Book::open(conn, workspace))
                .await?;
            let list: Vec<Value> = book
                .entries
                .iter()
                .map(|e| {
                    json!({"id": e.fact.id.to_string(), "kind": e.data.what.kind(),
                        "state": e.fact.state.as_str(), "summary": edit::show(&e.data.what),
                        "fact": e.data.what, "quote": e.fact.quote,
                        "superseded": e.superseded, "changed": e.data.changed})
                })
                .collect();
            let zone = book.zone().iana_name().unwrap_or("UTC").to_owned();
            print(&json!({"time_zone": zone, "facts": list}), *json)
        }
        What::Propose => counted(
            app.knowledge.propose_facts(workspace).await?,
            "stated by the documents",
        ),
        What::Confirm { all: true, .. } => {
            let count = app
                .store
                .write(move |tx| edit::confirm_all(tx, workspace, now()))
                .await?;
            counted(count, "confirmed")
        }
        What::Confirm { ids, .. } => set_state(&app, workspace, ids, FactState::Confirmed).await,
        What::Dismiss { ids } => set_state(&app, workspace, ids, FactState::Dismissed).await,
        What::Set { kind, text } => {
            let facts = read(kind, text)?;
            let count = facts.len();
            app.store
                .write(move |tx| {
                    for fact in facts {
                        edit::enter(tx, workspace, fact, now())?;
                    }
                    Ok(())
                })
                .await?;
            counted(count, "kept")
        }
        What::Timezone { zone, country } => {
            let before = app
                .store
                .read(move |conn| stored::settings(conn, workspace))
                .await?;
            let settings = edit::checked(Settings {
                time_zone: Some(zone.clone()),
                country: country.clone(),
                ..before
            })
            .map_err(|e| WrongCall(e.to_string()))?;
            app.store
                .write(move |tx| stored::set_settings(tx, workspace, &settings))
                .await?;
            Ok(())
        }
    }
}

async fn set_state(
    app: &App,
    workspace: WorkspaceId,
    ids: &[String],
    state: FactState,
) -> anyhow::Result<()> {
    let ids: Vec<FactId> = ids
        .iter()
        .map(|id| {
            id.parse().map_err(|_| {
                WrongCall(format!(
                    "`{id}` is no id of a fact; see frontdesk facts list"
                ))
            })
        })
        .collect::<Result<_, _>>()?;
    let count = ids.len();
    app.store
        .write(move |tx| {
            for id in ids {
                edit::set_state(tx, workspace, id, state, now())?;
            }
            Ok(())
        })
        .await?;
    counted(count, state.as_str())
}

async fn remotely(server: &Server, args: &Args) -> anyhow::Result<()> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("workspace", &args.workspace)
        .finish();
    let at = |path: &str| format!("/api/facts{path}?{query}");
    let none = json!({});
    match &args.what {
        What::List { json } => print(&server.get(&at("")).await?, *json),
        What::Propose => {
            let told = server.post(&at("/propose"), &none).await?;
            counted(count_of(&told), "stated by the documents")
        }
        What::Confirm { all: true, .. } => {
            let told = server.post(&at("/confirm"), &none).await?;
            counted(count_of(&told), "confirmed")
        }
        What::Confirm { ids, .. } => each(server, ids, &at, "confirm", "confirmed").await,
        What::Dismiss { ids } => each(server, ids, &at, "dismiss", "dismissed").await,
        What::Set { kind, text } => {
            let facts = read(kind, text)?;
            for fact in &facts {
                server.post(&at(""), &serde_json::to_value(fact)?).await?;
            }
            counted(facts.len(), "kept")
        }
        What::Timezone { zone, country } => {
            let body = json!({"time_zone": zone, "country": country});
            server.put(&at("/settings"), &body).await
        }
    }
}

async fn each(
    server: &Server,
    ids: &[String],
    at: &impl Fn(&str) -> String,
    verb: &str,
    done: &str,
) -> anyhow::Result<()> {
    for id in ids {
        if id.parse::<FactId>().is_err() {
            return Err(WrongCall(format!(
                "`{id}` is no id of a fact; see frontdesk facts list"
            ))
            .into());
        }
        server
            .post(&at(&format!("/{id}/{verb}")), &json!({}))
            .await?;
    }
    counted(ids.len(), done)
}

fn read(kind: &str, text: &str) -> anyhow::Result<Vec<crate::hours::What>> {
    let today = jiff::Zoned::now().date();
    Ok(edit::read(kind, text, today).map_err(|e| WrongCall(e.to_string()))?)
}

fn count_of(told: &Value) -> usize {
    told["count"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(0)
}

fn counted(count: usize, what: &str) -> anyhow::Result<()> {
    let noun = if count == 1 { "fact" } else { "facts" };
    out::line(&format!("{count} {noun} {what}"));
    Ok(())
}

fn print(list: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return out::json(list);
    }
    out::line(&format!(
        "Time zone: {}",
        list["time_zone"].as_str().unwrap_or("UTC")
    ));
    let facts = list["facts"].as_array().map_or(&[][..], Vec::as_slice);
    if facts.is_empty() {
        out::line(
            "No facts yet. Add a document that states your hours, or enter them: frontdesk facts set hours \"Mon-Fri 8-17\"",
        );
    }
    for fact in facts {
        let text = |key: &str| fact[key].as_str().unwrap_or("");
        let mut marks = Vec::new();
        if fact["superseded"] == true {
            marks.push("a newer document says otherwise");
        }
        if fact["changed"] == true {
            marks.push("its document changed");
        }
        let marks = if marks.is_empty() {
            String::new()
        } else {
            format!("  [{}]", marks.join("; "))
        };
        out::line(&format!(
            "{}  {:<9}  {:<7}  {}{marks}",
            text("id"),
            text("state"),
            text("kind"),
            text("summary")
        ));
    }
    Ok(())
}
