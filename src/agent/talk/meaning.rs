//! Recognises small talk by its meaning, in any language of the embedder: a multinomial logistic regression
//! over the message's vector. `models/talk/` says how it was trained. It works for one embedder
//! only.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Talk;

static CLASSIFIER: LazyLock<Option<Classifier>> = LazyLock::new(|| {
    let file = include_str!("../../../models/talk/frontdesk-talk.json");
    serde_json::from_str(file).ok()
});

#[derive(Deserialize)]
struct Classifier {
    /// Catalogue name of the embedder that it was trained for.
    embedder: String,
    /// Lowest probability of small talk, 0 to 1.
    threshold: f32,
    classes: Vec<Class>,
}

#[derive(Deserialize)]
struct Class {
    /// `None`: a question to look up.
    talk: Option<Talk>,
    bias: f32,
    weights: Vec<f32>,
}

/// Recognises a message by its vector; `None` unless it is clearly small talk.
pub(crate) fn of_vector(vector: &[f32], embedder: &str) -> Option<Talk> {
    let known = CLASSIFIER.as_ref().filter(|c| c.embedder == embedder)?;
    let scores: Vec<f32> = known
        .classes
        .iter()
        .map(|class| {
            let products = class.weights.iter().zip(vector).map(|(w, v)| w * v);
            class.bias + products.sum::<f32>()
        })
        .collect();
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|s| (s - highest).exp()).sum();
    let (class, score) = known
        .classes
        .iter()
        .zip(&scores)
        .max_by(|a, b| a.1.total_cmp(b.1))?;
    let probability = (score - highest).exp() / sum;
    class.talk.filter(|_| probability >= known.threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_for_one_embedder() {
        let known = CLASSIFIER.as_ref().unwrap();
        assert_eq!(known.embedder, "multilingual-e5-small-q4");
        assert!(known.classes.iter().all(|c| c.weights.len() == 384));
        assert!(known.classes.iter().any(|c| c.talk.is_none()));
        let thanks = known.classes.iter().find(|c| c.talk == Some(Talk::Thanks));
        let along: Vec<f32> = thanks.unwrap().weights.iter().map(|w| w * 10.0).collect();
        assert_eq!(of_vector(&along, &known.embedder), Some(Talk::Thanks));
        assert_eq!(of_vector(&along, "another"), None);
    }
}
