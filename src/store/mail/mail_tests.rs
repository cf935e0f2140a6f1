//! The outbox, the reply addresses, and what goes with a conversation.

use serde_json::json;

use super::*;
use crate::store::conversations::{Channel, Conversation, NewConversation};
use crate::store::listing::ListFilter;
use crate::store::users::{NewUser, Role};
use crate::store::{
    Scoped, Store, StoreError, Transaction, UserId, WorkspaceId, conversations, erasure, users,
    workspaces,
};

fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId, WorkspaceId) -> Result<(), StoreError>) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let two = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
            test(tx, one, two)
        })
        .unwrap();
}

fn talk(tx: &Transaction<'_>, workspace: WorkspaceId) -> Scoped<Conversation> {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "Opening hours",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, 5).unwrap()
}

fn anna(tx: &Transaction<'_>) -> UserId {
    let new = NewUser {
        email: "anna@example.com",
        name: "Anna",
        password_hash: None,
        role: Role::Agent,
    };
    users::create(tx, &new, 5).unwrap()
}

fn notice<'a>(about: Option<&'a str>) -> NewOutgoing<'a> {
    NewOutgoing {
        kind: MailKind::Notice,
        about,
        recipient: "anna@example.com",
        title: "A visitor waits",
        text: "Somebody asks for a person.",
        reply_to: Some("desk+r.abc@example.com"),
    }
}

#[test]
fn a_message_waits_is_put_off_and_ends_once() {
    within(|tx, one, two| {
        let id = enqueue(tx, one, &notice(None), 10)?;
        assert!(workspaces_due(tx, 9)?.is_empty());
        assert_eq!(workspaces_due(tx, 10)?, [one]);
        assert!(waiting_of(tx, two, 10, 9)?.is_empty());
        let due = waiting_of(tx, one, 10, 9)?;
        assert_eq!((due.len(), due[0].id, due[0].attempts), (1, id, 0));
        assert_eq!(due[0].reply_to.as_deref(), Some("desk+r.abc@example.com"));

        postpone(tx, id, "450 later", 70)?;
        assert!(waiting_of(tx, one, 69, 9)?.is_empty());
        hurry(tx, one, 20)?;
        assert_eq!(waiting_of(tx, one, 20, 9)?[0].attempts, 1);

        sent(tx, id, "250 taken", 21)?;
        fail(tx, id, "too late", 22)?;
        let row = &list(tx, one, &LogFilter::default(), 9)?[0];
        assert_eq!((row.state, row.attempts), (MailState::Sent, 2));
        assert_eq!(row.answer.as_deref(), Some("250 taken"));
        assert_eq!(row.ended_at, Some(21));
        assert!(find(tx, id)?.is_none() && waiting(tx, one)? == 0);
        let kept: Option<String> =
            tx.query_row("SELECT reply_to FROM mail_outbox", [], |row| row.get(0))?;
        assert_eq!(kept, None, "a token is kept only until it was sent");

        assert!(
            requeue(tx, one, id, 30)?.is_none(),
            "what was sent is not sent again"
        );

        assert_eq!(purge(tx, 20)?, 0);
        assert_eq!(purge(tx, 21)?, 1);
        Ok(())
    });
}

#[test]
fn a_failed_message_is_queued_again_once_and_can_still_be_answered() {
    within(|tx, one, two| {
        let id = enqueue(tx, one, &notice(None), 10)?;
        assert!(requeue(tx, one, id, 11)?.is_none(), "it waits already");
        fail(tx, id, "550 nobody", 20)?;
        for (workspace, id) in [(two, id), (one, crate::store::MailId::new())] {
            assert!(matches!(
                requeue(tx, workspace, id, 30),
                Err(StoreError::NotFound(_))
            ));
        }
        let queued = requeue(tx, one, id, 30)?.unwrap();
        assert_eq!(
            (queued.state, queued.next_at, queued.ended_at),
            (MailState::Queued, 30, None)
        );
        assert!(requeue(tx, one, id, 31)?.is_none());
        let due = waiting_of(tx, one, 30, 9)?;
        assert_eq!((due.len(), due[0].id), (1, id));
        assert_eq!(due[0].reply_to.as_deref(), Some("desk+r.abc@example.com"));
        assert_eq!(purge(tx, 99)?, 0);
        Ok(())
    });
}

#[test]
fn the_log_is_paged_and_filtered() {
    within(|tx, one, two| {
        let ids: Vec<_> = (0..3)
            .map(|at| enqueue(tx, one, &notice(None), at).unwrap())
            .collect();
        enqueue(tx, two, &notice(None), 5)?;
        fail(tx, ids[1], "550 no", 9)?;
        let all = LogFilter::default();
        let page = all.list(tx, one, 2)?;
        assert_eq!([page[0].id, page[1].id], [ids[2], ids[1]]);
        let rest = all.after(&page).list(tx, one, 2)?;
        assert_eq!((rest.len(), rest[0].id), (1, ids[0]));
        let failed = LogFilter {
            state: Some(MailState::Failed),
            ..all
        };
        assert_eq!(failed.list(tx, one, 9)?.len(), 1);
        Ok(())
    });
}

