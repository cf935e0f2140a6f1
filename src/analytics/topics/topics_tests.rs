//! Questions become vectors and topics in the background.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::llm::{Claim, Embeddings, LlmError};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::receipts::{self, NewReceipt};
use crate::store::{Scoped, analytics, workspaces};

/// Knows two things that people ask about, by their words; counts what it is asked.
#[derive(Default)]
struct Two {
    asked: AtomicUsize,
    away: bool,
}

#[async_trait]
impl Embedder for Two {
    fn name(&self) -> String {
        "two".to_owned()
    }

    fn dimensions(&self) -> usize {
        3
    }

    fn ready(&self) -> Result<(), LlmError> {
        match self.away {
            true => Err(LlmError::Unavailable("away".into())),
            false => Ok(()),
        }
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        _: EmbedAs,
        _: Claim,
    ) -> Result<Embeddings, LlmError> {
        self.asked.fetch_add(texts.len(), Ordering::Relaxed);
        let vector = |text: &String| match text {
            _ if text.contains("open") => vec![1.0, 0.0, 0.0],
            _ if text.contains("price") => vec![0.0, 1.0, 0.0],
            _ => vec![0.0, 0.0, 1.0],
        };
        Ok(Embeddings {
            vectors: texts.iter().map(vector).collect(),
            ..Embeddings::default()
        })
    }
}

/// Asks each question in a conversation of its own.
fn ask(store: &Store, workspace: WorkspaceId, questions: &[&str]) {
    let done = store.write_blocking(|tx| {
        for question in questions {
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: Some("v"),
                title: "",
                begun_by: None,
                page: None,
            };
            let begun: Scoped<_> = conversations::create(tx, workspace, &new, 10)?;
            let empty = json!({});
            let receipt = NewReceipt {
                id: ReceiptId::new(),
                conversation: Some(begun.id),
                message: None,
                question,
                rung: "read",
                answer: "",
                passages: &empty,
                model: None,
                model_hash: None,
                prompt_hash: None,
                checks: &empty,
                timings: &empty,
                tokens: &empty,
            };
            receipts::insert(tx, workspace, &receipt, 11)?;
        }
        while analytics::refresh(tx, 100)? > 0 {}
        Ok(())
    });
    done.unwrap();
}

fn sizes(store: &Store, workspace: WorkspaceId) -> Vec<(Option<String>, u64)> {
    let span = analytics::Span {
        from: 0,
        until: 100,
        channel: None,
        assistant: None,
    };
    let read = store.read_blocking(|conn| {
        let found = topics::in_span(conn, workspace, &span, 0)?.into_iter();
        let named = found.map(|topic| {
            let name = match topic.number {
                Some(number) => topics::name(conn, workspace, number)?.map(|named| named.1),
                None => None,
            };
            Ok((name, topic.questions))
        });
        named.collect::<Result<_, StoreError>>()
    });
    read.unwrap()
}

#[tokio::test]
async fn like_questions_are_a_topic_and_each_is_embedded_once() {
    let store = Store::open_in_memory().unwrap();
    let made = store.write_blocking(|tx| workspaces::get_or_create(tx, "shop", "Shop", 1));
    let shop = made.unwrap().id;
    let (two, mut seen) = (Two::default(), Seen::default());
    ask(
        &store,
        shop,
        &["open 1?", "price 1?", "open 2?", "open 3?", "coffee?"],
    );
    look(&store, &two, shop, &mut seen).await.unwrap();
    look(&store, &two, shop, &mut seen).await.unwrap();
    assert_eq!(two.asked.load(Ordering::Relaxed), 5);
    let found = sizes(&store, shop);
    // Two are no topic: with the coffee they are the rest.
    assert_eq!(
        found.iter().map(|topic| topic.1).collect::<Vec<_>>(),
        [3, 2]
    );
    assert!(
        found[0].0.as_ref().unwrap().starts_with("open"),
        "{found:?}"
    );
    assert_eq!(found[1].0, None);

    ask(&store, shop, &["price 2?", "price 3?", "price 4?"]);
    look(&store, &two, shop, &mut seen).await.unwrap();
    assert_eq!(two.asked.load(Ordering::Relaxed), 8);
    // They wait for the next sorting.
    assert_eq!(sizes(&store, shop)[0], (None, 5));
    // After a restart it is due.
    let mut seen = Seen::default();
    look(&store, &two, shop, &mut seen).await.unwrap();
    let found = sizes(&store, shop);
    assert_eq!(
        found.iter().map(|topic| topic.1).collect::<Vec<_>>(),
        [4, 3, 1]
    );
    assert_eq!(two.asked.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn without_the_engine_nothing_is_done() {
    let store = Store::open_in_memory().unwrap();
    let made = store.write_blocking(|tx| workspaces::get_or_create(tx, "shop", "Shop", 1));
    let shop = made.unwrap().id;
    ask(&store, shop, &["open?"]);
    let away = Two {
        away: true,
        ..Two::default()
    };
    look(&store, &away, shop, &mut Seen::default())
        .await
        .unwrap();
    assert!(sizes(&store, shop).is_empty());
}

#[test]
fn vectors_survive_the_store_nearly_unchanged() {
    let vector = [0.5_f32, -0.25, 0.001, 0.0];
    for (a, b) in vector.iter().zip(decode(&encode(&vector))) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    assert!(decode(&[1]).is_empty());
}
