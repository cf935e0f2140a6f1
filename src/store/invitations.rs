//! Links that let somebody into a workspace, once. Only the hash of a link's token is stored.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::{columns, insert};
use super::token::TokenHash;
use super::users::Role;
use super::{InvitationId, Scoped, StoreError, UnixMs, UserId, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub workspace: WorkspaceId,
    pub email: String,
    pub role: Role,
    /// `None` if a program invited, or whoever did is gone.
    pub invited_by: Option<UserId>,
    pub created_at: UnixMs,
    pub expires_at: UnixMs,
    pub used_at: Option<UnixMs>,
    pub revoked_at: Option<UnixMs>,
}

columns! { COLUMNS of Invitation { id, workspace, email, role, invited_by, created_at, expires_at, used_at, revoked_at } }

impl Invitation {
    /// Whether somebody can still accept it.
    pub fn is_open(&self, now: UnixMs) -> bool {
        self.used_at.is_none() && self.revoked_at.is_none() && self.expires_at > now
    }
}

#[derive(Debug, Clone)]
pub struct NewInvitation<'a> {
    pub token: TokenHash,
    pub email: &'a str,
    pub role: Role,
    pub invited_by: Option<UserId>,
    pub expires_at: UnixMs,
}

/// Invites somebody. An earlier link for the same address no longer works.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewInvitation<'_>,
    now: UnixMs,
) -> Result<InvitationId, StoreError> {
    tx.prepare_cached(
        "UPDATE invitations SET revoked_at = ? WHERE workspace = ? AND email = ? AND used_at IS NULL AND revoked_at IS NULL",
    )?
    .execute((now, workspace, new.email))?;
    let id = InvitationId::new();
    insert!(tx into invitations {
        id, token_hash: new.token, workspace, email: new.email, role: new.role, invited_by: new.invited_by,
        created_at: now, expires_at: new.expires_at
    })?;
    Ok(id)
}

/// The invitation of a link, if it can still be accepted.
pub fn find_open(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<Invitation>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invitations WHERE token_hash = ?"
        ))?
        .query_row([token], Invitation::from_row)
        .optional()?;
    Ok(found.filter(|invitation| invitation.is_open(now)))
}

/// Uses up a link: true exactly once, and only while it is open. Do what it allows in the same transaction.
pub fn redeem(tx: &Transaction<'_>, id: InvitationId, now: UnixMs) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE invitations SET used_at = ?1
             WHERE id = ?2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?1",
        )?
        .execute((now, id))?;
    Ok(changed == 1)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: InvitationId,
) -> Result<Scoped<Invitation>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invitations WHERE workspace = ? AND id = ?"
        ))?
        .query_row((workspace, id), Invitation::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the invitation"))?;
    Ok(Scoped::proven(workspace, found))
}

/// The invitations of a workspace that were neither used nor revoked, the newest first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Invitation>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM invitations WHERE workspace = ? AND used_at IS NULL AND revoked_at IS NULL
         ORDER BY created_at DESC, id DESC"
    ))?;
    let rows = statement.query_map([workspace], Invitation::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes a link back; does nothing if it was used or taken back already.
pub fn revoke(
    tx: &Transaction<'_>,
    invitation: &Scoped<Invitation>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE invitations SET revoked_at = ? WHERE id = ? AND used_at IS NULL AND revoked_at IS NULL",
    )?
    .execute((now, invitation.id))?;
    Ok(())
}

/// Removes the open links that somebody made for a workspace, and that for their own address: they were taken out of it.
pub fn remove_of(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM invitations WHERE workspace = ?1 AND used_at IS NULL AND revoked_at IS NULL
         AND (invited_by = ?2 OR email = (SELECT email FROM users WHERE id = ?2))",
    )?
    .execute((workspace, user))?;
    Ok(())
}

/// Removes invitations that ended at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM invitations WHERE coalesce(used_at, revoked_at, expires_at) <= ?",
        [before],
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    #[test]
    fn a_link_works_once_in_time_and_until_it_is_taken_back() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let token = |n: &str| TokenHash::of(n);
            let invite = |n: &str, now| {
                let new = NewInvitation {
                    token: token(n),
                    email: "ann@example.com",
                    role: Role::Agent,
                    invited_by: None,
                    expires_at: 100,
                };
                create(tx, shop, &new, now)
            };
            let first = invite("one", 10)?;
            assert!(find_open(tx, &token("one"), 20)?.is_some());
            assert!(find_open(tx, &token("guess"), 20)?.is_none());
            assert!(find_open(tx, &token("one"), 100)?.is_none(), "too late");
            let second = invite("two", 11)?;
            assert!(find_open(tx, &token("one"), 20)?.is_none(), "replaced");
            assert!(!redeem(tx, first, 20)?);
            assert!(redeem(tx, second, 20)?);
            assert!(!redeem(tx, second, 20)?, "once");
            let third = invite("three", 12)?;
            assert!(get(tx, other, third).is_err(), "of another workspace");
            let third = get(tx, shop, third)?;
            revoke(tx, &third, 13)?;
            assert!(find_open(tx, &token("three"), 20)?.is_none());
            assert!(list(tx, shop)?.is_empty());
            assert_eq!(purge(tx, 50)?, 3);
            Ok(())
        });
        done.unwrap();
    }
}
