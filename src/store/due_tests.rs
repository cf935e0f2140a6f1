use super::*;
use crate::store::calls::{self, CallChannel, CallCost, CallStatus, EndedReason, NewCall};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::gaps::{self, GapReason, GapState};
use crate::store::receipts::{self, NewReceipt};
use crate::store::recordings::{self, NewRecording};
use crate::store::{ReceiptId, Store, erasure, visitors, workspaces};

/// Adds a conversation with a receipt and a gap, a receipt outside of conversations, and a recorded call, all at `at`.
fn add_conversation(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    at: UnixMs,
) -> (
    crate::store::ConversationId,
    ReceiptId,
    crate::store::CallId,
) {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: Some("v1"),
        title: "",
        begun_by: None,
        page: None,
    };
    let conversation = conversations::create(tx, workspace, &new, at).unwrap().id;
    let empty = serde_json::json!({});
    let mut ids = Vec::new();
    for conversation in [Some(conversation), None] {
        let new = NewReceipt {
            id: ReceiptId::new(),
            conversation,
            message: None,
            question: "Do you sell canaries?",
            rung: "refusal",
            answer: "No.",
            passages: &empty,
            model: None,
            model_hash: None,
            prompt_hash: None,
            checks: &empty,
            timings: &empty,
            tokens: &empty,
        };
        receipts::insert(tx, workspace, &new, at).unwrap();
        gaps::note(tx, workspace, new.id, "?", GapReason::Refused, at).unwrap();
        ids.push(new.id);
    }
    let new = NewCall {
        assistant: None,
        conversation: None,
        channel: CallChannel::Browser,
        caller: None,
        status: CallStatus::InProgress,
    };
    let call = calls::create(tx, workspace, &new, at).unwrap();
    let sound = NewRecording {
        format: "audio/ogg",
        sample_rate: 16_000,
        purge_at: at,
    };
    recordings::start(tx, &call, &sound, at).unwrap();
    let (status, reason) = (CallStatus::Completed, EndedReason::UserHangup);
    calls::finish(tx, &call, status, reason, &CallCost::default(), at).unwrap();
    (conversation, ids[0], call.id)
}

fn limits(at: UnixMs) -> Limits {
    Limits {
        conversations: at,
        calls: at + 1,
        recordings: at,
    }
}

#[test]
fn what_is_over_its_time_is_hidden_then_deleted_and_until_then_it_can_be_shown() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let two = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
            let (conversation, receipt, call) = add_conversation(tx, one, 10);
            add_conversation(tx, one, 50);
            add_conversation(tx, two, 10);
            let seen = || {
                let listed = conversations::list_recent(tx, one, None, 10, 0)
                    .unwrap()
                    .len();
                let receipts = receipts::list(tx, one, &Default::default(), 10)
                    .unwrap()
                    .len();
                let gaps = gaps::list(tx, one, GapState::Open, 10).unwrap().len();
                let calls = calls::list(tx, one, &Default::default(), 10).unwrap();
                let sounds = calls.iter().filter(|c| c.recording_ms.is_some()).count();
                let single = conversations::get(tx, one, conversation).is_ok()
                    && receipts::get(tx, one, receipt).is_ok()
                    && gaps::get(tx, one, receipt).is_ok()
                    && calls::get(tx, one, call).is_ok()
                    && recordings::find(tx, one, call).unwrap().is_some();
                (listed, receipts, gaps, calls.len(), sounds, single)
            };
            let everything = (2, 4, 4, 2, 2, true);
            assert_eq!(seen(), everything);
            assert_eq!(hide(tx, one, &limits(10), 100)?, 4);
            assert_eq!(seen(), (1, 2, 2, 1, 1, false));
            let count = Count {
                conversations: 1,
                receipts: 1,
                calls: 1,
                recordings: 1,
                contacts: 0,
            };
            let (first_at, last_at) = (Some(100), Some(100));
            let wait = Waiting {
                count,
                first_at,
                last_at,
            };
            assert_eq!(waiting(tx, one)?, wait);
            assert_eq!(waiting(tx, two)?, Waiting::default());
            // Hiding again does not change the date of deletion.
            assert_eq!(hide(tx, one, &limits(10), 200)?, 0);
            assert_eq!(waiting(tx, one)?, wait);
            assert_eq!(delete(tx, 99)?, Count::default());
            // Longer limits show it again.
            assert_eq!(show(tx, one, &limits(9))?, 4);
            assert_eq!(seen(), everything);
            hide(tx, one, &limits(10), 100)?;
            assert_eq!(show(tx, one, &limits(10))?, 0);
            assert_eq!(delete(tx, 100)?, count);
            assert_eq!(waiting(tx, one)?, Waiting::default());
            assert_eq!(show(tx, one, &Limits::NONE)?, 0);
            assert_eq!(seen(), (1, 2, 2, 1, 1, false));
            let left: i64 = tx.query_row("SELECT count(*) FROM gaps", [], |r| r.get(0))?;
            assert_eq!(left, 4);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_recording_alone_is_hidden_and_its_call_stays() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let (_, _, call) = add_conversation(tx, one, 10);
            let recordings = Limits {
                recordings: 10,
                ..Limits::NONE
            };
            assert_eq!(hide(tx, one, &recordings, 100)?, 1);
            assert!(recordings::find(tx, one, call)?.is_none());
            assert!(calls::get(tx, one, call).is_ok());
            let listed = calls::list(tx, one, &Default::default(), 10)?;
            assert_eq!(listed[0].recording_ms, None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_waits_is_found_and_erased_on_request_and_no_visitor_goes_on_with_it() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let (conversation, ..) = add_conversation(tx, one, 10);
            hide(tx, one, &limits(10), 100)?;
            let found = erasure::find(tx, one, "canaries")?;
            assert_eq!(found.matches.len(), 2);
            assert!(found.matches.iter().all(|m| m.due_at == Some(100)));
            for found in found.matches {
                erasure::copy(tx, one, std::slice::from_ref(&found.subject))?;
                erasure::erase_subject(tx, one, found.subject, 20)?;
            }
            assert!(conversations::get_even_due(tx, one, conversation).is_err());
            let left: i64 = tx.query_row("SELECT count(*) FROM receipts", [], |r| r.get(0))?;
            assert_eq!(left, 0);
            let token = crate::store::token::TokenHash::of("x");
            let id = visitors::create(tx, one, &token, None, 10, 1000)?;
            let visitor = visitors::find_valid(tx, &token, 20)?.unwrap();
            let name = id.to_string();
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: Some(&name),
                title: "",
                begun_by: None,
                page: None,
            };
            conversations::create(tx, one, &new, 30)?;
            assert!(visitors::find_conversation(tx, &visitor)?.is_some());
            hide(tx, one, &limits(30), 100)?;
            assert!(visitors::find_conversation(tx, &visitor)?.is_none());
            Ok(())
        })
        .unwrap();
}
