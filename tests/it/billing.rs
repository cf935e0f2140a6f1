//! Billing, against a shop that speaks as Lemon Squeezy documents it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::auth::{sign_in, with_cookie};
use crate::lemon_squeezy::{Delivery, Key, Licences, Shop};

const BILLING: &str = "/api/v1/billing";
const HOOK: &str = "/api/v1/billing/hook";
const LICENCE: &str = "/api/v1/billing/licence";
const SHOP: Shop = Shop {
    secret: "a secret of ours",
    store: 7,
};

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request =
        request(Method::PUT, path, &app.key).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

/// An application whose owner sells at the shop.
async fn selling(licences: &Licences) -> TestApp {
    let allow = format!("127.0.0.1:{}", licences.port);
    let app = TestApp::with(|config| config.egress_allow = allow).await;
    let set = json!({
        "enabled": true, "secret": SHOP.secret, "store": "7", "api": licences.url(),
        "checkout": "https://shop.example/buy",
    });
    let set = put(&app, BILLING, set).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    assert!(!set.text().contains(SHOP.secret));
    app
}

async fn deliver(app: &TestApp, it: &Delivery) -> Reply {
    let request = Request::builder()
        .method(Method::POST)
        .uri(HOOK)
        .header(header::CONTENT_TYPE, "application/json")
        .header("X-Event-Name", &it.event)
        .header("X-Signature", &it.signature);
    app.send(request.body(Body::from(it.body.clone())).unwrap())
        .await
}

async fn take(app: &TestApp, it: &Delivery) {
    let reply = deliver(app, it).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
}

async fn entitlement(app: &TestApp) -> Value {
    app.get(BILLING).await.json()["entitlements"][0].clone()
}

async fn last_outcome(app: &TestApp) -> String {
    let told = app.get(BILLING).await.json();
    told["events"][0]["outcome"]
        .as_str()
        .unwrap_or("")
        .to_owned()
}

/// What the shop was opened with for a workspace, as the link says that people follow to it.
async fn custom_of(app: &TestApp, name: &str) -> Value {
    let workspace = app.workspace(name).await;
    let (bound, _) = app.make_key(&["admin"], Some(workspace)).await;
    let own = request(Method::GET, BILLING, &bound).body(Body::empty());
    let link = app.send(own.unwrap()).await.json()["own_checkout"].clone();
    let (_, query) = link.as_str().unwrap().split_once('?').unwrap();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let custom = pairs.filter_map(|(name, value)| {
        let name = name.strip_prefix("checkout[custom][")?.strip_suffix(']')?;
        Some((name.to_owned(), Value::String(value.into_owned())))
    });
    Value::Object(custom.collect())
}

async fn custom(app: &TestApp) -> Value {
    custom_of(app, "default").await
}

/// Whether a recording is transcribed.
async fn transcribes(app: &TestApp) -> StatusCode {
    let form = crate::app::Form::new().file("file", "call.wav", b"RIFF....WAVE");
    app.post_form("/v1/audio/transcriptions", form).await.status
}

#[tokio::test]
async fn nobody_is_refused_anything_before_the_owner_sells() {
    let app = TestApp::new().await;
    let named = json!({ "workspace": app.workspace("default").await.to_string() });
    let expired = json!({ "status": "expired" });
    let told = SHOP.subscription("subscription_expired", "1", named, expired);
    assert_eq!(deliver(&app, &told).await.status, StatusCode::NOT_FOUND);
    assert_eq!(transcribes(&app).await, StatusCode::OK);
    let off = app.post(LICENCE, json!({ "key": "A" })).await;
    assert_eq!(off.json()["code"], "billing_off");
}

#[tokio::test]
async fn only_the_shop_is_believed_and_only_for_the_bytes_that_it_signed() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let told = SHOP.subscription("subscription_created", "1", custom(&app).await, json!({}));
    let forged = Shop {
        secret: "another secret",
        store: 7,
    };
    let forged = forged.subscription("subscription_created", "1", custom(&app).await, json!({}));
    let unsigned = Delivery {
        signature: String::new(),
        ..told.clone()
    };
    let mut changed = told.clone();
    changed.body.push(b' ');
    for wrong in [&forged, &unsigned, &changed] {
        let refused = deliver(&app, wrong).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.json()["code"], "wrong_signature");
    }
    assert_eq!(app.get(BILLING).await.json()["entitlements"], json!([]));
    take(&app, &told).await;
    assert_eq!(entitlement(&app).await["state"], "active");
    // The same again is taken and does nothing.
    take(&app, &told).await;
    let events = app.get(BILLING).await.json();
    assert_eq!(events["events"].as_array().map(Vec::len), Some(1));
    let page = app.get(BILLING).await;
    assert!(
        !page.text().contains("buyer.example"),
        "who bought is not kept"
    );
}

