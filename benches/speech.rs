//! Speed of transcription: Frontdesk's path (silence cut, context fitted to the length) beside
//! whisper.cpp's own default path through the same model in the same process, in turn.
//!
//! `cargo bench --bench speech -- ggml-tiny.en.bin RECORDING…`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use frontdesk::speech::{AudioLimits, TranscribeOptions, Whisper, decode};

const ROUNDS: usize = 5;

fn main() {
    let mut paths = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .map(PathBuf::from);
    let Some(model) = paths.next() else {
        println!("usage: cargo bench --bench speech -- MODEL.bin RECORDING…");
        return;
    };
    let cancel = AtomicBool::new(false);
    let mut whisper = Whisper::load(&model, 2).unwrap();
    println!("| recording | seconds | frontdesk s | default path s | ratio | same words |");
    println!("|---|---|---|---|---|---|");
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let pcm = decode(&bytes, None, &AudioLimits::default(), &cancel).unwrap();
        let mut run = |full_context: bool| {
            let options = TranscribeOptions {
                full_context,
                ..TranscribeOptions::default()
            };
            let start = Instant::now();
            let transcript = whisper
                .transcribe(&pcm.samples, &options, &cancel, &mut |_| {}, &mut |_| {})
                .unwrap();
            (start.elapsed().as_secs_f64(), transcript.text)
        };
        let mut pairs: Vec<((f64, String), (f64, String))> = Vec::new();
        for _ in 0..ROUNDS {
            let ours = run(false);
            pairs.push((ours, run(true)));
        }
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let ours = median(pairs.iter().map(|(a, _)| a.0).collect());
        let theirs = median(pairs.iter().map(|(_, b)| b.0).collect());
        let ratio = median(pairs.iter().map(|(a, b)| b.0 / a.0).collect());
        let (a, b) = (&pairs[0].0.1, &pairs[0].1.1);
        println!(
            "| {} | {:.1} | {ours:.2} | {theirs:.2} | {ratio:.1} | {} |",
            path.file_name().unwrap().display(),
            pcm.duration_ms() as f64 / 1000.0,
            if a.eq_ignore_ascii_case(b) {
                "yes"
            } else {
                "no"
            }
        );
    }
}
