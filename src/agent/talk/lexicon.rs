//! The small-talk words of each language, prepared for matching.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use super::Talk;
use crate::agent::phrases::{SPOKEN, cues};
use crate::language::Language;
use crate::language::data::{self, WordSet};
use crate::language::words::unaccented;

/// Words of all languages together; the file describes each list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    alone: WordSet,
    tails: WordSet,
    no: WordSet,
}

static FILE: &str = include_str!("words.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

pub(super) struct Lexicon {
    language: Language,
    /// Phrases of known meaning, longest first.
    segments: Vec<(Vec<String>, Talk)>,
    fillers: HashSet<String>,
    verbs: Vec<Vec<String>>,
    persons: Vec<Vec<String>>,
    wish: Vec<Vec<String>>,
    around: HashSet<String>,
    callback: Vec<Vec<String>>,
    insults: Vec<String>,
    insult_around: HashSet<String>,
    themes: Vec<(Talk, [HashSet<String>; 2], HashSet<String>)>,
    pub(super) languages: HashSet<String>,
    pub(super) say: HashSet<String>,
    pub(super) yes: Vec<Vec<String>>,
}

static ALL: LazyLock<Vec<Lexicon>> = LazyLock::new(|| {
    SPOKEN
        .iter()
        .map(|language| Lexicon::of(*language))
        .collect()
});

/// The lexicon of a language; English if Frontdesk has none.
pub(super) fn lexicon(language: Language) -> &'static Lexicon {
    let all: &'static [Lexicon] = &ALL;
    all.iter()
        .find(|lexicon| lexicon.language == language)
        .unwrap_or(&all[0])
}

/// The words of a text in lower case, without accents, and with drawn-out letters ("heyyyy") reduced to one.
pub(super) fn words(text: &str) -> Vec<String> {
    text.unicode_words()
        .map(|word| shorten(&unaccented(word)))
        .collect()
}

fn shorten(word: &str) -> String {
    let mut out: Vec<char> = Vec::new();
    let letters: Vec<char> = word.chars().collect();
    let mut at = 0;
    while let Some(&c) = letters.get(at) {
        let run = letters
            .iter()
            .skip(at)
            .take_while(|other| **other == c)
            .count();
        let kept = if run >= 3 && c.is_alphabetic() {
            1
        } else {
            run
        };
        out.extend(std::iter::repeat_n(c, kept));
        at += run;
    }
    out.into_iter().collect()
}

/// The entries of a list: phrases separated by `|`, or else single words.
fn read_list(entries: &str) -> Vec<Vec<String>> {
    let parted: Vec<&str> = if entries.contains('|') {
        entries.split('|').collect()
    } else {
        entries.split_whitespace().collect()
    };
    let entries = parted.into_iter().map(words);
    entries.filter(|entry| !entry.is_empty()).collect()
}

fn read_set(entries: &str) -> HashSet<String> {
    words(&entries.replace('|', " ")).into_iter().collect()
}

impl Lexicon {
    fn of(language: Language) -> Self {
        let cues = cues(language);
        let mut segments: Vec<(Vec<String>, Talk)> = Vec::new();
        for (entries, talk) in [
            (cues.greetings, Talk::Greeting),
            (cues.how_are_you, Talk::HowAreYou),
            (cues.thanks, Talk::Thanks),
            (cues.goodbye, Talk::Goodbye),
            (cues.bot, Talk::Bot),
            (cues.capabilities, Talk::Capabilities),
            (cues.acknowledgements, Talk::Acknowledgement),
            (cues.complaints, Talk::Abuse),
        ] {
            let phrases: Vec<&str> = entries.split('|').collect();
            segments.extend(phrases.into_iter().map(|p| (words(p), talk)));
        }
        segments.retain(|(phrase, _)| !phrase.is_empty());
        // Longest first: "good morning" must win over "good".
        segments.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        let mut fillers = read_set(cues.fillers);
        fillers.extend(read_set(cues.yes));
        fillers.extend(LISTS.no.iter().map(str::to_owned));
        Self {
            language,
            segments,
            fillers,
            verbs: read_list(cues.verbs),
            persons: read_list(cues.persons),
            wish: read_list(cues.wish),
            around: read_set(cues.around),
            callback: read_list(cues.callback),
            insults: read_list(cues.insults)
                .into_iter()
                .map(|w| w.concat())
                .collect(),
            insult_around: read_set(cues.insult_around),
            themes: cues
                .themes
                .iter()
                .map(|theme| {
                    (
                        theme.talk,
                        theme.needs.map(read_set),
                        read_set(theme.around),
                    )
                })
                .collect(),
            languages: read_set(cues.languages),
            say: read_set(cues.say),
            yes: read_list(cues.yes),
        }
    }

