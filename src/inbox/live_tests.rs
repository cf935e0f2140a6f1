//! Who follows what, and learns of which changes.

use std::time::Duration;

use super::*;
use crate::store::EventId;

fn message(workspace: WorkspaceId, conversation: ConversationId) -> Row {
    Row::Message {
        workspace,
        conversation,
        seq: 1,
    }
}

async fn is_told(following: &mut Following) -> bool {
    let wait = tokio::time::timeout(Duration::from_millis(50), following.changed());
    wait.await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_slow_follower_learns_once_of_many_changes_and_nothing_of_others() {
    let live = Live::default();
    let (shop, mine, other) = (
        WorkspaceId::new(),
        ConversationId::new(),
        ConversationId::new(),
    );
    let mut following = live.conversation(mine);
    live.pass_on(&[message(shop, other)]);
    assert!(!is_told(&mut following).await);
    for _ in 0..3 {
        live.pass_on(&[message(shop, mine)]);
    }
    assert!(is_told(&mut following).await);
    assert!(!is_told(&mut following).await);
    live.tell_all();
    assert!(is_told(&mut following).await);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_learns_that_their_conversation_began() {
    let live = Live::default();
    let visitor = VisitorId::new();
    let mut following = live.visitor(visitor);
    let begun = |visitor| Row::Conversation {
        workspace: WorkspaceId::new(),
        id: ConversationId::new(),
        visitor,
    };
    live.pass_on(&[begun(None), begun(Some(VisitorId::new()))]);
    assert!(!is_told(&mut following).await);
    live.pass_on(&[begun(Some(visitor))]);
    assert!(is_told(&mut following).await);
}

#[test]
fn an_entry_goes_with_its_last_follower() {
    let live = Live::default();
    let id = ConversationId::new();
    let (first, second) = (live.conversation(id), live.conversation(id));
    assert_eq!(live.count_followed(), 1);
    drop(first);
    assert_eq!(live.count_followed(), 1);
    drop(second);
    assert_eq!(live.count_followed(), 0);
}

#[tokio::test]
async fn a_workspace_hears_what_changed_and_nothing_of_another() {
    let live = Live::default();
    let (shop, id) = (WorkspaceId::new(), ConversationId::new());
    let mut changes = live.workspace(shop);
    let event = |kind: &str, subject: String| Row::Event {
        workspace: shop,
        id: EventId(1),
        kind: kind.to_owned(),
        subject,
    };
    live.pass_on(&[
        message(WorkspaceId::new(), ConversationId::new()),
        message(shop, id),
        event("conversation_erased", id.to_string()),
        event("contact_created", ConversationId::new().to_string()),
    ]);
    let first = changes.recv().await.unwrap();
    let expected = Change {
        conversation: Some(id),
        messages: true,
        log: true,
        erased: true,
        ..Change::default()
    };
    assert_eq!(first, expected);
    let second = changes.recv().await.unwrap();
    assert_eq!((second.conversation, second.log), (None, true));
    for _ in 0..=BACKLOG {
        live.tell_presence(shop, id);
    }
    assert!(matches!(changes.recv().await, Err(RecvError::Lagged(_))));
}
