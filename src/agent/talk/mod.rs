//! Small talk: messages with nothing to look up. A message counts only if all
//! of it is small talk, so "hi, how much is a cleaning?" does not.
//!
//! Each language has its own words (`phrases`). We split a message into clauses; each must consist
//! of known phrases and filler words, or be a request for a person or
//! a language, a question about the assistant itself, or an insult.

mod lexicon;
mod meaning;

use serde::{Deserialize, Serialize};

use crate::agent::phrases::{SPOKEN, offers_person};
use crate::language::Language;
use lexicon::{Lexicon, lexicon, words};
pub(super) use meaning::of_vector;

/// What a small-talk message wants. If it wants several things, the greatest variant counts. Receipts and the
/// classifier's file use the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Talk {
    /// "Ok", "great".
    Acknowledgement,
    /// "Hi", "good morning".
    Greeting,
    /// "Thank you".
    Thanks,
    /// "Bye", "see you".
    Goodbye,
    /// "How are you?"
    HowAreYou,
    /// "What can you do?"
    Capabilities,
    /// "Speak another language."
    Language,
    /// "Are you a bot?"
    Bot,
    Abuse,
    /// The visitor's contact details, after the offer of a person.
    Contact,
    /// A request for a person.
    Person,
    /// Unreadable.
    Unclear,
}

/// Longest small talk, in words.
const LONGEST: usize = 40;
/// Longest small talk recognised by its meaning, in words.
const LONGEST_MEANT: usize = 20;

/// Recognises small talk by its words, with the language to answer in; `None` for anything else. `named` holds
/// names that carry no meaning here: of the business, of its assistant.
pub(super) fn of_message(message: &str, likely: Language, named: &str) -> Option<(Talk, Language)> {
    if message.len() > 1000 {
        return None;
    }
    if !message.chars().any(char::is_alphanumeric) {
        let talk = if message.chars().any(is_cheer) {
            Talk::Acknowledgement
        } else {
            Talk::Unclear
        };
        return Some((talk, likely));
    }
    if words(message).len() > LONGEST {
        return None;
    }
    let named = words(named);
    std::iter::once(likely)
        .chain(SPOKEN)
        .find_map(|language| in_language(message, language, &named))
}

fn in_language(message: &str, language: Language, named: &[String]) -> Option<(Talk, Language)> {
    let known = lexicon(language);
    if let Some(talk) = known.read_whole(&words(message), named) {
        return Some((talk, language));
    }
    if let Some(wanted) = find_wanted_language(&words(message), known) {
        return Some((Talk::Language, wanted));
    }
    let mut found = None;
    for clause in message.split([
        '.', '!', '?', ';', ',', '\n', '…', '。', '！', '？', '，', '؟', '،',
    ]) {
        let clause = words(clause);
        if clause.is_empty() {
            continue;
        }
        // A clause of fillers goes with any other: `None` is the least.
        found = found.max(known.read_clause(&clause, named)?);
    }
    found.map(|talk| (talk, language))
}

/// The language requested by "speak German" or "auf Deutsch bitte".
fn find_wanted_language(message: &[String], known: &Lexicon) -> Option<Language> {
    SPOKEN.into_iter().find(|language| {
        let theirs = lexicon(*language);
        let is_name = |w: &String| theirs.languages.contains(w);
        let is_wish = |w: &String| known.say.contains(w) || theirs.say.contains(w);
        message.len() > 1
            && message.iter().any(is_name)
            && message.iter().any(|w| is_wish(w) && !is_name(w))
            && message.iter().all(|w| is_name(w) || is_wish(w))
    })
}

/// Whether a message is short enough to be recognised by its meaning.
pub(super) fn may_be_meant(message: &str) -> bool {
    message.len() <= 1000 && words(message).len() <= LONGEST_MEANT
}

/// Recognises the reply to the offer of a person, accepting it or giving contact details, with the offer's language.
pub(super) fn after_offer(message: &str, before: Option<&str>) -> Option<(Talk, Language)> {
    let offered = before.and_then(offers_person)?;
    let said = words(message);
    if has_details(message) && said.len() <= LONGEST && !message.contains(['?', '？', '؟']) {
        return Some((Talk::Contact, offered));
    }
    SPOKEN
        .iter()
        .any(|language| lexicon(*language).yes.contains(&said))
        .then_some((Talk::Person, offered))
}

/// Whether a message holds what may be a telephone number or an e-mail address.
pub(super) fn has_details(message: &str) -> bool {
    let digits = message.chars().filter(char::is_ascii_digit).count();
    let address = message.split_whitespace().any(|word| {
        word.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    digits >= 7 || address
}

/// Whether somebody hit keys at random: a few words without a vowel, or runs of the keyboard.
pub(super) fn is_gibberish(message: &str) -> bool {
    const ROWS: [&str; 6] = ["asdf", "sdfg", "dfgh", "qwer", "zxcv", "hjkl"];
    let said = words(message);
    let random = |word: &String| {
        let letters = word.chars().all(|c| c.is_ascii_lowercase());
        let vowels = word.chars().any(|c| "aeiouy".contains(c));
        letters
            && word.len() >= 4
            && (ROWS.iter().any(|row| word.contains(row)) || (!vowels && word.len() >= 6))
    };
    !said.is_empty() && said.len() <= 3 && said.iter().all(random)
}

fn is_cheer(c: char) -> bool {
    matches!(
        c,
        '👍' | '🙏'
            | '❤'
            | '😊'
            | '🙂'
            | '👌'
            | '🎉'
            | '💯'
            | '😀'
            | '😃'
            | '😄'
            | '😁'
            | '🥰'
            | '😍'
            | '👏'
            | '✅'
    )
}

#[cfg(test)]
#[path = "../talk_tests.rs"]
mod tests;
