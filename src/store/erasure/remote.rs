//! What CRMs told about a person: copies of what lies over there, and what was made of it. Erasing them here leaves the CRM as it
//! is.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Traces, copy::rows, ids};
use crate::store::crm::accounts::{self, Account};
use crate::store::{CrmAccountId, Scoped, StoreError, UnixMs, WorkspaceId, casework, crm};

/// Whose copies, by the CRM's own ids within one account. Its text is `ACCOUNT/lead/ID`, also in tombstones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Remote {
    pub account: CrmAccountId,
    pub key: RemoteKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteKey {
    /// A lead with all that was said, heard and found about it.
    Lead(String),
    /// What a contact of the CRM said where no lead is known. Their leads are found for themselves.
    Contact(String),
    /// A message of which neither is known.
    Message(String),
}

/// The text names no part of a CRM.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("an id of what a CRM told looks like ACCOUNT/lead/ID")]
pub struct NotRemote;

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, id) = match &self.key {
            RemoteKey::Lead(id) => ("lead", id),
            RemoteKey::Contact(id) => ("contact", id),
            RemoteKey::Message(id) => ("message", id),
        };
        write!(f, "{}/{part}/{id}", self.account)
    }
}

impl FromStr for Remote {
    type Err = NotRemote;

    fn from_str(text: &str) -> Result<Self, NotRemote> {
        let mut parts = text.splitn(3, '/');
        let (Some(account), Some(part), Some(id)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NotRemote);
        };
        let id = id.to_owned();
        Ok(Self {
            account: account.parse().map_err(|_| NotRemote)?,
            key: match part {
                "lead" => RemoteKey::Lead(id),
                "contact" => RemoteKey::Contact(id),
                "message" => RemoteKey::Message(id),
                _ => return Err(NotRemote),
            },
        })
    }
}

impl From<Remote> for String {
    fn from(remote: Remote) -> Self {
        remote.to_string()
    }
}

impl TryFrom<String> for Remote {
    type Error = NotRemote;

    fn try_from(text: String) -> Result<Self, NotRemote> {
        text.parse()
    }
}

/// The leads and contacts with this id, in every account of a workspace.
pub(super) fn find_by_id(
    conn: &Connection,
    workspace: WorkspaceId,
    id: &str,
) -> Result<Vec<Remote>, StoreError> {
    let named = "SELECT account || '/lead/' || id FROM crm_leads
                     WHERE workspace = ?1 AND (lower(id) = ?2 OR lower(contact) = ?2)
                 UNION SELECT account || '/lead/' || lead FROM crm_messages
                     WHERE workspace = ?1 AND (lower(lead) = ?2 OR (lower(contact) = ?2 AND lead IS NOT NULL))
                 UNION SELECT account || '/contact/' || contact FROM crm_messages
                     WHERE workspace = ?1 AND lower(contact) = ?2 AND lead IS NULL
                 UNION SELECT account || '/lead/' || lead FROM crm_transcripts
                     WHERE workspace = ?1 AND lower(lead) = ?2";
    let found: Vec<String> = ids(conn, named, (workspace, id))?;
    Ok(found.iter().filter_map(|text| text.parse().ok()).collect())
}

/// The conditions on messages, transcripts and leads for what is meant; ?1 is the account, ?2 the CRM's id.
struct Where {
    messages: &'static str,
    /// A query for leads.
    leads: &'static str,
    id: String,
}

/// Takes in no lead.
const NO_LEAD: &str = "SELECT NULL WHERE ?1 IS NULL AND ?2 IS NULL";

impl Where {
    fn of(key: &RemoteKey) -> Self {
        match key {
            RemoteKey::Lead(id) => Self {
                messages: "account = ?1 AND lead = ?2",
                leads: "SELECT ?2 WHERE ?1 IS NOT NULL",
                id: id.clone(),
            },
            RemoteKey::Contact(id) => Self {
                messages: "account = ?1 AND contact = ?2 AND lead IS NULL",
                leads: NO_LEAD,
                id: id.clone(),
            },
            RemoteKey::Message(id) => Self {
                messages: "account = ?1 AND id = ?2",
                leads: NO_LEAD,
                id: id.clone(),
            },
        }
    }
}

/// A query for analyses of these leads.
fn analyses_of(what: &str, leads: &str) -> String {
    format!(
        "SELECT {what} FROM analyses a JOIN crm_accounts c ON c.id = ?1 AND c.workspace = a.workspace
         WHERE a.source = 'crm'
           AND a.about IN (SELECT ?1 || '/' || l.id FROM (SELECT NULL AS id WHERE 0 UNION ALL {leads}) l)"
    )
}

