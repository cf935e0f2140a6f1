//! Who works in which workspace, and as what. Owners of the installation are in none and stand above all.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::users::{self, Role, User};
use super::values::text_enum;
use super::{StoreError, UnixMs, UserId, WorkspaceId, invitations, sessions};

text_enum! {
    /// Who decided that somebody is a member.
    pub enum Origin {
        Staff = "staff",
        /// The rules of single sign-on, which may take it back.
        SignOn = "sign_on",
    }
}

/// A workspace that somebody works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub workspace: WorkspaceId,
    /// The workspace's short name.
    pub name: String,
    pub title: String,
    pub role: Role,
    pub origin: Origin,
}

columns! { MEMBERSHIP of Membership { workspace, name, title, role, origin } }

/// Somebody in a workspace, with the role that they have there.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub user: User,
    /// Owner for those who own the installation.
    pub role: Role,
}

/// Makes somebody a member, or changes their role.
pub fn set(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
    origin: Origin,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO members (workspace, user, role, origin, added_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (workspace, user) DO UPDATE SET role = ?3, origin = ?4",
    )?
    .execute((workspace, user, role, origin, now))?;
    Ok(())
}

/// Takes somebody out of a workspace and its teams, and ends their sessions and open invitations there; false if they were not
/// in it.
pub fn remove(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM members WHERE workspace = ? AND user = ?")?
        .execute((workspace, user))?;
    tx.prepare_cached(
        "DELETE FROM team_members WHERE user = ?2 AND team IN (SELECT id FROM teams WHERE workspace = ?1)",
    )?
    .execute((workspace, user))?;
    invitations::remove_of(tx, workspace, user)?;
    sessions::revoke_in(tx, user, workspace)?;
    Ok(removed > 0)
}

/// Takes somebody out of every workspace, as the installation becomes theirs.
pub fn remove_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM members WHERE user = ?", [user])?;
    Ok(())
}

/// What somebody is in a workspace by being a member of it.
pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<Role>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT role FROM members WHERE workspace = ? AND user = ?")?
        .query_row((workspace, user), |row| row.get(0))
        .optional()?)
}

/// What somebody is in a workspace; `None` if they have no business there.
pub fn role_of(
    conn: &Connection,
    workspace: WorkspaceId,
    user: &User,
) -> Result<Option<Role>, StoreError> {
    match user.owns {
        true => Ok(Some(Role::Owner)),
        false => find(conn, workspace, user.id),
    }
}

