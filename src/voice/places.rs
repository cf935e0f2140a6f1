//! Measures how many sessions the machine can carry. It does so once the engines are ready, as the answer depends
//! on the processor and on the models.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::desk::Parts;
use crate::speech::{SpeakRequest, Utterance};

/// Longest acceptable wait for the recogniser, in ms, if all callers finish speaking at once.
const WAIT_MS: u64 = 1500;
/// Do not trust a measurement above this many sessions per core.
const MOST_PER_CORE: usize = 4;
/// How often to check whether the engines are ready.
const LOOK: Duration = Duration::from_millis(500);
/// Stop waiting for the engines after this.
const PATIENCE: Duration = Duration::from_secs(180);
const SAMPLE: &str = "Are you open on Saturday, and how much is a ticket for two children?";

/// Places before the measurement: half of the cores, at least one.
pub(super) fn guess(cores: usize) -> usize {
    (cores / 2).max(1)
}

/// Places if recognising one question takes `hear_ms`.
pub(super) fn compute(hear_ms: u64, cores: usize) -> usize {
    let side_by_side = usize::try_from(WAIT_MS / hear_ms.max(1)).unwrap_or(usize::MAX);
    side_by_side.clamp(1, cores.max(1) * MOST_PER_CORE)
}

/// Waits for the engines, measures, and adjusts the number of places.
pub(super) async fn measure(parts: Arc<Parts>, places: Arc<Semaphore>, cores: usize) {
    let since = Instant::now();
    while parts.ears.ready().is_err() {
        if since.elapsed() >= PATIENCE {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    let utterance = Utterance {
        pcm: sample(&parts).await.into(),
        partial: true,
        ..Utterance::default()
    };
    // Warm up: the first run also allocates the engine's memory.
    let _ = parts.ears.hear(utterance.clone()).await;
    let Ok(hearing) = parts.ears.hear(utterance).await else {
        return;
    };
    let (before, now) = (guess(cores), compute(hearing.took_ms, cores));
    if now > before {
        places.add_permits(now - before);
    } else {
        places.forget_permits(before - now);
    }
    tracing::info!(
        places = now,
        hear_ms = hearing.took_ms,
        "voice sessions at a time"
    );
}

/// About four seconds of speech, or of a hum if there is no voice. The pitch does not matter, so
/// neither does the sample rate.
async fn sample(parts: &Parts) -> Vec<u8> {
    let request = SpeakRequest {
        text: SAMPLE.into(),
        speed: 1.0,
        ..SpeakRequest::default()
    };
    let mut pcm = Vec::new();
    if let Ok(mut clips) = parts.synthesizer.speak(request).await {
        while let Some(Ok(clip)) = clips.next().await {
            pcm.extend_from_slice(&clip.pcm);
        }
    }
    if pcm.is_empty() {
        pcm = (0..64_000_u32)
            .flat_map(|n| if (n / 80) % 2 == 0 { 900_i16 } else { -900 }.to_le_bytes())
            .collect();
    }
    pcm.truncate(20 * 16_000 * 2);
    pcm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_ears_take_one_and_fast_ones_a_few() {
        for (hear_ms, cores, places) in [
            (4000, 2, 1),
            (500, 2, 3),
            (1, 2, 8),
            (100, 1, 4),
            (0, 8, 32),
        ] {
            assert_eq!(compute(hear_ms, cores), places, "{hear_ms} ms on {cores}");
        }
        assert_eq!((guess(1), guess(8)), (1, 4));
    }
}
