//! Carries answers by e-mail into their conversations.

use std::sync::Arc;

use crate::access::{Caller, Credential, Principal, Scope};
use crate::inbox::acts::{self, Reply};
use crate::inbox::{Inbox, InboxError};
use crate::mail::{Answer, NotWritten, Write};
use crate::reason::Reason;
use crate::store::{Store, users};

/// How an answer by e-mail is written.
pub(super) fn write(store: Store, inbox: Inbox) -> Write {
    Arc::new(move |answer| {
        let (store, inbox) = (store.clone(), inbox.clone());
        Box::pin(async move { write_one(&store, &inbox, answer).await })
    })
}

async fn write_one(store: &Store, inbox: &Inbox, answer: Answer) -> Result<(), NotWritten> {
    let id = answer.user;
    let user = store.read(move |conn| users::get(conn, id)).await;
    let user = user.map_err(|error| NotWritten::Later(Reason::of(error)))?;
    if user.suspended_at.is_some() {
        return Err(NotWritten::Refused("your account is suspended".into()));
    }
    // Every role may answer visitors; the address lets them do nothing else.
    let principal = Principal::new(
        Caller::User(user),
        Credential::Person(id),
        vec![Scope::Conversations],
        Some(answer.workspace),
    );
    let Some(member) = principal.in_workspace(answer.workspace) else {
        return Err(NotWritten::Refused("it is another workspace".into()));
    };
    let reply = Reply {
        text: answer.text,
        client_id: Some(answer.client_id),
        revision: None,
        from_away: true,
    };
    match acts::write(inbox, &member, answer.conversation, reply, |_, _| Ok(())).await {
        Ok(_) => Ok(()),
        Err(InboxError::Store(error)) => Err(NotWritten::Later(Reason::of(error))),
        Err(refused) => Err(NotWritten::Refused(refused.to_string())),
    }
}
