//! Reads a clock time: "at 3", "15:30", "halb vier", "quarter past two", "in the afternoon".

use std::ops::Range;

use jiff::civil::Time;

use super::Read;
use super::tokens::Text;

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Morning,
    Afternoon,
    Evening,
}

/// A time as somebody said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeRead {
    /// Whether morning or evening is meant may not be sure.
    At { time: Time, sure: bool },
    /// Some time in that part of the day.
    In(Part),
    /// Any time.
    Any,
}

/// The time that a text says. `asked`: the text answers the question for a time, so that a number alone is an hour.
pub fn time(text: &Text<'_>, asked: bool) -> Option<Read<TimeRead>> {
    let mut found: Vec<Read<TimeRead>> = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        match clock(text, at, asked) {
            Some((time, sure, count)) => {
                found.push(Read {
                    what: TimeRead::At { time, sure },
                    tokens: at..at + count,
                });
                at += count;
            }
            None => at += 1,
        }
    }
    let corrected = match (found.first(), found.last()) {
        (Some(first), Some(last)) if found.len() > 1 => {
            let between = first.tokens.end..last.tokens.start;
            let is_between = |place: Option<Range<usize>>| {
                place.is_some_and(|place| between.start <= place.start && place.end <= between.end)
            };
            is_between(text.find(&text.words.correction)) || is_between(text.find(&text.words.no))
        }
        _ => false,
    };
    let chosen = match corrected {
        true => found.pop(),
        false if found.is_empty() => None,
        false => Some(found.swap_remove(0)),
    };
    let part = part(text);
    match (chosen, part) {
        (Some(read), part) => Some(match (read.what, part) {
            (TimeRead::At { time, sure: false }, Some((part, _))) => Read {
                what: TimeRead::At {
                    time: in_part(time, part),
                    sure: true,
                },
                tokens: read.tokens,
            },
            _ => read,
        }),
        (None, Some((part, tokens))) => Some(Read {
            what: TimeRead::In(part),
            tokens,
        }),
        (None, None) => text.find(&text.words.any_time).map(|tokens| Read {
            what: TimeRead::Any,
            tokens,
        }),
    }
}

/// The part of the day that a text names.
fn part(text: &Text<'_>) -> Option<(Part, Range<usize>)> {
    let words = text.words;
    let lists = [
        (&words.afternoon, Part::Afternoon),
        (&words.evening, Part::Evening),
        (&words.morning, Part::Morning),
    ];
    lists
        .into_iter()
        .find_map(|(list, part)| Some((part, text.find_anywhere(list)?)))
}

fn in_part(time: Time, part: Part) -> Time {
    match part {
        Part::Morning => time,
        Part::Afternoon | Part::Evening => later(time),
    }
}

/// Twelve hours later, if it is before noon.
fn later(time: Time) -> Time {
    let hour = time.hour();
    match (1..12).contains(&hour) {
        true => Time::new(hour + 12, time.minute(), 0, 0).unwrap_or(time),
        false => time,
    }
}

/// Settles whether a time is meant before or after noon: by the hours of the business, or else by what people do by day.
pub fn settle(time: Time, sure: bool, open: &[(Time, Time)]) -> Time {
    let other = later(time);
    if sure || other == time {
        return time;
    }
    let fits = |time: Time| {
        open.iter()
            .any(|(from, until)| (*from..=*until).contains(&time))
    };
    match (fits(time), fits(other)) {
        (true, false) => time,
        (false, true) => other,
        _ if (1..7).contains(&time.hour()) => other,
        _ => time,
    }
}

