//! Follow-up questions: "and on Sunday?", "how much is it?", "what about the take
//! home one". For the search, rules add what the question leaves out: the words of the visitor's
//! earlier questions, latest first. A complete question stays as it is, so
//! that an old topic does not affect a new one.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::knowledge::query::content;
use crate::language::data::{self, WordSet};
use crate::language::question::language_of;
use crate::language::words::{fold, words};
use crate::language::{Language, calendar};
use crate::llm::{ChatMessage, Role};

/// Most words to carry over.
const MOST_CARRIED: usize = 6;
/// How many earlier questions to look back.
const LOOK_BACK: usize = 3;
/// A question with this many content words is complete, whatever pronouns it has.
const COMPLETE: usize = 6;

/// The search query for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The question, followed by the words carried over.
    pub query: String,
    /// Words carried over from the conversation, latest first.
    pub carried: Vec<String>,
    pub is_follow_up: bool,
}

/// The words of a language that mark a follow-up; the file describes each list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Signs {
    leads: Vec<String>,
    fragments: Vec<String>,
    pointers: Vec<String>,
    address: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    keeps_going: WordSet,
    persons: WordSet,
    days: WordSet,
    en: Signs,
    de: Signs,
    es: Signs,
    fr: Signs,
    others: Signs,
}

static FILE: &str = include_str!("follow_up.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Builds the search query. `history` is oldest first.
pub fn sought(history: &[ChatMessage], question: &str) -> Sought {
    let before: Vec<&str> = history
        .iter()
        .filter(|m| m.role == Role::User)
        .map(|m| m.content.as_str())
        .collect();
    let alone = |is_follow_up| Sought {
        query: question.to_owned(),
        carried: Vec::new(),
        is_follow_up,
    };
    if before.is_empty() || !leans(question) {
        return alone(false);
    }
    let said = history.iter().rev().find(|m| m.role == Role::Assistant);
    let mut carried = topic(&before, question, LOOK_BACK);
    if points_to_person(question) {
        carried.extend(said.map(|m| find_names(&m.content)).unwrap_or_default());
    }
    let own: HashSet<String> = content(question)
        .into_iter()
        .map(|w| w.to_lowercase())
        .collect();
    let mut seen = own;
    carried.retain(|word| seen.insert(word.to_lowercase()));
    carried.truncate(MOST_CARRIED);
    if carried.is_empty() {
        return alone(true);
    }
    Sought {
        query: format!("{question} {}", carried.join(" ")),
        carried,
        is_follow_up: true,
    }
}

/// Prefixes a follow-up with the previous question and a separator (" · " for people); other questions stay.
pub(super) fn write_in_full(history: &[ChatMessage], question: &str, mark: &str) -> String {
    let before = history.iter().rev().find(|m| m.role == Role::User);
    match before.filter(|_| leans(question)) {
        Some(before) => format!("{}{mark}{question}", before.content),
        None => question.to_owned(),
    }
}

/// Separator used to train the reader.
pub(super) const READ: &str = " | ";

/// The subject of the last of these questions; if that is a follow-up itself, also of those
/// before it.
fn topic(before: &[&str], question: &str, look_back: usize) -> Vec<String> {
    let Some((last, earlier)) = before.split_last() else {
        return Vec::new();
    };
    let mut words = content(last);
    let own = find_kinds(question);
    // A newly named day or month replaces the earlier one.
    words.retain(|w| find_kind(w).is_none_or(|k| !own.contains(&k)));
    if look_back > 1 && leans(last) {
        words.extend(topic(earlier, question, look_back - 1));
    }
    words
}

/// Whether a question is incomplete without the one before it.
fn leans(question: &str) -> bool {
    let language = language_of(question);
    let signs = signs(language);
    let words = fold_words(question);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Skip words that only keep a conversation going ("ok", "and").
    let start = words
        .iter()
        .position(|w| !LISTS.keeps_going.contains(w))
        .unwrap_or(0);
    let words = words.get(start..).unwrap_or_default();
    let own = content(question).len();
    if own >= COMPLETE {
        return false;
    }
    let text = words.join(" ");
    let begins = |lead: &String| {
        text.strip_prefix(fold(lead).as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let has = |list: &[String]| {
        words
            .iter()
            .any(|w| list.iter().any(|sign| fold(sign) == *w))
    };
    let leads = signs.leads.iter().any(begins);
    let fragment = own <= 1 && signs.fragments.iter().any(begins);
    if own == 0 || leads || fragment {
        return true;
    }
    // The pointer may refer to something in the question itself, if that says enough and addresses the business.
    if has(&signs.pointers) {
        return !(own > 2 && has(&signs.address));
    }
    own == 1 && words.len() <= 3 && !has(&signs.address)
}

fn signs(language: Language) -> &'static Signs {
    match language {
        Language::En => &LISTS.en,
        Language::De => &LISTS.de,
        Language::Es => &LISTS.es,
        Language::Fr => &LISTS.fr,
        _ => &LISTS.others,
    }
}

fn fold_words(text: &str) -> Vec<String> {
    words(text).map(|w| w.folded).collect()
}

fn points_to_person(question: &str) -> bool {
    fold_words(question)
        .iter()
        .any(|w| LISTS.persons.contains(w))
}

/// Names in an answer: capitalised words that do not begin a sentence.
fn find_names(answer: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut begins = true;
    for word in answer.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = bare.chars().next().is_some_and(char::is_uppercase);
        if capital && !begins && bare.chars().count() > 2 && find_kind(bare).is_none() {
            found.push(bare.to_owned());
        }
        let title = matches!(bare, "Dr" | "Mr" | "Ms" | "Mrs" | "Prof");
        begins = !title && word.ends_with(['.', '?', '!', ':']);
    }
    found.truncate(4);
    found
}

/// Kinds of words of which a question names only one, so that a new one replaces the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Day,
    Month,
}

