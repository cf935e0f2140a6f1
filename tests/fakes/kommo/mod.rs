//! A server that behaves like Kommo, as its contract describes it; written from that and not from our client, so that each
//! shows the other's mistakes. It stands in for every host of Kommo: which one is meant stands in `X-Forwarded-Host`.
//!
//! A test changes [`World`] between requests; [`Switches`] has what can go wrong.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::cmp_owned,
    reason = "ids of bodies are numbers, those of addresses are texts"
)]

mod entities;
mod files;
mod gate;
pub mod mint;
mod oauth;
pub mod sender;
mod talks;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use files::{File, ogg};

pub const CLIENT: &str = "11111111-2222-4333-8444-555555555555";
pub const SECRET: &str = "an-integration-secret";
pub const REDIRECT: &str = "https://desk.example/crm/kommo/return";
pub const ACCOUNT: u64 = 31_000_001;
pub const USER: u64 = 900_001;
pub const HOST: &str = "shop.kommo.com";
/// What answers for accounts that moved.
pub const API: &str = "api-c.kommo.com";

/// What goes wrong; nothing by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The integration was switched off over there: 401.
    pub revoked: bool,
    /// 402 everywhere.
    pub unpaid: bool,
    /// 402 for messages of talks.
    pub poor_tariff: bool,
    /// The next answers of the token address that are lost after the tokens were changed.
    pub lose_token_answers: u32,
    /// How long the token address thinks; by hand in ms.
    #[serde(rename = "slow_tokens_ms", deserialize_with = "milliseconds")]
    pub slow_tokens: Option<Duration>,
    /// A batch with more rows is answered with 504.
    pub batch_limit: Option<usize>,
    /// Lists name no next page.
    pub omit_next: bool,
    /// Requests of a second before 429; Kommo's is 7.
    pub per_second: Option<usize>,
    /// After so many 429 the address is shut out.
    pub shut_out_after: Option<usize>,
    /// New fields are answered with the field itself, as the documentation shows.
    pub bare_field: bool,
    /// It does not know the newer webhook.
    pub no_outgoing_hook: bool,
    /// Talks are found by contact only.
    pub talks_without_lead: bool,
    /// A lead that is not there is answered with nothing rather than with 404.
    pub empty_leads: bool,
    /// An old address of the account takes no token, rather than knowing no such account.
    pub old_takes_none: bool,
    /// An old address leads on to this host.
    pub leads_on_to: Option<String>,
    /// Tokens do not name the server that knows all accounts.
    pub no_api_domain: bool,
}

fn milliseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(from)?.map(Duration::from_millis))
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub host: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub bearer: Option<String>,
    pub at: Instant,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub struct World {
    pub switches: Switches,
    pub subdomain: String,
    /// What the integration is registered with.
    pub redirect: String,
    pub scopes: Vec<&'static str>,
    pub leads: BTreeMap<u64, Value>,
    pub contacts: BTreeMap<u64, Value>,
    pub fields: Vec<Value>,
    pub notes: Vec<Value>,
    pub tasks: Vec<Value>,
    pub events: Vec<Value>,
    pub talks: Vec<Value>,
    /// By talk.
    pub messages: HashMap<u64, Vec<Value>>,
    pub webhooks: Vec<Value>,
    pub files: HashMap<String, File>,
    pub asked: Vec<Asked>,
    codes: HashMap<String, oauth::Code>,
    pairs: oauth::Pairs,
    refreshing: usize,
    /// The most renewals at once that were seen.
    pub most_refreshing: usize,
    /// Renewals that were answered with new tokens.
    pub refreshed: usize,
    window: VecDeque<Instant>,
    /// Answers with 429.
    pub limited: usize,
    next_id: u64,
}

impl World {
    fn new() -> Self {
        Self {
            switches: Switches::default(),
            subdomain: "shop".into(),
            redirect: REDIRECT.into(),
            scopes: vec!["crm", "notifications", "list_external_messages"],
            leads: BTreeMap::new(),
            contacts: BTreeMap::new(),
            fields: Vec::new(),
            notes: Vec::new(),
            tasks: Vec::new(),
            events: Vec::new(),
            talks: Vec::new(),
            messages: HashMap::new(),
            webhooks: Vec::new(),
            files: HashMap::new(),
            asked: Vec::new(),
            codes: HashMap::new(),
            pairs: oauth::Pairs::default(),
            refreshing: 0,
            most_refreshing: 0,
            refreshed: 0,
            window: VecDeque::new(),
            limited: 0,
            next_id: 5_000,
        }
    }

    fn draw_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn host(&self) -> String {
        format!("{}.kommo.com", self.subdomain)
    }

