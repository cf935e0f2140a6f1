//! Accounts of people: the operations behind the pages, the API and the command line.

use serde_json::{Value, json};

use super::first_run::default_workspace;
use super::members::told;
use crate::access::{Denied, Principal, Scope, roles};
use crate::store::api_keys::{self, ApiKey};
use crate::store::members::{self, Membership, Origin};
use crate::store::token::TokenHash;
use crate::store::users::{self, NewUser, Role, User};
use crate::store::{
    Connection, Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, events, passkeys,
    second_factors, sessions, workspaces,
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
    Denied(#[from] Denied),
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
    /// Number of passkeys.
    pub passkeys: usize,
    /// In the workspace that is looked at; in the whole installation, the highest.
    pub role: Option<Role>,
    /// Keys that they made and that still work, as far as whoever asks manages them.
    pub keys: Vec<ApiKey>,
    /// Workspaces that they are members of, as far as whoever asks manages them.
    pub places: Vec<Membership>,
}

/// A change to an account; fields that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    /// E-mail address to sign in with. Another one ends their sessions, and the former address is told.
    pub email: Option<String>,
    pub role: Option<Role>,
    /// Whether they are barred from signing in. Suspending ends their sessions and removes their second factor.
    pub suspended: Option<bool>,
    /// Argon2id hash of a new password. Setting it ends all their sessions.
    pub password_hash: Option<String>,
    /// The session that another address does not end: the one of whoever changes their own.
    pub keep: Option<TokenHash>,
}

/// Checks a name; `Some` is a sentence on what is wrong.
pub fn wrong_name(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    (!fits || name.contains(char::is_control))
        .then_some("Give a name of at most 80 characters, on one line.")
}

/// Checks an e-mail address; `Some` is a sentence on what is wrong.
pub fn wrong_email(email: &str) -> Option<&'static str> {
    let email = email.trim();
    let parts = email.split_once('@');
    let fits = email.len() <= 254
        && !email.contains(|letter: char| letter.is_whitespace() || letter.is_control())
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

/// Who manages people, and how far that reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The owner of the installation, a command, or a key to the whole of it.
    Installation,
    /// Somebody, or a key, in one workspace.
    Member { workspace: WorkspaceId, role: Role },
}

impl By {
    /// # Errors
    /// For a caller who manages nobody.
    pub fn of(principal: &Principal) -> Result<Self, Denied> {
        principal.need(&[Scope::Admin])?;
        Ok(match principal.bound_to() {
            None => Self::Installation,
            Some(workspace) => Self::Member {
                workspace,
                role: principal.role().unwrap_or(Role::Admin),
            },
        })
    }

    /// The workspace that they manage; `None` for all.
    pub fn workspace(self) -> Option<WorkspaceId> {
        match self {
            Self::Installation => None,
            Self::Member { workspace, .. } => Some(workspace),
        }
    }
}

/// Lists the accounts of whom somebody manages, by e-mail address.
pub async fn list(store: &Store, by: By, now: UnixMs) -> Result<Vec<Account>, StoreError> {
    store
        .read(move |conn| {
            let users: Vec<User> = match by {
                By::Installation => users::list(conn)?,
                By::Member { workspace, .. } => {
                    let people = members::people(conn, workspace)?.into_iter();
                    people.map(|person| person.user).collect()
                }
            };
            let users = users.into_iter();
            users.map(|user| account(conn, user, by, now)).collect()
        })
        .await
}

/// One account.
///
/// # Errors
/// `NotFound` for somebody whom they do not manage.
pub async fn get(store: &Store, by: By, id: UserId, now: UnixMs) -> Result<Account, StoreError> {
    store
        .read(move |conn| {
            let user = users::get(conn, id)?;
            if let Some(workspace) = by.workspace()
                && members::role_of(conn, workspace, &user)?.is_none()
            {
                return Err(StoreError::NotFound("the user"));
            }
            account(conn, user, by, now)
        })
        .await
}

fn account(conn: &Connection, user: User, by: By, now: UnixMs) -> Result<Account, StoreError> {
    let (sessions, last_seen_at) = sessions::of_user(conn, user.id, now)?;
    let role = match by {
        By::Installation => members::highest(conn, &user)?,
        By::Member { workspace, .. } => members::role_of(conn, workspace, &user)?,
    };
    let mut places = members::of_user(conn, user.id)?;
    // Where else somebody works is nobody's business here.
    places.retain(|place| by.workspace().is_none_or(|id| id == place.workspace));
    Ok(Account {
        sessions,
        last_seen_at,
        second_factor: second_factors::is_on(conn, user.id)?,
        passkeys: passkeys::list(conn, user.id)?.len(),
        keys: api_keys::standing_of(conn, user.id, by.workspace())?,
        role,
        places,
        user,
    })
}

