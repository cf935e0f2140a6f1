//! Understands what a question asks of the facts: hours, a visit, an appointment on a day, address or telephone.
//!
//! A question counts only if every word of it is understood: any other word ("dr", "garage", "delivery") means
//! that it asks for the hours of somebody or something else.

mod filler;
mod vocabulary;

use std::collections::HashSet;

use jiff::Zoned;

use self::filler::LISTS;
use self::vocabulary::{ALL, Vocabulary};
use super::when::{Mention, mentions};
use super::words::{Kind, Token, any_at, is_like, tokens};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// When the business is open.
    Hours,
    /// Whether a visitor may come at a time. With a purpose, "we are closed then" is the only possible
    /// answer.
    Visit {
        /// The visitor wants something done.
        purpose: bool,
    },
    /// Whether there is an appointment on a day; "we are closed then" is the only possible answer.
    Appointment,
    Contact {
        address: bool,
        phone: bool,
        email: bool,
    },
}

/// A question that the facts may answer.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursQuestion {
    pub topic: Topic,
    /// That of the words that gave the topic.
    pub language: &'static str,
    /// It asks for the whole week, if it names no day.
    pub week: bool,
    /// The times that it mentions.
    pub mentions: Vec<Mention>,
    /// Words that are not understood and may name whose hours are meant, if not those of the business.
    pub whose: Vec<String>,
}

/// Understands a question. `language` is the visitor's if known, `before` the previous question of the
/// conversation, `business` the name of the business, and `labels` what else has hours of its own.
pub fn ask(
    question: &str,
    language: &str,
    before: Option<&str>,
    business: &str,
    labels: &[String],
    now: &Zoned,
) -> Option<HoursQuestion> {
    if question.len() > 1000 {
        return None;
    }
    let names: HashSet<String> = tokens(business).into_iter().map(|t| t.text).collect();
    let labels: HashSet<String> = labels
        .iter()
        .flat_map(|l| tokens(l))
        .map(|t| t.text)
        .collect();
    let known = Known { names, labels };
    let found = sentences(question)
        .into_iter()
        .find_map(|sentence| sentence_asks(sentence, language, &known, now));
    if let Some(mut asked) = found {
        // The day may be in another sentence: "Tomorrow is Friday. Are you open?"
        if asked.mentions.is_empty() && !asked.week {
            asked.mentions = mentions(question, asked.language, now);
        }
        return Some(asked);
    }
    follow_up(question, language, before?, &known, now)
}

struct Known {
    names: HashSet<String>,
    labels: HashSet<String>,
}

/// "and on Sunday?" after a question about hours.
fn follow_up(
    question: &str,
    language: &str,
    before: &str,
    known: &Known,
    now: &Zoned,
) -> Option<HoursQuestion> {
    let earlier = sentences(before)
        .into_iter()
        .find_map(|s| sentence_asks(s, language, known, now))?;
    if matches!(earlier.topic, Topic::Contact { .. }) {
        return None;
    }
    let words = tokens(question);
    let vocabulary = ALL.iter().find(|v| v.language == earlier.language)?;
    let begins = any_at(&words, 0, &vocabulary.and).is_some();
    let found = mentions(question, earlier.language, now);
    let rest = unknown(&words, &found, vocabulary, known);
    (!found.is_empty() && rest.is_empty() && (begins || words.len() <= 5)).then_some(
        HoursQuestion {
            topic: Topic::Hours,
            language: earlier.language,
            week: false,
            mentions: found,
            whose: earlier.whose,
        },
    )
}

/// Parts of a question that can be understood alone.
fn sentences(question: &str) -> Vec<&str> {
    question
        .split(['?', '!', '\n', ';'])
        .flat_map(|part| part.split(". "))
        .filter(|s| !s.trim().is_empty())
        .collect()
}

fn sentence_asks(
    sentence: &str,
    language: &str,
    known: &Known,
    now: &Zoned,
) -> Option<HoursQuestion> {
    let words = tokens(sentence);
    // The visitor's language first: "zu" and "auf" mean something in German only.
    let own = ALL.iter().filter(|v| v.language == language);
    let others = ALL.iter().filter(|v| v.language != language);
    own.chain(others)
        .find_map(|v| asks_in(sentence, &words, v, known, now))
}

fn has<S: AsRef<str>>(words: &[Token], phrases: &[S]) -> bool {
    (0..words.len()).any(|at| phrase(words, at, phrases).is_some())
}

/// A phrase at a token, even with mixed-up letters.
fn phrase<S: AsRef<str>>(words: &[Token], at: usize, phrases: &[S]) -> Option<usize> {
    any_at(words, at, phrases).or_else(|| {
        let word = words.get(at).filter(|t| t.kind == Kind::Word)?;
        phrases
            .iter()
            .map(|p| p.as_ref())
            .any(|p: &str| !p.contains(' ') && is_like(&word.text, p))
            .then_some(1)
    })
}

