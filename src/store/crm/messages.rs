//! Messages that hooks brought, for accounts whose CRM cannot be asked for them.

use rusqlite::{Connection, Transaction};

use super::accounts::Account;
use crate::store::rows::columns;
use crate::store::values::text_enum;
use crate::store::{Scoped, StoreError, UnixMs};

text_enum! {
    /// Who wrote a message.
    pub enum Writer {
        Customer = "customer",
        Staff = "staff",
        /// A program over there.
        Bot = "bot",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmMessage {
    /// The CRM's own.
    pub id: String,
    pub talk: Option<String>,
    pub lead: Option<String>,
    pub contact: Option<String>,
    pub who: Writer,
    /// The name of who wrote it.
    pub author: Option<String>,
    /// Such as `text` or `voice`, as the CRM names it.
    pub kind: String,
    pub text: String,
    pub voice_link: Option<String>,
    pub voice_name: Option<String>,
    pub at: UnixMs,
}

columns! {
    COLUMNS of CrmMessage {
        id, talk, lead, contact, who, author, kind, text, voice_link, voice_name, at
    }
}

/// Keeps a message once; returns whether it is new. One that came before gains what it lacked: its lead, or the link of
/// its recording.
pub fn keep(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    message: &CrmMessage,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let known = tx
        .prepare_cached("SELECT 1 FROM crm_messages WHERE account = ? AND id = ?")?
        .exists((account.id, &message.id))?;
    tx.prepare_cached(
        "INSERT INTO crm_messages (account, id, workspace, talk, lead, contact, who, author, kind, text, voice_link,
             voice_name, at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (account, id) DO UPDATE SET lead = coalesce(lead, excluded.lead),
             contact = coalesce(contact, excluded.contact), talk = coalesce(talk, excluded.talk),
             voice_link = coalesce(voice_link, excluded.voice_link),
             voice_name = coalesce(voice_name, excluded.voice_name)",
    )?
    .execute((
        account.id,
        &message.id,
        account.workspace(),
        &message.talk,
        &message.lead,
        &message.contact,
        message.who,
        &message.author,
        &message.kind,
        &message.text,
        &message.voice_link,
        &message.voice_name,
        message.at,
        now,
    ))?;
    Ok(!known)
}

/// The latest messages of a lead after a time, oldest first.
pub fn list_of_lead(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
    since: UnixMs,
    limit: u32,
) -> Result<Vec<CrmMessage>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_messages WHERE account = ? AND lead = ? AND at > ?
         ORDER BY at DESC, id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((account.id, lead, since, limit), CrmMessage::from_row)?;
    let mut found: Vec<CrmMessage> = rows.collect::<Result<_, _>>()?;
    found.reverse();
    Ok(found)
}

/// The talks that messages of a lead belong to.
pub fn talks_of_lead(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT talk FROM crm_messages WHERE account = ? AND lead = ? AND talk IS NOT NULL
         ORDER BY talk",
    )?;
    let rows = statement.query_map((account.id, lead), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes those that were received at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM crm_messages WHERE received_at <= ?", [before])?)
}
