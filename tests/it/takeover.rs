//! Persons beside the assistant, as visitors meet them: asking, being answered, coming back, and nothing lost or doubled.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode};
use frontdesk::access::{Caller, Credential, Member, Principal, Scope};
use frontdesk::inbox::acts::{self, Reply as Written};
use frontdesk::inbox::{InboxError, watch};
use frontdesk::store::conversations::{Conversation, ConversationState};
use frontdesk::store::messages::{self, Message, Speaker};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{ConversationId, Scoped, Transaction, conversations, workspaces};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{TestApp, eventually, now, request};
use crate::fakes::Plan;
use crate::visit;

const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the desk at all times, or closes it.
pub async fn desk(app: &TestApp, open: bool) {
    let all = json!([["00:00", "24:00"]]);
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let mut hours = json!({});
    for day in days.into_iter().filter(|_| open) {
        hours[day] = all.clone();
    }
    let workspace = app.workspace("default").await;
    let desk = json!({ "hours": hours });
    let set = move |tx: &Transaction<'_>| {
        // Whatever day the test runs on.
        workspaces::set_section(tx, workspace, "facts", &json!({ "holidays": "usual" }))?;
        workspaces::set_section(tx, workspace, "desk", &desk)
    };
    app.app.store.write(set).await.unwrap();
}

async fn person(app: &TestApp, name: &'static str) -> Member {
    let made = app.app.store.write(move |tx| {
        let new = NewUser {
            email: &format!("{name}@shop.example"),
            name,
            password_hash: None,
            role: Role::Agent,
        };
        let id = users::create(tx, &new, now())?;
        users::get(tx, id)
    });
    let user = made.await.unwrap();
    let (id, scopes) = (user.id, vec![Scope::Conversations]);
    let principal = Principal::new(Caller::User(user), Credential::Person(id), scopes, None);
    principal
        .in_workspace(app.workspace("default").await)
        .unwrap()
}

fn words(text: &str, id: &str) -> Written {
    Written {
        text: text.to_owned(),
        client_id: Some(id.to_owned()),
        ..Written::default()
    }
}

async fn write(
    app: &TestApp,
    by: &Member,
    to: ConversationId,
    text: &str,
) -> Result<(), InboxError> {
    let written = acts::write(&app.app.inbox, by, to, words(text, text), |_, _| Ok(()));
    written.await.map(drop)
}

/// The only conversation.
pub async fn conversation(app: &TestApp) -> (Scoped<Conversation>, Vec<Message>) {
    let workspace = app.workspace("default").await;
    let read = app.app.store.read(move |conn| {
        let all = conversations::list_recent(conn, workspace, None, 9, 0)?;
        assert_eq!(all.len(), 1);
        let one = conversations::get(conn, workspace, all[0].conversation.id)?;
        let said = messages::list(conn, &one, 100)?;
        Ok((one, said))
    });
    read.await.unwrap()
}

pub async fn say(app: &TestApp, token: &str, text: &str, id: &str) -> Vec<(String, Value)> {
    let body = json!({ "text": text, "client_id": id });
    let reply = app.post_as(token, "/api/v1/visit/messages", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let events = reply.events().into_iter();
    events
        .map(|(name, data)| (name, serde_json::from_str(&data).unwrap()))
        .collect()
}

/// What a visitor's page follows.
pub struct Follower {
    body: BodyDataStream,
    text: String,
}

impl Follower {
    pub async fn open(app: &TestApp, token: &str, last: Option<i64>) -> Self {
        let mut asked = request(Method::GET, "/api/v1/visit/events", token);
        if let Some(last) = last {
            asked = asked.header("last-event-id", last.to_string());
        }
        let asked = asked.body(Body::empty()).unwrap();
        let response = app.router.clone().oneshot(asked).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event, as name, id and data.
    async fn next(&mut self) -> (String, Option<i64>, Value) {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start().to_owned())
                };
                let Some(name) = field("event:") else {
                    continue;
                };
                let id = field("id:").and_then(|id| id.parse().ok());
                let data = field("data:").unwrap_or_default();
                return (name, id, serde_json::from_str(&data).unwrap());
            }
            let more = tokio::time::timeout(PATIENCE, self.body.next());
            let more = more
                .await
                .expect("no event came")
                .expect("the stream ended")
                .unwrap();
            self.text.push_str(std::str::from_utf8(&more).unwrap());
        }
    }

    /// Waits until the stream ends.
    pub async fn ends(mut self) {
        let ends = async { while self.body.next().await.is_some() {} };
        let ended = tokio::time::timeout(PATIENCE, ends).await;
        assert!(ended.is_ok(), "the stream goes on");
    }

    /// The next event of a kind.
    pub async fn until(&mut self, kind: &str) -> (Option<i64>, Value) {
        loop {
            let (name, id, data) = self.next().await;
            if name == kind {
                return (id, data);
            }
        }
    }

    pub async fn until_message(&mut self, part: &str) -> (Option<i64>, Value) {
        loop {
            let (id, data) = self.until("message").await;
            if data["text"].as_str().unwrap().contains(part) {
                return (id, data);
            }
        }
    }
}

