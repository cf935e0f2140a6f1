//! Finds the times that a question mentions: "tmrw", "Saturday the 21st", "nach 18 Uhr", "the day before
//! Thanksgiving".

mod calendar;
mod clock;
mod days;
mod lists;

use std::ops::Range;

use jiff::Zoned;
use jiff::civil::{Date, Time, Weekday};

use super::words::{self, Token};
pub(super) use lists::LISTS;

/// How a clock time is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bound {
    /// At about that time.
    #[default]
    At,
    /// From that time on.
    From,
    /// Before or until that time.
    Until,
}

/// How a day is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Relation {
    #[default]
    On,
    /// Some time after that day.
    After,
    /// Some time before that day.
    Before,
}

/// A time that a question mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The next such day from now; `None` for a clock time alone, and for what is not a single day ("in
    /// August").
    pub date: Option<Date>,
    /// The last day of several ("this weekend").
    pub until: Option<Date>,
    /// Set if the question names one.
    pub weekday: Option<Weekday>,
    /// Meant as a habit: "on Saturdays", "dienstags", "every Monday".
    pub recurring: bool,
    /// Only a weekday: the next one, or any.
    pub vague: bool,
    pub relation: Relation,
    /// The clock time that belongs to it.
    pub time: Option<Time>,
    pub bound: Bound,
    /// It is clear whether morning or evening is meant.
    pub time_is_sure: bool,
    /// This very moment: "now", "jetzt".
    pub is_now: bool,
    /// The holiday named, in English.
    pub holiday: Option<&'static str>,
    /// A month without a day: "in August".
    pub month: Option<i8>,
    /// Byte range of the day in the question, or of the clock time if there is no day.
    pub range: Range<usize>,
    /// Byte range of the clock time in the question.
    pub time_range: Option<Range<usize>>,
}

impl Mention {
    fn day(date: Option<Date>, range: Range<usize>) -> Self {
        Self {
            date,
            until: None,
            weekday: None,
            recurring: false,
            vague: false,
            relation: Relation::On,
            time: None,
            bound: Bound::At,
            time_is_sure: false,
            is_now: false,
            holiday: None,
            month: None,
            range,
            time_range: None,
        }
    }
}

/// A parsed piece and how many tokens it spans.
struct Taken<T> {
    what: T,
    tokens: Range<usize>,
}

/// The times that `question` mentions, in its order. `language` is the visitor's (ISO 639-1); full names of
/// days and months count in any language. A clock time belongs to the nearest day.
pub fn mentions(question: &str, language: &str, now: &Zoned) -> Vec<Mention> {
    // Only the first page of a very long question is read.
    let cut = question
        .char_indices()
        .nth(4000)
        .map_or(question.len(), |(at, _)| at);
    let question = question.get(..cut).unwrap_or(question);
    let tokens = words::tokens(question);
    let mut found: Vec<Taken<Mention>> = Vec::new();
    let mut clocks: Vec<Taken<clock::Clock>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let day = days::at(&tokens, at, language, now);
        if let Some(taken) = day {
            at = taken.tokens.end;
            found.push(taken);
            continue;
        }
        if let Some(taken) = clock::at(&tokens, at, language) {
            at = taken.tokens.end;
            clocks.push(taken);
            continue;
        }
        at += 1;
    }
    join_ranges(&tokens, &mut found);
    let mut out: Vec<Mention> = found.iter().map(|t| t.what.clone()).collect();
    for clock in clocks {
        let range = bytes(&tokens, &clock.tokens);
        let nearest = (0..out.len())
            .filter(|&i| out.get(i).is_some_and(|m| m.time.is_none() && !m.is_now))
            .min_by_key(|&i| {
                found.get(i).map_or(usize::MAX, |t| {
                    let before = clock.tokens.start.saturating_sub(t.tokens.end);
                    let after = t.tokens.start.saturating_sub(clock.tokens.end);
                    before + after
                })
            });
        let target = match nearest.and_then(|i| out.get_mut(i)) {
            Some(day) => day,
            None => {
                out.push(Mention::day(None, range.clone()));
                let Some(alone) = out.last_mut() else {
                    continue;
                };
                alone
            }
        };
        target.time = Some(clock.what.time);
        target.bound = clock.what.bound;
        target.time_is_sure = clock.what.sure;
        target.time_range = Some(range);
    }
    out.sort_by_key(|m| m.range.start);
    out
}

/// The day at a token, and the token after it.
pub(super) fn day_at(
    tokens: &[Token],
    at: usize,
    language: &str,
    now: &Zoned,
) -> Option<(Mention, usize)> {
    days::at(tokens, at, language, now).map(|t| (t.what, t.tokens.end))
}

/// The byte range of some tokens.
fn bytes(tokens: &[Token], range: &Range<usize>) -> Range<usize> {
    let start = tokens.get(range.start).map_or(0, |t| t.range.start);
    let last = range.end.saturating_sub(1).max(range.start);
    start..tokens.get(last).map_or(start, |t| t.range.end)
}

/// Joins two days into one mention: "from Monday to Friday", "between Christmas and New Year".
fn join_ranges(tokens: &[Token], found: &mut Vec<Taken<Mention>>) {
    let mut i = 0;
    while i + 1 < found.len() {
        let (Some(first), Some(second)) = (found.get(i), found.get(i + 1)) else {
            break;
        };
        let between = first.tokens.end..second.tokens.start;
        let word = |phrases: &[String]| {
            words::any_at(tokens, between.start, phrases) == Some(between.len())
        };
        let dash = between.len() == 1
            && tokens
                .get(between.start)
                .is_some_and(|t| ['-', '–', '—'].iter().any(|d| t.is_mark(*d)));
        let opened = (0..first.tokens.start)
            .rev()
            .take(2)
            .any(|at| words::any_at(tokens, at, &LISTS.between).is_some());
        let joined = dash || word(&LISTS.to) || (opened && word(&LISTS.and));
        let (Some(from), Some(mut to)) = (first.what.date, second.what.date) else {
            i += 1;
            continue;
        };
        if !joined {
            i += 1;
            continue;
        }
        if to < from {
            // Friday to Monday: the Monday after that Friday.
            to = match second.what.weekday {
                Some(day) => from.nth_weekday(1, day).unwrap_or(to),
                None => to,
            };
        }
        let last = found.remove(i + 1);
        if let Some(first) = found.get_mut(i) {
            first.what.until = (to >= from).then_some(to);
            first.what.range.end = last.what.range.end;
            first.tokens.end = last.tokens.end;
        }
        i += 1;
    }
}

#[cfg(test)]
#[path = "../when_tests.rs"]
mod tests;
