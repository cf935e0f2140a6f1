//! Recognises orders to an assistant by meaning, where no list of phrases does: a small network over the vectors and words
//! of a paragraph's pieces. `models/orders/` documents its training and what it misses. It fits one embedder only.

use std::sync::LazyLock;

use serde::Deserialize;

use super::features::Words;
use crate::language::sentences;

static KNOWN: LazyLock<Option<Classifier>> = LazyLock::new(|| {
    let file = include_str!("../../../models/orders/frontdesk-orders.json");
    let file: File = serde_json::from_str(file).ok()?;
    Some(Classifier {
        words: Words::new(&file.words),
        file,
    })
});

/// Minimum words of a piece, and of a remainder that is judged alone, as in training.
const LEAST_WORDS: usize = 20;
const REST_WORDS: usize = 8;

#[derive(Deserialize)]
struct File {
    /// Catalogue name of the embedder whose vectors it was trained on.
    embedder: String,
    /// A paragraph with at least this score is an order.
    threshold: f32,
    words: Vec<String>,
    /// The first takes a vector and the word features, the last has one output.
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    bias: Vec<f32>,
    /// One row per output.
    weights: Vec<Vec<f32>>,
}

pub(super) struct Classifier {
    file: File,
    words: Words,
}

/// `None` for vectors of any other embedder.
pub(super) fn of(embedder: &str) -> Option<&'static Classifier> {
    KNOWN.as_ref().filter(|c| c.file.embedder == embedder)
}

impl Classifier {
    /// Whether the best-scoring piece of a paragraph is an order.
    pub(super) fn is_order<'p>(&self, pieces: impl Iterator<Item = (&'p str, &'p [f32])>) -> bool {
        let scores = pieces.map(|(piece, vector)| self.score(piece, vector));
        scores.fold(f32::NEG_INFINITY, f32::max) >= self.file.threshold
    }

    fn score(&self, piece: &str, vector: &[f32]) -> f32 {
        let mut values = vector.to_vec();
        values.extend(self.words.of(piece));
        let last = self.file.layers.len().saturating_sub(1);
        for (at, layer) in self.file.layers.iter().enumerate() {
            values = (layer.weights.iter().zip(&layer.bias))
                .map(|(row, bias)| {
                    let sum = bias + row.iter().zip(&values).map(|(w, v)| w * v).sum::<f32>();
                    if at == last { sum } else { sum.max(0.0) }
                })
                .collect();
        }
        values.first().copied().unwrap_or(f32::NEG_INFINITY)
    }
}

/// Cuts a paragraph into pieces that are judged alone, so that the sentences around an order do not hide
/// it.
pub(super) fn pieces(paragraph: &str) -> Vec<String> {
    let words = |piece: &str| piece.split_whitespace().count();
    let mut pieces: Vec<String> = Vec::new();
    let mut open = String::new();
    for unit in sentences::sentences(paragraph) {
        let sentence = paragraph.get(unit).unwrap_or_default().trim();
        if !open.is_empty() {
            open.push(' ');
        }
        open.push_str(sentence);
        if words(&open) >= LEAST_WORDS {
            pieces.push(std::mem::take(&mut open));
        }
    }
    match pieces.last_mut() {
        Some(last) if words(&open) < REST_WORDS => {
            if !open.is_empty() {
                last.push(' ');
                last.push_str(&open);
            }
        }
        _ if open.trim().is_empty() => {}
        _ => pieces.push(open),
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classifier(file: &str) -> Classifier {
        let file: File = serde_json::from_str(file).unwrap();
        Classifier {
            words: Words::new(&file.words),
            file,
        }
    }

    #[test]
    fn the_file_is_whole_and_for_one_embedder() {
        let known = of("multilingual-e5-small-q4").unwrap();
        let [first, last] = known.file.layers.as_slice() else {
            panic!("{} layers", known.file.layers.len())
        };
        let inputs = 384 + known.words.of("").len();
        assert!(first.weights.iter().all(|row| row.len() == inputs));
        assert_eq!(first.bias.len(), first.weights.len());
        assert!(last.weights.iter().all(|row| row.len() == first.bias.len()));
        assert_eq!((last.weights.len(), last.bias.len()), (1, 1));
        assert!(of("another").is_none());
    }

    #[test]
    fn vectors_and_words_make_the_score_of_which_the_highest_counts() {
        // Beside a vector of two numbers: of the one list any word and more than one, then eight signs.
        let known = classifier(
            r#"{"embedder": "e", "threshold": 1.5, "words": ["bot$"], "layers": [
                {"bias": [0, 0], "weights": [[1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]},
                {"bias": [0], "weights": [[1, -1]]}]}"#,
        );
        let is_order = |pieces: &[(&str, &[f32])]| known.is_order(pieces.iter().copied());
        assert!(is_order(&[("dear bot", &[1.0, 0.0])]));
        assert!(!is_order(&[("dear guest", &[1.0, 0.0])]));
        assert!(!is_order(&[("dear bot", &[1.0, 1.0])]));
        // What is below nothing counts as nothing.
        assert!(is_order(&[("dear bot", &[1.0, -5.0])]));
        assert!(is_order(&[
            ("dear guest", &[0.0, 0.0]),
            ("dear bot", &[1.0, 0.0])
        ]));
        assert!(!is_order(&[]));
    }

    #[test]
    fn a_paragraph_is_cut_into_pieces_of_some_sentences() {
        let sentence =
            "We are open from nine to five on every day of the week but not on holidays. ";
        let found = pieces(&format!("{}Come.", sentence.repeat(4)));
        assert_eq!(found.len(), 2);
        assert!(found.last().unwrap().ends_with("Come."));
        assert_eq!(pieces("Free."), ["Free."]);
        assert!(pieces(" ").is_empty());
    }
}
