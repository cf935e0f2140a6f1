//! Showing two conversations as one.

use serde_json::json;

use super::super::notices::Notice;
use super::super::state::Act;
use super::super::turns::language_of;
use super::{StaffError, change, me};
use crate::access::Member;
use crate::store::conversations::{self, ConversationState};
use crate::store::handover::{self, Change};
use crate::store::inbox::transcript;
use crate::store::{ConversationId, Store, StoreError, UnixMs};

/// Shows a conversation as part of another from now on, and closes it. Its visitor is led to the other one; whoever opens it
/// again takes it out.
///
/// # Errors
/// `Wrong` for the conversation itself, `NotFound` for one of another workspace, `Conflict` for one that is part of another
/// itself.
pub async fn merge(
    store: &Store,
    by: &Member,
    id: ConversationId,
    into: ConversationId,
    now: UnixMs,
) -> Result<(), StaffError> {
    if id == into {
        let detail = "a conversation cannot be merged into itself";
        return Err(StaffError::wrong("into", detail));
    }
    let who = me(by);
    change(store, by, id, move |tx, of| {
        let into = conversations::get(tx, of.workspace(), into)?;
        if into.merged_into.is_some() && into.state == ConversationState::Closed {
            let told = "the other conversation is part of another one itself";
            return Err(StoreError::Conflict(told.into()));
        }
        let awaited = matches!(
            of.state,
            ConversationState::Waiting | ConversationState::Human
        );
        let notice = match awaited {
            true => Some(Notice::Closed.text(language_of(tx, of)?)),
            false => None,
        };
        let data = json!({ "into": into.id, "by": who });
        let mut change = Change::new("conversation_merged", &data)
            .state(Act::Close.from(of.state).unwrap_or(of.state))
            .waiting_since(None)
            .agent_seen_at(None)
            .snooze(None);
        if let Some(text) = &notice {
            change = change.notice(text);
        }
        handover::apply(tx, of, None, &change, now)?;
        transcript::merge(tx, of, &into)
    })
    .await
}
