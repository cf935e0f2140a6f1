//! A front desk that has something of everything.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::settle::{How, hold};
use crate::app::{Form, Reply, TestApp, json_request, request};
use crate::calls::{FIRST, made_up, record};
use crate::quality::finished;
use crate::receipts::ask;
use crate::site::{Site, html};
use crate::sources;

const HOURS: &str = "# Opening hours\n\nIn effect since March 2, 2026\n\nMonday: 8:00 am – 5:00 pm\n\n\
    Tuesday: 8:00 am – 5:00 pm\n\nPhone: (207) 555-0142\n";
const PRICES: &str = "# Prices\n\n| Service | Price |\n|---|---|\n| Full service | $89 |\n| Wheel truing | $18 |\n\n\
    Repairs take two days. Bring your receipt with you.\n";
pub const PRICE_QUESTION: &str = "How much is a full service?";
pub const UNKNOWN: &str = "Do you rent zebras?";
pub const ABSENT: &str = "01890000-0000-7000-8000-000000000000";

/// The front desk, and the ids of what it has.
pub struct Desk {
    pub app: TestApp,
    pub site: Site,
    /// Of the document with two versions.
    pub prices: String,
    pub note: String,
    pub approved: String,
    pub draft: String,
    /// Proposed from a document.
    pub facts: Vec<String>,
    pub source: String,
    /// Receipt of an answer that rests on a document, rated good.
    pub answered: String,
    /// Receipt of a refusal.
    pub refused: String,
    pub conversation: String,
    pub run: String,
    pub call: String,
    pub visitor: String,
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn done(reply: &Reply) -> Value {
    assert!(reply.status.is_success(), "{}", reply.text());
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// Everything that can be made through the API is made through it, with fixed words.
pub async fn desk() -> Desk {
    let site = Site::start().await;
    site.page("/", html("Workshop", "The workshop has a red door.", &[]));
    let app = site.app().await;
    let post = async |path: &str, body: Value| done(&app.post(path, body).await);

    let zone = json!({"time_zone": "America/New_York"});
    done(
        &app.send(crate::calls::json_put(&app, "/api/v1/facts/settings", zone))
            .await,
    );
    app.document("default", "hours.md", HOURS).await;
    app.document("default", "prices.md", &PRICES.replace("$89", "$79"))
        .await;
    let prices = app.document("default", "prices.md", PRICES).await;
    let note = json!({"title": "Parking", "text": "You can park behind the house."});
    let note = text(&post("/api/v1/snippets", note).await["document"]);
    app.read("default", &note).await;
    let listed = app.get("/api/v1/facts").await.json();
    let facts = listed["facts"].as_array().unwrap().iter();
    let facts: Vec<String> = facts.map(|fact| text(&fact["id"])).collect();

    let gift = json!({"questions": ["Do you offer gift cards?", "Can I buy a voucher?"],
        "answer": "Yes, from $25.", "state": "approved", "owner": "Ann", "expires_at": FIRST});
    let approved = text(&post("/api/v1/faqs", gift).await["id"]);
    let draft = json!({"questions": ["Do you ship?"], "answer": "Within the country."});
    let draft = text(&post("/api/v1/faqs", draft).await["id"]);

    let web = json!({"url": site.url("/"), "kind": "page"});
    let source = sources::add(&app, web).await;
    sources::settled(&app, &source).await;
    let documents = app.get("/api/v1/documents").await.json();
    for document in documents["documents"].as_array().unwrap() {
        app.read("default", &text(&document["id"])).await;
    }

    let answered = ask(&app, PRICE_QUESTION).await;
    let refused = ask(&app, UNKNOWN).await;
    let good = json!({"value": 1, "comment": "Right."});
    post(&format!("/api/v1/receipts/{answered}/rating"), good).await;
    post("/api/v1/golden", json!({"receipt": answered})).await;
    let golden = json!({"question": UNKNOWN, "expectation": {"answerable": false}});
    post("/api/v1/golden", golden).await;
    let run = text(&post("/api/v1/evals/runs", json!({})).await["run"]);
    finished(&app, &run).await;

    let begun = json!({"title": "Prices", "visitor": "v1"});
    let conversation = text(&post("/api/v1/conversations", begun).await["id"]);
    let said = json!({"text": PRICE_QUESTION, "client_id": "c1"});
    let messages = format!("/api/v1/conversations/{conversation}/messages");
    done(&app.post(&messages, said).await);

    let widget = json!({"enabled": true, "origins": ["https://shop.example"], "links": ["pay.example"],
        "title": "Bikes", "colour": "#336699"});
    done(&app.patch("/api/v1/widget", widget).await);
    let site_key = app.get("/api/v1/widget").await.json()["site"].clone();
    let visitor = app
        .post_as("", "/api/v1/visit", json!({"site": site_key}))
        .await;
    let visitor = text(&done(&visitor)["token"]);
    let who = json!({"text": "I am Jo, jo@shop.example. Do you repair umbrellas?"});
    done(&app.post_as(&visitor, "/api/v1/visit/messages", who).await);

    let workspace = app.workspace("default").await;
    let call = made_up(&app, workspace, "When are you open?", FIRST).await;
    record(&app, &call, FIRST).await;
    let call = call.id.to_string();
    Desk {
        app,
        site,
        prices,
        note,
        approved,
        draft,
        facts,
        source,
        answered,
        refused,
        conversation,
        run,
        call,
        visitor,
    }
}

impl Desk {
    async fn hold(&self, name: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let asked = match &body {
            Some(body) => json_request(&self.app.key, path, body.to_string()),
            None => request(Method::GET, path, &self.app.key)
                .body(Body::empty())
                .unwrap(),
        };
        let (mut parts, body) = asked.into_parts();
        parts.method = method.clone();
        let reply = self
            .app
            .send(axum::http::Request::from_parts(parts, body))
            .await;
        hold(name, &format!("{method} {path}"), &reply, How::Settled);
        reply
    }

    pub async fn get(&self, name: &str, path: &str) -> Reply {
        self.hold(name, Method::GET, path, None).await
    }

    pub async fn get_as(&self, name: &str, path: &str, how: How) -> Reply {
        let reply = self.app.get(path).await;
        hold(name, &format!("GET {path}"), &reply, how);
        reply
    }

    pub async fn post(&self, name: &str, path: &str, body: Value) -> Reply {
        self.hold(name, Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, name: &str, path: &str, body: Value) -> Reply {
        self.hold(name, Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, name: &str, path: &str, body: Value) -> Reply {
        self.hold(name, Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, name: &str, path: &str) -> Reply {
        self.hold(name, Method::DELETE, path, None).await
    }

    pub async fn form(&self, name: &str, path: &str, form: Form) -> Reply {
        let reply = self.app.post_form(path, form).await;
        hold(name, &format!("POST {path}"), &reply, How::Settled);
        reply
    }
}
