//! Settings of the whole installation that are changed while it runs.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::values::Json;

/// The value of a setting, if it was set. An error if it does not have the expected shape.
pub fn find<T: DeserializeOwned>(conn: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT value FROM settings WHERE key = ?")?
        .query_row([key], |row| row.get::<_, Json<T>>(0))
        .optional()?
        .map(|json| json.0))
}

/// Sets a setting.
pub fn set<T: Serialize>(tx: &Transaction<'_>, key: &str, value: &T) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO settings (key, value) VALUES (?, ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute((key, Json(value)))?;
    Ok(())
}

/// Forgets a setting; nothing happens if it was not set.
pub fn delete(tx: &Transaction<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM settings WHERE key = ?", [key])?;
    Ok(())
}
