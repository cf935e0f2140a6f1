//! Who has a conversation, and who of two was faster.

use serde_json::json;

use super::*;
use crate::store::conversations::{Channel, NewConversation};
use crate::store::events::Event;
use crate::store::users::{self, NewUser, Role};
use crate::store::{EventId, Store, workspaces};

fn within(test: impl FnOnce(&Transaction<'_>, &Scoped<Conversation>, UserId)) {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: Some("https://shop.example/prices"),
        };
        let user = NewUser {
            email: "a@x",
            name: "Anna",
            password_hash: None,
            role: Role::Agent,
        };
        let user = users::create(tx, &user, 1)?;
        let conversation = conversations::create(tx, workspace, &new, 1)?;
        test(tx, &conversation, user);
        Ok(())
    });
    done.unwrap();
}

fn log(tx: &Transaction<'_>, of: &Scoped<Conversation>) -> Vec<Event> {
    events::list(tx, of.workspace(), EventId(0), 50).unwrap()
}

fn say(
    tx: &Transaction<'_>,
    to: &Scoped<Conversation>,
    role: Speaker,
    by: Option<UserId>,
    at: UnixMs,
) {
    let new = NewMessage {
        role,
        text: "Hello",
        state: MessageState::Complete,
        client_id: None,
        author: by,
    };
    messages::append(tx, to, &new, at).unwrap();
}

#[test]
fn of_two_people_who_act_at_once_the_second_learns_it_and_changes_nothing() {
    within(|tx, begun, anna| {
        let data = json!({ "by": anna });
        let take = Change::new("conversation_taken", &data)
            .from(&[ConversationState::Open])
            .state(ConversationState::Human)
            .assign(Some(anna))
            .notice("Anna is here now.");
        let taken = apply(tx, begun, Some(begun.revision), &take, 5).unwrap();
        assert_eq!(
            (taken.state, taken.assigned_to, taken.revision),
            (ConversationState::Human, Some(anna), begun.revision + 1)
        );
        let before = (log(tx, begun), messages::list(tx, begun, 9).unwrap());
        for expected in [Some(begun.revision), None] {
            let late = apply(tx, begun, expected, &take, 6);
            assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
        }
        assert_eq!(
            (log(tx, begun), messages::list(tx, begun, 9).unwrap()),
            before
        );
        let (told, said) = before;
        assert_eq!(
            told.last().map(|e| (e.kind.as_str(), &e.data)),
            Some(("conversation_taken", &data))
        );
        assert_eq!(
            (said[0].role, said[0].text.as_str()),
            (Speaker::System, "Anna is here now.")
        );
    });
}

#[test]
fn the_log_begins_with_channel_and_page() {
    within(|tx, begun, _| {
        let started = log(tx, begun).remove(0);
        assert_eq!(started.kind, "conversation_started");
        assert_eq!(started.data["channel"], "chat");
        assert_eq!(started.data["page"], "https://shop.example/prices");
        assert_eq!(begun.page.as_deref(), Some("https://shop.example/prices"));
    });
}

#[test]
fn a_visitor_waits_from_their_first_word_to_the_next_one_of_staff() {
    within(|tx, begun, anna| {
        let waits = || {
            conversations::get(tx, begun.workspace(), begun.id)
                .unwrap()
                .waiting_since
        };
        say(tx, begun, Speaker::User, None, 5);
        assert_eq!(waits(), None, "the assistant answers");
        let data = json!({});
        let take = Change::new("conversation_taken", &data)
            .state(ConversationState::Human)
            .assign(Some(anna));
        apply(tx, begun, None, &take, 6).unwrap();
        say(tx, begun, Speaker::User, None, 7);
        say(tx, begun, Speaker::User, None, 8);
        assert_eq!(waits(), Some(7));
        say(tx, begun, Speaker::Agent, Some(anna), 9);
        assert_eq!(waits(), None);
        let kinds: Vec<_> = log(tx, begun).into_iter().skip(2).map(|e| e.kind).collect();
        assert_eq!(
            kinds,
            ["message_received", "message_received", "message_sent"]
        );
    });
}

#[test]
fn only_the_person_who_has_it_keeps_it() {
    within(|tx, begun, anna| {
        assert!(!keep_alive(tx, begun, anna, 5).unwrap());
        let data = json!({});
        let take = Change::new("conversation_taken", &data)
            .state(ConversationState::Human)
            .assign(Some(anna));
        apply(tx, begun, None, &take, 6).unwrap();
        assert!(keep_alive(tx, begun, anna, 7).unwrap());
        assert!(!keep_alive(tx, begun, UserId::new(), 8).unwrap());
        assert!(list_untended(tx, 6, 6, 9).unwrap().is_empty());
        let has = list_untended(tx, 7, 6, 9).unwrap();
        assert_eq!(has.len(), 1);
        assert_eq!(has[0].agent_seen_at, Some(7));
        users::suspend(tx, anna, 8).unwrap();
        assert_eq!(list_untended(tx, 6, 6, 9).unwrap().len(), 1);
        assert!(list_awaited(tx, Awaited::Person, 9).unwrap().is_empty());
    });
}

#[test]
fn places_in_the_queue_follow_the_time_of_waiting() {
    within(|tx, first, _| {
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let second = conversations::create(tx, first.workspace(), &new, 2).unwrap();
        let data = json!({});
        let wait = |since| {
            Change::new("conversation_waiting", &data)
                .state(ConversationState::Waiting)
                .waiting_since(Some(since))
        };
        let second = apply(tx, &second, None, &wait(10), 10).unwrap();
        let first = apply(tx, first, None, &wait(20), 20).unwrap();
        assert_eq!(count_ahead(tx, &second).unwrap(), 0);
        assert_eq!(count_ahead(tx, &first).unwrap(), 1);
    });
}

#[test]
fn what_waits_to_be_sent_moves_with_the_clock() {
    use crate::store::mail::{self, MailKind, NewOutgoing};
    const YEAR: UnixMs = 365 * 24 * 60 * 60 * 1000;
    within(|tx, begun, _| {
        let shop = begun.workspace();
        let new = NewOutgoing {
            kind: MailKind::Notice,
            about: None,
            recipient: "a@x",
            title: "A visitor waits",
            text: "",
            reply_to: None,
        };
        // The clock is a year ahead, and then right again.
        mail::enqueue(tx, shop, &new, YEAR + 10).unwrap();
        assert!(mail::waiting_of(tx, shop, 11, 9).unwrap().is_empty());
        shift_clock(tx, -YEAR).unwrap();
        let due = mail::waiting_of(tx, shop, 11, 9).unwrap();
        assert_eq!((due.len(), due[0].created_at), (1, 10));
    });
}
