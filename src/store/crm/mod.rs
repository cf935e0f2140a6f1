//! Customer relationship systems (CRMs): the apps and accounts that a workspace is connected to, what they told, and what is
//! to be done for them.
//!
//! Ids of leads, contacts, talks and messages are the CRM's own, so they are text and mean something within one account only.
//! Secrets and tokens are in no entity that can be printed; `accounts::tokens` and `integrations::find` read them.

pub mod accounts;
pub mod deleted;
pub mod hooks;
pub mod integrations;
pub mod jobs;
pub mod leads;
pub mod messages;
pub mod notes;
pub mod oauth_states;

use rusqlite::Transaction;

use super::{CrmAccountId, Scoped, StoreError, UnixMs, casework, events};
use accounts::Account;

/// How many rows an erasure took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    pub messages: u64,
    pub leads: u64,
    pub notes: u64,
    pub hooks: u64,
    pub jobs: u64,
}

/// Erases everything that is held for an account, its tokens too. What we wrote into the CRM stays there.
pub fn erase_account(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let erased = erase_copies(tx, account)?;
    tx.execute("DELETE FROM crm_accounts WHERE id = ?", [account.id])?;
    note_erasure(tx, account, &account.id.to_string(), erased, now)?;
    Ok(erased)
}

/// Erases what an account told, and keeps the account itself.
pub fn erase_copies(tx: &Transaction<'_>, account: &Scoped<Account>) -> Result<Erased, StoreError> {
    let delete = |table: &str| -> Result<u64, StoreError> {
        let sql = format!("DELETE FROM {table} WHERE account = ?");
        Ok(tx.execute(&sql, [account.id])? as u64)
    };
    Ok(Erased {
        messages: delete("crm_messages")?,
        leads: delete("crm_leads")?,
        notes: delete("crm_notes")?,
        hooks: delete("crm_hooks")?,
        jobs: delete("crm_jobs")?,
    })
}

/// Erases what is held of one lead, also in hooks that wait; `casework::erase_lead` takes what was made of it along.
pub(super) fn erase_lead(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let of = (account.id, lead);
    let erased = Erased {
        messages: tx.execute(
            "DELETE FROM crm_messages WHERE account = ? AND lead = ?",
            of,
        )? as u64,
        leads: tx.execute("DELETE FROM crm_leads WHERE account = ? AND id = ?", of)? as u64,
        notes: tx.execute("DELETE FROM crm_notes WHERE account = ? AND lead = ?", of)? as u64,
        hooks: erase_hooks_naming(tx, account.id, lead)?,
        jobs: tx.execute("DELETE FROM crm_jobs WHERE account = ? AND lead = ?", of)? as u64,
    };
    note_erasure(tx, account, lead, erased, now)?;
    Ok(erased)
}

/// Erases what is held of a person by the CRM's id of the contact: their messages, and the leads that are theirs.
pub fn erase_contact(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    contact: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let of = (account.id, contact);
    let theirs = "SELECT id FROM crm_leads WHERE account = ?1 AND contact = ?2
                  UNION SELECT lead FROM crm_messages WHERE account = ?1 AND contact = ?2 AND lead IS NOT NULL";
    let leads: Vec<String> = super::erasure::ids(tx, theirs, of)?;
    let mut erased = Erased::default();
    for lead in leads {
        let one = casework::erase_lead(tx, account, &lead, now)?;
        erased.messages += one.messages;
        erased.leads += one.leads;
        erased.notes += one.notes;
        erased.hooks += one.hooks;
        erased.jobs += one.jobs;
    }
    let sql = "DELETE FROM crm_messages WHERE account = ? AND contact = ?";
    erased.messages += tx.execute(sql, of)? as u64;
    erased.hooks += erase_hooks_naming(tx, account.id, contact)?;
    note_erasure(tx, account, contact, erased, now)?;
    Ok(erased)
}

/// Erases what a contact said where no lead is known, also in hooks that wait.
pub fn erase_unassigned(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    contact: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let sql = "DELETE FROM crm_messages WHERE account = ? AND contact = ? AND lead IS NULL";
    let erased = Erased {
        messages: tx.execute(sql, (account.id, contact))? as u64,
        hooks: erase_hooks_naming(tx, account.id, contact)?,
        ..Erased::default()
    };
    note_erasure(tx, account, contact, erased, now)?;
    Ok(erased)
}

/// Erases one message, also in hooks that wait.
pub fn erase_message(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    message: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let sql = "DELETE FROM crm_messages WHERE account = ? AND id = ?";
    let erased = Erased {
        messages: tx.execute(sql, (account.id, message))? as u64,
        hooks: erase_hooks_naming(tx, account.id, message)?,
        ..Erased::default()
    };
    note_erasure(tx, account, message, erased, now)?;
    Ok(erased)
}

/// Deletes hooks with this id as one of their values: in a form (`…=id&…`) or in JSON (`…"id"…`, `…:id,…`).
fn erase_hooks_naming(
    tx: &Transaction<'_>,
    account: CrmAccountId,
    id: &str,
) -> Result<u64, StoreError> {
    let deleted = tx.execute(
        "DELETE FROM crm_hooks WHERE account = ?1 AND (
             instr(CAST(body AS TEXT) || '&', '=' || ?2 || '&') > 0
             OR instr(CAST(body AS TEXT), '\"' || ?2 || '\"') > 0
             OR instr(CAST(body AS TEXT), ':' || ?2 || ',') > 0
             OR instr(CAST(body AS TEXT), ':' || ?2 || '}') > 0)",
        (account, id),
    )?;
    Ok(deleted as u64)
}

fn note_erasure(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    subject: &str,
    erased: Erased,
    now: UnixMs,
) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "messages": erased.messages, "leads": erased.leads, "notes": erased.notes,
        "hooks": erased.hooks, "jobs": erased.jobs,
    });
    events::append(tx, account.workspace(), "crm_erased", subject, &data, now)?;
    Ok(())
}

#[cfg(test)]
mod crm_tests;
