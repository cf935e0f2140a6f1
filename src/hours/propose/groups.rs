//! Finds days with their hours in a line: "Mon-Fri 8-5, Sat 9-3", "Fri Dec 25 to Sun Dec 27: closed".

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::lists::{LISTS, has};
use super::notes::{breaks, heading_label, label, note, parse_chosen};
use super::spans;
use crate::hours::calendar_words;
use crate::hours::data::What;
use crate::hours::opening::{Day, Span, Special, Weekly};
use crate::hours::when::{self, Relation};
use crate::hours::words::{self, Kind, Token, any_at};

/// What is known from the text around a line.
pub(super) struct Context<'a> {
    pub(super) language: &'a str,
    /// Dates without a year are the first ones after this date.
    pub(super) reference: Date,
    /// Heading, title or the lines above mention hours.
    pub(super) about_hours: bool,
    pub(super) heading: &'a str,
}

/// The days that start a group.
enum Days {
    Week(Vec<Day>),
    Dates(Vec<(Date, Date)>),
}

pub(super) struct Group {
    days: Days,
    which: Vec<i8>,
    /// Tokens of the days; of all up to the end of the hours.
    pub(super) start: usize,
    pub(super) end: usize,
    open: Option<Vec<Span>>,
}

/// The hours that a line states.
pub(super) fn of_line(text: &str, context: &Context<'_>) -> Vec<What> {
    if !text.contains(|c: char| c.is_ascii_digit())
        && !words::tokens(text)
            .iter()
            .any(|t| has(&LISTS.closed, &t.text))
    {
        return Vec::new();
    }
    let tokens = words::tokens(text);
    let Ok(now) = context.reference.to_zoned(TimeZone::UTC) else {
        return Vec::new();
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match group(&tokens, at, context, &now) {
            Some(group) => {
                at = group.end;
                groups.push(group);
            }
            None => at += 1,
        }
    }
    let mut out = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let next = groups.get(i + 1).map_or(tokens.len(), |g| g.start);
        let from = i
            .checked_sub(1)
            .and_then(|b| groups.get(b))
            .map_or(0, |g| g.end);
        let (label, own) = label(&tokens, text, from, group);
        // Text between two exceptions is a remark, not a name.
        let label = label.filter(|_| i == 0 || matches!(group.days, Days::Week(_)));
        let label = label.or_else(|| heading_label(context.heading));
        if label.is_none() && !own && !context.about_hours {
            continue;
        }
        let rest = group.end..next;
        // Text up to the next group merely joins the two; after the last group it is a note.
        let joins = tokens
            .get(rest.clone())
            .unwrap_or_default()
            .iter()
            .all(|t| {
                t.kind != Kind::Word || any_at(std::slice::from_ref(t), 0, &LISTS.and).is_some()
            });
        let note_end = if joins { next } else { tokens.len() };
        let note = if joins && next < tokens.len() {
            String::new()
        } else {
            note(&tokens, text, group.end, note_end)
        };
        let open = group.open.as_ref().map(|open| breaks(&tokens, rest, open));
        match &group.days {
            Days::Week(days) => {
                let which = if group.which.is_empty() {
                    parse_chosen(&note, context.language)
                } else {
                    group.which.clone()
                };
                let Some(open) = open else { continue };
                out.push(What::Weekly(Weekly {
                    label,
                    days: days.clone(),
                    which,
                    open,
                    note,
                    from: None,
                    until: None,
                }));
            }
            Days::Dates(dates) => out.extend(dates.iter().map(|(from, until)| {
                What::Special(Special {
                    label: label.clone(),
                    from: *from,
                    until: *until,
                    open: open.clone(),
                    note: note.clone(),
                })
            })),
        }
    }
    out
}

fn group(tokens: &[Token], start: usize, context: &Context<'_>, now: &Zoned) -> Option<Group> {
    let (days, which, mut at) = days(tokens, start, context, now)?;
    // Words between the days and their hours.
    let begin = at;
    while at < tokens.len() && at - begin < 8 {
        if let Some(n) = any_at(tokens, at, &LISTS.usual).filter(|_| matches!(days, Days::Dates(_)))
        {
            return Some(Group {
                days,
                which,
                start,
                end: at + n,
                open: None,
            });
        }
        if let Some(n) = any_at(tokens, at, &LISTS.closed) {
            // "Closed 12:30 – 1:30" is a break and not a closed day.
            if spans::at(tokens, at + n).is_some() {
                return None;
            }
            return Some(Group {
                days,
                which,
                start,
                end: at + n,
                open: Some(Vec::new()),
            });
        }
        if let Some((first, mut end)) = spans::at(tokens, at) {
            let mut open = vec![first];
            while let Some((span, after)) = further(tokens, end) {
                open.push(span);
                end = after;
            }
            return Some(Group {
                days,
                which,
                start,
                end,
                open: Some(open),
            });
        }
        let token = tokens.get(at)?;
        let passes = match token.kind {
            Kind::Mark(c) => matches!(
                c,
                ':' | ',' | '|' | '-' | '–' | '.' | '(' | ')' | '·' | '•' | '*' | '=' | ';'
            ),
            Kind::Word => has(&LISTS.between, &token.text),
            Kind::Number => false,
        };
        if !passes {
            return None;
        }
        at += 1;
    }
    None
}

