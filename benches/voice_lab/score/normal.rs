//! English text → words that can be compared: how something is written (figures or words, capitals,
//! marks, abbreviations) is no difference. It is deliberately another one than what the voice reads texts
//! with, so that it does not forgive that one's mistakes.

use super::numbers::{cardinal, digits, ordinal, year};
use super::written;

/// Words that say nothing.
const FILLERS: [&str; 8] = ["uh", "um", "hmm", "mm", "mhm", "er", "erm", "ah"];
/// Behind one of these, "and" belongs to a number, and is said or not.
const BEFORE_AND: [&str; 7] = [
    "hundred", "thousand", "dollar", "dollars", "euro", "euros", "pounds",
];
/// Currency signs: one, many, and the hundredth part.
const MONEY: [(char, &str, &str, &str); 3] = [
    ('$', "dollar", "dollars", "cents"),
    ('€', "euro", "euros", "cents"),
    ('£', "pound", "pounds", "pence"),
];

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    let text: String = text
        .chars()
        .map(|c| match c {
            '’' | '‘' => '\'',
            '–' | '—' | '…' => ' ',
            other => other,
        })
        .collect::<String>()
        .to_lowercase();
    let mut out = Vec::new();
    let text = unbracketed(&text);
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    while let Some((token, rest)) = tokens.get(at).zip(tokens.get(at..)) {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at)).copied();
        if let Some((said, used)) = written::read(before, rest) {
            out.extend(said);
            at += used;
        } else {
            token_words(token, &mut out);
            at += 1;
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in out {
        let after_number = words
            .last()
            .is_some_and(|w| BEFORE_AND.contains(&w.as_str()));
        let nothing = FILLERS.contains(&word.as_str()) || (word == "and" && after_number);
        if !nothing {
            words.push(same(word));
        }
    }
    words
}

/// Without what recognisers put in brackets: [music], (coughs).
fn unbracketed(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// One spelling for words that have several.
fn same(word: String) -> String {
    match word.as_str() {
        "okay" => "ok".into(),
        "mr" => "mister".into(),
        "mrs" => "missus".into(),
        "dr" => "doctor".into(),
        "st" => "saint".into(),
        "oh" => "zero".into(),
        "alright" => "allright".into(),
        "km" => "kilometers".into(),
        "kilometres" => "kilometers".into(),
        "kg" => "kilograms".into(),
        "ref" => "reference".into(),
        _ => word,
    }
}

pub(super) fn token_words(token: &str, out: &mut Vec<String>) {
    let token = token.trim_matches(|c: char| !c.is_alphanumeric() && !"$€£%°'".contains(c));
    if !token.contains(|c: char| c.is_ascii_digit()) {
        return plain(token, out);
    }
    if let Some((_, one, many, part)) = MONEY.iter().find(|m| token.starts_with(m.0)) {
        let amount: String = token.chars().skip(1).filter(|c| *c != ',').collect();
        let (whole, rest) = amount.split_once('.').unwrap_or((&amount, ""));
        let whole: u64 = whole.parse().unwrap_or(0);
        cardinal(whole, out);
        out.push((if whole == 1 { one } else { many }).to_string());
        if let Ok(rest @ 1..) = rest.parse() {
            cardinal(rest, out);
            out.push(part.to_string());
        }
        return;
    }
    if let Some(whole) = token.strip_suffix('%') {
        token_words(whole, out);
        return out.push("percent".into());
    }
    if token.contains('@') {
        return plain(token, out);
    }
    figures(token, out);
}

/// A token of figures, or with figures in it.
fn figures(token: &str, out: &mut Vec<String>) {
    let clean = token.replace(',', "");
    if clean.chars().all(|c| c.is_ascii_digit()) {
        return whole(&clean, out);
    }
    for suffix in ["st", "nd", "rd", "th"] {
        if let Some(Ok(number)) = clean.strip_suffix(suffix).map(str::parse) {
            return ordinal(number, out);
        }
    }
    if let Some((hours, minutes)) = clean.split_once(':')
        && let (Ok(hours), true) = (
            hours.parse(),
            minutes.starts_with(|c: char| c.is_ascii_digit()),
        )
    {
        cardinal(hours, out);
        let end = minutes
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(minutes.len());
        let (minutes, half) = minutes.split_at(end);
        match minutes.parse::<u64>() {
            Ok(0) => {}
            Ok(few @ 1..10) => {
                out.push("oh".into());
                cardinal(few, out);
            }
            Ok(many) => cardinal(many, out),
            Err(_) => {}
        }
        return plain(half, out);
    }
    if let Some((units, decimals)) = clean.split_once('.')
        && let (Ok(units), true) = (units.parse(), decimals.chars().all(|c| c.is_ascii_digit()))
        && !decimals.is_empty()
    {
        cardinal(units, out);
        out.push("point".into());
        return digits(decimals, out);
    }
    // What is left is cut where figures begin and end: 9am, b7x9q, 555-0142.
    let phone = clean.contains('-') && clean.chars().filter(char::is_ascii_digit).count() >= 5;
    let mut rest = clean.as_str();
    while let Some(first) = rest.chars().next() {
        let figure = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != figure)
            .unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        match figure {
            true if phone => digits(part, out),
            true => whole(part, out),
            false => plain(part, out),
        }
        rest = behind;
    }
}

/// Figures alone: a year, a number, or digits.
fn whole(figures: &str, out: &mut Vec<String>) {
    let leading = figures.len() > 1 && figures.starts_with('0');
    match figures.parse::<u64>() {
        Ok(number) if !leading && figures.len() == 4 => year(number, out),
        Ok(number) if !leading && figures.len() < 7 => cardinal(number, out),
        _ => digits(figures, out),
    }
}

/// Letters: marks inside are dropped or part words; an apostrophe joins; `@` and an inner dot are said.
fn plain(token: &str, out: &mut Vec<String>) {
    let domain = |(left, right): (&str, &str)| {
        let letters = |part: &str| part.len() > 1 && part.chars().all(char::is_alphabetic);
        left.len() > 1 && letters(right)
    };
    let address = token.contains('@')
        || token.starts_with("www.")
        || token.rsplit_once('.').is_some_and(domain);
    let dotted = token.len() > 2 && token.split('.').all(|p| p.chars().count() <= 1);
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut Vec<String>| {
        if !word.is_empty() {
            out.push(std::mem::take(word));
        }
    };
    for c in token.chars() {
        match c {
            '\'' => {}
            c if c.is_alphanumeric() => word.push(c),
            '@' => {
                flush(&mut word, out);
                out.push("at".into());
            }
            '.' if address => {
                flush(&mut word, out);
                out.push("dot".into());
            }
            '.' if dotted => {}
            '&' => {
                flush(&mut word, out);
                out.push("and".into());
            }
            '%' => {
                flush(&mut word, out);
                out.push("percent".into());
            }
            _ => flush(&mut word, out),
        }
    }
    flush(&mut word, out);
}
