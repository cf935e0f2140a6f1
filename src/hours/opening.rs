//! Opening hours: a week with its rules, seasons and exceptions, and what follows from them.
//!
//! Pure: time and time zone are arguments. Wall-clock times become instants by the zone's rules, so
//! a day with 23 or 25 hours is no special case.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span as Duration, Zoned};
use serde::{Deserialize, Serialize};

/// A day of the week in JSON: `mon` … `sun`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// Monday to Sunday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// The day of the week of the calendar library.
    pub fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }

    /// As in JSON.
    pub fn code(self) -> &'static str {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .get(self as usize)
            .copied()
            .unwrap_or("")
    }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        usize::try_from(day.to_monday_zero_offset())
            .ok()
            .and_then(|at| Self::ALL.get(at).copied())
            .unwrap_or(Self::Mon)
    }
}

/// From when to when the doors are open; `to` at or before `from` is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Opens, `HH:MM`.
    #[serde(with = "hhmm")]
    pub from: Time,
    /// Closes, `HH:MM`.
    #[serde(with = "hhmm")]
    pub to: Time,
}

mod hhmm {
    //! Times as `HH:MM`.
    use jiff::civil::Time;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.strftime("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        super::clock(&text)
            .ok_or_else(|| D::Error::custom("a time is written as HH:MM, 00:00 to 23:59"))
    }
}

/// A clock time from `HH:MM`; `24:00` is midnight.
pub fn clock(text: &str) -> Option<Time> {
    let text = text.trim();
    if text == "24:00" {
        return Some(Time::MIN);
    }
    Time::strptime("%H:%M", text).ok()
}

/// Hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// Whose hours, where not the house's own: "Pharmacy".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Which days.
    pub days: Vec<Day>,
    /// Only the first (1), second … or last (-1) such day of a month; empty: each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub which: Vec<i8>,
    /// When the doors are open; empty: closed.
    pub open: Vec<Span>,
    /// What else holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// First day of the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day of the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Hours of some dates that differ from the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Special {
    /// Whose hours, where not the house's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// When the doors are open; empty: closed; absent: as usual.
    pub open: Option<Vec<Span>>,
    /// What else holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Opening hours. A statement is told by its place in the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hours {
    /// The week.
    pub weekly: Vec<Weekly>,
    /// What differs from it.
    pub special: Vec<Special>,
}

/// What a day's hours rest on: places in the lists of [`Hours`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// An exception.
    Special(usize),
    /// The week.
    Weekly(Vec<usize>),
    /// Nothing is said about the day.
    Unstated,
}

/// The hours of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// The date.
    pub date: Date,
    /// When the doors are open, in order; empty: closed.
    pub open: Vec<Span>,
    /// What else holds.
    pub note: String,
    /// What it rests on.
    pub basis: Basis,
}

/// Days that are looked ahead for the next opening.
const AHEAD: i32 = 400;

impl Weekly {
    fn holds(&self, date: Date) -> bool {
        self.days.contains(&Day::from(date.weekday())) && self.holds_in_season(date)
    }

    /// Whether a date lies in its season.
    pub fn holds_in_season(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }

    /// Whether it is this one of the days of its name in the month.
    fn is_chosen(&self, date: Date) -> bool {
        let nth = (date.day() - 1) / 7 + 1;
        let last = date.day() + 7 > date.days_in_month();
        self.which.is_empty() || self.which.contains(&nth) || (last && self.which.contains(&-1))
    }
}

impl Hours {
    /// The hours of a date.
    pub fn on(&self, date: Date) -> DayHours {
        let usual = self.usual(date);
        // Of several exceptions, the one for the fewest days means this day.
        let special = self
            .special
            .iter()
            .enumerate()
            .filter(|(_, s)| s.from <= date && date <= s.until)
            .min_by_key(|(_, s)| (s.until - s.from).get_days());
        let Some((at, special)) = special else {
            return usual;
        };
        let (open, note) = match &special.open {
            Some(open) => (sorted(open.clone()), special.note.clone()),
            None => (
                usual.open,
                [usual.note, special.note.clone()]
                    .into_iter()
                    .find(|n| !n.is_empty())
                    .unwrap_or_default(),
            ),
        };
        DayHours {
            date,
            open,
            note,
            basis: Basis::Special(at),
        }
    }

