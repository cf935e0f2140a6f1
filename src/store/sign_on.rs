//! Companies' own sign-in servers (OpenID Connect), and who is who there.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use super::rows::{columns, insert};
use super::users::Role;
use super::values::Json;
use super::{SignOnId, StoreError, UnixMs, UserId};

/// A sign-in server.
#[derive(Clone, PartialEq)]
pub struct Provider {
    pub id: SignOnId,
    /// On the button.
    pub name: String,
    /// Its address, exactly as its tokens name it.
    pub issuer: String,
    pub client_id: String,
    /// What this server proves itself with; it goes to the issuer only.
    pub secret: String,
    /// Domains of e-mail addresses that it may vouch for; without any, nobody gets in by address.
    pub domains: Vec<String>,
    pub rules: Vec<Rule>,
    pub active: bool,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

columns! { COLUMNS of Provider { id, name, issuer, client_id, secret, domains: json, rules: json, active, created_at, changed_at } }

/// Who gets which role in which workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// A group of the provider; empty for everybody whom it vouches for.
    pub group: String,
    /// Short name of the workspace.
    pub workspace: String,
    /// A name of [`Role`]; an unknown one gives nothing.
    pub role: String,
}

impl Rule {
    pub fn role(&self) -> Option<Role> {
        Role::parse(&self.role)
    }
}

/// What an owner enters.
#[derive(Clone)]
pub struct NewProvider {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// `None` keeps the one that is there.
    pub secret: Option<String>,
    pub domains: Vec<String>,
    pub rules: Vec<Rule>,
    pub active: bool,
}

/// `Conflict` if the name is taken.
pub fn create(
    tx: &Transaction<'_>,
    new: &NewProvider,
    now: UnixMs,
) -> Result<SignOnId, StoreError> {
    check_name(tx, None, &new.name)?;
    let id = SignOnId::new();
    insert!(tx into sign_on_providers {
        id, name: new.name, issuer: new.issuer, client_id: new.client_id,
        secret: new.secret.as_deref().unwrap_or_default(), domains: Json(&new.domains), rules: Json(&new.rules),
        active: new.active, created_at: now, changed_at: now
    })?;
    Ok(id)
}

/// Changes a provider. With another issuer, everybody's link to it ends: its ids mean other people. `Conflict` for another issuer
/// without a secret of its own: the one that is there is known to the former issuer only.
pub fn change(
    tx: &Transaction<'_>,
    id: SignOnId,
    new: &NewProvider,
    now: UnixMs,
) -> Result<(), StoreError> {
    check_name(tx, Some(id), &new.name)?;
    let before = get(tx, id)?;
    if before.issuer != new.issuer {
        if new.secret.is_none() && !before.secret.is_empty() {
            let told = "another issuer has a secret of its own; enter it too";
            return Err(StoreError::Conflict(told.into()));
        }
        tx.execute("DELETE FROM sign_on_links WHERE provider = ?", [id])?;
    }
    let secret = new.secret.as_deref().unwrap_or(&before.secret);
    tx.prepare_cached(
        "UPDATE sign_on_providers SET name = ?, issuer = ?, client_id = ?, secret = ?, domains = ?, rules = ?,
         active = ?, changed_at = ? WHERE id = ?",
    )?
    .execute(rusqlite::params![
        new.name,
        new.issuer,
        new.client_id,
        secret,
        Json(&new.domains),
        Json(&new.rules),
        new.active,
        now,
        id
    ])?;
    Ok(())
}

fn check_name(conn: &Connection, own: Option<SignOnId>, name: &str) -> Result<(), StoreError> {
    let taken: Option<SignOnId> = conn
        .prepare_cached("SELECT id FROM sign_on_providers WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match taken {
        Some(other) if Some(other) != own => Err(StoreError::Conflict(
            "another sign-in server has this name".into(),
        )),
        _ => Ok(()),
    }
}

pub fn get(conn: &Connection, id: SignOnId) -> Result<Provider, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sign_on_providers WHERE id = ?"
    ))?
    .query_row([id], Provider::from_row)
    .optional()?
    .ok_or(StoreError::NotFound("the sign-in server"))
}

/// All of them, by name.
pub fn list(conn: &Connection) -> Result<Vec<Provider>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sign_on_providers ORDER BY name"
    ))?;
    let rows = statement.query_map([], Provider::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes a provider with everybody's link to it.
pub fn delete(tx: &Transaction<'_>, id: SignOnId) -> Result<(), StoreError> {
    match tx.execute("DELETE FROM sign_on_providers WHERE id = ?", [id])? {
        0 => Err(StoreError::NotFound("the sign-in server")),
        _ => Ok(()),
    }
}

/// The account of somebody whom a provider knows by this id.
pub fn find_user(
    conn: &Connection,
    provider: SignOnId,
    subject: &str,
) -> Result<Option<UserId>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT user FROM sign_on_links WHERE provider = ? AND subject = ?")?
        .query_row((provider, subject), |row| row.get(0))
        .optional()?)
}

/// Whether a provider knows somebody already, by another id or this one.
pub fn is_linked(conn: &Connection, provider: SignOnId, user: UserId) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM sign_on_links WHERE provider = ? AND user = ? LIMIT 1")?
        .exists((provider, user))?)
}

/// Notes whose account an id at a provider is.
pub fn link(
    tx: &Transaction<'_>,
    provider: SignOnId,
    subject: &str,
    user: UserId,
    now: UnixMs,
) -> Result<(), StoreError> {
    insert!(tx into sign_on_links { provider, subject, user, created_at: now })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_secret_is_not_carried_over_to_another_issuer() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let new = |issuer: &str, secret: Option<&str>| NewProvider {
                name: "Company".into(),
                issuer: issuer.into(),
                client_id: "desk".into(),
                secret: secret.map(str::to_owned),
                domains: Vec::new(),
                rules: Vec::new(),
                active: false,
            };
            let id = create(tx, &new("https://a.example", Some("quiet")), 1)?;
            change(tx, id, &new("https://a.example", None), 2)?;
            assert_eq!(get(tx, id)?.secret, "quiet");
            let carried = change(tx, id, &new("https://evil.example", None), 3);
            assert!(matches!(carried, Err(StoreError::Conflict(_))));
            assert_eq!(get(tx, id)?.issuer, "https://a.example");
            change(tx, id, &new("https://b.example", Some("other")), 4)?;
            assert_eq!(get(tx, id)?.secret, "other");
            Ok(())
        });
        done.unwrap();
    }
}
