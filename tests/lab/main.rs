//! What the figures of the laboratory in `benches/` rest on: how words are counted and collections read.

#[allow(dead_code, reason = "the programs use the rest")]
#[path = "../../benches/retrieval/collection.rs"]
mod collection;
#[allow(dead_code, reason = "the programs use the rest")]
#[path = "../../benches/voice_lab/score/mod.rs"]
mod score;

mod collections;
mod errors;
mod normal;
mod numbers;
mod turns;
mod written;
