//! What happens when nobody comes, and when clocks jump.

use super::*;
use crate::inbox::acts;
use crate::inbox::fixtures::{Shop, desk_hours};
use crate::inbox::turns::{Person, Why};
use crate::store::conversations::{self, Channel, ConversationState, NewConversation};
use crate::store::{users, workspaces};

const MINUTE: i64 = 60_000;
/// Some Tuesday.
const T: UnixMs = 1_796_000_000_000;

fn anna(shop: &Shop) -> Person {
    Person {
        id: shop.anna.id,
        name: shop.anna.name.clone(),
    }
}

fn take(shop: &Shop, at: UnixMs) {
    shop.inbox
        .store()
        .write_blocking(|tx| {
            let taken = turns::take(tx, &shop.conversation, &anna(shop), None, at);
            taken.map_err(|_| StoreError::Busy)
        })
        .unwrap();
}

fn settled(shop: &Shop, at: UnixMs) -> (usize, ConversationState) {
    let touched = shop.write(|tx| settle(tx, at));
    (touched, shop.now().state)
}

#[test]
fn whoever_waits_too_long_is_told_and_gets_the_assistant_back() {
    let shop = Shop::new(true);
    shop.write(|tx| turns::ask(tx, &shop.conversation, Why::Visitor, T));
    assert_eq!(
        settled(&shop, T + 3 * MINUTE - 1),
        (0, ConversationState::Waiting)
    );
    assert_eq!(settled(&shop, T + 3 * MINUTE), (1, ConversationState::Open));
    assert_eq!(settled(&shop, T + 9 * MINUTE), (0, ConversationState::Open));
    let told = shop.notices().pop().unwrap();
    assert!(
        told.starts_with("Sorry, nobody could come")
            && crate::inbox::offers_callback(&told).is_some(),
        "{told}"
    );
    assert_eq!(shop.log().pop().unwrap().1["reason"], "timeout");
    assert_eq!(shop.now().waiting_since, None);
}

#[test]
fn nobody_waits_once_the_desk_is_closed() {
    let shop = Shop::new(true);
    shop.write(|tx| turns::ask(tx, &shop.conversation, Why::Visitor, T));
    shop.write(|tx| workspaces::set_section(tx, shop.workspace, "desk", &desk_hours(false)));
    assert_eq!(settled(&shop, T + 1), (1, ConversationState::Open));
    assert_eq!(shop.log().pop().unwrap().1["reason"], "closed");
}

#[test]
fn a_person_who_is_silent_for_two_minutes_gives_the_conversation_back_to_the_queue() {
    let shop = Shop::new(true);
    take(&shop, T);
    assert_eq!(
        settled(&shop, T + 2 * MINUTE - 1),
        (0, ConversationState::Human)
    );
    shop.write(|tx| handover::keep_alive(tx, &shop.conversation, shop.anna.id, T + MINUTE));
    assert_eq!(
        settled(&shop, T + 3 * MINUTE - 1),
        (0, ConversationState::Human)
    );
    assert_eq!(
        settled(&shop, T + 3 * MINUTE),
        (1, ConversationState::Waiting)
    );
    let back = shop.now();
    assert_eq!(
        (back.assigned_to, back.waiting_since),
        (None, Some(T + 3 * MINUTE))
    );
    let told = shop.notices().pop().unwrap();
    assert_eq!(
        told,
        "Anna lost the connection. You are back in the queue, and somebody else will come."
    );
    let (kind, data) = shop.log().pop().unwrap();
    assert_eq!(
        (kind.as_str(), &data["by"]),
        ("conversation_requeued", &shop.anna.id.to_string().into())
    );
    assert_eq!(settled(&shop, T + 6 * MINUTE), (1, ConversationState::Open));
}

/// Looks at the clock every minute from one minute to another, and says who has the conversation after that.
async fn pass_minutes(
    shop: &Shop,
    rounds: &mut Rounds,
    steady: Instant,
    minutes: std::ops::RangeInclusive<i64>,
) -> ConversationState {
    for minute in minutes {
        let passed = Duration::from_millis((minute * MINUTE).unsigned_abs());
        pass(&shop.inbox, rounds, T + minute * MINUTE, steady + passed).await;
    }
    shop.now().state
}

