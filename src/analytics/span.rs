//! Spans of days on the calendar of the business, and how they are parted for a chart.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span as Length, ToSpan};

use crate::store::UnixMs;

/// Days without a choice: four whole weeks, so that weekdays weigh the same as in the weeks before.
const USUAL_DAYS: i32 = 28;
/// Ten years.
pub const MOST_DAYS: i32 = 3_660;
/// Up to so many days a chart has a bar for each; up to so many, one for each week.
const BY_DAY: i32 = 62;
const BY_WEEK: i32 = 370;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    #[error("`{text}` is no day; write it as in 2026-12-31")]
    Day { field: &'static str, text: String },
    #[error("the last day is before the first one")]
    Backwards,
    #[error("at most {MOST_DAYS} days can be counted at once; choose fewer")]
    Long,
}

impl SpanError {
    /// The field that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Day { field, .. } => field,
            Self::Backwards | Self::Long => "until",
        }
    }
}

/// Whole days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub from: Date,
    pub until: Date,
}

impl Days {
    /// Reads two days; an empty `until` is today, an empty `from` four weeks up to `until`.
    pub fn parse(from: &str, until: &str, today: Date) -> Result<Self, SpanError> {
        let day = |field, text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse::<Date>().map(Some).map_err(|_| SpanError::Day {
                field,
                text: text.to_owned(),
            }),
        };
        let until = day("until", until)?.unwrap_or(today);
        let from = match day("from", from)? {
            Some(from) => from,
            None => step(until, 1 - USUAL_DAYS),
        };
        let days = Self { from, until };
        match days.count() {
            ..1 => Err(SpanError::Backwards),
            count if count > MOST_DAYS => Err(SpanError::Long),
            _ => Ok(days),
        }
    }

    /// How many days.
    pub fn count(&self) -> i32 {
        let between = self.from.until(self.until).unwrap_or_default();
        between.get_days() + 1
    }

    /// As many days just before.
    pub fn before(&self) -> Self {
        Self {
            from: step(self.from, -self.count()),
            until: step(self.from, -1),
        }
    }

    /// From the first moment of the first day to the first one after the last day. A day may have 23 or 25 hours.
    pub fn bounds(&self, zone: &TimeZone) -> (UnixMs, UnixMs) {
        (begin(self.from, zone), begin(step(self.until, 1), zone))
    }

    /// The days in parts of a day, a week from Monday on, or a month; the first and the last part may be shorter.
    pub fn parts(&self) -> Vec<Self> {
        let count = self.count();
        let mut parts = Vec::new();
        let mut from = self.from;
        while from <= self.until {
            let end = if count <= BY_DAY {
                from
            } else if count <= BY_WEEK {
                step(from, 6 - i32::from(from.weekday().to_monday_zero_offset()))
            } else {
                from.last_of_month()
            };
            let until = end.min(self.until);
            parts.push(Self { from, until });
            let next = step(until, 1);
            if next <= until {
                break;
            }
            from = next;
        }
        parts
    }
}

/// Another day; at the ends of the calendar the same one.
fn step(date: Date, days: i32) -> Date {
    date.checked_add(Length::new().days(days)).unwrap_or(date)
}

/// The first moment of a day. Where clocks skip midnight, it is the first that there is.
fn begin(date: Date, zone: &TimeZone) -> UnixMs {
    date.to_zoned(zone.clone())
        .and_then(|zoned| zoned.start_of_day())
        .map(|zoned| zoned.timestamp().as_millisecond())
        .unwrap_or(UnixMs::MAX)
}

/// The Monday of a day's week.
pub(crate) fn monday_of(date: Date) -> Date {
    step(date, -i32::from(date.weekday().to_monday_zero_offset()))
}

/// The seven days before a day.
pub(crate) fn week_before(date: Date) -> Days {
    Days {
        from: date.checked_sub(7.days()).unwrap_or(date),
        until: step(date, -1),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn days(from: Date, until: Date) -> Days {
        Days { from, until }
    }

    #[test]
    fn days_are_read_and_nonsense_is_refused() {
        let today = date(2026, 12, 2);
        let usual = Days::parse("", " ", today).unwrap();
        assert_eq!(usual, days(date(2026, 11, 5), today));
        assert_eq!(usual.count(), 28);
        let one = Days::parse("2026-03-01", "2026-03-01", today).unwrap();
        assert_eq!(one.count(), 1);
        let refused = |from: &str, until: &str| Days::parse(from, until, today).unwrap_err();
        assert_eq!(refused("2026-02-30", "").field(), "from");
        assert_eq!(refused("", "soon").field(), "until");
        assert_eq!(refused("2026-03-02", "2026-03-01"), SpanError::Backwards);
        assert_eq!(refused("1900-01-01", ""), SpanError::Long);
    }

    #[test]
    fn the_days_before_are_as_many_and_end_where_these_begin() {
        let of = days(date(2026, 3, 1), date(2026, 3, 31));
        assert_eq!(of.before(), days(date(2026, 1, 29), date(2026, 2, 28)));
        assert_eq!(of.before().count(), of.count());
    }

    #[test]
    fn a_day_has_the_hours_that_the_clocks_give_it() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let hours = |day: Date| {
            let (from, until) = days(day, day).bounds(&berlin);
            (until - from) / HOUR
        };
        assert_eq!(hours(date(2026, 3, 28)), 24);
        assert_eq!(hours(date(2026, 3, 29)), 23);
        assert_eq!(hours(date(2026, 10, 25)), 25);
        // On that day clocks in Beirut went from 23:59:59 to 01:00 (tz database, 2022).
        let beirut = TimeZone::get("Asia/Beirut").unwrap();
        let (from, until) = days(date(2022, 3, 27), date(2022, 3, 27)).bounds(&beirut);
        assert_eq!((until - from) / HOUR, 23);
        let before = days(date(2022, 3, 26), date(2022, 3, 26)).bounds(&beirut);
        assert_eq!(before.1, from);
    }

    #[test]
    fn parts_cover_the_days_once() {
        for (until, first, count) in [
            (date(2026, 1, 31), date(2026, 1, 1), 31),
            // A Thursday to a Thursday: 4 + 7 + … days.
            (date(2026, 6, 30), date(2026, 1, 4), 27),
            (date(2027, 12, 31), date(2026, 1, 31), 24),
        ] {
            let of = days(date(2026, 1, 1), until);
            let parts = of.parts();
            assert_eq!((parts[0].until, parts.len()), (first, count), "{until}");
            assert_eq!(parts.iter().map(Days::count).sum::<i32>(), of.count());
            assert_eq!(parts.last().unwrap().until, until);
        }
        let one = days(date(2026, 1, 1), date(2026, 1, 1));
        assert_eq!(one.parts(), [one]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        for day in 21..=27 {
            assert_eq!(monday_of(date(2026, 9, day)), date(2026, 9, 21));
        }
        let week = week_before(date(2026, 9, 21));
        assert_eq!(week, days(date(2026, 9, 14), date(2026, 9, 20)));
    }
}
