//! What somebody agreed to or took back, with the text that they saw. Consents are only ever added, so that the history shows
//! what held when.

use rusqlite::{Connection, Transaction};

use super::Contact;
use crate::store::rows::{columns, insert};
use crate::store::{ConsentId, Scoped, StoreError, UnixMs};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    /// What for, such as "contact".
    pub purpose: String,
    /// False if they refused, or took it back.
    pub given: bool,
    /// The text that they saw.
    pub text: String,
    pub page: Option<String>,
    pub created_at: UnixMs,
}

#[derive(Debug, Clone)]
pub struct NewConsent<'a> {
    pub purpose: &'a str,
    pub given: bool,
    /// The text that they saw.
    pub text: &'a str,
    pub page: Option<&'a str>,
}

columns! { CONSENT of Consent { id, purpose, given, text, page, created_at } }

pub fn add_consent(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    new: &NewConsent<'_>,
    now: UnixMs,
) -> Result<ConsentId, StoreError> {
    let (id, workspace) = (ConsentId::new(), contact.workspace());
    insert!(tx into consents {
        id, contact: contact.id, workspace, purpose: new.purpose, given: new.given, text: new.text, page: new.page,
        created_at: now
    })?;
    Ok(id)
}

/// The history of a contact's consents, newest first.
pub fn consents(conn: &Connection, contact: &Scoped<Contact>) -> Result<Vec<Consent>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {CONSENT} FROM consents WHERE contact = ? ORDER BY created_at DESC, id DESC"
    ))?;
    let rows = statement.query_map([contact.id], Consent::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
