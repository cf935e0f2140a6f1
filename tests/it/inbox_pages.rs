//! The pages of the inbox and of the desk, as somebody without scripts uses them.

use axum::http::StatusCode;
use frontdesk::store::conversations::{self, Channel, NewConversation};
use frontdesk::store::messages::{self, MessageState, NewMessage, Speaker};
use serde_json::{Value, json};

use crate::app::{TestApp, now};
use crate::browser::{Browser, person};

const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>";

/// A conversation in which a visitor said this; its id.
async fn said(app: &TestApp, title: &str, text: &'static str) -> String {
    let (workspace, title) = (app.workspace("default").await, title.to_owned());
    let made = app.app.store.write(move |tx| {
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: &title,
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, workspace, &new, now())?;
        let message = NewMessage {
            role: Speaker::User,
            text,
            state: MessageState::Complete,
            client_id: None,
            author: None,
        };
        messages::append(tx, &conversation, &message, now())?;
        Ok(conversation.id)
    });
    made.await.unwrap().to_string()
}

async fn signed_in<'a>(app: &'a TestApp, name: &str, role: &str) -> Browser<'a> {
    person(app, name, role).await;
    let mut browser = Browser::new(app);
    browser.password(name).await;
    browser
}

#[tokio::test]
async fn a_conversation_is_read_answered_and_closed_without_scripts() {
    let app = TestApp::new().await;
    let mut ines = signed_in(&app, "ines", "agent").await;
    let empty = ines.get("/inbox").await;
    assert!(
        empty.text().contains("No open conversations"),
        "{}",
        empty.text()
    );
    let id = said(&app, EVIL, EVIL).await;
    let list = ines.get("/inbox").await;
    let page = ines.get(&format!("/inbox/{id}")).await;
    for shown in [&list, &page] {
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
        assert!(
            shown.text().contains("&#60;script&#62;alert(1)"),
            "{}",
            shown.text()
        );
        assert!(!shown.text().contains("<script>alert"), "{}", shown.text());
        assert!(!shown.text().contains("<img src=x"), "{}", shown.text());
    }
    assert!(list.text().contains(&format!("/inbox/{id}")));
    for offered in ["Take over", "Your reply", "The assistant answers"] {
        assert!(page.text().contains(offered), "{offered}: {}", page.text());
    }

    let marks = page.text();
    let (_, rest) = marks.split_once("name=\"client_id\" value=\"").unwrap();
    let client = rest.split('"').next().unwrap();
    let form = format!("text=Hello+there&client_id={client}");
    let sent = ines.post(&format!("/inbox/{id}/reply"), &form).await;
    // Pressed twice.
    ines.post(&format!("/inbox/{id}/reply"), &form).await;
    assert_eq!(
        sent.header("location"),
        format!("/inbox/{id}"),
        "{}",
        sent.text()
    );
    let page = ines.get(&format!("/inbox/{id}")).await;
    for shown in ["Hello there", "You have it", "Give back"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let once = page
        .text()
        .matches("msg__text\" dir=\"auto\">Hello there<")
        .count();
    assert_eq!(once, 1, "{}", page.text());
    assert!(ines.get("/inbox?view=mine").await.text().contains(&id));

    // A colleague reads it, and is told who has it when they write.
    let mut omar = signed_in(&app, "omar", "agent").await;
    let page = omar.get(&format!("/inbox/{id}")).await;
    assert!(page.text().contains("ines has it"), "{}", page.text());
    let refused = omar
        .post(&format!("/inbox/{id}/reply"), "text=Me+too")
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert!(
        refused.text().contains("Ines has") || refused.text().contains("ines has"),
        "{}",
        refused.text()
    );

    let closed = ines.post(&format!("/inbox/{id}/close"), "").await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text());
    assert!(!ines.get("/inbox").await.text().contains(&id));
    assert!(ines.get("/inbox?view=closed").await.text().contains(&id));
    assert!(
        ines.get(&format!("/inbox/{id}"))
            .await
            .text()
            .contains("Reopen")
    );
}

