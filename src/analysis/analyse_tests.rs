//! Analyses without a model, with one that tells the truth, and with one that does not.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::analysis::Turn;
use crate::analysis::settings::{Field, Kind, Rule, Said};
use crate::analysis::types::Side;
use crate::llm::{ChatEvent, ChatRequest, ChatStream, FinishReason, OutputFormat, Priority, Usage};

/// Writes what it is told to, and likes the first word of every choice.
struct Fake {
    findings: String,
    fields: String,
    asked: Mutex<Vec<ChatRequest>>,
    /// Fails at this request, from 0.
    breaks_at: Option<usize>,
}

impl Fake {
    fn new(findings: &Value, fields: &Value) -> Self {
        Self {
            findings: findings.to_string(),
            fields: fields.to_string(),
            asked: Mutex::default(),
            breaks_at: None,
        }
    }
}

#[async_trait]
impl ChatModel for Fake {
    fn name(&self) -> String {
        "fake".into()
    }

    fn context_tokens(&self) -> u32 {
        4096
    }

    fn weights_hash(&self) -> Option<String> {
        Some("abc".into())
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        let place = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(request.clone());
            asked.len() - 1
        };
        if self.breaks_at == Some(place) {
            return Err(LlmError::Unavailable("it is gone".into()));
        }
        let answer = match &request.format {
            OutputFormat::Choice(words) => {
                let mut logs = vec![-3000; words.len()];
                logs[0] = -100;
                ChatEvent::Chances(logs)
            }
            OutputFormat::JsonSchema(schema) if schema.contains("summary") => {
                ChatEvent::Delta(self.findings.clone())
            }
            _ => ChatEvent::Delta(self.fields.clone()),
        };
        let events = [
            ChatEvent::Started {
                prompt_tokens: 100,
                cached_tokens: 60,
                dropped_messages: 0,
            },
            answer,
            ChatEvent::Done {
                finish: FinishReason::Stop,
                usage: Usage {
                    completion_tokens: 10,
                    ..Usage::default()
                },
            },
        ];
        Ok(Box::pin(futures::stream::iter(events.map(Ok))))
    }
}

fn conversation() -> Conversation {
    let turn = |who, text: &str| Turn {
        who,
        name: None,
        at: Some(1_796_204_000_000),
        text: text.to_owned(),
    };
    Conversation {
        turns: vec![
            turn(
                Who::Customer,
                "Hello, I need a double room for three nights from Friday.",
            ),
            turn(Who::Staff, "We have one for 120 euros a night."),
            turn(
                Who::Customer,
                "That is too expensive for us. Our budget is 100 euros.",
            ),
            turn(
                Who::Staff,
                "I will send you an offer for the small room tomorrow.",
            ),
            turn(Who::Customer, "Great, thank you."),
        ],
    }
}

fn settings() -> Settings {
    Settings {
        rules: vec![Rule {
            phrase: "budget".into(),
            points: 20,
            said_by: Said::Customer,
        }],
        fields: vec![Field {
            name: "nights".into(),
            kind: Kind::Number,
            question: "How many nights?".into(),
            choices: Vec::new(),
        }],
        ..Settings::default()
    }
}

async fn run(model: Option<&dyn ChatModel>) -> Outcome {
    analyse(
        model,
        &conversation(),
        &settings(),
        Priority::Background.into(),
    )
    .await
    .unwrap()
}

fn findings() -> Value {
    json!({
        "summary": [
            "The customer needs a double room for three nights.",
            "Staff offers it for 90 euros.",
            "The customer finds 120 euros too expensive."
        ],
        "intent": "double room for three nights",
        "objections": [{"line": 2, "words": "that is too expensive"}, {"line": 1, "words": "never said"}],
        "promises": [{"line": 3, "words": "send you an offer"}, {"line": 4, "words": "I will pay"}],
        "next": "Send the offer",
        "reply": "Here is the offer for the small room for 80 euros."
    })
}

#[tokio::test]
async fn without_a_model_the_floor_is_there_and_says_what_is_missing() {
    let outcome = run(None).await;
    let found = outcome.analysis;
    assert_eq!(found.summary.written, Written::Extract);
    assert!(found.summary.long.contains("double room"));
    assert_eq!(found.score.rules, 20);
    assert_eq!(
        i16::from(found.score.value),
        (i16::from(found.score.own) + 20).min(100)
    );
    assert_eq!(found.objections.len(), 1);
    assert_eq!(found.promises[0].by, Side::Business);
    assert_eq!(found.sentiment.len(), 3);
    assert!(found.sentiment[2].value > 0);
    assert_eq!(found.language.as_deref(), Some("en"));
    assert_eq!(found.fields["nights"], Value::Null);
    assert_eq!(found.missing.len(), 1);
    assert_eq!((outcome.cost.requests, outcome.cost.model), (0, None));
}

#[tokio::test]
async fn what_a_model_invents_is_dropped() {
    let fake = Fake::new(&findings(), &json!({"nights": 3}));
    let outcome = run(Some(&fake)).await;
    let found = outcome.analysis;
    assert_eq!(found.summary.written, Written::Model);
    assert_eq!(
        found.summary.short,
        "The customer needs a double room for three nights."
    );
    assert!(!found.summary.long.contains("90 euros"));
    assert!(found.summary.medium.contains("too expensive"));
    assert_eq!(found.objections.len(), 1);
    assert!(found.promises.iter().all(|one| one.quote.turn == 3));
    let next = found.next_step.unwrap();
    assert_eq!((next.what.as_str(), next.draft), ("Send the offer", None));
    assert_eq!(found.fields["nights"], json!(3));
    assert!(found.missing.is_empty());
    assert_eq!(outcome.cost.requests, 6);
    assert_eq!(
        (outcome.cost.tokens_read, outcome.cost.tokens_written),
        (240, 60)
    );
    assert_eq!((outcome.cost.json_asked, outcome.cost.json_valid), (2, 2));
    let asked = fake.asked.lock().unwrap();
    assert!(asked.iter().all(|one| one.sampling.temperature == 0.0));
    assert!(
        asked[0].messages[1]
            .content
            .contains("2 Customer: That is too expensive")
    );
}

#[tokio::test]
async fn the_same_conversation_gives_the_same_analysis() {
    let first = run(Some(&Fake::new(&findings(), &json!({"nights": 3})))).await;
    let second = run(Some(&Fake::new(&findings(), &json!({"nights": 3})))).await;
    assert_eq!(first.analysis, second.analysis);
}

#[tokio::test]
async fn a_model_that_breaks_off_leaves_what_is_there() {
    let mut fake = Fake::new(&findings(), &json!({}));
    fake.breaks_at = Some(4);
    let found = run(Some(&fake)).await.analysis;
    assert_eq!(found.summary.written, Written::Extract);
    assert!(
        found.missing[0].contains("it is gone"),
        "{:?}",
        found.missing
    );
    // The questions before it count.
    let told = found
        .score
        .reasons
        .iter()
        .any(|one| one.text.starts_with("the model"));
    assert!(told);
}

#[tokio::test]
async fn nobody_is_analysed_who_said_nothing() {
    let mut silent = conversation();
    silent.turns.retain(|turn| turn.who == Who::Staff);
    let claim = Claim::default();
    let failed = analyse(None, &silent, &settings(), claim).await;
    assert!(matches!(failed, Err(AnalysisError::NoCustomer)));
    silent.turns.clear();
    let failed = analyse(None, &silent, &settings(), claim).await;
    assert!(matches!(failed, Err(AnalysisError::Empty)));
}
