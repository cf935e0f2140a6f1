//! Answers from unconfirmed facts: only the document's own words for the day in question, no
//! sentences of ours.

use std::collections::HashSet;

use jiff::Zoned;
use jiff::civil::Date;

use super::cited::Cited;
use super::wording::capitalise;
use super::{FactCase, FactReply};
use crate::agent::trace::FactBasis;
use crate::hours::ask::Topic;
use crate::hours::opening::{Basis, Hours};
use crate::hours::{Entry, Mention, Relation, What, weekday_name};
use crate::store::facts::FactState;

/// A document must state this many days of the week for its week to count: a timetable of courses has fewer.
const WHOLE_WEEK: usize = 5;
/// Most days to quote one by one.
const MOST_DAYS: usize = 4;

struct Proposed<'a> {
    hours: Hours,
    weekly: Vec<&'a Entry>,
    special: Vec<&'a Entry>,
    /// Whether one document states a whole week, and no other document has a say.
    week: bool,
}

pub(super) fn say(facts: &FactCase<'_>) -> Option<FactReply> {
    let label = facts.label();
    let (hours, weekly, special) = facts.book.hours(FactState::Proposed, label);
    if weekly.is_empty() && special.is_empty() {
        return None;
    }
    let week = label.is_some() || is_whole(&weekly);
    let proposed = Proposed {
        hours,
        weekly,
        special,
        week,
    };
    let mention = facts.find_meant();
    if mention.is_none() && (!facts.asked.mentions.is_empty()) {
        return None;
    }
    // If the owner confirmed a week, quote only exceptions to it.
    let (confirmed, _, _) = facts.book.hours(FactState::Confirmed, label);
    let week_is_ours = !confirmed.weekly.is_empty();
    if let Some(mention) = mention {
        if let Some(after) = facts.after(mention) {
            return proposed.again_after(facts, &after);
        }
        if mention.relation == Relation::Before {
            return None;
        }
        if let (Some(day), true) = (mention.weekday, mention.recurring && !week_is_ours) {
            return proposed.habit(facts, day, mention);
        }
        return proposed.days(facts, Some(mention), week_is_ours);
    }
    if facts.asked.week && !week_is_ours {
        return proposed.whole_week(facts);
    }
    proposed.days(facts, None, week_is_ours)
}

