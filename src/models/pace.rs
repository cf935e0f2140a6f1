//! How fast a chat model that is not here yet would write on this machine.
//!
//! For each token an engine reads all weights once, and a processor computes faster than memory delivers them. So the
//! speed of reading memory, divided by the model's size, tells the tokens a second.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Entry;

/// More than most processors' caches hold.
const READ_BYTES: usize = 256 << 20;
/// Bytes that are added up at a time, so that the compiler uses wide registers.
const WIDTH: usize = 64;
/// The best pass counts: other programs only make one slower.
const PASSES: u32 = 6;
const PATIENCE: Duration = Duration::from_secs(1);
/// The share of that speed that llama.cpp reaches with 4-bit weights: it also computes, and reads the cache of the
/// conversation.
const ENGINE_SHARE: f64 = 0.8;
/// English words for each token, as OpenAI's help page "What are tokens" gives them.
const WORDS_PER_TOKEN: f64 = 0.75;

/// The speed at which this machine reads weights, in bytes a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(f64);

impl Pace {
    #[must_use]
    pub fn of(bytes_per_second: f64) -> Self {
        Self(bytes_per_second)
    }

    /// Measures it with as many threads as an engine has, in about a second. What else the machine does at the time makes
    /// it slower, and so it would the engine.
    #[must_use]
    pub fn measure(threads: usize) -> Self {
        // Not zeros, whose pages the system would not give memory.
        let weights = vec![0x5A_u8; READ_BYTES];
        let share = READ_BYTES.div_ceil(threads.max(1)).next_multiple_of(WIDTH);
        let began = Instant::now();
        let mut best = Duration::MAX;
        for _ in 0..PASSES {
            let start = Instant::now();
            std::thread::scope(|scope| {
                for part in weights.chunks(share) {
                    scope.spawn(move || black_box(add_up(black_box(part))));
                }
            });
            best = best.min(start.elapsed());
            if began.elapsed() > PATIENCE {
                break;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a round number")]
        Self(READ_BYTES as f64 / best.as_secs_f64().max(1e-9))
    }

    /// Words a second that this model would write.
    #[must_use]
    pub fn words(self, entry: &Entry) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let bytes = entry.bytes.max(1) as f64;
        self.0 * ENGINE_SHARE / bytes * WORDS_PER_TOKEN
    }

    /// In GB a second.
    #[must_use]
    pub fn gigabytes(self) -> f64 {
        self.0 / 1e9
    }
}

fn add_up(weights: &[u8]) -> u64 {
    let mut sums = [0_u64; WIDTH / 8];
    for line in weights.chunks_exact(WIDTH) {
        for (sum, word) in sums.iter_mut().zip(line.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Catalogue;

    #[test]
    fn a_model_of_twice_the_size_writes_half_as_fast() {
        let catalogue = Catalogue::embedded().unwrap();
        let mut small = catalogue
            .get("qwen2.5-coder-0.5b-instruct")
            .unwrap()
            .clone();
        let mut large = small.clone();
        (small.bytes, large.bytes) = (1_000_000_000, 2_000_000_000);
        let pace = Pace::of(10e9);
        assert!((pace.words(&small) - 6.0).abs() < 1e-9);
        assert!((pace.words(&large) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn every_byte_is_read() {
        assert_eq!(add_up(&[1; 128]), 16 * 0x0101_0101_0101_0101);
    }

    #[test]
    fn a_machine_has_some_speed() {
        let pace = Pace::measure(2);
        assert!(pace.gigabytes() > 0.01 && pace.gigabytes() < 100_000.0);
    }
}
