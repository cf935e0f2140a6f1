//! Accounts of people: the operations behind the pages, the API and the command line.

use serde_json::json;

use super::first_run::default_workspace;
use crate::store::users::{self, NewUser, Role, User};
use crate::store::{
    Connection, Store, StoreError, Transaction, UnixMs, UserId, events, second_factors, sessions,
};

/// In characters; NIST SP 800-63B asks for at least 8.
pub const SHORTEST_PASSWORD: usize = 10;
const LONGEST_PASSWORD: usize = 200;
/// In characters.
const LONGEST_NAME: usize = 80;

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Invalid input; a sentence for the user.
    #[error("{0}")]
    Wrong(&'static str),
    /// Not permitted; a sentence for the user.
    #[error("{0}")]
    Forbidden(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account with its sessions.
#[derive(Debug, Clone)]
pub struct Account {
    pub user: User,
    /// Number of signed-in browsers.
    pub sessions: u32,
    /// When one of these sessions was last used, Unix ms.
    pub last_seen_at: Option<UnixMs>,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
}

/// A change to an account; fields that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    /// E-mail address to sign in with.
    pub email: Option<String>,
    pub role: Option<Role>,
    /// Whether they are barred from signing in. Suspending ends their sessions and removes their second factor.
    pub suspended: Option<bool>,
    /// Argon2id hash of a new password. Setting it ends all their sessions.
    pub password_hash: Option<String>,
}

/// Checks a name; `Some` is a sentence on what is wrong.
pub fn wrong_name(name: &str) -> Option<&'static str> {
    let fits = (1..=LONGEST_NAME).contains(&name.trim().chars().count());
    (!fits).then_some("Give a name of at most 80 characters.")
}

/// Checks an e-mail address; `Some` is a sentence on what is wrong.
pub fn wrong_email(email: &str) -> Option<&'static str> {
    let email = email.trim();
    let parts = email.split_once('@');
    let fits = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    (!fits).then_some("The e-mail address does not look right; it needs an @ in the middle.")
}

/// Checks a new password; `Some` is a sentence on what is wrong.
pub fn wrong_password(password: &str) -> Option<&'static str> {
    match password.chars().count() {
        ..SHORTEST_PASSWORD => Some("The password is too short: use at least 10 characters."),
        SHORTEST_PASSWORD..=LONGEST_PASSWORD => None,
        _ => Some("The password is too long: use at most 200 characters."),
    }
}

/// Lists all accounts, sorted by e-mail address.
pub async fn list(store: &Store, now: UnixMs) -> Result<Vec<Account>, StoreError> {
    store
        .read(move |conn| {
            let users = users::list(conn)?.into_iter();
            users.map(|user| account(conn, user, now)).collect()
        })
        .await
}

/// One account.
pub async fn get(store: &Store, id: UserId, now: UnixMs) -> Result<Account, StoreError> {
    store
        .read(move |conn| account(conn, users::get(conn, id)?, now))
        .await
}

fn account(conn: &Connection, user: User, now: UnixMs) -> Result<Account, StoreError> {
    let (sessions, last_seen_at) = sessions::of_user(conn, user.id, now)?;
    Ok(Account {
        sessions,
        last_seen_at,
        second_factor: second_factors::is_on(conn, user.id)?,
        user,
    })
}

/// Creates an account. `by` is the role of the person asking; `None` for the command line or an unrestricted key.
///
/// # Errors
/// [`AccountError::Wrong`] or [`AccountError::Forbidden`].
pub async fn create(
    store: &Store,
    by: Option<Role>,
    name: String,
    email: String,
    role: Role,
    password_hash: String,
) -> Result<UserId, AccountError> {
    if let Some(wrong) = wrong_name(&name).or_else(|| wrong_email(&email)) {
        return Err(AccountError::Wrong(wrong));
    }
    may_touch(by, role)?;
    let workspace = default_workspace(store).await?;
    let made = store.write(move |tx| {
        let new = NewUser {
            email: email.trim(),
            name: name.trim(),
            password_hash: Some(&password_hash),
            role,
        };
        let id = users::create(tx, &new, now())?;
        let data = json!({"role": role.as_str()});
        events::append(
            tx,
            workspace,
            "account_created",
            &id.to_string(),
            &data,
            now(),
        )?;
        Ok(id)
    });
    Ok(made.await?)
}

/// Changes an account, all or nothing.
///
/// # Errors
/// [`AccountError::Wrong`] or [`AccountError::Forbidden`]; a `Conflict` from the store if no owner would be left or
/// another account has the address.
pub async fn change(
    store: &Store,
    by: Option<Role>,
    id: UserId,
    change: Change,
) -> Result<User, AccountError> {
    let wrong = change.name.as_deref().and_then(wrong_name);
    let wrong = wrong.or_else(|| change.email.as_deref().and_then(wrong_email));
    if let Some(wrong) = wrong {
        return Err(AccountError::Wrong(wrong));
    }
    let before = store.read(move |conn| users::get(conn, id)).await?;
    may_touch(by, before.role)?;
    if let Some(role) = change.role {
        may_touch(by, role)?;
    }
    let workspace = default_workspace(store).await?;
    let changed = store.write(move |tx| {
        let what = apply(tx, &before, &change)?;
        let data = json!({ "changed": what });
        events::append(
            tx,
            workspace,
            "account_changed",
            &id.to_string(),
            &data,
            now(),
        )?;
        users::get(tx, id)
    });
    Ok(changed.await?)
}

fn apply(
    tx: &Transaction<'_>,
    before: &User,
    change: &Change,
) -> Result<Vec<&'static str>, StoreError> {
    let mut what = Vec::new();
    if change.name.is_some() || change.email.is_some() {
        let name = change.name.as_deref().unwrap_or(&before.name).trim();
        let email = change.email.as_deref().unwrap_or(&before.email).trim();
        users::rename(tx, before.id, name, email)?;
        what.push("name");
    }
    if let Some(role) = change.role {
        users::set_role(tx, before.id, role)?;
        what.push("role");
    }
    match change.suspended {
        Some(true) => {
            users::suspend(tx, before.id, now())?;
            what.push("suspended");
        }
        Some(false) => {
            users::reinstate(tx, before.id)?;
            what.push("reinstated");
        }
        None => {}
    }
    if let Some(hash) = &change.password_hash {
        users::set_password(tx, before.id, hash)?;
        what.push("password");
    }
    Ok(what)
}

/// Admins manage everybody but owners; agents manage nobody.
pub(super) fn may_touch(by: Option<Role>, whom: Role) -> Result<(), AccountError> {
    match (by, whom) {
        (None | Some(Role::Owner), _) | (Some(Role::Admin), Role::Admin | Role::Agent) => Ok(()),
        (Some(Role::Admin), Role::Owner) => Err(AccountError::Forbidden(
            "Only an owner may create or change an owner.",
        )),
        (Some(Role::Agent), _) => Err(AccountError::Forbidden(
            "Your account may not manage people; ask the owner.",
        )),
    }
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}
