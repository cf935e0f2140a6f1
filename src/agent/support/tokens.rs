//! The tokens of a sentence that must be in a quotation exactly: figures, prices, dates, times, names,
//! phone numbers, e-mail and web addresses.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::language::words::unaccented;
use crate::language::{Language, numbers};

/// Finds figures, addresses and names of the sentence that are in no quotation.
pub(super) fn find_unfounded(sentence: &str, quotes: &[String]) -> Vec<String> {
    let there: HashSet<String> = quotes.iter().flat_map(|q| collect_tokens(q)).collect();
    let joined = quotes.join(" ").to_lowercase();
    let mut missing = Vec::new();
    for token in figures(sentence).into_iter().chain(names(sentence)) {
        if !there.contains(&token) && !missing.contains(&token) {
            missing.push(token);
        }
    }
    for address in addresses(sentence) {
        if !joined.contains(&address) {
            missing.push(address);
        }
    }
    missing
}

/// The figures and addresses that stand in one of two texts only, in whatever languages they are. A figure may be a word in
/// the other text ("ten", "zehn"). Names are left out: languages write them differently.
pub(super) fn find_differing(one: &str, other: &str) -> Vec<String> {
    let mut differing = find_lone(one, other);
    differing.extend(find_lone(other, one));
    differing
}

/// The figures and addresses of a text that the other does not have.
fn find_lone(text: &str, other: &str) -> Vec<String> {
    let mut there: HashSet<String> = digits(other).into_iter().chain(addresses(other)).collect();
    for word in other.unicode_words().map(unaccented) {
        let said = Language::KNOWN.map(|language| numbers::small(language, &word));
        there.extend(said.into_iter().flatten().map(|n| n.to_string()));
    }
    let own = digits(text).into_iter().chain(addresses(text));
    own.filter(|token| !there.contains(token)).collect()
}

/// The tokens that a quotation supports: its figures, and all its words, folded.
fn collect_tokens(quote: &str) -> Vec<String> {
    let mut all = figures(quote);
    all.extend(quote.unicode_words().map(fold));
    all
}

/// Numbers in normal form: "1,450", "1450" and "$1450.00" are "1450"; "8:00" is "8"; "seven" is "7".
fn figures(text: &str) -> Vec<String> {
    let mut found = digits(text);
    for word in text.unicode_words() {
        // "One" is rarely a number.
        let said = numbers::small(Language::En, &word.to_ascii_lowercase());
        found.extend(said.filter(|number| *number > 1).map(|n| n.to_string()));
    }
    found
}

/// Numbers in digits, in normal form.
fn digits(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut number = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inner = matches!(c, '.' | ',' | ':')
            && !number.is_empty()
            && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() || inner {
            number.push(c);
        } else if !number.is_empty() {
            found.push(normalise(&std::mem::take(&mut number)));
        }
    }
    if !number.is_empty() {
        found.push(normalise(&number));
    }
    found
}

fn normalise(number: &str) -> String {
    if let Some((hours, minutes)) = number.split_once(':') {
        let hours = hours.trim_start_matches('0');
        return match minutes {
            "00" => hours.to_owned(),
            _ => format!("{hours}:{minutes}"),
        };
    }
    // A separator before three digits groups thousands; before one or two it is a decimal point.
    let mut plain = String::new();
    let parts: Vec<&str> = number.split(['.', ',']).collect();
    for (at, part) in parts.iter().enumerate() {
        let decimal = at > 0 && at + 1 == parts.len() && part.len() < 3;
        if decimal && part.chars().all(|c| c == '0') {
            continue;
        }
        if decimal {
            plain.push('.');
        }
        plain.push_str(part);
    }
    plain
}

/// E-mail and web addresses in lower case.
fn addresses(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| word.contains('@') || word.contains("://") || word.starts_with("www."))
        .collect()
}

/// Capitalised words that do not begin a sentence: names of people, places, products and days.
fn names(sentence: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut begins = true;
    for word in sentence.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = bare.chars().next().is_some_and(char::is_uppercase);
        let is_i = matches!(bare, "I" | "I'm" | "I'd" | "I’m");
        if capital && !begins && !is_i && bare.chars().all(|c| !c.is_ascii_digit()) {
            found.extend(bare.unicode_words().map(fold));
        }
        let abbreviated = matches!(bare, "Dr" | "Mr" | "Mrs" | "Ms" | "St" | "Prof");
        begins = !abbreviated && word.ends_with(['.', '!', '?', ':']);
    }
    found
}

/// A word in lower case, without accents, and without the s of a plural or possessive.
fn fold(word: &str) -> String {
    let lower = unaccented(word);
    let owner = lower.strip_suffix("'s").unwrap_or(&lower);
    match owner.strip_suffix('s') {
        Some(stem) if stem.chars().count() > 3 && !stem.ends_with('s') => stem.to_owned(),
        _ => owner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_one_form() {
        for (text, expected) in [
            ("$1,450", "1450"),
            ("1.450,00 €", "1450"),
            ("8:00 am", "8"),
            ("08:30", "8:30"),
            ("12.5 %", "12.5"),
            ("seven", "7"),
            ("1,000,000", "1000000"),
        ] {
            assert_eq!(figures(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_figure_may_be_a_word_in_the_other_language() {
        for (one, other, lone) in [
            ("with ten days' notice", "avec un préavis de 10 jours", ""),
            ("bis zu 3 Kinder", "up to three children", ""),
            ("open until 21:00", "ouvert jusqu'à 22:00", "21 22"),
            ("ten days", "12 jours", "12"),
            ("write to a@b.example", "écrivez", "a@b.example"),
        ] {
            assert_eq!(
                find_differing(one, other).join(" "),
                lone,
                "{one} / {other}"
            );
        }
    }

    #[test]
    fn names_are_words_in_capitals_within_a_sentence() {
        assert_eq!(
            names("Please ask Dr. Okafor. She works on Mondays."),
            ["dr", "okafor", "monday"]
        );
        assert!(names("We take cash. Then I pay.").is_empty());
    }
}
