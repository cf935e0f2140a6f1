//! What a person is told by e-mail about their own account.

use crate::mail::{self, MailKind, NewMail};
use crate::store::users::User;
use crate::store::{StoreError, Transaction, UnixMs, WorkspaceId, members};

/// Tells the former address that another one signs in from now on, through the first mail server among `workspace` and those
/// that the person works in. Without one, nobody is told.
pub(in crate::app) fn of_new_address(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    before: &User,
    now: UnixMs,
) -> Result<(), StoreError> {
    let mut places = vec![workspace];
    places.extend(
        members::of_user(tx, before.id)?
            .iter()
            .map(|at| at.workspace),
    );
    for place in places {
        if !mail::is_set_up(tx, place)? {
            continue;
        }
        let about = before.id.to_string();
        let new = NewMail {
            kind: MailKind::Notice,
            about: Some(&about),
            recipient: &before.email,
            title: "Your address to sign in was changed",
            text: "Your account at the front desk signs in with another e-mail address from now on, and is signed out \
                   elsewhere.\n\nIf you did not ask for this, tell the owner of the front desk at once: they can set the \
                   address back and give you a new password.\n",
            reply_to: None,
        };
        mail::enqueue(tx, place, &new, now)?;
        return Ok(());
    }
    Ok(())
}
