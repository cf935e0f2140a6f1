//! All facts of a workspace together: which are superseded, and the opening hours that follow from them.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::data::{Data, What};
use super::opening::Hours;
use crate::store::facts::{self, Fact, FactState, HolidayRule, Settings};
use crate::store::{Connection, DocumentId, Scoped, StoreError, WorkspaceId};

#[derive(Debug, Clone)]
pub struct Entry {
    pub fact: Scoped<Fact>,
    pub data: Data,
    /// A newer document contradicts it.
    pub superseded: bool,
}

/// All facts of a workspace, those of the newest document first.
#[derive(Debug, Clone)]
pub struct Book {
    pub entries: Vec<Entry>,
    pub settings: Settings,
}

/// The time zone of the settings, or else the machine's.
pub fn time_zone(settings: &Settings) -> TimeZone {
    settings
        .time_zone
        .as_deref()
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or_else(TimeZone::system)
}

/// Prefixes of time zone names, for the countries whose holidays are known.
const ZONES: &[(&str, &str)] = &[
    ("Europe/Berlin", "DE"),
    ("Europe/Busingen", "DE"),
    ("Europe/Madrid", "ES"),
    ("Africa/Ceuta", "ES"),
    ("Atlantic/Canary", "ES"),
    ("Europe/Paris", "FR"),
    ("Europe/Rome", "IT"),
    ("Europe/London", "GB"),
    ("Europe/Vienna", "AT"),
    ("Europe/Zurich", "CH"),
    ("US/", "US"),
    ("America/New_York", "US"),
    ("America/Detroit", "US"),
    ("America/Chicago", "US"),
    ("America/Denver", "US"),
    ("America/Phoenix", "US"),
    ("America/Los_Angeles", "US"),
    ("America/Anchorage", "US"),
    ("America/Boise", "US"),
    ("America/Indiana/", "US"),
    ("America/Kentucky/", "US"),
    ("America/North_Dakota/", "US"),
    ("Pacific/Honolulu", "US"),
];

/// The country of the settings, or else that of the time zone.
pub fn country(settings: &Settings) -> Option<String> {
    settings.country.clone().or_else(|| {
        let zone = time_zone(settings);
        let name = zone.iana_name()?;
        ZONES
            .iter()
            .find(|(start, _)| name.starts_with(start))
            .map(|(_, country)| (*country).to_owned())
    })
}

impl Book {
    pub fn open(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        let mut entries: Vec<Entry> = facts::list(conn, workspace)?
            .into_iter()
            .filter_map(|fact| {
                let data = Data::read(&fact.data)?;
                Some(Entry {
                    fact,
                    data,
                    superseded: false,
                })
            })
            .collect();
        mark_superseded(&mut entries);
        entries.sort_by_key(|e| (std::cmp::Reverse(date_of(e)), e.fact.id));
        Ok(Self {
            entries,
            settings: facts::settings(conn, workspace)?,
        })
    }

    pub fn zone(&self) -> TimeZone {
        time_zone(&self.settings)
    }

    /// The hours that the facts in this state make, and the facts behind them in the same order: the weekly
    /// ones, then the exceptions. `label` is `None` for the business itself. Superseded proposals are left
    /// out.
    pub fn hours(
        &self,
        state: FactState,
        label: Option<&str>,
    ) -> (Hours, Vec<&Entry>, Vec<&Entry>) {
        let mut hours = Hours::default();
        let (mut weekly, mut special) = (Vec::new(), Vec::new());
        for entry in self.entries.iter().filter(|e| e.fact.state == state) {
            if state == FactState::Proposed && entry.superseded {
                continue;
            }
            match &entry.data.what {
                What::Weekly(row) if row.label.as_deref() == label => {
                    hours.weekly.push(row.clone());
                    weekly.push(entry);
                }
                What::Special(row) if row.label.as_deref() == label => {
                    hours.special.push(row.clone());
                    special.push(entry);
                }
                _ => {}
            }
        }
        (hours, weekly, special)
    }

    /// The public holiday on which the weekly hours may not apply; `None` if the owner said that they do.
    pub fn doubt(&self, date: Date) -> Option<&'static str> {
        match self.settings.holidays {
            HolidayRule::Usual => None,
            _ => super::special(date, country(&self.settings).as_deref()),
        }
    }
}

fn date_of(entry: &Entry) -> Option<Date> {
    entry.data.place.as_ref().and_then(|p| p.dated)
}

/// Marks entries whose days have other hours in a newer document.
fn mark_superseded(entries: &mut [Entry]) {
    let overruled: Vec<bool> = entries
        .iter()
        .map(|old| {
            entries.iter().any(|new| {
                let other = new.fact.document != old.fact.document
                    && new.fact.document.is_some()
                    && old.fact.document.is_some();
                other
                    && new.fact.state != FactState::Dismissed
                    && is_newer(new, old)
                    && share_days(&new.data.what, &old.data.what)
            })
        })
        .collect();
    for (entry, overruled) in entries.iter_mut().zip(overruled) {
        entry.superseded = overruled;
    }
}

/// A dated document is newer than one with an earlier date or none.
fn is_newer(new: &Entry, old: &Entry) -> bool {
    match (date_of(new), date_of(old)) {
        (Some(new), Some(old)) => new > old,
        (Some(_), None) => true,
        _ => false,
    }
}

fn share_days(new: &What, old: &What) -> bool {
    match (new, old) {
        (What::Weekly(new), What::Weekly(old)) => {
            new.label == old.label
                && new.from == old.from
                && new.until == old.until
                && new.days.iter().any(|d| old.days.contains(d))
        }
        (What::Special(new), What::Special(old)) => {
            new.label == old.label && new.from <= old.until && old.from <= new.until
        }
        _ => false,
    }
}

impl Entry {
    pub fn document(&self) -> Option<DocumentId> {
        self.fact.document
    }
}
