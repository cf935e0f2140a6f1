//! `/mcp`: tools for assistants elsewhere, in both generations of the protocol. Its official client: `tests/mcp/run.sh`.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::config::PublicUrl;
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::{ALL_SCOPES, Reply, TestApp, request};
use crate::auth::{sign_in, with_cookie};

/// The last version with a handshake.
const LEGACY: &str = "2025-11-25";
/// The first without.
const MODERN: &str = "2026-07-28";

fn builder(key: &str) -> axum::http::request::Builder {
    request(Method::POST, "/mcp", key)
        .header(header::HOST, "desk.example")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::CONTENT_TYPE, "application/json")
}

async fn post(app: &TestApp, key: &str, message: Value) -> Reply {
    let request = builder(key).header("mcp-protocol-version", LEGACY);
    let body = Body::from(message.to_string());
    app.send(request.body(body).unwrap()).await
}

fn message(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

/// The result of a method.
async fn result(app: &TestApp, key: &str, method: &str, params: Value) -> Value {
    let reply = post(app, key, message(method, params)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let answer = reply.json();
    assert_eq!(answer["id"], 7);
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

/// What a tool gave.
async fn call(app: &TestApp, key: &str, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let given = result(app, key, "tools/call", params).await;
    assert_eq!(given["isError"], false, "{given}");
    given["structuredContent"].clone()
}

async fn tools(app: &TestApp, key: &str) -> Vec<String> {
    let listed = result(app, key, "tools/list", json!({})).await;
    let names = listed["tools"].as_array().unwrap().iter();
    names
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_client_of_before_shakes_hands() {
    let app = TestApp::new().await;
    let hello = json!({"protocolVersion": LEGACY, "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"}});
    let reply = post(&app, &app.key, message("initialize", hello)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert!(!reply.headers.contains_key("mcp-session-id"));
    let welcome = reply.json()["result"].clone();
    assert_eq!(welcome["protocolVersion"], LEGACY);
    assert_eq!(welcome["serverInfo"]["name"], "frontdesk");
    assert!(welcome["capabilities"]["tools"].is_object());
    assert!(welcome["capabilities"]["resources"].is_object());
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let reply = post(&app, &app.key, ready).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(result(&app, &app.key, "ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_client_of_today_discovers() {
    let app = TestApp::new().await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let ask = async |method: &str| {
        let request = builder(&app.key)
            .header("mcp-protocol-version", MODERN)
            .header("mcp-method", method);
        let body = message(method, json!({"_meta": meta})).to_string();
        let reply = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        reply.json()["result"].clone()
    };
    let found = ask("server/discover").await;
    let versions = found["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!(MODERN)), "{found}");
    let listed = ask("tools/list").await;
    assert_eq!(listed["tools"][0]["name"], "search", "{listed}");
}

#[tokio::test]
async fn the_tools_do_what_the_api_does() {
    let app = TestApp::new().await;
    let text = "We are open from 8:00 to 17:00 on Mondays.";
    let id = app.document("default", "hours.txt", text).await;
    let key = app.key.clone();
    let found = call(&app, &key, "search", json!({"query": "open on Mondays"})).await;
    let passage = &found["passages"][0];
    assert_eq!(
        (&passage["document"], &passage["text"]),
        (&json!(id), &json!(text))
    );
    assert!(passage["score"].as_f64().unwrap() > 0.0 && passage["span"].is_array());

    let question = json!({"question": "When are you open on Mondays?"});
    let answer = call(&app, &key, "ask", question).await;
    assert!(answer["rung"].is_string() && answer["citations"].is_array());
    let path = format!("/api/v1/receipts/{}", answer["receipt"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json()["answer"], answer["answer"]);

    let begun = app.post("/api/v1/conversations", json!({"title": "Bells"}));
    let begun = begun.await.json()["id"].clone();
    let listed = call(&app, &key, "list_conversations", json!({"limit": 5})).await;
    assert_eq!(listed["conversations"][0]["id"], begun);
    let read = call(&app, &key, "read_conversation", json!({"id": begun})).await;
    assert_eq!(read["title"], "Bells");
    assert!(read["transcript"].is_array());
    let log = app.get("/api/v1/audit").await.json();
    let noted = log["entries"].as_array().unwrap().iter();
    let noted: Vec<_> = noted
        .filter(|row| row["what"] == "MCP read_conversation")
        .collect();
    assert_eq!(noted.len(), 1, "{log}");
    assert_eq!(noted[0]["subject"], begun);
    assert!(!log.to_string().contains("POST /mcp"), "{log}");

    let listed = call(&app, &key, "list_documents", json!({})).await;
    assert_eq!(listed["documents"][0]["name"], "hours.txt");
    let listed = result(&app, &key, "resources/list", json!({})).await;
    let uri = listed["resources"][0]["uri"].clone();
    let read = result(&app, &key, "resources/read", json!({"uri": uri})).await;
    assert_eq!(read["contents"][0]["text"], text);
}

#[tokio::test]
async fn a_key_has_the_tools_of_its_scopes() {
    let app = TestApp::new().await;
    let of = async |scopes: &[&str]| {
        let (key, _) = app.make_key(scopes, None).await;
        tools(&app, &key).await
    };
    assert_eq!(
        of(&["chat"]).await,
        ["search", "ask", "list_conversations", "read_conversation"]
    );
    assert_eq!(of(&["documents"]).await, ["search", "list_documents"]);
    assert_eq!(
        of(&["conversations"]).await,
        ["list_conversations", "read_conversation"]
    );
    // What a key does not have, it cannot call either.
    let (key, _) = app.make_key(&["documents"], None).await;
    for (tool, arguments) in [
        ("ask", json!({"question": "Are you open?"})),
        ("no_such_tool", json!({})),
    ] {
        let params = json!({"name": tool, "arguments": arguments});
        let refused = post(&app, &key, message("tools/call", params)).await.json();
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    let (key, _) = app.make_key(&["chat"], None).await;
    let id = app.document("default", "a.txt", "A text.").await;
    let params = json!({"uri": format!("frontdesk://documents/{id}")});
    let refused = post(&app, &key, message("resources/read", params)).await;
    assert!(refused.json()["error"].is_object(), "{}", refused.text());
}

#[tokio::test]
async fn nothing_of_another_workspace_is_there() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    app.workspace("theirs").await;
    let document = app
        .document("theirs", "code.txt", "The code is 1234.")
        .await;
    let begun = app.post("/api/v1/conversations?workspace=theirs", json!({}));
    let begun = begun.await.json()["id"].clone();
    let (key, _) = app.make_key(&ALL_SCOPES, Some(mine)).await;
    for (tool, arguments) in [
        ("search", json!({"query": "code", "workspace": "theirs"})),
        (
            "ask",
            json!({"question": "What is the code?", "workspace": "theirs"}),
        ),
        ("list_documents", json!({"workspace": "theirs"})),
        ("list_conversations", json!({"workspace": "theirs"})),
        (
            "read_conversation",
            json!({"id": begun, "workspace": "theirs"}),
        ),
        ("read_conversation", json!({"id": begun})),
    ] {
        let params = json!({"name": tool, "arguments": arguments});
        let refused = result(&app, &key, "tools/call", params).await;
        assert_eq!(refused["isError"], true, "{tool}");
        let told = refused["content"][0]["text"].as_str().unwrap();
        assert!(told.starts_with("there is no such"), "{tool}: {told}");
    }
    let found = call(&app, &key, "search", json!({"query": "code"})).await;
    assert_eq!(found["passages"], json!([]));
    let listed = result(&app, &key, "resources/list", json!({})).await;
    assert_eq!(listed["resources"], json!([]));
    let params = json!({"uri": format!("frontdesk://documents/{document}")});
    let refused = post(&app, &key, message("resources/read", params)).await;
    assert!(refused.json()["error"].is_object(), "{}", refused.text());
}

#[tokio::test]
async fn a_key_sees_the_conversations_that_it_may() {
    let app = TestApp::new().await;
    let begun = app.post("/api/v1/conversations", json!({})).await.json()["id"].clone();
    let (other, _) = app.make_key(&["chat"], None).await;
    let listed = call(&app, &other, "list_conversations", json!({})).await;
    assert_eq!(listed["conversations"], json!([]));
    let params = json!({"name": "read_conversation", "arguments": {"id": begun}});
    let refused = result(&app, &other, "tools/call", params).await;
    assert_eq!(refused["isError"], true);
    let (desk, _) = app.make_key(&["conversations"], None).await;
    let listed = call(&app, &desk, "list_conversations", json!({})).await;
    assert_eq!(listed["conversations"][0]["id"], begun);
}

#[tokio::test]
async fn only_keys_count_and_only_pages_that_may_call() {
    let app = TestApp::with(|config| {
        config.public_url = PublicUrl(Some("https://desk.example.com".to_owned()));
        config.http_origins = "https://tools.example".to_owned();
    });
    let app = app.await;
    let ping = || Body::from(message("ping", json!({})).to_string());
    let nobody = app.send(builder("").body(ping()).unwrap()).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    let (_, token) = sign_in(&app, Role::Owner).await;
    let person = with_cookie(Method::POST, "/mcp", &token)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::CONTENT_TYPE, "application/json");
    let person = app.send(person.body(ping()).unwrap()).await;
    assert_eq!(person.status, StatusCode::UNAUTHORIZED);

    let from = async |origin: &str| {
        let request = builder(&app.key).header(header::ORIGIN, origin);
        app.send(request.body(ping()).unwrap()).await
    };
    for origin in [
        "https://desk.example.com",
        "https://tools.example",
        "http://localhost:6274",
    ] {
        assert_eq!(from(origin).await.status, StatusCode::OK, "{origin}");
    }
    // A name that was led to this machine is its own origin, and that of the Host header.
    for origin in ["http://desk.example", "https://evil.example", "null"] {
        let refused = from(origin).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(refused.json()["code"], "origin_not_allowed");
    }
}

#[tokio::test]
async fn there_are_no_streams_sessions_and_batches() {
    let app = TestApp::new().await;
    for method in [Method::GET, Method::DELETE] {
        let asked = request(method.clone(), "/mcp", &app.key).body(Body::empty());
        let refused = app.send(asked.unwrap()).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(refused.header("allow"), "POST");
    }
    let batch = json!([message("ping", json!({})), message("ping", json!({}))]);
    let refused = post(&app, &app.key, batch).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["error"]["code"], -32600);
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_terms_of_the_protocol() {
    let app = TestApp::new().await;
    let send = async |body: &str| {
        let request = builder(&app.key).header("mcp-protocol-version", LEGACY);
        app.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    };
    let broken = send("{\"jsonrpc\"").await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(broken.json()["error"]["code"], -32700);
    let unknown = send(&message("tools/uncall", json!({})).to_string()).await;
    assert_eq!(
        unknown.json()["error"]["code"],
        -32601,
        "{}",
        unknown.text()
    );
    // What is wrong with arguments is for the model to read.
    for (tool, arguments, named) in [
        ("search", json!({}), "query"),
        ("search", json!({"query": "x", "limit": 1000}), "limit"),
        ("search", json!({"query": 5}), "query"),
        ("ask", json!({"question": ""}), "question"),
        ("read_conversation", json!({}), "id"),
        ("list_documents", json!({"workspace": 5}), "workspace"),
    ] {
        let params = json!({"name": tool, "arguments": arguments});
        let refused = result(&app, &app.key, "tools/call", params).await;
        assert_eq!(refused["isError"], true, "{refused}");
        let told = refused["content"][0]["text"].as_str().unwrap();
        assert!(told.contains(named), "{told}");
    }
    let large = send(&"x".repeat((1 << 20) + 1)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let picky = request(Method::POST, "/mcp", &app.key)
        .header(header::HOST, "desk.example")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(message("ping", json!({})).to_string()));
    let picky = app.send(picky.unwrap()).await;
    assert_eq!(picky.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(picky.json()["code"], "not_acceptable");
    let odd = builder(&app.key).header("mcp-protocol-version", "1999-01-01");
    let odd = odd.body(Body::from(message("ping", json!({})).to_string()));
    let odd = app.send(odd.unwrap()).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert_eq!(odd.json()["code"], "invalid_request");
}
