//! Signals of a passage that need no model: which words of the question it contains, where, and how
//! close together.

use std::collections::HashMap;

use serde::Serialize;

use crate::knowledge::query::Sought;
use crate::language::Language;
use crate::language::words::{Word, stem, words};

/// Words farther apart than this are unrelated.
const FAR: usize = 20;

/// What speaks for a passage, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Signals {
    /// BM25, scaled between the worst and the best candidate.
    pub words: f32,
    /// Cosine, scaled between the worst and the best candidate.
    pub meaning: f32,
    /// Share of the question's words that it, its title or its headings contain; rare words weigh more.
    pub coverage: f32,
    /// The same for the best of its lines and sentences: a row of a table is a line.
    pub line: f32,
    /// The same for its title and headings.
    pub heading: f32,
    /// How close together words are that are adjacent in the question.
    pub nearness: f32,
    /// Share of those that are adjacent in the same order here too.
    pub order: f32,
    /// Share of the question's numbers and codes that it contains.
    pub numbers: f32,
}

pub(crate) struct Seen {
    pub(crate) signals: Signals,
    /// Share of the question's content words that it, its title or its headings contain.
    pub(crate) coverage: f32,
}

/// Computes the signals of passages found for one question.
pub(crate) struct Reader<'a> {
    sought: &'a [Sought],
    /// The first `asked` words of `sought` are from the question; the others were added.
    asked: usize,
    languages: Vec<Language>,
    forms: HashMap<&'a str, (usize, f32)>,
    /// Cache: passages repeat words, and stemming costs more than a lookup.
    read: HashMap<String, Option<(usize, f32)>>,
    total: f32,
}

/// A word of the question at a position of the passage.
#[derive(Clone, Copy)]
struct Hit {
    at: usize,
    word: usize,
    weight: f32,
}

impl<'a> Reader<'a> {
    /// `languages` are those of the documents; the first `asked` of `sought` are the question's content
    /// words.
    pub(crate) fn new(sought: &'a [Sought], asked: usize, languages: Vec<Language>) -> Self {
        let mut forms: HashMap<&str, (usize, f32)> = HashMap::new();
        for (i, word) in sought.iter().enumerate() {
            for (form, weight) in &word.stems {
                let known = forms.entry(form).or_insert((i, *weight));
                if *weight > known.1 {
                    *known = (i, *weight);
                }
            }
        }
        Self {
            sought,
            asked,
            languages,
            forms,
            read: HashMap::new(),
            total: sought.iter().map(|s| s.idf).sum::<f32>().max(1e-6),
        }
    }

    pub(crate) fn see(&mut self, title: &str, headings: &[String], text: &str) -> Seen {
        let above = format!("{title}\n{}", headings.join("\n"));
        let mut best = vec![0.0f32; self.sought.len()];
        let mut heading = vec![0.0f32; self.sought.len()];
        for hit in self.hits(words(&above)) {
            keep(&mut heading, hit);
            keep(&mut best, hit);
        }
        let all: Vec<Word> = words(text).collect();
        let mut line = vec![0.0f32; self.sought.len()];
        let mut best_line: f32 = 0.0;
        let hits = self.hits(all.iter().cloned());
        let mut border = 0;
        for hit in &hits {
            let from = all.get(hit.at).map_or(0, |w| w.from);
            if text.get(border..from).is_some_and(ends_line) {
                best_line = best_line.max(self.share(&line));
                line.fill(0.0);
            }
            border = all.get(hit.at).map_or(0, |w| w.to);
            keep(&mut line, *hit);
            keep(&mut best, *hit);
        }
        best_line = best_line.max(self.share(&line));
        let (nearness, order) = self.together(&hits);
        let of_asked = best.get(..self.asked).unwrap_or_default();
        Seen {
            signals: Signals {
                words: 0.0,
                meaning: 0.0,
                coverage: self.share(&best),
                line: best_line,
                heading: self.share(&heading),
                nearness,
                order,
                numbers: self.numbers(&best),
            },
            coverage: of_asked.iter().sum::<f32>() / (of_asked.len().max(1) as f32),
        }
    }

