//! Contacts and tasks: the API, the pages, and that nothing of an erased contact is left.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::browser::{Browser, person};
use crate::calls::json_put;
use crate::people::where_is;
use crate::visit;

const CANARY: &str = "canary.k3@example.org";
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

async fn make(app: &TestApp, contact: Value) -> Value {
    let made = app.post("/api/v1/contacts", contact).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()
}

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    app.send(json_put(app, path, body)).await
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// A visitor who asked something and left a lead; the ids of contact and conversation.
async fn lead(app: &TestApp) -> (String, String) {
    let token = visit::token(app).await;
    let text = format!("I am {CANARY}. Do you repair umbrellas?");
    let said = app
        .post_as(&token, "/api/v1/visit/messages", json!({ "text": text }))
        .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let lead = json!({
        "name": "Canary Kay", "email": CANARY, "wish": format!("write to {CANARY}"),
        "consent": {"text": "You may write to me.", "given": true},
    });
    let left = app.post_as(&token, "/api/v1/visit/lead", lead).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text());
    let task = app.get("/api/v1/tasks").await.json()["tasks"][0].clone();
    let text = |field: &str| task[field].as_str().unwrap().to_owned();
    (text("contact"), text("conversation"))
}

#[tokio::test]
async fn contacts_are_made_found_corrected_and_merged() {
    let app = TestApp::new().await;
    let fields = json!({"fields": [
        {"name": "Size", "kind": "choice", "choices": ["S", "M"]}, {"name": "Born", "kind": "date"},
    ]});
    let set = put(&app, "/api/v1/contacts/fields", fields).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let ann = make(
        &app,
        json!({"name": "Ann Müller", "emails": ["Ann@Example.com"], "phones": ["+49 30 123456"], "fields": {"Size": "M"}}),
    )
    .await;
    assert_eq!(ann["emails"][0]["value"], "ann@example.com");
    assert_eq!(
        (&ann["pinned"], &ann["fields"]["Size"]),
        (&json!(true), &json!("M"))
    );
    let ben = make(&app, json!({"name": "Ben", "phones": ["+1 207 555 0199"]})).await;
    for (q, many) in [
        ("m%C3%BCller", 1),
        ("ann", 1),
        ("EXAMPLE", 1),
        ("207-555-0199", 1),
        ("", 2),
        ("eve", 0),
    ] {
        let found = app.get(&format!("/api/v1/contacts?q={q}")).await.json();
        let found = found["contacts"].as_array().unwrap().len();
        assert_eq!(found, many, "{q}");
    }
    let path = format!("/api/v1/contacts/{}", id(&ann));
    let changed = put(
        &app,
        &path,
        json!({"phones": [], "fields": {"Size": "", "Born": "1990-05-03"}}),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(
        (&changed["phones"], &changed["fields"]),
        (&json!([]), &json!({"Born": "1990-05-03"}))
    );
    assert_eq!(changed["emails"][0]["value"], "ann@example.com");
    for (body, status) in [
        (json!({"emails": ["x"]}), StatusCode::BAD_REQUEST),
        (
            json!({"phones": ["call me maybe"]}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"phones": ["+12075550199"]}), StatusCode::CONFLICT),
        (json!({"fields": {"Size": "XL"}}), StatusCode::BAD_REQUEST),
        (json!({"fields": {"Shoe": "1"}}), StatusCode::BAD_REQUEST),
        (json!({"language": "klingon"}), StatusCode::BAD_REQUEST),
    ] {
        let refused = put(&app, &path, body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text());
    }
    let from = format!("/api/v1/contacts/{}/merge", id(&ben));
    let own = app.post(&from, json!({"into": id(&ben)})).await;
    assert_eq!(own.status, StatusCode::BAD_REQUEST, "{}", own.text());
    let one = app.post(&from, json!({"into": id(&ann)})).await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.text());
    assert_eq!(one.json()["phones"][0]["value"], "+12075550199");
    let gone = app.get(&format!("/api/v1/contacts/{}", id(&ben))).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let agreed = json!({"purpose": "news", "given": false, "text": "No more, please."});
    app.post(&format!("{path}/consents"), agreed).await;
    let part = app.get(&format!("{path}/timeline?limit=2")).await.json();
    assert_eq!(part["entries"].as_array().unwrap().len(), 2);
    assert_eq!(part["entries"][0]["kind"], "consent", "{part}");
    let next = part["next"].as_str().unwrap();
    let rest = app
        .get(&format!("{path}/timeline?before={next}"))
        .await
        .json();
    assert!(rest["next"].is_null());
    let last = rest["entries"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["what"], "contact_created", "{rest}");
    let csv = app.get("/api/v1/contacts/export?format=csv").await;
    assert!(csv.text().contains("\"'+12075550199\""), "{}", csv.text());
    let lines = app.get("/api/v1/contacts/export?format=jsonl").await;
    let line: Value = serde_json::from_str(lines.text().lines().next().unwrap()).unwrap();
    assert_eq!(line["consents"][0]["purpose"], "news");
}

