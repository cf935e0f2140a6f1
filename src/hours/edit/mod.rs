//! Confirms, dismisses, enters and changes facts for their owner.

mod text;

use jiff::tz::TimeZone;

pub use text::{read, read_spans, read_which, show, show_spans};

use super::book::Book;
use super::data::{Data, What};
use super::opening::{Day, Weekly};
use crate::access::Denied;
use crate::store::facts::{self, Fact, FactState, NewFact, Settings};
use crate::store::{FactId, Scoped, StoreError, Transaction, UnixMs, WorkspaceId};

/// Why a fact cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    #[error("there is no time zone `{0}`; write its name as in Europe/Berlin or America/New_York")]
    Zone(String),
    #[error("`{0}` is not a country code; write two letters, as in US or DE")]
    Country(String),
    #[error("`{0}` cannot be read as hours; write 08:00-12:00, 13:30-17:00 or closed")]
    Hours(String),
    /// A rule that cannot be read.
    #[error(
        "`{0}` does not say which of the month; write 1, 3 for the first and third, or last, or leave it empty"
    )]
    Which(String),
    #[error("{0}")]
    Missing(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// # Errors
/// `NotFound`.
pub fn set_state(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: FactId,
    state: FactState,
    now: UnixMs,
) -> Result<Scoped<Fact>, StoreError> {
    let fact = facts::get(tx, workspace, id)?;
    let mut data = fact.data.clone();
    // Confirming it again means that the owner has seen the change in the document.
    if let (FactState::Confirmed, Some(data)) = (state, data.as_object_mut()) {
        data.remove("changed");
    }
    facts::update(tx, &fact, &data, state, now)?;
    facts::get(tx, workspace, id)
}

/// Confirms every proposal about hours, address, telephone and e-mail that no newer document overrules;
/// returns how many.
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

/// Saves a fact that the owner entered, as confirmed.
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

/// Changes a fact and confirms it. Its quote is dropped, as it no longer supports the fact.
///
/// # Errors
/// `NotFound`.
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

/// Removes a fact. One that a document states is dismissed instead, or it would be proposed again with the
/// next reading.
///
/// # Errors
/// `NotFound`.
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

/// Replaces the weekly hours of the business itself, all year round. Rows that are facts already are
/// confirmed and keep their quotes.
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

/// Checks time zone and country.
///
/// # Errors
/// When there is no such time zone, or the country is not a code.
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
