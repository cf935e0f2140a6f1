//! Words of each language that carry little meaning by themselves, and negations, from `words.toml`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::Language;
use super::data;
use super::words::fold;

/// The lists as they are in the file: words separated by white space.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    function_words: HashMap<Language, String>,
    telling: HashMap<Language, String>,
    stop_words: HashMap<Language, String>,
    negations: HashMap<Language, String>,
}

type Words = HashMap<Language, HashSet<String>>;

#[derive(Debug)]
struct Lists {
    function_words: Words,
    telling: Words,
    stop_words: Words,
    negations: Words,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let written: Written = data::read(include_str!("words.toml"));
    let words = |lists: HashMap<Language, String>| -> Words {
        let folded = |list: String| list.split_whitespace().map(fold).collect();
        lists
            .into_iter()
            .map(|(l, list)| (l, folded(list)))
            .collect()
    };
    Lists {
        function_words: words(written.function_words),
        telling: words(written.telling),
        stop_words: words(written.stop_words),
        negations: words(written.negations),
    }
});

fn holds(words: &Words, language: Language, word: &str) -> bool {
    words
        .get(&language)
        .is_some_and(|words| words.contains(word))
}

/// Whether a word without accents is a function word of a language, which builds a sentence but is not its subject.
/// Question words that decide what is asked for (how much, when, where) do not count.
pub fn is_function_word(language: Language, unaccented: &str) -> bool {
    holds(&LISTS.function_words, language, unaccented)
}

/// Whether a folded word does not help to find the answer to a question. False for languages without a list.
pub fn is_stop_word(language: Language, folded: &str) -> bool {
    holds(&LISTS.stop_words, language, folded)
}

/// Whether a word without accents negates a sentence in any language, or makes an exception. The lists leave out
/// English "don't" and similar words, which end in "n't".
pub fn is_negation(unaccented: &str) -> bool {
    let mut lists = LISTS.negations.values();
    lists.any(|words| words.contains(unaccented))
}

/// Whether a word without accents suggests that a short text is in this language.
pub(super) fn tells(language: Language, unaccented: &str) -> bool {
    is_function_word(language, unaccented) || holds(&LISTS.telling, language, unaccented)
}

/// Counts the stop words of each language that has a list.
pub(super) fn count_votes(words: &[&str]) -> Vec<(Language, usize)> {
    let count = |language| {
        let list = LISTS.stop_words.get(&language)?;
        let hits = words.iter().filter(|word| list.contains(**word)).count();
        Some((language, hits))
    };
    Language::KNOWN.into_iter().filter_map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::words::unaccented;

    #[test]
    fn every_language_has_its_words_without_accents() {
        let written: Written = data::check(include_str!("words.toml"));
        assert_eq!(written.function_words.len(), Language::KNOWN.len());
        assert_eq!(written.negations.len(), Language::KNOWN.len());
        for list in written.negations.values() {
            assert!(list.split_whitespace().all(|word| unaccented(word) == word));
        }
        for (language, list) in written.function_words.iter().chain(&written.telling) {
            assert!(list.split_whitespace().count() > 8, "{language:?}");
            for word in list.split_whitespace() {
                assert_eq!(unaccented(word), word, "{language:?}");
            }
        }
    }

    #[test]
    fn each_language_knows_its_own_words() {
        for (language, word) in [
            (Language::En, "what"),
            (Language::De, "fur"),
            (Language::Es, "cuanto"),
            (Language::Fr, "ou"),
            (Language::It, "perche"),
            (Language::Pt, "nao"),
            (Language::Nl, "hoeveel"),
            (Language::Pl, "gdzie"),
            (Language::Tr, "icin"),
            (Language::Ru, "еще"),
        ] {
            assert!(is_stop_word(language, word), "{word}");
            assert!(!is_stop_word(language, "crown"));
        }
        assert!(!is_stop_word(Language::Ar, "what"));
    }

    #[test]
    fn words_that_answers_turn_on_are_no_stop_words() {
        for word in [
            "open", "hours", "price", "cost", "cancel", "first", "last", "new", "free",
        ] {
            assert!(!is_stop_word(Language::En, word), "{word}");
        }
    }
}
