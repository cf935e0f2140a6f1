//! Transcribes turns.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::config::Transcription;
use crate::speech::{Ears, SAMPLE_RATE, Utterance};

/// Sample rate of the recogniser, in Hz.
pub(super) const EAR_RATE: u32 = SAMPLE_RATE;
/// The recogniser accepts 30 s at a time; longer turns are cut at the quietest moment of the last `CUT_WITHIN` samples.
const LONGEST: usize = 28 * EAR_RATE as usize;
const CUT_WITHIN: usize = 5 * EAR_RATE as usize;
/// A moment of 20 ms, for finding the quietest.
const MOMENT: usize = EAR_RATE as usize / 50;

/// The words of a turn, or why it has none. Clones share the work; dropping the last one cancels it.
pub(super) type Heard = Shared<BoxFuture<'static, Result<Arc<str>, Arc<str>>>>;

/// Transcribes a turn; the work begins when somebody awaits it.
pub(super) fn hear(ears: Arc<dyn Ears>, pcm: Bytes, how: &Transcription) -> Heard {
    let (language, prompt) = (how.language.clone(), how.prompt.clone());
    async move {
        let mut words: Vec<String> = Vec::new();
        for piece in split(&pcm) {
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

/// Words that are already known.
pub(super) fn known(text: &str) -> Heard {
    let text: Arc<str> = text.into();
    futures::future::ready(Ok(text)).boxed().shared()
}

/// Splits a turn into pieces that the recogniser accepts.
fn split(pcm: &Bytes) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut rest = pcm.clone();
    while rest.len() / 2 > LONGEST {
        let at = find_quietest(&rest[..LONGEST * 2]);
        pieces.push(rest.split_to(at * 2));
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Finds the quietest moment of the last seconds, in samples.
fn find_quietest(pcm: &[u8]) -> usize {
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
        let cut = split(&bytes.into());
        let seconds: Vec<usize> = cut.iter().map(|piece| piece.len() / 2 / second).collect();
        assert_eq!(seconds, [25, 14]);
        assert!(split(&Bytes::new()).is_empty());
    }
}
