//! Public keys of phones, computers and security keys that people sign in with (WebAuthn).

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::{columns, insert};
use super::{PasskeyId, StoreError, UnixMs, UserId};

/// Most passkeys of a person.
pub const MOST: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    pub id: PasskeyId,
    pub user: UserId,
    /// As its person calls it.
    pub name: String,
    /// The authenticator's id of it.
    pub credential: Vec<u8>,
    /// A number of IANA's registry of COSE algorithms.
    pub algorithm: i64,
    pub public_key: Vec<u8>,
    /// How often it signed, if it counts; 0 if not.
    pub counter: u32,
    pub created_at: UnixMs,
    pub last_used_at: Option<UnixMs>,
}

columns! { COLUMNS of Passkey { id, user, name, credential, algorithm, public_key, counter, created_at, last_used_at } }

#[derive(Debug, Clone)]
pub struct NewPasskey<'a> {
    pub name: &'a str,
    pub credential: &'a [u8],
    pub algorithm: i64,
    pub public_key: &'a [u8],
    pub counter: u32,
}

/// `Conflict` if the key is known already, or somebody has too many.
pub fn create(
    tx: &Transaction<'_>,
    user: UserId,
    new: &NewPasskey<'_>,
    now: UnixMs,
) -> Result<PasskeyId, StoreError> {
    if find(tx, new.credential)?.is_some() {
        return Err(StoreError::Conflict("this passkey is known already".into()));
    }
    if list(tx, user)?.len() >= MOST {
        return Err(StoreError::Conflict(
            "there can be at most 20 passkeys; remove one first".into(),
        ));
    }
    let id = PasskeyId::new();
    insert!(tx into passkeys {
        id, user, name: new.name, credential: new.credential, algorithm: new.algorithm, public_key: new.public_key,
        counter: new.counter, created_at: now
    })?;
    Ok(id)
}

/// The passkey with the authenticator's id.
pub fn find(conn: &Connection, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM passkeys WHERE credential = ?"
        ))?
        .query_row([credential], Passkey::from_row)
        .optional()?)
}

/// The passkeys of a person, the oldest first.
pub fn list(conn: &Connection, user: UserId) -> Result<Vec<Passkey>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM passkeys WHERE user = ? ORDER BY created_at, id"
    ))?;
    let rows = statement.query_map([user], Passkey::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes a use; false if the passkey was removed, or used with another count than `before`, since its answer was checked.
pub fn note_use(
    tx: &Transaction<'_>,
    id: PasskeyId,
    before: u32,
    counter: u32,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let noted = tx
        .prepare_cached(
            "UPDATE passkeys SET counter = ?, last_used_at = ? WHERE id = ? AND counter = ?",
        )?
        .execute((counter, now, id, before))?;
    Ok(noted == 1)
}

/// Removes one of a person's passkeys; false if they have no such one.
pub fn remove(tx: &Transaction<'_>, user: UserId, id: PasskeyId) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM passkeys WHERE user = ? AND id = ?")?
        .execute((user, id))?;
    Ok(removed == 1)
}

pub fn remove_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM passkeys WHERE user = ?", [user])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::users::{self, NewUser, Role};

    #[test]
    fn a_use_counts_only_while_the_passkey_is_as_it_was_when_it_was_checked() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let new = NewUser {
                email: "ann@x",
                name: "Ann",
                password_hash: None,
                role: Role::Owner,
            };
            let ann = users::create(tx, &new, 1)?;
            let new = NewPasskey {
                name: "Phone",
                credential: &[1],
                algorithm: -7,
                public_key: &[2],
                counter: 0,
            };
            let id = create(tx, ann, &new, 1)?;
            assert!(note_use(tx, id, 0, 0, 2)?, "many do not count");
            assert!(note_use(tx, id, 0, 5, 3)?);
            // Two answers that were checked against the same count: the second is of a copy.
            assert!(!note_use(tx, id, 0, 5, 4)?);
            assert_eq!(find(tx, &[1])?.unwrap().last_used_at, Some(3));
            assert!(remove(tx, ann, id)?);
            assert!(!note_use(tx, id, 5, 6, 5)?, "removed meanwhile");
            Ok(())
        });
        done.unwrap();
    }
}
