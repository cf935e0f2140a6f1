//! Finds facts in the text of a document: weekly hours, exceptions, address, telephone, e-mail.
//!
//! It reads lines of tables ("Day: Monday | Open: 8:00 am – 5:00 pm") and of prose ("Mon-Fri 8-5, Sat 9-3").
//! Each fact is proposed with its line, and none counts before the owner has confirmed it.

mod contact;
mod groups;
mod lists;
mod notes;
mod spans;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::data::{StatedPlace, What};
use super::when;
use super::words;
use lists::{LISTS, has};

/// A line of a document.
#[derive(Debug, Clone, Copy)]
pub struct DocumentLine<'a> {
    pub text: &'a str,
    /// Byte offset in the text of the document's version.
    pub start: usize,
    pub heading: bool,
}

/// A document to search for facts.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub lines: &'a [DocumentLine<'a>],
    pub title: &'a str,
    /// ISO 639-1 code.
    pub language: &'a str,
    /// The document's own date, if known.
    pub dated: Option<Date>,
    /// Decides the year of dates without one.
    pub today: Date,
}

/// A fact that a document states.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub what: What,
    /// The line that states it.
    pub quote: String,
    pub place: StatedPlace,
}

/// Limits on the lines of a document and on the bytes of a line: hours are in short lines.
const MOST_LINES: usize = 20_000;
const LONGEST: usize = 1_200;

/// Whether a text mentions opening hours.
fn about_hours(text: &str) -> bool {
    words::tokens(text)
        .iter()
        .any(|t| has(&LISTS.hours, &t.text))
}

/// The facts that a document states, in its order.
pub fn propose(source: &Source<'_>) -> Vec<Proposal> {
    let mut out: Vec<Proposal> = Vec::new();
    let mut heading = "";
    let dated = source
        .dated
        .or_else(|| find_mail_date(source))
        .or_else(|| find_stated_date(source.lines.iter().map(|l| l.text), source));
    let titled = about_hours(source.title);
    for (at, line) in source.lines.iter().take(MOST_LINES).enumerate() {
        if line.heading {
            heading = line.text;
        }
        if line.text.len() > LONGEST {
            continue;
        }
        // A quoted older mail may be out of date.
        if line.text.trim_start().starts_with('>') {
            continue;
        }
        if is_reply_header(line.text) {
            break;
        }
        let near = source
            .lines
            .get(at.saturating_sub(2)..at + 1)
            .unwrap_or_default();
        let context = groups::Context {
            language: source.language,
            // "In effect since" beside the hours gives their date.
            reference: dated.unwrap_or(source.today),
            about_hours: titled || about_hours(heading) || near.iter().any(|l| about_hours(l.text)),
            heading,
        };
        let own = section_date(source, at).or(dated);
        let mut found: Vec<What> = groups::of_line(line.text, &context);
        found.extend(contact::of_line(line.text));
        let quote = line.text.trim();
        let start = line.start + (line.text.len() - line.text.trim_start().len());
        for what in found {
            let known = out.iter().any(|p| p.what == what && p.quote == quote);
            if !known {
                out.push(Proposal {
                    what,
                    quote: quote.to_owned(),
                    place: StatedPlace {
                        span: [start, start + quote.len()],
                        section: (!heading.is_empty()).then(|| heading.to_owned()),
                        dated: own,
                    },
                });
            }
        }
    }
    out
}

/// "On Mon, 12 Oct 2026, Denise wrote:" and the like.
fn is_reply_header(text: &str) -> bool {
    let text = text.trim();
    let ends = [
        "wrote:",
        "schrieb:",
        "escribió:",
        "a écrit :",
        "ha scritto:",
    ];
    text.len() < 200
        && ends.iter().any(|end| text.ends_with(end))
        && text.contains(|c: char| c.is_ascii_digit())
}

/// The date of an e-mail: `From: … | Date: 2026-11-16`.
fn find_mail_date(source: &Source<'_>) -> Option<Date> {
    source.lines.iter().take(4).find_map(|line| {
        let (_, date) = line.text.split_once("Date: ")?;
        line.text
            .starts_with("From: ")
            .then(|| date.get(..10)?.parse().ok())
            .flatten()
    })
}

/// The date from which the lines around this one apply, stated under the same heading.
fn section_date(source: &Source<'_>, at: usize) -> Option<Date> {
    let begin = source
        .lines
        .get(..=at)?
        .iter()
        .rposition(|l| l.heading)
        .unwrap_or(0);
    let lines = source.lines.get(begin..(at + 12).min(source.lines.len()))?;
    let end = lines
        .iter()
        .skip(1)
        .position(|l| l.heading)
        .map_or(lines.len(), |n| n + 1);
    find_stated_date(lines.get(..end)?.iter().map(|l| l.text), source)
}

/// The first date with a year after "in effect since" or the like.
fn find_stated_date<'a>(lines: impl Iterator<Item = &'a str>, source: &Source<'_>) -> Option<Date> {
    let now = source.today.to_zoned(TimeZone::UTC).ok()?;
    for text in lines.filter(|t| t.len() <= LONGEST).take(400) {
        let tokens = words::tokens(text);
        let Some(after) =
            (0..tokens.len()).find_map(|i| words::any_at(&tokens, i, &LISTS.since).map(|n| i + n))
        else {
            continue;
        };
        let from = tokens.get(after).map_or(text.len(), |t| t.range.start);
        let rest = text.get(from..).unwrap_or_default();
        let found = when::mentions(rest, source.language, &now);
        let first = found.first().and_then(|m| Some((m.date?, m.range.clone())));
        if let Some((date, range)) = first
            && range.start < 12
            && rest
                .get(range)
                .is_some_and(|t| t.contains(&date.year().to_string()))
        {
            return Some(date);
        }
    }
    None
}

/// Hours that a person typed: "Mon-Fri 8-17, Sat 9-13", "Dec 24: 8 to noon".
pub(super) fn hours_of(text: &str, today: Date) -> Vec<What> {
    let context = groups::Context {
        language: "en",
        reference: today,
        about_hours: true,
        heading: "",
    };
    groups::of_line(text, &context)
}

/// The span at the start of a text: "8am-5pm".
pub(super) fn span_of(text: &str) -> Option<super::opening::Span> {
    let tokens = words::tokens(text);
    let (span, end) = spans::at(&tokens, 0)?;
    (end == tokens.len()).then_some(span)
}

#[cfg(test)]
#[path = "../propose_tests.rs"]
mod tests;
