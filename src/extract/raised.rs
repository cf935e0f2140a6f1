//! Raised text (superscript). A footnote mark after a price is not one of its digits; the 2 of m² belongs to its unit.
//!
//! Readers put raised text between [`BEGIN`] and [`END`], and [`super::clean`] calls this module to write it out.
//! Superscript characters (¹, ²) are treated the same way.

use std::borrow::Cow;

use super::LINE_BREAK;

/// Marks where raised text begins and ends (Unicode noncharacters).
pub(super) const BEGIN: char = '\u{FDD0}';
pub(super) const END: char = '\u{FDD1}';

/// Longest footnote mark, in characters: "1, 2, 3".
const MAX_MARK: usize = 12;
/// How much of the text before raised text is examined, in characters.
const TAIL: usize = 80;
/// Units that are squared and cubed.
const UNITS: &[&str] = &[
    "m", "cm", "mm", "dm", "km", "µm", "μm", "nm", "in", "ft", "yd", "mi", "s", "sec", "м", "см",
    "мм", "км",
];
/// Formulas with a digit after them, which in CO is often raised by mistake.
const FORMULAS: &[&str] = &["CO", "NO", "SO", "NH", "CH", "mc"];

/// Puts raised text between the markers.
pub(super) fn mark(text: &str) -> String {
    format!("{BEGIN}{text}{END}")
}

/// Writes raised text so that it cannot be mistaken for a part of the number or word before it.
pub(super) fn write_out(text: &str) -> Cow<'_, str> {
    let is_raised = |c: char| matches!(c, BEGIN | END) || to_normal(c).is_some();
    if !text.contains(is_raised) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_raised) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (piece, after) = split_piece(from);
        write_piece(&mut out, &piece, after);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Splits off the raised text that `from` begins with, and converts its digits to normal ones.
fn split_piece(from: &str) -> (String, &str) {
    let mut piece = String::new();
    let mut rest = from;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if let Some(figure) = to_normal(c) {
            piece.push(figure);
            rest = after;
        } else if c == BEGIN {
            // Drop a marker that is never closed.
            let end = after.find(END).unwrap_or(0);
            let inner = after.get(..end).unwrap_or_default();
            piece.extend(
                inner
                    .chars()
                    .filter(|c| *c != BEGIN)
                    .map(|c| to_normal(c).unwrap_or(c)),
            );
            rest = after.get(end..).unwrap_or_default();
        } else if c == END {
            rest = after;
        } else {
            break;
        }
    }
    (piece, rest)
}

fn write_piece(out: &mut String, piece: &str, after: &str) {
    let mark = piece.trim().replace(['−', '–'], "-");
    let host = out.trim_end_matches(|c: char| c.is_whitespace() && c != LINE_BREAK);
    let host_end = host.len();
    let host = tail(host).to_owned();
    let is_figures = !mark.is_empty() && mark.chars().all(|c| c.is_ascii_digit());
    if mark.is_empty() {
        out.push_str(piece);
    } else if is_figures && begins_fraction(after) {
        if out.ends_with(|c: char| c.is_ascii_digit()) {
            out.push(' ');
        }
        out.push_str(&mark);
    } else if host.is_empty() || host.ends_with(LINE_BREAK) {
        // Raised text at the start of a line begins the footnote itself.
        out.push_str(&to_superscript(&mark));
        separate(out, after);
    } else if let Some(cents) = cents(&host, &mark, after) {
        out.truncate(host_end);
        out.push_str(&cents);
        separate(out, after);
    } else if is_exponent(&host, &mark, after) {
        out.truncate(host_end);
        out.push_str(&to_superscript(&mark));
    } else if mark == "0" && host.ends_with(|c: char| c.is_ascii_digit()) {
        out.push('°');
    } else if is_mark(&host, &mark) {
        separate(out, after);
    } else {
        let letters = mark.chars().take_while(|c| c.is_alphabetic()).count();
        // Keep "1st" and "Mme" one word, but separate a longer remark.
        if letters >= 3 && out.ends_with(char::is_alphabetic)
            || mark.chars().count() > MAX_MARK
            || is_figures
        {
            separate(out, &mark);
        }
        out.push_str(piece.trim());
        if piece.ends_with(char::is_whitespace) {
            out.push(' ');
        }
    }
}

