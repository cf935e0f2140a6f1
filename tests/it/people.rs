//! What is kept of a person: finding it, erasing it, and who may read it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::visit;

const CANARY: &str = "canary.q8@example.org";

/// Tables and columns in which a text stands.
pub async fn where_is(app: &TestApp, text: &str) -> Vec<String> {
    let text = text.to_owned();
    let read = app.app.store.read(move |conn| {
        let mut found = Vec::new();
        let sql = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
        let columns: Vec<(String, String)> = conn
            .prepare(sql)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (table, column) in columns {
            let sql =
                format!("SELECT count(*) FROM {table} WHERE instr(CAST({column} AS TEXT), ?)");
            let count: i64 = conn.query_row(&sql, [&text], |row| row.get(0))?;
            if count > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
        Ok(found)
    });
    read.await.unwrap()
}

/// A visitor who says who they are, in a chat and in a call of the same conversation; the conversation's id.
async fn a_person(app: &TestApp) -> String {
    let token = visit::token(app).await;
    let text = format!("I am {CANARY}, +49 (0)170 123 45 67. What is the loyalty programme?");
    let said = app
        .post_as(&token, "/api/v1/visit/messages", json!({ "text": text }))
        .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let found = app.get("/api/v1/people?who=canary.q8").await.json();
    assert_eq!(found["found"][0]["kind"], "conversation", "{found}");
    let id = found["found"][0]["id"].as_str().unwrap();
    let id = id.to_owned();
    let workspace = app.workspace("default").await;
    let conversation = id.parse().unwrap();
    let call = app.app.store.write(move |tx| {
        use frontdesk::store::{call_log, calls};
        let new = calls::NewCall {
            assistant: None,
            conversation: Some(conversation),
            channel: calls::CallChannel::Browser,
            caller: Some(CANARY),
            status: calls::CallStatus::InProgress,
        };
        let call = calls::create(tx, workspace, &new, crate::app::now())?;
        let line = call_log::Line {
            speaker: call_log::Speaker::Caller,
            text: format!("My address is {CANARY}"),
            start_ms: 0,
            end_ms: 900,
            state: call_log::LineState::Complete,
            receipt: None,
        };
        call_log::append_line(tx, &call, &line)
    });
    call.await.unwrap();
    id
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_in_the_store() {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let id = a_person(&app).await;
    let other = visit::token(&app).await;
    let question = json!({"text": "How much is a full service?"});
    app.post_as(&other, "/api/v1/visit/messages", question)
        .await;
    // The owner keeps the question to measure by, and measures.
    let receipts = app.get("/api/v1/receipts").await.json();
    let receipts = receipts["receipts"].as_array().unwrap().clone();
    let theirs = receipts
        .iter()
        .find(|r| r["question"].as_str().unwrap().contains(CANARY));
    let receipt = theirs.unwrap()["id"].as_str().unwrap();
    let golden = json!({ "receipt": receipt });
    let golden = app.post("/api/v1/golden", golden).await;
    assert!(golden.status.is_success(), "{}", golden.text());
    let run = app.post("/api/v1/evals/runs", json!({})).await;
    assert!(run.status.is_success(), "{}", run.text());
    crate::quality::finished(&app, run.json()["run"].as_str().unwrap()).await;
    let before = where_is(&app, CANARY).await;
    for table in [
        "messages",
        "receipts",
        "call_lines",
        "calls",
        "golden_questions",
        "gaps",
        "eval_runs",
    ] {
        assert!(
            before.iter().any(|place| place.starts_with(table)),
            "{table}: {before:?}"
        );
    }
    for no in ["anary.q8", "1234"] {
        let found = app.get(&format!("/api/v1/people?who={no}")).await.json();
        assert_eq!(found["found"], json!([]), "{no}");
    }
    for who in [
        "Canary.Q8@EXAMPLE",
        "example.org",
        "0170 1234567",
        "+49 170 123-4567",
        &id,
    ] {
        let path = format!(
            "/api/v1/people?who={}",
            who.replace('+', "%2B").replace(' ', "%20")
        );
        let found = app.get(&path).await.json();
        assert_eq!(
            found["found"].as_array().unwrap().len(),
            1,
            "{who}: {found}"
        );
        assert_eq!(found["found"][0]["id"], id.as_str());
        assert_eq!(found["found"][0]["erases"]["calls"], 1);
    }
    let erased = app
        .post("/api/v1/people/erase", json!({ "conversations": [id] }))
        .await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.text());
    let erased = erased.json();
    assert_eq!(erased["erased"]["calls"], 1, "{erased}");
    assert_eq!(erased["erased"]["golden_questions"], 1, "{erased}");
    assert_eq!(erased["erased"]["visitors"], 1, "{erased}");
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    assert_eq!(where_is(&app, "170 123 45 67").await, Vec::<String>::new());
    // Of others everything is there.
    assert!(
        !where_is(&app, "How much is a full service?")
            .await
            .is_empty()
    );
    let again = app
        .post("/api/v1/people/erase", json!({ "conversations": [id] }))
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_several_conversations_all_are_erased_or_none() {
    let app = TestApp::new().await;
    let id = a_person(&app).await;
    let gone = "01890000-0000-7000-8000-000000000000";
    let reply = app
        .post(
            "/api/v1/people/erase",
            json!({ "conversations": [id, gone] }),
        )
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(!where_is(&app, CANARY).await.is_empty());
    // Twice the same is once.
    let twice = json!({ "conversations": [id, id] });
    let reply = app.post("/api/v1/people/erase", twice).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.json()["copies_erased"], true);
    for (path, body) in [
        ("/api/v1/people/erase", json!({ "conversations": [] })),
        ("/api/v1/people/erase", json!({ "conversations": ["x"] })),
    ] {
        let reply = app.post(path, body).await;
        assert!(reply.status.is_client_error(), "{}", reply.text());
    }
    let short = app.get("/api/v1/people?who=ab").await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn deleting_a_call_takes_its_words_from_the_conversation_too() {
    let app = TestApp::new().await;
    let id = a_person(&app).await;
    let calls = app.get("/api/v1/calls").await.json();
    let call = calls["calls"][0]["id"].as_str().unwrap().to_owned();
    let reply = app.delete(&format!("/api/v1/calls/{call}")).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    // The chat of before the call is the visitor's own.
    let left = where_is(&app, CANARY).await;
    assert!(
        left.iter().all(|place| !place.starts_with("call")),
        "{left:?}"
    );
    let reply = app.delete(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_key_that_only_asks_sees_its_own_conversations() {
    let app = TestApp::new().await;
    let id = a_person(&app).await;
    let (asks, _) = app.make_key(&["chat"], None).await;
    let get = async |path: String| {
        let request = crate::app::request(Method::GET, &path, &asks);
        app.send(request.body(axum::body::Body::empty()).unwrap())
            .await
    };
    let list = async || -> Vec<Value> {
        let all = get("/api/v1/conversations".into()).await.json();
        all["conversations"].as_array().unwrap().clone()
    };
    assert!(list().await.is_empty());
    let path = format!("/api/v1/conversations/{id}");
    assert_eq!(get(path.clone()).await.status, StatusCode::NOT_FOUND);
    let write = app
        .post_as(
            &asks,
            &format!("{path}/messages"),
            json!({"text": "I am the visitor"}),
        )
        .await;
    assert_eq!(write.status, StatusCode::NOT_FOUND);
    let receipts = app.get("/api/v1/receipts").await.json();
    let receipt = receipts["receipts"][0]["id"].as_str().unwrap();
    assert_eq!(
        get(format!("/api/v1/receipts/{receipt}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get("/api/v1/people?who=canary".into()).await.status,
        StatusCode::FORBIDDEN
    );
    let own = app
        .post_as(&asks, "/api/v1/conversations", json!({}))
        .await
        .json();
    let own = own["id"].as_str().unwrap();
    assert_eq!(list().await.len(), 1);
    assert_eq!(
        get(format!("/api/v1/conversations/{own}")).await.status,
        StatusCode::OK
    );
    let (reads, _) = app.make_key(&["chat", "conversations"], None).await;
    let request = crate::app::request(Method::GET, &path, &reads);
    let reply = app
        .send(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn what_stands_outside_of_conversations_is_found_and_erased_too() {
    let app = TestApp::new().await;
    let asked = app
        .post(
            "/api/v1/ask",
            json!({"question": format!("What does {CANARY} owe you?")}),
        )
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    let workspace = app.workspace("default").await;
    let call = app.app.store.write(move |tx| {
        use frontdesk::store::calls;
        let new = calls::NewCall {
            assistant: None,
            conversation: None,
            channel: calls::CallChannel::Realtime,
            caller: Some(CANARY),
            status: calls::CallStatus::InProgress,
        };
        calls::create(tx, workspace, &new, crate::app::now())
    });
    call.await.unwrap();
    let found = app
        .get(&format!("/api/v1/people?who={CANARY}"))
        .await
        .json();
    let mut kinds: Vec<&str> = found["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["call", "receipt"], "{found}");
    let of = |kind: &str| -> Vec<Value> {
        let all = found["found"].as_array().unwrap().iter();
        all.filter(|f| f["kind"] == kind)
            .map(|f| f["id"].clone())
            .collect()
    };
    let erase = json!({"calls": of("call"), "receipts": of("receipt")});
    let reply = app.post("/api/v1/people/erase", erase).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_person_gets_everything_that_is_kept_in_one_file() {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    a_person(&app).await;
    let file = app.get("/api/v1/people/copy?who=canary.q8").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.body.clone())).unwrap();
    let mut text = |name: &str| {
        let mut text = String::new();
        let mut entry = archive.by_name(name).unwrap();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        text
    };
    let kept: Value = serde_json::from_str(&text("person.json")).unwrap();
    let find = &kept["kept"][0];
    assert!(
        find["messages"][0]["text"]
            .as_str()
            .unwrap()
            .contains(CANARY)
    );
    assert!(find["receipts"][0]["passages"].is_object(), "{find}");
    assert_eq!(
        find["call_lines"][0]["text"],
        format!("My address is {CANARY}")
    );
    assert_eq!(find["visitors"][0]["token_hash"], json!({"bytes": 32}));
    assert_eq!(kept["complete"], true);
    assert!(text("person.html").contains(CANARY));
    let nobody = app.get("/api/v1/people/copy?who=nobody.at.all").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn addresses_and_browsers_of_visitors_are_not_kept() {
    const ADDRESS: &str = "203.0.113.77";
    const BROWSER: &str = "CanaryBrowser/9.9";
    let app = TestApp::new().await;
    let from_afar = |token: &str, path: &str, body: Value| {
        let mut request = crate::app::json_request(token, path, body.to_string());
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", ADDRESS.parse().unwrap());
        headers.insert("user-agent", BROWSER.parse().unwrap());
        request
    };
    let site = json!({"site": visit::site(&app, "default").await});
    let begun = app.send(from_afar("", "/api/v1/visit", site)).await;
    let token = begun.json()["token"].as_str().unwrap().to_owned();
    let message = json!({ "text": "Do you repair umbrellas?" });
    let said = app
        .send(from_afar(&token, "/api/v1/visit/messages", message))
        .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let kept = where_is(&app, "umbrellas").await;
    assert!(kept.contains(&"messages.text".to_owned()), "{kept:?}");
    for known in [ADDRESS, BROWSER] {
        assert_eq!(where_is(&app, known).await, Vec::<String>::new(), "{known}");
    }
}
