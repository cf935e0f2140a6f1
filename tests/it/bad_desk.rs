//! What goes wrong on the side of staff: things that vanish or change between a look and an act, undoing too late, roles that
//! drop. Each has a clear outcome, and nothing is lost.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::conversations;
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::{self, Role};
use frontdesk::store::{ConversationId, UserId};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{TestApp, now};
use crate::staff::{Staff, say, talk};

async fn bulk(who: &Staff<'_>, ids: &[ConversationId], more: Value) -> Value {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut body = json!({ "ids": ids });
    let fields = body.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let done = who.post("/api/v1/inbox/bulk", body).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    done.json()
}

async fn undo(who: &Staff<'_>, done: &Value) -> Value {
    let body = json!({ "token": done["undo"] });
    let undone = who.post("/api/v1/inbox/undo", body).await;
    assert_eq!(undone.status, StatusCode::OK, "{}", undone.text());
    undone.json()
}

/// The only conversation that could not be put back, because somebody changed it.
fn refused(undone: &Value, id: ConversationId) {
    let failed = undone["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "{undone}");
    assert_eq!(failed[0]["id"], id.to_string());
    let detail = failed[0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("changed this conversation since"),
        "{detail}"
    );
}

async fn detail(who: &Staff<'_>, id: ConversationId) -> Value {
    who.get(&format!("/api/v1/inbox/{id}")).await.json()
}

#[tokio::test]
async fn an_undo_leaves_alone_what_somebody_has_changed_since() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let ben = Staff::new(&app, "Ben", Role::Agent).await;
    let cleo = Staff::new(&app, "Cleo", Role::Agent).await;
    let (one, two) = (
        talk(&app, "default", "One").await,
        talk(&app, "default", "Two").await,
    );
    let both = [one, two];

    let done = bulk(&ann, &both, json!({"act": "assign", "user": ann.id})).await;
    ben.act(one, "assign", json!({"user": cleo.id})).await;
    refused(&undo(&ann, &done).await, one);
    assert_eq!(detail(&ann, one).await["assigned_to"]["name"], "Cleo");
    assert!(detail(&ann, two).await.get("assigned_to").is_none());

    let later = now() + 600_000;
    let done = bulk(&ann, &both, json!({"act": "snooze", "until": later})).await;
    ben.act(one, "snooze", json!({"until": later + 1})).await;
    refused(&undo(&ann, &done).await, one);
    assert_eq!(detail(&ann, one).await["snoozed_until"], later + 1);
    ben.act(one, "snooze", json!({"until": null})).await;

    let done = bulk(&ann, &both, json!({"act": "spam"})).await;
    ben.act(one, "not-spam", json!({})).await;
    refused(&undo(&ann, &done).await, one);
    assert_eq!(detail(&ann, two).await["spam"], false);

    // Of tags only those of the act come off.
    let done = bulk(&ann, &both, json!({"act": "tag", "tags": ["sale"]})).await;
    let tags = json!({"tags": ["sale", "vip/gold"]});
    let path = format!("/api/v1/inbox/{one}/tags");
    ben.send(Method::PUT, &path, tags).await;
    assert_eq!(undo(&ann, &done).await["failed"], json!([]));
    assert_eq!(detail(&ann, one).await["tags"], json!(["vip/gold"]));
    assert_eq!(ann.list("?tag=vip%2Fgold").await, [one.to_string()]);

    // What was closed before stays closed, and what somebody opened stays as it is.
    ben.act(one, "close", json!({})).await;
    let done = bulk(&ann, &both, json!({"act": "close"})).await;
    assert_eq!(undo(&ann, &done).await["failed"], json!([]));
    assert_eq!(detail(&ann, one).await["state"], "closed");
    assert_eq!(detail(&ann, two).await["state"], "open");
    let done = bulk(&ann, &[two], json!({"act": "close"})).await;
    ben.act(two, "take", json!({})).await;
    refused(&undo(&ann, &done).await, two);
    assert_eq!(detail(&ann, two).await["assigned_to"]["name"], "Ben");
}

