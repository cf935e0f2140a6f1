//! Speed of the re-ranker in its worker process: ms for eight pairs of 64 and of 128 tokens, and for
//! one pair. Prints one JSON line per measurement.
//!
//! `cargo bench --bench rerank -- MODEL.onnx TOKENIZER.json [THREADS]`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use frontdesk::config::worker_environment;
use frontdesk::llm::local::protocol::{RerankSetup, Setup};
use frontdesk::llm::local::{Local, Prepared, Weights};
use frontdesk::llm::{Priority, Reranker};
use frontdesk::worker::Spec;
use frontdesk::worker::sandbox::Limits;
use tokio_util::sync::CancellationToken;

const QUESTION: &str = "What is the wifi password?";
const ROUNDS: usize = 15;

/// A text of `tokens` − 9 word pieces: together with [`QUESTION`] and the marks, `tokens`.
fn text(tokens: usize) -> String {
    const SENTENCE: [&str; 8] = ["the", "guests", "of", "this", "house", "find", "water", "."];
    let words = (0..tokens - 9).map(|i| SENTENCE[i % SENTENCE.len()]);
    words.collect::<Vec<_>>().join(" ")
}

fn prepared(model: PathBuf, tokenizer: PathBuf, threads: u16) -> Prepared {
    let setup = Setup {
        chat: None,
        embed: None,
        rerank: Some(RerankSetup {
            model: model.clone(),
            tokenizer: tokenizer.clone(),
        }),
        dimensions: 384,
        threads,
        limits: Limits {
            readable: vec![model, tokenizer, "/proc".into(), "/sys".into()],
            ..Limits::default()
        },
    };
    Prepared {
        spec: Spec {
            name: "llm".into(),
            program: env!("CARGO_BIN_EXE_frontdesk").into(),
            args: vec!["worker".into(), "llm".into()],
            env: worker_environment(0),
            init: serde_json::to_string(&setup).unwrap(),
            start_deadline: Duration::from_secs(120),
            memory_cap: None,
        },
        chat: Err("not measured here".into()),
        embed: Err("not measured here".into()),
        rerank: Ok(Weights {
            name: "bench".into(),
            sha256: String::new(),
        }),
    }
}

async fn measure(model: &dyn Reranker, pairs: usize, tokens: usize, threads: u16) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let texts = vec![text(tokens); pairs];
        let start = Instant::now();
        let scores = model.score(QUESTION.into(), texts, Priority::Chat).await;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(scores.unwrap().len(), pairs);
    }
    times.sort_by(f64::total_cmp);
    let (median, fastest) = (times[ROUNDS / 2], times[0]);
    let line = serde_json::json!({"threads": threads, "pairs": pairs, "tokens": tokens,
        "ms_median": (median * 10.0).round() / 10.0, "ms_fastest": (fastest * 10.0).round() / 10.0});
    println!("{line}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (Some(model), Some(tokenizer)) = (args.next(), args.next()) else {
        println!(
            "name the model: cargo bench --bench rerank -- MODEL.onnx TOKENIZER.json [THREADS]"
        );
        return;
    };
    let threads = args.next().map_or(2, |n| n.parse().unwrap());
    let shutdown = CancellationToken::new();
    let prepare = prepared(model.into(), tokenizer.into(), threads);
    let local = Local::start(
        Box::pin(async { prepare }),
        "none",
        "none",
        "bench",
        4096,
        384,
        shutdown.clone(),
    );
    local.settled().await;
    let model = local.reranker();
    model.ready().unwrap();
    measure(&*model, 8, 64, threads).await;
    measure(&*model, 8, 128, threads).await;
    measure(&*model, 1, 64, threads).await;
    if let Some(status) = local.status() {
        println!(
            "{}",
            serde_json::json!({"memory_mb": status.memory_bytes >> 20})
        );
    }
    shutdown.cancel();
}
