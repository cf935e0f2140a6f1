//! What assistants were doing after a visitor's yes when Frontdesk ended. The turn was not kept, so its run still waits for that
//! yes. It ends here, and staff look whether it was done.

use serde_json::json;

use crate::store::conversations;
use crate::store::tools::calls;
use crate::store::workflows::{self, RunChange, RunState};
use crate::store::{StoreError, Transaction, UnixMs};
use crate::workflows::{Act, Deed};

/// Tells staff of calls that nobody knows the end of and nobody was told of.
pub(super) fn settle(tx: &Transaction<'_>, now: UnixMs) -> Result<(), StoreError> {
    for call in calls::list_agreed_unknown(tx)? {
        let Some(conversation) = call.conversation else {
            continue;
        };
        let conversation = conversations::get(tx, call.workspace, conversation)?;
        let run = workflows::open_run(tx, call.workspace, conversation.id)?;
        let run = run.filter(|run| call.key == format!("{}-0", run.id));
        let Some(run) = run else {
            continue;
        };
        let wish = format!(
            "The visitor agreed to this, and Frontdesk ended while it was being done: {} {}. Check whether it was, and do it if not.",
            call.name, call.arguments
        );
        let act = Act {
            number: 0,
            deed: Deed {
                act: "task".to_owned(),
                with: [("wish".to_owned(), wish)].into(),
            },
            agreed: None,
        };
        let change = RunChange {
            before: Some((run.id, run.revision)),
            workflow: run.workflow,
            version: run.version,
            body: run.body,
            state: RunState::Done,
            acts: vec![(act.number, json!(act))],
        };
        workflows::write_run(tx, &conversation, &change, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::{Channel, NewConversation};
    use crate::store::tools::calls::{AskedBy, CallState, NewCall};
    use crate::store::tools::{self, Approval, ToolKind, Wanted};
    use crate::store::workflows::ActState;
    use crate::store::{Store, workspaces};

    fn wanted() -> Wanted {
        Wanted {
            kind: ToolKind::Http,
            name: "cancel_order".to_owned(),
            title: "Cancel an order".to_owned(),
            about: String::new(),
            arguments: json!({}),
            settings: json!({}),
            approval: Approval::Visitor,
            timeout_ms: 1000,
            most_bytes: 1000,
            active: true,
        }
    }

    #[test]
    fn staff_are_told_once_of_what_was_agreed_to_and_lost() {
        let store = Store::open_in_memory().unwrap();
        let made = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: None,
                title: "",
                begun_by: None,
                page: None,
            };
            let conversation = conversations::create(tx, shop, &new, 1)?;
            let change = RunChange {
                before: None,
                workflow: "tool:cancel_order".into(),
                version: 1,
                body: json!({}),
                state: RunState::Asking,
                acts: Vec::new(),
            };
            let run = workflows::write_run(tx, &conversation, &change, 2)?;
            let tool = tools::create(tx, shop, &wanted(), None, 1)?;
            let arguments = json!({ "order": "1234" });
            let key = format!("{run}-0");
            let call = NewCall {
                conversation: Some(conversation.id),
                key: &key,
                asked_by: AskedBy::Chat,
                arguments: &arguments,
                state: CallState::Running,
                decided_by: Some("visitor"),
                expires_at: None,
            };
            calls::create(tx, &tool, &call, 3)?;
            // While it runs, nobody is told.
            settle(tx, 4)?;
            assert!(workflows::acts_in(tx, ActState::Waiting, 5)?.is_empty());
            calls::mark_lost(tx, 5)?;
            settle(tx, 6)?;
            settle(tx, 7)?;
            assert!(workflows::open_run(tx, shop, conversation.id)?.is_none());
            workflows::acts_in(tx, ActState::Waiting, 5)
        });
        let acts = made.unwrap();
        assert_eq!(acts.len(), 1);
        let wish = acts[0].body["deed"]["with"]["wish"].as_str().unwrap();
        assert!(
            wish.contains("cancel_order") && wish.contains("1234"),
            "{wish}"
        );
    }
}
