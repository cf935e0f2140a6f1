//! Leads of a CRM: what the last analysis said, and how many messages came since.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::accounts::Account;
use crate::store::rows::columns;
use crate::store::values::Json;
use crate::store::{Scoped, StoreError, UnixMs};

#[derive(Debug, Clone, PartialEq)]
pub struct CrmLead {
    /// The CRM's own.
    pub id: String,
    pub name: String,
    pub contact: Option<String>,
    /// What is known of it where the CRM cannot be asked.
    pub facts: Value,
    /// Id of the last analysis.
    pub analysis: Option<String>,
    pub analysed_at: Option<UnixMs>,
    /// From 0 to 100.
    pub score: Option<u8>,
    /// Such as `hot`; the name of the tag.
    pub band: Option<String>,
    /// Messages that came since the last analysis.
    pub stale: u32,
    /// The note with the last analysis.
    pub note: Option<String>,
    /// It was deleted over there, and the owner keeps what is held here.
    pub gone: bool,
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of CrmLead {
        id, name, contact, facts: json, analysis, analysed_at, score, band, stale, note, gone,
        changed_at
    }
}

pub fn find(
    conn: &Connection,
    account: &Scoped<Account>,
    id: &str,
) -> Result<Option<CrmLead>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_leads WHERE account = ? AND id = ?"
        ))?
        .query_row((account.id, id), CrmLead::from_row)
        .optional()?)
}

/// Adds a lead, or what is newly known of it.
pub fn keep(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    id: &str,
    name: Option<&str>,
    contact: Option<&str>,
    facts: Option<&Value>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO crm_leads (account, id, workspace, name, contact, facts, changed_at)
         VALUES (?1, ?2, ?3, coalesce(?4, ''), ?5, coalesce(?6, '{}'), ?7)
         ON CONFLICT (account, id) DO UPDATE SET name = coalesce(?4, name), contact = coalesce(?5, contact),
             facts = coalesce(?6, facts), changed_at = ?7",
    )?
    .execute((
        account.id,
        id,
        account.workspace(),
        name,
        contact,
        facts.map(Json),
        now,
    ))?;
    Ok(())
}

/// What an analysis of a lead said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    pub analysis: &'a str,
    pub score: u8,
    pub band: Option<&'a str>,
    pub note: Option<&'a str>,
}

/// Notes an analysis; the lead is no longer stale.
pub fn note_analysis(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    id: &str,
    judged: &Judged<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    keep(tx, account, id, None, None, None, now)?;
    tx.prepare_cached(
        "UPDATE crm_leads SET analysis = ?3, score = ?4, band = ?5, note = coalesce(?6, note), analysed_at = ?7,
             stale = 0, changed_at = ?7 WHERE account = ?1 AND id = ?2",
    )?
    .execute((
        account.id,
        id,
        judged.analysis,
        judged.score,
        judged.band,
        judged.note,
        now,
    ))?;
    Ok(())
}

/// Counts messages that came since the last analysis.
pub fn add_stale(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    id: &str,
    more: u32,
    now: UnixMs,
) -> Result<(), StoreError> {
    keep(tx, account, id, None, None, None, now)?;
    tx.prepare_cached("UPDATE crm_leads SET stale = stale + ?3 WHERE account = ?1 AND id = ?2")?
        .execute((account.id, id, more))?;
    Ok(())
}

/// The leads of an account after this id, by id.
pub fn list(
    conn: &Connection,
    account: &Scoped<Account>,
    after: &str,
    limit: u32,
) -> Result<Vec<CrmLead>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_leads WHERE account = ? AND id > ? ORDER BY id LIMIT ?"
    ))?;
    let rows = statement.query_map((account.id, after, limit), CrmLead::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
