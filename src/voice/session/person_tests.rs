//! A person who takes the conversation of a call.

use serde_json::json;

use super::super::fakes::TestDesk;
use crate::inbox::turns::{self, Person};
use crate::store::conversations::{self, Conversation};
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::users::{self, NewUser, Role};
use crate::store::{Scoped, StoreError, Transaction, UserId, workspaces};
use crate::voice::{Outgoing, VoiceSettings};

const MESSAGES: &str = "SELECT role || ': ' || text FROM messages ORDER BY seq";

fn says(part: &'static str) -> impl Fn(&Outgoing) -> bool {
    move |m| matches!(m, Outgoing::Answer { text, .. } if text.contains(part))
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn conversation(tx: &Transaction<'_>) -> Result<Scoped<Conversation>, StoreError> {
    let workspace = workspaces::get_or_create(tx, "default", "", 1)?.id;
    let all = conversations::list_recent(tx, workspace, None, 1, 0)?;
    conversations::get(tx, workspace, all[0].conversation.id)
}

fn anna(tx: &Transaction<'_>) -> Result<UserId, StoreError> {
    let new = NewUser {
        email: "a@x",
        name: "Anna Lind",
        password_hash: None,
        role: Role::Agent,
    };
    users::create(tx, &new, 1)
}

#[tokio::test(start_paused = true)]
async fn what_a_person_writes_is_spoken_and_the_front_desk_is_silent() {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    desk.wait_for_greeting().await;
    let taken = desk.store.write(|tx| {
        let name = "Anna Lind".to_owned();
        let person = Person {
            id: anna(tx)?,
            name,
        };
        let taken = turns::take(tx, &conversation(tx)?, &person, None, now());
        taken.map_err(|_| StoreError::Busy)?;
        Ok(person.id)
    });
    let anna = taken.await.unwrap();
    desk.until("the notice", says("Anna is here now")).await;
    desk.wait_for_greeting().await;
    desk.will_say(&["When are you open?"]);
    desk.speak(900).await;
    desk.until("the words", |m| matches!(m, Outgoing::Heard { .. }))
        .await;
    desk.quiet(4_000).await;
    let answered = |m: &&Outgoing| matches!(m, Outgoing::Answer { turn, .. } if *turn > 0);
    assert_eq!(
        desk.shown().into_iter().filter(answered).count(),
        0,
        "{:?}",
        desk.shown()
    );

    let written = desk.store.write(move |tx| {
        let new = NewMessage {
            role: Speaker::Agent,
            text: "Until five today.",
            state: MessageState::Complete,
            client_id: None,
            author: Some(anna),
        };
        messages::append(tx, &conversation(tx)?, &new, now())
    });
    written.await.unwrap();
    desk.until("the person's words", says("Until five today."))
        .await;
    desk.hang_up().await;
    assert_eq!(
        desk.query(MESSAGES).await,
        [
            "system: Anna is here now and answers you.",
            "user: When are you open?",
            "agent: Until five today."
        ]
    );
    assert_eq!(desk.query("SELECT count(*) FROM receipts").await, ["0"]);
}

#[tokio::test(start_paused = true)]
async fn in_a_closed_conversation_the_caller_is_answered_and_it_opens_again() {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    desk.wait_for_greeting().await;
    let closed = desk.store.write(|tx| {
        let closed = turns::close(tx, &conversation(tx)?, None, None, now());
        closed.map(drop).map_err(|_| StoreError::Busy)
    });
    closed.await.unwrap();
    desk.until("the notice", says("This conversation is closed"))
        .await;
    desk.wait_for_greeting().await;
    desk.will_say(&["When are you open?"]);
    desk.speak(900).await;
    let answered = |m: &Outgoing| matches!(m, Outgoing::Answer { turn, .. } if *turn > 0);
    desk.until("an answer", answered).await;
    desk.hang_up().await;
    let state = "SELECT state FROM conversations";
    assert_eq!(desk.query(state).await, ["open"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_wants_a_person_waits_for_one_while_the_desk_is_open() {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    let workspace = desk.workspace;
    let all = [["00:00", "24:00"]];
    let hours = json!({ "hours": {
        "monday": all, "tuesday": all, "wednesday": all, "thursday": all, "friday": all, "saturday": all, "sunday": all
    } });
    let opened = desk.store.write(move |tx| {
        workspaces::set_section(tx, workspace, "facts", &json!({ "holidays": "usual" }))?;
        workspaces::set_section(tx, workspace, "desk", &hours)
    });
    opened.await.unwrap();
    desk.wait_for_greeting().await;
    // What the session knows of the desk, it learns with the next change.
    desk.store
        .write(|tx| conversations::set_title(tx, &conversation(tx)?, "Call"))
        .await
        .unwrap();
    desk.will_say(&["I want to talk to a human"]);
    desk.speak(900).await;
    desk.until("the notice", says("You will be connected"))
        .await;
    desk.hang_up().await;
    let state = "SELECT state FROM conversations";
    assert_eq!(desk.query(state).await, ["waiting"]);
}