fn asks_in(
    sentence: &str,
    words: &[Token],
    v: &'static Vocabulary,
    known: &Known,
    now: &Zoned,
) -> Option<HoursQuestion> {
    let found = mentions(sentence, v.language, now);
    let (address, phone, email) = (
        has(words, &v.address),
        has(words, &v.phone),
        has(words, &v.email),
    );
    let asked = |topic, whose| {
        Some(HoursQuestion {
            topic,
            language: v.language,
            week: has(words, &v.week),
            mentions: found.clone(),
            whose,
        })
    };
    let day = !found.is_empty();
    // "in" and "auf" alone are too common: they also need "you" and a day.
    let strong = (0..words.len()).any(|at| {
        phrase(words, at, &v.hours).is_some()
            && !words
                .get(at)
                .is_some_and(|t| matches!(t.text.as_str(), "auf" | "zu"))
    });
    let particle = v.language == "de"
        && words
            .last()
            .is_some_and(|t| t.text == "auf" || t.text == "zu")
        || (v.language == "de" && has(words, &LISTS.german_verbs) && has(words, &["auf", "zu"]));
    let weak = has(words, &v.weak) && has(words, &v.you) && day;
    let visit = has(words, &v.visit) && day && has(words, &LISTS.visitor);
    let appointment = has(words, &v.appointment) && day;
    if !(address || phone || email || strong || particle || weak || visit || appointment) {
        return None;
    }
    let rest = unknown(words, &found, v, known);
    if (address || phone || email) && found.is_empty() && words.len() <= 16 {
        return rest
            .is_empty()
            .then(|| {
                asked(
                    Topic::Contact {
                        address,
                        phone,
                        email,
                    },
                    Vec::new(),
                )
            })
            .flatten();
    }
    if appointment {
        return rest
            .is_empty()
            .then(|| asked(Topic::Appointment, Vec::new()))
            .flatten();
    }
    if visit && !strong {
        let purpose = rest
            .iter()
            .any(|(at, _)| (0..*at).any(|i| any_at(words, i, &v.purpose).is_some()));
        let all_after = rest
            .iter()
            .all(|(at, _)| (0..*at).any(|i| any_at(words, i, &v.purpose).is_some()));
        // Seeing a person is about that person's hours.
        let person = has(words, &LISTS.person);
        return (all_after && !person)
            .then(|| asked(Topic::Visit { purpose }, Vec::new()))
            .flatten();
    }
    if !(strong || particle || weak) {
        return None;
    }
    let whose: Vec<String> = rest.into_iter().map(|(_, word)| word).collect();
    // Words of a label are understood as that label.
    whose
        .iter()
        .all(|w| known.labels.contains(w))
        .then(|| asked(Topic::Hours, whose))
        .flatten()
}

/// The words that are not understood, with their positions.
fn unknown(
    words: &[Token],
    found: &[Mention],
    v: &Vocabulary,
    known: &Known,
) -> Vec<(usize, String)> {
    let lists = [
        &v.hours,
        &v.week,
        &v.weak,
        &v.you,
        &v.visit,
        &v.appointment,
        &v.and,
        &v.address,
        &v.phone,
        &v.email,
    ];
    let mut understood = vec![false; words.len()];
    for at in 0..words.len() {
        for list in lists {
            if let Some(n) = phrase(words, at, list) {
                understood
                    .iter_mut()
                    .skip(at)
                    .take(n)
                    .for_each(|u| *u = true);
            }
        }
    }
    words
        .iter()
        .enumerate()
        .filter(|(at, t)| {
            let within = found.iter().any(|m| {
                let covers =
                    |r: &std::ops::Range<usize>| r.start <= t.range.start && t.range.end <= r.end;
                covers(&m.range) || m.time_range.as_ref().is_some_and(covers)
            });
            t.kind == Kind::Word
                && !within
                && !understood.get(*at).copied().unwrap_or(false)
                && !known.names.contains(&t.text)
                && !is_filler(&t.text)
        })
        .map(|(at, t)| (at, t.text.clone()))
        .collect()
}

fn is_filler(word: &str) -> bool {
    let mut filler = LISTS.filler.iter();
    filler.clone().any(|f| f == word) || filler.any(|f| is_like(word, f) || is_mixed_up(word, f))
}

/// Words of three or four letters in the wrong order: "waht", "tiem", "yuo", "teh".
fn is_mixed_up(written: &str, word: &str) -> bool {
    (3..=4).contains(&word.len())
        && written.len() == word.len()
        && written.bytes().next() == word.bytes().next()
        && strsim::osa_distance(written, word) == 1
        && {
            let (mut a, mut b) = (written.as_bytes().to_vec(), word.as_bytes().to_vec());
            a.sort_unstable();
            b.sort_unstable();
            a == b
        }
}

#[cfg(test)]
#[path = "../ask_tests.rs"]
mod tests;
