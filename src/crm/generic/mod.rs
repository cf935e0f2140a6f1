//! Any other program: it sends leads and messages to an address of ours as JSON, or its owner uploads a CSV file of leads;
//! what was found goes back to an address of its own, signed.
//!
//! What it told is all that is known: there is nothing to ask.

mod csv;
mod inbox;

use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

pub use self::csv::{LeadRow, MOST_ROWS, read_leads};
pub use self::inbox::{Told, keep, read_hook};

use super::{
    Crm, CrmError, Gathered, Lead, LeadRef, NewNote, NewTask, Page, RemoteMessage, RemoteNote,
    Source, TagChange, Voice, VoiceLink, now, sound,
};
use crate::egress::{Class, EgressError, Gateway, Limits, Method, Part, Purpose, Request, Secret};
use crate::store::crm::accounts::{self, Account, AccountState, CrmKind, NewAccount, Tokens};
use crate::store::crm::leads::{self, CrmLead};
use crate::store::crm::{messages, notes};
use crate::store::token::{Token, TokenKind, fill_random};
use crate::store::{Scoped, Store, UnixMs, WorkspaceId};

/// Leads of a page.
const PAGE: u32 = 200;
/// Messages of a lead that are given, the latest.
const MOST_MESSAGES: u32 = 2_000;
const PATIENCE: Duration = Duration::from_secs(20);
/// The header with `sha256=` and the hex HMAC-SHA256 of the body.
pub const SIGNATURE: &str = "x-frontdesk-signature";

/// Where results go and where recordings may lie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Takes notes, numbers, tags and tasks; `None`: they stay here.
    pub deliver_to: Option<String>,
    /// Hosts that recordings are fetched from, by HTTPS.
    pub voice_hosts: Vec<String>,
}

/// A program that is connected.
#[derive(Clone)]
pub struct Generic {
    store: Store,
    gateway: Gateway,
    account: Scoped<Account>,
    options: Options,
}

/// What the owner gives the other program; the secrets are shown once.
pub struct Made {
    pub account: Scoped<Account>,
    /// Part of the address that it sends to.
    pub hook_secret: Secret,
    /// What we sign with.
    pub signing_secret: Secret,
}

/// Connects a program.
///
/// # Errors
/// `Input` for an address or host that is none.
pub async fn connect(
    store: &Store,
    workspace: WorkspaceId,
    name: &str,
    options: Options,
) -> Result<Made, CrmError> {
    check(&options)?;
    let (hook, signing) = (
        Token::generate(TokenKind::Crm)?,
        Token::generate(TokenKind::Crm)?,
    );
    // Nobody over there has a number for it, so its own does.
    let remote = draw_id()?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(CrmError::Input(
            "give the program a name of at most 200 characters".into(),
        ));
    }
    let host = options
        .deliver_to
        .as_deref()
        .and_then(|url| Url::parse(url).ok());
    let host = host
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    let made = Made {
        hook_secret: Secret::new(hook.reveal()),
        signing_secret: Secret::new(signing.reveal()),
        account: store
            .write(move |tx| {
                let new = NewAccount {
                    kind: CrmKind::Generic,
                    remote_id: &remote,
                    client_id: "",
                    user_id: None,
                    name: &name,
                    host: &host,
                    hook_secret: hook.reveal(),
                };
                let tokens = Tokens {
                    access: signing.reveal().to_owned(),
                    refresh: None,
                    expires_at: None,
                };
                let account = accounts::keep(tx, workspace, &new, Some(&tokens), now())?;
                let settings = serde_json::to_value(&options).unwrap_or_else(|_| json!({}));
                accounts::set_settings(tx, &account, &settings, now())?;
                accounts::get(tx, workspace, account.id)
            })
            .await?,
    };
    Ok(made)
}

fn check(options: &Options) -> Result<(), CrmError> {
    if let Some(url) = &options.deliver_to {
        let parsed = Url::parse(url).ok().filter(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.host_str().is_some()
                && url.username().is_empty()
        });
        if parsed.is_none() {
            let told = "results are sent to an address that begins with https://";
            return Err(CrmError::Input(told.into()));
        }
    }
    for host in &options.voice_hosts {
        let is_host = Url::parse(&format!("https://{host}/"))
            .is_ok_and(|url| url.host_str() == Some(host.as_str()) && url.port().is_none());
        if !is_host || !host.contains('.') {
            let told = format!(
                "{} is no name of a host",
                host.chars().take(80).collect::<String>()
            );
            return Err(CrmError::Input(told.into()));
        }
    }
    Ok(())
}

