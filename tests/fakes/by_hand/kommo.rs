//! Kommo by hand.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Fake, client, post, read};
use crate::kommo::sender::{self, Delivered};
use crate::kommo::{ACCOUNT, CLIENT, File, KommoFake, SECRET, Switches, mint, ogg};

pub(super) struct Kommo {
    fake: KommoFake,
}

impl Kommo {
    pub(super) fn start(listener: TcpListener) -> Self {
        Self {
            fake: KommoFake::start_on(listener),
        }
    }
}

/// All that can be changed; what is left out stays.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Change {
    /// What goes wrong; those that are not named are off again.
    switches: Option<Switches>,
    /// `crm`, `notifications`, `list_external_messages` and the like.
    scopes: Option<Vec<String>>,
    /// The address that the integration is registered with.
    redirect: Option<String>,
    /// The account's new subdomain.
    subdomain: Option<String>,
    leads: Vec<Lead>,
    talks: Vec<Talk>,
    /// Attachments by name, at `/attachments/NAME` of any host.
    files: HashMap<String, Attachment>,
    /// Ends the access token before its time.
    expire_access: bool,
    /// Hands out an authorisation code, as old as this.
    code: Option<Code>,
    /// Hands out a token that lives for long.
    long_lived: bool,
    /// Hands out tokens of the widget for a server at this address: a good one, and all that must not be taken.
    widget: Option<String>,
    send: Vec<Order>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lead {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Talk {
    talk: u64,
    lead: u64,
    messages: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    /// Unix seconds.
    at: i64,
    #[serde(default = "yes")]
    incoming: bool,
    #[serde(default = "text")]
    kind: String,
    /// Text, or the link of a recording.
    content: String,
}

fn yes() -> bool {
    true
}

fn text() -> String {
    "text".into()
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Attachment {
    /// A file of this machine; an empty path stands for bytes that begin like a recording.
    Ogg(String),
    SlowMs(u64),
    Large(usize),
    Redirect(String),
    Html,
    Missing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    #[serde(default)]
    age_seconds: u64,
}

/// What Kommo sends, to an address of the program under test.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: String,
    what: What,
    /// The same once more, so many times in all.
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum What {
    /// Messages in this order; old times and repeated ids are as good as any.
    Messages {
        rows: Vec<Row>,
        /// Under `message`, as the older samples show.
        #[serde(default = "yes")]
        wrapped: bool,
    },
    /// Such as `leads`, `status`.
    Hook {
        entity: String,
        way: String,
        rows: Vec<Value>,
    },
    /// The hook of an uninstall, signed with this secret.
    Uninstall { secret: Option<String> },
    /// A lead came to a stage.
    Pipeline { lead: u64, stage: u64 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    lead: u64,
    /// Unix seconds; now if it is missing.
    at: Option<i64>,
    text: String,
}

const SCOPES: &[&str] = &[
    "crm",
    "files",
    "files_delete",
    "notifications",
    "push_notifications",
    "list_external_messages",
    "send_external_messages",
];

#[async_trait]
impl Fake for Kommo {
    fn show(&self) -> Value {
        let world = self.fake.world();
        let asked = world.asked.iter().map(|asked| {
            json!({ "method": asked.method.as_str(), "host": asked.host, "path": asked.path, "bytes": asked.body.len() })
        });
        json!({
            "account": ACCOUNT, "client_id": CLIENT, "client_secret": SECRET, "redirect": world.redirect,
            "leads": world.leads, "notes": world.notes, "tasks": world.tasks, "fields": world.fields,
            "webhooks": world.webhooks, "limited": world.limited, "refreshed": world.refreshed,
            "most_refreshing": world.most_refreshing, "asked": asked.collect::<Vec<_>>(),
        })
    }

    async fn change(&self, change: Value) -> Result<Value, String> {
        let change: Change = read(change)?;
        let mut told = serde_json::Map::new();
        {
            let mut world = self.fake.world();
            if let Some(switches) = change.switches {
                world.switches = switches;
            }
            if let Some(scopes) = change.scopes {
                let known = |name: &String| {
                    let found = SCOPES.iter().find(|known| **known == name.as_str());
                    found.copied().ok_or(format!("there is no scope {name}"))
                };
                world.scopes = scopes.iter().map(known).collect::<Result<_, _>>()?;
            }
            if let Some(redirect) = change.redirect {
                world.redirect = redirect;
            }
            if let Some(subdomain) = change.subdomain {
                world.subdomain = subdomain;
            }
            for lead in &change.leads {
                world.add_lead(lead.id, &lead.name);
            }
            for talk in &change.talks {
                let said: Vec<(&str, i64, bool, &str, &str)> = talk
                    .messages
                    .iter()
                    .map(|one| (&*one.id, one.at, one.incoming, &*one.kind, &*one.content))
                    .collect();
                world.add_talk(talk.talk, talk.lead, &said);
            }
        }
        for (name, attachment) in change.files {
            let file = file_of(attachment)?;
            self.fake.world().files.insert(name, file);
        }
        if change.expire_access {
            self.fake.expire_access();
        }
        if let Some(wanted) = change.code {
            let code = self.fake.issue_code();
            self.fake
                .age_code(&code, Duration::from_secs(wanted.age_seconds));
            told.insert("code".into(), code.into());
        }
        if change.long_lived {
            told.insert("long_lived".into(), self.fake.long_lived().into());
        }
        if let Some(audience) = change.widget {
            told.insert("widget_token".into(), mint::widget_token(&audience).into());
            let forged: Vec<Value> = mint::forged_tokens(&audience)
                .into_iter()
                .map(|(wrong, token)| json!({ "wrong": wrong, "token": token }))
                .collect();
            told.insert("forged_tokens".into(), forged.into());
        }
        let mut sent = Vec::new();
        for one in &change.send {
            for attempt in 0..one.times {
                sent.push(send(one, attempt).await);
            }
        }
        if !sent.is_empty() {
            told.insert("sent".into(), sent.into());
        }
        Ok(told.into())
    }
}

fn file_of(attachment: Attachment) -> Result<File, String> {
    Ok(match attachment {
        Attachment::Ogg(path) if path.is_empty() => File::Ogg(ogg()),
        Attachment::Ogg(path) => {
            File::Ogg(std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?)
        }
        Attachment::SlowMs(ms) => File::Slow(Duration::from_millis(ms)),
        Attachment::Large(bytes) => File::Large(bytes),
        Attachment::Redirect(to) => File::Redirect(to),
        Attachment::Html => File::Html,
        Attachment::Missing => File::Missing,
    })
}

/// Sends once, and says what Kommo would do then.
async fn send(one: &Order, attempt: usize) -> Value {
    let form = match &one.what {
        What::Messages { rows, wrapped } => {
            let row = |row: &Row| {
                let at = row.at.unwrap_or_else(mint::seconds);
                sender::message(&row.id, row.lead, at, &row.text)
            };
            let rows: Vec<Value> = rows.iter().map(row).collect();
            sender::messages(&rows, *wrapped)
        }
        What::Hook { entity, way, rows } => sender::hook(entity, way, rows),
        What::Uninstall { secret } => {
            let query = sender::uninstall(secret.as_deref().unwrap_or(SECRET));
            let sent = client().get(format!("{}?{query}", one.to)).send().await;
            return json!(sent.map_or(0, |answer| answer.status().as_u16()));
        }
        What::Pipeline { lead, stage } => {
            let body = sender::pipeline(*lead, *stage).to_string();
            let headers = [("content-type", "application/json")];
            return json!(post(&one.to, &headers, body.into_bytes()).await);
        }
    };
    match sender::deliver(&one.to, &form, attempt).await {
        Delivered::Yes => json!("delivered"),
        Delivered::Again(after) => json!({ "again_after_seconds": after.as_secs() }),
        Delivered::GivenUp => json!("given up"),
    }
}