    /// Recognises what only the whole message reveals.
    pub(super) fn read_whole(&self, message: &[String], named: &[String]) -> Option<Talk> {
        self.wishes_person(message, named).then_some(Talk::Person)
    }

    /// Recognises a clause; `Some(None)` if it has no meaning of its own, `None` if any of it is not
    /// small talk.
    pub(super) fn read_clause(&self, clause: &[String], named: &[String]) -> Option<Option<Talk>> {
        if let Some(found) = self.read_segments(clause, named) {
            return Some(found);
        }
        if self.wishes_person(clause, named) {
            return Some(Some(Talk::Person));
        }
        if let Some(talk) = self.find_theme(clause, named) {
            return Some(Some(talk));
        }
        self.is_insult(clause, named).then_some(Some(Talk::Abuse))
    }

    /// Reads a clause as a sequence of known phrases and fillers.
    fn read_segments(&self, clause: &[String], named: &[String]) -> Option<Option<Talk>> {
        // From right to left: `rest[i]` is the meaning of the words from `i` on, or `None` if they cannot be read.
        let mut rest: Vec<Option<Option<Talk>>> = vec![None; clause.len() + 1];
        if let Some(end) = rest.last_mut() {
            *end = Some(None);
        }
        for at in (0..clause.len()).rev() {
            let from = clause.get(at..).unwrap_or_default();
            let mut best: Option<Option<Talk>> = None;
            for (phrase, talk) in self.segments.iter().filter(|(p, _)| from.starts_with(p)) {
                if let Some(after) = rest.get(at + phrase.len()).copied().flatten() {
                    best = Some(after.max(Some(*talk)));
                    break;
                }
            }
            let filler = from
                .first()
                .is_some_and(|w| self.fillers.contains(w) || named.contains(w));
            if best.is_none() && filler {
                best = rest.get(at + 1).copied().flatten();
            }
            if let Some(place) = rest.get_mut(at) {
                *place = best;
            }
        }
        rest.first().copied().flatten()
    }

    fn wishes_person(&self, message: &[String], named: &[String]) -> bool {
        let tail = message.iter().position(|w| LISTS.tails.contains(w));
        let message = match tail {
            Some(at) if at >= 3 => message.get(..at).unwrap_or_default(),
            _ => message,
        };
        if message.is_empty() || self.read_segments(message, named).is_some() {
            return false;
        }
        let holds = |entries: &[Vec<String>]| {
            entries
                .iter()
                .any(|entry| message.windows(entry.len()).any(|part| part == entry))
        };
        let in_any = |entries: &[Vec<String>], word: &String| {
            entries.iter().any(|entry| entry.contains(word))
        };
        let all = message.iter().all(|w| {
            self.around.contains(w)
                || named.contains(w)
                || w.chars().all(|c| c.is_ascii_digit())
                || [&self.verbs, &self.persons, &self.wish, &self.callback]
                    .iter()
                    .any(|entries| in_any(entries, w))
        });
        if !all {
            return false;
        }
        let meaning: Vec<&String> = message
            .iter()
            .filter(|w| !self.fillers.contains(*w))
            .collect();
        let alone = |w: &String| LISTS.alone.contains(w);
        let person = holds(&self.persons);
        holds(&self.callback)
            || (person && holds(&self.verbs))
            || (person && holds(&self.wish))
            || (meaning.len() <= 2 && meaning.iter().any(|w| alone(w)))
    }

    /// Recognises a clause by its words, in any order.
    fn find_theme(&self, clause: &[String], named: &[String]) -> Option<Talk> {
        let fits = |needs: &[HashSet<String>; 2], around: &HashSet<String>| {
            needs
                .iter()
                .all(|need| clause.iter().any(|w| need.contains(w)))
                && clause.iter().all(|w| {
                    around.contains(w)
                        || needs.iter().any(|need| need.contains(w))
                        || self.fillers.contains(w)
                        || named.contains(w)
                })
        };
        let mut themes = self.themes.iter();
        themes
            .find(|(_, needs, around)| fits(needs, around))
            .map(|(talk, _, _)| *talk)
    }

    fn is_insult(&self, clause: &[String], named: &[String]) -> bool {
        let strong = self.insults.get(..10).unwrap_or(&self.insults);
        let enough = if clause.len() == 1 {
            strong
        } else {
            &self.insults
        };
        clause.iter().any(|w| enough.contains(w))
            && clause.iter().all(|w| {
                self.insults.contains(w)
                    || self.insult_around.contains(w)
                    || self.fillers.contains(w)
                    || named.contains(w)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_complete_and_without_accents() {
        let lists: Lists = data::check(FILE);
        for list in [&lists.alone, &lists.tails, &lists.no] {
            assert!(list.iter().all(|word| unaccented(word) == word));
        }
    }
}
