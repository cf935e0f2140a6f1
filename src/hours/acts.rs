//! What the API and the console do with the facts of a workspace: each act checks the member's scopes.

use jiff::civil::Date;

use super::book::{Book, Entry, time_zone};
use super::data::What;
use super::edit::{self, FactsError};
use super::opening::Weekly;
use crate::access::{Member, Scope};
use crate::store::facts::{self, FactState, HolidayRule, Settings};
use crate::store::{Connection, FactId, Store, StoreError, UnixMs, WorkspaceId};

const MAY: &[Scope] = &[Scope::Documents];

/// An owner's verdict on a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Confirm,
    /// It is not to be used.
    Dismiss,
}

/// New time zone, country and holiday rule.
#[derive(Debug, Clone)]
pub struct ClockChange {
    /// IANA name; `None` for the machine's time zone.
    pub time_zone: Option<String>,
    /// ISO 3166 code; `None` for the country of the time zone.
    pub country: Option<String>,
    /// The rule for public holidays; `None` keeps it.
    pub holidays: Option<HolidayRule>,
}

pub async fn open(store: &Store, by: &Member) -> Result<Book, FactsError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| Book::open(conn, workspace));
    Ok(read.await?)
}

/// Saves facts that a person entered, as confirmed; returns them as saved.
pub async fn enter(
    store: &Store,
    by: &Member,
    facts: Vec<What>,
    now: UnixMs,
) -> Result<Vec<Entry>, FactsError> {
    let workspace = by.need(MAY)?;
    let entered = store.write(move |tx| {
        let entered = facts
            .into_iter()
            .map(|what| edit::enter(tx, workspace, what, now));
        let ids: Vec<FactId> = entered.collect::<Result<_, _>>()?;
        let entries = Book::open(tx, workspace)?.entries.into_iter();
        Ok(entries
            .filter(|entry| ids.contains(&entry.fact.id))
            .collect())
    });
    Ok(entered.await?)
}

/// Replaces a fact by the first of `facts`, confirms it, and enters the others beside it.
///
/// # Errors
/// `NotFound`.
pub async fn change(
    store: &Store,
    by: &Member,
    id: FactId,
    facts: Vec<What>,
    now: UnixMs,
) -> Result<Entry, FactsError> {
    let workspace = by.need(MAY)?;
    let changed = store.write(move |tx| {
        let mut facts = facts.into_iter();
        let id = match facts.next() {
            Some(first) => edit::change(tx, workspace, id, first, now)?,
            None => id,
        };
        for more in facts {
            edit::enter(tx, workspace, more, now)?;
        }
        find(tx, workspace, id)
    });
    Ok(changed.await?)
}

/// Saves facts of a kind that a person wrote in words.
///
/// # Errors
/// When the words cannot be parsed.
pub async fn enter_in_words(
    store: &Store,
    by: &Member,
    kind: &str,
    text: &str,
    now: UnixMs,
) -> Result<(), FactsError> {
    let facts = edit::read(kind, text, today(store, by, now).await?)?;
    enter(store, by, facts, now).await.map(drop)
}

/// Changes a fact to what a person wrote in words.
///
/// # Errors
/// `NotFound`, or when the words cannot be parsed.
pub async fn change_in_words(
    store: &Store,
    by: &Member,
    id: FactId,
    text: &str,
    now: UnixMs,
) -> Result<(), FactsError> {
    let workspace = by.need(MAY)?;
    let fact = store.read(move |conn| facts::get(conn, workspace, id));
    let kind = match fact.await?.kind.as_str() {
        "special" => "holiday".to_owned(),
        kind => kind.to_owned(),
    };
    let facts = edit::read(&kind, text, today(store, by, now).await?)?;
    change(store, by, id, facts, now).await.map(drop)
}

/// Confirms or dismisses a fact.
///
/// # Errors
/// `NotFound`.
pub async fn decide(
    store: &Store,
    by: &Member,
    id: FactId,
    decision: Decision,
    now: UnixMs,
) -> Result<Entry, FactsError> {
    let workspace = by.need(MAY)?;
    let state = match decision {
        Decision::Confirm => FactState::Confirmed,
        Decision::Dismiss => FactState::Dismissed,
    };
    let decided = store.write(move |tx| {
        edit::set_state(tx, workspace, id, state, now)?;
        find(tx, workspace, id)
    });
    Ok(decided.await?)
}

/// Removes a fact. One that a document states is dismissed instead, or it would be proposed again.
///
/// # Errors
/// `NotFound`.
pub async fn remove(store: &Store, by: &Member, id: FactId, now: UnixMs) -> Result<(), FactsError> {
    let workspace = by.need(MAY)?;
    let removed = store.write(move |tx| edit::remove(tx, workspace, id, now));
    Ok(removed.await?)
}

/// Confirms all proposals that no newer document overrules; returns how many.
pub async fn confirm_all(store: &Store, by: &Member, now: UnixMs) -> Result<usize, FactsError> {
    let workspace = by.need(MAY)?;
    let confirmed = store.write(move |tx| edit::confirm_all(tx, workspace, now));
    Ok(confirmed.await?)
}

/// Replaces the weekly hours of the business itself.
pub async fn set_week(
    store: &Store,
    by: &Member,
    rows: Vec<Weekly>,
    now: UnixMs,
) -> Result<(), FactsError> {
    let workspace = by.need(MAY)?;
    let set = store.write(move |tx| edit::set_week(tx, workspace, &rows, now));
    Ok(set.await?)
}

/// Sets time zone, country and holiday rule.
///
/// # Errors
/// When there is no such time zone, or the country is not a code.
pub async fn set_clock(store: &Store, by: &Member, change: ClockChange) -> Result<(), FactsError> {
    let workspace = by.need(MAY)?;
    let before = store.read(move |conn| facts::settings(conn, workspace));
    let holidays = match change.holidays {
        Some(rule) => rule,
        None => before.await?.holidays,
    };
    let settings = edit::checked(Settings {
        time_zone: change.time_zone,
        country: change.country,
        holidays,
    })?;
    let set = store.write(move |tx| facts::set_settings(tx, workspace, &settings));
    Ok(set.await?)
}

fn find(conn: &Connection, workspace: WorkspaceId, id: FactId) -> Result<Entry, StoreError> {
    let mut entries = Book::open(conn, workspace)?.entries.into_iter();
    entries
        .find(|entry| entry.fact.id == id)
        .ok_or(StoreError::NotFound("the fact"))
}

/// Today's date in the time zone of the business.
async fn today(store: &Store, by: &Member, now: UnixMs) -> Result<Date, FactsError> {
    let workspace = by.need(MAY)?;
    let settings = store.read(move |conn| facts::settings(conn, workspace));
    let zone = time_zone(&settings.await?);
    let now = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    Ok(now.to_zoned(zone).date())
}
