//! Words that tell something of a turn, in many languages at once: a phrase of one language seldom stands in another.

mod lexicon;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;
pub(crate) use crate::language::words::Word;
pub(crate) use lexicon::{Hit, Lexicon, pattern, place_of, words_of};

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SignalsFile {
    small_talk: Vec<String>,
    thanks: Vec<String>,
    price: Vec<String>,
    money: Vec<String>,
    commitment: Vec<String>,
    wants: Vec<String>,
    refusal: Vec<String>,
    promise: Vec<String>,
    done: Vec<String>,
    sorry: Vec<String>,
    times: Vec<String>,
    objections: Vec<ObjectionFile>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectionFile {
    text: String,
    phrases: Vec<String>,
}

/// What turns are searched for.
pub(crate) struct Signals {
    /// "hello", "how are you".
    pub(crate) small_talk: Lexicon,
    pub(crate) thanks: Lexicon,
    /// Asking what it costs.
    pub(crate) price: Lexicon,
    /// Names of currencies.
    pub(crate) money: Lexicon,
    /// "book it", "I'll take it".
    pub(crate) commitment: Lexicon,
    /// "I would like", "looking for".
    pub(crate) wants: Lexicon,
    /// "not interested".
    pub(crate) refusal: Lexicon,
    /// "I will send".
    pub(crate) promise: Lexicon,
    /// That something was booked or ordered.
    pub(crate) done: Lexicon,
    /// The business cannot help.
    pub(crate) sorry: Lexicon,
    /// Naming or agreeing on a time.
    pub(crate) times: Lexicon,
    /// What each objection is called, with its phrases.
    pub(crate) objections: Vec<(String, Lexicon)>,
}

static SIGNALS: LazyLock<Signals> = LazyLock::new(|| {
    let file: SignalsFile = data::read(include_str!("signals.toml"));
    let objections = file.objections.iter();
    Signals {
        small_talk: Lexicon::new(&file.small_talk),
        thanks: Lexicon::new(&file.thanks),
        price: Lexicon::new(&file.price),
        money: Lexicon::new(&file.money),
        commitment: Lexicon::new(&file.commitment),
        wants: Lexicon::new(&file.wants),
        refusal: Lexicon::new(&file.refusal),
        promise: Lexicon::new(&file.promise),
        done: Lexicon::new(&file.done),
        sorry: Lexicon::new(&file.sorry),
        times: Lexicon::new(&file.times),
        objections: objections
            .map(|one| (one.text.clone(), Lexicon::new(&one.phrases)))
            .collect(),
    }
});

pub(crate) fn signals() -> &'static Signals {
    &SIGNALS
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MoodFile {
    very_good: Vec<String>,
    good: Vec<String>,
    bad: Vec<String>,
    very_bad: Vec<String>,
    /// These turn what follows around.
    not: Vec<String>,
    /// That the customer has to say it again.
    again: Vec<String>,
}

/// Words of feeling with their weight, in halves of a step of [`crate::analysis::types::Mood`].
pub(crate) struct Moods {
    pub(crate) weighted: Vec<(i32, Lexicon)>,
    pub(crate) not: Lexicon,
    pub(crate) again: Lexicon,
}

static MOODS: LazyLock<Moods> = LazyLock::new(|| {
    let file: MoodFile = data::read(include_str!("moods.toml"));
    Moods {
        weighted: vec![
            (4, Lexicon::new(&file.very_good)),
            (2, Lexicon::new(&file.good)),
            (-2, Lexicon::new(&file.bad)),
            (-4, Lexicon::new(&file.very_bad)),
        ],
        not: Lexicon::new(&file.not),
        again: Lexicon::new(&file.again),
    }
});

pub(crate) fn moods() -> &'static Moods {
    &MOODS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read_whole() {
        let _: toml::Table = toml::from_str(include_str!("signals.toml")).unwrap();
        let _: toml::Table = toml::from_str(include_str!("moods.toml")).unwrap();
        let signals = signals();
        for lexicon in [
            &signals.small_talk,
            &signals.thanks,
            &signals.price,
            &signals.money,
            &signals.commitment,
            &signals.wants,
            &signals.refusal,
            &signals.promise,
            &signals.done,
            &signals.sorry,
            &signals.times,
            &moods().not,
            &moods().again,
        ] {
            assert!(!lexicon.is_empty());
        }
        assert!(signals.objections.len() >= 4);
        assert!(moods().weighted.iter().all(|(_, words)| !words.is_empty()));
    }

    #[test]
    fn a_price_is_asked_for_in_several_languages() {
        for text in [
            "How much is it?",
            "Was kostet das?",
            "¿Cuánto cuesta?",
            "quanto custa?",
        ] {
            assert!(signals().price.first(&words_of(text)).is_some(), "{text}");
        }
        assert!(signals().price.first(&words_of("See you soon")).is_none());
    }
}
