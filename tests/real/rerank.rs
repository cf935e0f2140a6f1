//! The re-ranker with its real model, in its worker process.

use std::path::PathBuf;
use std::time::Duration;

use frontdesk::config::worker_environment;
use frontdesk::llm::local::protocol::{ChatSetup, Detail, RerankSetup, Setup};
use frontdesk::llm::local::{Local, Prepared, Weights};
use frontdesk::llm::{ChatEvent, ChatMessage, ChatRequest, LlmError, Priority, Reranker, Role};
use frontdesk::worker::sandbox::Limits;
use frontdesk::worker::{Condition, Spec};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::server::{FRONTDESK, model};

const QUESTION: &str = "What is the wifi password?";

/// Question, text, and the logit that another runtime (onnxruntime 1.32) computes with the same file.
/// The last text has everything that a tokenizer can get wrong, and a mark that must stay text.
const KNOWN: [(&str, &str, f32); 5] = [
    (QUESTION, "The wifi password is blue-heron-42.", 5.039),
    (QUESTION, "Our office wifi covers all three floors.", -9.399),
    (
        "When does the lease end?",
        "The lease begins on 1 May 2023 and terminates on 30 April 2025.",
        8.863,
    ),
    (
        "Who signed the lease?",
        "The lease is signed by Anna Berg and Tom Ellis.",
        9.230,
    ),
    (
        "Qu'est-ce que c'est?",
        "Café [SEP] ½ „Zitat“ naïve 🙂",
        -9.922,
    ),
];

/// Kernels round differently; without VNNI instructions they also saturate.
const TOLERANCE: f32 = 0.5;

fn files() -> Option<RerankSetup> {
    let Some(model) = model("ms-marco-minilm-l12-v2") else {
        println!("left out: get the model with `frontdesk models get ms-marco-minilm-l12-v2`");
        return None;
    };
    let tokenizer = model.with_extension("tokenizer.json");
    Some(RerankSetup { model, tokenizer })
}

/// A worker with the re-ranker and, if there is a file, a chat model.
async fn start(files: RerankSetup, chat: Option<PathBuf>, shutdown: &CancellationToken) -> Local {
    let mut readable = vec![files.model.clone(), files.tokenizer.clone()];
    readable.extend(["/proc", "/sys"].map(PathBuf::from));
    readable.extend(chat.clone());
    let weights = |here: bool| {
        let name = "test".to_owned();
        let sha256 = String::new();
        here.then_some(Weights { name, sha256 })
            .ok_or_else(|| "not in this test".to_owned())
    };
    let with_chat = chat.is_some();
    let setup = Setup {
        chat: chat.map(|path| ChatSetup {
            path,
            context: 2048,
            cells: 2048,
            parallel: 1,
            queue: 4,
            max_tokens: 512,
            gpu_layers: 0,
        }),
        embed: None,
        rerank: Some(files),
        dimensions: 384,
        threads: 2,
        limits: Limits {
            readable,
            ..Limits::default()
        },
    };
    let prepared = Prepared {
        spec: Spec {
            name: "llm".into(),
            program: FRONTDESK.into(),
            args: vec!["worker".into(), "llm".into()],
            env: worker_environment(0),
            init: serde_json::to_string(&setup).unwrap(),
            start_deadline: Duration::from_secs(120),
            memory_cap: None,
        },
        chat: weights(with_chat),
        embed: weights(false),
        rerank: weights(true),
    };
    let local = Local::start(
        Box::pin(async { prepared }),
        "test",
        "test",
        "test",
        2048,
        384,
        shutdown.clone(),
    );
    local.settled().await;
    local
}

async fn score(model: &dyn Reranker, query: &str, texts: &[&str]) -> Result<Vec<f32>, LlmError> {
    let texts = texts.iter().map(|&t| t.to_owned()).collect();
    model.score(query.into(), texts, Priority::Chat).await
}

