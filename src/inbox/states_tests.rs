//! `STATES.md` is what really happens: each change of the table is carried out, and what the visitor is told and the log says
//! must stand there, with the test that holds it.

use super::desk::Desk;
use super::fixtures::Shop;
use super::state::{Act, TABLE};
use super::turns::{self, Expiry, Person, Why};
use super::{InboxError, acts};
use crate::store::conversations::ConversationState;
use crate::store::users::User;
use crate::store::{StoreError, UnixMs};

use Act::{Ask, Close, Expire, Reopen, Requeue, Return, Take, TakeOver};
use ConversationState::{Closed, Human, Open, Waiting};

/// Some Tuesday.
const T: UnixMs = 1_796_000_000_000;

const PAGE: &str = include_str!("STATES.md");
const SOURCES: [(&str, &str); 3] = [
    ("acts_tests", include_str!("acts_tests.rs")),
    ("states_tests", include_str!("states_tests.rs")),
    ("watch_tests", include_str!("watch_tests.rs")),
];

/// When each change happens, and the test that holds it.
const ROWS: [(ConversationState, Act, &str, &str); 12] = [
    (
        Open,
        Ask,
        "the visitor or a rule of the assistant calls a person, and the desk is open",
        "acts_tests::a_visitor_who_asks_waits_is_answered_and_comes_back_to_the_assistant",
    ),
    (
        Open,
        Take,
        "a person steps in",
        "acts_tests::of_two_people_who_answer_at_once_one_wins_and_the_other_learns_who",
    ),
    (
        Open,
        Expire,
        "a person is called, and the desk is closed",
        "acts_tests::nobody_waits_for_a_closed_desk",
    ),
    (
        Open,
        Close,
        "staff or the visitor end it",
        "acts_tests::a_closed_conversation_opens_when_somebody_writes_and_ends_when_the_visitor_ends_it",
    ),
    (
        Waiting,
        Take,
        "a person comes",
        "acts_tests::a_visitor_who_asks_waits_is_answered_and_comes_back_to_the_assistant",
    ),
    (
        Waiting,
        Expire,
        "nobody comes in time, or the desk closes",
        "watch_tests::whoever_waits_too_long_is_told_and_gets_the_assistant_back",
    ),
    (
        Waiting,
        Close,
        "staff or the visitor end it",
        "states_tests::a_visitor_who_waits_may_end_it",
    ),
    (
        Human,
        TakeOver,
        "another person takes it who has seen that somebody has it",
        "acts_tests::a_person_takes_from_another_only_what_they_have_seen",
    ),
    (
        Human,
        Return,
        "the person gives it back",
        "acts_tests::a_visitor_who_asks_waits_is_answered_and_comes_back_to_the_assistant",
    ),
    (
        Human,
        Requeue,
        "the person was silent for two minutes, or is suspended",
        "watch_tests::a_person_who_is_silent_for_two_minutes_gives_the_conversation_back_to_the_queue",
    ),
    (
        Human,
        Close,
        "staff or the visitor end it",
        "acts_tests::a_closed_conversation_opens_when_somebody_writes_and_ends_when_the_visitor_ends_it",
    ),
    (
        Closed,
        Reopen,
        "the visitor writes again, or a person opens it",
        "acts_tests::a_closed_conversation_opens_when_somebody_writes_and_ends_when_the_visitor_ends_it",
    ),
];

fn name(act: Act) -> &'static str {
    match act {
        Ask => "ask",
        Take => "take",
        TakeOver => "take over",
        Return => "return",
        Requeue => "requeue",
        Expire => "expire",
        Close => "close",
        Reopen => "reopen",
    }
}

fn person(user: &User) -> Person {
    Person {
        id: user.id,
        name: user.name.clone(),
    }
}

fn plain<T>(done: Result<T, InboxError>) -> Result<T, StoreError> {
    done.map_err(|error| StoreError::Conflict(error.to_string().into()))
}

