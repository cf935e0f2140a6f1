//! What the shop tells: bodies with every field that it documents, signed over the bytes that go out.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The owner's store.
pub struct Shop {
    pub secret: &'static str,
    pub store: u64,
}

/// One request of the shop.
#[derive(Clone)]
pub struct Delivery {
    /// The header `X-Event-Name`.
    pub event: String,
    pub body: Vec<u8>,
    /// The header `X-Signature`: lowercase hex.
    pub signature: String,
}

impl Delivery {
    fn new(secret: &str, event: &str, body: &Value) -> Self {
        let body = serde_json::to_vec(body).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&body);
        Self {
            event: event.to_owned(),
            body,
            signature: hex::encode(mac.finalize().into_bytes()),
        }
    }
}

/// Puts the fields of `more` into an object.
fn with(mut object: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

impl Shop {
    /// A message about a subscription; `custom` is what the page of the shop was opened with.
    pub fn subscription(
        &self,
        event: &str,
        id: &str,
        custom: Value,
        attributes: Value,
    ) -> Delivery {
        let usual = json!({
            "store_id": self.store,
            "customer_id": 31,
            "order_id": 41,
            "order_item_id": 51,
            "product_id": 61,
            "variant_id": 71,
            "product_name": "Front desk",
            "variant_name": "Small",
            "user_name": "Ann Buyer",
            "user_email": "ann@buyer.example",
            "status": "active",
            "status_formatted": "Active",
            "card_brand": "visa",
            "card_last_four": "4242",
            "pause": null,
            "cancelled": false,
            "trial_ends_at": null,
            "billing_anchor": 1,
            "first_subscription_item": {
                "id": 1, "subscription_id": 1, "price_id": 1, "quantity": 1, "is_usage_based": false,
            },
            "urls": {
                "update_payment_method": "https://shop.example/payment",
                "customer_portal": "https://shop.example/portal",
                "customer_portal_update_subscription": "https://shop.example/update",
            },
            "renews_at": "2027-01-01T10:00:00.000000Z",
            "ends_at": null,
            "created_at": "2026-12-01T10:00:00.000000Z",
            "updated_at": "2026-12-01T10:00:00.000000Z",
            "test_mode": false,
        });
        self.message(event, "subscriptions", id, custom, with(usual, attributes))
    }

    /// A message about a payment: it carries an invoice, not the subscription.
    pub fn invoice(&self, event: &str, subscription: u64, attributes: Value) -> Delivery {
        let usual = json!({
            "store_id": self.store,
            "subscription_id": subscription,
            "customer_id": 31,
            "billing_reason": "renewal",
            "card_brand": "visa",
            "card_last_four": "4242",
            "currency": "USD",
            "status": "paid",
            "refunded": false,
            "total": 4900,
            "urls": { "invoice_url": "https://shop.example/invoice" },
            "created_at": "2026-12-01T10:00:00.000000Z",
            "updated_at": "2026-12-01T10:00:00.000000Z",
            "test_mode": false,
        });
        let attributes = with(usual, attributes);
        self.message(
            event,
            "subscription-invoices",
            "9001",
            Value::Null,
            attributes,
        )
    }

    /// A message about a licence key.
    pub fn licence_key(&self, event: &str, key: &str, attributes: Value) -> Delivery {
        let usual = json!({
            "store_id": self.store,
            "customer_id": 31,
            "order_id": 41,
            "order_item_id": 51,
            "product_id": 61,
            "user_name": "Ann Buyer",
            "user_email": "ann@buyer.example",
            "key": key,
            "key_short": "XXXX-1",
            "activation_limit": 1,
            "instances_count": 1,
            "disabled": false,
            "status": "active",
            "expires_at": null,
            "created_at": "2026-12-01T10:00:00.000000Z",
            "updated_at": "2026-12-01T10:00:00.000000Z",
            "test_mode": false,
        });
        self.message(
            event,
            "license-keys",
            "7001",
            json!({}),
            with(usual, attributes),
        )
    }

    fn message(
        &self,
        event: &str,
        kind: &str,
        id: &str,
        custom: Value,
        attributes: Value,
    ) -> Delivery {
        let mut meta = json!({ "event_name": event, "test_mode": attributes["test_mode"] });
        if !custom.is_null() {
            meta["custom_data"] = custom;
        }
        let body = json!({
            "meta": meta,
            "data": {
                "type": kind,
                "id": id,
                "attributes": attributes,
                "relationships": {},
                "links": { "self": format!("https://api.lemonsqueezy.com/v1/{kind}/{id}") },
            },
        });
        Delivery::new(self.secret, event, &body)
    }
}
