use serde_json::json;

use super::*;
use crate::access::Principal;
use crate::contacts::fields::{self, Field, FieldKind};
use crate::contacts::todo::{self, Todo};
use crate::store::tasks::{TaskKind, TaskState};

async fn shop() -> (Store, Member) {
    let store = Store::open_in_memory().unwrap();
    let made = store.write(|tx| workspaces::get_or_create(tx, "shop", "Shop", 1));
    let member = Principal::installation().in_workspace(made.await.unwrap().id);
    (store, member.unwrap())
}

fn named(name: &str, emails: &[&str], phones: &[&str]) -> Change {
    let own = |all: &[&str]| Some(all.iter().map(|one| (*one).to_owned()).collect());
    Change {
        name: Some(name.into()),
        emails: own(emails),
        phones: own(phones),
        ..Change::default()
    }
}

fn values(whole: &Whole) -> Vec<&str> {
    whole.points.iter().map(|p| p.value.as_str()).collect()
}

#[tokio::test]
async fn staff_make_and_correct_a_contact() {
    let (store, by) = shop().await;
    let new = named("  Ann \n Smith ", &["Ann@Example.com"], &["+49 30 123456"]);
    let ann = create(&store, &by, new, 1).await.unwrap();
    assert_eq!(
        (ann.contact.name.as_str(), ann.contact.pinned),
        ("Ann Smith", true)
    );
    assert_eq!(values(&ann), ["ann@example.com", "+4930123456"]);
    let id = ann.contact.id;
    let other = Change {
        phones: Some(vec!["+49 30 654321".into(), " ".into()]),
        pinned: Some(false),
        language: Some("DE".into()),
        ..Change::default()
    };
    let ann = change(&store, &by, id, other, 2).await.unwrap();
    assert_eq!(values(&ann), ["ann@example.com", "+4930654321"]);
    assert_eq!(ann.contact.language.as_deref(), Some("de"));
    assert!(!ann.contact.pinned);
    // Another contact cannot take the address.
    let taken = create(&store, &by, named("Eve", &["ann@example.com"], &[]), 3).await;
    assert!(
        matches!(taken, Err(ContactError::Taken { .. })),
        "{taken:?}"
    );
    for wrong in [
        named("", &[], &[]),
        named("Eve", &["eve"], &[]),
        named("Eve", &[], &["call me maybe"]),
        named(&"x".repeat(121), &[], &[]),
        Change {
            language: Some("klingon".into()),
            ..named("Eve", &[], &[])
        },
    ] {
        assert!(
            create(&store, &by, wrong.clone(), 3).await.is_err(),
            "{wrong:?}"
        );
    }
    assert_eq!(get(&store, &by, id).await.unwrap().points.len(), 2);
}

#[tokio::test]
async fn fields_of_the_owner_are_filled_and_come_back_with_their_definition() {
    let (store, by) = shop().await;
    let size = Field {
        name: "Size".into(),
        kind: FieldKind::Choice,
        choices: vec!["S".into(), "M".into()],
    };
    let known = Fields { fields: vec![size] };
    fields::set(&store, &by, known.clone()).await.unwrap();
    let mut new = named("Ann", &[], &[]);
    new.fields.insert("Size".into(), json!("M"));
    let ann = create(&store, &by, new, 1).await.unwrap();
    assert_eq!(ann.contact.fields["Size"], "M");
    fields::set(&store, &by, Fields::default()).await.unwrap();
    let same = change(&store, &by, ann.contact.id, named("Anna", &[], &[]), 2)
        .await
        .unwrap();
    assert_eq!(same.contact.fields["Size"], "M");
    let mut wrong = Change::default();
    wrong.fields.insert("Size".into(), json!("S"));
    assert!(change(&store, &by, ann.contact.id, wrong, 3).await.is_err());
}

#[tokio::test]
async fn merging_and_consents_are_told_in_the_timeline() {
    let (store, by) = shop().await;
    let ann = create(&store, &by, named("Ann", &["a@b.example"], &[]), 1)
        .await
        .unwrap()
        .contact
        .id;
    let twin = create(&store, &by, named("A.", &["c@d.example"], &[]), 2)
        .await
        .unwrap()
        .contact
        .id;
    assert!(merge(&store, &by, ann, ann, 3).await.is_err());
    let one = merge(&store, &by, twin, ann, 3).await.unwrap();
    assert_eq!(values(&one), ["a@b.example", "c@d.example"]);
    assert!(get(&store, &by, twin).await.is_err());
    let agreed = note_consent(
        &store,
        &by,
        ann,
        "news".into(),
        false,
        "No more news.".into(),
        4,
    );
    assert!(!agreed.await.unwrap().consents[0].given);
    let nothing = note_consent(&store, &by, ann, "news".into(), true, " ".into(), 4);
    assert!(nothing.await.is_err());
    let page = timeline(&store, &by, ann, None, 9).await.unwrap();
    let kinds: Vec<_> = page.rows.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(kinds, ["news", "contact_changed", "contact_created"]);
}

#[tokio::test]
async fn a_task_is_written_done_and_undone() {
    let (store, by) = shop().await;
    let new = Todo {
        kind: TaskKind::Todo,
        contact: None,
        conversation: None,
        wish: " send the offer ".into(),
        due_at: 10,
        call: None,
        assigned_to: None,
    };
    let task = todo::create(&store, &by, new.clone(), 1).await.unwrap();
    assert_eq!(task.wish, "send the offer");
    let done = todo::set_state(&store, &by, task.id, TaskState::Done, 2)
        .await
        .unwrap();
    assert_eq!((done.state, done.ended_at), (TaskState::Done, Some(2)));
    let open = todo::set_state(&store, &by, task.id, TaskState::Open, 3)
        .await
        .unwrap();
    assert_eq!((open.state, open.ended_at), (TaskState::Open, None));
    let later = todo::Change {
        due_at: Some(99),
        ..todo::Change::default()
    };
    let moved = todo::change(&store, &by, task.id, later).await.unwrap();
    assert_eq!((moved.due_at, moved.wish.as_str()), (99, "send the offer"));
    for wrong in [
        Todo {
            wish: " ".into(),
            ..new.clone()
        },
        Todo {
            due_at: -1,
            ..new.clone()
        },
        Todo {
            call: Some((5, 5)),
            ..new.clone()
        },
    ] {
        assert!(
            todo::create(&store, &by, wrong.clone(), 1).await.is_err(),
            "{wrong:?}"
        );
    }
}
