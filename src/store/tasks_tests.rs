use super::*;
use crate::store::contacts::Card;
use crate::store::conversations::{Channel, NewConversation};
use crate::store::listing::Listing;
use crate::store::{EventId, Store, workspaces};

fn lead(wish: &str, due_at: UnixMs) -> NewTask<'_> {
    NewTask {
        kind: TaskKind::Lead,
        contact: None,
        conversation: None,
        name: "",
        wish,
        page: None,
        due_at,
        call: None,
        assigned_to: None,
    }
}

fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId, WorkspaceId) -> Result<(), StoreError>
    + Send
    + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            test(tx, shop, other)
        })
        .unwrap();
}

#[test]
fn open_tasks_come_by_due_time_and_ended_ones_by_age() {
    in_a_shop(|tx, shop, other| {
        for (at, (wish, due)) in [("late", 30), ("soon", 10), ("next", 20)]
            .iter()
            .enumerate()
        {
            create(tx, shop, &lead(wish, *due), at as i64)?;
        }
        create(tx, other, &lead("theirs", 5), 9)?;
        let mut listing = Listing {
            workspace: shop,
            filter: TaskFilter {
                state: Some(TaskState::Open),
                ..TaskFilter::default()
            },
            limit: 2,
        };
        let mut wishes = Vec::new();
        while let Some(page) = Some(listing.page(tx)?) {
            wishes.extend(page.rows.into_iter().map(|row| row.task.wish));
            match page.next {
                Some(next) => listing = listing.resume_at(next),
                None => break,
            }
        }
        assert_eq!(wishes, ["soon", "next", "late"]);
        let all = list(tx, shop, &TaskFilter::default(), 9)?;
        let wishes: Vec<_> = all.iter().map(|row| row.task.wish.as_str()).collect();
        assert_eq!(wishes, ["next", "soon", "late"]);
        assert_eq!(count_open(tx, shop, 20)?, (3, 1));
        Ok(())
    });
}

#[test]
fn a_task_that_ends_twice_is_told_once_and_can_be_opened_again() {
    in_a_shop(|tx, shop, other| {
        let task = create(tx, shop, &lead("ring", 10), 1)?;
        assert!(matches!(
            get(tx, other, task.id),
            Err(StoreError::NotFound(_))
        ));
        set_state(tx, &task, TaskState::Done, "ann", 5)?;
        set_state(tx, &task, TaskState::Done, "ben", 6)?;
        assert_eq!(get(tx, shop, task.id)?.ended_at, Some(5));
        set_state(tx, &task, TaskState::Open, "ann", 7)?;
        assert_eq!(get(tx, shop, task.id)?.ended_at, None);
        let told = events::list(tx, shop, EventId(0), 9)?;
        let states: Vec<_> = told.iter().map(|e| e.data["state"].clone()).collect();
        assert_eq!(states, ["done", "open"]);
        let kinds: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["task_ended", "task_reopened"]);
        assert_eq!(told[0].subject, task.id.to_string());
        let plan = Plan {
            wish: "ring twice".into(),
            due_at: 99,
            assigned_to: None,
        };
        change(tx, &task, &plan)?;
        assert_eq!(get(tx, shop, task.id)?.wish, "ring twice");
        Ok(())
    });
}

#[test]
fn a_task_belongs_to_contact_and_conversation_of_its_own_workspace() {
    in_a_shop(|tx, shop, other| {
        let contact = contacts::create(tx, other, &Card::default(), 1)?;
        let theirs = NewTask {
            contact: Some(contact.id),
            ..lead("x", 1)
        };
        assert!(create(tx, shop, &theirs, 1).is_err());
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let talk = conversations::create(tx, shop, &new, 1)?;
        let task = create(
            tx,
            shop,
            &NewTask {
                conversation: Some(talk.id),
                call: Some((3, 4)),
                ..lead("x", 1)
            },
            1,
        )?;
        assert_eq!((task.call_from, task.call_until), (Some(3), Some(4)));
        // It goes with its conversation.
        conversations::delete(tx, &talk)?;
        assert!(get(tx, shop, task.id).is_err());
        Ok(())
    });
}
