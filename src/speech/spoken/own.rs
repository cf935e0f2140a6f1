//! Finds the workspace's own words in a text, longest first, in any case.

use std::collections::HashMap;
use std::ops::Range;

use super::symbols;
use crate::speech::live::Pronunciation;

/// First of the private-use characters that stand for the workspace's sounds between
/// [`OwnWords::mark`] and pronunciation. Such characters in the text itself were blanked out before.
pub(super) const FIRST_MARK: char = '\u{e100}';

/// The most sounds from the workspace in one clause; real clauses have far fewer.
const MOST_MARKS: usize = 2000;

/// The range of a found word, and its index.
pub(super) type Found = (Range<usize>, usize);

pub(super) struct OwnWords<'a> {
    words: &'a [Pronunciation],
    /// Letters of each word in lower case, with single spaces.
    letters: Vec<Vec<char>>,
    /// Words by their first letter, the longest first.
    by_first: HashMap<char, Vec<usize>>,
}

impl<'a> OwnWords<'a> {
    pub(super) fn new(words: &'a [Pronunciation]) -> Self {
        let letters: Vec<Vec<char>> = words
            .iter()
            .map(|entry| {
                let spaced = entry.word.split_whitespace().collect::<Vec<_>>().join(" ");
                spaced.chars().map(to_lower).collect()
            })
            .collect();
        let mut by_first: HashMap<char, Vec<usize>> = HashMap::new();
        for (index, word) in letters.iter().enumerate() {
            if let Some(first) = word.first() {
                by_first.entry(*first).or_default().push(index);
            }
        }
        for list in by_first.values_mut() {
            list.sort_by_key(|index| std::cmp::Reverse(letters[*index].len()));
        }
        Self {
            words,
            letters,
            by_first,
        }
    }

    /// Finds the words, in order and without overlap.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        if self.by_first.is_empty() {
            return found;
        }
        let (mut before, mut free) = (' ', 0);
        for (at, letter) in text.char_indices() {
            let starts = !before.is_alphanumeric() || !letter.is_alphanumeric();
            before = letter;
            if at < free || !starts {
                continue;
            }
            let Some(candidates) = self.by_first.get(&to_lower(letter)) else {
                continue;
            };
            let hit = candidates.iter().find_map(|index| {
                Some((
                    at..at + match_length(&text[at..], &self.letters[*index])?,
                    *index,
                ))
            });
            if let Some(hit) = hit {
                free = hit.0.end;
                found.push(hit);
            }
        }
        found
    }

    /// Replaces the words in a part of a text: by other words, or by a private-use character that stands
    /// for sounds. Also returns the sounds.
    pub(super) fn mark(
        &self,
        text: &str,
        part: &Range<usize>,
        found: &[Found],
    ) -> (String, Vec<String>) {
        let first = found.partition_point(|(range, _)| range.end <= part.start);
        let (mut out, mut sounds, mut at) = (String::new(), Vec::new(), part.start);
        for (range, index) in found[first..]
            .iter()
            .take_while(|(range, _)| range.end <= part.end)
        {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            at = range.end;
            let say = self.words[*index].say.trim();
            let ipa = say
                .strip_prefix('/')
                .and_then(|rest| rest.strip_suffix('/'));
            match ipa
                .map(symbols::from_ipa)
                .filter(|_| sounds.len() < MOST_MARKS)
            {
                Some(phonemes) => {
                    out.extend(char::from_u32(FIRST_MARK as u32 + sounds.len() as u32));
                    sounds.push(phonemes);
                }
                None => out.push_str(&super::quiet::blank(say)),
            }
        }
        out.push_str(text.get(at..part.end).unwrap_or_default());
        (out, sounds)
    }
}

fn to_lower(letter: char) -> char {
    match letter {
        '’' | '‘' => '\'',
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

/// Length in bytes of the word at the start of a text, if it is there as a whole word.
fn match_length(text: &str, word: &[char]) -> Option<usize> {
    let mut rest = text.char_indices().peekable();
    for wanted in word {
        let (_, letter) = rest.next()?;
        if *wanted == ' ' {
            if !letter.is_whitespace() {
                return None;
            }
            while rest.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        } else if to_lower(letter) != *wanted {
            return None;
        }
    }
    let ends_in_word = word.last().is_some_and(|last| last.is_alphanumeric());
    match rest.peek() {
        Some((_, next)) if ends_in_word && next.is_alphanumeric() => None,
        Some((at, _)) => Some(*at),
        None => Some(text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(word: &str, say: &str) -> Pronunciation {
        Pronunciation {
            word: word.to_owned(),
            say: say.to_owned(),
        }
    }

    #[test]
    fn finds_the_longest_whole_words_in_any_case() {
        let words = [
            entry("blue", "x"),
            entry("Blue Fin", "boo fin"),
            entry("St. Mary's", "saint marys"),
        ];
        let own = OwnWords::new(&words);
        for (text, wanted) in [
            ("the BLUE  fin is blue", vec!["BLUE  fin", "blue"]),
            ("bluefin blues", vec![]),
            ("at St. Mary’s.", vec!["St. Mary’s"]),
        ] {
            let found: Vec<&str> = own
                .find(text)
                .into_iter()
                .map(|(range, _)| &text[range])
                .collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn marks_sounds_and_replaces_words() {
        let words = [entry("Siobhan", "/ʃɪˈvɔːn/"), entry("SQL", "sequel")];
        let own = OwnWords::new(&words);
        let text = "Siobhan knows SQL.";
        let (written, sounds) = own.mark(text, &(0..text.len()), &own.find(text));
        assert_eq!(written, "\u{e100} knows sequel.");
        assert_eq!(sounds, ["ʃɪˈvɔːn"]);
    }
}
