//! Analyses a question: its content words, its kind, its numbers and days, and whether it is negated.
//! Two questions that differ in any of these may have different answers, however close their vectors are.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;
use tantivy::tokenizer::{Language as Stems, Stemmer, TextAnalyzer};
use unicode_segmentation::UnicodeSegmentation;

use crate::language::data::{self, WordSet};
use crate::language::lists::{is_function_word, is_negation};
use crate::language::words::unaccented;
use crate::language::{Language, calendar};

/// What a question wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Whether something is so; also everything that does not look like a question.
    Whether,
    /// Also which.
    What,
    How,
    Price,
    When,
    Duration,
    /// How often, how many, how old, how far.
    Measure,
    Where,
    Who,
    Why,
}

/// An analysed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FaqQuestion {
    /// All words, folded, to recognise identical questions.
    pub(super) plain: Vec<String>,
    /// Stems of the content words.
    pub(super) about: BTreeSet<String>,
    /// Numbers, weekdays, months and other days.
    pub(super) exact: BTreeSet<String>,
    pub(super) kinds: BTreeSet<Kind>,
    pub(super) negated: bool,
    /// It asks about the past.
    pub(super) past: bool,
}

/// The file says what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    light: WordSet,
    asking: WordSet,
    days: WordSet,
    negations: WordSet,
    past: WordSet,
    same: HashMap<String, String>,
}

static FILE: &str = include_str!("asked.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Whether a word names a day without a number, or is an English month.
fn is_day(word: &str) -> bool {
    let names = calendar::folded_in(Language::En);
    let is_one = |names: &[Vec<String>]| names.iter().flatten().any(|name| name == word);
    LISTS.days.contains(word)
        || calendar::is_day(singular(word))
        || names.is_some_and(|names| is_one(&names.short_days) || is_one(&names.months))
}

impl FaqQuestion {
    /// Analyses a question by the rules of a language.
    pub(super) fn of(text: &str, language: Language) -> Self {
        let plain: Vec<String> = text.unicode_words().map(unaccented).collect();
        let mut stems = stemmer(language);
        let mut about = BTreeSet::new();
        let mut exact = BTreeSet::new();
        let mut negated = false;
        for (at, word) in plain.iter().enumerate() {
            if word.chars().any(|c| c.is_ascii_digit()) || is_day(word) {
                exact.insert(singular(word).to_owned());
            } else if is_negation(word) || LISTS.negations.contains(word) || negates(word, at == 0)
            {
                negated = !negated;
            } else if is_about(word, language) {
                about.insert(stem(&mut stems, word));
            }
        }
        Self {
            kinds: kinds(&plain),
            past: plain.iter().any(|w| LISTS.past.contains(w)),
            about,
            exact,
            negated,
            plain,
        }
    }

    /// Everything that an answer mentions, and that a question may therefore contain besides its own words.
    pub(super) fn mentions(text: &str, language: Language) -> BTreeSet<String> {
        let asked = Self::of(text, language);
        asked.about.into_iter().chain(asked.exact).collect()
    }
}

/// "don't" and the like; at the start ("don't you …?") it negates nothing.
fn negates(word: &str, leads: bool) -> bool {
    word.ends_with("n't") && !leads
}

fn is_about(word: &str, language: Language) -> bool {
    if is_function_word(language, word) {
        return false;
    }
    language != Language::En
        || !(LISTS.light.contains(word) || LISTS.asking.contains(word) || word.ends_with("n't"))
            && word.chars().count() > 1
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(day) if day.ends_with("day") => day,
        _ => word,
    }
}

