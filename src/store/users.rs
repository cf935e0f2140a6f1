//! People who sign in. What they may do in which workspace is in [`super::members`]; owners of the installation stand above.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::token::TokenHash;
use super::values::text_enum;
use super::{
    StoreError, UnixMs, UserId, WorkspaceId, members, passkeys, second_factors, sessions, sign_ins,
    workspaces,
};

text_enum! {
    /// What somebody is in a workspace. `access::roles` says what each may do.
    pub enum Role {
        /// The business itself: also manages owners, and closes the workspace.
        Owner = "owner",
        /// Manages documents, settings and people.
        Admin = "admin",
        /// Reads and takes over conversations.
        Agent = "agent",
        /// Looks on and changes nothing.
        Viewer = "viewer",
    }
}

#[derive(Clone, PartialEq)]
pub struct User {
    pub id: UserId,
    /// Unique, ignoring case.
    pub email: String,
    pub name: String,
    /// Argon2id hash (PHC string); `None` until the person sets a password.
    pub password_hash: Option<String>,
    /// Whether they own the installation, with every workspace in it.
    pub owns: bool,
    pub created_at: UnixMs,
    pub suspended_at: Option<UnixMs>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("owns", &self.owns)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub struct NewUser<'a> {
    pub email: &'a str,
    pub name: &'a str,
    /// Argon2id hash from [`super::password::hash`].
    pub password_hash: Option<&'a str>,
    pub role: Role,
}

columns! { COLUMNS of User { id, email, name, password_hash, owns, created_at, suspended_at } }

/// Somebody for the whole installation: its owner, or with their role in every workspace that is there. `Conflict` if the
/// address is in use.
pub fn create(tx: &Transaction<'_>, new: &NewUser<'_>, now: UnixMs) -> Result<UserId, StoreError> {
    if new.role == Role::Owner {
        return insert(tx, new, true, now);
    }
    let all: Vec<_> = workspaces::list(tx)?.into_iter().map(|w| w.id).collect();
    create_in(tx, new, &all, now)
}

/// Somebody with a role in these workspaces only. `Conflict` if the address is in use.
pub fn create_in(
    tx: &Transaction<'_>,
    new: &NewUser<'_>,
    workspaces: &[WorkspaceId],
    now: UnixMs,
) -> Result<UserId, StoreError> {
    let id = insert(tx, new, false, now)?;
    for workspace in workspaces {
        members::set(tx, *workspace, id, new.role, members::Origin::Staff, now)?;
    }
    Ok(id)
}

