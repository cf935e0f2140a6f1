//! The stand-in itself, asked without our client: it keeps the rules of Kommo's contract.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::kommo_fake::{CLIENT, HOST, KommoFake, REDIRECT, SECRET};

struct Raw {
    fake: KommoFake,
    client: Client,
    access: String,
}

impl Raw {
    async fn start() -> Self {
        let fake = KommoFake::start().await;
        fake.switch(|switches| switches.per_second = Some(100_000));
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let mut raw = Self {
            fake,
            client,
            access: String::new(),
        };
        let code = raw.fake.issue_code();
        let (status, tokens) = raw
            .grant(json!({ "grant_type": "authorization_code", "code": code }))
            .await;
        assert_eq!(status, 200, "{tokens}");
        raw.access = tokens["access_token"].as_str().unwrap().to_owned();
        raw
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.fake.base());
        let request = self
            .client
            .request(method, url)
            .bearer_auth(&self.access)
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, Value::Null).await
    }

    async fn grant(&self, grant: Value) -> (u16, Value) {
        let mut body =
            json!({ "client_id": CLIENT, "client_secret": SECRET, "redirect_uri": REDIRECT });
        body.as_object_mut()
            .unwrap()
            .extend(grant.as_object().unwrap().clone());
        self.send(Method::POST, "oauth2/access_token", body).await
    }
}

#[tokio::test]
async fn people_agree_decline_or_install() {
    let raw = Raw::start().await;
    for (answer, has, lacks) in [
        ("", "state=s1", "from_widget"),
        ("&answer=denied", "error=access_denied", "code="),
        ("&answer=from_widget", "from_widget=1", "state="),
    ] {
        let url = format!(
            "{}oauth?client_id={CLIENT}&state=s1{answer}",
            raw.fake.base()
        );
        let back = raw.client.get(url).send().await.unwrap();
        let to = back.headers()["location"].to_str().unwrap();
        assert!(
            to.starts_with(REDIRECT) && to.contains(has) && !to.contains(lacks),
            "{to}"
        );
        assert!(answer.contains("denied") || to.contains(&format!("referer={HOST}")));
    }
}

#[tokio::test]
async fn codes_and_tokens_follow_the_contract() {
    let raw = Raw::start().await;
    let code = raw.fake.issue_code();
    let grant = json!({ "grant_type": "authorization_code", "code": code });
    let elsewhere = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": "https://x.example/" });
    assert_eq!(raw.grant(elsewhere).await.0, 400);
    let (status, first) = raw.grant(grant.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(raw.grant(grant).await.0, 400, "a code is used once");
    let late = raw.fake.issue_code();
    raw.fake.age_code(&late, Duration::from_secs(20 * 60 + 1));
    let (status, body) = raw
        .grant(json!({ "grant_type": "authorization_code", "code": late }))
        .await;
    assert_eq!((status, body["status"].as_u64()), (400, Some(400)));

    // The old refresh token counts until the new pair is used.
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": first["refresh_token"] });
    assert_eq!(raw.grant(refresh.clone()).await.0, 200);
    let (status, second) = raw.grant(refresh.clone()).await;
    assert_eq!(status, 200);
    let access = second["access_token"].as_str().unwrap().to_owned();
    let used = Raw { access, ..raw };
    assert_eq!(used.get("api/v4/account").await.0, 200);
    assert_eq!(used.grant(refresh).await.0, 400);
}

#[tokio::test]
async fn lists_links_and_limits_are_kommos() {
    let raw = Raw::start().await;
    assert_eq!(raw.get("api/v4/leads").await.0, 204, "no rows");
    for id in 1..=3 {
        raw.fake.world().add_lead(id, "x");
    }
    let (status, page) = raw.get("api/v4/leads?limit=2&page=1").await;
    assert_eq!(
        (status, page["_embedded"]["leads"].as_array().map(Vec::len)),
        (200, Some(2))
    );
    assert!(page["_links"]["next"]["href"].is_string());
    let (_, last) = raw.get("api/v4/leads?limit=2&page=2").await;
    assert!(last["_links"]["next"].is_null());
    assert_eq!(raw.get("api/v4/leads?limit=2&page=3").await.0, 204);
    assert_eq!(raw.get("api/v4/leads?limit=251").await.0, 422);
    assert_eq!(raw.get("api/v4/leads/9").await.0, 404);
    assert_eq!(raw.get("api/v4/contacts/1000001").await.0, 200);
    let many: Vec<Value> = (0..251).map(|id| json!({ "id": id })).collect();
    assert_eq!(
        raw.send(Method::PATCH, "api/v4/leads", many.into()).await.0,
        422
    );
    raw.fake.switch(|switches| switches.revoked = true);
    assert_eq!(raw.get("api/v4/leads/1").await.0, 401);
}

#[tokio::test]
async fn the_set_of_tags_overrides_and_unknown_fields_are_refused() {
    let raw = Raw::start().await;
    raw.fake.world().add_lead(1, "x");
    let both = json!({ "_embedded": { "tags": [{ "name": "only" }] }, "tags_to_add": [{ "name": "lost" }] });
    assert_eq!(raw.send(Method::PATCH, "api/v4/leads/1", both).await.0, 200);
    let (_, lead) = raw.get("api/v4/leads/1").await;
    assert_eq!(lead["_embedded"]["tags"], json!([{ "name": "only" }]));
    let field = json!({ "custom_fields_values": [{ "field_id": 99, "values": [{ "value": 1 }] }] });
    let (status, problem) = raw.send(Method::PATCH, "api/v4/leads/1", field).await;
    assert_eq!(status, 400);
    assert_eq!(
        problem["validation-errors"][0]["errors"][0]["code"],
        "NotSupportedChoice"
    );
}

#[tokio::test]
async fn notes_are_filtered_changed_and_pinned() {
    let raw = Raw::start().await;
    raw.fake.world().add_lead(1, "x");
    let note = |kind: &str, params: Value| json!([{ "entity_id": 1, "note_type": kind, "params": params }]);
    let path = "api/v4/leads/notes";
    let (status, made) = raw
        .send(Method::POST, path, note("common", json!({ "text": "a" })))
        .await;
    assert_eq!(status, 200);
    let id = made["_embedded"]["notes"][0]["id"].clone();
    let service = json!({ "service": "x", "text": "b" });
    raw.send(
        Method::POST,
        path,
        note("extended_service_message", service),
    )
    .await;
    let nameless = note("extended_service_message", json!({ "text": "b" }));
    assert_eq!(raw.send(Method::POST, path, nameless).await.0, 400);
    let (_, found) = raw
        .get("api/v4/leads/1/notes?filter[note_type][]=common")
        .await;
    assert_eq!(
        found["_embedded"]["notes"].as_array().map(Vec::len),
        Some(1)
    );
    let change = json!({ "params": { "text": "c" } });
    assert_eq!(
        raw.send(Method::PATCH, &format!("api/v4/leads/1/notes/{id}"), change)
            .await
            .0,
        200
    );
    let pin = format!("api/v4/leads/1/notes/{id}/pin");
    assert_eq!(raw.send(Method::POST, &pin, Value::Null).await.0, 204);
    let kept = raw.fake.world().notes[0].clone();
    assert_eq!(
        (&kept["params"]["text"], &kept["is_pinned"]),
        (&json!("c"), &json!(true))
    );
}