/// The kinds of question, by English words. In other languages question words count as content words, which
/// are compared as strictly.
fn kinds(words: &[String]) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or("", String::as_str);
        let kind = match word.as_str() {
            "how" => match next {
                "much" => Kind::Price,
                "long" => Kind::Duration,
                "often" | "many" | "old" | "far" | "big" | "large" | "soon" | "late" | "early" => {
                    Kind::Measure
                }
                "about" => Kind::Whether,
                _ => Kind::How,
            },
            "cost" | "costs" | "price" | "prices" | "pricing" | "fee" | "fees" | "charge"
            | "charges" | "expensive" | "cheap" | "rates" => Kind::Price,
            "when" => Kind::When,
            "what" | "what's" if ["time", "times", "hours"].contains(&next) => Kind::When,
            "what" | "what's" | "which" => Kind::What,
            "where" | "where's" => Kind::Where,
            "who" | "who's" | "whom" | "whose" => Kind::Who,
            "why" => Kind::Why,
            _ => continue,
        };
        kinds.insert(kind);
    }
    // "What is the price?" asks for the price.
    if kinds.len() > 1 {
        kinds.remove(&Kind::What);
    }
    if kinds.is_empty() {
        kinds.insert(Kind::Whether);
    }
    kinds
}

fn stem(stems: &mut Option<TextAnalyzer>, word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    let stemmed = match stems {
        Some(analyzer) => {
            let mut stream = analyzer.token_stream(word);
            if stream.advance() {
                stream.token().text.clone()
            } else {
                word.to_owned()
            }
        }
        None => word.to_owned(),
    };
    LISTS.same.get(&stemmed).cloned().unwrap_or(stemmed)
}

fn stemmer(language: Language) -> Option<TextAnalyzer> {
    let stems = match language {
        Language::En => Stems::English,
        Language::De => Stems::German,
        Language::Es => Stems::Spanish,
        Language::Fr => Stems::French,
        Language::It => Stems::Italian,
        Language::Pt => Stems::Portuguese,
        Language::Nl => Stems::Dutch,
        Language::Tr => Stems::Turkish,
        Language::Ru => Stems::Russian,
        Language::Ar => Stems::Arabic,
        Language::Pl | Language::Zh | Language::Other => return None,
    };
    let words = tantivy::tokenizer::RawTokenizer::default();
    Some(
        TextAnalyzer::builder(words)
            .filter(Stemmer::new(stems))
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.light.contains("please") && lists.asking.contains("price"));
        for day in ["mondays", "tues", "may", "xmas", "lunes", "sabato", "hoje"] {
            assert!(is_day(day), "{day}");
        }
        assert!(!is_day("day") && !is_day("lune"));
    }

    fn about(text: &str) -> Vec<String> {
        FaqQuestion::of(text, Language::En)
            .about
            .into_iter()
            .collect()
    }

    #[test]
    fn what_a_question_is_about() {
        for (text, words) in [
            ("Do you offer gift cards?", vec!["card", "gift"]),
            (
                "hi, do you guys have any gift cards please",
                vec!["card", "gift"],
            ),
            ("Is whitening painful?", vec!["hurt", "whiten"]),
            ("How much is whitening?", vec!["whiten"]),
            ("Do you see walk-ins?", vec!["walk"]),
            ("Who are you?", vec![]),
        ] {
            assert_eq!(about(text), words, "{text}");
        }
    }

    #[test]
    fn what_is_wanted_of_it() {
        for (text, kinds) in [
            ("Does it hurt?", vec![Kind::Whether]),
            ("How much is a crown?", vec![Kind::Price]),
            ("What is the price of a crown?", vec![Kind::Price]),
            ("How do I reset it?", vec![Kind::How]),
            ("What time do you open?", vec![Kind::When]),
            (
                "How long is it and how much?",
                vec![Kind::Price, Kind::Duration],
            ),
        ] {
            let found: Vec<Kind> = FaqQuestion::of(text, Language::En)
                .kinds
                .into_iter()
                .collect();
            assert_eq!(found, kinds, "{text}");
        }
    }

    #[test]
    fn numbers_days_and_negation_are_kept_apart() {
        let asked = FaqQuestion::of("Can I come on Sundays at 9 without a card?", Language::En);
        assert!(asked.negated);
        assert_eq!(asked.exact, ["9", "sunday"].map(String::from).into());
        assert!(!FaqQuestion::of("Don't you have cards?", Language::En).negated);
        assert!(FaqQuestion::of("You don't have cards?", Language::En).negated);
        assert!(FaqQuestion::of("Haben Sie keine Karten?", Language::De).negated);
    }
}
