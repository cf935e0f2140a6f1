//! From a draft to what visitors get.

use super::*;

/// Makes the draft of this assistant live.
pub(super) async fn go_live(app: &TestApp, name: &str) {
    let path = format!("{PATH}/{name}/publish");
    let done = app.post(&path, json!({})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["waits"], false);
}

#[tokio::test]
async fn a_draft_goes_live_only_when_all_that_it_names_is_there() {
    let app = shop().await;
    let file = "frontdesk_assistant = 1\nname = \"file\"\ntitle = \"File\"\nworkflows = [\"callback\"]\n\
        tools = [\"later\"]\n[knowledge]\ntags = [\"sales\"]\n";
    let taken = app
        .post(&format!("{PATH}/import"), json!({ "text": file }))
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let warnings = taken.json()["warnings"].as_array().unwrap().len();
    assert_eq!(warnings, 3, "{}", taken.text());
    let publish = format!("{PATH}/file/publish");
    let refused = app.post(&publish, json!({})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let told = refused.json();
    assert_eq!(told["param"], "workflows", "{told}");
    for missing in [
        "workflow named \"callback\"",
        "tool named \"later\"",
        "tag named \"sales\"",
    ] {
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(missing), "{missing}: {told}");
    }
    assert_eq!(app.get(&format!("{PATH}/file")).await.json()["version"], 0);

    put(&app, "/api/v1/workflows/callback", &json!({})).await;
    let sales = app
        .document("default", "sales.txt", "A tandem costs 900 euros.")
        .await;
    let tags = format!("/api/v1/tags/document/{sales}");
    put(&app, &tags, &json!({"tags": ["sales"]})).await;
    let path = format!("{PATH}/file/draft");
    let without = json!({"said": {"tools": null}});
    let saved = app.patch(&path, without).await;
    assert_eq!(saved.json()["warnings"], json!([]), "{}", saved.text());
    go_live(&app, "file").await;
    // What is live already keeps nobody from publishing something else.
    app.delete("/api/v1/workflows/callback").await;
    app.patch(&path, json!({"said": {"greeting": "Hello"}}))
        .await;
    go_live(&app, "file").await;
}

#[tokio::test]
async fn a_new_assistant_is_for_staff_only_until_it_goes_through_the_gate() {
    let app = shop().await;
    let site = site(&app, "default").await;
    let workspace = app.workspace("default").await;
    let (public, _) = app.make_key(&["chat"], Some(workspace)).await;
    let (own, _) = app.make_key(&["chat", "documents"], Some(workspace)).await;
    app.post("/api/v1/gate", json!({"on": true})).await;
    let said = json!({"title": "Sales desk", "greeting": "Welcome to sales"});
    let made = app.post(PATH, json!({"name": "sales", "said": said})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["version"], &made["draft"], &made["live"]),
        (&json!(0), &json!(true), &Value::Null),
        "{made}"
    );
    let key = app
        .post(&format!("{PATH}/sales/site-key"), json!({}))
        .await
        .json();
    let title = async |body: Value| {
        let begun = app.post_as("", "/api/v1/visit", body).await;
        begun.json()["title"].as_str().unwrap().to_owned()
    };
    let by_key = json!({"site": key["site_key"]});
    let usual = title(json!({ "site": site })).await;
    let ask = json!({"question": "How much is a full service?", "assistant": "sales"});
    let hidden = async || {
        assert_eq!(title(by_key.clone()).await, usual);
        let refused = app.post_as(&public, "/api/v1/ask", ask.clone()).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text());
    };
    hidden().await;
    let served = app.post_as(&own, "/api/v1/ask", ask.clone()).await;
    assert!(served.status.is_success(), "{}", served.text());
    // Without its draft nothing would be left of it.
    let draft = format!("{PATH}/sales/draft");
    assert_eq!(app.delete(&draft).await.status, StatusCode::CONFLICT);
    // Staff see what the draft says, as it changes.
    app.patch(&draft, json!({"said": {"title": "Counter"}}))
        .await;
    let now = app.get(&format!("{PATH}/sales")).await.json();
    assert_eq!(
        (&now["title"], &now["version"]),
        (&json!("Counter"), &json!(0))
    );

    let waits = app
        .post(&format!("{PATH}/sales/publish"), json!({}))
        .await
        .json();
    assert_eq!(waits, json!({"waits": true, "version": 0}));
    hidden().await;
    let untested = app.post("/api/v1/gate/publish", json!({})).await;
    assert_eq!(untested.status, StatusCode::CONFLICT, "{}", untested.text());
    let anyway = json!({"anyway": true});
    let published = app.post("/api/v1/gate/publish", anyway).await;
    assert_eq!(published.status, StatusCode::NO_CONTENT);
    assert_eq!(title(by_key.clone()).await, "Counter");
    let served = app.post_as(&public, "/api/v1/ask", ask.clone()).await;
    assert!(served.status.is_success(), "{}", served.text());
    // The usual one is as it was.
    assert_eq!(title(json!({ "site": site })).await, usual);
    assert_eq!(app.get(USUAL).await.json()["version"], 1);
}

#[tokio::test]
async fn a_page_with_the_key_of_an_assistant_gets_it() {
    let app = shop().await;
    site(&app, "default").await;
    let said = json!({"title": "Sales desk", "greeting": "Welcome to sales", "tone": "brief"});
    let made = app.post(PATH, json!({"name": "sales", "said": said})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    go_live(&app, "sales").await;
    let key = app
        .post(&format!("{PATH}/sales/site-key"), json!({}))
        .await
        .json();
    let begun = app
        .post_as("", "/api/v1/visit", json!({"site": key["site_key"]}))
        .await;
    let visit = begun.json();
    assert_eq!(
        (&visit["title"], &visit["greeting"]),
        (&json!("Sales desk"), &json!("Welcome to sales")),
        "{visit}"
    );
    let visitor = visit["token"].as_str().unwrap();
    assert_eq!(
        answer(&ask_as(&app, visitor, "Thank you very much").await),
        "You're welcome!"
    );
    assert_eq!(receipt(&app).await["checks"]["assistant"], "sales");
    let versions = app.get(&format!("{PATH}/sales/versions")).await.json();
    assert_eq!(
        versions["conversations"],
        json!([{"version": 1, "conversations": 1}])
    );

    app.delete(&format!("{PATH}/sales")).await;
    let gone = app
        .post_as("", "/api/v1/visit", json!({"site": key["site_key"]}))
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text());
    // The conversation goes on with the usual one.
    assert!(answer(&ask_as(&app, visitor, "How much is a full service?").await).contains("89"));
}
