//! The shop by hand.

use std::collections::HashMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Fake, post, read};
use crate::lemon_squeezy::{self as shop, Key, Licences};

pub(super) struct Shop {
    licences: Licences,
}

impl Shop {
    pub(super) fn start(listener: TcpListener) -> Self {
        Self {
            licences: Licences::start_on(listener),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Change {
    /// Licence keys by their text; one that is there is replaced.
    keys: HashMap<String, Wanted>,
    /// Answers every request with this status; 0: works again.
    fail_with: Option<u16>,
    /// What the shop tells, in this order.
    send: Vec<Order>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    /// `inactive`, `active`, `expired` or `disabled`.
    status: String,
    limit: usize,
    store: u64,
    product: u64,
    variant: u64,
    test_mode: bool,
    expires_at: Option<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            status: "inactive".into(),
            limit: 1,
            store: 11,
            product: 61,
            variant: 71,
            test_mode: false,
            expires_at: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: String,
    secret: String,
    #[serde(default = "own_store")]
    store: u64,
    /// Such as `subscription_updated`.
    event: String,
    what: What,
    #[serde(default)]
    attributes: Value,
    #[serde(default = "once")]
    times: usize,
    /// Sends this instead of the right signature.
    signature: Option<String>,
}

fn own_store() -> u64 {
    11
}

fn once() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum What {
    Subscription {
        id: String,
        /// What the page of the shop was opened with.
        #[serde(default)]
        custom: Value,
    },
    Invoice {
        subscription: u64,
    },
    LicenceKey {
        key: String,
    },
}

const STATUSES: &[&str] = &["inactive", "active", "expired", "disabled"];

#[async_trait]
impl Fake for Shop {
    fn show(&self) -> Value {
        let keys: Vec<Value> = self
            .licences
            .keys()
            .into_iter()
            .map(|(key, it)| json!({ "key": key, "status": it.status, "instances": it.instances }))
            .collect();
        let asked: Vec<Value> = self
            .licences
            .asked_before()
            .into_iter()
            .map(|(verb, fields)| json!({ "verb": verb, "fields": fields }))
            .collect();
        json!({ "keys": keys, "asked": asked })
    }

    async fn change(&self, change: Value) -> Result<Value, String> {
        let change: Change = read(change)?;
        for (key, wanted) in change.keys {
            let status = STATUSES.iter().find(|known| **known == wanted.status);
            let status = status
                .copied()
                .ok_or(format!("there is no status {}", wanted.status))?;
            let it = Key {
                status,
                limit: wanted.limit,
                product: wanted.product,
                variant: wanted.variant,
                test_mode: wanted.test_mode,
                expires_at: wanted.expires_at.map(|at| &*at.leak()),
                ..Key::new(wanted.store)
            };
            self.licences.put(&key, it);
        }
        if let Some(status) = change.fail_with {
            self.licences.fail_with((status > 0).then_some(status));
        }
        let mut sent = Vec::new();
        for one in &change.send {
            for _ in 0..one.times {
                sent.push(json!(send(one).await));
            }
        }
        Ok(json!({ "sent": sent }))
    }
}

async fn send(one: &Order) -> u16 {
    let shop = shop::Shop {
        secret: one.secret.clone().leak(),
        store: one.store,
    };
    let more = match one.attributes.is_object() {
        true => one.attributes.clone(),
        false => json!({}),
    };
    let delivery = match &one.what {
        What::Subscription { id, custom } => {
            shop.subscription(&one.event, id, custom.clone(), more)
        }
        What::Invoice { subscription } => shop.invoice(&one.event, *subscription, more),
        What::LicenceKey { key } => shop.licence_key(&one.event, key, more),
    };
    let signature = one.signature.as_deref().unwrap_or(&delivery.signature);
    let headers = [
        ("content-type", "application/json"),
        ("x-event-name", delivery.event.as_str()),
        ("x-signature", signature),
    ];
    post(&one.to, &headers, delivery.body.clone()).await
}