fn bring(shop: &Shop, to: ConversationState) {
    let (of, anna) = (&shop.conversation, person(&shop.anna));
    shop.write(|tx| match to {
        Open => Ok(()),
        Waiting => turns::ask(tx, of, Why::Button, T).map(drop),
        Human => plain(turns::take(tx, of, &anna, None, T)).map(drop),
        Closed => plain(turns::close(tx, of, None, None, T)).map(drop),
    });
    assert_eq!(shop.now().state, to);
}

fn carry_out(shop: &Shop, act: Act) {
    let (of, now) = (shop.now(), T + 1000);
    let (anna, ben) = (person(&shop.anna), person(&shop.ben));
    shop.write(|tx| match act {
        Ask => turns::ask(tx, &of, Why::Button, now).map(drop),
        // A closed desk: nobody is called.
        Expire if of.state == Open => turns::ask(tx, &of, Why::Button, now).map(drop),
        Expire => {
            let desk = Desk::load(tx, of.workspace(), now)?;
            turns::expire(tx, &of, &desk, Expiry::Timeout, now).map(drop)
        }
        Take => plain(turns::take(tx, &of, &anna, None, now)).map(drop),
        TakeOver => plain(turns::take(tx, &of, &ben, Some(of.revision), now)).map(drop),
        Return => plain(turns::give_back(tx, &of, &anna, None, now)).map(drop),
        Requeue => turns::requeue(tx, &of, now).map(drop),
        Close => plain(turns::close(tx, &of, None, None, now)).map(drop),
        Reopen => turns::reopen(tx, &of, now).map(drop),
    });
}

/// The line of a change, by what happens when it is carried out.
fn line(from: ConversationState, act: Act, when: &str, test: &str) -> String {
    let shop = Shop::new((from, act) != (Open, Expire));
    bring(&shop, from);
    let (told, logged) = (shop.notices().len(), shop.log().len());
    carry_out(&shop, act);
    let new = shop.notices().split_off(told);
    let events = shop.log().split_off(logged);
    assert_eq!(events.len(), 1, "{from:?} {act:?}: {events:?}");
    assert!(new.len() <= 1, "{from:?} {act:?}: {new:?}");
    assert_eq!(events[0].0, act.event(), "{from:?} {act:?}");
    format!(
        "| {} | {} | {} | {when} | {} | `{}` | `{test}` |",
        from.as_str(),
        name(act),
        shop.now().state.as_str(),
        new.first().map_or("—", String::as_str),
        events[0].0
    )
}

#[test]
fn the_page_of_states_tells_what_happens() {
    let listed: Vec<_> = ROWS.iter().map(|(from, act, ..)| (*from, *act)).collect();
    let table: Vec<_> = TABLE.iter().map(|(from, act, _)| (*from, *act)).collect();
    assert_eq!(listed, table, "each change of the table has its row");
    let expected: Vec<String> = ROWS
        .iter()
        .map(|(from, act, when, test)| line(*from, *act, when, test))
        .collect();
    // Two lines for the head.
    let written: Vec<&str> = PAGE
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .collect();
    let expected_page = expected.join("\n");
    assert_eq!(
        written, expected,
        "src/inbox/STATES.md must have these lines:\n{expected_page}"
    );
}

#[test]
fn every_test_on_the_page_exists() {
    for (.., test) in ROWS {
        let (file, name) = test.split_once("::").unwrap();
        let source = SOURCES.iter().find(|(known, _)| *known == file).unwrap().1;
        let is_there = source.contains(&format!("fn {name}("));
        assert!(is_there, "{test}");
    }
}

#[tokio::test]
async fn a_visitor_who_waits_may_end_it() {
    let shop = Shop::new(true);
    bring(&shop, Waiting);
    let ended = acts::end(&shop.inbox, &shop.visitor).await.unwrap();
    assert_eq!(ended.unwrap().state, Closed);
    let now = shop.now();
    assert_eq!((now.waiting_since, now.assigned_to), (None, None));
    let told = "This conversation is closed. Write again whenever you like.";
    assert_eq!(shop.notices().last().map(String::as_str), Some(told));
}
