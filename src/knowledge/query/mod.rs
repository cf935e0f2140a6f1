//! Analyses a question for the search: its content words, what the documents know of each, corrections of
//! misspelt words, and synonyms.

mod spelling;
mod synonyms;
mod usual;

pub use synonyms::{Synonyms, SynonymsError};

use std::collections::HashSet;

use self::synonyms::Synonym;
use super::index::vocabulary::Terms;
use crate::language::Language;
use crate::language::lists::is_stop_word;
use crate::language::question::{language_among, language_of};
use crate::language::words::{Word, stem, words};

/// Words of a question to search for; a pasted page is not a question.
const MAX_WORDS: usize = 64;
/// Weight of a corrected word against one that was typed like this.
const CORRECTED: f32 = 0.9;

/// A content word of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// As typed.
    pub text: String,
    /// In the question's language.
    pub stem: String,
    /// The word, its correction or a synonym occurs in the documents.
    pub known: bool,
    /// How rare it is in the documents: BM25's inverse document frequency, 0 or more. If only the
    /// correction or synonyms occur, that of the correction or of the best synonym.
    pub idf: f32,
    /// The word that was probably meant, if this one does not occur.
    pub corrected: Option<String>,
    /// Synonyms that occur, from the owner's list and from everyday abbreviations.
    pub synonyms: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Analysis {
    pub(super) terms: Vec<QueryTerm>,
    /// The words to look up, in the order of `terms`, followed by added words.
    pub(super) sought: Vec<Sought>,
}

/// One word to look up, in all its forms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sought {
    /// Stems that count as a hit, each with its weight (0 to 1), best first.
    pub stems: Vec<(String, f32)>,
    /// As written (folded), if it was typed like this.
    pub written: Option<String>,
    /// Inverse document frequency.
    pub idf: f32,
}

/// `extra` are words to search for that the question does not contain.
pub(super) fn analyse(
    question: &str,
    extra: &[String],
    terms: Option<&Terms>,
    own: &Synonyms,
) -> Analysis {
    let all: Vec<Word> = words(question).take(MAX_WORDS).collect();
    let folded: Vec<&str> = all.iter().map(|w| w.folded.as_str()).collect();
    let documents = terms.map(Terms::languages).unwrap_or_default();
    let language = language_among(question, &folded, &documents);
    let stems: Vec<String> = folded.iter().map(|w| stem(language, w)).collect();
    let synonyms = synonyms::of_words(&stems, language, own);
    let reading = Reading {
        language,
        documents: &documents,
        terms,
    };
    let mut analysis = Analysis::default();
    let mut dropped = Vec::new();
    for ((word, stem), synonyms) in all.iter().zip(stems).zip(synonyms) {
        if analysis.terms.iter().any(|t| t.stem == stem) {
            continue;
        }
        let text = question.get(word.from..word.to).unwrap_or_default();
        // Dropped even if it may be an abbreviation, such as "min", or "so" for Sunday.
        if is_stop_word(language, &word.folded) {
            dropped.push(reading.find_stems(&word.folded));
            continue;
        }
        let (term, sought) = reading.look_up(text, &word.folded, stem, &synonyms);
        analysis.terms.push(term);
        analysis.sought.push(sought);
    }
    if analysis.sought.is_empty() {
        // A question of stop words only is searched for as it is.
        analysis.sought = dropped;
    }
    for word in extra.iter().flat_map(|text| words(text)) {
        let more = reading.find_stems(&word.folded);
        if !analysis.sought.contains(&more) {
            analysis.sought.push(more);
        }
    }
    analysis
}

/// The content words of a text, as written, each once.
pub fn content(text: &str) -> Vec<String> {
    let language = language_of(text);
    let mut seen = HashSet::new();
    words(text)
        .filter(|w| !is_stop_word(language, &w.folded) && seen.insert(w.folded.clone()))
        .filter_map(|w| text.get(w.from..w.to).map(str::to_owned))
        .collect()
}

struct Reading<'a> {
    language: Language,
    documents: &'a [Language],
    terms: Option<&'a Terms>,
}

impl Reading<'_> {
    fn look_up(
        &self,
        text: &str,
        folded: &str,
        stem: String,
        synonyms: &[Synonym],
    ) -> (QueryTerm, Sought) {
        let mut sought = self.find_stems(folded);
        let mut known: Vec<f32> = self.find_idfs(&sought.stems);
        let mut corrected = None;
        let own_language = self.documents.contains(&self.language);
        if known.is_empty()
            && own_language
            && let Some(terms) = self.terms
            && let Some(meant) = spelling::correct(folded, self.language, terms)
        {
            let forms = self.find_stems(&meant);
            known = self.find_idfs(&forms.stems);
            let weighted = forms.stems.into_iter().map(|(s, _)| (s, CORRECTED));
            sought.stems.extend(weighted);
            corrected = Some(meant);
        }
        let mut occurring = Vec::new();
        let mut best_synonym: f32 = 0.0;
        for synonym in synonyms {
            let parts: Vec<Sought> = words(&synonym.text)
                .filter(|w| !is_stop_word(self.language, &w.folded))
                .map(|w| self.find_stems(&w.folded))
                .collect();
            let idfs: Vec<f32> = parts
                .iter()
                .filter_map(|part| self.find_idfs(&part.stems).into_iter().reduce(f32::max))
                .collect();
            if parts.is_empty() || idfs.len() < parts.len() {
                continue;
            }
            occurring.push(synonym.text.clone());
            best_synonym = idfs.into_iter().fold(best_synonym, f32::max);
            for (form, _) in parts.into_iter().flat_map(|p| p.stems) {
                if !sought.stems.iter().any(|(s, _)| *s == form) {
                    sought.stems.push((form, synonym.weight));
                }
            }
        }
        let is_known = !known.is_empty() || !occurring.is_empty();
        let idf = match known.into_iter().reduce(f32::max) {
            Some(own) => own,
            None if is_known => best_synonym,
            None => self.terms.map_or(0.0, |t| t.idf(&stem)),
        };
        sought.idf = idf;
        let term = QueryTerm {
            text: text.to_owned(),
            stem,
            known: is_known,
            idf,
            corrected,
            synonyms: occurring,
        };
        (term, sought)
    }

    /// The stems of a word by the question's language and by those of the documents: few words are not
    /// enough to tell their language, and names have none.
    fn find_stems(&self, folded: &str) -> Sought {
        let mut stems: Vec<(String, f32)> = vec![(stem(self.language, folded), 1.0)];
        for language in self.documents {
            let form = stem(*language, folded);
            if !stems.iter().any(|(s, _)| *s == form) {
                stems.push((form, 1.0));
            }
        }
        let idf = |(stem, _): &(String, f32)| self.terms.map_or(0.0, |t| t.idf(stem));
        let idf = stems.iter().map(idf).reduce(f32::min).unwrap_or(0.0);
        Sought {
            stems,
            written: Some(folded.to_owned()),
            idf,
        }
    }

    fn find_idfs(&self, stems: &[(String, f32)]) -> Vec<f32> {
        let Some(terms) = self.terms else {
            return Vec::new();
        };
        stems
            .iter()
            .filter(|(stem, _)| terms.stem_passages(stem) > 0)
            .map(|(stem, _)| terms.idf(stem))
            .collect()
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
