//! Phone numbers: digit by digit, with a pause between the groups.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{numbers, pattern};

static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?P<ext>\b[Ee]xt\.? ?)(?P<local>\d{1,6})\b|(?P<all>(?:\+ ?\d{1,3}[ ./-]?)?(?:\(\d{1,5}\)[ ./-]{0,2})?\d{2,5}(?:[ .–/-]\d{2,8}){0,5})",
    )
});

/// Reads phone numbers digit by digit. A number is recognised by its shape (a plus, an area code in
/// brackets, 555-0142) and its length of 7 to 15 digits.
pub(super) fn read(text: &str) -> String {
    PHONE
        .replace_all(text, |found: &Captures<'_>| {
            if let Some(local) = found.name("local") {
                return format!("extension {}", numbers::digits(local.as_str()));
            }
            let all = found.name("all").map_or("", |all| all.as_str());
            if is_phone(all) {
                read_groups(all)
            } else {
                all.to_owned()
            }
        })
        .into_owned()
}

fn is_phone(text: &str) -> bool {
    let count = text.chars().filter(char::is_ascii_digit).count();
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let marked = text.starts_with('+') || text.starts_with('(');
    // "1999-2026" is a range of years.
    let years = parts.len() == 2
        && parts
            .iter()
            .all(|part| part.len() == 4 && (part.starts_with("19") || part.starts_with("20")));
    let shape = match parts.len() {
        0 => false,
        1 => text.starts_with("+") || text.starts_with('0') && count > 8,
        2 => {
            parts[0].len() == 3 && parts[1].len() == 4 && text.contains(['-', '.'])
                || parts[0].starts_with('0')
        }
        _ => !text.contains("–"),
    };
    (7..=15).contains(&count) && (marked || shape) && !years
}

fn read_groups(text: &str) -> String {
    let parts: Vec<String> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| {
            if part.len() > 4 {
                numbers::in_groups(part)
            } else {
                numbers::digits(part)
            }
        })
        .collect();
    let plus = if text.starts_with('+') { "plus " } else { "" };
    format!("{plus}{}", parts.join(", "))
}
