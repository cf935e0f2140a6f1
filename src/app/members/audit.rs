//! The audit log: what is noted, who may read it, how long it is kept.

use crate::access::{Caller, Denied, Member, Principal, Scope};
use crate::store::audit::{
    self, Actor, AuditChecked, AuditSettings, Entry, Filter, Kind, NewEntry, Seal,
};
use crate::store::{
    Connection, Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, api_keys, members,
    users, workspaces,
};

/// Who may read the log.
const MAY: &[Scope] = &[Scope::Admin];
/// In place of a name.
const FORMER: &str = "a former colleague";
/// Most rows at a time.
pub const MOST: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Outside [`AuditSettings::DAYS`].
    #[error("give 30 to 3650 days")]
    Days,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something that was done, before it is known who did it by name.
#[derive(Debug, Clone)]
pub struct Done {
    pub what: String,
    /// The ids in the address.
    pub subject: String,
    /// Short name of the workspace that it is about; `None` for the one that they are in.
    pub place: Option<String>,
    /// Network address.
    pub address: String,
    /// Status of the answer.
    pub outcome: u16,
}

/// Notes what somebody did: in the log of the workspace that it is about, also for who reaches all of them. An act that was done cannot be undone because it could not be noted, so a failure is only logged.
pub async fn note(store: &Store, by: &Principal, done: Done) {
    let (at, bound) = (by.at(), by.bound_to());
    let person = match by.caller() {
        Caller::User(user) => Some(user.id),
        _ => None,
    };
    let (kind, who, known) = match by.caller() {
        Caller::User(user) => (Kind::Person, user.id.to_string(), Some(user.name.clone())),
        Caller::Key(id) => (Kind::Key, id.to_string(), None),
        Caller::Secret => (Kind::Key, String::new(), Some("a client secret".to_owned())),
        Caller::Installation => {
            let name = "a command on this machine".to_owned();
            (Kind::Installation, String::new(), Some(name))
        }
    };
    let write = store.write(move |tx| {
        let name = match (known, person) {
            // They erased their own account: the log knows them by their id.
            (_, Some(id)) if is_erased(tx, id)? => FORMER.to_owned(),
            (Some(name), _) => name,
            (None, _) => key_name(tx, &who)?,
        };
        let named = match done.place.filter(|_| bound.is_none()) {
            Some(name) => workspaces::find_by_name(tx, &name)?,
            None => None,
        };
        let workspace = named.map(|named| named.id).or(at);
        let new = NewEntry {
            workspace: still_there(tx, workspace)?,
            kind,
            who,
            name,
            what: done.what,
            subject: done.subject,
            address: done.address,
            outcome: done.outcome,
        };
        audit::append(tx, &new, now())
    });
    if let Err(error) = write.await {
        tracing::error!(%error, "an act could not be noted in the audit log");
    }
}

/// Notes an attempt to sign in: with a person if the address has an account, else with nobody and without the address. The log of
/// the installation has it, and that of each workspace that the person is a member of: an account opens all of these, and none of
/// them learns of the others.
pub async fn note_sign_in(
    store: &Store,
    email: &str,
    what: &'static str,
    address: String,
    outcome: u16,
) {
    let email = email.trim().to_owned();
    let write = store.write(move |tx| {
        let user = users::find_by_email(tx, &email)?;
        let mut logs = vec![None];
        let (kind, who, name) = match user {
            Some(user) => {
                let places = members::of_user(tx, user.id)?.into_iter();
                logs.extend(places.map(|place| Some(place.workspace)));
                (Kind::Person, user.id.to_string(), user.name)
            }
            None => (Kind::Nobody, String::new(), "somebody".to_owned()),
        };
        let at = now();
        for workspace in logs {
            let new = NewEntry {
                workspace,
                kind,
                who: who.clone(),
                name: name.clone(),
                what: what.to_owned(),
                subject: String::new(),
                address: address.clone(),
                outcome,
            };
            audit::append(tx, &new, at)?;
        }
        Ok(())
    });
    if let Err(error) = write.await {
        tracing::error!(%error, "a sign-in could not be noted in the audit log");
    }
}

/// Notes what became of somebody's place in a workspace: in that one's log, wherever they were before.
pub fn note_place(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    whom: UserId,
    what: String,
    address: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let new = NewEntry {
        workspace: Some(workspace),
        kind: Kind::Person,
        who: whom.to_string(),
        name: users::get(tx, whom)?.name,
        what,
        subject: String::new(),
        address: address.to_owned(),
        outcome: 200,
    };
    audit::append(tx, &new, now)
}