impl Generic {
    /// # Errors
    /// `Off` for an account that was disconnected, or that is not one of these.
    pub fn new(store: Store, gateway: Gateway, account: Scoped<Account>) -> Result<Self, CrmError> {
        if account.kind != CrmKind::Generic || account.state == AccountState::Off {
            return Err(CrmError::Off);
        }
        let options = serde_json::from_value(account.settings.clone()).unwrap_or_default();
        Ok(Self {
            store,
            gateway,
            account,
            options,
        })
    }

    async fn known(&self, lead: &str) -> Result<CrmLead, CrmError> {
        let (account, id) = (self.account.clone(), lead.to_owned());
        let found = self
            .store
            .read(move |conn| leads::find(conn, &account, &id));
        found.await?.ok_or_else(|| CrmError::Missing {
            account: self.account.name.clone(),
            what: "the lead",
        })
    }

    /// Sends what is to be written to the other program; returns its id, which is ours.
    async fn deliver(&self, lead: &str, kind: &str, mut body: Value) -> Result<String, CrmError> {
        self.known(lead).await?;
        let id = draw_id()?;
        body["id"] = id.clone().into();
        body["event"] = kind.into();
        body["lead"] = lead.into();
        body["at"] = (now() / 1000).into();
        let Some(url) = &self.options.deliver_to else {
            return Ok(id);
        };
        let url = Url::parse(url).map_err(|_| CrmError::Host { host: url.clone() })?;
        let is_own = self.gateway.check(Purpose::Crm, &url)?;
        if url.scheme() != "https" && !is_own {
            let told = "results are about customers, so they are sent by https:// only, or to a machine of your own \
                        network that is named in the setting egress.allow";
            return Err(CrmError::Input(told.into()));
        }
        let text = body.to_string();
        let account = self.account.id;
        let tokens = self.store.read(move |conn| accounts::tokens(conn, account));
        let secret = tokens.await?.ok_or(CrmError::Off)?.access;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request = Request {
            workspace: Some(self.account.workspace()),
            content_type: "application/json",
            headers: vec![(SIGNATURE, sign(&secret, text.as_bytes()))],
            body: vec![Part::new(Class::Customer, text)],
            limits: Limits {
                time: PATIENCE,
                redirects: 0,
                ..Limits::default()
            },
            ..Request::new(Purpose::Crm, Method::Post, url)
        };
        let response = self.gateway.send(request).await?;
        let status = response.status;
        response.discard().await?;
        match status {
            200..=299 => Ok(id),
            401 | 403 => Err(CrmError::Scope {
                account: host,
                what: "taking results",
            }),
            429 => Err(CrmError::Limited { host, wait_s: 60 }),
            500..=599 => Err(CrmError::Failing {
                account: host,
                status,
            }),
            status => Err(CrmError::Refused {
                account: host,
                what: "results",
                reason: format!("its status is {status}").into(),
            }),
        }
    }
}

