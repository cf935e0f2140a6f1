//! The words of a language, ready to be looked for.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use super::Talk;
use crate::agent::phrases::{SPOKEN, cues};
use crate::language::Language;
use crate::language::data::{self, WordSet};
use crate::language::words::unaccented;

/// Words in all languages at once; the file says what each list is for.
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
    /// Phrases of known meaning, the longest first.
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

/// The words of a language; English for one that Frontdesk has no words in.
pub(super) fn lexicon(language: Language) -> &'static Lexicon {
    let all: &'static [Lexicon] = &ALL;
    all.iter()
        .find(|lexicon| lexicon.language == language)
        .unwrap_or(&all[0])
}

/// The words of a text in lower case, without accents, and with letters drawn out ("heyyyy") once.
pub(super) fn words(text: &str) -> Vec<String> {
    text.unicode_words()
        .map(|word| short(&unaccented(word)))
        .collect()
}

fn short(word: &str) -> String {
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

/// The entries of a list: phrases parted by `|`, or else single words.
fn list(entries: &str) -> Vec<Vec<String>> {
    let parted: Vec<&str> = if entries.contains('|') {
        entries.split('|').collect()
    } else {
        entries.split_whitespace().collect()
    };
    let entries = parted.into_iter().map(words);
    entries.filter(|entry| !entry.is_empty()).collect()
}

fn set(entries: &str) -> HashSet<String> {
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
        segments.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        let mut fillers = set(cues.fillers);
        fillers.extend(set(cues.yes));
        fillers.extend(LISTS.no.iter().map(str::to_owned));
        Self {
            language,
            segments,
            fillers,
            verbs: list(cues.verbs),
            persons: list(cues.persons),
            wish: list(cues.wish),
            around: set(cues.around),
            callback: list(cues.callback),
            insults: list(cues.insults).into_iter().map(|w| w.concat()).collect(),
            insult_around: set(cues.insult_around),
            themes: cues
                .themes
                .iter()
                .map(|theme| (theme.talk, theme.needs.map(set), set(theme.around)))
                .collect(),
            languages: set(cues.languages),
            say: set(cues.say),
            yes: list(cues.yes),
        }
    }

    /// What a message is that must be looked at as a whole.
    pub(super) fn whole(&self, message: &[String], named: &[String]) -> Option<Talk> {
        self.wishes_person(message, named).then_some(Talk::Person)
    }

    /// What a clause is; `Some(None)` for one without a meaning, `None` for one that is not all
    /// small talk.
    pub(super) fn clause(&self, clause: &[String], named: &[String]) -> Option<Option<Talk>> {
        if let Some(found) = self.segment(clause, named) {
            return Some(found);
        }
        if self.wishes_person(clause, named) {
            return Some(Some(Talk::Person));
        }
        if let Some(talk) = self.theme(clause, named) {
            return Some(Some(talk));
        }
        self.is_insult(clause, named).then_some(Some(Talk::Abuse))
    }

    /// Reads a clause as a row of known phrases and fillers.
    fn segment(&self, clause: &[String], named: &[String]) -> Option<Option<Talk>> {
        // From the end: what the rest from each place is, if it can be read.
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
        if message.is_empty() || self.segment(message, named).is_some() {
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

    /// What a clause is by its words alone, in whatever order.
    fn theme(&self, clause: &[String], named: &[String]) -> Option<Talk> {
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
