//! Sounds of one word: the table of names, the dictionary, its stems and parts, and the spelling last.

use std::collections::HashMap;
use std::sync::LazyLock;

use misaki_rs::lexicon::{PhonemeEntry, TokenContext};
use misaki_rs::spacy_tagger::Tagger;
use misaki_rs::{Language, Lexicon};
use serde::Deserialize;

use super::parts::with_s;
use super::{letters, names, weak};
use crate::language::data::{self, WordSet};
use crate::language::words::unaccented;

/// The pronouncing dictionary of US English (about 180,000 words) and the tagger of parts of speech
/// that tells "read" from "read". Their library's own pipeline is not used: it holds a second tagger
/// and the numbers of its own.
pub(super) struct English {
    pub(super) lexicon: Lexicon,
    pub(super) tagger: Tagger,
    names: HashMap<&'static str, &'static str>,
}

/// Loaded at first use; about 40 MB.
pub(super) static ENGLISH: LazyLock<English> = LazyLock::new(|| English {
    lexicon: Lexicon::new(Language::EnglishUS),
    tagger: Tagger::load(),
    names: names::names(),
});

/// The lists of words; the file says what each is for.
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

/// Name of a letter; empty for what is none.
pub(super) fn letter(letter: char) -> &'static str {
    let plain = letter.to_ascii_lowercase();
    u32::from(plain)
        .checked_sub(u32::from('a'))
        .and_then(|at| LISTS.letters.split_whitespace().nth(at as usize))
        .unwrap_or("")
}

impl English {
    /// Sounds of a word in its sentence, in the dictionary's alphabet.
    pub(super) fn sounds(&self, word: &str, tag: &str, ctx: &TokenContext) -> String {
        let lower = word.to_lowercase();
        if let Some(name) = self.names.get(lower.as_str()) {
            return (*name).to_owned();
        }
        if word.chars().count() > 1 && word == word.to_uppercase() && word != lower {
            return self.capitals(word, &lower, tag, ctx);
        }
        if let Some(small) = weak::small(&lower) {
            return small.to_owned();
        }
        self.known(word, tag, None, ctx)
            .or_else(|| self.known(&lower, tag, None, ctx))
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
        // "that" hardly differs, and is in every other sentence.
        lower != "that" && (lower == "used" || varies(word) || varies(&lower))
    }

    /// Whether a word stands in the table or the dictionary just so.
    pub(super) fn has(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.names.contains_key(lower.as_str())
            || self.lexicon.golds.contains_key(word)
            || self.lexicon.golds.contains_key(&lower)
    }

    /// What the dictionary says, without its spelling out of what it does not know.
    fn known(
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

    /// ALL CAPITALS: an abbreviation that is spelled, one that is a word (NASA), or a word said loudly.
    fn capitals(&self, word: &str, lower: &str, tag: &str, ctx: &TokenContext) -> String {
        let count = word.chars().filter(|c| c.is_alphabetic()).count();
        let loud = count > 3 || LISTS.loud.contains(lower);
        if loud
            && (self.lexicon.golds.contains_key(lower) || self.plain(lower).is_some())
            && !LISTS.spelled.contains(lower)
        {
            return self.sounds(lower, tag, ctx);
        }
        if self.lexicon.golds.contains_key(word)
            && count > 2
            && !LISTS.spelled.contains(lower)
            && let Some(sounds) = self.known(word, "NNP", None, ctx)
        {
            return sounds;
        }
        // "MRIs" is no capitals; a long unknown one with vowels is rather a name.
        if count > 5 && lower.chars().any(|c| "aeiou".contains(c)) {
            return self.guess(word, lower, 0);
        }
        spell(word)
    }

    /// A word, or the stem of one, that is in the dictionary as it is.
    pub(super) fn plain(&self, word: &str) -> Option<String> {
        if let Some(name) = self.names.get(word) {
            return Some((*name).to_owned());
        }
        let real = word.chars().count() > 2 && word.chars().any(|c| "aeiouy".contains(c));
        real.then(|| self.known(word, "NN", None, &TokenContext::default()))
            .flatten()
    }

    /// A word of no dictionary: its parts, its stem, then its spelling.
    fn guess(&self, word: &str, lower: &str, depth: u8) -> String {
        if depth > 3 {
            return letters::sounds(&unaccented(lower));
        }
        let again = |part: &str| {
            self.plain(part)
                .unwrap_or_else(|| self.guess(part, part, depth + 1))
        };
        if let Some(stem) = lower
            .strip_suffix("'s")
            .or_else(|| lower.strip_suffix("’s"))
        {
            return with_s(&again(stem));
        }
        let bare = lower.replace(['\'', '’'], "");
        let plain = unaccented(&bare);
        if plain != lower
            && let Some(sounds) = self.plain(&plain)
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
        self.compound(&plain)
            .or_else(|| self.stemmed(&plain))
            .unwrap_or_else(|| letters::sounds(&plain))
    }
}

/// A word letter by letter.
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
