use rusqlite::Transaction;

use crate::store::contacts::{self, Card, PointKind};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::erasure::{self, Subject};
use crate::store::tasks::{self, NewTask, TaskKind};
use crate::store::{ContactId, ConversationId, Store, StoreError, WorkspaceId, due, workspaces};

const CANARY: &str = "canary@example.org";

/// A conversation with a contact and a lead.
fn person(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    pinned: bool,
) -> (ConversationId, ContactId) {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "",
        begun_by: None,
        page: None,
    };
    let talk = conversations::create(tx, workspace, &new, 10).unwrap().id;
    let card = Card {
        name: "Ann".into(),
        pinned,
        ..Card::default()
    };
    let ann = contacts::create(tx, workspace, &card, 10).unwrap();
    contacts::add_point(tx, &ann, PointKind::Email, CANARY, false, 10).unwrap();
    contacts::join(tx, &ann, talk).unwrap();
    let lead = NewTask {
        kind: TaskKind::Lead,
        contact: Some(ann.id),
        conversation: Some(talk),
        name: "",
        wish: "write to canary@example.org",
        page: None,
        due_at: 20,
        call: None,
        assigned_to: None,
    };
    tasks::create(tx, workspace, &lead, 10).unwrap();
    (talk, ann.id)
}

fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError> + Send + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            test(tx, shop)
        })
        .unwrap();
}

fn kinds(tx: &Transaction<'_>, shop: WorkspaceId) -> Vec<Subject> {
    let found = erasure::find(tx, shop, CANARY).unwrap();
    found
        .matches
        .into_iter()
        .map(|found| found.subject)
        .collect()
}

#[test]
fn a_contact_goes_with_its_last_conversation_unless_it_is_pinned() {
    in_a_shop(|tx, shop| {
        let (talk, ann) = person(tx, shop, false);
        assert_eq!(kinds(tx, shop), [Subject::Contact(ann)]);
        let erased = erasure::erase_subject(tx, shop, Subject::Conversation(talk), 30)?;
        assert_eq!((erased.contacts, erased.tasks), (1, 1));
        assert!(kinds(tx, shop).is_empty());
        let (talk, ann) = person(tx, shop, true);
        let erased = erasure::erase_subject(tx, shop, Subject::Conversation(talk), 30)?;
        assert_eq!((erased.contacts, erased.tasks), (0, 1));
        assert!(contacts::get(tx, shop, ann).is_ok());
        Ok(())
    });
}

#[test]
fn a_contact_is_erased_with_its_tasks_and_its_conversation_stays() {
    in_a_shop(|tx, shop| {
        let (talk, ann) = person(tx, shop, true);
        let copied = erasure::copy(tx, shop, &[Subject::Contact(ann)])?;
        assert_eq!(copied.finds[0]["contact_points"][0]["value"], CANARY);
        assert_eq!(copied.finds[0]["tasks"].as_array().map(Vec::len), Some(1));
        let erased = erasure::erase_subject(tx, shop, Subject::Contact(ann), 30)?;
        assert_eq!((erased.contacts, erased.tasks), (1, 1));
        assert!(kinds(tx, shop).is_empty());
        assert!(conversations::get(tx, shop, talk).is_ok());
        assert!(erasure::erase_subject(tx, shop, Subject::Contact(ann), 30).is_err());
        Ok(())
    });
}

#[test]
fn a_note_of_staff_that_names_somebody_is_found_and_erased() {
    in_a_shop(|tx, shop| {
        let todo = NewTask {
            kind: TaskKind::Todo,
            contact: None,
            conversation: None,
            name: "",
            wish: "write to canary@example.org",
            page: None,
            due_at: 20,
            call: None,
            assigned_to: None,
        };
        let todo = tasks::create(tx, shop, &todo, 10)?.id;
        assert_eq!(kinds(tx, shop), [Subject::Task(todo)]);
        erasure::erase_subject(tx, shop, Subject::Task(todo), 30)?;
        assert!(kinds(tx, shop).is_empty());
        Ok(())
    });
}

#[test]
fn a_contact_is_hidden_with_its_last_conversation_and_shown_again_with_it() {
    in_a_shop(|tx, shop| {
        let (talk, ann) = person(tx, shop, false);
        let (_, kept) = person(tx, shop, true);
        let limits = due::Limits {
            conversations: 15,
            ..due::Limits::NONE
        };
        // What is still to be done for somebody keeps them.
        due::hide(tx, shop, &limits, 100)?;
        assert!(conversations::get(tx, shop, talk).is_err());
        assert!(contacts::get(tx, shop, ann).is_ok());
        tx.execute("UPDATE tasks SET state = 'done'", ())?;
        due::hide(tx, shop, &limits, 100)?;
        assert!(contacts::get(tx, shop, ann).is_err());
        assert!(contacts::get(tx, shop, kept).is_ok());
        assert_eq!(due::waiting(tx, shop)?.count.contacts, 1);
        // Whoever asks what is kept of them is told of it.
        let found = erasure::find(tx, shop, &ann.to_string())?;
        assert_eq!(found.matches[0].due_at, Some(100));
        due::show(tx, shop, &due::Limits::NONE)?;
        assert!(contacts::get(tx, shop, ann).is_ok());
        due::hide(tx, shop, &limits, 100)?;
        assert_eq!(due::delete(tx, 100)?.contacts, 1);
        assert!(contacts::get_even_due(tx, shop, ann).is_err());
        assert!(contacts::get(tx, shop, kept).is_ok());
        Ok(())
    });
}
