//! Places the stress of an unknown word and weakens its other vowels.

use std::sync::LazyLock;

use serde::Deserialize;

use super::symbols::VOWELS;
use crate::language::data::{self, WordSet};

/// Word lists; the TOML file explains each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    before_ending: Vec<(String, usize)>,
    last_but_one: WordSet,
    last: WordSet,
    weak_starts: WordSet,
}

static FILE: &str = include_str!("stress.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Marks the stressed vowel in sounds without marks, and weakens the others.
pub(super) fn place(word: &str, sounds: &str) -> String {
    let letters: Vec<char> = sounds.chars().collect();
    let vowels: Vec<usize> = (0..letters.len())
        .filter(|i| VOWELS.contains(letters[*i]))
        .collect();
    let Some(last) = vowels.len().checked_sub(1) else {
        return sounds.to_owned();
    };
    let main = find_stress(word, vowels.len()).min(last);
    let mut out = String::with_capacity(sounds.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let Some(syllable) = vowels.iter().position(|vowel| *vowel == at) else {
            out.push(*letter);
            continue;
        };
        if syllable == main {
            out.push('ˈ');
            out.push(*letter);
        } else if syllable + 2 == main || (main + 2 == syllable && syllable != last) {
            out.push('ˌ');
            out.push(*letter);
        } else {
            let before_r = letters.get(at + 1) == Some(&'ɹ');
            let ends = at + 1 == letters.len();
            out.push(match letter {
                'æ' | 'ʌ' => 'ə',
                'ɑ' if ends => 'ə',
                'ɛ' if !before_r && !ends => 'ə',
                other => *other,
            });
        }
    }
    out
}

/// Index of the stressed syllable.
fn find_stress(word: &str, syllables: usize) -> usize {
    let ends = |endings: &WordSet| endings.iter().any(|ending| word.ends_with(ending));
    if syllables <= 1 {
        return 0;
    }
    if ends(&LISTS.last) {
        return syllables - 1;
    }
    if let Some((_, own)) = LISTS
        .before_ending
        .iter()
        .find(|(ending, _)| word.ends_with(ending.as_str()))
    {
        return syllables.saturating_sub(own + 1);
    }
    if ends(&LISTS.last_but_one) {
        return syllables - 2;
    }
    if syllables == 2 {
        let weak = LISTS.weak_starts.iter().any(|start| {
            word.len() > start.len() + 3 && word.starts_with(start) && start.len() > 1
        });
        return usize::from(weak && !word.ends_with("er") && !word.ends_with('y'));
    }
    // Words that end in a vowel are mostly loans from Romance or Slavic languages or Japanese.
    if word.ends_with(['a', 'i', 'o', 'u']) {
        syllables - 2
    } else {
        syllables - 3
    }
}

#[cfg(test)]
mod tests {
    use super::{FILE, Lists, data, place};

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.last.contains("esque") && lists.weak_starts.contains("re"));
        assert_eq!(lists.before_ending.len(), 15);
    }

    #[test]
    fn stress_follows_the_ending() {
        for (word, sounds, wanted) in [
            ("kowalski", "koʊvælski", "koʊvˈælski"),
            ("blint", "blɪnt", "blˈɪnt"),
            ("zanify", "zænɪfI", "zˈænɪfˌI"),
            ("brandello", "bɹændɛlO", "bɹəndˈɛlO"),
        ] {
            let placed = place(word, &sounds.replace("oʊ", "O"));
            assert_eq!(
                placed.replace('ˌ', ""),
                wanted.replace("oʊ", "O").replace('ˌ', ""),
                "{word}"
            );
        }
    }
}
