//! Leads that were deleted in their CRM. Hooks come in any order and again, so the newest word counts.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::accounts::Account;
use crate::store::{Scoped, StoreError, UnixMs};

/// The last word about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    gone: bool,
    at: Option<UnixMs>,
    /// When it came here.
    noted_at: UnixMs,
}

fn last_word(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
) -> Result<Option<Word>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT gone, at, noted_at FROM crm_deleted WHERE account = ? AND lead = ?",
        )?
        .query_row((account.id, lead), |row| {
            Ok(Word {
                gone: row.get(0)?,
                at: row.get(1)?,
                noted_at: row.get(2)?,
            })
        })
        .optional()?)
}

/// Whether a lead was deleted over there.
pub fn is_gone(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
) -> Result<bool, StoreError> {
    let word = last_word(conn, account, lead)?;
    Ok(word.is_some_and(|word| word.gone))
}

/// Whether a deletion at this time changes what is known.
pub fn is_news(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
    at: Option<UnixMs>,
) -> Result<bool, StoreError> {
    let before = last_word(conn, account, lead)?;
    Ok(before.is_none_or(|before| !before.gone && !is_older(at, before.at)))
}

/// Notes that a lead was deleted; returns false if that is known, or if something newer is.
pub fn note_gone(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    at: Option<UnixMs>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let is_news = is_news(tx, account, lead, at)?;
    if is_news {
        set(tx, account, lead, (true, at), now)?;
    }
    Ok(is_news)
}

/// Notes that a lead was restored at this time, if nothing newer is known; returns whether it was.
pub fn note_restored(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    at: UnixMs,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let before = last_word(tx, account, lead)?;
    // When a deletion has no time, nobody knows which of the two was later: asking the CRM tells.
    if before.is_some_and(|before| before.gone && before.at.is_none_or(|then| at < then)) {
        return Ok(false);
    }
    set(tx, account, lead, (false, Some(at)), now)?;
    Ok(true)
}

/// The CRM was asked and had the lead, as it last changed at this time. A deletion that came while the answer was on its way is
/// newer than the answer.
pub fn note_there(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    at: Option<UnixMs>,
    asked_at: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let before = last_word(tx, account, lead)?;
    match before.is_some_and(|before| before.gone && before.noted_at <= asked_at) {
        true => set(tx, account, lead, (false, at), now),
        false => Ok(()),
    }
}

fn is_older(at: Option<UnixMs>, than: Option<UnixMs>) -> bool {
    at.zip(than).is_some_and(|(at, than)| at < than)
}

fn set(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    (gone, at): (bool, Option<UnixMs>),
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO crm_deleted (account, lead, workspace, gone, at, noted_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (account, lead) DO UPDATE SET gone = excluded.gone, at = excluded.at,
             noted_at = excluded.noted_at",
    )?
    .execute((
        account.id,
        lead,
        account.workspace(),
        gone,
        at,
        now,
    ))?;
    tx.prepare_cached("UPDATE crm_leads SET gone = ?3 WHERE account = ?1 AND id = ?2")?
        .execute((account.id, lead, gone))?;
    Ok(())
}

/// Removes what was noted at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM crm_deleted WHERE noted_at <= ?", [before])?)
}
