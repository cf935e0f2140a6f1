//! Pronunciations: how the voice says certain words in a workspace.

use rusqlite::{Connection, Transaction};

use super::{StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pronounced {
    /// As written; case does not matter.
    pub word: String,
    /// Other words, or phonemes between slashes.
    pub say: String,
    pub updated_at: UnixMs,
}

/// All pronunciations of a workspace, ordered by word.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Pronounced>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT word, say, updated_at FROM pronunciations WHERE workspace = ? ORDER BY word",
    )?;
    let rows = statement.query_map([workspace], |row| {
        Ok(Pronounced {
            word: row.get("word")?,
            say: row.get("say")?,
            updated_at: row.get("updated_at")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Sets a pronunciation, replacing an earlier one.
pub fn set(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    word: &str,
    say: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO pronunciations (workspace, word, say, updated_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (workspace, word)
         DO UPDATE SET word = excluded.word, say = excluded.say, updated_at = excluded.updated_at",
    )?
    .execute((workspace, word, say, now))?;
    Ok(())
}

/// Returns whether there was one.
pub fn delete(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    word: &str,
) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM pronunciations WHERE workspace = ? AND word = ?",
        (workspace, word),
    )?;
    Ok(gone > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    #[test]
    fn a_word_is_known_in_either_case_and_only_in_its_workspace() {
        let store = Store::open_in_memory().unwrap();
        store
            .write_blocking(|tx| {
                let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
                let them = workspaces::get_or_create(tx, "them", "Them", 1)?.id;
                set(tx, us, "Bluefin", "blue fin", 1)?;
                set(tx, us, "bluefin", "Boo-fin", 2)?;
                let all = list(tx, us)?;
                assert_eq!(all.len(), 1);
                assert_eq!((all[0].say.as_str(), all[0].updated_at), ("Boo-fin", 2));
                assert!(list(tx, them)?.is_empty());
                assert!(!delete(tx, them, "bluefin")?);
                assert!(delete(tx, us, "BLUEFIN")?);
                assert!(!delete(tx, us, "bluefin")?);
                Ok(())
            })
            .unwrap();
    }
}