#[tokio::test]
async fn what_vanishes_in_between_is_named_and_the_rest_is_done() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    let ids = [
        talk(&app, "default", "One").await,
        talk(&app, "default", "Two").await,
        talk(&app, "default", "Three").await,
    ];
    let erase = async |id: ConversationId| {
        let gone = app.delete(&format!("/api/v1/conversations/{id}")).await;
        assert!(gone.status.is_success(), "{}", gone.text());
    };
    erase(ids[1]).await;
    let done = bulk(&ann, &ids, json!({"act": "close"})).await;
    assert_eq!(done["done"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(done["failed"][0]["id"], ids[1].to_string());
    erase(ids[2]).await;
    let undone = undo(&ann, &done).await;
    assert_eq!(undone["done"], json!([ids[0].to_string()]), "{undone}");
    assert_eq!(undone["failed"][0]["id"], ids[2].to_string());

    // A team and a person that are gone are not given back to.
    let made = boss
        .post(
            "/api/v1/teams",
            json!({"name": "Repairs", "members": [ann.id]}),
        )
        .await;
    let team = made.json()["id"].as_str().unwrap().to_owned();
    boss.act(ids[0], "assign", json!({ "team": team })).await;
    let done = bulk(&ann, &ids[..1], json!({"act": "assign", "user": boss.id})).await;
    let path = format!("/api/v1/teams/{team}");
    let gone = boss.send(Method::DELETE, &path, json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let undone = undo(&ann, &done).await;
    // The team went from the conversation as well, which is a change.
    refused(&undone, ids[0]);
    let row = detail(&ann, ids[0]).await;
    assert!(row.get("team").is_none() && row["assigned_to"]["name"] == "Boss");
}

#[tokio::test]
async fn a_team_that_is_deleted_leaves_its_conversations_in_the_queue() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    let id = talk(&app, "default", "Hello").await;
    let made = boss.post("/api/v1/teams", json!({"name": "Repairs"})).await;
    let team = made.json()["id"].as_str().unwrap().to_owned();
    ann.act(id, "take", json!({})).await;
    ann.act(id, "assign", json!({ "team": team })).await;
    let path = format!("/api/v1/teams/{team}");
    boss.send(Method::DELETE, &path, json!({})).await;
    assert_eq!(ann.list("?view=waiting").await, [id.to_string()]);
    assert_eq!(ann.list("?view=unassigned").await, [id.to_string()]);
    let row = detail(&ann, id).await;
    assert!(row.get("team").is_none(), "{row}");
    let log = row["log"].as_array().unwrap();
    assert!(log.iter().all(|step| step["text"].is_string()), "{row}");
    let query = format!("?team={team}");
    assert!(ann.list(&query).await.is_empty());
    let to = json!({ "team": team });
    let again = ann.post(&format!("/api/v1/inbox/{id}/assign"), to).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_merged_conversation_that_is_opened_again_is_whole_again() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let (one, two) = (
        talk(&app, "default", "One").await,
        talk(&app, "default", "Two").await,
    );
    ann.act(one, "merge", json!({"into": two.to_string()}))
        .await;
    let across = ann
        .post(
            &format!("/api/v1/inbox/{two}/merge"),
            json!({"into": one.to_string()}),
        )
        .await;
    assert_eq!(across.status, StatusCode::CONFLICT, "{}", across.text());
    let row = ann.act(one, "reopen", json!({})).await;
    assert!(row.get("merged_into").is_none(), "{row}");
    say(&app, one, Speaker::User, "Still here").await;
    let texts = async |id| -> Vec<String> {
        let detail = detail(&ann, id).await;
        let said = detail["transcript"].as_array().unwrap().clone();
        said.iter()
            .map(|m| m["text"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(texts(one).await, ["One", "Still here"]);
    assert_eq!(texts(two).await, ["Two"]);
    // The other way round nothing is shown twice, and nothing is lost from the lists.
    ann.act(two, "merge", json!({"into": one.to_string()}))
        .await;
    ann.act(one, "close", json!({})).await;
    let all = texts(one).await;
    assert_eq!(all.iter().filter(|text| *text == "One").count(), 1);
    assert!(all.contains(&"Two".to_owned()), "{all:?}");
    assert_eq!(ann.list("?view=everything").await, [one.to_string()]);
}

#[tokio::test]
async fn broken_canned_replies_change_nothing() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    let good = json!({"shortcut": "hi", "text": "Hello {name}"});
    let made = boss.post("/api/v1/canned-replies", good).await.json();
    let path = format!("/api/v1/canned-replies/{}", made["id"].as_str().unwrap());
    for (body, param) in [
        (json!({"shortcut": "hi", "text": "Hello {nmae}"}), "text"),
        (
            json!({"shortcut": "hi", "text": "{{name}} {order}"}),
            "text",
        ),
        (json!({"shortcut": "hi", "text": " "}), "text"),
        (json!({"shortcut": "hi", "text": "x".repeat(4001)}), "text"),
        (json!({"shortcut": "a/b", "text": "Hello"}), "shortcut"),
        (json!({"shortcut": "", "text": "Hello"}), "shortcut"),
        (json!({"shortcut": "hi\0", "text": "Hello"}), "shortcut"),
    ] {
        let refused = boss.send(Method::PUT, &path, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.json()["param"], param, "{body}");
    }
    let kept = boss.get("/api/v1/canned-replies").await.json();
    assert_eq!(kept["canned_replies"][0]["text"], "Hello {name}");
}

#[tokio::test]
async fn a_contact_that_was_merged_meanwhile_is_not_written_to_and_nothing_is_lost() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let make = async |contact: Value| {
        let made = ann.post("/api/v1/contacts", contact).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let from = make(json!({"name": "Jo", "emails": ["jo@shop.example"]})).await;
    let into = make(json!({"name": "Jo Lee", "emails": ["lee@shop.example"]})).await;
    let path = |id: &str| format!("/api/v1/contacts/{id}");
    // Both at once: whichever is first, the other has a clear outcome.
    let (own, joined) = (path(&from), format!("/api/v1/contacts/{from}/merge"));
    let edit = ann.send(Method::PUT, &own, json!({"language": "de"}));
    let merge = ann.post(&joined, json!({ "into": into }));
    let (edited, merged) = tokio::join!(edit, merge);
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text());
    let language = match edited.status {
        StatusCode::OK => json!("de"),
        other => {
            assert_eq!(other, StatusCode::NOT_FOUND, "{}", edited.text());
            Value::Null
        }
    };
    let whole = ann.get(&path(&into)).await.json();
    assert_eq!(whole["language"], language, "{whole}");
    assert_eq!(whole["name"], "Jo Lee");
    let text = whole.to_string();
    assert!(
        text.contains("jo@shop.example") && text.contains("lee@shop.example"),
        "{whole}"
    );
    let late = ann
        .send(Method::PUT, &path(&from), json!({"name": "Joanna"}))
        .await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    assert!(late.json()["detail"].as_str().unwrap().contains("contact"));
    let long = "x".repeat(501);
    let search = ann.get(&format!("/api/v1/contacts?q={long}")).await;
    assert_eq!(search.json()["param"], "q");
}

#[tokio::test]
async fn what_somebody_has_open_ends_when_their_role_drops() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    let asked = boss
        .request(Method::GET, "/api/v1/documents/events")
        .body(Body::empty());
    let open = app.router.clone().oneshot(asked.unwrap()).await.unwrap();
    assert_eq!(open.status(), StatusCode::OK);
    let mut body = open.into_body().into_data_stream();
    let drop_role = |id: UserId| {
        app.app
            .store
            .write(move |tx| users::set_role(tx, id, Role::Agent, 1))
    };
    drop_role(boss.id).await.unwrap();
    let ends = async { while body.next().await.is_some() {} };
    let patience = std::time::Duration::from_secs(5);
    assert!(tokio::time::timeout(patience, ends).await.is_ok());
    // Whoever has another role signs in again.
    let again = boss.get("/api/v1/documents").await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let boss = Staff::new(&app, "Ann", Role::Agent).await;
    let documents = boss.get("/api/v1/documents").await;
    assert_eq!(documents.status, StatusCode::FORBIDDEN);
    assert!(boss.list("").await.is_empty());
    let id = talk(&app, "default", "Hello").await;
    boss.act(id, "take", json!({})).await;
    let path = "/api/v1/canned-replies";
    let refused = boss.post(path, json!({"shortcut": "x", "text": "y"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    // Far ahead is as wrong as in the past.
    for until in [
        now() - 1,
        now() + 400 * 24 * 60 * 60 * 1000,
        i64::MAX,
        i64::MIN,
    ] {
        let body = json!({ "until": until });
        let path = format!("/api/v1/inbox/{id}/snooze");
        assert_eq!(
            boss.post(&path, body).await.status,
            StatusCode::BAD_REQUEST,
            "{until}"
        );
    }
    let workspace = app.workspace("default").await;
    let kept = app
        .app
        .store
        .read(move |conn| Ok(conversations::get(conn, workspace, id)?.snoozed_until));
    assert_eq!(kept.await.unwrap(), None);
}