#[test]
fn mail_is_copied_and_erased_with_its_conversation() {
    within(|tx, one, _| {
        let (conversation, user) = (talk(tx, one), anna(tx));
        let id = conversation.id.to_string();
        enqueue(tx, one, &notice(Some(&id)), 10)?;
        let other = enqueue(tx, one, &notice(Some("else")), 10)?;
        let token = open_address(tx, one, conversation.id, user, 10, 99)?;
        let received = Received {
            sender: "anna@example.com".into(),
            conversation: Some(conversation.id),
            outcome: Outcome::Taken,
            reason: None,
            at: 11,
        };
        note_received(tx, one, &received)?;
        let found = erasure::find(tx, one, "anna@example.com")?;
        assert_eq!(found.matches.len(), 1);
        let copied = erasure::copy(tx, one, &[found.matches[0].subject.clone()])?;
        assert_eq!(
            copied.finds[0]["mail_outbox"][0]["title"],
            "A visitor waits"
        );

        erasure::erase(tx, &conversation, 20)?;
        let left = list(tx, one, &LogFilter::default(), 9)?;
        assert_eq!((left.len(), left[0].id), (1, other));
        assert!(find_address(tx, one, &token)?.is_none());
        assert!(super::received(tx, one, 9)?.is_empty());
        Ok(())
    });
}

#[test]
fn mail_about_a_task_goes_with_it() {
    within(|tx, one, _| {
        tx.execute(
            "INSERT INTO tasks (id, workspace, kind, state, wish, due_at, created_at)
             VALUES ('t1', ?, 'lead', 'open', 'A boat', 9, 1)",
            [one],
        )?;
        enqueue(tx, one, &notice(Some("t1")), 10)?;
        tx.execute("DELETE FROM tasks WHERE id = 't1'", [])?;
        assert!(list(tx, one, &LogFilter::default(), 9)?.is_empty());
        Ok(())
    });
}

#[test]
fn an_address_takes_one_answer_in_its_workspace() {
    within(|tx, one, two| {
        let (conversation, user) = (talk(tx, one), anna(tx));
        let token = open_address(tx, one, conversation.id, user, 10, 99)?;
        assert_eq!(token.len(), 32);
        assert!(find_address(tx, two, &token)?.is_none());
        assert!(find_address(tx, one, "0123")?.is_none());
        let found = find_address(tx, one, &token)?.unwrap();
        assert_eq!((found.conversation, found.user), (conversation.id, user));
        assert!(!use_up(tx, two, &token, 11)?);
        assert!(use_up(tx, one, &token, 11)?);
        assert!(!use_up(tx, one, &token, 12)?);
        assert_eq!(find_address(tx, one, &token)?.unwrap().used_at, Some(11));
        assert_eq!(purge_old(tx, 98)?, 0);
        assert_eq!(purge_old(tx, 99)?, 1);
        Ok(())
    });
}

#[test]
fn settings_forget_how_it_went_with_others() {
    within(|tx, one, _| {
        let mut servers = Servers {
            settings: json!({ "server": "a" }),
            password: "secret".into(),
            mailbox_password: String::new(),
            changed_at: 1,
        };
        keep_servers(tx, one, &servers, true)?;
        note_failed(tx, one, Way::Out, "no", 2)?;
        note_ok(tx, one, Way::In, 3)?;
        let cursor = Cursor {
            validity: 7,
            seen: 9,
        };
        set_cursor(tx, one, cursor)?;
        let state = find_state(tx, one)?.unwrap();
        assert_eq!(
            (state.out_error.as_deref(), state.in_ok_at),
            (Some("no"), Some(3))
        );
        note_ok(tx, one, Way::Out, 4)?;
        assert_eq!(find_state(tx, one)?.unwrap().out_error, None);

        servers.changed_at = 5;
        keep_servers(tx, one, &servers, false)?;
        let state = find_state(tx, one)?.unwrap();
        assert_eq!((state.in_ok_at, state.cursor()), (None, Some(cursor)));
        assert_eq!(workspaces_with_servers(tx)?, [(one, 5)]);
        keep_servers(tx, one, &servers, true)?;
        assert_eq!(find_state(tx, one)?.unwrap().cursor(), None);

        let held = crate::store::holdings::HELD;
        let held = held
            .iter()
            .find(|held| held.table == "mail_settings")
            .unwrap();
        let rows = crate::store::holdings::export(tx, one, held, 9, None)?
            .unwrap()
            .rows;
        assert!(!rows[0].to_string().contains("secret"), "{rows:?}");
        assert!(delete_servers(tx, one)? && find_servers(tx, one)?.is_none());
        Ok(())
    });
}