    /// Adds a lead in the first stage, with a contact of its own.
    pub fn add_lead(&mut self, id: u64, name: &str) {
        let contact = id + 1_000_000;
        let lead = json!({
            "id": id, "name": name, "price": 1200, "responsible_user_id": USER, "group_id": 0,
            "status_id": 1, "pipeline_id": 10, "loss_reason_id": null, "created_at": 1_700_000_000,
            "updated_at": 1_700_000_500, "closed_at": null, "is_deleted": false,
            "custom_fields_values": null, "score": null, "account_id": ACCOUNT,
            "_embedded": {
                "tags": [{ "id": 1, "name": "from the owner", "color": null }],
                "contacts": [{ "id": contact + 7, "is_main": false }, { "id": contact, "is_main": true }],
                "companies": [],
            },
        });
        self.leads.insert(id, lead);
        self.contacts.insert(
            contact,
            json!({ "id": contact, "name": name, "custom_fields_values": null }),
        );
    }

    /// Adds a talk with messages: id, seconds, whether it came in, kind, and its text or link.
    pub fn add_talk(&mut self, talk: u64, lead: u64, said: &[(&str, i64, bool, &str, &str)]) {
        let named = match self.switches.talks_without_lead {
            true => Value::Null,
            false => lead.into(),
        };
        self.talks.push(json!({
            "talk_id": talk, "created_at": 1_700_000_000, "updated_at": 1_700_000_000 + talk as i64,
            "rate": 0, "contact_id": lead + 1_000_000, "chat_id": format!("chat-{talk}"),
            "entity_id": named, "entity_type": "lead", "status": "in_work", "is_in_work": true,
            "is_read": true, "origin": "waba", "source_id": 1, "account_id": ACCOUNT,
            "_embedded": { "contacts": [], "leads": [] },
        }));
        let rows = said.iter().map(|(id, at, incoming, kind, content)| {
            let spoken = *kind != "text";
            let mut row = json!({
                "id": id, "type": if *incoming { "incoming" } else { "outgoing" },
                "message_type": kind, "origin": "waba", "text": if spoken { "" } else { *content },
                "created_at": at, "delivery_status": "delivered",
                "author": { "id": "a", "type": if *incoming { "external" } else { "internal" }, "name": "Ana" },
            });
            if spoken {
                row["attachment"] = json!({ "type": kind, "link": content, "file_name": "a.ogg" });
            }
            row
        });
        self.messages.entry(talk).or_default().extend(rows);
        self.events.push(json!({
            "id": format!("e{talk}"), "type": "incoming_chat_message", "entity_id": lead, "entity_type": "lead",
            "value_after": [{ "message": { "id": "x", "origin": "waba", "talk_id": talk } }],
        }));
    }
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub struct KommoFake {
    pub port: u16,
    world: Arc<Mutex<World>>,
}

impl KommoFake {
    pub async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn start_on(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World::new()));
        let fake = Self { port, world };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.world().switches);
    }

    /// The requests since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.world().asked)
    }

    /// A code as the installation within Kommo gives it.
    pub fn issue_code(&self) -> String {
        self.world().issue_code()
    }

    /// Makes a code as old as that.
    pub fn age_code(&self, code: &str, by: Duration) {
        self.world().age_code(code, by);
    }

    /// A token that opens everything and is not renewed.
    pub fn long_lived(&self) -> String {
        self.world().long_lived()
    }

    /// Whether this access token would be taken.
    pub fn takes(&self, access: &str) -> bool {
        self.world().is_known(access)
    }

    /// Forgets the access token before its time, as an end of its 24 hours would.
    pub fn expire_access(&self) {
        self.world().expire_access();
    }
}

async fn answer(State(fake): State<KommoFake>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 16 << 20).await.unwrap_or_default();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let query = parts.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let asked = Asked {
        method: parts.method.clone(),
        host: header("x-forwarded-host").unwrap_or(HOST).to_owned(),
        path: parts.uri.path().to_owned(),
        query,
        body: body.to_vec(),
        bearer: header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned),
        at: Instant::now(),
    };
    let refresh_header = header("x-refresh-token").map(str::to_owned);
    fake.world().asked.push(asked.clone());
    if let Some(name) = asked.path.strip_prefix("/attachments/") {
        return files::serve(&fake, name).await;
    }
    if let Some(refused) = fake.world().limit() {
        return refused;
    }
    match asked.path.as_str() {
        "/oauth" => return oauth::page(&fake, &asked),
        "/oauth2/access_token" => return oauth::tokens(&fake, &asked).await,
        "/oauth2/account/current/subdomain" => {
            return fake.world().where_is(refresh_header.as_deref());
        }
        _ => {}
    }
    let mut world = fake.world();
    if let Some(refused) = world.refuse(&asked) {
        return refused;
    }
    let path = asked.path.clone();
    let Some(path) = path.strip_prefix("/api/v4/") else {
        return gate::problem(404, "Not Found", "no such address");
    };
    let steps: Vec<&str> = path.split('/').collect();
    match steps.as_slice() {
        ["talks", ..] => world.talks(&asked, &steps),
        _ => world.entities(&asked, &steps),
    }
}
