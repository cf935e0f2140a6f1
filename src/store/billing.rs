//! What workspaces pay for at the owner's shop, as the shop last told. What a state at the shop means is in the room
//! `billing`; here is only until when it lets work be done.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::columns;
use super::values::text_enum;
use super::{StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum EntitlementKind {
        Subscription = "subscription",
        /// A licence key that was activated here.
        Licence = "licence",
    }
}

#[derive(Clone, PartialEq)]
pub struct Entitlement {
    pub kind: EntitlementKind,
    /// Its id at the shop; for a licence the id of the instance.
    pub remote: String,
    /// `None` while nobody knows whose it is.
    pub workspace: Option<WorkspaceId>,
    /// As the shop names it.
    pub state: String,
    pub product: String,
    pub variant: String,
    /// Until when work is done for it; `None` until the shop says otherwise.
    pub until: Option<UnixMs>,
    /// Whether a payment is overdue.
    pub overdue: bool,
    /// What came of the last payment, such as `paid`.
    pub payment: Option<String>,
    pub paid_at: Option<UnixMs>,
    /// The licence key, a secret; empty for a subscription.
    pub key: String,
    /// When the shop changed it.
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of Entitlement {
        kind, remote, workspace, state, product, variant, until, overdue, payment, paid_at, key, changed_at
    }
}

impl Entitlement {
    /// Whether work is done for it.
    pub fn works(&self, now: UnixMs) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// Whether new work may begin for a workspace. Whoever never had a subscription or licence is not asked for one, and
/// nobody while billing is off; of several, one that works is enough.
pub fn works(conn: &Connection, workspace: WorkspaceId, now: UnixMs) -> Result<bool, StoreError> {
    let refused: Option<bool> = conn
        .prepare_cached(
            "SELECT max(until IS NULL OR until > ?2) = 0 FROM entitlements WHERE workspace = ?1
             AND (SELECT json_extract(settings, '$.enabled') FROM billing_settings) = 1",
        )?
        .query_row((workspace, now), |row| row.get(0))?;
    Ok(refused != Some(true))
}

/// `Unpaid` if no new work may begin. Nobody checks this for messages: what visitors say is always stored and answered.
pub fn must_work(conn: &Connection, workspace: WorkspaceId, now: UnixMs) -> Result<(), StoreError> {
    match works(conn, workspace, now)? {
        true => Ok(()),
        false => Err(StoreError::Unpaid),
    }
}

pub fn find(
    conn: &Connection,
    kind: EntitlementKind,
    remote: &str,
) -> Result<Option<Entitlement>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entitlements WHERE kind = ? AND remote = ?"
        ))?
        .query_row((kind, remote), Entitlement::from_row)
        .optional()?)
}

/// All of the installation, or those of one workspace; the latest change first.
pub fn list(
    conn: &Connection,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<Entitlement>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entitlements WHERE ?1 IS NULL OR workspace = ?1
         ORDER BY changed_at DESC, remote"
    ))?;
    let rows = statement.query_map([workspace], Entitlement::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes down an entitlement as it now is.
pub fn put(tx: &Transaction<'_>, of: &Entitlement) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO entitlements
             (kind, remote, workspace, state, product, variant, until, overdue, payment, paid_at, key, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (kind, remote) DO UPDATE SET workspace = ?3, state = ?4, product = ?5, variant = ?6,
             until = ?7, overdue = ?8, payment = ?9, paid_at = ?10, key = ?11, changed_at = ?12",
    )?
    .execute((
        of.kind,
        &of.remote,
        of.workspace,
        &of.state,
        &of.product,
        &of.variant,
        of.until,
        of.overdue,
        &of.payment,
        of.paid_at,
        &of.key,
        of.changed_at,
    ))?;
    Ok(())
}

/// Returns false if it was not there.
pub fn remove(
    tx: &Transaction<'_>,
    kind: EntitlementKind,
    remote: &str,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("DELETE FROM entitlements WHERE kind = ? AND remote = ?")?
        .execute((kind, remote))?;
    Ok(changed > 0)
}

/// The owner's settings as JSON text, and the secret.
pub fn settings(conn: &Connection) -> Result<Option<(String, String)>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT settings, secret FROM billing_settings")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub fn set_settings(
    tx: &Transaction<'_>,
    settings: &str,
    secret: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO billing_settings (id, settings, secret, changed_at) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET settings = ?1, secret = ?2, changed_at = ?3",
    )?
    .execute((settings, secret, now))?;
    Ok(())
}

/// Something that the shop told.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopEvent {
    /// SHA-256 of its body, as lowercase hex.
    pub digest: String,
    pub workspace: Option<WorkspaceId>,
    pub event: String,
    pub remote: String,
    /// What was done about it.
    pub outcome: String,
    pub received_at: UnixMs,
}

columns! { EVENT_COLUMNS of ShopEvent { digest, workspace, event, remote, outcome, received_at } }

/// Whether the shop told this before.
pub fn was_told(conn: &Connection, digest: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM billing_events WHERE digest = ?")?
        .exists([digest])?)
}

pub fn note(tx: &Transaction<'_>, told: &ShopEvent) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO billing_events (digest, workspace, event, remote, outcome, received_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        &told.digest,
        told.workspace,
        &told.event,
        &told.remote,
        &told.outcome,
        told.received_at,
    ))?;
    Ok(())
}

/// The latest first.
pub fn events(conn: &Connection, limit: u32) -> Result<Vec<ShopEvent>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS} FROM billing_events ORDER BY id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map([limit], ShopEvent::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes what was told at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM billing_events WHERE received_at <= ?",
        [before],
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    fn entitlement(workspace: WorkspaceId, remote: &str, until: Option<UnixMs>) -> Entitlement {
        Entitlement {
            kind: EntitlementKind::Subscription,
            remote: remote.to_owned(),
            workspace: Some(workspace),
            state: "active".to_owned(),
            product: "1".to_owned(),
            variant: "2".to_owned(),
            until,
            overdue: false,
            payment: None,
            paid_at: None,
            key: String::new(),
            changed_at: 1,
        }
    }

    #[test]
    fn one_that_works_is_enough_and_nobody_is_asked_while_billing_is_off() {
        let store = Store::open_in_memory().unwrap();
        let asked = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let mut asked = vec![works(tx, shop, 100)?];
            put(tx, &entitlement(shop, "1", Some(0)))?;
            asked.push(works(tx, shop, 100)?);
            set_settings(tx, r#"{"enabled":true}"#, "", 1)?;
            asked.push(works(tx, shop, 100)?);
            put(tx, &entitlement(shop, "2", Some(101)))?;
            asked.push(works(tx, shop, 100)?);
            asked.push(works(tx, shop, 101)?);
            put(tx, &entitlement(shop, "2", None))?;
            asked.push(works(tx, shop, 101)?);
            set_settings(tx, r#"{"enabled":false}"#, "", 1)?;
            remove(tx, EntitlementKind::Subscription, "2")?;
            asked.push(works(tx, shop, 101)?);
            Ok(asked)
        });
        let expected = [true, true, false, true, false, true, true];
        assert_eq!(asked.unwrap(), expected);
    }
}
