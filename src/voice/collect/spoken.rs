//! Parses spoken numbers, addresses and names, and formats them for reading back.

use super::alphabet::LISTS;
use crate::language::numbers;
use crate::voice::words::words;

/// Fewest digits of a telephone number.
pub const LEAST_DIGITS: usize = 5;
/// Most digits of a telephone number.
pub const MOST_DIGITS: usize = 16;

fn read_digits(word: &str) -> Option<String> {
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
        return Some(word.to_owned());
    }
    LISTS.digits.get(word).cloned()
}

/// The digits of a spoken number in order, with a leading `+` if spoken; "double five" is 55.
pub fn digits_in(text: &str) -> String {
    let mut out = String::new();
    if text.trim_start().starts_with('+') || words(text).first().is_some_and(|w| w == "plus") {
        out.push('+');
    }
    let spaced: String = text
        .chars()
        .map(|c| {
            if matches!(c, '-' | '.' | '/' | '(' | ')' | ',' | '+') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let said = words(&spaced);
    let mut times = 1;
    let mut at = 0;
    while let Some(word) = said.get(at) {
        at += 1;
        if let Some(repeat) = LISTS.repeats.get(word) {
            times = *repeat;
            continue;
        }
        if let Some(tens) = LISTS.tens.get(word) {
            let ones = said
                .get(at)
                .and_then(|w| read_digits(w))
                .filter(|d| d.len() == 1 && d != "0");
            if let Some(ones) = ones {
                out.push_str(&(tens + ones.parse::<u32>().unwrap_or(0)).to_string());
                at += 1;
            } else {
                out.push_str(&tens.to_string());
            }
        } else if let Some(digits) = read_digits(word) {
            // "Oh" or "one" without digits after it is an exclamation or an article.
            let exclaimed = matches!(word.as_str(), "oh" | "o" | "un" | "ein" | "one")
                && out.is_empty()
                && said.get(at).and_then(|w| read_digits(w)).is_none();
            if !exclaimed {
                out.push_str(&digits.repeat(times));
            }
        }
        times = 1;
    }
    out
}

/// Finds an e-mail address, spoken ("anna dot lee at example dot com") or written.
pub fn email_in(text: &str) -> Option<String> {
    let lower = text
        .trim()
        .trim_end_matches(['.', '!', '?', ','])
        .to_lowercase();
    let written = lower
        .split_whitespace()
        .map(|w| w.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | '<' | '>' | '"')))
        .find(|w| is_address(w));
    if let Some(found) = written {
        return Some(found.to_owned());
    }
    let tokens: Vec<String> = lower
        .replace(',', " ")
        .split_whitespace()
        .map(|w| match w {
            "at" | "arroba" | "arobase" | "chiocciola" | "ät" => "@".to_owned(),
            "dot" | "point" | "punkt" | "punto" => ".".to_owned(),
            "dash" | "hyphen" | "minus" | "bindestrich" | "guion" | "tiret" | "trattino" => {
                "-".to_owned()
            }
            "underscore" | "unterstrich" => "_".to_owned(),
            other => match read_digits(other) {
                Some(digits) if !matches!(other, "o" | "oh") => digits,
                _ => other.trim_matches(['.', '!']).to_owned(),
            },
        })
        .collect();
    let at = tokens.iter().position(|t| t == "@")?;
    let joins = |t: &String| matches!(t.as_str(), "." | "-" | "_") || t.chars().count() == 1;
    // Walk back over "anna . lee": words next to a sign, or single letters.
    let mut from = at.checked_sub(1)?;
    while from > 0
        && (joins(&tokens[from]) && joins(&tokens[from - 1])
            || is_sign(&tokens[from - 1])
            || is_sign(&tokens[from]))
    {
        from -= 1;
    }
    let mut to = at + 1;
    while to + 1 < tokens.len() && (is_sign(&tokens[to]) || is_sign(&tokens[to + 1])) {
        to += 1;
    }
    let name: String = tokens[from..at].concat();
    let host: String = tokens.get(at + 1..=to)?.concat();
    let address = format!("{name}@{host}");
    is_address(&address).then_some(address)
}

