//! `frontdesk facts`: opening hours, holidays, address and telephone.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::hours::edit;
use crate::store::FactId;

/// Arguments of `frontdesk facts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
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
    /// Confirm facts; from then on they answer questions
    Confirm {
        /// Ids, as `facts list` shows them
        ids: Vec<String>,
        /// All proposals that no newer document contradicts
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Dismiss facts, so that they are not used
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
        /// The fact, in words
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
            WrongCall("name the facts to confirm by their ids, or add --all".into()).into(),
        );
    }
    block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| act(api, &args.what).await,
    ))
}

async fn act(api: &Api, what: &What) -> anyhow::Result<()> {
    let none = json!({});
    match what {
        What::List { json } => print(&api.get("/api/v1/facts").await?, *json),
        What::Propose => {
            let told = api.post("/api/v1/facts/propose", &none).await?;
            print_count(count_of(&told), "stated by the documents")
        }
        What::Confirm { all: true, .. } => {
            let told = api.post("/api/v1/facts/confirm", &none).await?;
            print_count(count_of(&told), "confirmed")
        }
        What::Confirm { ids, .. } => each(api, ids, "confirm", "confirmed").await,
        What::Dismiss { ids } => each(api, ids, "dismiss", "dismissed").await,
        What::Set { kind, text } => {
            let facts = read(kind, text)?;
            for fact in &facts {
                api.post("/api/v1/facts", &serde_json::to_value(fact)?)
                    .await?;
            }
            print_count(facts.len(), "kept")
        }
        What::Timezone { zone, country } => {
            let body = json!({"time_zone": zone, "country": country});
            api.put("/api/v1/facts/settings", &body).await.map(drop)
        }
    }
}

async fn each(api: &Api, ids: &[String], verb: &str, done: &str) -> anyhow::Result<()> {
    for id in ids {
        if id.parse::<FactId>().is_err() {
            return Err(WrongCall(format!(
                "`{id}` is not the id of a fact; see frontdesk facts list"
            ))
            .into());
        }
        let path = format!("/api/v1/facts/{id}/{verb}");
        api.post(&path, &json!({})).await?;
    }
    print_count(ids.len(), done)
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

fn print_count(count: usize, what: &str) -> anyhow::Result<()> {
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
            marks.push("a newer document contradicts it");
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