/// Refuses whoever manages one workspace of several to make accounts with a password: whether an address is taken would tell
/// them who works elsewhere. An invitation looks the same for both, and somebody with an account joins with it.
///
/// What remains: one's own address can be changed to find out about another, at the price of the password and of a notice to
/// the former address for each that is free; and whoever accepts an invitation made for another address as somebody new is
/// told to sign in, or has used the link up.
///
/// # Errors
/// [`AccountError::Forbidden`].
pub async fn may_add(store: &Store, by: &Principal) -> Result<(), AccountError> {
    let by = By::of(by)?;
    let is_shared = store.read(move |conn| knows_part(conn, by)).await?;
    match is_shared {
        false => Ok(()),
        true => Err(AccountError::Forbidden(
            "Several workspaces share this installation, so invite the person instead: they choose their own password.",
        )),
    }
}

/// Whether somebody manages one workspace of several.
fn knows_part(conn: &Connection, by: By) -> Result<bool, StoreError> {
    Ok(by.workspace().is_some() && workspaces::list(conn)?.len() > 1)
}

/// Creates an account: for the whole installation, or for the workspace of whoever creates it.
///
/// # Errors
/// [`AccountError::Wrong`] or [`AccountError::Forbidden`].
pub async fn create(
    store: &Store,
    by: By,
    name: String,
    email: String,
    role: Role,
    password_hash: String,
) -> Result<UserId, AccountError> {
    if let Some(wrong) = wrong_name(&name).or_else(|| wrong_email(&email)) {
        return Err(AccountError::Wrong(wrong));
    }
    if let By::Member { role: own, .. } = by {
        may_manage(own, role)?;
    }
    let workspace = log_of(store, by).await?;
    let made = store.write(move |tx| {
        let new = NewUser {
            email: email.trim(),
            name: name.trim(),
            password_hash: Some(&password_hash),
            role,
        };
        let id = match by.workspace() {
            None => users::create(tx, &new, now())?,
            Some(workspace) => users::create_in(tx, &new, &[workspace], now())?,
        };
        let data = json!({"role": role.as_str()});
        note(tx, workspace, "account_created", id, &data)?;
        Ok(id)
    });
    Ok(made.await?)
}

/// Changes an account, all or nothing. A role is that in the workspace of whoever changes it.
///
/// # Errors
/// [`AccountError::Wrong`] or [`AccountError::Forbidden`]; a `Conflict` from the store if no owner would be left or
/// another account has the address; `NotFound` for somebody of other workspaces.
pub async fn change(
    store: &Store,
    by: By,
    id: UserId,
    change: Change,
) -> Result<User, AccountError> {
    let wrong = change.name.as_deref().and_then(wrong_name);
    let wrong = wrong.or_else(|| change.email.as_deref().and_then(wrong_email));
    if let Some(wrong) = wrong {
        return Err(AccountError::Wrong(wrong));
    }
    let workspace = log_of(store, by).await?;
    let changed = store.write(move |tx| {
        let before = users::get(tx, id)?;
        if let Err(refused) = check(tx, by, &before, &change)? {
            return Ok(Err(refused));
        }
        let what = apply(tx, by, workspace, &before, &change)?;
        let data = json!({ "changed": what });
        note(tx, workspace, "account_changed", id, &data)?;
        Ok(Ok(users::get(tx, id)?))
    });
    changed.await?
}

/// Takes somebody out of a workspace; their account stays, without it if it was their only one.
///
/// # Errors
/// [`AccountError::Forbidden`]; `NotFound` for somebody who is not in it.
pub async fn take_out(
    store: &Store,
    by: By,
    workspace: WorkspaceId,
    id: UserId,
) -> Result<(), AccountError> {
    let done = store.write(move |tx| {
        let Some(role) = members::find(tx, workspace, id)? else {
            return Err(StoreError::NotFound("the user"));
        };
        if let By::Member {
            role: own,
            workspace: here,
        } = by
        {
            if here != workspace {
                return Err(StoreError::NotFound("the user"));
            }
            if let Err(refused) = may_manage(own, role) {
                return Ok(Err(refused));
            }
        }
        members::remove(tx, workspace, id)?;
        note(tx, workspace, "member_removed", id, &json!({}))?;
        Ok(Ok(()))
    });
    done.await?
}

