//! Work that a browser does before a visit begins.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Reply, TestApp};
use crate::visit::{site, token, widget};

async fn begin(app: &TestApp, site: &str, work: Option<&Value>) -> Reply {
    let body = json!({"site": site, "work": work});
    app.post_as("", "/api/v1/visit", body).await
}

async fn ask(app: &TestApp, site: &str) -> Value {
    let asked = app.post_as("", "/api/v1/visit/challenge", json!({"site": site}));
    let asked = asked.await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    asked.json()
}

fn solve(challenge: &Value) -> Value {
    let (text, bits) = (challenge["challenge"].as_str().unwrap(), &challenge["bits"]);
    let signature = hex::decode(text.rsplit_once('.').unwrap().1).unwrap();
    let bits = u32::try_from(bits.as_u64().unwrap()).unwrap();
    let is_fine = |number: &u64| {
        let hash = Sha256::new()
            .chain_update(&signature)
            .chain_update(number.to_be_bytes())
            .finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).leading_zeros() >= bits
    };
    let count = usize::try_from(challenge["count"].as_u64().unwrap()).unwrap();
    let solution: Vec<u64> = (0..).filter(is_fine).take(count).collect();
    json!({"challenge": text, "solution": solution})
}

fn refused(reply: &Reply, word: &str) {
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
    assert_eq!(reply.json()["code"], "work_refused");
    assert!(reply.text().contains(word), "{}", reply.text());
}

#[tokio::test]
async fn a_visit_needs_a_solved_challenge_if_the_owner_wants_it() {
    let app = TestApp::new().await;
    let before = token(&app).await;
    let always = json!({"proof_of_work": "always"});
    let set = app.patch("/api/v1/widget", always.clone()).await;
    assert_eq!(set.json()["proof_of_work"], "always", "{}", set.text());
    let here = site(&app, "default").await;

    let without = begin(&app, &here, None).await;
    assert_eq!(without.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(without.json()["code"], "work_required");
    // A visit that has begun goes on.
    let body = json!({"site": here, "token": before});
    let resumed = app.post_as("", "/api/v1/visit", body).await;
    assert_eq!(resumed.json()["resumed"], true, "{}", resumed.text());

    let challenge = ask(&app, &here).await;
    let work = solve(&challenge);
    let mut easy = work.clone();
    easy["solution"] = json!([1, 2, 3, 4]);
    refused(&begin(&app, &here, Some(&easy)).await, "does not solve");
    let mut forged = work.clone();
    let text = work["challenge"].as_str().unwrap();
    forged["challenge"] = json!(text.replacen(".12.", ".1.", 1));
    assert_ne!(forged, work);
    refused(
        &begin(&app, &here, Some(&forged)).await,
        "not made by this front desk",
    );

    widget(&app, "other", always).await;
    let there = site(&app, "other").await;
    refused(
        &begin(&app, &there, Some(&work)).await,
        "not made by this front desk",
    );

    let begun = begin(&app, &here, Some(&work)).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    refused(&begin(&app, &here, Some(&work)).await, "used already");
}

#[tokio::test]
async fn in_a_flood_it_is_asked_for_by_itself() {
    let app = TestApp::new().await;
    widget(&app, "default", json!({"proof_of_work": "automatic"})).await;
    let site = site(&app, "default").await;
    let mut codes = Vec::new();
    for _ in 0..70 {
        codes.push(begin(&app, &site, None).await.status);
    }
    assert_eq!(codes[0], StatusCode::OK);
    assert!(codes.contains(&StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(
        codes.last(),
        Some(&StatusCode::PRECONDITION_REQUIRED),
        "{codes:?}"
    );
    // Another front desk is left alone.
    widget(&app, "other", json!({"proof_of_work": "automatic"})).await;
    let other = self::site(&app, "other").await;
    let calm = begin(&app, &other, None).await;
    assert_ne!(calm.status, StatusCode::PRECONDITION_REQUIRED);
}

#[tokio::test]
async fn a_challenge_is_only_for_pages_that_may_show_the_widget() {
    let app = TestApp::new().await;
    let unknown = json!({"site": "fd_site_0"});
    let unknown = app.post_as("", "/api/v1/visit/challenge", unknown).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    widget(&app, "default", json!({"enabled": false})).await;
    let site = site(&app, "default").await;
    let closed = json!({"site": site});
    let closed = app.post_as("", "/api/v1/visit/challenge", closed).await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN, "{}", closed.text());
}
