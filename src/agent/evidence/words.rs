//! The question's words, weighted by their rarity in the documents, and which of them a text contains.

use std::collections::HashSet;
use std::ops::Range;

use crate::agent::decide::Features;
use crate::knowledge::{Found, Passage};
use crate::language::Language;
use crate::language::words::{stem, words};

#[derive(Debug, Clone)]
struct Term {
    /// Stems that match the word: its own, its correction's, its synonyms'.
    stems: Vec<String>,
    /// Inverse document frequency; 0 if no document contains the word.
    idf: f32,
    known: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct QuestionWords {
    terms: Vec<Term>,
    language: Option<Language>,
    /// Words that contain a digit.
    figures: HashSet<String>,
    /// Number of words in the question.
    words: usize,
}

/// Weight of a word found in no document, on the scale of inverse document frequencies.
const UNKNOWN: f32 = 4.0;

impl QuestionWords {
    /// `found` holds the content words that the search used.
    pub(super) fn new(found: &Found, question: &str) -> Self {
        let language = found.language();
        let stems = |text: &str| stems(language, text);
        let terms = found.terms.iter().map(|term| {
            let mut all = vec![term.stem.clone()];
            all.extend(stems(&term.text));
            all.extend(term.corrected.iter().flat_map(|c| stems(c)));
            all.extend(term.synonyms.iter().flat_map(|s| stems(s)));
            Term {
                stems: all,
                idf: term.idf,
                known: term.known,
            }
        });
        let all = stems(question);
        Self {
            terms: terms.collect(),
            language,
            words: all.len(),
            figures: all
                .into_iter()
                .filter(|w| w.chars().any(|c| c.is_ascii_digit()))
                .collect(),
        }
    }

    /// Lets a text that has the short form also match the words of the long form.
    pub(super) fn with_short_forms(mut self, shortened: &[(String, String)]) -> Self {
        for (long, short) in shortened {
            let (long, short) = (self.stems_of(long), self.stems_of(short));
            for term in &mut self.terms {
                if term.stands_in(&long) {
                    term.stems.extend(short.iter().cloned());
                }
            }
        }
        self
    }

    /// The features of a quotation that need no model.
    pub(super) fn features(
        &self,
        passage: &Passage,
        rank: usize,
        range: &Range<usize>,
    ) -> Features {
        let text = passage.text.get(range.clone()).unwrap_or_default();
        let mut there = self.stems_of(text);
        let quoted = self.share(&there);
        there.extend(self.stems_of(&passage.title));
        for heading in &passage.heading_path {
            there.extend(self.stems_of(heading));
        }
        Features {
            quoted,
            coverage: self.share(&there),
            unknown: self.unknown_share(),
            rarest: self.holds_rarest(&there),
            lacks_figures: !self.figures.is_empty() && self.figures.is_disjoint(&there),
            cosine: passage.cosine.unwrap_or(0.0),
            rank,
            approved: passage.faq.is_some(),
            words: self.words,
            foreign: self.language.is_some_and(|l| l != Language::En),
            ..Features::default()
        }
    }

    /// The stems of a text, for comparing with this question's words.
    pub(super) fn stems_of(&self, text: &str) -> HashSet<String> {
        stems(self.language, text).into_iter().collect()
    }

    /// The words and figures of the question that a text contains.
    pub(super) fn find_held(&self, text: &str) -> HashSet<String> {
        let there = self.stems_of(text);
        let terms = self.terms.iter().filter(|term| term.stands_in(&there));
        let words = terms.filter_map(|term| term.stems.first());
        let figures = self.figures.intersection(&there);
        words.chain(figures).cloned().collect()
    }

    /// Whether a text contains all words and figures of the question.
    pub(super) fn is_held_whole(&self, text: &str) -> bool {
        let there = self.stems_of(text);
        !self.terms.is_empty()
            && self.terms.iter().all(|term| term.stands_in(&there))
            && self.figures.is_subset(&there)
    }

    /// Share of the known words, by weight, among these stems, 0 to 1.
    pub(super) fn share(&self, there: &HashSet<String>) -> f32 {
        let known = self.terms.iter().filter(|term| term.known);
        let (mut all, mut held) = (0.0, 0.0);
        for term in known {
            all += term.idf;
            if term.stands_in(there) {
                held += term.idf;
            }
        }
        if all > 0.0 { held / all } else { 0.0 }
    }

    /// Whether the rarest known word is among these stems.
    pub(super) fn holds_rarest(&self, there: &HashSet<String>) -> bool {
        let rarest = self
            .terms
            .iter()
            .filter(|term| term.known)
            .max_by(|a, b| a.idf.total_cmp(&b.idf));
        rarest.is_some_and(|term| term.stands_in(there))
    }

    /// Share of the words, by weight, found in no document, 0 to 1.
    pub(super) fn unknown_share(&self) -> f32 {
        let unknown = self.terms.iter().filter(|term| !term.known).count() as f32 * UNKNOWN;
        let known: f32 = self.terms.iter().filter(|t| t.known).map(|t| t.idf).sum();
        match unknown + known {
            all if all > 0.0 => unknown / all,
            _ => 0.0,
        }
    }
}

impl Term {
    fn stands_in(&self, there: &HashSet<String>) -> bool {
        self.stems.iter().any(|stem| there.contains(stem))
    }
}

fn stems(language: Option<Language>, text: &str) -> Vec<String> {
    let language = language.unwrap_or(Language::En);
    words(text).map(|w| stem(language, &w.folded)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::QueryTerm;

    fn term(text: &str, idf: f32, known: bool) -> QueryTerm {
        QueryTerm {
            text: text.into(),
            stem: stem(Language::En, text),
            known,
            idf,
            corrected: None,
            synonyms: vec![],
        }
    }

    #[test]
    fn words_count_by_how_rare_they_are() {
        let found = Found {
            query: "gold crowns price".into(),
            terms: vec![
                term("gold", 0.0, false),
                term("crowns", 3.0, true),
                term("price", 1.0, true),
            ],
            ..Found::default()
        };
        let asked = QuestionWords::new(&found, "how much are gold crowns");
        let there = asked.stems_of("A crown lasts for years.");
        assert!((asked.share(&there) - 0.75).abs() < 1e-6);
        assert!(asked.holds_rarest(&there));
        assert!((asked.unknown_share() - 0.5).abs() < 1e-6);
        assert!(!asked.holds_rarest(&asked.stems_of("price list")));
        assert_eq!(asked.find_held("Crown: price").len(), 2);
        assert!(asked.is_held_whole("price of gold crowns"));
        assert!(!asked.is_held_whole("price of crowns"));
        let short = [("Gold crowns".to_owned(), "GC".to_owned())];
        let asked = asked.with_short_forms(&short);
        assert!(asked.holds_rarest(&asked.stems_of("GC: 90 euros")));
        assert!(!asked.holds_rarest(&asked.stems_of("price list")));
    }
}