#[tokio::test]
async fn whoever_follows_the_inbox_keeps_their_conversations() {
    let shop = Shop::new(true);
    let (steady, mut rounds) = (Instant::now(), Rounds::new(T, Instant::now()));
    take(&shop, T);
    let follow = || shop.inbox.attendance().follow(shop.workspace, shop.anna.id);
    // Somebody else, and her in another workspace, are nobody here.
    let _ben = shop.inbox.attendance().follow(shop.workspace, shop.ben.id);
    let _elsewhere = shop
        .inbox
        .attendance()
        .follow(WorkspaceId::new(), shop.anna.id);
    let (first, second) = (follow(), follow());
    let state = pass_minutes(&shop, &mut rounds, steady, 1..=10).await;
    assert_eq!(state, ConversationState::Human);
    drop(first);
    let state = pass_minutes(&shop, &mut rounds, steady, 11..=20).await;
    assert_eq!(state, ConversationState::Human, "one of two tabs is open");
    drop(second);
    // Closed after minute 20, seen at minute 21.
    let state = pass_minutes(&shop, &mut rounds, steady, 21..=22).await;
    assert_eq!(state, ConversationState::Human);
    let state = pass_minutes(&shop, &mut rounds, steady, 23..=23).await;
    assert_eq!(state, ConversationState::Waiting);
    assert_eq!(shop.log().pop().unwrap().0, "conversation_requeued");
}

#[tokio::test]
async fn a_suspended_person_with_an_open_page_has_no_conversation() {
    let shop = Shop::new(true);
    let (steady, mut rounds) = (Instant::now(), Rounds::new(T, Instant::now()));
    take(&shop, T);
    let _open = shop.inbox.attendance().follow(shop.workspace, shop.anna.id);
    pass_minutes(&shop, &mut rounds, steady, 1..=5).await;
    shop.write(|tx| users::suspend(tx, shop.anna.id, T + 5 * MINUTE));
    let state = pass_minutes(&shop, &mut rounds, steady, 6..=6).await;
    assert_eq!(state, ConversationState::Waiting);
}

#[test]
fn whoever_is_suspended_has_no_conversation_any_more() {
    let shop = Shop::new(true);
    take(&shop, T);
    shop.write(|tx| users::suspend(tx, shop.anna.id, T + 1));
    assert_eq!(settled(&shop, T + 2), (1, ConversationState::Waiting));
}

#[tokio::test]
async fn somebody_who_answers_by_mail_needs_no_open_page_but_lets_nobody_wait_for_ever() {
    let shop = Shop::new(true);
    let reply = acts::Reply {
        text: "From my telephone".to_owned(),
        from_away: true,
        ..acts::Reply::default()
    };
    let (by, id) = (shop.member(&shop.anna), shop.conversation.id);
    acts::write(&shop.inbox, &by, id, reply, |_, _| Ok(()))
        .await
        .unwrap();
    let now = now();
    assert_eq!(
        settled(&shop, now + 60 * MINUTE),
        (0, ConversationState::Human)
    );
    shop.say("Are you there?", now);
    assert_eq!(
        settled(&shop, now + 29 * MINUTE),
        (0, ConversationState::Human)
    );
    assert_eq!(
        settled(&shop, now + 30 * MINUTE),
        (1, ConversationState::Waiting)
    );
}

#[tokio::test]
async fn whoever_answered_by_mail_and_is_suspended_has_no_conversation_any_more() {
    let shop = Shop::new(true);
    let reply = acts::Reply {
        text: "From my telephone".to_owned(),
        from_away: true,
        ..acts::Reply::default()
    };
    let (by, id) = (shop.member(&shop.anna), shop.conversation.id);
    acts::write(&shop.inbox, &by, id, reply, |_, _| Ok(()))
        .await
        .unwrap();
    let now = now();
    assert_eq!(settled(&shop, now + 1), (0, ConversationState::Human));
    shop.write(|tx| users::suspend(tx, shop.anna.id, now));
    assert_eq!(settled(&shop, now + 2), (1, ConversationState::Waiting));
    let told = shop.notices().pop().unwrap();
    assert!(told.contains("back in the queue"), "{told}");
}

