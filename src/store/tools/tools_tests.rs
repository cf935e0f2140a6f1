use serde_json::json;

use super::calls::{AskedBy, CallFilter, CallState, NewCall, Outcome};
use super::*;
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::erasure::{self, Subject};
use crate::store::listing::ListFilter;
use crate::store::{ConversationId, Store, workspaces};

fn shop(tx: &Transaction<'_>) -> Result<WorkspaceId, StoreError> {
    Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id)
}

fn wanted(name: &str) -> Wanted {
    Wanted {
        kind: ToolKind::Http,
        name: name.to_owned(),
        title: "Status of an order".to_owned(),
        about: String::new(),
        arguments: json!({ "type": "object" }),
        settings: json!({ "url": "https://shop.example/" }),
        approval: Approval::Staff,
        timeout_ms: 1_000,
        most_bytes: 1_000,
        active: true,
    }
}

fn ask(key: &str, state: CallState, conversation: Option<ConversationId>) -> NewCall<'_> {
    static NOTHING: Value = Value::Null;
    NewCall {
        conversation,
        key,
        asked_by: AskedBy::Workflow,
        arguments: &NOTHING,
        state,
        decided_by: None,
        expires_at: Some(50),
    }
}

#[test]
fn a_secret_is_read_by_its_own_query_only_and_a_name_is_taken_once() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = shop(tx)?;
        let tool = create(tx, shop, &wanted("order"), Some("hunter2"), 1)?;
        assert!(tool.has_secret && !format!("{tool:?}").contains("hunter2"));
        assert_eq!(secret(tx, tool.id)?.as_deref(), Some("hunter2"));
        assert!(matches!(
            create(tx, shop, &wanted("order"), None, 1),
            Err(StoreError::Conflict(_))
        ));
        set_secret(tx, &tool, None)?;
        assert_eq!(secret(tx, tool.id)?, None);
        assert_eq!(get_by_name(tx, shop, "order")?.id, tool.id);
        let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        assert!(get(tx, other, tool.id).is_err() && get_by_name(tx, other, "order").is_err());
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_call_runs_once_and_only_after_a_yes_in_time() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let tool = create(tx, shop(tx)?, &wanted("order"), None, 1)?;
        let at = tool.workspace();
        let call = calls::create(tx, &tool, &ask("a", CallState::Staff, None), 10)?;
        assert_eq!(calls::list_waiting(tx, at, None, 11)?.len(), 1);
        assert!(!calls::start(tx, &call, 12)?, "nobody allowed it");
        calls::decide(tx, &call, true, "Ann", 13)?;
        assert!(calls::decide(tx, &call, false, "Bob", 14).is_err());
        assert!(calls::start(tx, &call, 15)? && !calls::start(tx, &call, 16)?);
        let outcome = Outcome {
            status: Some(200),
            ..Outcome::default()
        };
        calls::settle(tx, call.id, CallState::Done, &outcome, 17)?;
        let ended = calls::find(tx, at, "a")?.unwrap();
        assert_eq!((ended.state, ended.status), (CallState::Done, Some(200)));
        assert_eq!(ended.decided_by.as_deref(), Some("Ann"));
        // The same key cannot act twice.
        assert!(calls::create(tx, &tool, &ask("a", CallState::Staff, None), 18).is_err());

        let late = calls::create(tx, &tool, &ask("b", CallState::Visitor, None), 20)?;
        assert_eq!(calls::expire(tx, 49)?, 0);
        assert_eq!(calls::expire(tx, 50)?, 1);
        assert!(calls::decide(tx, &late, true, "visitor", 51).is_err());

        let lost = calls::create(tx, &tool, &ask("c", CallState::Running, None), 52)?;
        assert_eq!(calls::mark_lost(tx, 53)?, 1);
        assert_eq!(calls::get(tx, at, lost.id)?.state, CallState::Unknown);

        calls::create(tx, &tool, &ask("d", CallState::Staff, None), 60)?;
        delete(tx, &tool, 61)?;
        let left = calls::find(tx, at, "d")?.unwrap();
        assert_eq!((left.state, left.tool), (CallState::Declined, None));
        assert_eq!(CallFilter::default().list(tx, at, 9)?.len(), 4);
        assert_eq!(calls::purge(tx, 100)?, 4);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_call_is_copied_and_erased_with_its_conversation() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let tool = create(tx, shop(tx)?, &wanted("order"), None, 1)?;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "Hello",
            begun_by: None,
            page: None,
        };
        let talk = conversations::create(tx, tool.workspace(), &new, 1)?;
        calls::create(tx, &tool, &ask("a", CallState::Staff, Some(talk.id)), 2)?;
        calls::create(tx, &tool, &ask("b", CallState::Staff, None), 2)?;
        let copied = erasure::copy(tx, tool.workspace(), &[Subject::Conversation(talk.id)])?;
        let told = copied.finds[0]["tool_calls"].as_array().map(Vec::len);
        assert_eq!(told, Some(1));
        erasure::erase(tx, &talk, 3)?;
        let left = CallFilter::default().list(tx, tool.workspace(), 9)?;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].key, "b");
        Ok(())
    });
    done.unwrap();
}
