//! What a step knows of the world outside of the conversation.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use crate::hours::Book;
use crate::hours::opening::Basis;
use crate::language::Language;

/// Days ahead whose hours are known, at most.
const AHEAD: i64 = 180;

#[derive(Debug, Clone)]
pub struct World {
    /// By the business's clock.
    pub now: DateTime,
    /// The visitor's.
    pub language: Language,
    /// When the business is open, from and until; a day that is missing is not known.
    pub open: BTreeMap<Date, Vec<(Time, Time)>>,
    /// ISO 3166 code of the country that telephone numbers are of.
    pub country: Option<String>,
    /// What visitors must agree to before contact details are kept.
    pub consent: Option<String>,
}

impl World {
    /// The hours that confirmed facts state.
    pub fn hours_of(
        book: &Book,
        hours: &crate::hours::opening::Hours,
        today: Date,
    ) -> BTreeMap<Date, Vec<(Time, Time)>> {
        let mut open = BTreeMap::new();
        for ahead in 0..AHEAD {
            let Ok(date) = today.checked_add(ahead.days()) else {
                break;
            };
            let day = hours.on(date);
            let is_known = match day.basis {
                Basis::Unstated => false,
                Basis::Weekly(_) => book.doubt(date).is_none(),
                Basis::Special(_) => true,
            };
            if is_known {
                let spans = day.open.iter().map(|span| (span.from, span.to));
                open.insert(date, spans.collect());
            }
        }
        open
    }

    /// The hours of a day; `None` if nobody knows them.
    pub(super) fn on(&self, date: Date) -> Option<&[(Time, Time)]> {
        self.open.get(&date).map(Vec::as_slice)
    }

    /// The first day from one on when the business is open.
    pub(super) fn next_open(&self, from: Date) -> Option<Date> {
        let mut days = self.open.range(from..);
        days.find(|(_, spans)| !spans.is_empty())
            .map(|(date, _)| *date)
    }
}