fn insert(
    tx: &Transaction<'_>,
    new: &NewUser<'_>,
    owns: bool,
    now: UnixMs,
) -> Result<UserId, StoreError> {
    if find_by_email(tx, new.email)?.is_some() {
        return Err(StoreError::Conflict(
            "this e-mail address already has an account".into(),
        ));
    }
    let id = UserId::new();
    tx.prepare_cached(
        "INSERT INTO users (id, email, name, password_hash, owns, created_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute((id, new.email, new.name, new.password_hash, owns, now))?;
    Ok(id)
}

/// Ignores case.
pub fn find_by_email(conn: &Connection, email: &str) -> Result<Option<User>, StoreError> {
    Ok(conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE email = ?"))?
        .query_row([email], User::from_row)
        .optional()?)
}

pub fn get(conn: &Connection, id: UserId) -> Result<User, StoreError> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE id = ?"))?
        .query_row([id], User::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the user"))
}

/// Every account, ordered by e-mail address.
pub fn list(conn: &Connection) -> Result<Vec<User>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY email"))?;
    let rows = statement.query_map([], User::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Zero means that setup is not done.
pub fn count(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
}

/// Changes name and address. `Conflict` if another account has the address.
pub fn rename(tx: &Transaction<'_>, id: UserId, name: &str, email: &str) -> Result<(), StoreError> {
    if find_by_email(tx, email)?.is_some_and(|other| other.id != id) {
        return Err(StoreError::Conflict(
            "this e-mail address already has an account".into(),
        ));
    }
    require_changed(
        tx.prepare_cached("UPDATE users SET name = ?, email = ? WHERE id = ?")?
            .execute((name, email, id))?,
    )
}

/// Sets the password hash and ends every session and pending sign-in of the person, so that whoever knew the old
/// password is out.
pub fn set_password(tx: &Transaction<'_>, id: UserId, hash: &str) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE users SET password_hash = ? WHERE id = ?")?
        .execute((hash, id))?;
    require_changed(changed)?;
    sign_ins::end_all(tx, id)?;
    sessions::revoke_all(tx, id)
}

/// Ends every pending sign-in and every session of a person but `keep`.
pub fn sign_out(
    tx: &Transaction<'_>,
    id: UserId,
    keep: Option<&TokenHash>,
) -> Result<(), StoreError> {
    sign_ins::end_all(tx, id)?;
    match keep {
        Some(keep) => sessions::revoke_others(tx, id, keep),
        None => sessions::revoke_all(tx, id),
    }
}

/// Makes somebody the owner of the installation, or gives them a role in every workspace that is there. Their sessions end, as
/// these began with the former rights. `Conflict` if this would leave the installation without an active owner.
pub fn set_role(
    tx: &Transaction<'_>,
    id: UserId,
    role: Role,
    now: UnixMs,
) -> Result<(), StoreError> {
    let owns = role == Role::Owner;
    if !owns {
        keep_an_owner(tx, id)?;
    }
    require_changed(
        tx.prepare_cached("UPDATE users SET owns = ? WHERE id = ?")?
            .execute((owns, id))?,
    )?;
    if owns {
        members::remove_all(tx, id)?;
    } else {
        for workspace in workspaces::list(tx)? {
            members::set(tx, workspace.id, id, role, members::Origin::Staff, now)?;
        }
    }
    sign_ins::end_all(tx, id)?;
    sessions::revoke_all(tx, id)
}

/// Suspends an account; ends its sessions and removes its second factor and passkeys. `Conflict` for the last active owner.
pub fn suspend(tx: &Transaction<'_>, id: UserId, now: UnixMs) -> Result<(), StoreError> {
    keep_an_owner(tx, id)?;
    require_changed(
        tx.prepare_cached("UPDATE users SET suspended_at = ? WHERE id = ?")?
            .execute((now, id))?,
    )?;
    second_factors::remove(tx, id)?;
    passkeys::remove_all(tx, id)?;
    sign_ins::end_all(tx, id)?;
    sessions::revoke_all(tx, id)
}

/// Removes every way in that somebody has: password, passkeys, second factor, sessions. Another one takes their place.
pub fn forget_ways(tx: &Transaction<'_>, id: UserId) -> Result<(), StoreError> {
    require_changed(tx.execute("UPDATE users SET password_hash = NULL WHERE id = ?", [id])?)?;
    second_factors::remove(tx, id)?;
    passkeys::remove_all(tx, id)?;
    sign_ins::end_all(tx, id)?;
    sessions::revoke_all(tx, id)
}

/// Takes the place of a name where only that was kept.
const FORMER: &str = "a former colleague";

/// Erases somebody with their memberships, sessions, passkeys, second factor, links they made or got, and messages to them.
/// What they wrote to customers and noted for colleagues stays without a name. `Conflict` for the last active owner.
pub fn erase(tx: &Transaction<'_>, id: UserId) -> Result<(), StoreError> {
    keep_an_owner(tx, id)?;
    let user = get(tx, id)?;
    // Without its maker, an open link would be one of a program, which always stands.
    tx.execute(
        "DELETE FROM invitations WHERE email = ?2 OR (invited_by = ?1 AND used_at IS NULL AND revoked_at IS NULL)",
        (id, &user.email),
    )?;
    tx.execute(
        "DELETE FROM mail_outbox WHERE about = ?1 OR (kind = 'notice' AND recipient = ?2 COLLATE NOCASE)",
        (id, &user.email),
    )?;
    let others: i64 = tx.query_row(
        "SELECT count(*) FROM users WHERE name = ? AND id <> ?",
        (&user.name, id),
        |row| row.get(0),
    )?;
    if others == 0 {
        tx.execute(
            "UPDATE assistant_versions SET author = ? WHERE author = ?",
            (FORMER, &user.name),
        )?;
        tx.execute(
            "UPDATE tool_calls SET decided_by = ? WHERE decided_by = ?",
            (FORMER, &user.name),
        )?;
    }
    // The rest goes with it, or loses its name: the tables say which.
    require_changed(tx.execute("DELETE FROM users WHERE id = ?", [id])?)
}

pub fn reinstate(tx: &Transaction<'_>, id: UserId) -> Result<(), StoreError> {
    require_changed(tx.execute("UPDATE users SET suspended_at = NULL WHERE id = ?", [id])?)
}

fn keep_an_owner(tx: &Transaction<'_>, leaving: UserId) -> Result<(), StoreError> {
    let user = get(tx, leaving)?;
    if !user.owns || user.suspended_at.is_some() {
        return Ok(());
    }
    let others: i64 = tx.query_row(
        "SELECT count(*) FROM users WHERE owns AND suspended_at IS NULL AND id <> ?",
        [leaving],
        |row| row.get(0),
    )?;
    if others == 0 {
        return Err(StoreError::Conflict(
            "this is the only owner; make another owner first".into(),
        ));
    }
    Ok(())
}

fn require_changed(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the user"))
    } else {
        Ok(())
    }
}

/// Removes every account and API key created at or before `until`, with sessions, second factors, passkeys, sign-ins, setup
/// links and sign-in servers: the customer left.
pub fn purge_all(tx: &Transaction<'_>, until: UnixMs) -> Result<(), StoreError> {
    for table in ["users", "sign_on_providers", "setup_tokens", "api_keys"] {
        let sql = format!("DELETE FROM {table} WHERE created_at <= ?");
        tx.execute(&sql, [until])?;
    }
    Ok(())
}
