//! Finds the sounds of a word: in the table of names, in the dictionary, from its stem or parts, and
//! finally from its spelling.

use std::collections::HashMap;
use std::sync::LazyLock;

use misaki_rs::Lexicon;
use misaki_rs::lexicon::{PhonemeEntry, TokenContext};
use misaki_rs::spacy_tagger::Tagger;
use serde::Deserialize;

use super::parts::add_s;
use super::{dictionary, letters, names, weak};
use crate::language::data::{self, WordSet};
use crate::language::words::unaccented;

/// The pronouncing dictionary of US English (about 180,000 words) and the part-of-speech tagger that
/// tells "read" from "read". We do not use the library's own pipeline: it loads a second tagger and
/// reads numbers its own way.
pub(super) struct English {
    pub(super) lexicon: Lexicon,
    pub(super) tagger: Tagger,
    names: HashMap<&'static str, &'static str>,
}

/// Loaded at first use; about 40 MB.
pub(super) static ENGLISH: LazyLock<English> = LazyLock::new(|| English {
    lexicon: dictionary::load(),
    tagger: Tagger::load(),
    names: names::names(),
});

/// Word lists; the TOML file explains each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    loud: WordSet,
    spelled: WordSet,
    pub(super) short_parts: WordSet,
    letters: &'static str,
}

static FILE: &str = include_str!("word.toml");
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Sounds of a letter's name; empty for anything but a Latin letter.
pub(super) fn letter(letter: char) -> &'static str {
    let plain = letter.to_ascii_lowercase();
    u32::from(plain)
        .checked_sub(u32::from('a'))
        .and_then(|at| LISTS.letters.split_whitespace().nth(at as usize))
        .unwrap_or("")
}

impl English {
    /// Sounds of a word in its sentence, in the dictionary's alphabet. `tag` is its part of speech.
    pub(super) fn sounds(&self, word: &str, tag: &str, ctx: &TokenContext) -> String {
        let lower = word.to_lowercase();
        if let Some(name) = self.names.get(lower.as_str()) {
            return (*name).to_owned();
        }
        if word.chars().count() > 1 && word == word.to_uppercase() && word != lower {
            return self.read_capitals(word, &lower, tag, ctx);
        }
        if let Some(small) = weak::find_small(&lower) {
            return small.to_owned();
        }
        self.look_up(word, tag, None, ctx)
            .or_else(|| self.look_up(&lower, tag, None, ctx))
            .unwrap_or_else(|| self.guess(word, &lower, 0))
    }

    /// Whether the sounds of a word depend on its part of speech ("read", "live", "record").
    pub(super) fn is_heteronym(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        let varies = |word: &str| match self.lexicon.golds.get(word) {
            Some(PhonemeEntry::Tagged(by_tag)) => {
                by_tag.keys().any(|tag| tag != "DEFAULT" && tag != "None")
            }
            _ => false,
        };
        // "that" hardly differs and is in every other sentence; skipping it saves running the tagger.
        lower != "that" && (lower == "used" || varies(word) || varies(&lower))
    }

    /// Whether the table or the dictionary has the word exactly like this.
    pub(super) fn has(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.names.contains_key(lower.as_str())
            || self.lexicon.golds.contains_key(word)
            || self.lexicon.golds.contains_key(&lower)
    }

    /// Looks a word up in the dictionary; `None` where the library would spell it out.
    fn look_up(
        &self,
        word: &str,
        tag: &str,
        stress: Option<f64>,
        ctx: &TokenContext,
    ) -> Option<String> {
        let (sounds, _) = self.lexicon.get_word(word, tag, stress, Some(ctx))?;
        let usable = !sounds.trim().is_empty() && !sounds.contains('❓');
        usable.then_some(sounds)
    }

