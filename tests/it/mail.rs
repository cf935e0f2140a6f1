//! `/api/v1/mail` and the page `/mail`, with mail servers on this machine. How servers misbehave is tested in the room.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::mail::servers_fixture::{FakeImap, FakeSmtp, HOST, PASSWORD, USER, Whim};
use frontdesk::mail::{MailKind, NewMail, ReplyTo, enqueue};
use frontdesk::store::ConversationId;
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::Role;
use frontdesk::store::{conversations, messages};
use serde_json::{Value, json};

use crate::app::{ALL_SCOPES, Reply, TestApp, eventually, now, request};
use crate::auth::{sign_in, with_cookie};

const MAIL: &str = "/api/v1/mail";

struct Bench {
    app: TestApp,
    smtp: FakeSmtp,
    imap: FakeImap,
}

async fn bench() -> Bench {
    let (smtp, imap) = (FakeSmtp::start(false).await, FakeImap::start().await);
    let allow = format!("{HOST}:{}, {HOST}:{}", smtp.port, imap.port);
    let app = TestApp::with(|config| config.egress_allow = allow).await;
    Bench { app, smtp, imap }
}

impl Bench {
    fn settings(&self) -> Value {
        json!({
            "server": {
                "host": HOST, "port": self.smtp.port, "tls": "implicit", "user": USER, "password": PASSWORD,
                "authority": self.smtp.authority,
            },
            "sender": { "name": "Front desk", "address": "desk@example.com" },
            "mailbox": {
                "host": HOST, "port": self.imap.port, "tls": "implicit", "user": USER, "password": PASSWORD,
                "authority": self.imap.authority, "folder": "", "address": "desk@example.com",
            },
        })
    }

    async fn put(&self, body: &Value) -> Reply {
        let request = request(Method::PUT, MAIL, &self.app.key);
        let request = request.header("content-type", "application/json");
        let body = Body::from(body.to_string());
        self.app.send(request.body(body).unwrap()).await
    }

    async fn form(&self, token: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = with_cookie(Method::POST, path, token)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.app.send(request.unwrap()).await
    }
}

#[tokio::test]
async fn mail_is_set_up_tried_and_turned_off_and_no_answer_holds_a_password() {
    let own = bench().await;
    let none = own.app.get(MAIL).await.json();
    assert_eq!(
        (&none["server"], &none["sending"]["state"]),
        (&Value::Null, &json!("not_set_up"))
    );
    let to = json!({ "to": "anna@example.com" });
    let early = own.app.post(&format!("{MAIL}/test"), to.clone()).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert_eq!(early.json()["code"], "no_mail_server");

    let set = own.put(&own.settings()).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    assert_eq!(set.json()["sending"]["state"], "untried");
    assert_eq!(set.json()["mailbox"]["folder"], "INBOX");
    own.smtp.expect(&[Whim::RefuseRecipient]);
    let refused = own.app.post(&format!("{MAIL}/test"), to.clone()).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert_eq!(refused.json()["ok"], false);
    assert!(refused.text().contains("550 5.1.1"), "{}", refused.text());
    let tried = own.app.post(&format!("{MAIL}/test"), to).await;
    assert_eq!(tried.json()["ok"], true, "{}", tried.text());
    assert_eq!(own.smtp.taken().len(), 1);

    let shown = own.app.get(MAIL).await;
    assert_eq!(shown.json()["sending"]["state"], "works");
    let log = own.app.get(&format!("{MAIL}/log?limit=1")).await;
    assert_eq!(log.json()["messages"][0]["state"], "sent");
    let next = log.json()["next"].as_str().unwrap().to_owned();
    let rest = own.app.get(&format!("{MAIL}/log?before={next}")).await;
    assert_eq!(rest.json()["messages"][0]["state"], "failed");
    assert!(rest.json().get("next").is_none());
    let ledger = own.app.get("/api/v1/egress").await;
    assert!(ledger.text().contains("\"e-mail\""));
    for reply in [&set, &refused, &tried, &shown, &log, &rest, &ledger] {
        assert!(!reply.text().contains(PASSWORD), "{}", reply.text());
    }

    let mut again = own.settings();
    again["server"].as_object_mut().unwrap().remove("password");
    assert_eq!(own.put(&again).await.status, StatusCode::OK);
    again["server"]["host"] = json!("evil.example");
    let moved = own.put(&again).await;
    assert_eq!(
        (moved.status, &moved.json()["param"]),
        (StatusCode::BAD_REQUEST, &json!("password"))
    );
    assert_eq!(own.app.get(MAIL).await.json()["server"]["host"], HOST);

    assert_eq!(own.app.delete(MAIL).await.status, StatusCode::NO_CONTENT);
    assert_eq!(own.app.get(MAIL).await.json()["server"], Value::Null);
}