#[tokio::test]
async fn states_let_work_be_done_or_not_and_nothing_is_deleted() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    app.document("default", "menu.txt", "Soup costs 5 dollars.")
        .await;
    let custom = custom(&app).await;
    let steps = [
        (
            "subscription_created",
            json!({ "status": "on_trial" }),
            true,
        ),
        ("subscription_updated", json!({ "status": "active" }), true),
        (
            "subscription_updated",
            json!({ "status": "past_due" }),
            true,
        ),
        ("subscription_updated", json!({ "status": "unpaid" }), false),
        ("subscription_updated", json!({ "status": "active" }), true),
        (
            "subscription_cancelled",
            json!({ "status": "cancelled", "ends_at": "2099-01-01T00:00:00.000000Z" }),
            true,
        ),
        (
            "subscription_cancelled",
            json!({ "status": "cancelled", "ends_at": "2026-01-01T00:00:00.000000Z" }),
            false,
        ),
        (
            "subscription_paused",
            json!({ "status": "paused", "pause": { "mode": "free", "resumes_at": null } }),
            true,
        ),
        (
            "subscription_paused",
            json!({ "status": "paused", "pause": { "mode": "void", "resumes_at": null } }),
            false,
        ),
        (
            "subscription_expired",
            json!({ "status": "expired" }),
            false,
        ),
        ("subscription_resumed", json!({ "status": "active" }), true),
    ];
    // `past_due` is graced from when it changed: soon, so that the test is right for years.
    let day = jiff::Timestamp::now();
    for (minute, (event, mut attributes, works)) in (0..).zip(steps) {
        let at = day + jiff::SignedDuration::from_mins(minute);
        attributes["updated_at"] = json!(at.to_string());
        let told = SHOP.subscription(event, "1", custom.clone(), attributes);
        take(&app, &told).await;
        let now = entitlement(&app).await;
        assert_eq!(now["works"], works, "{event}: {now}");
        let status = transcribes(&app).await;
        let expected = match works {
            true => StatusCode::OK,
            false => StatusCode::PAYMENT_REQUIRED,
        };
        assert_eq!(status, expected, "{event}: {now}");
    }
    let expired = json!({ "status": "expired", "updated_at": "2099-01-01T10:00:00.000000Z" });
    take(
        &app,
        &SHOP.subscription("subscription_expired", "1", custom, expired),
    )
    .await;
    let form = crate::app::Form::new().file("file", "more.txt", "Tea costs 2 dollars.");
    let refused = app.post_form("/api/v1/documents", form).await;
    assert!(
        refused.text().contains("subscription"),
        "{}",
        refused.text()
    );
    let documents = app.get("/api/v1/documents").await.json();
    assert_eq!(documents["documents"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_comes_late_does_not_undo_what_is_known() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let custom = custom(&app).await;
    let at = |day: u32, status: &str| {
        let attributes = json!({
            "status": status, "updated_at": format!("2026-12-{day:02}T10:00:00.000000Z"),
        });
        SHOP.subscription("subscription_updated", "1", custom.clone(), attributes)
    };
    take(&app, &at(5, "active")).await;
    take(&app, &at(3, "unpaid")).await;
    assert!(last_outcome(&app).await.contains("newer"));
    assert_eq!(entitlement(&app).await["state"], "active");
    // A payment carries an invoice, whose own id is not that of the subscription.
    let failed = json!({ "status": "pending", "updated_at": "2026-12-06T10:00:00.000000Z" });
    take(
        &app,
        &SHOP.invoice("subscription_payment_failed", 1, failed),
    )
    .await;
    assert_eq!(entitlement(&app).await["payment"], "pending");
    take(&app, &at(7, "unpaid")).await;
    assert_eq!(entitlement(&app).await["works"], false);
    let paid = json!({ "status": "paid", "updated_at": "2026-12-08T10:00:00.000000Z" });
    take(
        &app,
        &SHOP.invoice("subscription_payment_recovered", 1, paid),
    )
    .await;
    assert_eq!(entitlement(&app).await["works"], true);
    let late = json!({ "status": "pending", "updated_at": "2026-12-06T11:00:00.000000Z" });
    take(&app, &SHOP.invoice("subscription_payment_failed", 1, late)).await;
    assert_eq!(entitlement(&app).await["payment"], "paid");
    let stranger = SHOP.invoice("subscription_payment_success", 99, json!({}));
    take(&app, &stranger).await;
    assert!(last_outcome(&app).await.contains("not known yet"));
}

#[tokio::test]
async fn another_store_test_mode_and_strangers_count_for_nothing() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let custom = custom(&app).await;
    let foreign = json!({ "store_id": 8 });
    take(
        &app,
        &SHOP.subscription("subscription_created", "1", custom.clone(), foreign),
    )
    .await;
    let test = json!({ "test_mode": true });
    take(
        &app,
        &SHOP.subscription("subscription_created", "2", custom, test),
    )
    .await;
    assert_eq!(app.get(BILLING).await.json()["entitlements"], json!([]));
    // Whose it is may be said later. An id alone is no proof that this front desk sent the buyer.
    let nobody = json!({ "workspace": app.workspace("default").await.to_string() });
    take(
        &app,
        &SHOP.subscription("subscription_created", "3", nobody, json!({})),
    )
    .await;
    assert_eq!(entitlement(&app).await["workspace"], Value::Null);
    let path = format!("{BILLING}/subscriptions/3");
    let assigned = put(&app, &path, json!({ "workspace": "default" })).await;
    assert_eq!(assigned.status, StatusCode::OK, "{}", assigned.text());
    let id = app.workspace("default").await.to_string();
    assert_eq!(entitlement(&app).await["workspace"], *id);
    // A page of the shop that names another workspace takes it from nobody.
    let other = custom_of(&app, "other").await;
    let later = json!({ "updated_at": "2026-12-02T10:00:00.000000Z" });
    take(
        &app,
        &SHOP.subscription("subscription_updated", "3", other, later),
    )
    .await;
    assert_eq!(entitlement(&app).await["workspace"], *id);
}