/// The last [`TAIL`] characters.
fn tail(text: &str) -> &str {
    let from = text.char_indices().rev().nth(TAIL).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or_default()
}

/// Whether a line is a footnote: it begins with a superscript mark.
pub(super) fn begins_note(line: &str) -> bool {
    line.starts_with(|c| to_normal(c).is_some())
}

/// Adds a space if the text so far would run into the text after it.
fn separate(out: &mut String, after: &str) {
    if out.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric) {
        out.push(' ');
    }
}

/// Whether "/2" follows, as in 1½ written with a raised 1.
fn begins_fraction(after: &str) -> bool {
    after
        .strip_prefix(['/', '⁄'])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Cents that are raised after the whole part of a price, with a decimal point.
fn cents(host: &str, mark: &str, after: &str) -> Option<String> {
    if mark.len() != 2 || !mark.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = if host.ends_with(['.', ',']) { "" } else { "." };
    let number = host.trim_end_matches(['.', ',']);
    let whole = trailing_digits(number);
    let before = number.get(..number.len() - whole.len()).unwrap_or_default();
    if whole.is_empty() || whole.len() > 5 || before.ends_with(['.', ',']) {
        return None;
    }
    let priced = before.trim_end().ends_with(is_currency)
        || after.trim_start().starts_with(is_currency)
        || ["EUR", "CHF", "USD", "GBP"]
            .iter()
            .any(|code| before.trim_end().ends_with(code) || after.trim_start().starts_with(code));
    let usual = mark >= "20" && mark.ends_with(['0', '5', '9']) && whole.len() <= 3;
    (priced || mark.starts_with('0') || usual).then(|| format!("{point}{mark}"))
}

/// Whether the digits are an exponent or a charge: m², 10³, x², m⁻¹, Ca²⁺.
fn is_exponent(host: &str, mark: &str, after: &str) -> bool {
    let digits = mark.trim_start_matches('-').trim_end_matches(['+', '-']);
    if digits.len() > 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    if mark.len() > digits.len() {
        return host.ends_with(char::is_alphanumeric) && mark.len() <= 3;
    }
    if after.trim_start().starts_with('=') {
        return true;
    }
    let number = trailing_digits(host);
    let before = host.get(..host.len() - number.len()).unwrap_or_default();
    if !number.is_empty() {
        let times =
            before.trim_end().ends_with(['×', '·', '*']) || before.trim_end().ends_with(" x");
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ','));
        return number == "10" && (times || whole && digits.parse::<u8>().is_ok_and(|n| n >= 3));
    }
    let word: String = {
        let tail = host.trim_end_matches(char::is_alphabetic);
        host.get(tail.len()..).unwrap_or_default().to_owned()
    };
    let before = host.get(..host.len() - word.len()).unwrap_or_default();
    let is_unit = UNITS.contains(&word.to_lowercase().as_str());
    if is_unit && matches!(digits, "2" | "3") || FORMULAS.contains(&word.as_str()) {
        return true;
    }
    // A single letter is a variable; but after a number it is a unit that is never squared: "18 h".
    word.chars().count() == 1 && !before.trim_end().ends_with(|c: char| c.is_ascii_digit())
}

/// Whether raised text refers to a footnote: 1, 12, 1), (1), [3], "1, 2", or a letter that is not an ordinal ending.
fn is_mark(host: &str, mark: &str) -> bool {
    if mark.chars().count() > MAX_MARK {
        return false;
    }
    let bare = |part: &str| {
        let part = part
            .trim()
            .trim_start_matches(['(', '['])
            .trim_end_matches([')', ']', '.']);
        let figures = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        figures || part.len() == 1 && part.bytes().all(|b| b.is_ascii_lowercase())
    };
    if !mark
        .split([',', ';', ' ', '-'])
        .filter(|p| !p.is_empty())
        .all(bare)
    {
        return false;
    }
    if mark.chars().any(|c| !c.is_ascii_lowercase()) {
        return true;
    }
    // "2e" and "1a" are ordinals; "29.90a" and "Helmet a" have a mark.
    let letters = host.chars().rev().take_while(|c| c.is_alphabetic()).count();
    let whole = trailing_digits(host);
    let before = host.get(..host.len() - whole.len()).unwrap_or_default();
    letters >= 3
        || host.ends_with(is_currency)
        || (!whole.is_empty() && before.ends_with(['.', ',']))
}

