//! Conversations that other programs exported: JSON, CSV, WhatsApp, Telegram, e-mail, subtitles.
//!
//! A file names speakers, seldom which of them is the business. [`read`] takes the names of staff; without any it guesses
//! and says so ([`Import::guessed`]).

mod letters;
mod lists;
mod subtitles;
mod table;
mod telegram;
mod whatsapp;

use serde::Serialize;

use crate::analysis::conversation::{Conversation, Turn, UnixMs, Who};

/// In bytes. A year of a busy chat has about a megabyte.
pub const LARGEST: usize = 16 << 20;
/// Turns of one conversation.
pub const MOST_TURNS: usize = 20_000;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(
        "the file has {} MB; conversations of up to {} MB are read. Export a shorter period",
        bytes.div_ceil(1 << 20), LARGEST >> 20
    )]
    TooLarge { bytes: usize },
    #[error("the conversation has more than {MOST_TURNS} messages. Export a shorter period")]
    TooLong,
    #[error(
        "this is none of the exports that can be read: JSON, CSV, WhatsApp (.txt), Telegram (result.json), e-mail (.eml, .mbox), subtitles (.srt, .vtt)"
    )]
    Unknown,
    #[error("{format}, line {line}: {what}")]
    Line {
        format: Format,
        /// From 1.
        line: usize,
        what: String,
    },
    #[error("{format}: {what}")]
    Wrong { format: Format, what: String },
    #[error("nobody says anything in this file")]
    Empty,
    #[error("nobody is called \"{name}\" there; the speakers are {speakers}")]
    NoSuchStaff { name: String, speakers: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Json,
    Csv,
    #[serde(rename = "whatsapp")]
    WhatsApp,
    Telegram,
    Email,
    Subtitles,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::WhatsApp => "WhatsApp's export",
            Self::Telegram => "Telegram's export",
            Self::Email => "the e-mail",
            Self::Subtitles => "the subtitles",
        })
    }
}

/// A message as the file has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: Option<String>,
    /// If the file itself says it.
    pub(crate) who: Option<Who>,
    pub(crate) at: Option<UnixMs>,
    pub(crate) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub format: Format,
    pub conversation: Conversation,
    /// That the roles were guessed: whoever spoke first is taken for the customer.
    pub guessed: bool,
    /// In the order in which they first speak.
    pub speakers: Vec<String>,
}

/// Reads an export. `name` is the file's, whose ending helps; `staff` are names of speakers who belong to the business.
///
/// # Errors
/// What is wrong with the file, with its line where there is one.
pub fn read(bytes: &[u8], name: &str, staff: &[String]) -> Result<Import, ImportError> {
    if bytes.len() > LARGEST {
        return Err(ImportError::TooLarge { bytes: bytes.len() });
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending = ending.to_ascii_lowercase();
    if matches!(ending.as_str(), "eml" | "mbox") {
        return assign(Format::Email, letters::read(bytes)?, staff);
    }
    let text = decode(bytes);
    let start = text.trim_start();
    let (format, lines) = if start.starts_with(['{', '[']) && !whatsapp::is_export(start) {
        lists::read(start)?
    } else if subtitles::is_subtitles(start) {
        (Format::Subtitles, subtitles::read(start))
    } else if whatsapp::is_export(start) {
        (Format::WhatsApp, whatsapp::read(start))
    } else if letters::is_mail(start) {
        (Format::Email, letters::read(bytes)?)
    } else if ending == "csv" || ending == "tsv" || table::has_header(start) {
        (Format::Csv, table::read(start)?)
    } else {
        return Err(ImportError::Unknown);
    };
    assign(format, lines, staff)
}

/// UTF-8, UTF-16 with its mark, else Windows-1252.
fn decode(bytes: &[u8]) -> String {
    let (encoding, start) =
        encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let body = &bytes[start.min(bytes.len())..];
    let text = match encoding.decode_without_bom_handling(body) {
        (text, false) => text,
        (_, true) => {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(body)
                .0
        }
    };
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Says who is the business, and puts messages with times into their order.
fn assign(format: Format, mut lines: Vec<Line>, staff: &[String]) -> Result<Import, ImportError> {
    lines.retain(|line| !line.text.trim().is_empty());
    if lines.is_empty() {
        return Err(ImportError::Empty);
    }
    if lines.len() > MOST_TURNS {
        return Err(ImportError::TooLong);
    }
    if lines.iter().all(|line| line.at.is_some()) {
        lines.sort_by_key(|line| line.at);
    }
    let mut speakers: Vec<String> = Vec::new();
    for name in lines.iter().filter_map(|line| line.name.as_ref()) {
        if !speakers.contains(name) {
            speakers.push(name.clone());
        }
    }
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    if let Some(name) = staff
        .iter()
        .find(|name| !speakers.iter().any(|speaker| same(speaker, name)))
    {
        return Err(ImportError::NoSuchStaff {
            name: name.clone(),
            speakers: match speakers.as_slice() {
                [] => "not named".to_owned(),
                speakers => speakers.join(", "),
            },
        });
    }
    let stated = lines.iter().any(|line| line.who.is_some());
    let guessed = staff.is_empty() && !stated;
    let first = lines[0].name.clone();
    let turns = lines.into_iter().map(|line| {
        let named = line.name.as_deref().unwrap_or_default();
        let who = match line.who {
            _ if staff.iter().any(|name| same(name, named)) => Who::Staff,
            Some(who) => who,
            None if guessed && line.name != first => Who::Staff,
            None => Who::Customer,
        };
        Turn {
            who,
            name: line.name,
            at: line.at,
            text: line.text.trim().to_owned(),
        }
    });
    Ok(Import {
        format,
        conversation: Conversation {
            turns: turns.collect(),
        },
        guessed,
        speakers,
    })
}

/// Whom a word for a speaker means, in the exports of chat programs and CRMs.
pub(crate) fn role(word: &str) -> Option<Who> {
    Some(match word.trim().to_lowercase().as_str() {
        "customer" | "user" | "visitor" | "client" | "lead" | "caller" | "contact" | "prospect"
        | "incoming" | "inbound" | "in" | "external" | "end-user" | "end_user" => Who::Customer,
        "agent" | "staff" | "operator" | "human" | "employee" | "support" | "manager"
        | "outgoing" | "outbound" | "out" | "internal" | "rep" | "admin" => Who::Staff,
        "assistant" | "bot" | "system_bot" | "ai" => Who::Assistant,
        _ => return None,
    })
}

/// A time as exports write it: Unix seconds or milliseconds, RFC 3339, or a date with a time and no zone.
pub(crate) fn time(text: &str) -> Option<UnixMs> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return unix(number);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let spaced = text.replacen(' ', "T", 1);
    let local = spaced.parse::<jiff::civil::DateTime>().ok()?;
    let at = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_millisecond())
}

/// Seconds up to the year 5138, else milliseconds.
pub(crate) fn unix(number: f64) -> Option<UnixMs> {
    if !number.is_finite() || !(0.0..=1e14).contains(&number) {
        return None;
    }
    let ms = if number < 1e11 {
        number * 1000.0
    } else {
        number
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e14")]
    Some(ms.round() as UnixMs)
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
