//! Facts about the business: opening hours, holidays, address, phones, prices.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{DocumentId, FactId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId};

text_enum! {
    /// What the owner says of a fact.
    pub enum FactState {
        /// Found in a document; nobody has looked at it.
        Proposed = "proposed",
        /// True.
        Confirmed = "confirmed",
        /// Not to be used.
        Dismissed = "dismissed",
    }
}

/// A fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its id.
    pub id: FactId,
    /// What kind of fact.
    pub kind: String,
    /// What it says, JSON in the format of its kind.
    pub data: Value,
    /// What the owner says of it.
    pub state: FactState,
    /// The document that states it, if one does and is still there.
    pub document: Option<DocumentId>,
    /// The version of the document.
    pub version: Option<VersionId>,
    /// The document's words.
    pub quote: String,
    /// When it was found or written.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
}

/// A fact to keep.
#[derive(Debug, Clone)]
pub struct NewFact {
    /// What kind of fact.
    pub kind: String,
    /// What it says.
    pub data: Value,
    /// What the owner says of it.
    pub state: FactState,
    /// The document that states it.
    pub document: Option<DocumentId>,
    /// The version of the document.
    pub version: Option<VersionId>,
    /// The document's words.
    pub quote: String,
}

/// Name of the settings' section.
const SECTION: &str = "facts";

/// A workspace's clock and country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Time zone by its IANA name; the machine's when absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Country (ISO 3166), for its public holidays.
    #[serde(default)]
    pub country: Option<String>,
    /// What holds on public holidays that no fact names.
    #[serde(default)]
    pub holidays: HolidayRule,
}

/// What holds on a public holiday of which no fact says anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolidayRule {
    /// Nobody said: nothing is claimed.
    #[default]
    Unstated,
    /// Closed.
    Closed,
    /// As on any other such weekday.
    Usual,
}

impl HolidayRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Unstated, Self::Closed, Self::Usual];

    /// Its name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::Closed => "closed",
            Self::Usual => "usual",
        }
    }

    /// The rule of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

columns! {
    COLUMNS of Fact {
        id, kind, data: json, state, document, version, quote, created_at, updated_at
    }
}

/// Keeps a fact.
pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewFact,
    now: UnixMs,
) -> Result<FactId, StoreError> {
    if let Some(document) = new.document {
        super::documents::get(tx, workspace, document)?;
    }
    let id = FactId::new();
    insert!(tx into facts {
        id, workspace, kind: new.kind, data: Json(&new.data), state: new.state,
        document: new.document, version: new.version, quote: new.quote,
        created_at: now, updated_at: now
    })?;
    Ok(id)
}

/// The facts of a workspace in the order in which they came. Facts of a deleted document that
/// nobody confirmed are not among them.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Scoped<Fact>>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM facts f
         WHERE workspace = ?
           AND (state = 'confirmed' OR document IS NULL AND version IS NULL
                OR EXISTS (SELECT 1 FROM documents d
                           WHERE d.id = f.document AND d.deleted_at IS NULL))
         ORDER BY id"
    ))?;
    let rows = statement.query_map([workspace], Fact::from_row)?;
    rows.map(|row| Ok(Scoped::proven(workspace, row?)))
        .collect()
}

/// The fact with this id, in this workspace.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: FactId,
) -> Result<Scoped<Fact>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM facts WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Fact::from_row)
    .optional()?
    .map(|fact| Scoped::proven(workspace, fact))
    .ok_or(StoreError::NotFound("the fact"))
}

/// Changes what a fact says and what the owner says of it.
pub fn update(
    tx: &Transaction<'_>,
    fact: &Scoped<Fact>,
    data: &Value,
    state: FactState,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE facts SET data = ?, state = ?, updated_at = ? WHERE id = ?")?
        .execute((Json(data), state, now, fact.id))?;
    Ok(())
}

/// Points a fact at the version and the words that state it now.
pub fn set_place(
    tx: &Transaction<'_>,
    fact: &Scoped<Fact>,
    version: VersionId,
    quote: &str,
    data: &Value,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE facts SET version = ?, quote = ?, data = ?, updated_at = ? WHERE id = ?",
    )?
    .execute((version, quote, Json(data), now, fact.id))?;
    Ok(())
}

/// Removes a fact for good.
pub fn delete(tx: &Transaction<'_>, fact: &Scoped<Fact>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM facts WHERE id = ?", [fact.id])?;
    Ok(())
}

/// The workspace's clock and country.
pub fn settings(conn: &Connection, workspace: WorkspaceId) -> Result<Settings, StoreError> {
    super::workspaces::section(conn, workspace, SECTION)
}

/// Sets the workspace's clock and country.
pub fn set_settings(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    settings: &Settings,
) -> Result<(), StoreError> {
    super::workspaces::set_section(tx, workspace, SECTION, settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};
    use serde_json::json;

    fn phone(state: FactState) -> NewFact {
        NewFact {
            kind: "phone".into(),
            data: json!({"number": "555"}),
            state,
            document: None,
            version: None,
            quote: String::new(),
        }
    }

    #[tokio::test]
    async fn a_fact_is_kept_changed_and_forgotten_in_its_workspace() {
        let store = Store::open_in_memory().unwrap();
        store
            .write(|tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
                let id = insert(tx, shop, &phone(FactState::Proposed), 5)?;
                assert!(list(tx, other)?.is_empty());
                assert!(matches!(get(tx, other, id), Err(StoreError::NotFound(_))));
                let fact = get(tx, shop, id)?;
                update(
                    tx,
                    &fact,
                    &json!({"number": "556"}),
                    FactState::Confirmed,
                    6,
                )?;
                let fact = get(tx, shop, id)?;
                assert_eq!(fact.data["number"], "556");
                assert_eq!((fact.state, fact.updated_at), (FactState::Confirmed, 6));
                delete(tx, &fact)?;
                assert!(list(tx, shop)?.is_empty());
                Ok(())
            })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn the_clock_of_a_workspace_is_kept() {
        let store = Store::open_in_memory().unwrap();
        let kept = store
            .write(|tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                assert_eq!(settings(tx, shop)?, Settings::default());
                let new = Settings {
                    time_zone: Some("Europe/Rome".into()),
                    country: Some("IT".into()),
                    holidays: HolidayRule::Closed,
                };
                set_settings(tx, shop, &new)?;
                settings(tx, shop)
            })
            .await
            .unwrap();
        assert_eq!(kept.country.as_deref(), Some("IT"));
        assert_eq!(kept.holidays, HolidayRule::Closed);
    }
}
