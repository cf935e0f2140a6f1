//! Figures over HTTP: the page, the API and the files say what is in the store.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use frontdesk::store::{StoreError, WorkspaceId};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request, now, request};
use crate::auth::{sign_in, with_cookie};

const API: &str = "/api/v1/analytics";
const HOUR: i64 = 60 * 60 * 1000;

/// Conversations of a workspace that began some hours ago: the outcome that each must have is in the test.
async fn plant(app: &TestApp, workspace: WorkspaceId) {
    let planted = app.app.store.write(move |tx| {
        let start = now() - 30 * HOUR;
        for number in 0..12_i64 {
            let id = format!("00000000-0000-7000-9000-{number:012}");
            let channel = if number % 4 == 3 { "voice" } else { "chat" };
            let at = start + number * 1000;
            tx.execute(
                "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
                 VALUES (?, ?, ?, 'v', 'open', ?, ?, 'A title')",
                (&id, workspace, channel, at, at),
            )?;
            let rung = if number % 3 == 0 { "refusal" } else { "read" };
            tx.execute(
                "INSERT INTO receipts (id, workspace, conversation, question, rung, answer, passages, checks, timings, tokens, created_at)
                 VALUES (?, ?, ?, 'q', ?, 'a', '[]', '{}', ?, '{}', ?)",
                (format!("r{number}"), workspace, &id, rung, format!("{{\"total\":{}}}", number * 100), at),
            )?;
            if number % 2 == 0 {
                tx.execute(
                    "INSERT INTO ratings (receipt, workspace, value, created_at) VALUES (?, ?, ?, ?)",
                    (format!("r{number}"), workspace, if number == 4 { -1 } else { 1 }, at),
                )?;
            }
        }
        Ok::<_, StoreError>(())
    });
    planted.await.unwrap();
}

async fn sql(app: &TestApp, sql: &'static str) -> u64 {
    let read = app.app.store.read(move |conn| {
        let number: i64 = conn.query_row(sql, [], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    });
    read.await.unwrap()
}

async fn page(app: &TestApp, token: &str, path: &str) -> Reply {
    let asked = with_cookie(Method::GET, path, token).body(Body::empty());
    app.send(asked.unwrap()).await
}

#[tokio::test]
async fn page_api_and_files_say_what_the_store_says() {
    let app = TestApp::new().await;
    let shop = app.workspace("default").await;
    plant(&app, shop).await;
    let found = app.get(API).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text());
    let found = found.json();
    let figures = &found["figures"];
    let settled = "SELECT count(*) FROM receipts r JOIN ratings t ON t.receipt = r.id WHERE r.rung = 'read' AND t.value = 1";
    let resolved = sql(&app, settled).await;
    let bad = "SELECT count(*) FROM receipts r LEFT JOIN ratings t ON t.receipt = r.id WHERE r.rung = 'refusal' OR t.value = -1";
    let unanswered = sql(&app, bad).await;
    let all = sql(&app, "SELECT count(DISTINCT conversation) FROM receipts").await;
    assert_eq!(figures["conversations"], all);
    assert_eq!(figures["resolved"], resolved);
    assert_eq!(figures["unanswered"], unanswered);
    assert_eq!(figures["left"], all - resolved - unanswered);
    assert_eq!(figures["thumbs_down"], 1);
    assert_eq!(figures["reported_false"], 1);
    assert_eq!(figures["answers"]["refusal"], 4);
    assert_eq!(figures["answer_ms_p50"], 500);
    assert_eq!(figures["answer_ms_p95"], 1100);
    assert_eq!(
        (found["pending"].as_u64(), found["tests"].as_u64()),
        (Some(0), Some(0))
    );
    let hours = found["hours"].as_array().unwrap().iter();
    let begun = hours
        .flat_map(|day| day.as_array().unwrap())
        .map(|n| n.as_u64().unwrap());
    assert_eq!(begun.sum::<u64>(), all);
    let voice = app.get(&format!("{API}?channel=voice")).await.json();
    assert_eq!(voice["figures"]["conversations"], 3);

    let (_, token) = sign_in(&app, Role::Owner).await;
    let shown = page(&app, &token, "/analytics").await;
    assert_eq!(shown.status, StatusCode::OK);
    let (text, ended) = (shown.text(), "Settled without a person</th>");
    assert!(
        text.contains(&format!("{ended}<td class=\"numeric\">{resolved}</td>")),
        "{text}"
    );
    assert!(text.contains("<svg class=\"course\"") && text.contains("</desc>"));
    assert!(!text.contains("style="), "no style may stand in the page");
    let file = page(&app, &token, "/analytics/file?table=outcomes").await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let line = format!("\"Settled without a person\",\"{resolved}\"");
    assert!(file.text().contains(&line), "{}", file.text());
    let same = app.get(&format!("{API}/tables/outcomes")).await;
    assert_eq!(same.text(), file.text());
}