    /// Reads ALL CAPITALS: an abbreviation to spell out, one read as a word (NASA), or a shouted word.
    fn read_capitals(&self, word: &str, lower: &str, tag: &str, ctx: &TokenContext) -> String {
        let count = word.chars().filter(|c| c.is_alphabetic()).count();
        let loud = count > 3 || LISTS.loud.contains(lower);
        if loud
            && (self.lexicon.golds.contains_key(lower) || self.look_up_plain(lower).is_some())
            && !LISTS.spelled.contains(lower)
        {
            return self.sounds(lower, tag, ctx);
        }
        if self.lexicon.golds.contains_key(word)
            && count > 2
            && !LISTS.spelled.contains(lower)
            && let Some(sounds) = self.look_up(word, "NNP", None, ctx)
        {
            return sounds;
        }
        // A long unknown word with vowels is more likely a name.
        if count > 5 && lower.chars().any(|c| "aeiou".contains(c)) {
            return self.guess(word, lower, 0);
        }
        spell(word)
    }

    /// Looks up a word or stem without its context.
    pub(super) fn look_up_plain(&self, word: &str) -> Option<String> {
        if let Some(name) = self.names.get(word) {
            return Some((*name).to_owned());
        }
        let real = word.chars().count() > 2 && word.chars().any(|c| "aeiouy".contains(c));
        real.then(|| self.look_up(word, "NN", None, &TokenContext::default()))
            .flatten()
    }

    /// Guesses an unknown word from its parts, its stem, or its spelling.
    fn guess(&self, word: &str, lower: &str, depth: u8) -> String {
        if depth > 3 {
            return letters::sounds(&unaccented(lower));
        }
        let again = |part: &str| {
            self.look_up_plain(part)
                .unwrap_or_else(|| self.guess(part, part, depth + 1))
        };
        if let Some(stem) = lower
            .strip_suffix("'s")
            .or_else(|| lower.strip_suffix("’s"))
        {
            return add_s(&again(stem));
        }
        let bare = lower.replace(['\'', '’'], "");
        let plain = unaccented(&bare);
        if plain != lower
            && let Some(sounds) = self.look_up_plain(&plain)
        {
            return sounds;
        }
        for (start, sounds) in [
            ("o'", "O"),
            ("o’", "O"),
            ("d'", "d"),
            ("l'", "l"),
            ("mc", "mək"),
            ("mac", "mək"),
        ] {
            if let Some(rest) = lower.strip_prefix(start)
                && rest.len() > 3
                && (start.len() != 3 || word.starts_with("Mac"))
            {
                return format!("{sounds}{}", again(rest));
            }
        }
        // camelCase
        if let Some(at) = word
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_uppercase())
            .map(|(at, _)| at)
            && word.chars().any(char::is_lowercase)
        {
            let (left, right) = word.split_at(at);
            return format!(
                "{} {}",
                self.sounds(left, "NN", &TokenContext::default()),
                self.sounds(right, "NN", &TokenContext::default())
            );
        }
        self.find_compound(&plain)
            .or_else(|| self.find_by_stem(&plain))
            .unwrap_or_else(|| letters::sounds(&plain))
    }
}

/// Spells a word letter by letter.
pub(super) fn spell(word: &str) -> String {
    unaccented(word)
        .chars()
        .map(letter)
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.letters.split_whitespace().count(), 26);
        assert!(lists.short_parts.iter().all(|part| part.len() == 3));
        assert_eq!((letter('a'), letter('Z'), letter('ä')), ("ˈA", "zˈi", ""));
    }

    fn say(word: &str) -> String {
        ENGLISH.sounds(word, "NN", &TokenContext::default())
    }

    #[test]
    fn words_outside_the_dictionary_have_sounds() {
        for (word, wanted) in [
            ("Northgate", "nˈɔɹθɡˌAt"),
            ("ID", "ˈI dˈi"),
            ("AOK", "ˈA ˈO kˈA"),
            ("OPEN", "ˈOpᵊn"),
        ] {
            assert_eq!(say(word), wanted, "{word}");
        }
        for word in [
            "Hofmann",
            "Kowalski",
            "O'Sullivan",
            "MacDougal",
            "Zbigniew",
            "Łukasz",
            "café",
            "Brzęczyszczykiewicz",
        ] {
            assert!(say(word).chars().count() > 2, "{word}: {}", say(word));
        }
    }
}