#[tokio::test]
async fn a_variant_brings_its_plan() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let plan = json!({ "name": "Small", "limits": { "analyses": 5 } });
    let plan = app.post("/api/v1/plans", plan).await.json();
    let plans = json!({ "plans": { "71": plan["id"] } });
    let set = put(&app, BILLING, plans).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let custom = custom(&app).await;
    take(
        &app,
        &SHOP.subscription("subscription_created", "1", custom, json!({})),
    )
    .await;
    let quota = app.get("/api/v1/quota").await.json();
    assert_eq!(quota["plan_name"], "Small");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let app = TestApp::new().await;
    for (body, field) in [
        (json!({ "enabled": true }), "store"),
        (json!({ "store": "shop" }), "store"),
        (json!({ "secret": "short" }), "secret"),
        (json!({ "products": ["x"] }), "products"),
        (json!({ "plans": { "1": "x" } }), "plans"),
        (json!({ "checkout": "http://shop.example" }), "checkout"),
    ] {
        let refused = put(&app, BILLING, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.json()["param"], field, "{body}");
    }
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let mut broken = SHOP.subscription("subscription_created", "1", json!({}), json!({}));
    broken.body = b"{".to_vec();
    broken.signature = frontdesk::billing::sign(SHOP.secret, b"{");
    assert_eq!(deliver(&app, &broken).await.status, StatusCode::BAD_REQUEST);
    let workspace = app.workspace("default").await;
    let (bound, _) = app.make_key(&["admin"], Some(workspace)).await;
    let body = Body::from(json!({ "enabled": false }).to_string());
    let set =
        request(Method::PUT, BILLING, &bound).header(header::CONTENT_TYPE, "application/json");
    let refused = app.send(set.body(body).unwrap()).await;
    assert_eq!(refused.json()["code"], "bound");
}