#[tokio::test]
async fn of_another_workspace_nothing_is_found_or_changed() {
    let app = TestApp::new().await;
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&crate::app::ALL_SCOPES, Some(other)).await;
    let ann = make(&app, json!({"name": "Ann", "emails": [CANARY]})).await;
    let task = json!({"wish": "call", "due_at": 1, "contact": id(&ann)});
    let task = app.post("/api/v1/tasks", task).await;
    assert_eq!(task.status, StatusCode::CREATED, "{}", task.text());
    let (contact, task) = (id(&ann), id(&task.json()));
    for (method, path, body) in [
        (Method::GET, format!("/api/v1/contacts/{contact}"), None),
        (
            Method::GET,
            format!("/api/v1/contacts/{contact}/timeline"),
            None,
        ),
        (
            Method::GET,
            format!("/api/v1/contacts/{contact}/export"),
            None,
        ),
        (
            Method::PUT,
            format!("/api/v1/contacts/{contact}"),
            Some(json!({"name": "Eve"})),
        ),
        (Method::DELETE, format!("/api/v1/contacts/{contact}"), None),
        (
            Method::POST,
            format!("/api/v1/contacts/{contact}/merge"),
            Some(json!({"into": contact.replace('0', "1")})),
        ),
        (
            Method::POST,
            format!("/api/v1/contacts/{contact}/consents"),
            Some(json!({"purpose": "a", "given": true, "text": "b"})),
        ),
        (
            Method::PUT,
            format!("/api/v1/tasks/{task}"),
            Some(json!({"wish": "no"})),
        ),
        (
            Method::POST,
            format!("/api/v1/tasks/{task}/done"),
            Some(json!({})),
        ),
        (
            Method::POST,
            "/api/v1/tasks".into(),
            Some(json!({"wish": "x", "due_at": 1, "contact": contact})),
        ),
        (Method::GET, format!("/api/v1/contacts/{NOWHERE}"), None),
        (Method::GET, "/api/v1/contacts/x".into(), None),
    ] {
        let mut send = request(method.clone(), &path, &key);
        if body.is_some() {
            send = send.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let reply = app.send(send.body(body.into()).unwrap()).await;
        assert_eq!(
            reply.status,
            StatusCode::NOT_FOUND,
            "{method} {path}: {}",
            reply.text()
        );
    }
    // The same address there is another person.
    let same = json!({"name": "Ann", "emails": [CANARY]});
    let theirs = app.post_as(&key, "/api/v1/contacts", same).await;
    assert_eq!(theirs.status, StatusCode::CREATED, "{}", theirs.text());
    let still = app.get(&format!("/api/v1/contacts/{contact}")).await.json();
    assert_eq!(still["name"], "Ann");
    let (asks, _) = app.make_key(&["chat"], None).await;
    let list = request(Method::GET, "/api/v1/contacts", &asks);
    let denied = app
        .send(list.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nothing_of_an_erased_contact_is_left_in_the_store() {
    let app = TestApp::new().await;
    let (contact, _) = lead(&app).await;
    for table in ["contact_points", "tasks", "messages"] {
        let kept = where_is(&app, CANARY).await;
        assert!(
            kept.iter().any(|place| place.starts_with(table)),
            "{table}: {kept:?}"
        );
    }
    let kept = app
        .get(&format!("/api/v1/contacts/{contact}/export"))
        .await
        .json();
    assert_eq!(
        kept["kept"][0]["contact_points"][0]["value"], CANARY,
        "{kept}"
    );
    assert_eq!(
        kept["kept"][0]["consents"][0]["text"],
        "You may write to me."
    );
    assert!(kept["kept"][1]["messages"].is_array(), "{kept}");
    // The page Privacy and `person erase` find it by its address.
    let found = app
        .get(&format!("/api/v1/people?who={CANARY}"))
        .await
        .json();
    let kinds: Vec<&str> = found["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"contact") && kinds.contains(&"conversation"),
        "{found}"
    );
    let erased = app
        .delete(&format!("/api/v1/contacts/{contact}?conversations=true"))
        .await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.text());
    let erased = erased.json()["erased"].clone();
    assert_eq!(
        (
            &erased["contacts"],
            &erased["tasks"],
            &erased["conversations"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    assert_eq!(where_is(&app, "Canary Kay").await, Vec::<String>::new());
    let again = app.delete(&format!("/api/v1/contacts/{contact}")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_is_found_is_erased_in_one_request_whatever_the_order() {
    let app = TestApp::new().await;
    let (contact, conversation) = lead(&app).await;
    let erase = json!({"conversations": [conversation], "contacts": [contact]});
    let erased = app.post("/api/v1/people/erase", erase).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.text());
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    // A contact that nothing else is known of goes with its conversation.
    let (_, conversation) = lead(&app).await;
    let erased = app
        .delete(&format!("/api/v1/conversations/{conversation}"))
        .await;
    assert_eq!(erased.json()["erased"]["contacts"], 1, "{}", erased.text());
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_person_gets_their_card_in_the_file_for_them() {
    let app = TestApp::new().await;
    lead(&app).await;
    let file = app.get(&format!("/api/v1/people/copy?who={CANARY}")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.body.clone())).unwrap();
    let mut page = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("person.html").unwrap(), &mut page).unwrap();
    for text in [
        "What the business noted",
        "Canary Kay",
        "You may write to me.",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn staff_work_on_the_pages_without_scripts() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let mut browser = Browser::new(&app);
    browser.password("ann").await;
    let empty = browser.get("/contacts").await;
    assert!(empty.text().contains("No contacts yet"), "{}", empty.text());
    assert!(browser.get("/tasks").await.text().contains("Nothing to do"));
    let (contact, _) = lead(&app).await;
    let list = browser.get("/contacts").await;
    assert!(
        list.text().contains("Canary Kay") && list.text().contains("1 task open"),
        "{}",
        list.text()
    );
    let tasks = browser.get("/tasks").await;
    assert!(
        tasks.text().contains("Get back to them"),
        "{}",
        tasks.text()
    );
    let all = app.get("/api/v1/tasks").await.json();
    let task = all["tasks"][0]["id"].as_str().unwrap().to_owned();
    let done = browser.post(&format!("/tasks/{task}/done"), "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let after = browser.get(done.header("location")).await;
    assert!(after.text().contains("Undo"), "{}", after.text());
    browser.post(&format!("/tasks/{task}/reopen"), "").await;
    let page = format!("/contacts/{contact}");
    let wrong = browser.post(&page, "name=Kay&emails=nobody&phones=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text().contains("one looks like name@example.com"),
        "{}",
        wrong.text()
    );
    let saved = browser
        .post(&page, "name=%3Cb%3EKay%3C%2Fb%3E&emails=canary.k3%40example.org&phones=%2B49+30+123456&pinned=true")
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let shown = browser.get(saved.header("location")).await;
    assert!(shown.text().contains("tel:+4930123456"), "{}", shown.text());
    assert!(!shown.text().contains("<b>Kay"), "not escaped");
    let twin = make(
        &app,
        json!({"name": "Kay Twin", "emails": ["twin@example.org"]}),
    )
    .await;
    let found = browser.get(&format!("{page}?find=twin")).await;
    assert!(
        found.text().contains(&format!("value=\"{}\"", id(&twin))),
        "{}",
        found.text()
    );
    let merged = browser
        .post(
            &format!("{page}/merge"),
            &format!("from={}&sure=true", id(&twin)),
        )
        .await;
    assert_eq!(merged.status, StatusCode::SEE_OTHER, "{}", merged.text());
    let field = browser
        .post("/contacts/fields", "name=Size&kind=choice&choices=S%0AM")
        .await;
    assert_eq!(field.status, StatusCode::SEE_OTHER, "{}", field.text());
    assert!(browser.get(&page).await.text().contains("field:Size"));
    let erased = browser
        .post(&format!("{page}/erase"), "conversations=true&sure=true")
        .await;
    assert_eq!(erased.status, StatusCode::SEE_OTHER, "{}", erased.text());
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    // Somebody who answers visitors sees contacts, and does not erase them.
    person(&app, "ben", "agent").await;
    let mut agent = Browser::new(&app);
    agent.password("ben").await;
    let twin = make(&app, json!({"name": "Eve"})).await;
    let page = format!("/contacts/{}", id(&twin));
    let seen = agent.get(&page).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(!seen.text().contains("Erase this contact"));
    let refused = agent.post(&format!("{page}/erase"), "sure=true").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