#[tokio::test]
async fn views_filters_and_mistakes_in_the_address() {
    let app = TestApp::new().await;
    let mut ines = signed_in(&app, "ines", "admin").await;
    let id = said(&app, "Brakes", "My brakes squeal").await;
    for (query, found) in [
        ("?q=squeal", true),
        ("?q=tyres", false),
        ("?channel=voice", false),
        ("?channel=chat", true),
        ("?view=waiting", false),
        ("?tag=none", false),
    ] {
        let page = ines.get(&format!("/inbox{query}")).await;
        assert_eq!(
            page.text().contains(&format!("/inbox/{id}")),
            found,
            "{query}"
        );
    }
    let wrong = ines.get("/inbox?view=everywhere").await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(
        wrong.text().contains("View must be one of"),
        "{}",
        wrong.text()
    );
    assert_eq!(
        ines.get("/inbox/nothing").await.status,
        StatusCode::NOT_FOUND
    );
    let unknown = ines.post(&format!("/inbox/{id}/explode"), "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_number_that_waits_stands_at_the_inbox() {
    let app = TestApp::new().await;
    let mut ines = signed_in(&app, "ines", "admin").await;
    let shown = ines.get("/documents").await;
    assert!(
        shown.text().contains("data-waiting hidden"),
        "{}",
        shown.text()
    );
    let id = said(&app, "Brakes", "A person, please").await;
    let waits = app.app.store.write(move |tx| {
        let sql = "UPDATE conversations SET state = 'waiting', waiting_since = ? WHERE id = ?";
        Ok(tx.execute(sql, (now(), id))?)
    });
    assert_eq!(waits.await.unwrap(), 1);
    let shown = ines.get("/documents").await;
    assert!(
        shown.text().contains("<span data-number>1</span>"),
        "{}",
        shown.text()
    );
    // A helper sees only what they may open.
    let mut omar = signed_in(&app, "omar", "agent").await;
    let nav = omar.get("/inbox").await;
    assert!(!nav.text().contains("href=\"/keys\"") && !nav.text().contains("href=\"/desk\""));
    assert_eq!(omar.get("/").await.header("location"), "/inbox");
    assert_eq!(omar.get("/desk").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_desk_is_set_up() {
    let app = TestApp::new().await;
    let mut ines = signed_in(&app, "ines", "admin").await;
    let page = ines.get("/desk").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let rest = "time_zone=Europe%2FBerlin&wait_minutes=5&due=1&overdue=4&risky=1&refusals=3&email=a%40example.org";
    let wrong = ines
        .post("/desk", &format!("own_hours=1&monday=sometimes&{rest}"))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text().contains("Monday: ") && wrong.text().contains("sometimes"),
        "{}",
        wrong.text()
    );
    let saved = ines
        .post("/desk", &format!("own_hours=1&monday=9-12,13:30-17&{rest}"))
        .await;
    assert_eq!(
        saved.header("location"),
        "/desk?done=saved",
        "{}",
        saved.text()
    );
    let desk: Value = app.get("/api/v1/desk").await.json();
    assert_eq!(
        desk["hours"],
        json!({"monday": [["09:00", "12:00"], ["13:30", "17:00"]]})
    );
    assert_eq!(desk["sla_minutes"], json!([1, 4]));
    assert_eq!(desk["hand_over"]["refusals"], 3);
    assert_eq!(
        (&desk["callback"], &desk["notify"]["waiting"]),
        (&json!(false), &json!(false))
    );
    let shown = ines.get("/desk").await;
    assert!(
        shown.text().contains("09:00-12:00, 13:30-17:00"),
        "{}",
        shown.text()
    );

    for (path, form) in [
        ("/desk/teams", "name=Workshop"),
        ("/desk/replies", "shortcut=hello&text=Hello+%7Bname%7D"),
    ] {
        let made = ines.post(path, form).await;
        assert_eq!(
            made.status,
            StatusCode::SEE_OTHER,
            "{path}: {}",
            made.text()
        );
        let again = ines.post(path, form).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    let unknown = ines
        .post("/desk/replies", "shortcut=bye&text=Bye+%7Bnmae%7D")
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = ines.get("/desk").await;
    for shown in ["Workshop", "/hello"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let team = app.get("/api/v1/teams").await.json()["teams"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    ines.post(&format!("/desk/teams/{team}/delete"), "").await;
    assert!(ines.get("/desk").await.text().contains("No teams yet"));
}

#[tokio::test]
async fn the_way_of_conversations_is_a_page_with_filters() {
    let app = TestApp::new().await;
    let mut ines = signed_in(&app, "ines", "agent").await;
    let empty = ines.get("/routing").await;
    assert_eq!(empty.status, StatusCode::OK, "{}", empty.text());
    assert!(empty.text().contains("Nothing has happened yet"));
    let id = said(&app, EVIL, EVIL).await;
    ines.post(&format!("/inbox/{id}/take"), "").await;
    let page = ines.get("/routing").await;
    assert!(
        page.text().contains("ines took it") && page.text().contains("Began in the chat"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("/api/v1/routing/export?format=csv"));
    let taken = ines
        .get("/routing?kind=conversation_taken&channel=chat")
        .await;
    assert!(taken.text().contains("ines took it") && !taken.text().contains("Began in the chat"));
    let none = ines.get("/routing?channel=voice").await;
    assert!(none.text().contains("No step matches"));
    let wrong = ines.get("/routing?since=yesterday").await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(wrong.text().contains("role=\"alert\""), "{}", wrong.text());
}