#[tokio::test]
async fn a_visitor_who_wants_a_person_gets_one_and_then_the_assistant_again() {
    let app = TestApp::new().await;
    desk(&app, true).await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let (token, anna) = (visit::token(&app).await, person(&app, "Anna").await);
    let mut page = Follower::open(&app, &token, None).await;
    assert_eq!(page.next().await.2["state"], "open");

    let asked = say(&app, &token, "I want to talk to a human", "1").await;
    let (name, done) = asked.last().unwrap();
    assert_eq!(name, "done", "{asked:?}");
    assert!(
        done["answer"]
            .as_str()
            .unwrap()
            .starts_with("You will be connected"),
        "{done}"
    );
    let (_, waits) = page.until("state").await;
    assert_eq!(
        (&waits["state"], &waits["wait"]["position"]),
        (&json!("waiting"), &json!(1))
    );
    let (_, told) = page.until_message("You will be connected").await;
    assert_eq!(
        (&told["role"], &told["id"]),
        (&json!("system"), &done["id"])
    );

    // The assistant says nothing, and the message is there.
    let silent = say(&app, &token, "How much is a full service?", "2").await;
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert_eq!(
        (silent[0].0.as_str(), &silent[0].1["state"]),
        ("stored", &json!("waiting"))
    );

    let id = conversation(&app).await.0.id;
    write(&app, &anna, id, "It is 89 euros. Shall I book it?")
        .await
        .unwrap();
    let (_, told) = page.until_message("Anna is here").await;
    assert_eq!(told["role"], "system");
    let (_, word) = page.until_message("89 euros").await;
    assert_eq!(
        (&word["role"], &word["author"]),
        (&json!("agent"), &json!("Anna"))
    );
    acts::typing(&app.app.inbox, &anna, id, true).await.unwrap();
    let (_, typing) = page.until("typing").await;
    assert_eq!(typing, json!({"who": "agent", "on": true}));

    acts::give_back(&app.app.inbox, &anna, id, None)
        .await
        .unwrap();
    page.until_message("back with the assistant").await;
    let again = say(&app, &token, "How much is a full service?", "3").await;
    assert_eq!(again.last().unwrap().0, "done", "{again:?}");
    let (_, answer) = page.until_message("89").await;
    assert_eq!(answer["role"], "assistant");
    assert!(
        answer["citations"][0]["title"]
            .as_str()
            .unwrap()
            .starts_with("prices")
    );
    assert!(answer["citations"][0].get("document").is_none());
}

#[tokio::test]
async fn the_assistant_never_speaks_over_a_person_who_came_while_it_thought() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "story.txt",
        "The keeper was lonely, because ships seldom passed.",
    )
    .await;
    app.always_ask_the_model().await;
    let workspace = app.workspace("default").await;
    let hurry = move |tx: &Transaction<'_>| {
        let mut answers: Value = workspaces::section(tx, workspace, "answers")?;
        answers["deadline_seconds"] = json!(2);
        workspaces::set_section(tx, workspace, "answers", &answers)
    };
    app.app.store.write(hurry).await.unwrap();
    app.chat.script.set(Plan::Stall(vec!["Because".into()]));
    let (token, anna) = (visit::token(&app).await, person(&app, "Anna").await);
    let slow = say(&app, &token, "Why was the keeper so lonely?", "1");
    let take = async {
        eventually("the model is asked", || app.chat.script.count() > 0).await;
        let id = conversation(&app).await.0.id;
        write(&app, &anna, id, "Let me tell you.").await.unwrap();
    };
    let (said, ()) = tokio::join!(slow, take);
    let names: Vec<_> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["stored"], "{said:?}");
    let (now, all) = conversation(&app).await;
    assert_eq!(now.state, ConversationState::Human);
    let roles: Vec<_> = all.iter().map(|m| m.role).collect();
    assert_eq!(roles, [Speaker::User, Speaker::System, Speaker::Agent]);
    let receipts = app.get("/api/v1/receipts").await.json();
    assert_eq!(
        receipts["receipts"],
        json!([]),
        "what was thrown away is no answer"
    );
}