/// The digits at the end of a text.
fn trailing_digits(text: &str) -> &str {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    text.get(head.len()..).unwrap_or_default()
}

fn is_currency(c: char) -> bool {
    matches!(
        c,
        '$' | '€' | '£' | '¥' | '₹' | '₺' | '₽' | '₩' | '₫' | '₱' | '₪'
    )
}

/// The normal form of a superscript character.
fn to_normal(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴' => '4',
        '⁵' => '5',
        '⁶' => '6',
        '⁷' => '7',
        '⁸' => '8',
        '⁹' => '9',
        '⁺' => '+',
        '⁻' => '-',
        _ => return None,
    })
}

/// Converts digits to superscript; other characters stay.
fn to_superscript(mark: &str) -> String {
    mark.chars()
        .map(|c| match c {
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            '+' => '⁺',
            '-' => '⁻',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `^x^` stands for a raised x.
    fn read(text: &str) -> String {
        let mut out = String::new();
        for (i, part) in text.split('^').enumerate() {
            out.push_str(&if i % 2 == 1 {
                mark(part)
            } else {
                part.to_owned()
            });
        }
        write_out(&out).into_owned()
    }

    #[test]
    fn the_mark_of_a_footnote_is_no_figure_of_the_price() {
        for (raised, shown) in [
            ("29.90^1^", "29.90"),
            ("29.90¹", "29.90"),
            ("48^2^", "48"),
            ("48^12^", "48"),
            ("48 ^2^ EUR", "48  EUR"),
            ("29.90 €^1, 2^", "29.90 €"),
            ("48^1-3^", "48"),
            ("29.90^1)^ per day", "29.90 per day"),
            ("29.90^[3]^", "29.90"),
            ("29.90^a^", "29.90"),
            ("Helmet^1^", "Helmet"),
            ("18 h^2^", "18 h"),
            ("in 1998^24^ we", "in 1998 we"),
            ("Room 10^2^", "Room 10"),
            ("12^1^34", "12 34"),
        ] {
            assert_eq!(read(raised), shown, "{raised}");
            assert_eq!(write_out(shown), shown, "{shown} stays");
        }
    }

    #[test]
    fn powers_ordinals_fractions_and_cents_stay_readable() {
        for (raised, shown) in [
            ("20 m^2^", "20 m²"),
            ("20 m²", "20 m²"),
            ("€/m^3^ water", "€/m³ water"),
            ("10^3^ cells", "10³ cells"),
            ("2 × 10^2^", "2 × 10²"),
            ("x^2^", "x²"),
            ("5^2^ = 25", "5² = 25"),
            ("CO^2^ free", "CO² free"),
            ("Ca^2+^", "Ca²⁺"),
            ("s^−1^", "s⁻¹"),
            ("1^st^ floor", "1st floor"),
            ("2^e^ étage", "2e étage"),
            ("M^me^ Roy", "Mme Roy"),
            ("2^1^/2 hours", "2 1/2 hours"),
            ("$4^99^", "$4.99"),
            ("29,^90^ €", "29,90 €"),
            ("29^90^", "29.90"),
            ("20^0^ C", "20° C"),
            ("Brand^®^", "Brand®"),
            ("Massage^NEW^", "Massage NEW"),
            ("^1^Sticks included", "¹ Sticks included"),
            ("^1^ Sticks included", "¹ Sticks included"),
        ] {
            assert_eq!(read(raised), shown, "{raised}");
        }
    }

    #[test]
    fn marks_without_a_partner_say_nothing() {
        assert_eq!(write_out(&format!("a{BEGIN}b")), "ab");
        assert_eq!(write_out(&format!("a{END}b")), "ab");
        assert_eq!(write_out(&format!("48{BEGIN}1{END}{BEGIN}2{END}")), "48");
    }
}
