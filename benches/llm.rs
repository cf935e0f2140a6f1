//! Speed of the local language-model engine: prompt and generation alone, and concurrent chats with a
//! shared prefix. Prints one JSON line per measurement.
//!
//! `cargo bench --bench llm -- MODEL.gguf [THREADS]`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use frontdesk::config::worker_environment;
use frontdesk::llm::local::protocol::{ChatSetup, Setup};
use frontdesk::llm::local::{Local, PreparedModels, ReaderWeights, Weights};
use frontdesk::llm::{ChatEvent, ChatMessage, ChatModel, ChatRequest, Priority, Role};
use frontdesk::worker::Spec;
use frontdesk::worker::sandbox::Limits;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

fn prepared(model: PathBuf, threads: u16, spin: u32) -> PreparedModels {
    let setup = Setup {
        chat: Some(ChatSetup {
            path: model.clone(),
            context: 4096,
            cells: 16384,
            parallel: 8,
            queue: 64,
            max_tokens: 512,
            gpu_layers: 0,
        }),
        embed: None,
        reader: None,
        spare_reader: None,
        dimensions: 384,
        threads,
        limits: Limits::for_models(&[model]),
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
            env: worker_environment(spin),
            init: serde_json::to_string(&setup).unwrap(),
            start_deadline: Duration::from_secs(120),
            memory_cap: None,
        },
        chat: Ok(weights.clone()),
        embed: Ok(weights.clone()),
        reader: Ok(ReaderWeights {
            weights,
            is_calibrated: true,
        }),
        spare_reader: None,
        passed_over: None,
    }
}

struct Run {
    prompt: u32,
    cached: u32,
    generated: u32,
    first: Duration,
    total: Duration,
}

async fn chat(model: &dyn ChatModel, system: &str, question: &str, tokens: u32) -> Run {
    let messages = vec![
        ChatMessage::new(Role::System, system),
        ChatMessage::new(Role::User, question),
    ];
    let mut request = ChatRequest::new(messages, Priority::Chat);
    request.sampling.max_tokens = Some(tokens);
    let start = Instant::now();
    let mut stream = model.chat(request).await.unwrap();
    let mut first = None;
    loop {
        match stream.next().await.unwrap().unwrap() {
            ChatEvent::Delta(_) => {
                first.get_or_insert_with(|| start.elapsed());
            }
            ChatEvent::Done { usage, .. } => {
                return Run {
                    prompt: usage.prompt_tokens,
                    cached: usage.cached_tokens,
                    generated: usage.completion_tokens,
                    first: first.unwrap_or_else(|| start.elapsed()),
                    total: start.elapsed(),
                };
            }
            _ => {}
        }
    }
}

fn words(n: usize, seed: usize) -> String {
    const WORDS: [&str; 16] = [
        "garden", "open", "price", "delivery", "monday", "shop", "return", "customer", "phone",
        "order", "visit", "early", "table", "winter", "service", "repair",
    ];
    (0..n)
        .map(|i| WORDS[(i * 7 + i / 5 + seed * 3) % WORDS.len()])
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(model) = args.next().map(PathBuf::from) else {
        println!("usage: cargo bench --bench llm -- MODEL.gguf [THREADS] [SPIN]");
        return;
    };
    let threads = args.next().and_then(|t| t.parse().ok()).unwrap_or(2);
    let spin = args.next().and_then(|t| t.parse().ok()).unwrap_or(1000);
    let shutdown = CancellationToken::new();
    let prepare = prepared(model, threads, spin);
    let start = Instant::now();
    let local = Local::start(
        Box::pin(async { Ok(prepare) }),
        "bench",
        "bench",
        "bench",
        4096,
        384,
        shutdown.clone(),
    );
    local.settled().await;
    println!(
        "{{\"what\":\"load\",\"seconds\":{:.3}}}",
        start.elapsed().as_secs_f64()
    );
    let model = local.chat_model();
    chat(&*model, "Warm up.", "Say hi.", 4).await;

    // Prompt speed: a prompt never seen before, one token out.
    for seed in 0..3 {
        let run = chat(
            &*model,
            &format!("{seed} {}", words(500, seed)),
            "Answer.",
            1,
        )
        .await;
        println!(
            "{{\"what\":\"prompt\",\"tokens\":{},\"tok_s\":{:.1}}}",
            run.prompt - run.cached,
            f64::from(run.prompt - run.cached) / run.total.as_secs_f64()
        );
    }
    // Generation speed: a short prompt, many tokens.
    for seed in 0..3 {
        let question = format!("Count from {} up to 500 in words, one per line.", seed + 1);
        let run = chat(&*model, "You count.", &question, 128).await;
        println!(
            "{{\"what\":\"generate\",\"tokens\":{},\"tok_s\":{:.1}}}",
            run.generated,
            f64::from(run.generated - 1) / (run.total - run.first).as_secs_f64()
        );
    }
    // Grounded chats: a prefix that all share, a passage and a question of their own.
    for parallel in [1usize, 4, 8] {
        let system = format!("Variant {parallel}. {}", words(200, parallel));
        let start = Instant::now();
        let chats = (0..parallel).map(|i| {
            let question = format!(
                "{} Question {i}: describe this in detail.",
                words(120, 50 + i)
            );
            let (model, system) = (&model, &system);
            async move { chat(&**model, system, &question, 64).await }
        });
        let runs = futures::future::join_all(chats).await;
        let seconds = start.elapsed().as_secs_f64();
        let generated: u32 = runs.iter().map(|r| r.generated).sum();
        let prompt: u32 = runs.iter().map(|r| r.prompt).sum();
        let cached: u32 = runs.iter().map(|r| r.cached).sum();
        let mut first: Vec<f64> = runs.iter().map(|r| r.first.as_secs_f64()).collect();
        first.sort_by(f64::total_cmp);
        println!(
            "{{\"what\":\"grounded\",\"parallel\":{parallel},\"prompt\":{prompt},\"cached\":{cached},\
             \"generated\":{generated},\"seconds\":{seconds:.2},\"tok_s\":{:.1},\"first_median\":{:.2}}}",
            f64::from(generated) / seconds,
            first[first.len() / 2]
        );
    }
    shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(300)).await;
}
