//! What is understood of a turn.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::config::Transcription;
use crate::speech::{Ears, SAMPLE_RATE, Utterance};

/// Samples per second of what is heard.
pub(super) const EAR_RATE: u32 = SAMPLE_RATE;
/// Ears hear 30 s at a time; longer turns are cut in the quietest moment of the last seconds before.
const LONGEST: usize = 28 * EAR_RATE as usize;
const CUT_WITHIN: usize = 5 * EAR_RATE as usize;
/// 20 ms, the moment that must be quiet.
const MOMENT: usize = EAR_RATE as usize / 50;

/// The words of a turn, or why there are none. Clones share the work; dropping the last one cancels it.
pub(super) type Heard = Shared<BoxFuture<'static, Result<Arc<str>, Arc<str>>>>;

/// Starts to hear a turn, once anybody waits for it.
pub(super) fn hear(ears: Arc<dyn Ears>, pcm: Bytes, how: &Transcription) -> Heard {
    let (language, prompt) = (how.language.clone(), how.prompt.clone());
    async move {
        let mut words: Vec<String> = Vec::new();
        for piece in pieces(&pcm) {
            let utterance = Utterance {
                pcm: piece,
                language: language.clone(),
                prompt: prompt.clone(),
                partial: false,
            };
            let hearing = ears.hear(utterance).await;
            let hearing = hearing.map_err(|error| Arc::<str>::from(error.to_string()))?;
            let text = hearing.text.trim();
            if !text.is_empty() {
                words.push(text.to_owned());
            }
        }
        Ok(words.join(" ").into())
    }
    .boxed()
    .shared()
}

/// Words that are known already.
pub(super) fn known(text: &str) -> Heard {
    let text: Arc<str> = text.into();
    futures::future::ready(Ok(text)).boxed().shared()
}

/// Pieces that ears can hear, in order.
fn pieces(pcm: &Bytes) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut rest = pcm.clone();
    while rest.len() / 2 > LONGEST {
        let at = quietest(&rest[..LONGEST * 2]);
        pieces.push(rest.split_to(at * 2));
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Where, in samples, the last seconds are quietest.
fn quietest(pcm: &[u8]) -> usize {
    let first = pcm.len() / 2 - CUT_WITHIN;
    let loudness = |moment: &[u8]| -> u64 {
        let samples = moment
            .chunks_exact(2)
            .map(|s| i16::from_le_bytes([s[0], s[1]]));
        samples.map(|s| u64::from(s.unsigned_abs())).sum()
    };
    let moments = pcm[first * 2..].chunks_exact(MOMENT * 2).enumerate();
    let quiet = moments.min_by_key(|(_, moment)| loudness(moment));
    first + quiet.map_or(CUT_WITHIN, |(n, _)| n * MOMENT + MOMENT / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_turn_is_cut_where_it_is_quiet() {
        let second = EAR_RATE as usize;
        let mut samples = vec![1000_i16; 40 * second];
        samples[25 * second..25 * second + second / 10].fill(0);
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let cut = pieces(&bytes.into());
        let seconds: Vec<usize> = cut.iter().map(|piece| piece.len() / 2 / second).collect();
        assert_eq!(seconds, [25, 14]);
        assert!(pieces(&Bytes::new()).is_empty());
    }
}
