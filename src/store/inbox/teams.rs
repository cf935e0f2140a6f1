//! Teams: people who look after the same conversations.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use crate::store::handover::{self, Change};
use crate::store::rows::insert;
use crate::store::{
    ConversationId, Scoped, StoreError, TeamId, UnixMs, UserId, WorkspaceId, conversations,
    members as people,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    pub id: TeamId,
    /// Unique in its workspace.
    pub name: String,
    pub created_at: UnixMs,
    pub members: Vec<UserId>,
}

/// `Conflict` if the name is in use, `NotFound` for a member who does not answer in the workspace.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    members: &[UserId],
    now: UnixMs,
) -> Result<Scoped<Team>, StoreError> {
    refuse_taken_name(tx, workspace, name, None)?;
    let id = TeamId::new();
    insert!(tx into teams { id, workspace, name, created_at: now })?;
    set_members(tx, workspace, id, members)?;
    get(tx, workspace, id)
}

/// `Conflict` if the name is in use, `NotFound` for a member who does not answer in the workspace.
pub fn update(
    tx: &Transaction<'_>,
    team: &Scoped<Team>,
    name: &str,
    members: &[UserId],
) -> Result<Scoped<Team>, StoreError> {
    let workspace = team.workspace();
    refuse_taken_name(tx, workspace, name, Some(team.id))?;
    tx.prepare_cached("UPDATE teams SET name = ? WHERE id = ?")?
        .execute((name, team.id))?;
    tx.prepare_cached("DELETE FROM team_members WHERE team = ?")?
        .execute([team.id])?;
    set_members(tx, workspace, team.id, members)?;
    get(tx, workspace, team.id)
}

/// Its conversations are of no team from then on, and the log of those that are not closed says why.
pub fn delete(
    tx: &Transaction<'_>,
    team: &Scoped<Team>,
    by: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    // Without `to`: whoever has them keeps them.
    let data = json!({ "by": by, "team": null, "former_team": team.name });
    let change = Change::new("conversation_assigned", &data).team(None);
    for id in list_in_hand(tx, team.id)? {
        let conversation = conversations::get(tx, team.workspace(), id)?;
        handover::apply(tx, &conversation, None, &change, now)?;
    }
    tx.prepare_cached("DELETE FROM teams WHERE id = ?")?
        .execute([team.id])?;
    Ok(())
}

/// The conversations of a team that are not closed.
fn list_in_hand(conn: &Connection, team: TeamId) -> Result<Vec<ConversationId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM conversations WHERE team = ? AND state <> 'closed' AND due_at IS NULL",
    )?;
    let rows = statement.query_map([team], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: TeamId,
) -> Result<Scoped<Team>, StoreError> {
    let mut team = conn
        .prepare_cached("SELECT id, name, created_at FROM teams WHERE workspace = ? AND id = ?")?
        .query_row((workspace, id), read)
        .optional()?
        .ok_or(StoreError::NotFound("the team"))?;
    team.members = members(conn, id)?;
    Ok(Scoped::proven(workspace, team))
}

/// The teams of a workspace, in the order of their names.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Team>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, name, created_at FROM teams WHERE workspace = ? ORDER BY name",
    )?;
    let rows = statement.query_map([workspace], read)?;
    let mut teams: Vec<Team> = rows.collect::<Result<_, _>>()?;
    let mut statement = conn.prepare_cached(
        "SELECT m.team, m.user FROM teams t JOIN team_members m ON m.team = t.id JOIN users u ON u.id = m.user
         WHERE t.workspace = ? ORDER BY u.name, u.id",
    )?;
    let rows = statement.query_map([workspace], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut members: HashMap<TeamId, Vec<UserId>> = HashMap::new();
    for row in rows {
        let (team, user): (TeamId, UserId) = row?;
        members.entry(team).or_default().push(user);
    }
    for team in &mut teams {
        team.members = members.remove(&team.id).unwrap_or_default();
    }
    Ok(teams)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Team> {
    Ok(Team {
        id: row.get("id")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        members: Vec::new(),
    })
}

fn members(conn: &Connection, id: TeamId) -> Result<Vec<UserId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT m.user FROM team_members m JOIN users u ON u.id = m.user WHERE m.team = ? ORDER BY u.name, u.id",
    )?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn set_members(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: TeamId,
    members: &[UserId],
) -> Result<(), StoreError> {
    for user in members {
        people::answering(tx, workspace, *user)?;
        tx.prepare_cached("INSERT OR IGNORE INTO team_members (team, user) VALUES (?, ?)")?
            .execute((id, user))?;
    }
    Ok(())
}

fn refuse_taken_name(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    of: Option<TeamId>,
) -> Result<(), StoreError> {
    let taken = tx
        .prepare_cached("SELECT 1 FROM teams WHERE workspace = ? AND name = ? AND id IS NOT ?")?
        .exists((workspace, name, of))?;
    match taken {
        true => Err(StoreError::Conflict("a team has this name already".into())),
        false => Ok(()),
    }
}
