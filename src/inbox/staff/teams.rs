//! Teams of a workspace.

use super::{LOOK, SETTINGS, StaffError, check_text, me};
use crate::access::Member;
use crate::store::inbox::teams::{self, Team};
use crate::store::{Store, StoreError, TeamId, UnixMs, UserId};

/// In characters.
pub const LONGEST_NAME: usize = 60;
const MOST: usize = 100;

pub async fn list(store: &Store, by: &Member) -> Result<Vec<Team>, StaffError> {
    let workspace = by.need(LOOK)?;
    Ok(store.read(move |conn| teams::list(conn, workspace)).await?)
}

/// Makes a team, or replaces one.
pub async fn save(
    store: &Store,
    by: &Member,
    replaces: Option<TeamId>,
    name: &str,
    members: Vec<UserId>,
    now: UnixMs,
) -> Result<Team, StaffError> {
    let workspace = by.need(SETTINGS)?;
    let name = check_text("name", name, LONGEST_NAME)?;
    if name.chars().any(char::is_control) {
        return Err(StaffError::wrong("name", "a name is one line of text"));
    }
    let saved = store.write(move |tx| match replaces {
        Some(id) => teams::update(tx, &teams::get(tx, workspace, id)?, &name, &members),
        None if teams::list(tx, workspace)?.len() >= MOST => {
            let told = format!("a workspace may have at most {MOST} teams");
            Err(StoreError::Conflict(told.into()))
        }
        None => teams::create(tx, workspace, &name, &members, now),
    });
    Ok(saved.await?.into_inner())
}

/// Its conversations are of no team from then on.
pub async fn remove(store: &Store, by: &Member, id: TeamId, now: UnixMs) -> Result<(), StaffError> {
    let (workspace, who) = (by.need(SETTINGS)?, me(by));
    let removed = store.write(move |tx| {
        let team = teams::get(tx, workspace, id)?;
        teams::delete(tx, &team, who, now)
    });
    Ok(removed.await?)
}