#[tokio::test]
async fn an_empty_workspace_has_a_page_and_zeros() {
    let app = TestApp::new().await;
    let found = app.get(API).await.json();
    assert_eq!(found["figures"]["conversations"], 0);
    assert_eq!(found["figures"]["resolution"], Value::Null);
    assert_eq!(found["course"].as_array().unwrap().len(), 28);
    let (_, token) = sign_in(&app, Role::Owner).await;
    let shown = page(&app, &token, "/analytics").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text().contains("Nothing happened in these days"));
}

#[tokio::test]
async fn nonsense_is_refused_and_the_page_shows_it_again() {
    let app = TestApp::new().await;
    for (query, field) in [
        ("from=soon", "from"),
        ("until=2026-02-30", "until"),
        ("from=2026-02-02&until=2026-02-01", "until"),
        ("from=1000-01-01", "until"),
        ("channel=pigeon", "channel"),
    ] {
        let refused = app.get(&format!("{API}?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(refused.json()["param"], field, "{query}");
    }
    for path in ["?assistant=nobody", "/tables/coffee", "?workspace=nowhere"] {
        let missing = app.get(&format!("{API}{path}")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
    }
    let (_, token) = sign_in(&app, Role::Owner).await;
    let shown = page(&app, &token, "/analytics?from=soon").await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    assert!(shown.text().contains("is no day") && shown.text().contains("value=\"soon\""));
}

#[tokio::test]
async fn only_who_may_see_quality_sees_figures_and_each_sees_their_own() {
    let app = TestApp::new().await;
    plant(&app, app.workspace("default").await).await;
    let other = app.workspace("other").await;
    let (bound, _) = app.make_key(&["evaluate"], Some(other)).await;
    let own = request(Method::GET, API, &bound).body(Body::empty());
    let own = app.send(own.unwrap()).await.json();
    assert_eq!(own["figures"]["conversations"], 0);
    let theirs = request(Method::GET, &format!("{API}?workspace=default"), &bound);
    let theirs = app.send(theirs.body(Body::empty()).unwrap()).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let (chat, _) = app.make_key(&["chat"], None).await;
    let refused = request(Method::GET, API, &chat).body(Body::empty());
    let refused = app.send(refused.unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let (_, agent) = sign_in(&app, Role::Agent).await;
    let shown = page(&app, &agent, "/analytics").await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_person_chooses_the_digest_and_a_program_cannot() {
    let app = TestApp::new().await;
    let path = format!("{API}/digest");
    let mut set = json_request(&app.key, &path, json!({ "on": true }).to_string());
    *set.method_mut() = Method::PUT;
    let refused = app.send(set).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.json()["code"], "people_only");

    let (_, token) = sign_in(&app, Role::Owner).await;
    for (on, expected) in [("yes", true), ("no", false)] {
        let form = with_cookie(Method::POST, "/analytics/digest", &token)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let chosen = app
            .send(form.body(Body::from(format!("on={on}"))).unwrap())
            .await;
        assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.text());
        let standing = page(&app, &token, &path).await.json();
        assert_eq!(standing["on"], expected);
        assert_eq!(standing["can_send"], false);
    }
}
