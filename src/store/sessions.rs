//! Signed-in browsers. Only the hash of a session's token is stored.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::token::TokenHash;
use super::users::User;
use super::values::text_enum;
use super::{StoreError, UnixMs, UserId, WorkspaceId};

/// A session that was not used for this long is over, in ms.
pub const IDLE_MS: i64 = 30 * 60 * 1000;

text_enum! {
    /// How somebody proved who they are.
    pub enum Via {
        /// The password alone.
        Password = "password",
        /// The password and a code.
        Code = "code",
        Passkey = "passkey",
        /// A company's sign-in server.
        SignOn = "sign_on",
        /// A link that works once: set-up, or an invitation.
        Link = "link",
    }
}

impl Via {
    /// Whether it takes more than a password, so that no second factor is asked for.
    pub fn is_strong(self) -> bool {
        matches!(self, Self::Code | Self::Passkey | Self::SignOn)
    }
}

/// Where a session began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Network address.
    pub address: String,
    /// Such as `Firefox on Linux`.
    pub browser: String,
}

/// A signed-in browser and its user.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub user: User,
    /// Where they are; `None` until they chose, or when it was erased.
    pub workspace: Option<WorkspaceId>,
    pub via: Via,
    pub created_at: UnixMs,
    /// Time of the last [`touch`].
    pub last_seen_at: UnixMs,
    /// When it ends even if it is in use.
    pub expires_at: UnixMs,
}

pub fn create(
    tx: &Transaction<'_>,
    user: UserId,
    token: &TokenHash,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sessions (token_hash, user, created_at, last_seen_at, expires_at)
         VALUES (?, ?, ?, ?, ?)",
    )?
    .execute((token, user, now, now, expires_at))?;
    Ok(())
}

/// The session with this token, if it has not expired, was used within the last `idle_ms` milliseconds, and its user is
/// not suspended. It is also invalid when the clock went back to before its start.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
    idle_ms: i64,
) -> Result<Option<Session>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT u.id, u.email, u.name, u.password_hash, u.owns, u.created_at, u.suspended_at,
                    s.created_at AS began, s.last_seen_at, s.expires_at, s.workspace, s.via
             FROM sessions s JOIN users u ON u.id = s.user
             WHERE s.token_hash = ?1 AND s.created_at <= ?2 AND s.expires_at > ?2
               AND s.last_seen_at > ?3 AND u.suspended_at IS NULL",
        )?
        .query_row((token, now, now.saturating_sub(idle_ms)), |row| {
            Ok(Session {
                user: User::from_row(row)?,
                workspace: row.get("workspace")?,
                via: row.get("via")?,
                created_at: row.get("began")?,
                last_seen_at: row.get("last_seen_at")?,
                expires_at: row.get("expires_at")?,
            })
        })
        .optional()?)
}

pub fn touch(tx: &Transaction<'_>, token: &TokenHash, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?")?
        .execute((now, token))?;
    Ok(())
}

/// Notes how and where a session began, and in which workspace it is.
pub fn describe(
    tx: &Transaction<'_>,
    token: &TokenHash,
    via: Via,
    place: &Place,
    workspace: Option<WorkspaceId>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE sessions SET via = ?, address = ?, browser = ?, workspace = ? WHERE token_hash = ?",
    )?
    .execute((via, &place.address, &place.browser, workspace, token))?;
    Ok(())
}

/// Puts a session into another workspace under another token, as other rights begin there. When and how it began, and when it
/// ends, stay: going to and fro makes no session younger. Does nothing if it is gone.
pub fn move_to(
    tx: &Transaction<'_>,
    former: &TokenHash,
    token: &TokenHash,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE sessions SET token_hash = ?, workspace = ?, last_seen_at = ? WHERE token_hash = ?",
    )?
    .execute((token, workspace, now, former))?;
    Ok(())
}

/// A session as its person sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Part of the token's hash: it names the session and opens nothing.
    pub id: String,
    pub via: Via,
    pub address: String,
    pub browser: String,
    pub created_at: UnixMs,
    pub last_seen_at: UnixMs,
}

columns! { LISTED of Listed { id, via, address, browser, created_at, last_seen_at } }

/// Names a session by its token's hash in lists.
const SHORT: &str = "lower(hex(substr(token_hash, 1, 8)))";

/// The sessions of a person that still count, the last used first.
pub fn list(conn: &Connection, user: UserId, now: UnixMs) -> Result<Vec<Listed>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {LISTED} FROM (SELECT {SHORT} AS id, * FROM sessions)
         WHERE user = ? AND expires_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC, id"
    ))?;
    let used_since = now.saturating_sub(IDLE_MS);
    let rows = statement.query_map((user, now, used_since), Listed::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How a session is named in [`list`]; `None` if it is over.
pub fn short_id(conn: &Connection, token: &TokenHash) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {SHORT} FROM sessions WHERE token_hash = ?"
        ))?
        .query_row([token], |row| row.get(0))
        .optional()?)
}