#[tokio::test]
async fn only_administrators_touch_mail_and_bad_input_is_told() {
    let own = bench().await;
    let others: Vec<&str> = ALL_SCOPES
        .into_iter()
        .filter(|scope| *scope != "admin")
        .collect();
    let (key, _) = own.app.make_key(&others, None).await;
    let refused = own
        .app
        .post_as(&key, &format!("{MAIL}/test"), json!({ "to": "a@b.de" }))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for (path, value, param) in [
        ("/sender/address", json!("desk"), "sender.address"),
        (
            "/sender/address",
            json!("desk@example.com\r\nBcc: evil@example.org"),
            "sender.address",
        ),
        (
            "/sender/name",
            json!("a\r\nBcc: evil@example.org"),
            "sender.name",
        ),
        ("/server/host", json!("mail example"), "server"),
        ("/mailbox/address", json!("no address"), "mailbox.address"),
        ("/server/tls", json!("none"), "server.tls"),
        ("/server/port", json!(70_000), "server.port"),
    ] {
        let mut body = own.settings();
        *body.pointer_mut(path).unwrap() = value;
        let reply = own.put(&body).await;
        assert_eq!(
            reply.status,
            StatusCode::BAD_REQUEST,
            "{path}: {}",
            reply.text()
        );
        assert_eq!(reply.json()["param"], param, "{path}");
    }
    let filter = own.app.get(&format!("{MAIL}/log?state=lost")).await;
    assert_eq!(filter.status, StatusCode::BAD_REQUEST);
    assert_eq!(own.app.get(MAIL).await.json()["server"], Value::Null);
}