/// Another span of the same day: "8–12 and 14–18".
fn further(tokens: &[Token], at: usize) -> Option<(Span, usize)> {
    let token = tokens.get(at)?;
    let mut next = at;
    if matches!(token.kind, Kind::Mark(',' | '/' | '&' | '+' | ';')) {
        next += 1;
    }
    next += any_at(tokens, next, &LISTS.further).unwrap_or(0);
    spans::at(tokens, next)
}

/// The days at a token, which of the month, and the token after them.
fn days(
    tokens: &[Token],
    start: usize,
    context: &Context<'_>,
    now: &Zoned,
) -> Option<(Days, Vec<i8>, usize)> {
    let mut which = Vec::new();
    let mut at = start;
    while let Some((nth, n)) = ordinal(tokens, at) {
        which.push(nth);
        at += n;
        at += any_at(tokens, at, &LISTS.and).unwrap_or(0);
        at += usize::from(tokens.get(at).is_some_and(|t| t.is_mark(',')));
    }
    let first = parse_one(tokens, at, context, now)?;
    let mut week: Vec<Day> = Vec::new();
    let mut dates: Vec<(Date, Date)> = Vec::new();
    let mut put = |what: One, through: bool| match what {
        One::Day(day) if dates.is_empty() => {
            if let Some(last) = week.last().copied().filter(|_| through) {
                let from = Day::ALL.iter().position(|d| *d == last).unwrap_or(0);
                let to = Day::ALL.iter().position(|d| *d == day).unwrap_or(0);
                let steps = (to + 7 - from) % 7;
                week.extend(
                    (1..=steps)
                        .filter_map(|n| Day::ALL.get((from + n) % 7))
                        .copied(),
                );
            } else if !week.contains(&day) {
                week.push(day);
            }
            true
        }
        One::Date(from, until) if week.is_empty() => {
            match dates.last_mut().filter(|_| through) {
                Some(last) if last.1 <= until => last.1 = until,
                Some(_) => return false,
                None => dates.push((from, until)),
            }
            true
        }
        _ => false,
    };
    put(first.0, false);
    at = first.1;
    loop {
        let dash = tokens
            .get(at)
            .is_some_and(|t| matches!(t.kind, Kind::Mark('-' | '–' | '—')));
        let through = if dash {
            Some(1)
        } else {
            any_at(tokens, at, &LISTS.through)
        };
        let more = through.or_else(|| {
            let comma = usize::from(
                tokens
                    .get(at)
                    .is_some_and(|t| matches!(t.kind, Kind::Mark(',' | '/' | '&' | '+'))),
            );
            let and = any_at(tokens, at + comma, &LISTS.and).unwrap_or(0);
            (comma + and > 0).then_some(comma + and)
        });
        let Some(n) = more else { break };
        let Some((what, end)) = parse_one(tokens, at + n, context, now) else {
            break;
        };
        if !put(what, through.is_some()) {
            break;
        }
        at = end;
    }
    let days = if dates.is_empty() {
        Days::Week(week)
    } else {
        Days::Dates(dates)
    };
    Some((days, which, at))
}

enum One {
    Day(Day),
    Date(Date, Date),
}

fn parse_one(
    tokens: &[Token],
    at: usize,
    context: &Context<'_>,
    now: &Zoned,
) -> Option<(One, usize)> {
    let (found, mut end) = when::day_at(tokens, at, context.language, now)?;
    if found.relation != Relation::On || found.is_now || found.month.is_some() {
        return None;
    }
    // A bare weekday, or a date?
    let words_of = tokens.get(at..end)?;
    let dated = words_of.iter().any(|t| t.kind == Kind::Number) || found.holiday.is_some();
    let one = match (found.weekday, found.date) {
        (Some(day), _) if !dated => One::Day(Day::from(day)),
        (_, Some(date)) if dated => {
            // "Christmas Day (Dec 25)": the date in brackets repeats the day.
            if found.holiday.is_some()
                && tokens
                    .get(end)
                    .is_some_and(|t| matches!(t.kind, Kind::Mark('(' | ',' | ':' | '|')))
                && let Some((again, after)) = when::day_at(tokens, end + 1, context.language, now)
                && let Some(date) = again.date.filter(|_| {
                    tokens
                        .get(end + 1..after)
                        .is_some_and(|t| t.iter().any(|t| t.kind == Kind::Number))
                })
            {
                end = after + usize::from(tokens.get(after).is_some_and(|t| t.is_mark(')')));
                return Some((One::Date(date, date), end));
            }
            One::Date(date, found.until.unwrap_or(date))
        }
        _ => return None,
    };
    // "Mon."
    if matches!(one, One::Day(_))
        && tokens.get(end).is_some_and(|t| t.is_mark('.'))
        && end == at + 1
    {
        end += 1;
    }
    Some((one, end))
}

pub(super) fn ordinal(tokens: &[Token], at: usize) -> Option<(i8, usize)> {
    let word = LISTS
        .ordinals
        .iter()
        .find_map(|o| any_at(tokens, at, &o.words).map(|n| (o.nth, n)));
    word.or_else(|| {
        let number = tokens.get(at)?.number().filter(|n| (1..=4).contains(n))?;
        let dot = tokens.get(at + 1).is_some_and(|t| t.is_mark('.'));
        let then = tokens.get(at + 2)?;
        let follows = calendar_words::weekday(then, "de").is_some()
            || any_at(tokens, at + 2, &LISTS.and).is_some();
        (dot && follows)
            .then(|| Some((i8::try_from(number).ok()?, 2)))
            .flatten()
    })
}
