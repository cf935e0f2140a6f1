//! Providers: services that a workspace may use instead of this machine's engines, when it uses them, and what they cost.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{ProviderId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// Which protocol it speaks.
    pub enum ProviderKind {
        /// OpenAI, and whatever speaks like it: llama.cpp's server, vLLM, Ollama and many services.
        OpenAi = "openai",
        Anthropic = "anthropic",
        Gemini = "gemini",
        Deepgram = "deepgram",
    }
}

text_enum! {
    /// What a provider is used for.
    #[derive(PartialOrd, Ord)]
    pub enum Use {
        /// Answering and judging by a language model.
        Chat = "chat",
        /// Making text of sound.
        Transcribe = "transcribe",
        /// Speaking text.
        Speak = "speak",
    }
}

text_enum! {
    /// Who works first.
    pub enum Mode {
        /// This machine alone.
        Local = "local",
        /// This machine; the provider when work would wait too long here.
        Overflow = "overflow",
        /// The provider; this machine when it fails.
        Provider = "provider",
    }
}

/// The models of a provider. One that is missing means that it is not used for that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProviderModels {
    /// Language model.
    pub chat: Option<String>,
    /// Speech to text.
    pub transcribe: Option<String>,
    /// Text to speech.
    pub speak: Option<String>,
    /// Its voice.
    pub voice: Option<String>,
}

/// What is replaced by placeholders before text is sent, and put back into the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Redaction {
    /// E-mail addresses.
    pub emails: bool,
    /// Telephone numbers.
    pub phones: bool,
    /// Numbers of payment cards that pass the check of Luhn.
    pub cards: bool,
    /// IBANs with a right checksum.
    pub ibans: bool,
    /// Names and other words, as they are written; case does not matter.
    pub names: Vec<String>,
}

impl Default for Redaction {
    /// Everything that can be recognised.
    fn default() -> Self {
        Self {
            emails: true,
            phones: true,
            cards: true,
            ibans: true,
            names: Vec::new(),
        }
    }
}

/// The most in a month; what is missing has no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProviderBudget {
    /// Tokens read and written.
    pub tokens: Option<u64>,
    /// Money, in millionths of the currency of the prices.
    pub micro: Option<u64>,
}

/// What a provider costs, in millionths of its currency. 0 means that it costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProviderPrices {
    /// Currency, such as `EUR`.
    pub currency: String,
    /// A million tokens that it reads.
    pub million_read: u64,
    /// A million tokens that it writes.
    pub million_written: u64,
    /// A minute of sound that it makes text of.
    pub minute_heard: u64,
    /// A million characters that it speaks.
    pub million_spoken: u64,
}

/// Without its key, which only [`key`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    pub id: ProviderId,
    pub workspace: WorkspaceId,
    pub kind: ProviderKind,
    pub name: String,
    /// Base address.
    pub url: String,
    pub has_key: bool,
    /// Whether it is a machine of the owner's own.
    pub own: bool,
    /// Where it computes, in the owner's words.
    pub region: String,
    pub models: ProviderModels,
    /// Kinds of data that it may get, by their names in the ledger.
    pub classes: Vec<String>,
    pub redaction: Redaction,
    pub budget: ProviderBudget,
    pub prices: ProviderPrices,
    pub active: bool,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of Provider {
        id, workspace, kind, name, url, has_key, own, region, models: json, classes: json, redaction: json,
        budget: json, prices: json, active, created_at, changed_at
    }
}

/// What an owner says about a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub kind: ProviderKind,
    pub name: String,
    pub url: String,
    pub own: bool,
    pub region: String,
    pub models: ProviderModels,
    pub classes: Vec<String>,
    pub redaction: Redaction,
    pub budget: ProviderBudget,
    pub prices: ProviderPrices,
    pub active: bool,
}

const TAKEN: &str = "there is a provider of this name";

/// # Errors
/// `Conflict` if the workspace has a provider of this name.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    wanted: &Wanted,
    key: Option<&str>,
    now: UnixMs,
) -> Result<Scoped<Provider>, StoreError> {
    refuse_name_of_another(tx, workspace, &wanted.name, None)?;
    let id = ProviderId::new();
    insert!(tx into providers {
        id, workspace, kind: wanted.kind, name: &wanted.name, url: &wanted.url, key, has_key: key.is_some(),
        own: wanted.own, region: &wanted.region, models: Json(&wanted.models), classes: Json(&wanted.classes),
        redaction: Json(&wanted.redaction), budget: Json(&wanted.budget), prices: Json(&wanted.prices),
        active: wanted.active, created_at: now, changed_at: now
    })?;
    get(tx, workspace, id)
}

fn refuse_name_of_another(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    own: Option<ProviderId>,
) -> Result<(), StoreError> {
    let holder: Option<ProviderId> = tx
        .prepare_cached("SELECT id FROM providers WHERE workspace = ? AND name = ?")?
        .query_row((workspace, name), |row| row.get(0))
        .optional()?;
    match holder {
        Some(holder) if Some(holder) != own => Err(StoreError::Conflict(TAKEN.into())),
        _ => Ok(()),
    }
}

/// # Errors
/// `NotFound`.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ProviderId,
) -> Result<Scoped<Provider>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM providers WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Provider::from_row)
    .optional()?
    .map(|provider| Scoped::proven(workspace, provider))
    .ok_or(StoreError::NotFound("the provider"))
}

/// The providers of a workspace, by name.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Provider>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM providers WHERE workspace = ? ORDER BY name"
    ))?;
    let rows = statement.query_map([workspace], Provider::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The key of a provider; `None` for a server that wants none.
///
/// # Errors
/// `NotFound`.
pub fn key(conn: &Connection, id: ProviderId) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT key FROM providers WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound("the provider"))
}