/// Whether one document states at least five days, and all rows come from it.
fn is_whole(weekly: &[&Entry]) -> bool {
    let documents: HashSet<_> = weekly.iter().map(|e| e.document()).collect();
    let days: HashSet<_> = weekly
        .iter()
        .filter_map(|e| match &e.data.what {
            What::Weekly(row) => Some(row.days.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    documents.len() == 1 && days.len() >= WHOLE_WEEK
}

impl<'a> Proposed<'a> {
    /// The facts that apply on a date, if that is clear.
    fn of(&self, facts: &FactCase<'_>, date: Date, only_special: bool) -> Option<Vec<&'a Entry>> {
        let covering: Vec<&Entry> = self
            .hours
            .special
            .iter()
            .zip(&self.special)
            .filter(|(s, _)| s.from <= date && date <= s.until)
            .map(|(_, e)| *e)
            .collect();
        if let Some(first) = covering.first() {
            // Two documents contradict each other: do not choose.
            let open = |e: &Entry| match &e.data.what {
                What::Special(s) => Some(s.open.clone()),
                _ => None,
            };
            if covering
                .iter()
                .any(|e| e.document() != first.document() && open(e) != open(first))
            {
                return None;
            }
            let mut out = covering.clone();
            let usual = matches!(&first.data.what, What::Special(s) if s.open.is_none());
            if usual && self.week {
                out.extend(self.rows(date));
            }
            return Some(out);
        }
        if only_special || !self.week || facts.book.doubt(date).is_some() {
            return None;
        }
        let rows = self.rows(date);
        (!rows.is_empty()).then_some(rows)
    }

    fn rows(&self, date: Date) -> Vec<&'a Entry> {
        let week = Hours {
            weekly: self.hours.weekly.clone(),
            special: Vec::new(),
        };
        match week.on(date).basis {
            Basis::Weekly(rows) => rows
                .iter()
                .filter_map(|at| self.weekly.get(*at).copied())
                .collect(),
            _ => Vec::new(),
        }
    }

    fn days(
        &self,
        facts: &FactCase<'_>,
        mention: Option<&Mention>,
        only_special: bool,
    ) -> Option<FactReply> {
        let days = facts.days(mention);
        if days.len() > MOST_DAYS {
            return None;
        }
        let only_closed = matches!(
            facts.asked.topic,
            Topic::Appointment | Topic::Visit { purpose: true }
        );
        let mut quote = Quote::default();
        for date in days {
            let mut entries = self.of(facts, date, only_special)?;
            // "On Friday" may mean any Friday: quote the usual row beside the exception.
            if mention.is_some_and(|m| m.vague) && self.week && !only_special {
                for row in self.rows(date) {
                    if !entries.iter().any(|e| e.fact.id == row.fact.id) {
                        entries.push(row);
                    }
                }
            }
            if only_closed && !self.is_closed(facts, date, mention) {
                return None;
            }
            quote.day(facts, date, &entries, is_chosen_by_month(&entries));
        }
        Some(quote.into_reply())
    }

    fn is_closed(&self, facts: &FactCase<'_>, date: Date, mention: Option<&Mention>) -> bool {
        let day = self.hours.on(date);
        let time = mention.filter(|m| m.time_is_sure).and_then(|m| m.time);
        let zone = facts.now.time_zone().clone();
        let usual = Hours {
            weekly: self.hours.weekly.clone(),
            special: Vec::new(),
        };
        let usually = mention.filter(|m| m.vague).is_some_and(|_| {
            time.is_some_and(|t| !usual.on(date).open.iter().any(|s| s.from <= t && t < s.to))
        });
        usually
            || day.open.is_empty()
            || time
                .and_then(|t| date.to_datetime(t).to_zoned(zone).ok())
                .is_some_and(|at| !self.hours.is_open(&at))
    }

    fn again_after(&self, facts: &FactCase<'_>, after: &Zoned) -> Option<FactReply> {
        let unsure = |date: Date| self.of(facts, date, false).is_none();
        let next = self.hours.next_open(after, &unsure)?;
        let entries = self.of(facts, next.date(), false)?;
        let mut quote = Quote::default();
        quote.day(facts, next.date(), &entries, false);
        Some(quote.into_reply())
    }

    fn habit(
        &self,
        facts: &FactCase<'_>,
        day: jiff::civil::Weekday,
        mention: &Mention,
    ) -> Option<FactReply> {
        if !self.week {
            return None;
        }
        let rows: Vec<&Entry> = self
            .weekly
            .iter()
            .copied()
            .filter(|e| matches!(&e.data.what, What::Weekly(row) if row.days.iter().any(|d| d.weekday() == day)))
            .collect();
        if rows.is_empty() || mention.date.is_none() {
            return None;
        }
        let mut quote = Quote::default();
        quote.lines(
            facts,
            &capitalise(weekday_name(day, facts.wording.language)),
            &rows,
        );
        Some(quote.into_reply())
    }

    fn whole_week(&self, facts: &FactCase<'_>) -> Option<FactReply> {
        if !self.week {
            return None;
        }
        let mut quote = Quote::default();
        let title = facts.wording.week().trim_end_matches([':', ' ', '\u{a0}']);
        quote.lines(facts, title, &self.weekly);
        Some(quote.into_reply())
    }
}

/// Quoted lines, each with its citation mark.
#[derive(Default)]
struct Quote {
    text: String,
    cited: Cited,
    dates: Vec<Date>,
}

impl Quote {
    fn day(&mut self, facts: &FactCase<'_>, date: Date, entries: &[&Entry], nth: bool) {
        let mut intro = capitalise(&facts.wording.full_date(date));
        if nth {
            intro.push_str(&format!(", {}", facts.wording.nth(date)));
        }
        self.dates.push(date);
        self.lines(facts, &intro, entries);
    }

    fn lines(&mut self, facts: &FactCase<'_>, intro: &str, entries: &[&Entry]) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text
            .push_str(&format!("{intro} – {}:", facts.wording.documents()));
        let mut seen = HashSet::new();
        for entry in entries {
            if seen.insert(&entry.fact.quote) {
                let mark = self.cited.mark(entry);
                self.text
                    .push_str(&format!(" “{}”{mark}", entry.fact.quote));
            }
        }
    }

    fn into_reply(self) -> FactReply {
        FactReply {
            text: self.text,
            cited: self.cited,
            basis: FactBasis::Quoted {
                quoted: self.dates,
                confirmed: false,
            },
        }
    }
}

/// Whether the quoted rows include one for certain weeks of the month ("first and third Saturday").
fn is_chosen_by_month(entries: &[&Entry]) -> bool {
    entries
        .iter()
        .any(|e| matches!(&e.data.what, What::Weekly(row) if !row.which.is_empty()))
}
