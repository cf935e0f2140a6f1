//! Answers computed from confirmed facts only.

use jiff::Zoned;
use jiff::civil::{Date, Weekday};

use super::cited::Cited;
use super::wording::capitalise;
use super::{FactCase, FactReply, MOST_DAYS};
use crate::agent::trace::{DayTrace, FactBasis};
use crate::hours::ask::Topic;
use crate::hours::opening::{Basis, DayHours, Hours, Weekly};
use crate::hours::{Entry, Mention, Relation};
use crate::store::facts::{FactState, HolidayRule};

/// Confirmed hours, with the facts behind each row.
struct Confirmed<'a> {
    hours: Hours,
    weekly: Vec<&'a Entry>,
    special: Vec<&'a Entry>,
    /// Exceptions found in documents but not confirmed: on their days we do not rely on the week.
    proposed: Hours,
}

pub(super) fn say(facts: &FactCase<'_>) -> Option<FactReply> {
    let label = facts.label();
    let (hours, weekly, special) = facts.book.hours(FactState::Confirmed, label);
    if hours.weekly.is_empty() && hours.special.is_empty() {
        // Of the unconfirmed hours only the exceptions matter here: they cast doubt on their days.
        return None;
    }
    let (mut proposed, _, _) = facts.book.hours(FactState::Proposed, label);
    proposed.weekly.clear();
    let confirmed = Confirmed {
        hours,
        weekly,
        special,
        proposed,
    };
    let mention = facts.find_meant();
    if mention.is_none() && !facts.asked.mentions.is_empty() {
        return None;
    }
    let Some(mention) = mention else {
        return if facts.asked.week {
            confirmed.week(facts)
        } else {
            confirmed.now(facts)
        };
    };
    if let Some(after) = facts.after(mention) {
        return confirmed.again_after(facts, &after);
    }
    if mention.relation == Relation::Before {
        return None;
    }
    if mention.is_now {
        return confirmed.now(facts);
    }
    if let (Some(day), true) = (mention.weekday, mention.recurring) {
        let mut cited = Cited::default();
        let (text, rows) = confirmed.habit(facts, day, mention, &mut cited)?;
        return Some(FactReply {
            text,
            cited,
            basis: FactBasis::Habit { rows },
        });
    }
    confirmed.days(facts, mention)
}

impl<'a> Confirmed<'a> {
    /// The hours of a date, if they are certain.
    fn on(&self, facts: &FactCase<'_>, date: Date) -> Option<DayHours> {
        let mut day = self.hours.on(date);
        match &day.basis {
            Basis::Special(_) => return Some(day),
            Basis::Unstated => return None,
            Basis::Weekly(_) => {}
        }
        if self
            .proposed
            .special
            .iter()
            .any(|s| s.from <= date && date <= s.until)
        {
            return None;
        }
        if let Some(holiday) = facts.book.doubt(date) {
            if facts.book.settings.holidays != HolidayRule::Closed {
                return None;
            }
            day.open.clear();
            day.note = holiday.to_owned();
        }
        Some(day)
    }

