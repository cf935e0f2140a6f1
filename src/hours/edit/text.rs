//! Parses facts that people type, and writes facts for people.

use jiff::civil::{Date, Time};

use super::FactsError;
use crate::hours::data::What;
use crate::hours::opening::{Span, clock};
use crate::hours::propose;

/// Parses hours: "08:00-12:00, 13:30-17:00", "closed", "8am-5pm".
pub fn read_spans(text: &str) -> Result<Vec<Span>, FactsError> {
    let wrong = || FactsError::Hours(text.trim().to_owned());
    let trimmed = text.trim().to_lowercase();
    if trimmed.is_empty()
        || ["closed", "geschlossen", "cerrado", "fermé", "chiuso"].contains(&trimmed.as_str())
    {
        return Ok(Vec::new());
    }
    trimmed
        .split([',', ';'])
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let exact = part.split_once(['-', '–']).and_then(|(from, to)| {
                Some(Span {
                    from: clock(from)?,
                    to: clock(to)?,
                })
            });
            exact.or_else(|| propose::span_of(part)).ok_or_else(wrong)
        })
        .collect()
}

/// Parses which weekdays of the month are meant: "", "1, 3", "last".
pub fn read_which(text: &str) -> Result<Vec<i8>, FactsError> {
    let parts = text
        .split([',', ' ', '+', '&'])
        .map(str::trim)
        .filter(|p| !p.is_empty() && *p != "and");
    parts
        .map(|part| match part.to_lowercase().as_str() {
            "last" => Ok(-1),
            other => other
                .trim_end_matches(|c: char| !c.is_ascii_digit())
                .parse()
                .ok()
                .filter(|n| (1..=5).contains(n))
                .ok_or_else(|| FactsError::Which(text.trim().to_owned())),
        })
        .collect()
}

/// The inverse of [`read_spans`].
pub fn show_spans(open: &[Span]) -> String {
    let time = |t: Time| t.strftime("%H:%M").to_string();
    if open.is_empty() {
        return "closed".to_owned();
    }
    let spans: Vec<String> = open
        .iter()
        .map(|s| format!("{}-{}", time(s.from), time(s.to)))
        .collect();
    spans.join(", ")
}

/// A fact in a few words, for lists.
pub fn show(what: &What) -> String {
    match what {
        What::Weekly(row) => {
            let days: Vec<&str> = row.days.iter().map(|d| d.code()).collect();
            let which: Vec<String> = row
                .which
                .iter()
                .map(|n| {
                    if *n < 0 {
                        "last".to_owned()
                    } else {
                        n.to_string()
                    }
                })
                .collect();
            let which = if which.is_empty() {
                String::new()
            } else {
                format!(" ({} of the month)", which.join(", "))
            };
            with(
                row.label.as_deref(),
                &format!("{}{which}: {}", days.join(" "), show_spans(&row.open)),
                &row.note,
            )
        }
        What::Special(row) => {
            let open = row
                .open
                .as_deref()
                .map_or("as usual".to_owned(), show_spans);
            let days = if row.from == row.until {
                row.from.to_string()
            } else {
                format!("{} to {}", row.from, row.until)
            };
            with(row.label.as_deref(), &format!("{days}: {open}"), &row.note)
        }
        What::Address { text } => text.clone(),
        What::Phone { label, number } => with(
            Some(label).filter(|l| !l.is_empty()).map(String::as_str),
            number,
            "",
        ),
        What::Email { label, address } => with(
            Some(label).filter(|l| !l.is_empty()).map(String::as_str),
            address,
            "",
        ),
        What::Price {
            name,
            amount,
            currency,
            note,
        } => with(Some(name), format!("{amount} {currency}").trim(), note),
    }
}

fn with(label: Option<&str>, text: &str, note: &str) -> String {
    let label = label.map_or(String::new(), |l| format!("{l}: "));
    let note = if note.is_empty() {
        String::new()
    } else {
        format!(" – {note}")
    };
    format!("{label}{text}{note}")
}

/// Parses facts of a kind: `hours` ("Mon-Fri 8-17, Sat 9-13"), `holiday` ("Dec 24: 8 to noon"), `address`,
/// `phone`, `email`, `price` ("Crown = 1,450 USD").
pub fn read(kind: &str, text: &str, today: Date) -> Result<Vec<What>, FactsError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FactsError::Missing(
            "nothing was entered; write what is true",
        ));
    }
    let found = match kind {
        "hours" | "holiday" => {
            let found: Vec<What> = propose::hours_of(text, today)
                .into_iter()
                .filter(|w| matches!(w, What::Weekly(_)) == (kind == "hours"))
                .collect();
            if found.is_empty() {
                return Err(FactsError::Hours(text.to_owned()));
            }
            found
        }
        "address" => vec![What::Address {
            text: text.to_owned(),
        }],
        "phone" | "email" => {
            let (label, value) = match text.rsplit_once(": ") {
                Some((label, value)) => (label.trim().to_owned(), value.trim().to_owned()),
                None => (String::new(), text.to_owned()),
            };
            vec![if kind == "phone" {
                What::Phone {
                    label,
                    number: value,
                }
            } else {
                What::Email {
                    label,
                    address: value,
                }
            }]
        }
        "price" => {
            let (name, amount) = text.split_once('=').ok_or(FactsError::Missing(
                "a price is written as NAME = AMOUNT, for example: Crown = 1,450 USD",
            ))?;
            let (amount, currency) = amount
                .trim()
                .rsplit_once(' ')
                .unwrap_or((amount.trim(), ""));
            vec![What::Price {
                name: name.trim().to_owned(),
                amount: amount.to_owned(),
                currency: currency.to_owned(),
                note: String::new(),
            }]
        }
        _ => {
            return Err(FactsError::Missing(
                "a fact is one of: hours, holiday, address, phone, email, price",
            ));
        }
    };
    Ok(found)
}