#[tokio::test]
async fn a_licence_is_activated_checked_and_given_back() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    let key = "38b1460a-5104-4067-a91d-77b872934d51";
    licences.put(key, Key::new(7));
    let made = app
        .post(LICENCE, json!({ "key": format!(" {key} ") }))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert!(!app.get(BILLING).await.text().contains(key));
    let made = made.json();
    assert_eq!(
        (&made["works"], &made["key_ends"]),
        (&json!(true), &json!("4d51"))
    );
    assert_eq!(licences.key(key).instances.len(), 1);
    let id = made["id"].as_str().unwrap();

    // A second front desk finds the limit reached, in the words of the shop.
    let other = app.workspace("other").await;
    let (second, _) = app.make_key(&["admin"], Some(other)).await;
    let refused = app.post_as(&second, LICENCE, json!({ "key": key })).await;
    assert_eq!(refused.json()["code"], "licence_refused");
    assert!(
        refused.text().contains("activation limit"),
        "{}",
        refused.text()
    );
    // Nor may it remove what is not its own.
    let path = format!("{LICENCE}/{id}");
    let foreign = request(Method::DELETE, &path, &second).body(Body::empty());
    assert_eq!(
        app.send(foreign.unwrap()).await.status,
        StatusCode::NOT_FOUND
    );

    let check = format!("{LICENCE}/{id}/check");
    licences.fail_with(Some(500));
    let unreachable = app.post(&check, json!({})).await;
    assert_eq!(unreachable.json()["code"], "shop_unreachable");
    assert_eq!(
        transcribes(&app).await,
        StatusCode::OK,
        "what was known holds"
    );
    licences.fail_with(None);
    licences.change(key, |key| key.status = "expired");
    let expired = app.post(&check, json!({})).await.json();
    assert_eq!(
        (&expired["state"], &expired["works"]),
        (&json!("expired"), &json!(false))
    );
    assert_eq!(transcribes(&app).await, StatusCode::PAYMENT_REQUIRED);
    licences.change(key, |key| key.status = "active");
    assert_eq!(app.post(&check, json!({})).await.json()["works"], true);
    // Somebody removed the activation at the shop.
    licences.change(key, |key| key.instances.clear());
    assert_eq!(app.post(&check, json!({})).await.json()["works"], false);

    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(transcribes(&app).await, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_do_not_count_use_up_no_activation() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    licences.put("foreign", Key::new(8));
    let mut test = Key::new(7);
    test.test_mode = true;
    licences.put("test", test);
    for status in ["disabled", "expired"] {
        let mut key = Key::new(7);
        key.status = status;
        licences.put(status, key);
    }
    for (key, code) in [
        ("foreign", "foreign_licence"),
        ("test", "test_mode"),
        ("disabled", "licence_refused"),
        ("expired", "licence_refused"),
        ("unknown", "licence_refused"),
        ("", "invalid_request"),
    ] {
        let refused = app.post(LICENCE, json!({ "key": key })).await;
        assert_eq!(refused.json()["code"], code, "{key}");
    }
    assert!(licences.key("foreign").instances.is_empty());
    let asked = licences.asked();
    for (verb, fields) in asked {
        let named = fields["license_key"].as_str();
        assert!(verb != "activate" || named == "disabled" || named == "expired");
    }
    let ledger = app.get("/api/v1/egress").await;
    assert_eq!(ledger.json()["requests"][0]["purpose"], "billing");
    assert!(
        !ledger.text().contains("foreign"),
        "keys are not in the ledger"
    );
}

#[tokio::test]
async fn the_shop_disables_a_key_that_is_in_use() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    licences.put("key-1", Key::new(7));
    app.post(LICENCE, json!({ "key": "key-1" })).await;
    let old = json!({ "status": "disabled", "disabled": true, "updated_at": "2020-01-01T10:00:00.000000Z" });
    take(&app, &SHOP.licence_key("license_key_updated", "key-1", old)).await;
    assert_eq!(
        entitlement(&app).await["works"],
        true,
        "it is older than what is known"
    );
    let new = json!({ "status": "disabled", "disabled": true, "updated_at": "2099-01-01T10:00:00.000000Z" });
    take(&app, &SHOP.licence_key("license_key_updated", "key-1", new)).await;
    assert_eq!(entitlement(&app).await["works"], false);
}

#[tokio::test]
async fn the_pages_show_it_without_secrets() {
    let licences = Licences::start().await;
    let app = selling(&licences).await;
    licences.put("key-secret-1234", Key::new(7));
    app.post(LICENCE, json!({ "key": "key-secret-1234" })).await;
    let custom = custom(&app).await;
    take(
        &app,
        &SHOP.subscription("subscription_created", "1", custom, json!({})),
    )
    .await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    for (path, part) in [("/billing", "Subscription 1"), ("/usage", "Licence …1234")] {
        let page = with_cookie(Method::GET, path, &token).body(Body::empty());
        let page = app.send(page.unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text().contains(part), "{path}: {}", page.text());
        assert!(!page.text().contains(SHOP.secret) && !page.text().contains("key-secret"));
    }
    let (_, token) = sign_in(&app, Role::Agent).await;
    let page = with_cookie(Method::GET, "/billing", &token).body(Body::empty());
    assert_eq!(app.send(page.unwrap()).await.status, StatusCode::FORBIDDEN);
}