    fn entries(&self, basis: &Basis) -> Vec<&'a Entry> {
        match basis {
            Basis::Special(at) => self.special.get(*at).copied().into_iter().collect(),
            Basis::Weekly(rows) => rows
                .iter()
                .filter_map(|at| self.weekly.get(*at).copied())
                .collect(),
            Basis::Unstated => Vec::new(),
        }
    }

    /// The next certain opening.
    fn next_open(&self, facts: &FactCase<'_>, after: &Zoned) -> Option<Zoned> {
        let unsure = |date: Date| {
            self.on(facts, date)
                .is_none_or(|d| d.open.is_empty() && facts.book.doubt(date).is_some())
        };
        self.hours.next_open(after, &unsure)
    }

    fn days(&self, facts: &FactCase<'_>, mention: &Mention) -> Option<FactReply> {
        let days = facts.days(Some(mention));
        if days.len() > MOST_DAYS {
            return None;
        }
        let told: Vec<DayHours> = days
            .iter()
            .map(|d| self.on(facts, *d))
            .collect::<Option<_>>()?;
        // Hours do not promise an appointment or an errand; they can only say that nobody is there.
        let closed_then = |day: &DayHours| {
            day.open.is_empty()
                || (mention.time_is_sure
                    && mention
                        .time
                        .is_some_and(|t| !self.is_open(facts, day.date, t)))
        };
        let only_closed = matches!(
            facts.asked.topic,
            Topic::Appointment | Topic::Visit { purpose: true }
        );
        let usually_closed = mention.vague && self.is_usually_closed(mention);
        if only_closed && !told.iter().all(closed_then) && !usually_closed {
            return None;
        }
        let mut cited = Cited::default();
        let mut text = String::new();
        let w = facts.wording;
        let today = facts.now.date();
        for day in &told {
            let mut sentence = w.day(day.date, day.date == today, &day.open);
            if !day.note.is_empty() {
                sentence.push_str(&format!(" ({})", day.note));
            }
            if let Some(time) = mention
                .time
                .filter(|t| !day.open.is_empty() && (mention.time_is_sure || t.hour() >= 7))
            {
                sentence.push_str(&w.at(time, self.is_open(facts, day.date, time)));
            }
            push(
                &mut text,
                &sentence,
                &cited.marks(&self.entries(&day.basis)),
            );
        }
        // A closed day is no help by itself: say when the doors open next.
        if let [day] = told.as_slice()
            && day.open.is_empty()
            && let Some(end) = day
                .date
                .tomorrow()
                .ok()
                .and_then(|d| d.to_zoned(facts.now.time_zone().clone()).ok())
        {
            let from = end.checked_sub(jiff::Span::new().nanoseconds(1)).ok()?;
            self.push_again(facts, &from, &mut text, &mut cited);
        }
        // "On Friday" may mean any Friday: if this one is an exception, add the usual hours.
        if let ([day], Some(weekday), true) = (told.as_slice(), mention.weekday, mention.vague)
            && matches!(day.basis, Basis::Special(_))
            && let Some(usual) = self.habit(facts, weekday, mention, &mut cited)
        {
            text.push(' ');
            text.push_str(w.usually());
            text.push_str(&usual.0);
        }
        Some(FactReply {
            text,
            cited,
            basis: basis_of(&told),
        })
    }

    fn is_open(&self, facts: &FactCase<'_>, date: Date, time: jiff::civil::Time) -> bool {
        date.to_datetime(time)
            .to_zoned(facts.now.time_zone().clone())
            .is_ok_and(|at| self.hours.is_open(&at))
    }

    /// Whether the business is usually closed at the time in the question.
    fn is_usually_closed(&self, mention: &Mention) -> bool {
        let (Some(day), Some(time), true) = (mention.weekday, mention.time, mention.time_is_sure)
        else {
            return false;
        };
        let mut rows = self
            .hours
            .weekly
            .iter()
            .filter(|r| r.days.iter().any(|d| d.weekday() == day));
        rows.all(|r| !r.open.iter().any(|s| s.from <= time && time < s.to))
    }

    fn push_again(
        &self,
        facts: &FactCase<'_>,
        after: &Zoned,
        text: &mut String,
        cited: &mut Cited,
    ) {
        let Some(next) = self.next_open(facts, after) else {
            return;
        };
        let basis = self.hours.on(next.date()).basis;
        let sentence = facts.wording.again(next.date(), next.time());
        push(text, &sentence, &cited.marks(&self.entries(&basis)));
    }

    fn again_after(&self, facts: &FactCase<'_>, after: &Zoned) -> Option<FactReply> {
        let next = self.next_open(facts, after)?;
        let day = self.on(facts, next.date())?;
        let mut cited = Cited::default();
        let mut text = String::new();
        self.push_again(facts, after, &mut text, &mut cited);
        Some(FactReply {
            text,
            cited,
            basis: basis_of(&[day]),
        })
    }

    fn now(&self, facts: &FactCase<'_>) -> Option<FactReply> {
        let today = self.on(facts, facts.now.date())?;
        let close = self
            .hours
            .next_close(facts.now)
            .filter(|_| !today.open.is_empty() || facts.now.hour() < 6);
        let mut cited = Cited::default();
        let mut text = String::new();
        let mut sentence = facts.wording.now(
            facts.now.date(),
            facts.now.time(),
            close.as_ref().map(Zoned::time),
        );
        if !today.note.is_empty() {
            sentence.push_str(&format!(" ({})", today.note));
        }
        push(
            &mut text,
            &sentence,
            &cited.marks(&self.entries(&today.basis)),
        );
        if close.is_none() {
            self.push_again(facts, facts.now, &mut text, &mut cited);
        }
        Some(FactReply {
            text,
            cited,
            basis: basis_of(&[today]),
        })
    }

    /// The usual hours of a day of the week, and the rows behind them.
    fn habit(
        &self,
        facts: &FactCase<'_>,
        day: Weekday,
        mention: &Mention,
        cited: &mut Cited,
    ) -> Option<(String, Vec<Weekly>)> {
        let today = facts.now.date();
        let rows: Vec<(usize, &Weekly)> = self
            .hours
            .weekly
            .iter()
            .enumerate()
            .filter(|(_, r)| r.days.iter().any(|d| d.weekday() == day))
            .filter(|(_, r)| r.holds_in_season(today))
            .collect();
        if rows.is_empty() {
            return None;
        }
        let mut text = String::new();
        for (at, row) in &rows {
            let mut sentence = facts.wording.habit(row, day);
            if !row.note.is_empty() && row.which.is_empty() {
                sentence.push_str(&format!(" ({})", row.note));
            }
            if let Some(time) = mention.time.filter(|_| !row.open.is_empty()) {
                let open = row
                    .open
                    .iter()
                    .any(|s| s.from <= time && (time < s.to || s.to <= s.from));
                sentence.push_str(&facts.wording.at(time, open));
            }
            let marks = cited.marks(&self.entries(&Basis::Weekly(vec![*at])));
            push(&mut text, &sentence, &marks);
        }
        let rows = rows.into_iter().map(|(_, row)| row.clone()).collect();
        Some((text, rows))
    }

    fn week(&self, facts: &FactCase<'_>) -> Option<FactReply> {
        let today = facts.now.date();
        let w = facts.wording;
        let mut cited = Cited::default();
        let mut parts = Vec::new();
        for day in crate::hours::opening::Day::ALL {
            for (at, row) in self.hours.weekly.iter().enumerate() {
                let holds = row.days.contains(&day) && row.holds_in_season(today);
                if !holds {
                    continue;
                }
                let name = capitalise(crate::hours::weekday_name(day.weekday(), w.language));
                let hours = if row.open.is_empty() {
                    w.closed().to_owned()
                } else {
                    w.spans(&row.open)
                };
                let mark = cited.marks(&self.entries(&Basis::Weekly(vec![at])));
                parts.push(format!("{name}{} {hours}{mark}", w.which(&row.which)));
            }
        }
        if parts.is_empty() {
            return None;
        }
        let text = format!("{}{}.", w.week(), parts.join("; "));
        Some(FactReply {
            text,
            cited,
            basis: FactBasis::Week {
                week: self.hours.weekly.clone(),
            },
        })
    }
}

fn push(text: &mut String, sentence: &str, marks: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
    text.push('.');
    text.push_str(marks);
}

fn basis_of(days: &[DayHours]) -> FactBasis {
    let days = days.iter().map(|day| DayTrace {
        date: day.date,
        open: day.open.clone(),
        basis: match &day.basis {
            Basis::Special(_) => "exception",
            Basis::Weekly(_) => "week",
            Basis::Unstated => "unstated",
        },
    });
    FactBasis::Days {
        computed: days.collect(),
    }
}
