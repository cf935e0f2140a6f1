//! Speed of the encoder in its worker process: ms for reading eight passages of 112 and of 225 tokens, for
//! one passage, and for the vector of a question. Prints one JSON line per measurement.
//!
//! `cargo bench --bench encoder -- E5.e5s READER.safetensors [THREADS]`; `benches/compare_encoder.py` runs
//! the same network in onnxruntime.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use frontdesk::config::worker_environment;
use frontdesk::llm::local::protocol::{EmbedSetup, ReaderSetup, Setup};
use frontdesk::llm::local::{Local, PreparedModels, ReaderWeights, Weights};
use frontdesk::llm::{EmbedAs, Embedder, Priority, ReadPassage, Reader};
use frontdesk::worker::Spec;
use frontdesk::worker::sandbox::Limits;
use tokio_util::sync::CancellationToken;

const QUESTION: &str = "How long does it last?";
const ROUNDS: usize = 21;

/// A text of about as many tokens: each of these words is one.
fn text(tokens: usize) -> String {
    const SENTENCE: [&str; 8] = ["the", "house", "of", "this", "house", "is", "water", "and"];
    let words = (0..tokens).map(|i| SENTENCE[i % SENTENCE.len()]);
    words.collect::<Vec<_>>().join(" ")
}

fn prepared(base: PathBuf, reader: PathBuf, threads: u16) -> PreparedModels {
    let setup = Setup {
        chat: None,
        embed: Some(EmbedSetup::Packed(base.clone())),
        reader: Some(ReaderSetup::Own {
            model: reader.clone(),
            base: String::new(),
        }),
        spare_reader: None,
        dimensions: 384,
        threads,
        limits: Limits::for_models(&[base, reader]),
    };
    let weights = Weights {
        name: "bench".into(),
        sha256: String::new(),
    };
    PreparedModels {
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
        embed: Ok(weights.clone()),
        reader: Ok(ReaderWeights {
            weights,
            is_calibrated: true,
        }),
        spare_reader: None,
        passed_over: None,
    }
}

fn print(what: &str, tokens: usize, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let round = |ms: f64| (ms * 10.0).round() / 10.0;
    let line = serde_json::json!({"what": what, "tokens": tokens,
        "ms_median": round(times[times.len() / 2]), "ms_fastest": round(times[0])});
    println!("{line}");
}

async fn reading(model: &dyn Reader, passages: usize, tokens: usize) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let heading = String::new();
        let text = text(tokens);
        let passages = vec![ReadPassage { heading, text }; passages];
        let start = Instant::now();
        let spans = model.read(QUESTION.into(), passages.clone(), Priority::Chat.into());
        assert_eq!(spans.await.unwrap().len(), passages.len());
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    print("read", passages * tokens, times);
}

async fn embedding(model: &dyn Embedder) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let texts = vec![QUESTION.to_owned()];
        let vectors = model
            .embed(texts, EmbedAs::Query, Priority::Chat.into())
            .await;
        assert_eq!(vectors.unwrap().vectors.len(), 1);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    print("embed a question", 10, times);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (Some(base), Some(reader)) = (args.next(), args.next()) else {
        println!(
            "name the models: cargo bench --bench encoder -- E5.e5s READER.safetensors [THREADS]"
        );
        return;
    };
    let threads = args.next().map_or(2, |n| n.parse().unwrap());
    let shutdown = CancellationToken::new();
    let prepare = prepared(base.into(), reader.into(), threads);
    let local = Local::start(
        Box::pin(async { Ok(prepare) }),
        "none",
        "bench",
        "bench",
        4096,
        384,
        shutdown.clone(),
    );
    local.settled().await;
    let reader = local.reader();
    reader.ready().unwrap();
    reading(&*reader, 8, 112).await;
    reading(&*reader, 8, 225).await;
    reading(&*reader, 1, 112).await;
    embedding(&*local.embedder()).await;
    if let Some(Ok(status)) = local.status() {
        println!(
            "{}",
            serde_json::json!({"threads": threads, "memory_mb": status.memory_bytes >> 20})
        );
    }
    shutdown.cancel();
}