fn is_sign(token: &str) -> bool {
    matches!(token, "." | "-" | "_")
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        let fine = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
        };
        fine(name)
            && fine(host)
            && host
                .rsplit_once('.')
                .is_some_and(|(before, top)| !before.is_empty() && top.len() >= 2)
    })
}

/// Reads a spelled code: letters, "B as in Bravo", words of the spelling alphabet, and digits.
pub fn code_in(text: &str) -> String {
    let said = words(&text.replace(['-', '.', ','], " "));
    let mut out = String::new();
    let mut at = 0;
    while let Some(word) = said.get(at) {
        at += 1;
        let letter = word.chars().next().filter(|_| word.chars().count() == 1);
        if let Some(letter) = letter.filter(|c| c.is_alphabetic()) {
            out.extend(letter.to_uppercase());
            // "B as in Bravo", "B like Bravo", "B wie Berta".
            match (
                said.get(at).map(String::as_str),
                said.get(at + 1).map(String::as_str),
            ) {
                (Some("as"), Some("in")) => at += 3,
                (Some("like" | "for" | "wie" | "comme" | "come" | "de"), Some(_)) => at += 2,
                _ => {}
            }
        } else if let Some(letter) = LISTS.spelling.get(word) {
            out.extend(letter.to_uppercase());
        } else if let Some(digits) = read_digits(word) {
            out.push_str(&digits);
        }
    }
    out
}

/// Finds an e-mail address or a telephone number.
pub fn contact_in(text: &str) -> Option<String> {
    email_in(text).or_else(|| {
        let digits = digits_in(text);
        let count = digits.chars().filter(char::is_ascii_digit).count();
        (LEAST_DIGITS..=MOST_DIGITS)
            .contains(&count)
            .then_some(digits)
    })
}

/// Strips the words around a name.
pub fn name_in(text: &str) -> String {
    let mut rest = text
        .trim()
        .trim_end_matches(['.', '!', ','])
        .replace('’', "'");
    loop {
        let lower = rest.to_lowercase();
        let Some(lead) = LISTS.around.iter().find(|lead| {
            lower
                .strip_prefix(lead.as_str())
                .is_some_and(|r| r.starts_with([' ', ',']))
        }) else {
            break;
        };
        rest = rest
            .chars()
            .skip(lead.chars().count())
            .collect::<String>()
            .trim_start_matches([' ', ',', '.'])
            .to_owned();
    }
    let spelled = words(&rest.replace(['-', '.', ','], " "));
    let letters_only = spelled.iter().all(|w| w.chars().count() == 1);
    if spelled.len() >= 3 && (letters_only || rest.contains(" as in ")) {
        let letters = code_in(&rest).to_lowercase();
        let mut name = letters.chars();
        return name
            .next()
            .map(|first| first.to_uppercase().chain(name).collect())
            .unwrap_or_default();
    }
    rest.split([',', '.'])
        .next()
        .unwrap_or("")
        .trim()
        .chars()
        .take(80)
        .collect()
}

/// Formats a contact for reading back: digits in groups, or an address with its signs as words.
pub fn read_back(value: &str) -> String {
    if value.contains('@') {
        return value
            .replace('@', " at ")
            .replace('.', " dot ")
            .replace('_', " underscore ")
            .replace('-', " dash ");
    }
    let digits: Vec<&str> = value
        .chars()
        .filter_map(|c| c.to_digit(10).map(|digit| numbers::one(digit.into())))
        .collect();
    let groups = split_groups(digits.len());
    let mut at = 0;
    let mut out: Vec<String> = Vec::new();
    if value.starts_with('+') {
        out.push("plus".into());
    }
    for size in groups {
        out.push(digits.get(at..at + size).unwrap_or(&[]).join(" "));
        at += size;
    }
    out.join(", ")
}

/// Sizes of groups: threes, with up to four at the end.
fn split_groups(count: usize) -> Vec<usize> {
    let mut left = count;
    let mut out = Vec::new();
    while left > 4 {
        out.push(3);
        left -= 3;
    }
    if left > 0 {
        out.push(left);
    }
    out
}
