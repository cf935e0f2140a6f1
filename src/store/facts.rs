//! Facts about the business: opening hours, holidays, address, phones, prices.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{DocumentId, FactId, Scoped, StoreError, UnixMs, VersionId, WorkspaceId};

text_enum! {
    /// The owner's decision about a fact.
    pub enum FactState {
        /// Found in a document; nobody has decided yet.
        Proposed = "proposed",
        Confirmed = "confirmed",
        /// Not to be used.
        Dismissed = "dismissed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub id: FactId,
    pub kind: String,
    /// JSON in the format of its kind.
    pub data: Value,
    pub state: FactState,
    /// The document that states it; `None` for one that the owner wrote, or once the document is gone.
    pub document: Option<DocumentId>,
    pub version: Option<VersionId>,
    /// The words of the document that state it.
    pub quote: String,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

/// A fact before it has an id.
#[derive(Debug, Clone)]
pub struct NewFact {
    pub kind: String,
    /// JSON in the format of its kind.
    pub data: Value,
    pub state: FactState,
    pub document: Option<DocumentId>,
    pub version: Option<VersionId>,
    /// The words of the document that state it.
    pub quote: String,
}

/// Key in the workspace's settings.
const SECTION: &str = "facts";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// IANA name; the machine's time zone when absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// ISO 3166 code; decides which days are public holidays.
    #[serde(default)]
    pub country: Option<String>,
    /// Applies to public holidays that no fact mentions.
    #[serde(default)]
    pub holidays: HolidayRule,
}

/// What to assume about a public holiday that no fact mentions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolidayRule {
    /// Nobody said, so answers claim nothing.
    #[default]
    Unstated,
    Closed,
    /// The usual hours of that weekday apply.
    Usual,
}

impl HolidayRule {
    pub const ALL: [Self; 3] = [Self::Unstated, Self::Closed, Self::Usual];

    /// Name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::Closed => "closed",
            Self::Usual => "usual",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

columns! {
    COLUMNS of Fact {
        id, kind, data: json, state, document, version, quote, created_at, updated_at
    }
}

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

/// The facts of a workspace in order of creation, without unconfirmed facts of deleted documents.
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

/// Changes the content and the owner's decision.
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

pub fn delete(tx: &Transaction<'_>, fact: &Scoped<Fact>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM facts WHERE id = ?", [fact.id])?;
    Ok(())
}

pub fn settings(conn: &Connection, workspace: WorkspaceId) -> Result<Settings, StoreError> {
    super::workspaces::section(conn, workspace, SECTION)
}

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