fn check(
    conn: &Connection,
    by: By,
    whom: &User,
    change: &Change,
) -> Result<Result<(), AccountError>, StoreError> {
    let By::Member { workspace, role } = by else {
        return Ok(Ok(()));
    };
    let Some(now) = members::role_of(conn, workspace, whom)? else {
        return Err(StoreError::NotFound("the user"));
    };
    let wanted = change.role.unwrap_or(now);
    let managed = may_manage(role, now).and_then(|()| may_manage(role, wanted));
    if managed.is_err() {
        return Ok(managed);
    }
    let moves = change
        .email
        .as_deref()
        .is_some_and(|email| is_other_address(whom, email));
    // As in `may_add`: that an address is taken would tell of people elsewhere.
    if moves && knows_part(conn, by)? {
        return Ok(Err(AccountError::Forbidden(
            "Everybody changes their own address under “Your account”; the owner of the installation can do it too.",
        )));
    }
    let of_account = change.name.is_some()
        || change.email.is_some()
        || change.suspended.is_some()
        || change.password_hash.is_some();
    match of_account {
        true => may_change_account(conn, by, whom),
        false => Ok(Ok(())),
    }
}

/// Whether somebody may change an account itself, and not only what it may do in a workspace: whoever works elsewhere too, or
/// owns the installation, must not be taken over from here.
pub(in crate::app) fn may_change_account(
    conn: &Connection,
    by: By,
    whom: &User,
) -> Result<Result<(), AccountError>, StoreError> {
    let By::Member { workspace, role } = by else {
        return Ok(Ok(()));
    };
    let Some(now) = members::role_of(conn, workspace, whom)? else {
        return Err(StoreError::NotFound("the user"));
    };
    if whom.owns {
        return Ok(Err(AccountError::Forbidden(
            "Only an owner of the installation may change this account.",
        )));
    }
    if members::of_user(conn, whom.id)?.len() > 1 {
        return Ok(Err(AccountError::Forbidden(
            "This person works in other workspaces too, so their account is not yours to change. You can change their role \
             here, or take them out of this workspace.",
        )));
    }
    Ok(may_manage(role, now))
}

fn apply(
    tx: &Transaction<'_>,
    by: By,
    workspace: WorkspaceId,
    before: &User,
    change: &Change,
) -> Result<Vec<&'static str>, StoreError> {
    let mut what = Vec::new();
    if change.name.is_some() || change.email.is_some() {
        let name = change.name.as_deref().unwrap_or(&before.name).trim();
        let email = change.email.as_deref().unwrap_or(&before.email).trim();
        users::rename(tx, before.id, name, email)?;
        what.push("name");
        if is_other_address(before, email) {
            users::sign_out(tx, before.id, change.keep.as_ref())?;
            told::of_new_address(tx, workspace, before, now())?;
            what.push("email");
        }
    }
    if let Some(role) = change.role {
        match by {
            By::Installation => users::set_role(tx, before.id, role, now())?,
            By::Member { .. } if before.owns => {
                let told = "whoever owns the installation has no role in a workspace";
                return Err(StoreError::Conflict(told.into()));
            }
            By::Member { workspace, .. } => {
                members::set(tx, workspace, before.id, role, Origin::Staff, now())?;
                // With other rights begins another session.
                sessions::revoke_in(tx, before.id, workspace)?;
            }
        }
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

/// Whether somebody would sign in with another address; upper and lower case are the same.
pub fn is_other_address(user: &User, email: &str) -> bool {
    !user.email.eq_ignore_ascii_case(email.trim())
}

/// Owners manage everybody, admins everybody but owners.
pub(in crate::app) fn may_manage(by: Role, whom: Role) -> Result<(), AccountError> {
    if roles::manages(by, whom) {
        return Ok(());
    }
    Err(AccountError::Forbidden(match by {
        Role::Owner | Role::Admin => "Only an owner may create or change an owner.",
        Role::Agent | Role::Viewer => "Your account may not manage people; ask the owner.",
    }))
}

/// The workspace whose log tells of a change.
async fn log_of(store: &Store, by: By) -> Result<WorkspaceId, StoreError> {
    match by.workspace() {
        Some(workspace) => Ok(workspace),
        None => default_workspace(store).await,
    }
}

fn note(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    what: &str,
    id: UserId,
    data: &Value,
) -> Result<(), StoreError> {
    events::append(tx, workspace, what, &id.to_string(), data, now()).map(drop)
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}
