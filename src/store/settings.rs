//! Settings of the whole installation that can change while it runs.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::values::Json;

/// `None` if the setting was never set. An error if the stored value does not have the expected shape.
pub fn find<T: DeserializeOwned>(conn: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT value FROM settings WHERE key = ?")?
        .query_row([key], |row| row.get::<_, Json<T>>(0))
        .optional()?
        .map(|json| json.0))
}

pub fn set<T: Serialize>(tx: &Transaction<'_>, key: &str, value: &T) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO settings (key, value) VALUES (?, ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute((key, Json(value)))?;
    Ok(())
}

/// Does nothing if the setting was not set.
pub fn delete(tx: &Transaction<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM settings WHERE key = ?", [key])?;
    Ok(())
}
