//! Which sentence of which passage an answer's sentence rests on.

use std::collections::HashSet;

use crate::agent::types::Citation;
use crate::knowledge::{Passage, layout, sentences};

/// Share of a sentence's words that must stand in the quoted one.
const ENOUGH: f32 = 0.5;

/// The citations of one answer, numbered as they come up.
#[derive(Debug, Default)]
pub(super) struct Citations {
    found: Vec<Citation>,
}

impl Citations {
    /// The number of the citation that supports `sentence`, if a passage does.
    pub(super) fn support(&mut self, sentence: &str, passages: &[Passage]) -> Option<u32> {
        let words = words(sentence);
        if words.len() < 2 {
            return None;
        }
        let (share, passage, quote) = passages
            .iter()
            .flat_map(|p| quotes(p).map(move |q| (p, q)))
            .map(|(p, quote)| (overlap(&words, quote), p, quote))
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        (share >= ENOUGH).then(|| self.number(passage, quote))
    }

    /// Cites the best passage as a whole, for an answer that no sentence could be found for.
    pub(super) fn fall_back(&mut self, answer: &str, passages: &[Passage]) {
        let words = words(answer);
        let best = passages
            .iter()
            .flat_map(|p| quotes(p).map(move |q| (p, q)))
            .map(|(p, quote)| (overlap(&words, quote), p, quote))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((share, passage, quote)) = best
            && share > 0.0
        {
            self.number(passage, quote);
        }
    }

    fn number(&mut self, passage: &Passage, quote: &str) -> u32 {
        let quote = quote.trim();
        if let Some(known) = self
            .found
            .iter()
            .find(|c| c.quote == quote && c.version == passage.version.to_string())
        {
            return known.number;
        }
        let number = u32::try_from(self.found.len() + 1).unwrap_or(u32::MAX);
        self.found.push(citation(passage, quote, number));
        number
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All citations, with the spans of their quotes in the documents' texts.
    pub(super) fn into_list(self) -> Vec<Citation> {
        self.found
    }
}

/// A citation of `quote` in a passage. The span is the passage's until [`settle`] narrows it.
pub(super) fn citation(passage: &Passage, quote: &str, number: u32) -> Citation {
    let section = passage.heading_path.join(" › ");
    Citation {
        number,
        document: passage.document.to_string(),
        version: passage.version.to_string(),
        title: passage.title.clone(),
        section: (!section.is_empty()).then_some(section),
        page: passage.page,
        span: passage.span,
        quote: quote.to_owned(),
        score: passage.score(),
    }
}

/// Narrows a citation's span from the passage to the quote, in the text of the document's version.
pub(super) fn settle(citation: &mut Citation, text: &str) {
    let [start, end] = citation.span;
    let place = layout::locate(text, start..end.min(text.len()), &citation.quote);
    citation.span = [place.start, place.end];
}

/// The sentences and lines of a passage.
fn quotes(passage: &Passage) -> impl Iterator<Item = &str> {
    sentences::sentences(&passage.text)
        .into_iter()
        .filter_map(|range| passage.text.get(range))
}

fn words(text: &str) -> HashSet<String> {
    crate::knowledge::content_words(text)
}

fn overlap(words: &HashSet<String>, quote: &str) -> f32 {
    if words.is_empty() {
        return 0.0;
    }
    let there = crate::knowledge::content_words(quote);
    words.intersection(&there).count() as f32 / words.len() as f32
}