#[tokio::test]
async fn of_two_people_who_answer_at_once_one_wins() {
    let app = TestApp::new().await;
    let token = visit::token(&app).await;
    let (anna, ben) = (person(&app, "Anna").await, person(&app, "Ben").await);
    say(&app, &token, "Hello", "1").await;
    let id = conversation(&app).await.0.id;
    let (one, two) = tokio::join!(write(&app, &anna, id, "I"), write(&app, &ben, id, "Me"));
    let lost = match (one, two) {
        (Ok(()), Err(lost)) | (Err(lost), Ok(())) => lost,
        other => panic!("{other:?}"),
    };
    assert!(
        matches!(&lost, InboxError::Taken { by } if by == "Anna" || by == "Ben"),
        "{lost}"
    );
    let all = conversation(&app).await.1;
    assert_eq!(all.iter().filter(|m| m.role == Speaker::Agent).count(), 1);
}

#[tokio::test]
async fn nobody_waits_for_a_closed_desk_or_for_a_person_who_is_gone() {
    let app = TestApp::new().await;
    desk(&app, false).await;
    let token = visit::token(&app).await;
    let asked = app.post_as(&token, "/api/v1/visit/person", json!({})).await;
    let asked = asked.json();
    assert_eq!(
        (&asked["state"], &asked["open"]),
        (&json!("open"), &json!(false))
    );
    assert!(
        asked["text"].as_str().unwrap().contains("leave your name"),
        "{asked}"
    );
    let left = say(&app, &token, "Jo, 0171 2345678", "1").await;
    let (_, done) = left.last().unwrap();
    assert!(
        done["answer"].as_str().unwrap().contains("noted"),
        "the number is understood: {done}"
    );

    desk(&app, true).await;
    let anna = person(&app, "Anna").await;
    let id = conversation(&app).await.0.id;
    acts::take(&app.app.inbox, &anna, id, None).await.unwrap();
    let mut page = Follower::open(&app, &token, None).await;
    page.until_message("Anna is here").await;
    let later = now() + watch::AWAY_MS;
    app.app
        .store
        .write(move |tx| watch::settle(tx, later))
        .await
        .unwrap();
    assert_eq!(page.until("state").await.1["state"], "waiting");
    page.until_message("Anna lost the connection").await;
    app.app
        .store
        .write(move |tx| watch::settle(tx, later + 180_000))
        .await
        .unwrap();
    assert_eq!(page.until("state").await.1["state"], "open");
    page.until_message("nobody could come in time").await;
}

#[tokio::test]
async fn a_message_sent_twice_is_there_once_and_answered_once() {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let token = visit::token(&app).await;
    let first = say(&app, &token, "How much is a full service?", "same").await;
    assert_eq!(first.last().unwrap().0, "done");
    let second = say(&app, &token, "How much is a full service?", "same").await;
    assert_eq!(second.len(), 1, "{second:?}");
    assert_eq!(second[0].0, "stored");
    let all = conversation(&app).await.1;
    let roles: Vec<_> = all.iter().map(|m| m.role).collect();
    assert_eq!(roles, [Speaker::User, Speaker::Assistant]);
    assert_eq!(second[0].1["id"], all[0].id.to_string());
}

