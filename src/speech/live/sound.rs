//! Converts samples from and to bytes, and evens out how loud clauses are.

use bytes::Bytes;

/// Target loudness of speech, as the root mean square of its louder parts: -20 dB.
const LOUDNESS: f32 = 0.1;
/// A clause becomes louder or softer by at most this factor, so that soft speech stays softer.
const MOST_GAIN: f32 = 1.8;
/// Highest sample after the gain, so that nothing clips.
const PEAK: f32 = 0.95;
/// At the edges, samples below this share of the highest count as silence.
const SILENCE: f32 = 0.02;
/// How much silence stays before and after, in ms.
const LEAD_MS: usize = 15;
const TAIL_MS: usize = 60;
/// The edges fade for this many ms, so that they do not click.
const FADE_MS: usize = 5;

/// Converts the last `most` 16-bit little-endian samples to values from -1 to 1. An odd byte at the end
/// is ignored.
pub(super) fn samples(pcm: &[u8], most: usize) -> Vec<f32> {
    let (pairs, _) = pcm.as_chunks::<2>();
    pairs
        .iter()
        .skip(pairs.len().saturating_sub(most))
        .map(|&pair| f32::from(i16::from_le_bytes(pair)) / 32_768.0)
        .collect()
}

/// Converts samples to 16-bit little-endian bytes, followed by `silence` samples of silence.
pub(super) fn pcm(samples: &[f32], silence: usize) -> Bytes {
    let mut bytes = Vec::with_capacity((samples.len() + silence) * 2);
    for sample in samples {
        let value = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
        bytes.extend(value.to_le_bytes());
    }
    bytes.resize((samples.len() + silence) * 2, 0);
    bytes.into()
}

/// Trims silence at the edges and brings speech to a common loudness. Sound that is all silence becomes
/// empty.
pub(super) fn polish(samples: &[f32], rate: u32) -> Vec<f32> {
    let ms = rate as usize / 1000;
    let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
    // Anything below a thousandth of full scale is silence, whatever the voice.
    if !peak.is_finite() || peak <= 0.001 {
        return Vec::new();
    }
    let loud = |sample: &f32| sample.abs() >= peak * SILENCE;
    let first = samples.iter().position(loud).unwrap_or(0);
    let last = samples.iter().rposition(loud).unwrap_or(0);
    let start = first.saturating_sub(LEAD_MS * ms);
    let end = (last + 1 + TAIL_MS * ms).min(samples.len());
    let mut kept = samples.get(start..end).unwrap_or_default().to_vec();
    let gain = (LOUDNESS / loudness(&kept, 20 * ms))
        .clamp(1.0 / MOST_GAIN, MOST_GAIN)
        .min(PEAK / peak);
    let fade = (FADE_MS * ms).min(kept.len() / 2).max(1);
    let length = kept.len();
    for (index, sample) in kept.iter_mut().enumerate() {
        let edge = index.min(length - 1 - index);
        *sample *= gain * (edge as f32 / fade as f32).min(1.0);
    }
    kept
}

/// Root mean square of the louder half of the frames.
fn loudness(samples: &[f32], frame: usize) -> f32 {
    let mut powers: Vec<f32> = samples
        .chunks(frame.max(1))
        .map(|f| f.iter().map(|s| s * s).sum::<f32>() / f.len() as f32)
        .collect();
    powers.sort_by(f32::total_cmp);
    let louder = powers.get(powers.len() / 2..).unwrap_or_default();
    let mean = louder.iter().sum::<f32>() / louder.len().max(1) as f32;
    mean.sqrt().max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f32, height: f32) -> Vec<f32> {
        (0..(22_050.0 * seconds) as usize)
            .map(|n| height * (n as f32 * 0.06).sin())
            .collect()
    }

    #[test]
    fn bytes_become_samples_and_bytes_again() {
        let bytes = pcm(&[0.0, 0.5, -1.0, 7.0], 1);
        assert_eq!(bytes.len(), 10);
        let back = samples(&bytes, 100);
        for (got, want) in back.iter().zip([0.0, 0.5, -1.0, 1.0, 0.0]) {
            assert!((got - want).abs() < 1e-3, "{back:?}");
        }
        assert_eq!(samples(&[1, 0, 2, 0, 3], 1), [2.0 / 32_768.0]);
        assert!(samples(&[], 5).is_empty());
    }

    #[test]
    fn silence_at_the_edges_goes_and_a_little_stays() {
        let mut sound = vec![0.0; 22_050];
        sound.extend(tone(1.0, 0.3));
        sound.extend(vec![0.0; 22_050]);
        let kept = polish(&sound, 22_050).len() as f32 / 22_050.0;
        assert!((1.05..1.1).contains(&kept), "{kept}");
    }

    #[test]
    fn soft_and_loud_come_nearer_to_each_other_and_nothing_is_clipped() {
        let peak = |height| {
            let sound = polish(&tone(1.0, height), 22_050);
            sound.iter().fold(0.0_f32, |p, s| p.max(s.abs()))
        };
        assert!(peak(0.05) > 0.085 && peak(0.05) < 0.095, "{}", peak(0.05));
        assert!(peak(1.0) < 0.6, "{}", peak(1.0));
        let mut spiky = tone(1.0, 0.02);
        spiky[9_000] = 0.9;
        let highest = polish(&spiky, 22_050)
            .iter()
            .fold(0.0_f32, |p, s| p.max(s.abs()));
        assert!(highest <= PEAK + 1e-6, "{highest}");
    }

    #[test]
    fn what_holds_no_sound_is_empty() {
        for sound in [
            vec![],
            vec![0.0; 100],
            vec![f32::NAN; 10],
            vec![f32::INFINITY; 3],
        ] {
            assert!(polish(&sound, 22_050).is_empty());
        }
    }
}
