//! Invitations: a link that lets one person into a workspace, once.

use crate::access::{Caller, Member, Scope, roles};
use crate::app::accounts::{AccountError, may_manage, wrong_email, wrong_name};
use crate::mail::{self, Enqueued, MailKind, NewMail};
use crate::store::invitations::{self, Invitation, NewInvitation};
use crate::store::members::{self, Origin};
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::users::{self, NewUser, Role, User};
use crate::store::workspaces;

use crate::store::{
    Connection, InvitationId, Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId,
};

const MAY: &[Scope] = &[Scope::Admin];
/// How long a link works, in ms.
pub const OPEN_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub id: InvitationId,
    /// The link; it is shown once.
    pub link: String,
    /// Whether it goes out by e-mail; else whoever invites hands it over.
    pub mailed: bool,
}

/// Whom a link invites, and whereto.
#[derive(Debug, Clone)]
pub struct Asked {
    pub invitation: Invitation,
    /// Title of the workspace.
    pub workspace: String,
    /// Whether the address has an account already: its person signs in to accept.
    pub has_account: bool,
}

/// Invites somebody to the workspace of `by`. `address` is that of this server.
///
/// # Errors
/// [`AccountError::Wrong`] or [`AccountError::Forbidden`]; a `Conflict` for somebody who is in it already.
pub async fn invite(
    store: &Store,
    by: &Member,
    email: &str,
    role: Role,
    address: &str,
    now: UnixMs,
) -> Result<Made, AccountError> {
    let workspace = by.need(MAY)?;
    let email = email.trim().to_owned();
    if let Some(wrong) = wrong_email(&email) {
        return Err(AccountError::Wrong(wrong));
    }
    // Keys and commands invite as admins do, but for those of the whole installation.
    let own = by
        .principal()
        .role()
        .unwrap_or(match by.principal().bound_to() {
            None => Role::Owner,
            Some(_) => Role::Admin,
        });
    may_manage(own, role)?;
    let invited_by = match by.principal().caller() {
        Caller::User(user) => Some(user.id),
        _ => None,
    };
    let token = Token::generate(TokenKind::Invitation)?;
    let link = format!("{address}/invitation?token={}", token.reveal());
    let shown = link.clone();
    let hash = token.hash();
    let made = store.write(move |tx| {
        if let Some(user) = users::find_by_email(tx, &email)?
            && members::role_of(tx, workspace, &user)?.is_some()
        {
            return Err(StoreError::Conflict(
                "this person is in the workspace already".into(),
            ));
        }
        let new = NewInvitation {
            token: hash,
            email: &email,
            role,
            invited_by,
            expires_at: now.saturating_add(OPEN_MS),
        };
        let id = invitations::create(tx, workspace, &new, now)?;
        let mailed = tell(tx, workspace, id, &email, &link, now)?;
        Ok((id, mailed))
    });
    let (id, mailed) = made.await?;
    Ok(Made {
        id,
        link: shown,
        mailed,
    })
}

/// Puts the link into the outbox, if the workspace has a mail server.
fn tell(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: InvitationId,
    email: &str,
    link: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let business = workspaces::get(tx, workspace)?.title;
    let title = format!("Join the front desk of {business}");
    let text = format!(
        "You are invited to work at the front desk of {business}.\n\nAccept here, within seven days; the link works \
         once:\n{link}\n\nIf you do not know what this is about, do nothing.\n"
    );
    let about = id.to_string();
    let new = NewMail {
        kind: MailKind::Notice,
        about: Some(&about),
        recipient: email,
        title: &title,
        text: &text,
        reply_to: None,
    };
    Ok(matches!(
        mail::enqueue(tx, workspace, &new, now)?,
        Enqueued::Queued(_)
    ))
}

/// The invitations of a workspace that were neither accepted nor taken back, and whose makers may still invite.
pub async fn list(store: &Store, by: &Member) -> Result<Vec<Invitation>, AccountError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| {
        let mut standing = Vec::new();
        for invitation in invitations::list(conn, workspace)? {
            if stands(conn, &invitation)? {
                standing.push(invitation);
            }
        }
        Ok(standing)
    });
    Ok(read.await?)
}

/// Takes a link back.
///
/// # Errors
/// `NotFound` for an invitation of another workspace.
pub async fn revoke(
    store: &Store,
    by: &Member,
    id: InvitationId,
    now: UnixMs,
) -> Result<(), AccountError> {
    let workspace = by.need(MAY)?;
    let write = store.write(move |tx| {
        let invitation = invitations::get(tx, workspace, id)?;
        invitations::revoke(tx, &invitation, now)
    });
    Ok(write.await?)
}

/// Whether whoever invited may still do so: a link gives nothing that its maker has lost since. Those of programs stand.
fn stands(conn: &Connection, invitation: &Invitation) -> Result<bool, StoreError> {
    let Some(by) = invitation.invited_by else {
        return Ok(true);
    };
    let by = users::get(conn, by)?;
    let role = members::role_of(conn, invitation.workspace, &by)?;
    let manages = role.is_some_and(|role| roles::manages(role, invitation.role));
    Ok(manages && by.suspended_at.is_none())
}

/// Whom a link invites; `None` if it no longer works.
pub fn look(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<Asked>, StoreError> {
    let Some(invitation) = invitations::find_open(conn, token, now)? else {
        return Ok(None);
    };
    if !stands(conn, &invitation)? {
        return Ok(None);
    }
    let has_account = users::find_by_email(conn, &invitation.email)?.is_some();
    Ok(Some(Asked {
        workspace: workspaces::get(conn, invitation.workspace)?.title,
        has_account,
        invitation,
    }))
}

/// Accepts a link as somebody new. `None` if it no longer works, or the address has an account by now.
///
/// # Errors
/// [`AccountError::Wrong`].
pub fn accept_as_new(
    tx: &Transaction<'_>,
    token: &TokenHash,
    name: &str,
    password_hash: Option<&str>,
    now: UnixMs,
) -> Result<Option<(UserId, WorkspaceId)>, StoreError> {
    let Some(asked) = look(tx, token, now)? else {
        return Ok(None);
    };
    let invitation = asked.invitation;
    if asked.has_account || !invitations::redeem(tx, invitation.id, now)? {
        return Ok(None);
    }
    let new = NewUser {
        email: &invitation.email,
        name: name.trim(),
        password_hash,
        role: invitation.role,
    };
    let user = users::create_in(tx, &new, &[invitation.workspace], now)?;
    Ok(Some((user, invitation.workspace)))
}

/// Accepts a link as somebody who is signed in. `None` if it no longer works, or is for another address.
pub fn accept_as(
    tx: &Transaction<'_>,
    token: &TokenHash,
    user: &User,
    now: UnixMs,
) -> Result<Option<WorkspaceId>, StoreError> {
    let Some(asked) = look(tx, token, now)? else {
        return Ok(None);
    };
    let invitation = asked.invitation;
    let is_theirs = invitation.email.eq_ignore_ascii_case(&user.email);
    if !is_theirs || !invitations::redeem(tx, invitation.id, now)? {
        return Ok(None);
    }
    // Owners of the installation are everywhere already.
    if !user.owns {
        let (workspace, role) = (invitation.workspace, invitation.role);
        members::set(tx, workspace, user.id, role, Origin::Staff, now)?;
    }
    Ok(Some(invitation.workspace))
}

/// Checks the name of somebody new.
///
/// # Errors
/// [`AccountError::Wrong`].
pub fn check_name(name: &str) -> Result<(), AccountError> {
    match wrong_name(name) {
        Some(wrong) => Err(AccountError::Wrong(wrong)),
        None => Ok(()),
    }
}
