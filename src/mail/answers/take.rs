//! What becomes of a message to a reply address: it is carried into its conversation, or refused, or left alone.

use super::letter::{self, Letter};
use super::{Answer, NotWritten};
use crate::mail::outbox::{NewMail, enqueue};
use crate::mail::{Inner, now_ms};
use crate::store::mail::{self, Cursor, MailKind, Outcome, Received, ReplyAddress};
use crate::store::users::{self, User};
use crate::store::{StoreError, Transaction, UnixMs, WorkspaceId};

/// Digits of the token that an answer is known by. The others stay a secret.
const KNOWN_BY: usize = 16;

/// What became of a message.
struct Decision {
    outcome: Outcome,
    reason: Option<String>,
    /// Whether the person is told that their answer was not sent.
    is_told: bool,
}

impl Decision {
    fn refused(reason: impl Into<String>, is_told: bool) -> Self {
        Self {
            outcome: Outcome::Refused,
            reason: Some(reason.into()),
            is_told,
        }
    }
}

/// Takes a message with this token, and moves the place in the mailbox behind it.
///
/// # Errors
/// A sentence, if it has to be looked at again later; nothing is noted then.
pub(super) async fn take(
    inner: &Inner,
    workspace: WorkspaceId,
    token: &str,
    message: Vec<u8>,
    cursor: Cursor,
) -> Result<(), String> {
    // A panic in the parser costs this message only.
    let read = tokio::task::spawn_blocking(move || letter::read(&message)).await;
    let letter = read.ok().flatten();
    let sought = token.to_owned();
    let found = inner.store.read(move |conn| {
        let address = mail::find_address(conn, workspace, &sought)?;
        let user = match &address {
            Some(address) => Some(users::get(conn, address.user)?),
            None => None,
        };
        Ok(address.zip(user))
    });
    let found = found.await.map_err(|error| error.to_string())?;
    let decision = match (&letter, &found) {
        (None, _) => Decision::refused("it could not be read", false),
        (Some(letter), found) => decide(inner, workspace, token, letter, found.as_ref()).await?,
    };
    let sender = letter.as_ref().map(|letter| letter.sender.clone());
    if decision.outcome == Outcome::Refused {
        let reason = decision.reason.as_deref().unwrap_or_default();
        tracing::warn!(%workspace, %reason, "an answer by e-mail was refused");
    }
    let (token, now) = (token.to_owned(), now_ms());
    let written = inner.store.write(move |tx| {
        mail::set_cursor(tx, workspace, cursor)?;
        if decision.outcome == Outcome::Taken {
            mail::use_up(tx, workspace, &token, now)?;
        }
        if let (true, Some((address, user)), Some(letter)) = (decision.is_told, &found, &letter) {
            let reason = decision.reason.as_deref().unwrap_or_default();
            tell(tx, workspace, address, user, reason, letter, now)?;
        }
        let mut sender = sender.unwrap_or_default();
        sender.retain(|c| !c.is_control());
        let received = Received {
            sender: sender.chars().take(254).collect(),
            conversation: still_there(tx, found.as_ref())?,
            outcome: decision.outcome,
            reason: decision.reason,
            at: now,
        };
        mail::note_received(tx, workspace, &received)
    });
    written.await.map_err(|error| error.to_string())
}

async fn decide(
    inner: &Inner,
    workspace: WorkspaceId,
    token: &str,
    letter: &Letter,
    found: Option<&(ReplyAddress, User)>,
) -> Result<Decision, String> {
    if let Some(automatic) = letter.automatic {
        return Ok(Decision {
            outcome: Outcome::Ignored,
            reason: Some(automatic.to_owned()),
            is_told: false,
        });
    }
    let Some((address, user)) = found else {
        return Ok(Decision::refused(
            "its reply address is none of ours",
            false,
        ));
    };
    if !letter.sender.eq_ignore_ascii_case(&user.email) {
        let told = "it came from another address than the notice was sent to";
        return Ok(Decision::refused(told, false));
    }
    if address.used_at.is_some() {
        let told = "its reply address was used before; each notice can be answered once";
        return Ok(Decision::refused(told, true));
    }
    if address.expires_at <= now_ms() {
        return Ok(Decision::refused("its reply address has expired", true));
    }
    if letter.text.is_empty() {
        return Ok(Decision::refused("it has no words of its own", true));
    }
    let answer = Answer {
        workspace,
        conversation: address.conversation,
        user: address.user,
        text: letter.text.clone(),
        client_id: format!("mail-{}", token.get(..KNOWN_BY).unwrap_or(token)),
    };
    match (inner.write)(answer).await {
        Ok(()) => Ok(Decision {
            outcome: Outcome::Taken,
            reason: None,
            is_told: false,
        }),
        Err(NotWritten::Refused(told)) => Ok(Decision::refused(told, true)),
        Err(NotWritten::Later(reason)) => {
            Err(format!("an answer could not be written yet: {reason}"))
        }
    }
}

/// Tells the person that their answer was not sent, with their words, so that they are not lost.
fn tell(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    address: &ReplyAddress,
    user: &User,
    reason: &str,
    letter: &Letter,
    now: UnixMs,
) -> Result<(), StoreError> {
    let text = format!(
        "Your answer by e-mail was not sent to the visitor: {reason}. Please answer in the inbox of your front desk.\n\n\
         You wrote:\n\n{}\n",
        letter.text
    );
    let new = NewMail {
        kind: MailKind::Notice,
        about: Some(&address.conversation.to_string()),
        recipient: &user.email,
        title: "Your answer was not sent",
        text: &text,
        // None, so that two programs cannot write to each other for ever.
        reply_to: None,
    };
    enqueue(tx, workspace, &new, now).map(drop)
}

/// The conversation, unless it was erased meanwhile.
fn still_there(
    tx: &Transaction<'_>,
    found: Option<&(ReplyAddress, User)>,
) -> Result<Option<crate::store::ConversationId>, StoreError> {
    let Some((address, _)) = found else {
        return Ok(None);
    };
    let (workspace, id) = (address.workspace, address.conversation);
    match crate::store::conversations::get_even_due(tx, workspace, id) {
        Ok(conversation) => Ok(Some(conversation.id)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