/// The workspaces of a member, by title.
pub fn of_user(conn: &Connection, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MEMBERSHIP} FROM (SELECT m.workspace, w.name, w.title, m.role, m.origin, m.user
         FROM members m JOIN workspaces w ON w.id = m.workspace) WHERE user = ? ORDER BY title, name"
    ))?;
    let rows = statement.query_map([user], Membership::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The workspaces that somebody may enter, by title: all of them for owners of the installation.
pub fn open_to(conn: &Connection, user: &User) -> Result<Vec<Membership>, StoreError> {
    if !user.owns {
        return of_user(conn, user.id);
    }
    let mut statement =
        conn.prepare_cached("SELECT id, name, title FROM workspaces ORDER BY title, name")?;
    let rows = statement.query_map([], |row| {
        Ok(Membership {
            workspace: row.get("id")?,
            name: row.get("name")?,
            title: row.get("title")?,
            role: Role::Owner,
            origin: Origin::Staff,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where somebody is, and as what: in the workspace that is named, else in `current`, else in any that is open to them. `None`
/// without one.
pub fn place(
    conn: &Connection,
    user: &User,
    current: Option<WorkspaceId>,
    named: Option<&str>,
) -> Result<Option<(WorkspaceId, Role)>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT w.id, CASE WHEN ?2 THEN 'owner' ELSE m.role END
             FROM workspaces w LEFT JOIN members m ON m.workspace = w.id AND m.user = ?1
             WHERE (?2 OR m.user IS NOT NULL) AND (?3 IS NULL OR w.name = ?3)
             ORDER BY w.id = ?4 DESC, w.name = 'default' DESC, w.title, w.name LIMIT 1",
        )?
        .query_row((user.id, user.owns, named, current), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?)
}

/// The highest role that somebody has anywhere.
pub fn highest(conn: &Connection, user: &User) -> Result<Option<Role>, StoreError> {
    if user.owns {
        return Ok(Some(Role::Owner));
    }
    let roles: Vec<Role> = of_user(conn, user.id)?
        .into_iter()
        .map(|membership| membership.role)
        .collect();
    Ok(Role::ALL.iter().copied().find(|role| roles.contains(role)))
}

/// How many conversations of a workspace began since then, and when somebody last said something in any.
pub fn activity(
    conn: &Connection,
    workspace: WorkspaceId,
    since: UnixMs,
) -> Result<(u64, Option<UnixMs>), StoreError> {
    let last = conn
        .prepare_cached(
            "SELECT max(last_at) FROM conversations WHERE workspace = ? AND due_at IS NULL",
        )?
        .query_row([workspace], |row| row.get(0))?;
    let begun: u32 = conn
        .prepare_cached(
            "SELECT count(*) FROM conversations WHERE workspace = ?1 AND last_at >= ?2 AND started_at >= ?2
             AND due_at IS NULL",
        )?
        .query_row((workspace, since), |row| row.get(0))?;
    Ok((begun.into(), last))
}

/// Everybody who works in a workspace, by e-mail address: its members, and the owners of the installation.
pub fn people(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Person>, StoreError> {
    let mut found = Vec::new();
    for user in users::list(conn)? {
        if let Some(role) = role_of(conn, workspace, &user)? {
            found.push(Person { user, role });
        }
    }
    Ok(found)
}

/// Somebody who works in a workspace and answers there.
///
/// # Errors
/// `NotFound` for whoever only looks on, or has no business there.
pub fn answering(
    conn: &Connection,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<User, StoreError> {
    let user = users::get(conn, user)?;
    match role_of(conn, workspace, &user)? {
        None | Some(Role::Viewer) => Err(StoreError::NotFound("the user")),
        Some(_) => Ok(user),
    }
}

/// Everybody who may answer in a workspace: the people of it but those who only look on.
pub fn staff(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<User>, StoreError> {
    let people = people(conn, workspace)?.into_iter();
    let staff = people.filter(|person| person.role != Role::Viewer);
    Ok(staff.map(|person| person.user).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::users::NewUser;
    use crate::store::{Store, workspaces};

    fn new(email: &str, role: Role) -> NewUser<'_> {
        NewUser {
            email,
            name: "X",
            password_hash: None,
            role,
        }
    }

    #[test]
    fn people_are_where_they_were_put_and_owners_everywhere() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let clinic = workspaces::get_or_create(tx, "clinic", "Clinic", 1)?.id;
            let boss = users::create(tx, &new("boss@x", Role::Owner), 2)?;
            let ann = users::create_in(tx, &new("ann@x", Role::Agent), &[shop], 2)?;
            let eve = users::create_in(tx, &new("eve@x", Role::Viewer), &[clinic], 2)?;
            let ids = |people: Vec<Person>| -> Vec<_> {
                people.into_iter().map(|p| (p.user.id, p.role)).collect()
            };
            assert_eq!(
                ids(people(tx, shop)?),
                [(ann, Role::Agent), (boss, Role::Owner)]
            );
            assert_eq!(
                ids(people(tx, clinic)?),
                [(boss, Role::Owner), (eve, Role::Viewer)]
            );
            assert_eq!(
                staff(tx, clinic)?.len(),
                1,
                "who only looks on answers nobody"
            );
            let titles = |user: UserId| -> Result<Vec<String>, StoreError> {
                let open = open_to(tx, &users::get(tx, user)?)?;
                Ok(open.into_iter().map(|one| one.title).collect())
            };
            assert_eq!(titles(boss)?, ["Clinic", "Shop"]);
            assert_eq!(titles(ann)?, ["Shop"]);

            let at =
                |user: UserId, current, named| place(tx, &users::get(tx, user)?, current, named);
            assert_eq!(at(ann, Some(clinic), None)?, Some((shop, Role::Agent)));
            assert_eq!(at(ann, None, Some("clinic"))?, None);
            assert_eq!(at(boss, Some(shop), None)?, Some((shop, Role::Owner)));
            assert_eq!(
                at(boss, Some(shop), Some("clinic"))?,
                Some((clinic, Role::Owner))
            );
            assert_eq!(at(boss, None, Some("nowhere"))?, None);

            set(tx, clinic, ann, Role::Admin, Origin::Staff, 3)?;
            assert_eq!(highest(tx, &users::get(tx, ann)?)?, Some(Role::Admin));
            assert!(remove(tx, clinic, ann)?);
            assert!(!remove(tx, clinic, ann)?);
            assert_eq!(find(tx, clinic, ann)?, None);

            // Who comes to own the installation needs no membership, and who no longer does has a role everywhere.
            users::set_role(tx, ann, Role::Owner, 4)?;
            assert!(of_user(tx, ann)?.is_empty());
            users::set_role(tx, ann, Role::Viewer, 5)?;
            assert_eq!(of_user(tx, ann)?.len(), 2);
            Ok(())
        });
        done.unwrap();
    }
}
