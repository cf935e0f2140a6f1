//! Workspaces: one for each business. Everything else belongs to one.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::values::Json;
use super::{StoreError, UnixMs, WorkspaceId, site_keys};

#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// Short name for addresses and commands, unique ("bluefin-dental").
    pub name: String,
    pub title: String,
    /// Names the workspace on web pages with the widget.
    pub site_key: String,
    pub created_at: UnixMs,
    /// A JSON object, with one entry per section.
    pub settings: Value,
    /// Set while the workspace is closed.
    pub closing: Option<Closing>,
}

/// State of a closed workspace, which serves no visitors and accepts no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// When it is erased, unless somebody reopens it before.
    pub erase_at: UnixMs,
    /// Whether the whole account is closed.
    pub account: bool,
}

const FOUND: &str = "SELECT w.id, w.name, w.title, w.site_key, w.created_at, w.settings, c.erase_at, c.account FROM workspaces w
     LEFT JOIN closures c ON c.workspace = w.id AND c.erased_at IS NULL";

impl Workspace {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            title: row.get("title")?,
            site_key: row.get("site_key")?,
            created_at: row.get("created_at")?,
            settings: row.get::<_, Json<Value>>("settings")?.0,
            closing: match row.get("erase_at")? {
                Some(erase_at) => Some(Closing {
                    erase_at,
                    account: row.get("account")?,
                }),
                None => None,
            },
        })
    }
}

/// The workspace with this name, created with `title` if there is none yet.
pub fn get_or_create(
    tx: &Transaction<'_>,
    name: &str,
    title: &str,
    now: UnixMs,
) -> Result<Workspace, StoreError> {
    tx.prepare_cached(
        "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO NOTHING",
    )?
    .execute((WorkspaceId::new(), name, title, site_keys::generate()?, now))?;
    find_by_name(tx, name)?.ok_or(StoreError::NotFound("the workspace"))
}

pub fn find_by_name(conn: &Connection, name: &str) -> Result<Option<Workspace>, StoreError> {
    Ok(conn
        .prepare_cached(&format!("{FOUND} WHERE w.name = ?"))?
        .query_row([name], Workspace::from_row)
        .optional()?)
}

pub fn get(conn: &Connection, id: WorkspaceId) -> Result<Workspace, StoreError> {
    conn.prepare_cached(&format!("{FOUND} WHERE w.id = ?"))?
        .query_row([id], Workspace::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the workspace"))
}

/// The workspace, if there is only one; none of several stands for the installation.
pub fn only(conn: &Connection) -> Result<Option<Workspace>, StoreError> {
    let mut all = list(conn)?;
    Ok(match all.len() {
        1 => all.pop(),
        _ => None,
    })
}

/// Every workspace, ordered by short name.
pub fn list(conn: &Connection) -> Result<Vec<Workspace>, StoreError> {
    let mut statement = conn.prepare_cached(&format!("{FOUND} ORDER BY w.name"))?;
    let rows = statement.query_map([], Workspace::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn update(
    tx: &Transaction<'_>,
    id: WorkspaceId,
    title: &str,
    settings: &Value,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached("UPDATE workspaces SET title = ?, settings = ? WHERE id = ?")?
        .execute((title, Json(settings), id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the workspace"))
    } else {
        Ok(())
    }
}

/// One section of a workspace's settings ("answers", "hours", …), or its default when it was never set. An error if the
/// stored value does not have the expected shape.
pub fn section<T: DeserializeOwned + Default>(
    conn: &Connection,
    id: WorkspaceId,
    name: &str,
) -> Result<T, StoreError> {
    let found = conn
        .prepare_cached("SELECT json_extract(settings, '$.' || ?) FROM workspaces WHERE id = ?")?
        .query_row((name, id), |row| row.get::<_, Option<Json<T>>>(0))
        .optional()?
        .ok_or(StoreError::NotFound("the workspace"))?;
    Ok(found.map(|json| json.0).unwrap_or_default())
}

/// Sets one section of a workspace's settings, which must be a JSON object; the others stay.
pub fn set_section<T: Serialize>(
    tx: &Transaction<'_>,
    id: WorkspaceId,
    name: &str,
    value: &T,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE workspaces SET settings = json_set(settings, '$.' || ?, json(?)) WHERE id = ?",
        )?
        .execute((name, Json(value), id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the workspace"))
    } else {
        Ok(())
    }
}

/// Removes a workspace and everything that belongs to it, at once and for good.
pub fn purge(tx: &Transaction<'_>, id: WorkspaceId) -> Result<(), StoreError> {
    let changed = tx.execute("DELETE FROM workspaces WHERE id = ?", [id])?;
    // They have no foreign key, so the database does not delete them with the workspace.
    tx.execute("DELETE FROM receipt_marks WHERE workspace = ?", [id])?;
    if changed == 0 {
        Err(StoreError::NotFound("the workspace"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Hours {
        zone: String,
    }

    #[tokio::test]
    async fn a_section_is_set_without_touching_the_others() {
        let store = Store::open_in_memory().unwrap();
        let hours = store
            .write(|tx| {
                let id = get_or_create(tx, "shop", "Shop", 1)?.id;
                update(tx, id, "Shop", &serde_json::json!({"other": 1}))?;
                assert_eq!(section::<Hours>(tx, id, "hours")?, Hours::default());
                let zone = "Europe/Rome".to_owned();
                set_section(tx, id, "hours", &Hours { zone })?;
                assert_eq!(get(tx, id)?.settings["other"], 1);
                section::<Hours>(tx, id, "hours")
            })
            .await
            .unwrap();
        assert_eq!(hours.zone, "Europe/Rome");
    }
}
