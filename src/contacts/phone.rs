//! Telephone numbers: read as people write them, kept as E.164.
//!
//! The rules of the countries come from the crate `phonenumber`. It gets digits only, never what somebody wrote: its reader of
//! RFC 3966 has met texts that it did not expect before.

use std::fmt::Write as _;
use std::str::FromStr;

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber};

use super::PointError;

/// Digits of a number with its country code: the least that any country has, and the most that E.164 allows (ITU-T, 6.2.1).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Most digits that somebody may write: with `00` or `011` before, and a zero in brackets.
const MOST_WRITTEN: usize = 20;
/// The country code of North America, whose numbers have ten digits without exception.
const NORTH_AMERICA: u16 = 1;
/// What people write between digits: spaces of any width, hyphens and dashes, brackets, strokes, dots, and marks of direction.
const BETWEEN: &str = " \t\u{a0}\u{202f}\u{2009}-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}()/.\u{b7}\u{200e}\u{200f}\u{202a}\u{202c}";

/// The number as E.164, such as `+4930123456`. `country` is the ISO 3166 code of the country that one without country code is
/// meant in.
///
/// A number with country code is taken if its length is possible, as new ranges of numbers are given out all the time; one
/// without must be of a kind that the country has, since a slip is likelier.
///
/// # Errors
/// For a text that is no number, one that the country does not have, and one without country code where no country is known.
pub fn parse_phone(text: &str, country: Option<&str>) -> Result<String, PointError> {
    let written = tidy(text)?;
    if let Some(number) = read_international(&written) {
        return Ok(number);
    }
    if written.starts_with('+') {
        return Err(PointError::Phone);
    }
    let country = country.and_then(known).ok_or(PointError::NoCountry);
    if let Some(number) = country
        .ok()
        .and_then(|country| read_national(&written, country))
    {
        return Ok(number);
    }
    // What other countries dial before a country code.
    let rest = written.strip_prefix("00");
    match rest.and_then(|rest| read_international(&format!("+{rest}"))) {
        Some(number) => Ok(number),
        None => Err(country.err().unwrap_or(PointError::Unknown)),
    }
}

/// A number as E.164, spaced as people read it; as it is if it is none.
pub fn show_phone(number: &str) -> String {
    let read = || {
        let parsed = phonenumber::parse(None, tidy(number).ok()?).ok()?;
        let mut shown = String::new();
        write!(shown, "{}", parsed.format().mode(Mode::International)).ok()?;
        Some(shown)
    };
    read().unwrap_or_else(|| number.to_owned())
}

/// Digits, with a plus sign if one came first.
fn tidy(text: &str) -> Result<String, PointError> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let mut tidy = String::new();
    for c in text.chars() {
        match c {
            '+' | '\u{ff0b}' if tidy.is_empty() => tidy.push('+'),
            c if BETWEEN.contains(c) => {}
            c => tidy.push(digit(c).ok_or(PointError::Phone)?),
        }
    }
    let digits = tidy.trim_start_matches('+').len();
    match (3..=MOST_WRITTEN).contains(&digits) {
        true => Ok(tidy),
        false => Err(PointError::Phone),
    }
}

/// A digit of any script that people type numbers in, as ASCII.
pub(super) fn digit(c: char) -> Option<char> {
    /// The zeros of ASCII, Arabic, Persian, Devanagari, Bengali, and the wide forms of East Asia.
    const ZEROS: [char; 6] = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    })
}

/// The country, if its numbers are known.
fn known(country: &str) -> Option<Id> {
    let id = Id::from_str(&country.to_ascii_uppercase()).ok()?;
    DATABASE.by_id(id.as_ref()).map(|_| id)
}

fn read_international(written: &str) -> Option<String> {
    if !written.starts_with('+') {
        return None;
    }
    let number = phonenumber::parse(None, written).ok()?;
    is_possible(&number).then(|| e164(&number))
}

fn read_national(written: &str, country: Id) -> Option<String> {
    let number = phonenumber::parse(Some(country), written).ok()?;
    (number.is_valid() && is_possible(&number)).then(|| e164(&number))
}

fn is_possible(number: &PhoneNumber) -> bool {
    let code = number.code().value();
    let national = number.national().to_string().len();
    DATABASE.by_code(&code).is_some()
        && DIGITS.contains(&(code.to_string().len() + national))
        && (code != NORTH_AMERICA || national == 10)
}

fn e164(number: &PhoneNumber) -> String {
    format!("+{}{}", number.code().value(), number.national())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (text, country, kept) in [
            ("+49 30 123456", "US", "+4930123456"),
            ("+49 (0)170 123 45 67", "DE", "+491701234567"),
            ("0170/1234567", "DE", "+491701234567"),
            ("0049 30 123456", "DE", "+4930123456"),
            ("0049 30 123456", "US", "+4930123456"),
            ("011 49 30 123456", "US", "+4930123456"),
            ("(207) 555-0199", "US", "+12075550199"),
            ("1-207-555-0199", "US", "+12075550199"),
            ("020 7946 0958", "GB", "+442079460958"),
            ("06 12 34 56 78", "FR", "+33612345678"),
            // The zero belongs to the number in Italy.
            ("02 1234 5678", "IT", "+390212345678"),
            ("8 (916) 123-45-67", "RU", "+79161234567"),
            ("٠١٠٠ ١٢٣ ٤٥٦٧", "EG", "+201001234567"),
            ("０９０ １２３４ ５６７８", "JP", "+819012345678"),
            ("138 0013 8000", "CN", "+8613800138000"),
            ("tel:+44-20-7946-0958", "", "+442079460958"),
        ] {
            let country = (!country.is_empty()).then_some(country);
            assert_eq!(parse_phone(text, country).as_deref(), Ok(kept), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_what_helps() {
        for (text, country, error) in [
            ("call me maybe", Some("DE"), PointError::Phone),
            ("", Some("DE"), PointError::Phone),
            ("12", Some("DE"), PointError::Phone),
            (
                "123456789012345678901234567890",
                Some("DE"),
                PointError::Phone,
            ),
            ("+1234567890123456789", None, PointError::Phone),
            ("+999 123 4567", None, PointError::Phone),
            ("+1 555 123", None, PointError::Phone),
            ("207 555 0199 or 0198", Some("US"), PointError::Phone),
            ("++49 30 123456", Some("DE"), PointError::Phone),
            ("0170 1234567", None, PointError::NoCountry),
            ("0170 1234567", Some("XX"), PointError::NoCountry),
            // A British number, written as at home.
            ("020 7946 0958", Some("US"), PointError::Unknown),
            ("110", Some("DE"), PointError::Unknown),
        ] {
            assert_eq!(parse_phone(text, country), Err(error), "{text}");
        }
    }

    #[test]
    fn what_harmed_the_reader_before_does_not_reach_it() {
        for text in [
            ".;phone-context=",
            "+dwPAA;phone-context=AA",
            "tel:é;phone-context=+é",
            "\u{10000}",
            "+",
        ] {
            for country in [None, Some("US"), Some("AQ")] {
                assert!(parse_phone(text, country).is_err(), "{text}");
            }
        }
        for length in 0..25 {
            for start in ["", "+", "00", "0", "1", "+0"] {
                let text = format!("{start}{}", "7".repeat(length));
                for country in [None, Some("DE"), Some("US"), Some("IT"), Some("AQ")] {
                    let _ = parse_phone(&text, country);
                }
            }
        }
    }

    #[test]
    fn a_number_is_shown_with_spaces() {
        assert_eq!(show_phone("+12075550199"), "+1 207-555-0199");
        assert_eq!(show_phone("unknown"), "unknown");
    }
}