    fn usual(&self, date: Date) -> DayHours {
        let holding: Vec<(usize, &Weekly)> = self
            .weekly
            .iter()
            .enumerate()
            .filter(|(_, w)| w.holds(date))
            .collect();
        // A season stands above what holds all year.
        let seasonal = holding
            .iter()
            .any(|(_, w)| w.from.is_some() || w.until.is_some());
        let rows: Vec<(usize, &Weekly)> = holding
            .into_iter()
            .filter(|(_, w)| !seasonal || w.from.is_some() || w.until.is_some())
            .collect();
        let chosen: Vec<&(usize, &Weekly)> =
            rows.iter().filter(|(_, w)| w.is_chosen(date)).collect();
        // "First and third Saturday" stands above "Saturday".
        let ruled = chosen.iter().any(|(_, w)| !w.which.is_empty());
        let chosen: Vec<&&(usize, &Weekly)> = chosen
            .iter()
            .filter(|(_, w)| !ruled || !w.which.is_empty())
            .collect();
        let open = chosen.iter().flat_map(|(_, w)| w.open.clone()).collect();
        let mut notes: Vec<&str> = Vec::new();
        let told: Vec<&(usize, &Weekly)> = if chosen.is_empty() {
            rows.iter().collect()
        } else {
            chosen.into_iter().copied().collect()
        };
        for (_, row) in &told {
            if !row.note.is_empty() && !notes.contains(&row.note.as_str()) {
                notes.push(&row.note);
            }
        }
        let basis = if told.is_empty() {
            Basis::Unstated
        } else {
            Basis::Weekly(told.iter().map(|(at, _)| *at).collect())
        };
        DayHours {
            date,
            open: sorted(open),
            note: notes.join("; "),
            basis,
        }
    }

    /// Until when the doors are open, if they are at `at`.
    pub fn next_close(&self, at: &Zoned) -> Option<Zoned> {
        let today = at.date();
        let yesterday = plus(today, -1);
        // Hours past midnight belong to the day before.
        let mut end = None;
        for date in [yesterday, Some(today)].into_iter().flatten() {
            for span in self.on(date).open {
                let (from, to) = instants(date, span, at.time_zone())?;
                let open = from <= *at && *at < to;
                // Hours that follow each other without a gap are one.
                if open || end.as_ref().is_some_and(|e| *e == from) {
                    end = Some(to);
                }
            }
        }
        end
    }

    /// Whether the doors are open at `at`.
    pub fn is_open(&self, at: &Zoned) -> bool {
        self.next_close(at).is_some()
    }

    /// When the doors open next after `after`. `None` when they do not within a year, or when a day
    /// comes first of which nothing is known for sure: nothing is said about it, or `doubt` says
    /// that its weekday tells nothing (a public holiday).
    pub fn next_open(&self, after: &Zoned, doubt: &dyn Fn(Date) -> bool) -> Option<Zoned> {
        for ahead in 0..AHEAD {
            let date = plus(after.date(), ahead)?;
            let day = self.on(date);
            match day.basis {
                Basis::Unstated => return None,
                Basis::Weekly(_) if doubt(date) => return None,
                _ => {}
            }
            for span in day.open {
                let (from, _) = instants(date, span, after.time_zone())?;
                if from > *after {
                    return Some(from);
                }
            }
        }
        None
    }
}

fn plus(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Duration::new().days(days)).ok()
}

fn instants(date: Date, span: Span, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
    let last = if span.to <= span.from {
        plus(date, 1)?
    } else {
        date
    };
    let at = |date: Date, time: Time| date.to_datetime(time).to_zoned(zone.clone()).ok();
    Some((at(date, span.from)?, at(last, span.to)?))
}

fn sorted(mut open: Vec<Span>) -> Vec<Span> {
    open.sort_by_key(|s| s.from);
    open.dedup();
    open
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
