//! Opening hours: a week with its rules, seasons and exceptions, and what follows from them.
//!
//! Pure: time and time zone are arguments. Wall-clock times become instants by the rules of the zone, so
//! days of 23 or 25 hours need no special case.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span as Duration, Zoned};
use serde::{Deserialize, Serialize};

/// In JSON `mon` … `sun`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

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

/// Opening time of a day. `to` at or before `from` is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// `HH:MM`.
    #[serde(with = "hhmm")]
    pub from: Time,
    /// `HH:MM`.
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

/// Parses `HH:MM`; `24:00` is midnight.
pub fn clock(text: &str) -> Option<Time> {
    let text = text.trim();
    if text == "24:00" {
        return Some(Time::MIN);
    }
    Time::strptime("%H:%M", text).ok()
}

/// Hours of weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// Whose hours: "Pharmacy"; `None` for the business itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub days: Vec<Day>,
    /// Only the first (1), second … or last (-1) such weekday of a month; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub which: Vec<i8>,
    /// Empty: closed.
    pub open: Vec<Span>,
    /// Further conditions, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// First day of the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day of the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Hours of single dates that differ from the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Special {
    /// Whose hours; `None` for the business itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub from: Date,
    /// The last day, inclusive.
    pub until: Date,
    /// Empty: closed; `None`: as usual.
    pub open: Option<Vec<Span>>,
    /// Further conditions, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hours {
    pub weekly: Vec<Weekly>,
    pub special: Vec<Special>,
}

/// The statements behind the hours of a day, as indexes into the lists of [`Hours`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    Special(usize),
    Weekly(Vec<usize>),
    Unstated,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    pub date: Date,
    /// In order; empty: closed.
    pub open: Vec<Span>,
    /// Further conditions, in words.
    pub note: String,
    pub basis: Basis,
}

/// Days to search for the next opening.
const AHEAD: i32 = 400;

impl Weekly {
    fn holds(&self, date: Date) -> bool {
        self.days.contains(&Day::from(date.weekday())) && self.holds_in_season(date)
    }

    pub fn holds_in_season(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }

    /// Whether the date is one of the chosen weekdays of its month.
    fn is_chosen(&self, date: Date) -> bool {
        let nth = (date.day() - 1) / 7 + 1;
        let last = date.day() + 7 > date.days_in_month();
        self.which.is_empty() || self.which.contains(&nth) || (last && self.which.contains(&-1))
    }
}

impl Hours {
    pub fn on(&self, date: Date) -> DayHours {
        let usual = self.apply_week(date);
        // Of several exceptions, the one for the fewest days is the most specific.
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
            Some(open) => (sort_spans(open.clone()), special.note.clone()),
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

    fn apply_week(&self, date: Date) -> DayHours {
        let holding: Vec<(usize, &Weekly)> = self
            .weekly
            .iter()
            .enumerate()
            .filter(|(_, w)| w.holds(date))
            .collect();
        // Seasonal hours override those of the whole year.
        let seasonal = holding
            .iter()
            .any(|(_, w)| w.from.is_some() || w.until.is_some());
        let rows: Vec<(usize, &Weekly)> = holding
            .into_iter()
            .filter(|(_, w)| !seasonal || w.from.is_some() || w.until.is_some())
            .collect();
        let chosen: Vec<&(usize, &Weekly)> =
            rows.iter().filter(|(_, w)| w.is_chosen(date)).collect();
        // "First and third Saturday" overrides "Saturday".
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
            open: sort_spans(open),
            note: notes.join("; "),
            basis,
        }
    }

    /// When the business closes, if it is open at `at`.
    pub fn next_close(&self, at: &Zoned) -> Option<Zoned> {
        let today = at.date();
        let yesterday = plus(today, -1);
        // Hours past midnight belong to the day before.
        let mut end = None;
        for date in [yesterday, Some(today)].into_iter().flatten() {
            for span in self.on(date).open {
                let (from, to) = instants(date, span, at.time_zone())?;
                let open = from <= *at && *at < to;
                // Adjacent hours count as one.
                if open || end.as_ref().is_some_and(|e| *e == from) {
                    end = Some(to);
                }
            }
        }
        end
    }

    /// When the business is surely open between two times, in order: days about which nothing is stated are left out, and
    /// those on which the weekly hours may not apply (`doubt`).
    pub fn open_between(
        &self,
        from: &Zoned,
        until: &Zoned,
        doubt: &dyn Fn(Date) -> bool,
    ) -> Vec<(Zoned, Zoned)> {
        let mut found = Vec::new();
        // Hours past midnight belong to the day before.
        let mut next = plus(from.date(), -1);
        while let Some(date) = next.filter(|date| *date <= until.date()) {
            next = plus(date, 1);
            let day = self.on(date);
            match day.basis {
                Basis::Unstated => continue,
                Basis::Weekly(_) if doubt(date) => continue,
                _ => {}
            }
            let spans = day.open.into_iter();
            found.extend(spans.filter_map(|span| instants(date, span, from.time_zone())));
        }
        found.retain(|(begin, end)| begin < until && from < end);
        found
    }

    pub fn is_open(&self, at: &Zoned) -> bool {
        self.next_close(at).is_some()
    }

    /// When the business opens next after `after`. `None` if it does not within a year, or if a day comes
    /// first whose hours are uncertain: nothing is stated about it, or `doubt` says that the weekly hours
    /// may not apply (a public holiday).
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
                let (from, to) = instants(date, span, after.time_zone())?;
                // The clocks may leap over a whole span.
                if from > *after && from < to {
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
    let at = |date: Date, time: Time| when_shown(date.to_datetime(time), zone);
    Some((at(date, span.from)?, at(last, span.to)?))
}

/// When the clocks show a time; where they leap over it in spring, the moment of that leap.
fn when_shown(shown: DateTime, zone: &TimeZone) -> Option<Zoned> {
    let found = zone.to_ambiguous_zoned(shown);
    if !matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
        return found.compatible().ok();
    }
    // Read with the offset after the leap, it is before the leap.
    let before = found.earlier().ok()?.timestamp();
    let leap = zone.following(before).next()?.timestamp();
    Some(leap.to_zoned(zone.clone()))
}

fn sort_spans(mut open: Vec<Span>) -> Vec<Span> {
    open.sort_by_key(|s| s.from);
    open.dedup();
    open
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
