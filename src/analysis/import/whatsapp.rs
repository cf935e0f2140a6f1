//! A chat that WhatsApp exported: one line a message, with the date as the telephone writes dates. Lines without a date
//! go on with the message above; lines without a name are WhatsApp's own.

use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use regex::{Captures, Regex};

use super::Line;
use crate::analysis::conversation::UnixMs;

/// `[31.12.25, 18:05:09] Ana: …` on an iPhone, `31/12/2025, 18:05 - Ana: …` on Android, with marks for the direction of
/// writing and narrow spaces in places.
#[expect(clippy::unwrap_used, reason = "tested")]
static START: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi) ^ [\u{200e}\u{200f}\u{202a}\u{202c}]* \[?
          (\d{1,4}) [./-] (\d{1,2}) [./-] (\d{1,4}) ,? \s+
          (\d{1,2}) [:.] (\d{2}) (?: [:.] (\d{2}) )? (?: [\s\u{202f}]* ([ap])\.?[\s\u{a0}]?m\.? )?
          (?: \] | \s+ [-–] ) \s? (.*) $",
    )
    .unwrap()
});

/// What stands for a file that was not exported.
const LEFT_OUT: &[&str] = &[
    "<media omitted>",
    "<medien ausgeschlossen>",
    "<multimedia omitido>",
    "<médias omis>",
    "<media omessi>",
    "<mídia oculta>",
    "<arquivo de mídia oculto>",
    "<media weggelaten>",
];

pub(super) fn is_export(start: &str) -> bool {
    start.lines().take(5).any(|line| START.is_match(line))
}

/// How the three numbers of a date are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Day,
    Month,
    Year,
}

pub(super) fn read(text: &str) -> Vec<Line> {
    let order = order(text);
    let mut lines: Vec<Line> = Vec::new();
    // Whether the lines that follow belong to a message, not to a note of WhatsApp.
    let mut open = false;
    for line in text.lines() {
        if let Some(parts) = START.captures(line) {
            let rest = parts.get(8).map_or("", |rest| rest.as_str());
            let Some((name, said)) = rest
                .split_once(": ")
                .or_else(|| rest.strip_suffix(':').map(|name| (name, "")))
            else {
                open = false;
                continue;
            };
            open = true;
            let said = said.trim_start_matches(['\u{200e}', '\u{200f}']);
            lines.push(Line {
                name: Some(clean_name(name)),
                who: None,
                at: at(&parts, order),
                text: told(said),
            });
        } else if open && let Some(last) = lines.last_mut() {
            last.text.push('\n');
            last.text.push_str(line);
        }
    }
    lines
}

fn clean_name(name: &str) -> String {
    let marks = [
        '\u{200e}', '\u{200f}', '\u{202a}', '\u{202c}', '~', ' ', '\u{a0}',
    ];
    name.trim_matches(marks).to_owned()
}

fn told(said: &str) -> String {
    let lower = said.trim().to_lowercase();
    match LEFT_OUT.contains(&lower.as_str()) {
        // Somebody sent something, which an analysis should know.
        true => "[file]".to_owned(),
        false => said.to_owned(),
    }
}

fn number(parts: &Captures<'_>, group: usize) -> Option<i16> {
    parts.get(group)?.as_str().parse().ok()
}

/// A file has one order. A number above 12 is no month; with none, the clock's a.m. is American, and else the day comes first.
fn order(text: &str) -> Order {
    let mut twelve_hours = false;
    for parts in text.lines().filter_map(|line| START.captures(line)) {
        twelve_hours |= parts.get(7).is_some();
        match (number(&parts, 1), number(&parts, 2)) {
            (Some(first), _) if first > 31 => return Order::Year,
            (Some(first), _) if first > 12 => return Order::Day,
            (_, Some(second)) if second > 12 => return Order::Month,
            _ => {}
        }
    }
    match twelve_hours && text.contains('/') {
        true => Order::Month,
        false => Order::Day,
    }
}

fn at(parts: &Captures<'_>, order: Order) -> Option<UnixMs> {
    let (a, b, c) = (number(parts, 1)?, number(parts, 2)?, number(parts, 3)?);
    let (year, month, day) = match order {
        Order::Day => (c, b, a),
        Order::Month => (c, a, b),
        Order::Year => (a, b, c),
    };
    let year = if year < 100 { 2000 + year } else { year };
    let hour = number(parts, 4)?;
    let hour = match parts.get(7).map(|half| half.as_str().to_lowercase()) {
        Some(half) if half == "p" && hour < 12 => hour + 12,
        Some(half) if half == "a" && hour == 12 => 0,
        _ => hour,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let date = Date::new(year, small(month)?, small(day)?).ok()?;
    let second = number(parts, 6).unwrap_or(0);
    let time = Time::new(small(hour)?, small(number(parts, 5)?)?, small(second)?, 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}
