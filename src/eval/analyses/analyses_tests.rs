use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::analysis::score::NAMES;
use crate::analysis::{Analysis, Turn, Who};
use crate::llm::{ChatRequest, ChatStream, LlmError};

/// A model that counts how often it is asked, and never answers.
#[derive(Default)]
struct Deaf(AtomicUsize);

#[async_trait]
impl ChatModel for Deaf {
    fn name(&self) -> String {
        "deaf".to_owned()
    }

    fn context_tokens(&self) -> u32 {
        4_096
    }

    fn weights_hash(&self) -> Option<String> {
        None
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, LlmError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(LlmError::Unavailable("it is deaf".into()))
    }
}

fn conversation() -> Conversation {
    let turn = |who, text: &str| Turn {
        who,
        name: None,
        at: None,
        text: text.to_owned(),
    };
    Conversation {
        turns: vec![
            turn(Who::Customer, "I need a room in Porto for two nights."),
            turn(Who::Staff, "We have one for 90 euros."),
        ],
    }
}

#[tokio::test]
async fn a_run_goes_on_with_what_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let model = Deaf::default();
    let mut analysis = Analysis::default();
    analysis.summary.long = "A room in Porto is wanted. It is in Lisbon.".to_owned();
    let outcome = Outcome {
        analysis,
        cost: Cost {
            took_ms: 36_000,
            ..Cost::default()
        },
        judged: None,
    };
    let digest = digest::of(&conversation(), &Settings::default(), &model);
    let mut saved = Saved::open(&path).unwrap();
    saved.keep(digest, &outcome).unwrap();
    drop(saved);
    let material = Material {
        summed: vec![Summed {
            conversation: conversation(),
            summary: "A customer asks for a room in Porto.".to_owned(),
        }],
        ..Material::default()
    };
    let order = Order {
        model: Some(&model),
        limit: 9,
        fit: false,
        save: Some(&path),
    };
    let figures = measure(&material, &order, &|_, _| {}).await.unwrap();
    assert_eq!(model.0.load(Ordering::Relaxed), 0, "nothing is asked twice");
    assert_eq!((figures.taken, figures.cost.analyses), (1, 1));
    let summaries = figures.summaries.unwrap();
    assert_eq!(summaries.sentences, 2);
    assert!(!summaries.invented_few && !summaries.invented_surely_few);
    assert!(summaries.invented_of_lead.unwrap().value < 1e-9);
}

#[test]
fn a_trivial_score_counts_in_the_direction_that_suits_it() {
    let rows: Vec<ScoreRow> = (0..20_u8)
        .map(|at| ScoreRow {
            outcome: f64::from(at),
            chance: f64::from(at % 7),
            features: Features {
                values: [0.0; NAMES.len()],
                judged: false,
            },
            messages: 20.0 - f64::from(at),
            price_words: 1.0,
        })
        .collect();
    let figures = score_figures(&rows, false);
    let beside = figures.beside_messages.unwrap();
    assert!((beside.baseline.value - 1.0).abs() < 1e-9, "{beside:?}");
    assert!(!beside.beats());
    assert!(figures.fitted.is_none() && figures.weights.is_none());
}