/// An id that nobody else has.
fn draw_id() -> Result<String, CrmError> {
    let mut bytes = [0_u8; 16];
    fill_random(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// The value of [`SIGNATURE`].
fn sign(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes keys of every length.
        return String::new();
    };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[async_trait]
impl Crm for Generic {
    fn kind(&self) -> CrmKind {
        CrmKind::Generic
    }

    async fn lead(&self, lead: &str) -> Result<Lead, CrmError> {
        let known = self.known(lead).await?;
        let facts: LeadRow = serde_json::from_value(known.facts.clone()).unwrap_or_default();
        Ok(Lead {
            id: known.id,
            name: known.name,
            price: facts.price,
            pipeline: None,
            is_closed: facts.closed,
            stage: facts.stage,
            responsible: None,
            tags: facts.tags,
            contacts: known.contact.into_iter().collect(),
            created_at: None,
            updated_at: Some(known.changed_at),
        })
    }

    async fn open_leads(&self, from: Option<&str>) -> Result<Page<LeadRef>, CrmError> {
        let (account, after) = (self.account.clone(), from.unwrap_or_default().to_owned());
        let read = self
            .store
            .read(move |conn| leads::list(conn, &account, &after, PAGE));
        let rows = read.await?;
        let next = rows.last().filter(|_| rows.len() == PAGE as usize);
        let next = next.map(|lead| lead.id.clone());
        let is_open =
            |lead: &CrmLead| lead.facts.get("closed").and_then(Value::as_bool) != Some(true);
        let items = rows.into_iter().filter(is_open).map(|lead| LeadRef {
            id: lead.id,
            name: lead.name,
            updated_at: Some(lead.changed_at),
        });
        Ok(Page {
            items: items.collect(),
            next,
        })
    }

    async fn conversation(&self, lead: &str, since: Option<UnixMs>) -> Result<Gathered, CrmError> {
        self.known(lead).await?;
        let (account, id) = (self.account.clone(), lead.to_owned());
        let from = since.unwrap_or(0);
        let read = self
            .store
            .read(move |conn| messages::list_of_lead(conn, &account, &id, from, MOST_MESSAGES));
        let messages: Vec<RemoteMessage> =
            read.await?.into_iter().map(RemoteMessage::from).collect();
        let remarks = match messages.len() >= MOST_MESSAGES as usize {
            true => vec![format!(
                "Only the latest {MOST_MESSAGES} messages were read."
            )],
            false => Vec::new(),
        };
        Ok(Gathered {
            messages,
            source: Source::Kept,
            remarks,
        })
    }

    /// Such a program sends none.
    async fn notes(&self, lead: &str) -> Result<Vec<RemoteNote>, CrmError> {
        self.known(lead).await.map(|_| Vec::new())
    }

    async fn find_note(&self, _lead: &str, _text: &str) -> Result<Option<String>, CrmError> {
        Ok(None)
    }

    async fn write_note(&self, lead: &str, note: &NewNote) -> Result<String, CrmError> {
        let body = json!({ "text": note.text, "message": note.message });
        let id = self.deliver(lead, "note", body).await?;
        let (account, kept, lead) = (self.account.clone(), id.clone(), lead.to_owned());
        let message = note.message.clone();
        let write = self
            .store
            .write(move |tx| notes::keep(tx, &account, &kept, &lead, message.as_deref(), now()));
        write.await?;
        Ok(id)
    }

    async fn write_number(
        &self,
        lead: &str,
        field: &str,
        value: Option<f64>,
    ) -> Result<(), CrmError> {
        let body = json!({ "field": field, "value": value });
        self.deliver(lead, "number", body).await.map(|_| ())
    }

    async fn write_tags(&self, lead: &str, change: &TagChange) -> Result<(), CrmError> {
        let body = json!({ "add": change.add, "remove": change.remove });
        self.deliver(lead, "tags", body).await.map(|_| ())
    }

    async fn create_task(&self, lead: &str, task: &NewTask) -> Result<String, CrmError> {
        let body = json!({
            "text": task.text, "due_at": task.due_at.div_euclid(1000), "responsible": task.responsible,
        });
        self.deliver(lead, "task", body).await
    }

    async fn download(&self, voice: &VoiceLink) -> Result<Voice, CrmError> {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        let url =
            Url::parse(&voice.url).map_err(|_| CrmError::Voice("its address is none".into()))?;
        let is_named = self.options.voice_hosts.contains(&host(&url));
        if !is_named || !url.username().is_empty() {
            return Err(CrmError::Host { host: host(&url) });
        }
        let is_own = self.gateway.check(Purpose::Crm, &url)?;
        if url.scheme() != "https" && !is_own {
            return Err(CrmError::Host { host: host(&url) });
        }
        let request = Request {
            workspace: Some(self.account.workspace()),
            accept: "audio/*, application/ogg",
            limits: Limits {
                bytes: sound::LONGEST,
                sent: 0,
                time: PATIENCE,
                redirects: 0,
            },
            ..Request::new(Purpose::Crm, Method::Get, url)
        };
        let response = self.gateway.send(request).await?;
        if response.status != 200 {
            let told = format!("its address answers with status {}", response.status);
            response.discard().await?;
            return Err(CrmError::Voice(told.into()));
        }
        let bytes = match response.bytes().await {
            Err(EgressError::TooLarge { limit, .. }) => {
                let told = format!("it has more than {} MB", limit >> 20);
                return Err(CrmError::Voice(told.into()));
            }
            bytes => bytes?,
        };
        let media_type = sound::sniff(&bytes).ok_or_else(|| {
            CrmError::Voice("what lies at its address does not begin like sound".into())
        })?;
        Ok(Voice { bytes, media_type })
    }
}

#[cfg(test)]
#[path = "generic_tests.rs"]
mod tests;