#[test]
fn many_who_are_answered_by_mail_keep_nobody_waiting() {
    let shop = Shop::new(true);
    let data = json!({});
    shop.write(|tx| {
        for _ in 0..=AT_ONCE {
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: None,
                title: "",
                begun_by: None,
                page: None,
            };
            let one = conversations::create(tx, shop.workspace, &new, T)?;
            let taken = Change::new("conversation_taken", &data)
                .state(ConversationState::Human)
                .assign(Some(shop.ben.id));
            handover::apply(tx, &one, None, &taken, T)?;
        }
        Ok(())
    });
    take(&shop, T);
    assert_eq!(
        settled(&shop, T + 2 * MINUTE),
        (1, ConversationState::Waiting)
    );
}

#[test]
fn a_snoozed_conversation_comes_back() {
    let shop = Shop::new(true);
    let data = json!({});
    let snooze = Change::new("conversation_snoozed", &data).snooze(Some(T + MINUTE));
    shop.write(|tx| handover::apply(tx, &shop.conversation, None, &snooze, T));
    assert_eq!(settled(&shop, T + MINUTE - 1).0, 0);
    assert_eq!(settled(&shop, T + MINUTE).0, 1);
    assert_eq!(shop.now().snoozed_until, None);
}

#[tokio::test]
async fn a_jump_of_the_clock_makes_nobody_late_and_holds_nobody() {
    const YEAR: i64 = 365 * 24 * 60 * MINUTE;
    for jump in [-YEAR, -3_600_000, 3_600_000, YEAR] {
        let shop = Shop::new(true);
        let steady = Instant::now();
        take(&shop, T);
        let mut rounds = Rounds::new(T, steady);
        let mut pass = async |passed: i64, jump: i64| {
            let later = steady + Duration::from_millis(passed.unsigned_abs());
            pass(&shop.inbox, &mut rounds, T + passed + jump, later).await;
            shop.now().state
        };
        assert_eq!(pass(5_000, 0).await, ConversationState::Human);
        assert_eq!(pass(10_000, jump).await, ConversationState::Human, "{jump}");
        assert_eq!(
            pass(115_000, jump).await,
            ConversationState::Human,
            "{jump}"
        );
        assert_eq!(
            pass(121_000, jump).await,
            ConversationState::Waiting,
            "{jump}"
        );
        assert_eq!(
            pass(250_000, jump).await,
            ConversationState::Waiting,
            "{jump}"
        );
        assert_eq!(pass(302_000, jump).await, ConversationState::Open, "{jump}");
    }
}

#[tokio::test]
async fn a_snooze_is_until_a_time_of_the_clock_on_the_wall_whatever_that_does() {
    const HOUR: i64 = 60 * MINUTE;
    let snoozed = |until| {
        let shop = Shop::new(true);
        let data = json!({});
        let snooze = Change::new("conversation_snoozed", &data).snooze(Some(until));
        shop.write(|tx| handover::apply(tx, &shop.conversation, None, &snooze, T));
        shop
    };
    // The clock is set forward past it, and back by a year.
    for (jump, left) in [(2 * HOUR, None), (-365 * 24 * HOUR, Some(T + HOUR))] {
        let shop = snoozed(T + HOUR);
        let steady = Instant::now();
        let mut rounds = Rounds::new(T, steady);
        let later = steady + Duration::from_secs(5);
        pass(&shop.inbox, &mut rounds, T + 5000 + jump, later).await;
        assert_eq!(shop.now().snoozed_until, left, "{jump}");
    }
}

#[tokio::test]
async fn those_who_wait_learn_that_the_queue_moves() {
    let shop = Shop::new(true);
    shop.write(|tx| turns::ask(tx, &shop.conversation, Why::Visitor, T));
    let mut following = shop.inbox.live().conversation(shop.conversation.id);
    let mut told = async || {
        let wait = tokio::time::timeout(Duration::from_millis(20), following.changed());
        wait.await.is_ok()
    };
    let (steady, mut rounds) = (Instant::now(), Rounds::new(T, Instant::now()));
    pass(&shop.inbox, &mut rounds, T + 1, steady).await;
    assert!(told().await);
    pass(&shop.inbox, &mut rounds, T + 2, steady).await;
    assert!(!told().await);
}