/// The last time that something was said or found, and how much there is.
pub(super) fn describe(
    conn: &Connection,
    workspace: WorkspaceId,
    remote: &Remote,
) -> Result<(UnixMs, Traces), StoreError> {
    let account = accounts::get(conn, workspace, remote.account)?;
    let traces = traces_of(conn, &account, &remote.key)?;
    let of = Where::of(&remote.key);
    let Where {
        messages, leads, ..
    } = of;
    let last = format!(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM crm_messages WHERE {messages}
             UNION ALL SELECT max(at) FROM crm_transcripts WHERE account = ?1 AND lead IN ({leads})
             UNION ALL SELECT max(changed_at) FROM crm_leads WHERE account = ?1 AND id IN ({leads}))"
    );
    let last: Option<UnixMs> = conn
        .prepare_cached(&last)?
        .query_row((account.id, &of.id), |row| row.get(0))?;
    Ok((last.unwrap_or(account.created_at), traces))
}

fn traces_of(
    conn: &Connection,
    account: &Scoped<Account>,
    key: &RemoteKey,
) -> Result<Traces, StoreError> {
    let of = Where::of(key);
    let (messages, leads) = (of.messages, of.leads);
    let count = |sql: String| -> Result<u64, StoreError> {
        let n: i64 = conn
            .prepare_cached(&sql)?
            .query_row((account.id, &of.id), |row| row.get(0))?;
        Ok(n.unsigned_abs())
    };
    Ok(Traces {
        leads: count(format!(
            "SELECT count(*) FROM crm_leads WHERE account = ?1 AND id IN ({leads})"
        ))?,
        crm_messages: count(format!(
            "SELECT count(*) FROM crm_messages WHERE {messages} OR (account = ?1 AND lead IN ({leads}))"
        ))?,
        transcripts: count(format!(
            "SELECT count(*) FROM crm_transcripts WHERE account = ?1 AND lead IN ({leads})"
        ))?,
        analyses: count(analyses_of("count(*)", leads))?,
        ..Traces::default()
    })
}

/// What is stored, by table: never a token or a secret of the account.
pub(super) fn copy_remote(
    conn: &Connection,
    workspace: WorkspaceId,
    remote: &Remote,
    tables: &mut Map<String, Value>,
) -> Result<(), StoreError> {
    let account = accounts::get(conn, workspace, remote.account)?;
    let of = Where::of(&remote.key);
    let (messages, leads) = (of.messages, of.leads);
    let mut add = |name: &str, sql: &str| -> Result<(), StoreError> {
        let found = rows(conn, sql, (account.id, &of.id))?;
        tables.insert(name.to_owned(), Value::Array(found));
        Ok(())
    };
    add(
        "crm_accounts",
        "SELECT kind, remote_id, name, host, state FROM crm_accounts WHERE id = ?1 AND ?2 IS NOT NULL",
    )?;
    add(
        "crm_leads",
        &format!("SELECT * FROM crm_leads WHERE account = ?1 AND id IN ({leads})"),
    )?;
    add(
        "crm_messages",
        &format!(
            "SELECT * FROM crm_messages WHERE {messages} OR (account = ?1 AND lead IN ({leads})) ORDER BY at, id"
        ),
    )?;
    for (name, order) in [
        ("crm_transcripts", "at"),
        ("crm_notes", "created_at"),
        ("crm_tasks", "created_at"),
    ] {
        let sql = format!(
            "SELECT * FROM {name} WHERE account = ?1 AND lead IN ({leads}) ORDER BY {order}"
        );
        add(name, &sql)?;
    }
    add("analyses", &analyses_of("a.*", leads))
}

/// Erases the copies, and hooks that wait and name them.
///
/// # Errors
/// `NotFound` if nothing of it is held.
pub(super) fn erase_remote(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    remote: &Remote,
    now: UnixMs,
) -> Result<Traces, StoreError> {
    let account = accounts::get(tx, workspace, remote.account)?;
    let erased = traces_of(tx, &account, &remote.key)?;
    if erased == Traces::default() {
        return Err(StoreError::NotFound("what a CRM told"));
    }
    match &remote.key {
        RemoteKey::Lead(id) => casework::erase_lead(tx, &account, id, now)?,
        RemoteKey::Contact(id) => crm::erase_unassigned(tx, &account, id, now)?,
        RemoteKey::Message(id) => crm::erase_message(tx, &account, id, now)?,
    };
    Ok(erased)
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