/// Ends one of a person's sessions by its name in [`list`]; false if there is none.
pub fn end_listed(tx: &Transaction<'_>, user: UserId, id: &str) -> Result<bool, StoreError> {
    let ended = tx
        .prepare_cached(&format!(
            "DELETE FROM sessions WHERE user = ? AND {SHORT} = ?"
        ))?
        .execute((user, id))?;
    Ok(ended > 0)
}

/// Whether somebody has a session, ended or not, from this network address.
pub fn is_known_address(
    conn: &Connection,
    user: UserId,
    address: &str,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM sessions WHERE user = ? AND address = ? LIMIT 1")?
        .exists((user, address))?)
}

/// Whether anybody who answers in a workspace used a session that is valid at `now` within a span of time before it.
pub fn is_anyone_active(
    conn: &Connection,
    workspace: WorkspaceId,
    since: UnixMs,
    now: UnixMs,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user WHERE s.last_seen_at BETWEEN ?1 AND ?2
             AND s.expires_at > ?2 AND u.suspended_at IS NULL
             AND (u.owns OR EXISTS (SELECT 1 FROM members m WHERE m.user = u.id AND m.workspace = ?3
                                    AND m.role <> 'viewer')) LIMIT 1",
        )?
        .exists((since, now, workspace))?)
}

/// Ends one session; does nothing if it is gone already.
pub fn revoke(tx: &Transaction<'_>, token: &TokenHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions WHERE token_hash = ?", [token])?;
    Ok(())
}

pub fn revoke_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions WHERE user = ?", [user])?;
    Ok(())
}

/// Ends every session of everybody.
pub fn end_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions", [])?;
    Ok(())
}

/// Ends every session of a person that is in a workspace.
pub fn revoke_in(
    tx: &Transaction<'_>,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM sessions WHERE user = ?1 AND (workspace = ?2 OR workspace IS NULL)",
        (user, workspace),
    )?;
    Ok(())
}

/// Ends every session of a person except this one.
pub fn revoke_others(
    tx: &Transaction<'_>,
    user: UserId,
    but: &TokenHash,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM sessions WHERE user = ? AND token_hash <> ?",
        (user, but),
    )?;
    Ok(())
}

/// How many sessions of a person still count, and when one of them was last used.
pub fn of_user(
    conn: &Connection,
    user: UserId,
    now: UnixMs,
) -> Result<(u32, Option<UnixMs>), StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*), max(last_seen_at) FROM sessions
             WHERE user = ? AND expires_at > ? AND last_seen_at > ?",
        )?
        .query_row((user, now, now.saturating_sub(IDLE_MS)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?)
}

/// Whether a person has a session that did not expire, in use or idle.
pub fn is_any_left(conn: &Connection, user: UserId, now: UnixMs) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM sessions WHERE user = ? AND expires_at > ? LIMIT 1")?
        .exists((user, now))?)
}

/// Returns how many it removed.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM sessions WHERE expires_at <= ?", [now])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::token::{Token, TokenKind};
    use crate::store::users::{self, NewUser, Role};
    use crate::store::{Store, workspaces};

    #[test]
    fn a_session_that_ended_because_nobody_used_it_is_neither_listed_nor_counted() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            workspaces::get_or_create(tx, "shop", "Shop", 1)?;
            let new = NewUser {
                email: "ann@x",
                name: "Ann",
                password_hash: None,
                role: Role::Owner,
            };
            let ann = users::create(tx, &new, 1)?;
            let (used, idle) = (
                Token::generate(TokenKind::Session)?.hash(),
                Token::generate(TokenKind::Session)?.hash(),
            );
            let end = 12 * 60 * 60 * 1000;
            create(tx, ann, &used, 1, end)?;
            create(tx, ann, &idle, 1, end)?;
            let now = IDLE_MS;
            assert_eq!(list(tx, ann, now)?.len(), 2);
            touch(tx, &used, now)?;
            let later = IDLE_MS + 1;
            assert!(find_valid(tx, &idle, later, IDLE_MS)?.is_none());
            let ids: Vec<String> = list(tx, ann, later)?
                .into_iter()
                .map(|one| one.id)
                .collect();
            assert_eq!(ids, [short_id(tx, &used)?.unwrap()]);
            assert_eq!(of_user(tx, ann, later)?, (1, Some(now)));
            assert_eq!(of_user(tx, ann, later + IDLE_MS)?, (0, None));
            assert!(is_any_left(tx, ann, later + IDLE_MS)?);
            assert!(!is_any_left(tx, ann, end)?);
            Ok(())
        });
        done.unwrap();
    }
}
