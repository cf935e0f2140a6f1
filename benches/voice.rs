//! Speed of the voice process: the first clause, seconds of work for a second of sound, an utterance, the
//! end of a turn. The same text and voice file go to the `piper-tts` package with `compare_piper.py`.
//!
//! `cargo bench --bench voice -- [SENTENCES.txt]`; the models are those of the settings.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::time::{Duration, Instant};

use frontdesk::config::worker_environment;
use frontdesk::models::{Cache, Catalogue};
use frontdesk::speech::live::{LiveEngine, PreparedVoice, Setup, VoiceFiles};
use frontdesk::speech::{Ears, Mono, SAMPLE_RATE, SpeakRequest, Synthesizer, Utterance};
use frontdesk::worker::Spec;
use frontdesk::worker::sandbox::Limits;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

/// The worker is this program itself, started again.
const WORKER: &str = "voice-worker";
const TEXT: &str = "We are open on Saturday from nine to one, and closed on Sundays.\n\
                    I could not find that in our documents. Shall I connect you with a colleague?\n\
                    Thank you for calling Northgate, have a good day!";

fn main() {
    if std::env::args().any(|a| a == WORKER) {
        frontdesk::speech::live::run().unwrap();
        return;
    }
    let file = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let text = file.map_or(TEXT.to_owned(), |f| std::fs::read_to_string(f).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(&text));
}

fn start(threads: u16, shutdown: &CancellationToken) -> LiveEngine {
    let config = frontdesk::config::load(&frontdesk::config::Overrides::default()).unwrap();
    let (catalogue, cache) = (
        Catalogue::embedded().unwrap(),
        Cache::new(&config.models_dir),
    );
    let path = |name: &str| cache.path(catalogue.get(name).unwrap());
    let ear = path("whisper-tiny.en");
    let model = path("piper-en-us-joe-medium");
    let beside = model.with_extension("onnx.json");
    let voice = VoiceFiles::read("joe", "Joe", "CC0", &model, &beside).unwrap();
    let turn = path("smart-turn-v3.2");
    let readable = [ear.clone(), model, beside, turn.clone()];
    let setup = Setup {
        models: vec![("ear".into(), ear)],
        turn: Some(turn),
        voices: vec![voice.clone()],
        threads,
        limits: Limits::for_models(&readable),
    };
    let prepared = PreparedVoice {
        spec: Spec {
            name: "voice".into(),
            program: std::env::current_exe().unwrap(),
            args: vec![WORKER.into()],
            env: worker_environment(700),
            init: serde_json::to_string(&setup).unwrap(),
            start_deadline: Duration::from_secs(60),
            memory_cap: None,
        },
        models: vec!["ear".into()],
        multilingual: None,
        voices: vec![voice.voice],
        no_ears: None,
        no_turns: None,
        no_voices: None,
        chosen: Vec::new(),
    };
    LiveEngine::start(Box::pin(async { Ok(prepared) }), shutdown.clone())
}

async fn measure(text: &str) {
    println!(
        "| threads | first clause p50 | RTF | 2 s heard | 5 s heard | 8 s heard | end of turn |"
    );
    println!("|---|---|---|---|---|---|---|");
    for threads in [1, 2] {
        let shutdown = CancellationToken::new();
        let live = start(threads, &shutdown);
        live.settled().await;
        let (mut firsts, mut work, mut seconds) = (Vec::new(), 0.0, 0.0);
        let mut mono = Mono::at(SAMPLE_RATE);
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let request = SpeakRequest {
                text: line.into(),
                speed: 1.0,
                ..SpeakRequest::default()
            };
            let since = Instant::now();
            let mut clips = live.speak(request).await.unwrap();
            let mut first = None;
            while let Some(clip) = clips.next().await {
                let clip = clip.unwrap();
                first.get_or_insert(since.elapsed().as_secs_f64() * 1000.0);
                seconds += clip.pcm.len() as f64 / 2.0 / f64::from(clip.rate);
                let (pairs, _) = clip.pcm.as_chunks::<2>();
                let samples: Vec<f32> = pairs
                    .iter()
                    .map(|p| f32::from(i16::from_le_bytes(*p)) / 32_768.0)
                    .collect();
                mono.push(&samples, 1, clip.rate).unwrap();
            }
            work += since.elapsed().as_secs_f64();
            firsts.extend(first);
        }
        let sound = mono.finish().unwrap();
        let pcm: bytes::Bytes = sound
            .iter()
            .flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes())
            .collect::<Vec<u8>>()
            .into();
        let mut heard = Vec::new();
        for length in [2, 5, 8] {
            let bytes = (length * 32_000).min(pcm.len());
            let mut took = Vec::new();
            for _ in 0..5 {
                let utterance = Utterance {
                    pcm: pcm.slice(..bytes),
                    ..Utterance::default()
                };
                let since = Instant::now();
                live.hear(utterance).await.unwrap();
                took.push(since.elapsed().as_secs_f64() * 1000.0);
            }
            heard.push(median(took));
        }
        let mut turns = Vec::new();
        for _ in 0..9 {
            let since = Instant::now();
            live.turn_end(pcm.clone()).await.unwrap();
            turns.push(since.elapsed().as_secs_f64() * 1000.0);
        }
        println!(
            "| {threads} | {:.0} ms | {:.3} | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms |",
            median(firsts),
            work / seconds,
            heard[0],
            heard[1],
            heard[2],
            median(turns)
        );
        shutdown.cancel();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
