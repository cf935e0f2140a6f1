//! What Kommo sends: webhooks as forms with brackets, the hook of an uninstall, and the digital pipeline's JSON.

use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ACCOUNT, CLIENT, HOST};

/// How long Kommo waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// When it tries again: after 5 and 15 minutes; 15 more and an hour for 499 and 5xx.
pub const RETRIES: [Duration; 4] = [
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// Writes a tree as PHP does: `a[b][0]=text`, all values as text.
pub fn encode(tree: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let mut put = |key: &str, value: &str| {
        form.append_pair(key, value);
    };
    if let Value::Object(fields) = tree {
        for (key, value) in fields {
            flatten(key, value, &mut put);
        }
    }
    form.finish()
}

fn flatten(key: &str, value: &Value, put: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&format!("{key}[{name}]"), value, put);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&format!("{key}[{at}]"), value, put);
            }
        }
        Value::Null => put(key, ""),
        Value::String(text) => put(key, text),
        Value::Bool(yes) => put(key, if *yes { "1" } else { "0" }),
        Value::Number(number) => put(key, &number.to_string()),
    }
}

fn account() -> Value {
    json!({ "id": ACCOUNT, "subdomain": "shop", "_links": { "self": format!("https://{HOST}") } })
}

/// A message as a row of a hook.
pub fn message(id: &str, lead: u64, at: i64, text: &str) -> Value {
    json!({
        "id": id, "chat_id": "chat-5", "talk_id": 5, "contact_id": lead + 1_000_000, "text": text,
        "created_at": at, "message_type": "text", "type": "incoming", "origin": "waba", "element_type": 2,
        "element_id": lead, "entity_type": "lead", "entity_id": lead,
        "author": { "id": "a", "type": "external", "name": "Ana" },
    })
}

/// A hook with messages, under their name or, as a newer sample shows, without it.
pub fn messages(rows: &[Value], wrapped: bool) -> String {
    encode(&match wrapped {
        true => json!({ "message": { "add": rows }, "account": account() }),
        false => json!({ "add": rows, "account": account() }),
    })
}

/// A hook of another kind, such as `leads`, `status`.
pub fn hook(entity: &str, way: &str, rows: &[Value]) -> String {
    encode(&json!({ entity: { way: rows }, "account": account() }))
}

/// What became of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    Yes,
    /// It is tried again after this.
    Again(Duration),
    GivenUp,
}

/// Sends a hook once, as the `attempt`th try, counted from 0.
pub async fn deliver(url: &str, form: &str, attempt: usize) -> Delivered {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .unwrap();
    let sent = client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned())
        .send()
        .await;
    let status = sent.map_or(0, |answer| answer.status().as_u16());
    let tries = match status {
        100..=299 => return Delivered::Yes,
        499..=599 => RETRIES.len(),
        _ => 2,
    };
    RETRIES[..tries]
        .get(attempt)
        .copied()
        .map_or(Delivered::GivenUp, Delivered::Again)
}

/// The query of the hook of an uninstall.
pub fn uninstall(secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{CLIENT}|{ACCOUNT}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("client_uuid={CLIENT}&account_id={ACCOUNT}&signature={signature}")
}

/// What the digital pipeline sends when a lead came into a stage.
pub fn pipeline(lead: u64, stage: u64) -> Value {
    json!({
        "event": {
            "type": 15, "type_code": "lead_appeared_in_status",
            "data": { "id": lead, "element_type": 2, "status_id": stage, "pipeline_id": 10 },
            "time": 1_700_000_000,
        },
        "action": { "settings": { "widget": { "settings": {} } } },
        "subdomain": "shop", "account_id": ACCOUNT,
    })
}
