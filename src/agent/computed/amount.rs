//! Reads and writes sums of money.

use super::LISTS;
use crate::language::words::unaccented;

/// A sum of money, with the format it was written in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount {
    /// Hundredths of the currency unit.
    pub(super) cents: i64,
    /// The currency before or after the number, with its space.
    before: String,
    behind: String,
    /// Separators of decimals and of thousands, if any.
    decimal: Option<char>,
    thousands: Option<char>,
}

const SIGNS: &str = "$€£¥₹₽₺";

impl Amount {
    /// Reads the amount at the start of `rest`; returns it with the text after it. `None` without a currency beside it.
    pub(super) fn read<'t>(before: &str, rest: &'t str) -> Option<(Self, &'t str)> {
        let goes_on = |(at, c): (usize, char)| {
            c.is_ascii_digit()
                || (matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}')
                    && rest
                        .get(at + c.len_utf8()..)
                        .is_some_and(|r| r.starts_with(|d: char| d.is_ascii_digit())))
        };
        let end = rest.char_indices().find(|&at| !goes_on(at));
        let (digits, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        let code = |text: &str| {
            let sign = text.chars().all(|c| SIGNS.contains(c));
            !text.is_empty() && (sign || LISTS.amount.codes.contains(&unaccented(text)))
        };
        let word = |c: &char| c.is_alphabetic() || SIGNS.contains(*c);
        let space = before.ends_with([' ', '\u{a0}']);
        let led: String = before.trim_end().chars().rev().take_while(word).collect();
        let led: String = led.chars().rev().collect();
        let gap = after.starts_with([' ', '\u{a0}']);
        let tail = after.trim_start();
        let followed: String = match tail.chars().next() {
            Some(c) if SIGNS.contains(c) => c.to_string(),
            _ => tail.chars().take_while(|c| c.is_alphabetic()).collect(),
        };
        // A currency before the number wins: what follows it is then a unit or the next word.
        let (before, behind) = match (code(&led), code(&followed)) {
            (true, _) => (
                format!("{led}{}", if space { " " } else { "" }),
                String::new(),
            ),
            (false, true) => (
                String::new(),
                format!("{}{followed}", if gap { " " } else { "" }),
            ),
            (false, false) => return None,
        };
        let after = match behind.is_empty() {
            true => after,
            false => tail.get(followed.len()..)?,
        };
        let (cents, decimal, thousands) = read_cents(digits)?;
        let amount = Self {
            cents,
            before,
            behind,
            decimal,
            thousands,
        };
        Some((amount, after))
    }

    /// The only number of a text, if it is a sum, and the words after it; `None` if the text says that the price
    /// depends on something.
    pub(super) fn read_only(text: &str) -> Option<(Self, Vec<String>)> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let (before, rest) = text.split_at(start);
        let (amount, after) = Self::read(before, rest)?;
        let unit = super::words(after);
        // "$5k", "£2 million", "−£5": the number alone would be wrong.
        let scaled = after.starts_with(char::is_alphabetic)
            || unit
                .first()
                .is_some_and(|w| LISTS.amount.scales.contains(w));
        let minus = before.contains(['-', '−', '–']);
        let other = after.contains(|c: char| c.is_ascii_digit());
        (!Self::depends(text) && !scaled && !minus && !other).then_some((amount, unit))
    }

    /// Whether a text says that a price depends on something ("from", "up to").
    pub(super) fn depends(text: &str) -> bool {
        super::words(text)
            .iter()
            .any(|w| LISTS.amount.depends.contains(w))
    }

    pub(super) fn is_money(text: &str) -> bool {
        text.contains(|c| SIGNS.contains(c))
            || super::words(text)
                .iter()
                .any(|w| LISTS.amount.codes.contains(w))
    }

    pub(super) fn same_currency(&self, other: &Self) -> bool {
        let named = |a: &Self| format!("{}{}", a.before.trim(), a.behind.trim());
        named(self) == named(other)
    }

    /// Writes a sum in the currency and format of this one.
    pub(super) fn format(&self, cents: i64) -> String {
        let digits = (cents / 100).to_string();
        let mut whole = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                whole.extend(self.thousands);
            }
            whole.push(digit);
        }
        let number = match (self.decimal, cents % 100) {
            (None, 0) => whole,
            (decimal, part) => format!("{whole}{}{part:02}", decimal.unwrap_or('.')),
        };
        format!("{}{number}{}", self.before, self.behind)
    }
}

/// Reads a number into hundredths, with its separators of decimals and thousands. A separator before one or two
/// final digits marks decimals; before three it marks thousands, except after a leading zero.
fn read_cents(digits: &str) -> Option<(i64, Option<char>, Option<char>)> {
    let plain = |text: &str| -> Option<i64> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let separator = |text: &str| text.chars().find(|c| !c.is_ascii_digit());
    let last = digits.rfind(|c: char| !c.is_ascii_digit());
    let behind = last.map(|at| digits.get(at..).unwrap_or_default());
    match (last, behind) {
        (Some(at), Some(behind))
            if behind.chars().count() <= 3 && behind.starts_with(['.', ',']) =>
        {
            let (whole, part) = (digits.get(..at)?, behind.get(1..)?);
            let part = part.parse::<i64>().ok()? * if part.len() == 1 { 10 } else { 1 };
            let cents = plain(whole)?.checked_mul(100)?.checked_add(part)?;
            Some((cents, behind.chars().next(), separator(whole)))
        }
        (Some(_), _) if digits.starts_with('0') => None,
        _ => Some((plain(digits)?.checked_mul(100)?, None, separator(digits))),
    }
}
