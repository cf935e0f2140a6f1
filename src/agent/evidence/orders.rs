//! Orders to an assistant that no list of phrases knows, by their meaning: a logistic regression over the vectors of a
//! paragraph's pieces. `models/orders/` says how it was trained and what escapes it. It belongs to one embedder.

use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::knowledge::sentences;

static CLASSIFIER: LazyLock<Option<Classifier>> = LazyLock::new(|| {
    let file = include_str!("../../../models/orders/frontdesk-orders.json");
    serde_json::from_str(file).ok()
});

/// From this probability on a paragraph is not quoted: one in a thousand ordinary paragraphs reaches it.
const WITHHELD_FROM: f32 = 0.63;
/// Words of a piece, and of a rest that is judged with the piece before it, as in training.
const LEAST_WORDS: usize = 20;
const REST_WORDS: usize = 8;

#[derive(Deserialize)]
struct Classifier {
    /// Catalogue name of the embedder whose vectors it knows.
    embedder: String,
    classes: Vec<Class>,
}

#[derive(Deserialize)]
struct Class {
    order: bool,
    bias: f32,
    weights: Vec<f32>,
}

/// Whether pieces with these vectors are an order.
pub(in crate::agent) fn is_order(vectors: &[Vec<f32>], embedder: &str) -> bool {
    let Some(known) = CLASSIFIER.as_ref().filter(|c| c.embedder == embedder) else {
        return false;
    };
    vectors
        .iter()
        .any(|v| known.probability(v) >= WITHHELD_FROM)
}

impl Classifier {
    fn probability(&self, vector: &[f32]) -> f32 {
        let score = |class: &Class| {
            let products = class.weights.iter().zip(vector).map(|(w, v)| w * v);
            class.bias + products.sum::<f32>()
        };
        let of = |order: bool| self.classes.iter().find(|c| c.order == order).map(score);
        match (of(true), of(false)) {
            (Some(order), Some(ordinary)) => 1.0 / (1.0 + (ordinary - order).exp()),
            _ => 0.0,
        }
    }
}

/// What of a passage is judged with the place at `range`: its paragraphs, in pieces, so that sentences around an order do
/// not hide it.
pub(in crate::agent) fn pieces(passage: &str, range: &Range<usize>) -> Vec<String> {
    let from = passage
        .get(..range.start)
        .and_then(|t| t.rfind('\n'))
        .map_or(0, |at| at + 1);
    let behind = passage.get(range.end..).unwrap_or_default();
    let to = behind.find('\n').map_or(passage.len(), |at| range.end + at);
    let text = passage.get(from..to).unwrap_or_default();
    let words = |piece: &str| piece.split_whitespace().count();
    let mut pieces: Vec<String> = Vec::new();
    let mut open = String::new();
    for unit in sentences::sentences(text) {
        let sentence = text.get(unit).unwrap_or_default().trim();
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
            last.push(' ');
            last.push_str(&open);
        }
        _ if open.trim().is_empty() => {}
        _ => pieces.push(open),
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_for_one_embedder() {
        let known = CLASSIFIER.as_ref().unwrap();
        assert!(known.classes.iter().all(|c| c.weights.len() == 384));
        let order = known.classes.iter().find(|c| c.order).unwrap();
        let along: Vec<f32> = order.weights.iter().map(|w| w * 100.0).collect();
        let against: Vec<f32> = along.iter().map(|w| -w).collect();
        assert!(is_order(&[against.clone(), along.clone()], &known.embedder));
        assert!(!is_order(&[against], &known.embedder));
        assert!(!is_order(&[along], "another"));
    }

    #[test]
    fn a_paragraph_is_judged_in_pieces_of_some_sentences() {
        let sentence =
            "We are open from nine to five on every day of the week but not on holidays. ";
        let text = format!("Hours\n{}Come.\nParking is free.", sentence.repeat(4));
        let at = text.find("Come").unwrap();
        let found = pieces(&text, &(at..at + 5));
        assert_eq!(found.len(), 2);
        assert!(
            found
                .iter()
                .all(|p| !p.contains("Parking") && !p.contains("Hours"))
        );
        assert!(found.last().unwrap().ends_with("Come."));
        assert_eq!(pieces("Free.", &(0..5)), ["Free."]);
    }
}
