//! How far a business has come with setting up, as its rows tell it.

use rusqlite::Connection;

use super::{StoreError, WorkspaceId, facts};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Opening hours are confirmed.
    pub hours: bool,
    /// The owner chose a time zone.
    pub clock: bool,
    /// There is text to answer from: a document that was read, or an approved answer.
    pub knowledge: bool,
    /// A question was asked and answered.
    pub asked: bool,
}

pub fn read(conn: &Connection, workspace: WorkspaceId) -> Result<Progress, StoreError> {
    let there = |sql: &str| -> Result<bool, StoreError> {
        let mut statement = conn.prepare_cached(sql)?;
        Ok(statement.query_row([workspace], |row| row.get(0))?)
    };
    Ok(Progress {
        hours: there(
            "SELECT EXISTS (SELECT 1 FROM facts WHERE workspace = ? AND kind = 'weekly' AND state = 'confirmed')",
        )?,
        clock: facts::settings(conn, workspace)?.time_zone.is_some(),
        knowledge: there(
            "SELECT EXISTS (SELECT 1 FROM documents d JOIN chunks c ON c.document = d.id
                            WHERE d.workspace = ?1 AND d.deleted_at IS NULL)
                 OR EXISTS (SELECT 1 FROM faqs WHERE workspace = ?1 AND state = 'approved')",
        )?,
        asked: there("SELECT EXISTS (SELECT 1 FROM receipts WHERE workspace = ?)")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    #[test]
    fn each_part_is_told_by_its_own_rows() {
        let store = Store::open_in_memory().unwrap();
        let after = |sql: &'static str| {
            let told = store.write_blocking(|tx| {
                let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                tx.execute(sql, [workspace])?;
                read(tx, workspace)
            });
            told.unwrap()
        };
        assert_eq!(
            after("UPDATE workspaces SET title = 'Shop' WHERE id = ?"),
            Progress::default()
        );
        let proposed =
            "INSERT INTO facts (id, workspace, kind, data, state, created_at, updated_at)
            VALUES ('a', ?, 'weekly', '{}', 'proposed', 1, 1)";
        assert_eq!(after(proposed), Progress::default());
        assert!(after("UPDATE facts SET state = 'confirmed' WHERE workspace = ?").hours);
        let clock = "UPDATE workspaces SET settings = json_set(settings, '$.facts', json('{\"time_zone\": \"Europe/Rome\"}'))
            WHERE id = ?";
        assert!(after(clock).clock);
        let draft = "INSERT INTO faqs (id, workspace, answer, state, created_at, updated_at)
            VALUES ('b', ?, 'Yes', 'draft', 1, 1)";
        assert!(!after(draft).knowledge);
        let told = after("UPDATE faqs SET state = 'approved' WHERE workspace = ?");
        assert!(told.knowledge && !told.asked);
    }
}