fn of(hour: u32, minute: u32) -> Option<Time> {
    let hour = if hour == 24 { 0 } else { hour };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// An hour before which a half or a quarter is said.
fn hour_at(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    text.counted(at).filter(|(hour, _)| (1..=24).contains(hour))
}

/// The clock time at a token, whether its half of the day is sure, and how many tokens it spans.
fn clock(text: &Text<'_>, start: usize, asked: bool) -> Option<(Time, bool, usize)> {
    let (words, tokens) = (text.words, &text.tokens);
    let lead = words.at.at(tokens, start);
    let at = start + lead.unwrap_or(0);
    for (list, time) in [
        (&words.noon, Time::constant(12, 0, 0, 0)),
        (&words.midnight, Time::MIN),
    ] {
        if let Some(count) = list.at(tokens, at) {
            return Some((time, true, at + count - start));
        }
    }
    let shifts = [
        (&words.half_past, 30),
        (&words.half_to, -30),
        (&words.quarter_past, 15),
        (&words.quarter_to, -15),
    ];
    for (list, minutes) in shifts {
        if let Some(count) = list.at(tokens, at)
            && let Some((hour, spans)) = hour_at(text, at + count)
        {
            let end = at + count + spans;
            return finish(text, start, end, hour, minutes);
        }
    }
    let token = text.token(at)?;
    let (hour, spans) = text.counted(at).filter(|(hour, _)| *hour <= 24)?;
    if token.text.len() > 2 && token.number().is_some() {
        return None;
    }
    let is_figure = token.number().is_some();
    // It goes on from a date, a decimal number or a price.
    let goes_on = ['.', ',', ':', '/', '-', '$', '€', '#', '+'];
    if text.is_glued(at)
        && goes_on
            .iter()
            .any(|mark| text.before(at).is_some_and(|b| b.is_mark(*mark)))
    {
        return None;
    }
    let mut end = at + spans;
    let mut minute = 0;
    let mut exact = false;
    let colon = [':', '.'].iter().any(|mark| text.is_mark(end, *mark));
    let letter = text
        .token(end)
        .is_some_and(|token| token.text == "h" || token.text == "u");
    if is_figure
        && (colon || letter)
        && text.is_glued(end)
        && text.is_glued(end + 1)
        && let Some(minutes) = text.token(end + 1).filter(|token| token.text.len() == 2)
        && let Some(number) = minutes.number().filter(|number| *number < 60)
        // 24.12. is a date.
        && !(text.is_mark(end + 2, '.') && text.is_glued(end + 2) && text.number(end + 3).is_some())
    {
        minute = number;
        exact = true;
        end += 2;
    }
    if let Some(count) = words.hours.at(tokens, end) {
        exact = true;
        end += count;
        // "15 Uhr 30"
        let behind = text.token(end).filter(|token| token.text.len() == 2);
        if minute == 0
            && let Some(number) = behind
                .and_then(super::tokens::Token::number)
                .filter(|n| *n < 60)
        {
            minute = number;
            end += 1;
        }
    }
    for (list, minutes) in [
        (&words.and_half, 30),
        (&words.and_quarter, 15),
        (&words.minus_quarter, -15),
    ] {
        if let Some(count) = list.at(tokens, end) {
            return finish(text, start, end + count, hour, minutes);
        }
    }
    let half = half_of_day(text, end);
    exact |= half.is_some();
    // "at a good time": an article is no hour.
    let worded = !is_figure && hour <= 1;
    let is_said = exact || (lead.is_some() && !worded);
    let is_answer = asked && !worded && text.left() <= 4;
    if !is_said && !is_answer {
        return None;
    }
    if !exact && is_counted(text, end) {
        return None;
    }
    let shift = i64::from(minute);
    finish(text, start, end, hour, shift)
}

/// Whether what follows a number makes it something else than an hour: a unit, a date, a street.
fn is_counted(text: &Text<'_>, end: usize) -> bool {
    let words = text.words;
    let units = [&words.day_units, &words.week_units, &words.month_units];
    let marks = ['%', '€', '$', '/'];
    units
        .iter()
        .any(|list| list.at(&text.tokens, end).is_some())
        || marks.iter().any(|mark| text.is_mark(end, *mark))
        || words
            .day_marks
            .at(&text.tokens, end)
            .is_some_and(|_| text.is_glued(end))
        || (text.is_mark(end, '.') && text.is_glued(end) && text.number(end + 1).is_some())
        || text.token(end).is_some_and(|token| {
            token.is_word() && super::words::month(text.language, words, &token.text).is_some()
        })
}

/// Whether the second half of the day is named at a token, and how many tokens that spans.
fn half_of_day(text: &Text<'_>, at: usize) -> Option<(bool, usize)> {
    let (words, tokens) = (text.words, &text.tokens);
    // "p.m." has marks between.
    let dotted = |letter: &str| {
        text.token(at).is_some_and(|token| token.text == letter)
            && text.is_mark(at + 1, '.')
            && text.token(at + 2).is_some_and(|token| token.text == "m")
    };
    if dotted("p") || dotted("a") {
        return Some((dotted("p"), 3 + usize::from(text.is_mark(at + 3, '.'))));
    }
    let pm = words.pm.at(tokens, at).map(|count| (true, count));
    pm.or_else(|| words.am.at(tokens, at).map(|count| (false, count)))
}

/// The time of an hour and so many minutes after or before it, with its half of the day if that is said behind.
fn finish(
    text: &Text<'_>,
    start: usize,
    mut end: usize,
    hour: u32,
    minutes: i64,
) -> Option<(Time, bool, usize)> {
    if let Some(count) = text.words.hours.at(&text.tokens, end) {
        end += count;
    }
    let half = half_of_day(text, end);
    let hour = match half {
        Some((true, _)) if hour < 12 => hour + 12,
        Some((false, _)) if hour == 12 => 0,
        _ => hour,
    };
    end += half.map_or(0, |(_, count)| count);
    let total = (i64::from(hour) * 60 + minutes).rem_euclid(24 * 60);
    let (hour, minute) = (total / 60, total % 60);
    let time = of(u32::try_from(hour).ok()?, u32::try_from(minute).ok()?)?;
    let sure = half.is_some() || hour > 12 || hour == 0;
    Some((time, sure, end - start))
}