#[tokio::test]
async fn the_page_says_what_happens_without_a_server_and_how_it_goes_with_one() {
    let own = bench().await;
    let (_, token) = sign_in(&own.app, Role::Owner).await;
    let open = |path: &str| {
        let request = with_cookie(Method::GET, path, &token).body(Body::empty());
        own.app.send(request.unwrap())
    };
    let page = open("/mail").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("nobody is told by e-mail"));
    let port = own.smtp.port.to_string();
    let fields = [
        ("host", HOST),
        ("port", &port),
        ("tls", "implicit"),
        ("user", USER),
        ("password", PASSWORD),
        ("authority", &own.smtp.authority),
        ("sender_name", "<b>Front</b>"),
        ("sender_address", "desk@example.com"),
    ];
    let saved = own.form(&token, "/mail", &fields).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert!(saved.text().contains("Not tried yet"));
    assert!(!saved.text().contains("<b>Front") && !saved.text().contains(PASSWORD));
    own.smtp.expect(&[Whim::RefuseSender]);
    let to = [("to", "anna@example.com")];
    let failed = own.form(&token, "/mail/test", &to).await;
    assert!(failed.text().contains("may send from"), "{}", failed.text());
    let tried = own.form(&token, "/mail/test", &to).await;
    assert!(
        tried.text().contains("The server took the test"),
        "{}",
        tried.text()
    );
    let wrong = own
        .form(
            &token,
            "/mail",
            &[("host", "x y"), ("sender_address", "d@e.fr")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text().contains("value=\"x y\""),
        "what was typed stays"
    );
    let off = own.form(&token, "/mail/remove", &[]).await;
    assert!(off.text().contains("E-mail is off"));
    let (_, agent) = sign_in(&own.app, Role::Agent).await;
    let request = with_cookie(Method::GET, "/mail", &agent).body(Body::empty());
    let denied = own.app.send(request.unwrap()).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_failed_message_is_sent_again_once() {
    let own = bench().await;
    assert_eq!(own.put(&own.settings()).await.status, StatusCode::OK);
    own.smtp.expect(&[Whim::RefuseRecipient]);
    let to = json!({ "to": "anna@example.com" });
    own.app.post(&format!("{MAIL}/test"), to).await;
    let log = own
        .app
        .get(&format!("{MAIL}/log?state=failed"))
        .await
        .json();
    let id = log["messages"][0]["id"].as_str().unwrap().to_owned();
    let (_, token) = sign_in(&own.app, Role::Owner).await;
    let page = with_cookie(Method::GET, "/mail", &token).body(Body::empty());
    let page = own.app.send(page.unwrap()).await;
    assert!(
        page.text().contains(&format!("/mail/{id}/again")),
        "{}",
        page.text()
    );
    let path = format!("{MAIL}/log/{id}/replay");
    // Two clicks, and the page's own button after them, send it once.
    let (one, two) = tokio::join!(
        own.app.post(&path, json!({})),
        own.app.post(&path, json!({}))
    );
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
    let refused = if one.status == StatusCode::OK {
        two
    } else {
        one
    };
    assert_eq!(refused.json()["code"], "not_failed");
    eventually("it is sent", || own.smtp.taken().len() == 1).await;
    let late = own.form(&token, &format!("/mail/{id}/again"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text().contains("did not fail"), "{}", late.text());
    let unknown = format!("{MAIL}/log/00000000-0000-0000-0000-000000000000/replay");
    assert_eq!(
        own.app.post(&unknown, json!({})).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(own.smtp.taken().len(), 1);
    let workspace = own.app.workspace("default").await;
    let log = own
        .app
        .app
        .store
        .read(move |conn| frontdesk::store::events::of_subject(conn, workspace, &id, 9));
    let kinds: Vec<String> = log
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, ["mail_requeued"]);
}

#[tokio::test]
async fn whoever_answers_a_notice_from_their_mail_program_answers_the_visitor() {
    let own = bench().await;
    assert_eq!(own.put(&own.settings()).await.status, StatusCode::OK);
    let (user, _) = sign_in(&own.app, Role::Agent).await;
    let asked = json!({ "title": "Opening hours" });
    let begun = own.app.post("/api/v1/conversations", asked).await;
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let conversation: ConversationId = id.parse().unwrap();
    let workspace = own.app.workspace("default").await;
    let notice = own.app.app.store.write(move |tx| {
        let new = NewMail {
            kind: MailKind::Notice,
            about: Some(&id),
            recipient: "agent@example.com",
            title: "A visitor waits",
            text: "Somebody asks for a person.",
            reply_to: Some(ReplyTo { conversation, user }),
        };
        enqueue(tx, workspace, &new, now())
    });
    notice.await.unwrap();
    // The mailbox is watched from now on, so that the answer is a new message in it.
    eventually("the mailbox waits", || {
        own.imap.heard().iter().any(|command| command == "IDLE")
    })
    .await;
    eventually("the notice is sent", || own.smtp.taken().len() == 1).await;
    let text = own.smtp.taken().remove(0).text;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Reply-To: "));
    let answer = format!(
        "From: Ann <agent@example.com>\r\nTo: {}\r\n\r\nAt nine.\r\n\r\nOn Tue, 1 Dec 2026, Desk wrote:\r\n> Hello\r\n",
        line.unwrap()
    );
    own.imap.deliver(&answer);
    let read = || {
        own.app.app.store.read_blocking(move |conn| {
            let found = conversations::get(conn, workspace, conversation)?;
            messages::list(conn, &found, 9)
        })
    };
    eventually("the answer is there", || {
        let all = read().unwrap();
        all.iter().any(|message| {
            message.role == Speaker::Agent
                && message.text == "At nine."
                && message.author == Some(user)
        })
    })
    .await;
    // The log is written after the message.
    let log = format!("{MAIL}/log");
    for _ in 0..100 {
        if own.app.get(&log).await.json()["received"][0].is_object() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let log = own.app.get(&log).await.json();
    assert_eq!(log["received"][0]["outcome"], "taken");
}

#[tokio::test]
async fn the_former_address_is_told_that_another_one_signs_in() {
    let own = bench().await;
    assert_eq!(own.put(&own.settings()).await.status, StatusCode::OK);
    let new = json!({"name": "Ann", "email": "ann@example.com", "role": "agent", "password": "four plain words here"});
    let made = own.app.post("/api/v1/accounts", new).await;
    let path = format!("/api/v1/accounts/{}", made.json()["id"].as_str().unwrap());
    let renamed = own.app.patch(&path, json!({"name": "Anna"})).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text());
    let log = own.app.get(&format!("{MAIL}/log")).await;
    assert!(!log.text().contains("ann@example.com"), "{}", log.text());
    own.app
        .patch(&path, json!({"email": "other@example.com"}))
        .await;
    let log = own.app.get(&format!("{MAIL}/log")).await;
    let told = &log.json()["messages"][0];
    assert_eq!(told["recipient"], "ann@example.com", "{}", log.text());
}