#[tokio::test]
async fn a_question_whose_answer_was_cut_off_is_answered_when_it_is_sent_again() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "story.txt",
        "The keeper was lonely, because ships seldom passed.",
    )
    .await;
    app.always_ask_the_model().await;
    app.chat.script.set(Plan::Stall(vec!["Because".into()]));
    let token = visit::token(&app).await;
    let question = "Why was the keeper so lonely?";
    let cut = tokio::time::timeout(
        Duration::from_millis(1500),
        say(&app, &token, question, "1"),
    );
    assert!(cut.await.is_err(), "the model is silent");
    let words = ["The keeper was lonely, because ships seldom passed. [1]".to_owned()];
    app.chat.script.set(Plan::Words(words.to_vec()));
    let again = say(&app, &token, question, "1").await;
    assert_eq!(again.last().unwrap().0, "done", "{again:?}");
    let all = conversation(&app).await.1;
    let roles: Vec<_> = all.iter().map(|m| m.role).collect();
    assert_eq!(roles, [Speaker::User, Speaker::Assistant]);
    assert!(!all[1].text.is_empty());
}

#[tokio::test]
async fn a_page_that_lost_its_connection_goes_on_where_it_was() {
    let app = TestApp::new().await;
    let (token, anna) = (visit::token(&app).await, person(&app, "Anna").await);
    say(&app, &token, "Hello", "1").await;
    let id = conversation(&app).await.0.id;
    let mut page = Follower::open(&app, &token, None).await;
    let (last, _) = page.until_message("Hello").await;
    let (answered, _) = page.until("message").await;
    assert!(answered > last);
    drop(page);
    for text in ["First", "Second", "Third"] {
        write(&app, &anna, id, text).await.unwrap();
    }
    let mut page = Follower::open(&app, &token, answered).await;
    let mut new = Vec::new();
    while new.len() < 4 {
        let (id, message) = page.until("message").await;
        // What was known before is only told again under no id, so that the page replaces it.
        if id.is_some() {
            new.push(message["text"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(new[1..], ["First", "Second", "Third"]);
    let list = app.send(
        request(Method::GET, "/api/v1/visit/messages", &token)
            .body(Body::empty())
            .unwrap(),
    );
    let list = list.await.json();
    let all = list["messages"].as_array().unwrap();
    assert_eq!(all.len(), 6, "{list}");
    assert_eq!(
        (&all[0]["client_id"], &all[5]["author"]),
        (&json!("1"), &json!("Anna"))
    );
    assert!(app.app.inbox.presence().is_online(id));
    drop(page);
    eventually("the visitor has left", || {
        !app.app.inbox.presence().is_online(id)
    })
    .await;
    assert_eq!(app.app.inbox.live().count_followed(), 0);
}

#[tokio::test]
async fn two_refusals_in_a_row_and_risky_questions_call_a_person() {
    for (questions, reason) in [
        (
            &["Do you sell zebras?", "And what about giraffes?"][..],
            "refusals",
        ),
        (&["How much does a zebra cost?"][..], "risky"),
    ] {
        let app = TestApp::new().await;
        desk(&app, true).await;
        let token = visit::token(&app).await;
        for (at, question) in questions.iter().enumerate() {
            let said = say(&app, &token, question, &at.to_string()).await;
            let (_, done) = said.last().unwrap();
            assert_eq!(done["rung"], "refusal", "{done}");
            let last = at + 1 == questions.len();
            assert_eq!(
                done["state"],
                if last { "waiting" } else { "open" },
                "{question}"
            );
        }
        let workspace = app.workspace("default").await;
        let log = app.app.store.read(move |conn| {
            frontdesk::store::events::list(conn, workspace, frontdesk::store::EventId(0), 99)
        });
        let log = log.await.unwrap();
        let waits = log
            .iter()
            .find(|event| event.kind == "conversation_waiting")
            .unwrap();
        assert_eq!(waits.data["reason"], reason);
    }
}

#[tokio::test]
async fn a_closed_conversation_opens_again_when_its_visitor_writes() {
    let app = TestApp::new().await;
    let (token, anna) = (visit::token(&app).await, person(&app, "Anna").await);
    say(&app, &token, "Hello", "1").await;
    let id = conversation(&app).await.0.id;
    acts::close(&app.app.inbox, &anna, id, None).await.unwrap();
    let said = say(&app, &token, "Hello again", "2").await;
    assert_eq!(said.last().unwrap().0, "done", "{said:?}");
    assert_eq!(conversation(&app).await.0.state, ConversationState::Open);
}