/// A key of `None` leaves the key as it is.
///
/// # Errors
/// `Conflict` if another provider of the workspace has this name.
pub fn change(
    tx: &Transaction<'_>,
    provider: &Scoped<Provider>,
    wanted: &Wanted,
    key: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    refuse_name_of_another(tx, provider.workspace(), &wanted.name, Some(provider.id))?;
    tx.prepare_cached(
        "UPDATE providers SET kind = ?2, name = ?3, url = ?4, own = ?5, region = ?6, models = ?7, classes = ?8,
             redaction = ?9, budget = ?10, prices = ?11, active = ?12, changed_at = ?13
         WHERE id = ?1",
    )?
    .execute(rusqlite::params![
        provider.id,
        wanted.kind,
        wanted.name,
        wanted.url,
        wanted.own,
        wanted.region,
        Json(&wanted.models),
        Json(&wanted.classes),
        Json(&wanted.redaction),
        Json(&wanted.budget),
        Json(&wanted.prices),
        wanted.active,
        now,
    ])?;
    if let Some(key) = key {
        set_key(tx, provider, Some(key))?;
    }
    Ok(())
}

/// Sets the key, or forgets it.
pub fn set_key(
    tx: &Transaction<'_>,
    provider: &Scoped<Provider>,
    key: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE providers SET key = ?2, has_key = ?3 WHERE id = ?1")?
        .execute((provider.id, key, key.is_some()))?;
    Ok(())
}

/// Deletes it with its key and its uses.
pub fn delete(tx: &Transaction<'_>, provider: &Scoped<Provider>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM providers WHERE id = ?")?
        .execute([provider.id])?;
    Ok(())
}

/// When a workspace uses a provider for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderUse {
    pub workspace: WorkspaceId,
    pub purpose: Use,
    pub mode: Mode,
    /// For `Overflow`: how long work may wait here, in ms.
    pub wait_ms: u64,
    pub provider: ProviderId,
    /// Whether people are told that a provider was used.
    pub tell: bool,
}

fn use_from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ProviderUse> {
    Ok(ProviderUse {
        workspace: row.get("workspace")?,
        purpose: row.get("purpose")?,
        mode: row.get("mode")?,
        wait_ms: row.get::<_, i64>("wait_ms")?.unsigned_abs(),
        provider: row.get("provider")?,
        tell: row.get("tell")?,
    })
}

/// Says when a provider is used; whoever calls has loaded the provider through the workspace.
pub fn set_use(
    tx: &Transaction<'_>,
    provider: &Scoped<Provider>,
    new: ProviderUse,
    now: UnixMs,
) -> Result<(), StoreError> {
    let wait = i64::try_from(new.wait_ms).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "INSERT INTO provider_uses (workspace, purpose, mode, wait_ms, provider, tell, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (workspace, purpose) DO UPDATE SET mode = excluded.mode, wait_ms = excluded.wait_ms,
             provider = excluded.provider, tell = excluded.tell, changed_at = excluded.changed_at",
    )?
    .execute((
        provider.workspace(),
        new.purpose,
        new.mode,
        wait,
        provider.id,
        new.tell,
        now,
    ))?;
    Ok(())
}

/// From now on the purpose stays on this machine.
pub fn clear_use(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    purpose: Use,
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM provider_uses WHERE workspace = ? AND purpose = ?")?
        .execute((workspace, purpose))?;
    Ok(())
}

/// The uses of a workspace, by purpose.
pub fn uses(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<ProviderUse>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT * FROM provider_uses WHERE workspace = ? ORDER BY purpose")?;
    let rows = statement.query_map([workspace], use_from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What all workspaces use providers for that are active, and those for which this machine is not enough.
pub fn uses_for(conn: &Connection, purpose: Use) -> Result<Vec<ProviderUse>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT u.* FROM provider_uses u JOIN providers p ON p.id = u.provider
         WHERE u.purpose = ? AND u.mode != 'local' AND p.active
             AND NOT EXISTS (SELECT 1 FROM closures c WHERE c.workspace = u.workspace AND c.erased_at IS NULL)",
    )?;
    let rows = statement.query_map([purpose], use_from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was used in a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    pub requests: u64,
    pub tokens: u64,
    /// Millionths of the currency.
    pub micro: u64,
}

/// What a workspace has used of a provider in a month.
pub fn spent(
    conn: &Connection,
    workspace: WorkspaceId,
    month: &str,
    provider: &str,
) -> Result<Spend, StoreError> {
    let found = conn
        .prepare_cached(
            "SELECT requests, tokens, micro FROM provider_spend WHERE workspace = ? AND month = ? AND provider = ?",
        )?
        .query_row((workspace, month, provider.to_lowercase()), |row| {
            Ok(Spend {
                requests: row.get::<_, i64>(0)?.unsigned_abs(),
                tokens: row.get::<_, i64>(1)?.unsigned_abs(),
                micro: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Counts what was used.
pub fn add_spend(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    month: &str,
    provider: &str,
    more: Spend,
) -> Result<(), StoreError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX / 2);
    tx.prepare_cached(
        "INSERT INTO provider_spend (workspace, month, provider, requests, tokens, micro) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (workspace, month, provider) DO UPDATE SET requests = requests + excluded.requests,
             tokens = tokens + excluded.tokens, micro = micro + excluded.micro",
    )?
    .execute((
        workspace,
        month,
        provider.to_lowercase(),
        number(more.requests),
        number(more.tokens),
        number(more.micro),
    ))?;
    Ok(())
}

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
