//! Numbers in words, from `numbers.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Language;
use super::data;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    small: HashMap<Language, String>,
    english: English,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct English {
    ones: String,
    tens: String,
    scales: String,
    ordinals: HashMap<String, String>,
}

struct Numbers {
    small: HashMap<Language, Vec<String>>,
    ones: Vec<String>,
    tens: Vec<String>,
    scales: Vec<String>,
    ordinals: HashMap<String, String>,
}

static FILE: &str = include_str!("numbers.toml");
static NUMBERS: LazyLock<Numbers> = LazyLock::new(|| {
    let Written { small, english } = data::read(FILE);
    let words = |list: &str| list.split_whitespace().map(str::to_owned).collect();
    Numbers {
        small: small.iter().map(|(l, list)| (*l, words(list))).collect(),
        ones: words(&english.ones),
        tens: words(&english.tens),
        scales: words(&english.scales),
        ordinals: english.ordinals,
    }
});

/// The number from 1 to 12 that a word without accents means in a language.
pub fn small(language: Language, unaccented: &str) -> Option<i16> {
    let words = NUMBERS.small.get(&language)?;
    let at = words.iter().position(|word| word == unaccented)?;
    i16::try_from(at + 1).ok()
}

fn word_at(words: &'static [String], at: u64) -> &'static str {
    let word = usize::try_from(at).ok().and_then(|at| words.get(at));
    word.map_or("", String::as_str)
}

/// A number below twenty in English; empty above.
pub fn one(number: u64) -> &'static str {
    word_at(&NUMBERS.ones, number)
}

/// A whole number in English words.
pub fn cardinal(number: u64) -> String {
    let with_rest = |head: String, rest: u64| match rest {
        0 => head,
        rest => format!("{head} {}", cardinal(rest)),
    };
    match number {
        0..20 => one(number).to_owned(),
        20..100 => with_rest(
            word_at(&NUMBERS.tens, number / 10 - 2).to_owned(),
            number % 10,
        ),
        100..1000 => with_rest(format!("{} hundred", one(number / 100)), number % 100),
        _ => {
            let sizes = std::iter::successors(Some(1000u64), |size| size.checked_mul(1000));
            let named = sizes.zip(&NUMBERS.scales);
            match named.take_while(|(size, _)| number >= *size).last() {
                Some((size, name)) => {
                    with_rest(format!("{} {name}", cardinal(number / size)), number % size)
                }
                None => number.to_string(),
            }
        }
    }
}

/// Turns an English cardinal into its ordinal: "first", "twenty second".
pub fn ordinal(cardinal: &str) -> String {
    let (head, last) = cardinal
        .rsplit_once(' ')
        .map_or(("", cardinal), |(head, last)| (head, last));
    let last = match NUMBERS.ordinals.get(last) {
        Some(irregular) => irregular.clone(),
        None => last
            .strip_suffix('y')
            .map_or_else(|| format!("{last}th"), |stem| format!("{stem}ieth")),
    };
    if head.is_empty() {
        last
    } else {
        format!("{head} {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::words::unaccented;

    #[test]
    fn every_language_counts_to_twelve() {
        let file: Written = data::check(FILE);
        for (language, list) in &file.small {
            let words: Vec<&str> = list.split_whitespace().collect();
            assert_eq!(words.len(), 12, "{language:?}");
            assert!(words.iter().all(|word| unaccented(word) == *word));
        }
        let english = &NUMBERS.small[&Language::En];
        assert_eq!(NUMBERS.ones[1..13], english[..]);
        assert_eq!((NUMBERS.ones.len(), NUMBERS.tens.len()), (20, 8));
        assert_eq!(small(Language::De, "zwolf"), Some(12));
        assert_eq!(small(Language::En, "zwolf"), None);
    }

    #[test]
    fn numbers_are_put_into_english_words() {
        for (number, words, nth) in [
            (0, "zero", "zeroth"),
            (12, "twelve", "twelfth"),
            (20, "twenty", "twentieth"),
            (42, "forty two", "forty second"),
            (100, "one hundred", "one hundredth"),
            (1_005, "one thousand five", "one thousand fifth"),
            (
                2_000_310,
                "two million three hundred ten",
                "two million three hundred tenth",
            ),
        ] {
            assert_eq!(cardinal(number), words);
            assert_eq!(ordinal(words), nth);
        }
    }
}
