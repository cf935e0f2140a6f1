//! What the owner does with facts: confirm, dismiss, enter, change.

mod text;

use jiff::tz::TimeZone;

pub use text::{read, read_spans, read_which, show, show_spans};

use super::book::Book;
use super::data::{Data, What};
use super::opening::{Day, Weekly};
use crate::access::Denied;
use crate::store::facts::{self, Fact, FactState, NewFact, Settings};
use crate::store::{FactId, Scoped, StoreError, Transaction, UnixMs, WorkspaceId};

/// Why a fact cannot be kept as it was entered.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// No such time zone.
    #[error("there is no time zone `{0}`; write its name as in Europe/Berlin or America/New_York")]
    Zone(String),
    /// No such country.
    #[error("`{0}` is no country code; write two letters, as in US or DE")]
    Country(String),
    /// Hours that cannot be read.
    #[error("`{0}` cannot be read as hours; write 08:00-12:00, 13:30-17:00 or closed")]
    Hours(String),
    /// A rule that cannot be read.
    #[error(
        "`{0}` says not which of the month; write 1, 3 for the first and third, or last, or leave it empty"
    )]
    Which(String),
    /// Something is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirms a fact.
///
/// # Errors
/// When there is no such fact.
pub fn set_state(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: FactId,
    state: FactState,
    now: UnixMs,
) -> Result<Scoped<Fact>, StoreError> {
    let fact = facts::get(tx, workspace, id)?;
    let mut data = fact.data.clone();
    // Whoever confirms it again has seen that the document changed.
    if let (FactState::Confirmed, Some(data)) = (state, data.as_object_mut()) {
        data.remove("changed");
    }
    facts::update(tx, &fact, &data, state, now)?;
    facts::get(tx, workspace, id)
}

/// Confirms every proposal about hours, address, telephone and e-mail that no newer document overrules;
/// returns how many.
///
/// # Errors
/// When the store fails.
pub fn confirm_all(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<usize, StoreError> {
    let book = Book::open(tx, workspace)?;
    let open = book
        .entries
        .iter()
        .filter(|e| e.fact.state == FactState::Proposed && !e.superseded);
    let mut count = 0;
    for entry in open {
        set_state(tx, workspace, entry.fact.id, FactState::Confirmed, now)?;
        count += 1;
    }
    Ok(count)
}

/// Keeps a fact that the owner entered.
///
/// # Errors
/// When the store fails.
pub fn enter(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    what: What,
    now: UnixMs,
) -> Result<FactId, StoreError> {
    let data = Data {
        what,
        place: None,
        changed: false,
    };
    let new = NewFact {
        kind: data.what.kind().to_owned(),
        data: data.write(),
        state: FactState::Confirmed,
        document: None,
        version: None,
        quote: String::new(),
    };
    facts::insert(tx, workspace, &new, now)
}

/// Changes what a fact says, and confirms it. Its quote no longer says so, so it goes.
///
/// # Errors
/// When there is no such fact.
pub fn change(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: FactId,
    what: What,
    now: UnixMs,
) -> Result<FactId, StoreError> {
    let fact = facts::get(tx, workspace, id)?;
    if Data::read(&fact.data).is_some_and(|d| d.what == what) {
        set_state(tx, workspace, id, FactState::Confirmed, now)?;
        return Ok(id);
    }
    set_aside(tx, &fact, now)?;
    enter(tx, workspace, what, now)
}

/// Removes a fact. One that a document states is dismissed, or it would be proposed again when the document is read.
///
/// # Errors
/// When there is no such fact.
pub fn remove(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: FactId,
    now: UnixMs,
) -> Result<(), StoreError> {
    let fact = facts::get(tx, workspace, id)?;
    set_aside(tx, &fact, now)
}

fn set_aside(tx: &Transaction<'_>, fact: &Scoped<Fact>, now: UnixMs) -> Result<(), StoreError> {
    match fact.document {
        Some(_) => facts::update(tx, fact, &fact.data, FactState::Dismissed, now),
        None => facts::delete(tx, fact),
    }
}

/// Makes these rows the house's week, all year round. Rows that facts state already are confirmed and
/// keep their quotes.
///
/// # Errors
/// When the store fails.
pub fn set_week(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    rows: &[Weekly],
    now: UnixMs,
) -> Result<(), StoreError> {
    let book = Book::open(tx, workspace)?;
    let mut missing: Vec<&Weekly> = rows.iter().collect();
    for entry in &book.entries {
        let What::Weekly(known) = &entry.data.what else {
            continue;
        };
        if known.label.is_some()
            || known.from.is_some()
            || known.until.is_some()
            || entry.fact.state == FactState::Dismissed
        {
            continue;
        }
        let says = |row: &Weekly, day: Day| {
            row.days.contains(&day)
                && row.which == known.which
                && row.open == known.open
                && row.note == known.note
        };
        let holds = known
            .days
            .iter()
            .all(|day| rows.iter().any(|row| says(row, *day)));
        let needed = missing
            .iter()
            .any(|row| known.days.iter().any(|day| says(row, *day)));
        if holds && needed {
            set_state(tx, workspace, entry.fact.id, FactState::Confirmed, now)?;
            missing.retain(|row| {
                !row.days
                    .iter()
                    .all(|day| known.days.contains(day) && says(row, *day))
            });
        } else if entry.fact.state == FactState::Confirmed {
            set_aside(tx, &entry.fact, now)?;
        }
    }
    for row in missing {
        enter(tx, workspace, What::Weekly(row.clone()), now)?;
    }
    Ok(())
}

/// Checks clock and country.
///
/// # Errors
/// When there is no such time zone, or the country is no code.
pub fn checked(mut settings: Settings) -> Result<Settings, FactsError> {
    let filled = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    settings.time_zone = filled(settings.time_zone);
    settings.country = filled(settings.country).map(|c| c.to_uppercase());
    if let Some(zone) = &settings.time_zone
        && TimeZone::get(zone).is_err()
    {
        return Err(FactsError::Zone(zone.clone()));
    }
    if let Some(country) = &settings.country
        && (country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()))
    {
        return Err(FactsError::Country(country.clone()));
    }
    Ok(settings)
}

#[cfg(test)]
#[path = "../edit_tests.rs"]
mod tests;
