//! Many phrases, found in a text at once.

use std::collections::HashMap;
use std::ops::Range;

use crate::language::words::{Word, words};

/// One word of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Word(String),
    /// Written with a `*` at its end: any ending may follow.
    Start(String),
}

impl Piece {
    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Word(own) => own == word,
            Self::Start(start) => word.starts_with(start.as_str()),
        }
    }
}

/// The folded words of a text.
pub(crate) fn words_of(text: &str) -> Vec<Word> {
    words(text).collect()
}

/// A phrase in its pieces; empty if it has no word.
pub(crate) fn pattern(phrase: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in phrase.split_whitespace() {
        let mut folded: Vec<Piece> = words(part).map(|word| Piece::Word(word.folded)).collect();
        if part.ends_with('*')
            && let Some(Piece::Word(last)) = folded.pop()
        {
            folded.push(Piece::Start(last));
        }
        pieces.extend(folded);
    }
    pieces
}

/// Where a phrase begins and ends in the text, in bytes.
pub(crate) fn place_of(words: &[Word], pattern: &[Piece]) -> Option<Range<usize>> {
    if pattern.is_empty() {
        return None;
    }
    let found = words.windows(pattern.len()).find(|window| {
        let mut pairs = window.iter().zip(pattern);
        pairs.all(|(word, piece)| piece.fits(&word.folded))
    })?;
    Some(found.first()?.from..found.last()?.to)
}

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Its first word in the text's words.
    pub(crate) word: usize,
    /// How many words it has.
    pub(crate) length: usize,
    /// In the text.
    pub(crate) bytes: Range<usize>,
}

/// Phrases, found by their first word.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    by_word: HashMap<String, Vec<Vec<Piece>>>,
    /// Those whose first word may have any ending.
    others: Vec<Vec<Piece>>,
}

impl Lexicon {
    pub(crate) fn new(phrases: &[String]) -> Self {
        let mut lexicon = Self::default();
        for phrase in phrases {
            let pattern = pattern(phrase);
            match pattern.first() {
                Some(Piece::Word(first)) => {
                    let first = first.clone();
                    lexicon.by_word.entry(first).or_default().push(pattern);
                }
                Some(Piece::Start(_)) => lexicon.others.push(pattern),
                None => {}
            }
        }
        lexicon
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_word.is_empty() && self.others.is_empty()
    }

    /// The longest phrase that begins at this word.
    fn at(&self, words: &[Word], at: usize) -> Option<Hit> {
        let rest = words.get(at..)?;
        let first = rest.first()?;
        let known = self.by_word.get(&first.folded).into_iter().flatten();
        let fitting = known.chain(&self.others).filter(|pattern| {
            pattern.len() <= rest.len()
                && pattern
                    .iter()
                    .zip(rest)
                    .all(|(piece, word)| piece.fits(&word.folded))
        });
        let length = fitting.map(Vec::len).max()?;
        let last = rest.get(length.checked_sub(1)?)?;
        Some(Hit {
            word: at,
            length,
            bytes: first.from..last.to,
        })
    }

    /// All phrases in order; one that lies within another does not count.
    pub(crate) fn all(&self, words: &[Word]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        while at < words.len() {
            match self.at(words, at) {
                Some(hit) => {
                    at += hit.length;
                    hits.push(hit);
                }
                None => at += 1,
            }
        }
        hits
    }

    pub(crate) fn first(&self, words: &[Word]) -> Option<Hit> {
        (0..words.len()).find_map(|at| self.at(words, at))
    }

    pub(crate) fn is_in(&self, words: &[Word]) -> bool {
        self.first(words).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_whatever_its_case_and_accents() {
        let text = "Was KOSTET eine Übernachtung?";
        let words = words_of(text);
        let place = place_of(&words, &pattern("ubernacht*")).unwrap();
        assert_eq!(&text[place], "Übernachtung");
        assert_eq!(place_of(&words, &pattern("kostet das")), None);
        assert_eq!(place_of(&words, &pattern("…")), None);
    }

    #[test]
    fn the_longest_phrase_counts_and_none_twice() {
        let phrases = [
            "too".to_owned(),
            "too much".to_owned(),
            "expens*".to_owned(),
        ];
        let lexicon = Lexicon::new(&phrases);
        let words = words_of("Too much, too expensive");
        let hits = lexicon.all(&words);
        let lengths: Vec<usize> = hits.iter().map(|hit| hit.length).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert_eq!(hits[0].bytes, 0..8);
    }

    #[test]
    fn an_apostrophe_parts_words_in_both() {
        let lexicon = Lexicon::new(&["don't want".to_owned()]);
        assert!(lexicon.is_in(&words_of("I don’t want it")));
    }
}
