//! Carries answers by e-mail into their conversations.

use std::sync::Arc;

use crate::access::{Caller, Credential, Principal, Scope};
use crate::inbox::acts::{self, Reply};
use crate::inbox::{Inbox, InboxError};
use crate::mail::{Answer, NotWritten, Write};
use crate::reason::Reason;
use crate::store::users::{self, Role};
use crate::store::{Store, members};

/// How an answer by e-mail is written.
pub(super) fn write(store: Store, inbox: Inbox) -> Write {
    Arc::new(move |answer| {
        let (store, inbox) = (store.clone(), inbox.clone());
        Box::pin(async move { write_one(&store, &inbox, answer).await })
    })
}

async fn write_one(store: &Store, inbox: &Inbox, answer: Answer) -> Result<(), NotWritten> {
    let id = answer.user;
    let workspace = answer.workspace;
    let found = store.read(move |conn| {
        let user = users::get(conn, id)?;
        let role = members::role_of(conn, workspace, &user)?;
        Ok((user, role))
    });
    let (user, role) = found
        .await
        .map_err(|error| NotWritten::Later(Reason::of(error)))?;
    if user.suspended_at.is_some() {
        return Err(NotWritten::Refused("your account is suspended".into()));
    }
    if role.is_none_or(|role| role == Role::Viewer) {
        let told = "your account may not answer visitors of this workspace";
        return Err(NotWritten::Refused(told.into()));
    }
    // Every role that answers may; the address lets them do nothing else.
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