fn find_kind(word: &str) -> Option<Kind> {
    let folded = fold(word);
    let bare = folded.strip_suffix('s').unwrap_or(&folded);
    let is = |known: fn(&str) -> bool| known(&folded) || known(bare);
    if is(|word| LISTS.days.contains(word) || calendar::is_day(word)) {
        Some(Kind::Day)
    } else if is(is_month) {
        Some(Kind::Month)
    } else {
        None
    }
}

/// Whether a word is an English month. Not "may", which is also a verb.
fn is_month(word: &str) -> bool {
    let names = calendar::folded_in(Language::En);
    word != "may" && names.is_some_and(|n| n.months.iter().flatten().any(|month| month == word))
}

fn find_kinds(question: &str) -> Vec<Kind> {
    fold_words(question)
        .iter()
        .filter_map(|w| find_kind(w))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_are_complete() {
        let lists: Lists = data::check(FILE);
        for signs in [&lists.en, &lists.de, &lists.es, &lists.fr, &lists.others] {
            for list in [&signs.leads, &signs.fragments, &signs.pointers] {
                assert!(!list.is_empty());
            }
        }
        assert!(find_kind("Mondays") == Some(Kind::Day) && find_kind("sabato") == Some(Kind::Day));
        assert!(find_kind("June") == Some(Kind::Month) && find_kind("may").is_none());
    }

    fn talk(turns: &[&str]) -> Vec<ChatMessage> {
        let roles = [Role::User, Role::Assistant].into_iter().cycle();
        turns
            .iter()
            .zip(roles)
            .map(|(text, role)| ChatMessage::new(role, *text))
            .collect()
    }

    fn carried(turns: &[&str], question: &str) -> Vec<String> {
        sought(&talk(turns), question).carried
    }

    #[test]
    fn follow_ups_carry_what_they_leave_out() {
        let whitening = [
            "how much is in-office whitening?",
            "In-office whitening costs $495.",
        ];
        let hours = [
            "Are you open on Saturday?",
            "On Saturdays we are open from 9 to 2.",
        ];
        let team = [
            "which days is the owner dr okafor in?",
            "Dr. Okafor is in on Monday. Her assistant is Mia Lopez.",
        ];
        let table: &[(&[&str], &str, &[&str])] = &[
            (&whitening, "which brand is it?", &["office", "whitening"]),
            (
                &whitening,
                "what about the take home one",
                &["office", "whitening"],
            ),
            (&whitening, "how long?", &["office", "whitening"]),
            (&hours, "and on Sunday?", &["open"]),
            (&hours, "and for emergencies?", &["open", "Saturday"]),
            (
                &team,
                "ok and does she speak spanish?",
                &["days", "owner", "dr", "okafor", "Mia", "Lopez"],
            ),
            (
                &["Wie viel kostet eine Krone?", "950 €."],
                "und eine Füllung?",
                &["kostet", "Krone"],
            ),
            (
                &["¿Cuánto cuesta una corona?", "950 €."],
                "¿y un empaste?",
                &["cuesta", "corona"],
            ),
            (
                &["Combien coûte une couronne ?", "950 €."],
                "et un détartrage ?",
                &["coûte", "couronne"],
            ),
        ];
        for (turns, question, want) in table {
            let got = sought(&talk(turns), question);
            assert!(got.is_follow_up, "{question}");
            assert_eq!(&got.carried, want, "{question}");
            assert!(got.query.starts_with(question));
        }
    }

    #[test]
    fn a_new_topic_stays_clean() {
        let before = [
            "how much is in-office whitening?",
            "In-office whitening costs $495.",
        ];
        for question in [
            "what are your opening hours?",
            "how much is a crown",
            "do you take Aetna insurance",
            "where can I park my car near the office",
            "Is nitrous oxide available for nervous kids?",
            "can you tell me the address",
            "why is my filling so sensitive",
            "if I cancel my appointment, do I pay a fee?",
            "¿Cuánto cuesta la limpieza dental?",
            "Quel est le prix de la couronne ?",
            "Was kostet die Zahnreinigung bei euch?",
        ] {
            let got = sought(&talk(&before), question);
            assert_eq!(
                (got.query.as_str(), got.is_follow_up),
                (question, false),
                "{question}"
            );
        }
        assert!(!sought(&[], "and on Sunday?").is_follow_up);
    }

    #[test]
    fn a_follow_up_of_a_follow_up_reaches_back() {
        let turns = [
            "how much is in-office whitening?",
            "$495.",
            "which brand is it?",
            "I do not know.",
        ];
        assert_eq!(
            carried(&turns, "does it hurt?"),
            ["brand", "office", "whitening"]
        );
    }

    #[test]
    fn a_follow_up_is_told_with_the_question_before_it() {
        let history = talk(&["Do you rent bikes?", "No."]);
        let full = |question| write_in_full(&history, question, " · ");
        assert_eq!(full("And scooters?"), "Do you rent bikes? · And scooters?");
        let alone = "Where can I park my car near the museum on Sunday?";
        assert_eq!(full(alone), alone);
        assert_eq!(write_in_full(&[], "And scooters?", READ), "And scooters?");
    }
}
