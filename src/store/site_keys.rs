//! Site keys, by which web pages name their front desk. They are part of every page with the widget, so they are no
//! secret; they are random, so that nobody finds a workspace by trying names.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::token::fill_random;
use super::workspaces::{self, Workspace};
use super::{StoreError, UnixMs, WorkspaceId, visitors};

const PREFIX: &str = "fd_site_";

/// A new random key. `Io` if the system has no randomness.
pub(super) fn generate() -> Result<String, StoreError> {
    let mut bytes = [0_u8; 16];
    fill_random(&mut bytes)?;
    Ok(format!("{PREFIX}{}", hex::encode(bytes)))
}

/// The workspace with this key, or with this as its former key while that is still valid, or with an assistant of this key.
pub fn find(conn: &Connection, key: &str, now: UnixMs) -> Result<Option<Workspace>, StoreError> {
    let sql = "SELECT id FROM workspaces WHERE site_key = ?1
               UNION ALL
               SELECT id FROM workspaces WHERE former_site_key = ?1 AND former_site_key_until > ?2
               UNION ALL
               SELECT workspace FROM assistants WHERE site_key = ?1 AND deleted_at IS NULL
               LIMIT 1";
    find_one(conn, sql, (key, now))
}

/// The workspace with this name, if pages used its name before there were keys and the key was not renewed since.
pub fn find_by_name(
    conn: &Connection,
    name: &str,
    now: UnixMs,
) -> Result<Option<Workspace>, StoreError> {
    let sql = "SELECT id FROM workspaces WHERE name = ?1 AND found_by_name_until > ?2";
    find_one(conn, sql, (name, now))
}

fn find_one(
    conn: &Connection,
    sql: &str,
    values: (&str, UnixMs),
) -> Result<Option<Workspace>, StoreError> {
    let found: Option<WorkspaceId> = conn
        .prepare_cached(sql)?
        .query_row(values, |row| row.get(0))
        .optional()?;
    found.map(|id| workspaces::get(conn, id)).transpose()
}

/// Until when the former key is valid, if it still is.
pub fn former_until(
    conn: &Connection,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT former_site_key_until FROM workspaces WHERE id = ? AND former_site_key_until > ?",
        )?
        .query_row((workspace, now), |row| row.get(0))
        .optional()?)
}

/// Gives the workspace a new key. The present key, and the name where it still counts, stay valid until `until`; if
/// that is not after `now`, they end at once, together with all present visits.
pub fn renew(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    until: UnixMs,
    now: UnixMs,
) -> Result<String, StoreError> {
    let key = generate()?;
    let changed = tx
        .prepare_cached(
            "UPDATE workspaces SET former_site_key = site_key, former_site_key_until = ?1,
                 found_by_name_until = min(found_by_name_until, ?1), site_key = ?2 WHERE id = ?3",
        )?
        .execute((until, &key, workspace))?;
    if changed == 0 {
        return Err(StoreError::NotFound("the workspace"));
    }
    if until <= now {
        visitors::end_all(tx, workspace, now)?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::assistants::{self, NewAssistant};
    use crate::store::token::{Token, TokenKind};

    #[test]
    fn a_renewed_key_is_another_and_the_one_before_ends_when_it_was_said() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?;
            assert_ne!(shop.site_key, other.site_key);
            assert_eq!(shop.site_key.len(), PREFIX.len() + 32);
            let found = |key: &str, now| find(tx, key, now).unwrap().map(|w| w.name);
            assert_eq!(found(&shop.site_key, 5).as_deref(), Some("shop"));
            assert_eq!(found("shop", 5), None);
            assert!(find_by_name(tx, "shop", 5)?.is_none());

            let second = renew(tx, shop.id, 100, 10)?;
            assert_eq!(found(&shop.site_key, 99).as_deref(), Some("shop"));
            assert_eq!(former_until(tx, shop.id, 99)?, Some(100));
            assert_eq!(found(&shop.site_key, 100), None);
            assert_eq!(former_until(tx, shop.id, 100)?, None);
            assert_eq!(found(&second, 500).as_deref(), Some("shop"));

            let new = NewAssistant {
                name: "sales",
                title: "Sales",
                instructions: "",
                greeting: "",
                model: None,
                settings: &serde_json::json!({}),
            };
            let id = assistants::create(tx, other.id, &new, 1)?;
            let sales = assistants::get(tx, other.id, id)?;
            let own = assistants::renew_site_key(tx, &sales)?;
            assert_eq!(found(&own, 5).as_deref(), Some("other"));
            assistants::hide(tx, &sales, 6)?;
            assert_eq!(found(&own, 7), None);

            let third = renew(tx, shop.id, 20, 20)?;
            assert_eq!(found(&second, 20), None);
            assert_eq!(found(&shop.site_key, 20), None);
            assert_eq!(found(&third, 20).as_deref(), Some("shop"));
            assert_eq!(found(&other.site_key, 20).as_deref(), Some("other"));
            Ok(())
        });
        done.unwrap();
    }

    #[test]
    fn a_key_that_stops_at_once_ends_the_visits_of_its_workspace() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let begin = |workspace| {
                let hash = Token::generate(TokenKind::Visitor)?.hash();
                visitors::create(tx, workspace, &hash, None, 2, 1_000)?;
                Ok::<_, StoreError>(hash)
            };
            let (here, there) = (begin(shop)?, begin(other)?);
            let goes_on = |hash| visitors::find_valid(tx, hash, 10).unwrap().is_some();
            renew(tx, shop, 500, 10)?;
            assert!(goes_on(&here));
            renew(tx, shop, 10, 10)?;
            assert!(!goes_on(&here));
            assert!(goes_on(&there));
            Ok(())
        });
        done.unwrap();
    }
}
