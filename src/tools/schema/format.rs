//! Formats of text that are checked. Others say what is meant and are no rule (draft 2020-12, section 7.2.1).

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    Time,
    DateTime,
    Email,
    Uuid,
    Url,
}

impl Format {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "date" => Self::Date,
            "time" => Self::Time,
            "date-time" => Self::DateTime,
            "email" => Self::Email,
            "uuid" => Self::Uuid,
            "uri" | "url" => Self::Url,
            _ => return None,
        })
    }

    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            // The library takes more forms than RFC 3339 has.
            Self::Date => text.len() == 10 && text.parse::<Date>().is_ok(),
            Self::Time => is_time(text),
            Self::DateTime => text.contains(['T', 't']) && text.parse::<Timestamp>().is_ok(),
            Self::Email => is_email(text),
            Self::Uuid => is_uuid(text),
            Self::Url => Url::parse(text).is_ok_and(|url| url.has_host()),
        }
    }

    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Date => "must be a date, such as 2026-12-24",
            Self::Time => "must be a time, such as 09:30:00",
            Self::DateTime => {
                "must be a date and time with its offset, such as 2026-12-24T09:30:00Z"
            }
            Self::Email => "must be an e-mail address",
            Self::Uuid => "must be a UUID",
            Self::Url => "must be a web address",
        }
    }
}

/// `HH:MM:SS`, with an offset or without.
fn is_time(text: &str) -> bool {
    let clock = text
        .find(['Z', 'z', '+', '-'])
        .and_then(|at| text.get(..at))
        .unwrap_or(text);
    clock.len() >= 8 && clock.parse::<Time>().is_ok()
}

/// Whether it can be one: what stands before and after a single `@`, and a dot in the name of the host.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let is_plain = |part: &str| !part.chars().any(|c| c.is_whitespace() || c.is_control());
    !local.is_empty()
        && is_plain(text)
        && !host.contains('@')
        && host.split('.').count() > 1
        && host.split('.').all(|label| !label.is_empty())
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
