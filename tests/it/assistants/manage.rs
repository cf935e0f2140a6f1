//! Copies, files, trying a draft, and who may.

use super::publishing::go_live;
use super::*;

#[tokio::test]
async fn a_question_like_the_examples_of_a_topic_is_about_it() {
    let app = shop().await;
    let topics = json!([{"name": "Medicine", "examples": ["Which tablets help against a headache?"], "say": "Please ask a doctor."}]);
    publish(&app, json!({ "topics": topics })).await;
    let told = ask(&app, "What tablets help against a bad headache?").await;
    assert_eq!(answer(&told), "Please ask a doctor.", "{told}");
    assert_eq!(receipt(&app).await["checks"]["declined"]["by"], "meaning");
    assert!(answer(&ask(&app, "How much is a full service?").await).contains("89"));
    // Its owner wants no other words than these.
    let topics = json!([{"name": "Medicine", "examples": ["Which tablets help against a headache?"], "closeness": 0.99, "say": "Please ask a doctor."}]);
    publish(&app, json!({ "topics": topics })).await;
    let told = ask(&app, "What tablets help against a bad headache?").await;
    assert_ne!(answer(&told), "Please ask a doctor.", "{told}");
}

#[tokio::test]
async fn copies_files_deleting_and_bringing_back() {
    let app = TestApp::new().await;
    publish(
        &app,
        json!({"title": "Marla", "topics": [{"name": "Tax", "words": ["vat"]}]}),
    )
    .await;
    let copy = app
        .post(&format!("{USUAL}/duplicate"), json!({"name": "copy"}))
        .await;
    let copied = copy.json();
    assert_eq!(copied["draft_says"]["title"], "Marla", "{copied}");
    assert_eq!(
        (&copied["version"], &copied["live"]),
        (&json!(0), &Value::Null)
    );
    let taken = app
        .post(&format!("{USUAL}/duplicate"), json!({"name": "copy"}))
        .await;
    assert_eq!(taken.status, StatusCode::CONFLICT);

    for format in ["toml", "json"] {
        let file = app.get(&format!("{USUAL}/export?format={format}")).await;
        assert_eq!(file.status, StatusCode::OK);
        let name = format!("from-{format}");
        let body = json!({"text": file.text(), "name": &name});
        let imported = app.post(&format!("{PATH}/import"), body.clone()).await;
        assert_eq!(
            imported.json()["draft_says"]["topics"],
            json!([{"name": "Tax", "words": ["vat"], "act": "decline"}]),
            "{}",
            imported.text()
        );
        // Once it is live, the same file says nothing else.
        go_live(&app, &name).await;
        let again = app.post(&format!("{PATH}/import"), body).await;
        assert_eq!(again.json()["draft"], false, "{}", again.text());
    }
    let refused = app
        .post(&format!("{PATH}/import"), json!({"text": "title = 3"}))
        .await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_REQUEST,
        "{}",
        refused.text()
    );

    assert_eq!(
        app.delete(&format!("{PATH}/copy")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.get(&format!("{PATH}/copy")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(app.get(PATH).await.json()["deleted"][0]["name"], "copy");
    let back = app.post(&format!("{PATH}/copy/restore"), json!({})).await;
    assert_eq!(
        back.json()["draft_says"]["title"],
        "Marla",
        "{}",
        back.text()
    );
    for name in ["copy", "from-toml", "from-json", "desk"] {
        assert_eq!(
            app.delete(&format!("{PATH}/{name}")).await.status,
            StatusCode::NO_CONTENT,
            "{name}"
        );
    }
    let last = app.delete(USUAL).await;
    assert_eq!(last.status, StatusCode::CONFLICT, "{}", last.text());
}

#[tokio::test]
async fn a_draft_can_be_tried_and_waits_at_the_gate_while_that_is_on() {
    let app = shop().await;
    draft(
        &app,
        json!({"topics": [{"name": "Prices", "words": ["how much"], "say": "Not here."}]}),
    )
    .await;
    let question = json!({"question": "How much is a full service?"});
    let tried = app
        .post(&format!("{USUAL}/try"), question.clone())
        .await
        .json();
    assert_eq!(tried["answer"], "Not here.", "{tried}");
    assert!(tried["receipt"].is_null());
    assert!(answer(&ask(&app, "How much is a full service?").await).contains("89"));

    app.post("/api/v1/gate", json!({"on": true})).await;
    let waits = app
        .post(&format!("{USUAL}/publish"), json!({}))
        .await
        .json();
    assert_eq!(waits["waits"], true, "{waits}");
    assert_eq!(app.get(USUAL).await.json()["waits"], true);
    assert!(answer(&ask(&app, "How much is a full service?").await).contains("89"));
    // Whoever changes the draft takes it back.
    draft(&app, json!({"tone": "brief"})).await;
    assert_eq!(app.get(USUAL).await.json()["waits"], false);
    app.post(&format!("{USUAL}/publish"), json!({})).await;
    let published = app
        .post("/api/v1/gate/publish", json!({"anyway": true}))
        .await;
    assert_eq!(
        published.status,
        StatusCode::NO_CONTENT,
        "{}",
        published.text()
    );
    assert_eq!(
        answer(&ask(&app, "How much is a full service?").await),
        "Not here."
    );
    let now = app.get(USUAL).await.json();
    assert_eq!(
        (&now["version"], &now["draft"], &now["waits"]),
        (&json!(2), &json!(false), &json!(false))
    );
}

#[tokio::test]
async fn assistants_of_another_workspace_are_not_found_and_need_the_scope() {
    let app = TestApp::new().await;
    let other = app.workspace("other").await;
    app.post(PATH, json!({"name": "secret", "said": {"title": "Secret"}}))
        .await;
    let (theirs, _) = app.make_key(&["admin"], Some(other)).await;
    let (chat, _) = app.make_key(&["chat"], None).await;
    let get = async |key: &str, path: &str| {
        let wanted = request(Method::GET, path, key).body(axum::body::Body::empty());
        app.send(wanted.unwrap()).await.status
    };
    for path in ["", "/versions", "/export", "/diff"] {
        let path = format!("{PATH}/secret{path}");
        assert_eq!(get(&theirs, &path).await, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(get(&chat, &path).await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(get("", &path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
}

mod page {
    //! The pages for people.

    use super::*;
    use crate::browser::{Browser, person};

    #[tokio::test]
    async fn every_tab_shows_its_fields_and_saves_into_the_draft() {
        let app = TestApp::new().await;
        person(&app, "ann", "owner").await;
        let mut owner = Browser::new(&app);
        owner.password("ann").await;
        let list = owner.get("/assistants").await;
        assert!(
            list.text().contains("/assistants/frontdesk"),
            "{}",
            list.text()
        );
        for (tab, field) in [
            ("about", "name=\"title\""),
            ("knowledge", "name=\"knowledge.tags\""),
            ("answers", "As the workspace: on"),
            ("topics", "topics.0.name"),
            ("people", "name=\"hours.monday\""),
            ("voice", "name=\"voice.speed\""),
            ("doing", "name=\"workflows\""),
            ("versions", "Version 1"),
            ("try", "name=\"question\""),
        ] {
            let page = owner.get(&format!("/assistants/frontdesk?tab={tab}")).await;
            assert!(page.text().contains(field), "{tab}: {}", page.text());
        }
        let saved = owner
            .post(
                "/assistants/frontdesk/answers",
                "ladder.model=off&ladder.read_threshold=0.9",
            )
            .await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let page = owner.get("/assistants/frontdesk?tab=versions").await;
        let told = "Words of the language model: now off.";
        assert!(page.text().contains(told), "{}", page.text());
        let wrong = owner
            .post(
                "/assistants/frontdesk/answers",
                "ladder.read_threshold=much",
            )
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("value=\"much\""), "{}", wrong.text());
        let done = owner
            .post("/assistants/frontdesk/publish", "note=surer")
            .await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(app.get(USUAL).await.json()["version"], 2);
        let tried = owner
            .post("/assistants/frontdesk/try", "question=Hello&history=%5B%5D")
            .await;
        assert!(
            tried.text().contains("How can I help you?"),
            "{}",
            tried.text()
        );
    }
}

#[tokio::test]
async fn names_of_workflows_and_tools_have_to_be_there_but_for_a_file() {
    let app = TestApp::new().await;
    let made = put(&app, "/api/v1/workflows/callback", &json!({})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    for (field, told) in [
        ("workflows", "there are: callback"),
        ("tools", "there is none in this workspace yet"),
    ] {
        let refused = draft(&app, json!({ field: ["calback"] })).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let told_all = refused.json();
        assert_eq!(told_all["param"], field, "{told_all}");
        let detail = told_all["detail"].as_str().unwrap();
        assert!(detail.contains("calback") && detail.contains(told));
    }
    // A setting that stands in the wrong place is not passed over.
    let path = format!("{USUAL}/draft");
    let misplaced = app.patch(&path, json!({"workflows": ["callback"]})).await;
    assert_eq!(misplaced.status, StatusCode::BAD_REQUEST);
    let saved = draft(&app, json!({"workflows": ["callback"]})).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert_eq!(saved.json()["warnings"], json!([]));

    let file = "frontdesk_assistant = 1\nname = \"file\"\ntitle = \"File\"\ntools = [\"later\"]\n";
    let taken = app
        .post(&format!("{PATH}/import"), json!({ "text": file }))
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let warning = taken.json()["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.contains("no tool named \"later\""), "{warning}");
    // What was there before keeps nobody from changing something else.
    let path = format!("{PATH}/file/draft");
    let said = json!({"said": {"greeting": "Hello"}});
    let saved = app.patch(&path, said).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
}