    fn hits(&mut self, words: impl Iterator<Item = Word>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (at, word) in words.enumerate() {
            let found = match self.read.get(&word.folded) {
                Some(known) => *known,
                None => {
                    let found = self
                        .languages
                        .iter()
                        .filter_map(|l| self.forms.get(stem(*l, &word.folded).as_str()))
                        .chain(self.forms.get(word.folded.as_str()))
                        .copied()
                        .reduce(|a, b| if b.1 > a.1 { b } else { a });
                    self.read.insert(word.folded, found);
                    found
                }
            };
            if let Some((word, weight)) = found {
                hits.push(Hit { at, word, weight });
            }
        }
        hits
    }

    fn share(&self, weights: &[f32]) -> f32 {
        let found: f32 = self
            .sought
            .iter()
            .zip(weights)
            .map(|(s, w)| s.idf * w)
            .sum();
        found / self.total
    }

    /// Nearness and order of words that are adjacent in the question.
    fn together(&self, hits: &[Hit]) -> (f32, f32) {
        let (mut near, mut ordered, mut all) = (0.0f32, 0.0f32, 0.0f32);
        for (i, pair) in self.sought.windows(2).enumerate() {
            let weight: f32 = pair.iter().map(|s| s.idf).sum();
            all += weight;
            let (mut closest, mut in_order) = (usize::MAX, false);
            for hit in hits.iter().filter(|h| h.word == i) {
                for other in hits.iter().filter(|h| h.word == i + 1) {
                    closest = closest.min(hit.at.abs_diff(other.at));
                    in_order |= other.at > hit.at && other.at - hit.at <= 2;
                }
            }
            if closest <= FAR {
                near += weight / (closest.max(1) as f32).sqrt();
            }
            if in_order {
                ordered += weight;
            }
        }
        let all = all.max(1e-6);
        (near / all, ordered / all)
    }

    fn numbers(&self, best: &[f32]) -> f32 {
        let (mut all, mut found) = (0.0f32, 0.0f32);
        for (word, weight) in self.sought.iter().zip(best) {
            let written = word.written.as_deref().unwrap_or_default();
            if written.chars().any(|c| c.is_ascii_digit()) {
                all += 1.0;
                found += weight;
            }
        }
        found / all.max(1.0)
    }
}

fn keep(best: &mut [f32], hit: Hit) {
    if let Some(weight) = best.get_mut(hit.word) {
        *weight = weight.max(hit.weight);
    }
}

/// Whether a line or a sentence ends between two words.
fn ends_line(between: &str) -> bool {
    between.contains(['\n', '。', '！', '？'])
        || between.contains(". ")
        || between.contains("? ")
        || between.contains("! ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(words: &[(&str, f32)]) -> Vec<Sought> {
        words
            .iter()
            .map(|(word, idf)| Sought {
                stems: vec![((*word).to_owned(), 1.0)],
                written: Some((*word).to_owned()),
                idf: *idf,
            })
            .collect()
    }

    fn see(question: &[(&str, f32)], text: &str) -> Signals {
        let sought = sought(question);
        let mut reader = Reader::new(&sought, sought.len(), vec![Language::En]);
        reader
            .see("Price list", &["Crowns".to_owned()], text)
            .signals
    }

    #[test]
    fn telling_words_cover_more() {
        let question = [("crown", 3.0), ("cost", 1.0)];
        assert!((see(&question, "x").coverage - 0.75).abs() < 1e-6);
        assert!((see(&question, "It costs much.").coverage - 1.0).abs() < 1e-6);
        assert!((see(&question, "x").heading - 0.75).abs() < 1e-6);
    }

    #[test]
    fn a_row_that_holds_all_beats_rows_that_hold_parts() {
        let question = [("ceram", 1.0), ("1450", 1.0)];
        let together = see(&question, "ceramic, 1450\nmetal, 990");
        let apart = see(&question, "ceramic, 990\nmetal, 1450");
        assert!(together.line > apart.line);
        assert_eq!((together.coverage, apart.coverage), (1.0, 1.0));
        assert_eq!(together.numbers, 1.0);
        assert_eq!(see(&question, "ceramic").numbers, 0.0);
    }

    #[test]
    fn near_and_in_order() {
        let question = [("front", 1.0), ("teeth", 1.0)];
        let right = see(&question, "For front teeth only.");
        let turned = see(&question, "Teeth in front.");
        let far = see(
            &question,
            "The front desk, where you also pay and where all the forms for teeth are.",
        );
        assert_eq!((right.nearness, right.order), (1.0, 1.0));
        assert!(turned.nearness < right.nearness && turned.nearness > far.nearness);
        assert_eq!(far.order, 0.0);
    }
}