fn is_erased(conn: &Connection, id: UserId) -> Result<bool, StoreError> {
    match users::get(conn, id) {
        Ok(_) => Ok(false),
        Err(StoreError::NotFound(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

fn key_name(conn: &Connection, id: &str) -> Result<String, StoreError> {
    let keys = api_keys::list(conn)?.into_iter();
    let mut names = keys
        .filter(|key| key.id.to_string() == id)
        .map(|key| key.name);
    Ok(names.next().unwrap_or_else(|| "an API key".to_owned()))
}

/// The workspace, unless the act erased it.
fn still_there(
    conn: &Connection,
    workspace: Option<WorkspaceId>,
) -> Result<Option<WorkspaceId>, StoreError> {
    let Some(id) = workspace else {
        return Ok(None);
    };
    match workspaces::get(conn, id) {
        Ok(_) => Ok(Some(id)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct Page {
    pub rows: Vec<Entry>,
    /// `None` if nobody asked so far.
    pub checked: Option<Checked>,
    pub days: u32,
}

/// When somebody had the seal checked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub at: UnixMs,
    /// Name of whoever asked.
    pub by: String,
    pub seal: Seal,
}

/// Whose log somebody reads: that of their workspace, or with `whole`, for the owner of the installation, all.
pub fn reach(by: &Member, whole: bool) -> Result<(WorkspaceId, bool), AuditError> {
    let workspace = by.need(MAY)?;
    Ok((workspace, whole && by.principal().bound_to().is_none()))
}

/// The rows of a workspace; with `whole`, for the owner of the installation, of all of them and of the installation.
pub async fn read(
    store: &Store,
    by: &Member,
    whole: bool,
    mut filter: Filter,
    limit: u32,
) -> Result<Page, AuditError> {
    let (workspace, all) = reach(by, whole)?;
    filter.workspace = (!all).then_some(workspace);
    let read = store.read(move |conn| {
        let settings: AuditSettings = workspaces::section(conn, workspace, AuditSettings::SECTION)?;
        Ok(Page {
            rows: audit::list(conn, &filter, limit.min(MOST))?,
            checked: last_check(conn, workspace)?,
            days: settings.days,
        })
    });
    Ok(read.await?)
}

/// Everybody whom the rows name that somebody may read. It looks at each row, so pages of a listing do without it.
pub async fn actors(store: &Store, by: &Member, whole: bool) -> Result<Vec<Actor>, AuditError> {
    let (workspace, all) = reach(by, whole)?;
    let read = store.read(move |conn| audit::actors(conn, (!all).then_some(workspace)));
    Ok(read.await?)
}

fn last_check(conn: &Connection, workspace: WorkspaceId) -> Result<Option<Checked>, StoreError> {
    let kept: AuditChecked = workspaces::section(conn, workspace, AuditChecked::SECTION)?;
    if kept.at == 0 {
        return Ok(None);
    }
    let by = match kept.by {
        Some(id) if is_erased(conn, id)? => FORMER.to_owned(),
        Some(id) => users::get(conn, id)?.name,
        None => "a program".to_owned(),
    };
    Ok(Some(Checked {
        at: kept.at,
        by,
        seal: kept.broken_at.map_or(Seal::Whole, Seal::Broken),
    }))
}

/// Checks the seal of the log, with `whole` also that of the installation, and notes when and by whom. It reads every row, so it
/// is done only when somebody asks.
pub async fn check(store: &Store, by: &Member, whole: bool) -> Result<(), AuditError> {
    let (workspace, all) = reach(by, whole)?;
    let person = match by.principal().caller() {
        Caller::User(user) => Some(user.id),
        _ => None,
    };
    let read = store.read(move |conn| {
        let seal = audit::check(conn, Some(workspace))?;
        match seal {
            Seal::Whole if all => audit::check(conn, None),
            seal => Ok(seal),
        }
    });
    let checked = AuditChecked {
        broken_at: match read.await? {
            Seal::Whole => None,
            Seal::Broken(seq) => Some(seq),
        },
        at: now(),
        by: person,
    };
    let write = store
        .write(move |tx| workspaces::set_section(tx, workspace, AuditChecked::SECTION, &checked));
    Ok(write.await?)
}

/// Sets how long a workspace keeps its log.
pub async fn keep_for(store: &Store, by: &Member, days: u32) -> Result<(), AuditError> {
    let workspace = by.need(MAY)?;
    if !AuditSettings::DAYS.contains(&days) {
        return Err(AuditError::Days);
    }
    let settings = AuditSettings { days };
    let write = store
        .write(move |tx| workspaces::set_section(tx, workspace, AuditSettings::SECTION, &settings));
    Ok(write.await?)
}

/// Deletes what is too old; returns how many rows.
pub(in crate::app) fn sweep(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    let before = |days: u32| now.saturating_sub(i64::from(days) * DAY_MS);
    let mut gone = audit::purge(tx, None, before(AuditSettings::default().days))?;
    for workspace in workspaces::list(tx)? {
        let settings: AuditSettings =
            workspaces::section(tx, workspace.id, AuditSettings::SECTION)?;
        gone += audit::purge(tx, Some(workspace.id), before(settings.days))?;
    }
    Ok(gone)
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}