#[tokio::test]
async fn real_model_texts_are_scored_as_another_runtime_scores_them() {
    let Some(files) = files() else { return };
    let shutdown = CancellationToken::new();
    let local = start(files, None, &shutdown).await;
    let model = local.reranker();
    assert_eq!(model.ready(), Ok(()));
    for (question, text, expected) in KNOWN {
        let found = score(&*model, question, &[text]).await.unwrap()[0];
        assert!((found - expected).abs() < TOLERANCE, "{found} for {text}");
    }
    // Alone, in company and beside a text that is far too long, a pair has the same score.
    let (_, answer, _) = KNOWN[0];
    let (_, other, _) = KNOWN[1];
    let long = "The tenant shall give sixty days written notice before vacating. ".repeat(500);
    let texts = [other, &long, "", answer, "\u{0}İ\u{feff}", other];
    let together = score(&*model, QUESTION, &texts).await.unwrap();
    let alone = score(&*model, QUESTION, &[answer]).await.unwrap();
    assert_eq!(together.len(), texts.len());
    assert_eq!(together[3], alone[0]);
    assert_eq!(together[0], together[5]);
    let best = (0..texts.len()).max_by(|&a, &b| together[a].total_cmp(&together[b]));
    assert_eq!(best, Some(3), "{together:?}");
    assert_eq!(score(&*model, QUESTION, &[]).await, Ok(Vec::new()));
    let many = vec![answer; 10_000];
    let refused = score(&*model, QUESTION, &many).await;
    assert!(matches!(refused, Err(LlmError::Invalid(_))), "{refused:?}");
    let Some(Condition::Ready(detail)) = local.status().map(|s| s.condition) else {
        panic!("the worker is not ready");
    };
    let detail: Detail = serde_json::from_str(&detail).unwrap();
    assert_eq!(detail.rerank, Some(Ok(512)));
    assert!(detail.held.sockets, "{:?}", detail.held);
    shutdown.cancel();
}

#[tokio::test]
async fn real_model_scores_do_not_wait_for_an_answer_that_is_being_generated() {
    let (Some(files), Some(chat)) = (files(), model("smollm2-135m-instruct")) else {
        println!("left out: get the models with `frontdesk models get --starter test`");
        return;
    };
    let shutdown = CancellationToken::new();
    let local = start(files, Some(chat), &shutdown).await;
    let message = ChatMessage::new(Role::User, "Tell a long story about a lighthouse.");
    let mut request = ChatRequest::new(vec![message], Priority::Chat);
    request.sampling.max_tokens = Some(400);
    let mut story = local.chat_model().chat(request).await.unwrap();
    assert!(matches!(
        story.next().await,
        Some(Ok(ChatEvent::Started { .. }))
    ));
    let (question, text, _) = KNOWN[0];
    score(&*local.reranker(), question, &[text]).await.unwrap();
    // What was said meanwhile waits in the stream; the end must not be among it.
    let mut said = 0;
    while let Some(Some(event)) = futures::FutureExt::now_or_never(story.next()) {
        assert!(
            !matches!(event, Ok(ChatEvent::Done { .. })),
            "{said} pieces"
        );
        said += 1;
    }
    shutdown.cancel();
}

#[tokio::test]
async fn real_model_a_damaged_re_ranker_says_so_and_leaves_the_rest_alone() {
    let Some(whole) = files() else { return };
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(&whole.model).unwrap();
    let cut = dir.path().join("cut.onnx");
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    let damaged = RerankSetup {
        model: cut,
        tokenizer: whole.tokenizer,
    };
    let shutdown = CancellationToken::new();
    let local = start(damaged, None, &shutdown).await;
    let reason = local.reranker().ready().unwrap_err().to_string();
    assert!(reason.contains("cannot be loaded"), "{reason}");
    assert_eq!(local.reranker_trouble(), Some(reason));
    let refused = score(&*local.reranker(), QUESTION, &["x"]).await;
    assert!(
        matches!(refused, Err(LlmError::Unavailable(_))),
        "{refused:?}"
    );
    shutdown.cancel();
}
