//! Finds address, telephone and e-mail in a line.

use super::lists::{LISTS, has};
use crate::hours::data::What;
use crate::hours::words;

/// Of a line that may be an address, in characters.
const LONGEST_ADDRESS: usize = 160;
/// Of a line or cell with a number or an e-mail address, in characters.
const LONGEST_CELL: usize = 90;
/// In characters.
const LONGEST_LABEL: usize = 60;

/// The contact data that a line states.
pub(super) fn of_line(text: &str) -> Vec<What> {
    let mut out = Vec::new();
    for cell in text.split('|') {
        out.extend(address(cell.trim()));
        // In running text a number or address is for some purpose, not that of the business.
        if cell.trim().chars().count() <= LONGEST_CELL {
            out.extend(phone(cell.trim()));
            out.extend(email(cell.trim()));
        }
    }
    out
}

fn address(text: &str) -> Option<What> {
    if text.chars().count() > LONGEST_ADDRESS {
        return None;
    }
    if let Some((label, rest)) = text.split_once(':') {
        let named = words::tokens(label)
            .iter()
            .any(|t| has(&LISTS.address, &t.text));
        if named
            && label.len() < 40
            && rest.contains(|c: char| c.is_ascii_digit())
            && !rest.contains('@')
        {
            return Some(What::Address {
                text: rest.trim().to_owned(),
            });
        }
    }
    let tokens = words::tokens(text);
    // A sentence is not an address.
    if text.ends_with(['.', '?', '!'])
        || text.contains('@')
        || text.contains(". ") && tokens.len() > 20
    {
        return None;
    }
    let ends = |word: &str| LISTS.street_endings.iter().any(|e| word.ends_with(e));
    let street = tokens
        .iter()
        .any(|t| has(&LISTS.streets, &t.text) || (t.text.len() > 5 && ends(&t.text)));
    let post_code = tokens
        .iter()
        .any(|t| t.text.len() == 5 && t.text.bytes().all(|b| b.is_ascii_digit()))
        || has_uk_code(text);
    let house = tokens.iter().any(|t| t.number().is_some_and(|n| n > 0));
    (street && post_code && house).then(|| What::Address {
        text: text.to_owned(),
    })
}

/// A British post code: "SW1A 1AA".
fn has_uk_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split([' ', ',']).collect();
    parts.windows(2).any(|pair| {
        let [out, inner] = pair else { return false };
        let area = (2..=4).contains(&out.len())
            && out.starts_with(|c: char| c.is_ascii_uppercase())
            && out.bytes().any(|b| b.is_ascii_digit())
            && out
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let unit = inner.len() == 3
            && inner.starts_with(|c: char| c.is_ascii_digit())
            && inner.bytes().skip(1).all(|b| b.is_ascii_uppercase());
        area && unit
    })
}

/// The first telephone number of a text as written, with the text before it as its label.
fn phone(text: &str) -> Option<What> {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < text.len() {
        let opens = bytes
            .get(start)
            .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'('))
            && start
                .checked_sub(1)
                .and_then(|b| bytes.get(b))
                .is_none_or(|b| {
                    !b.is_ascii_alphanumeric() && !matches!(b, b'$' | b'.' | b'-' | b'/' | b',')
                });
        if !opens {
            start += 1;
            continue;
        }
        let end = bytes
            .iter()
            .enumerate()
            .skip(start)
            .find(|(_, b)| {
                !(b.is_ascii_digit() || matches!(b, b'+' | b'(' | b')' | b' ' | b'-' | b'.' | b'/'))
            })
            .map_or(text.len(), |(at, _)| at);
        let number = text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches(|c: char| !c.is_ascii_digit());
        if is_phone(number) {
            let label = text.get(..start).unwrap_or_default();
            // Only the same sentence counts; the full stop of "Tel." does not end one.
            let label = label.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')');
            let label = label
                .rsplit(['.', ';', '!', '?'])
                .next()
                .unwrap_or_default();
            let label = label.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
            if label.chars().count() > LONGEST_LABEL {
                return None;
            }
            return Some(What::Phone {
                label: label.to_owned(),
                number: number.to_owned(),
            });
        }
        start = end.max(start + 1);
    }
    None
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let groups: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|g| !g.is_empty())
        .collect();
    let international = text.starts_with('+') && (8..=15).contains(&digits);
    let national = (text.starts_with('0') || text.starts_with("(0"))
        && (7..=13).contains(&digits)
        && groups.len() >= 2
        && groups.first().is_some_and(|g| g.len() >= 2);
    let american = digits == 10 && groups.iter().map(|g| g.len()).eq([3, 3, 4])
        || digits == 11 && groups.iter().map(|g| g.len()).eq([1, 3, 3, 4]) && text.starts_with('1');
    let spanish = digits == 9 && groups.len() >= 3 && text.starts_with(['6', '7', '8', '9']);
    // 24.12.2026 is a date.
    let dated = groups.len() == 3
        && groups.last().is_some_and(|g| g.len() == 4)
        && groups.first().is_some_and(|g| g.len() <= 2)
        && !text.starts_with('+')
        && digits <= 8;
    (international || national || american || spanish) && !dated
}

fn email(text: &str) -> Option<What> {
    let word = text.split_whitespace().find(|w| w.contains('@'))?;
    let address = word.trim_matches(|c: char| !c.is_alphanumeric());
    let (name, host) = address.split_once('@')?;
    if name.is_empty() || !host.contains('.') || host.contains('@') {
        return None;
    }
    let before = text.split(word).next().unwrap_or_default();
    let label = before
        .rsplit(['.', ';', '!', '?'])
        .next()
        .unwrap_or_default()
        .trim_matches(|c: char| !c.is_alphanumeric());
    // The sender's address of a mail is not that of the business.
    if label.chars().count() > LONGEST_LABEL || word.starts_with('(') || label.starts_with("From") {
        return None;
    }
    Some(What::Email {
        label: label.to_owned(),
        address: address.to_owned(),
    })
}
