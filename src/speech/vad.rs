//! Voice activity detection. Whisper invents sentences during silence and takes time for every second
//! of it, so it only gets speech. Losing a word is worse than keeping a pause: thresholds are low,
//! edges are padded, and a whisper in a quiet room counts although it scores low.
//!
//! The scores come from the `earshot` detector; the state machine around it is the usual one with
//! two thresholds (enter high, leave low).

use earshot::Detector;

use super::decode::SAMPLE_RATE;

/// Samples per score: 16 ms.
pub const FRAME: usize = 256;
/// 62.5 frames a second.
const FRAMES_PER_MS: f32 = SAMPLE_RATE as f32 / FRAME as f32 / 1000.0;

/// Scores voice frame by frame, for live audio and recordings.
pub struct VoiceDetector {
    detector: Box<Detector>,
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self {
            detector: Detector::default_boxed(),
        }
    }
}

impl VoiceDetector {
    /// Probability (0 to 1) that a frame of 16 ms contains a voice. Frames must be consecutive; a short
    /// last one is padded with silence.
    pub fn score(&mut self, frame: &[f32]) -> f32 {
        let mut whole = [0.0; FRAME];
        for (to, from) in whole.iter_mut().zip(frame) {
            *to = if from.is_finite() {
                from.clamp(-1.0, 1.0)
            } else {
                0.0
            };
        }
        self.detector.predict_f32(&whole).clamp(0.0, 1.0)
    }

    /// Forgets the sound so far. Call it before another recording or caller.
    pub fn reset(&mut self) {
        self.detector.reset();
    }
}

/// At this confidence or above, somebody certainly speaks.
pub const CLEAR: f32 = 0.75;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VadSettings {
    /// Speech begins with a frame that scores at least this.
    pub enter: f32,
    /// Speech continues while frames score at least this.
    pub stay: f32,
    /// Sound kept before and after speech, in ms: soft beginnings and endings score low.
    pub pad_ms: u32,
    /// Anything shorter, in ms, counts as a click.
    pub min_speech_ms: u32,
    /// Pauses up to this length, in ms, are kept.
    pub merge_gap_ms: u32,
    /// A frame this many dB above the quietest tenth of the recording may be a whisper...
    pub whisper_db: f32,
    /// ... and then needs only this score.
    pub whisper_score: f32,
}

impl Default for VadSettings {
    fn default() -> Self {
        Self {
            enter: 0.5,
            stay: 0.35,
            pad_ms: 250,
            min_speech_ms: 64,
            merge_gap_ms: 700,
            whisper_db: 25.0,
            whisper_score: 0.15,
        }
    }
}

/// A stretch of speech, in samples of the recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeechSpan {
    pub start: usize,
    /// Exclusive.
    pub end: usize,
    /// How certain it is that this is speech, 0 to 1: the mean score of its best 500 ms. At least
    /// [`CLEAR`] if it stands out from a quiet room like a whisper.
    pub confidence: f32,
}

impl SpeechSpan {
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// Finds the stretches of speech, padded, merged and in order.
pub fn find_speech(pcm: &[f32], settings: &VadSettings) -> Vec<SpeechSpan> {
    let mut detector = VoiceDetector::default();
    let scores: Vec<f32> = pcm
        .chunks(FRAME)
        .map(|frame| detector.score(frame))
        .collect();
    let levels: Vec<f32> = pcm.chunks(FRAME).map(level_db).collect();
    find_spans(&scores, &levels, settings)
        .into_iter()
        .map(|span| SpeechSpan {
            start: span.start * FRAME,
            end: (span.end * FRAME).min(pcm.len()),
            confidence: span.confidence,
        })
        .collect()
}

/// The state machine. It counts in frames, not samples.
fn find_spans(scores: &[f32], levels: &[f32], settings: &VadSettings) -> Vec<SpeechSpan> {
    let floor = quietest_tenth(levels);
    let frames = |ms: u32| (ms as f32 * FRAMES_PER_MS).round() as usize;
    let (pad, min, gap) = (
        frames(settings.pad_ms),
        frames(settings.min_speech_ms).max(1),
        frames(settings.merge_gap_ms),
    );
    let heard = |frame: usize, threshold: f32| {
        let loud = levels[frame] - floor >= settings.whisper_db;
        scores[frame]
            >= if loud {
                threshold.min(settings.whisper_score)
            } else {
                threshold
            }
    };

    let mut raw: Vec<(usize, usize)> = Vec::new();
    let mut start = None;
    // One frame past the end closes speech that lasts to the end.
    for frame in 0..=scores.len() {
        let threshold = if start.is_some() {
            settings.stay
        } else {
            settings.enter
        };
        let voice = frame < scores.len() && heard(frame, threshold);
        match (voice, start) {
            (true, None) => start = Some(frame),
            (false, Some(first)) => {
                raw.push((first, frame));
                start = None;
            }
            _ => {}
        }
    }

    let mut merged: Vec<SpeechSpan> = Vec::new();
    for (first, end) in raw {
        match merged.last_mut() {
            Some(last) if first - last.end <= gap => last.end = end,
            _ => merged.push(SpeechSpan {
                start: first,
                end,
                confidence: 0.0,
            }),
        }
    }
    // Merging comes first: a word may be a row of frames that are each as short as a click.
    merged.retain(|span| span.len() >= min);
    for span in &mut merged {
        let range = span.start..span.end;
        span.confidence = best_mean(&scores[range.clone()], frames(500));
        let level = best_mean(&levels[range], frames(500));
        if level - floor >= settings.whisper_db && span.confidence >= settings.whisper_score {
            span.confidence = span.confidence.max(CLEAR);
        }
    }
    let mut padded: Vec<SpeechSpan> = Vec::new();
    for span in merged {
        let start = span.start.saturating_sub(pad);
        let end = (span.end + pad).min(scores.len());
        match padded.last_mut() {
            Some(last) if start <= last.end => {
                last.end = end;
                last.confidence = last.confidence.max(span.confidence);
            }
            _ => padded.push(SpeechSpan {
                start,
                end,
                confidence: span.confidence,
            }),
        }
    }
    padded
}

/// Mean power of a frame in dBFS; -120 for digital silence.
fn level_db(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len().max(1) as f32;
    10.0 * (power + 1e-12).log10()
}

/// The level of the quietest tenth of the frames, at least -75 dB: digital silence between words
/// says nothing about the room.
fn quietest_tenth(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted
        .get(sorted.len() / 10)
        .copied()
        .unwrap_or(-75.0)
        .max(-75.0)
}

/// The highest mean over `window` neighbours; 0 if there are no scores.
fn best_mean(scores: &[f32], window: usize) -> f32 {
    let window = window.clamp(1, scores.len().max(1));
    let mut best = f32::MIN;
    let mut sum = 0.0_f32;
    for (index, score) in scores.iter().enumerate() {
        sum += score;
        if index >= window {
            sum -= scores[index - window];
        }
        if index + 1 >= window {
            best = best.max(sum / window as f32);
        }
    }
    if scores.is_empty() { 0.0 } else { best }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings with round numbers: 10 frames of padding, gaps of 20 frames.
    fn settings() -> VadSettings {
        VadSettings {
            pad_ms: 160,
            merge_gap_ms: 320,
            ..VadSettings::default()
        }
    }

    fn track(parts: &[(usize, f32)]) -> Vec<f32> {
        parts
            .iter()
            .flat_map(|&(frames, score)| std::iter::repeat_n(score, frames))
            .collect()
    }

    fn found(parts: &[(usize, f32)]) -> Vec<(usize, usize)> {
        let scores = track(parts);
        let levels = vec![-30.0; scores.len()];
        find_spans(&scores, &levels, &settings())
            .iter()
            .map(|span| (span.start, span.end))
            .collect()
    }

    #[test]
    fn pads_speech_on_both_sides() {
        assert_eq!(found(&[(100, 0.1), (50, 0.9), (100, 0.1)]), [(90, 160)]);
    }

    #[test]
    fn holds_on_through_weak_frames_and_short_pauses() {
        assert_eq!(
            found(&[(50, 0.1), (10, 0.9), (30, 0.4), (50, 0.1)]),
            [(40, 100)]
        );
        assert_eq!(
            found(&[(50, 0.1), (20, 0.9), (20, 0.0), (20, 0.9), (50, 0.1)]),
            [(40, 120)]
        );
    }

    #[test]
    fn cuts_long_pauses_out() {
        let parts = [(50, 0.1), (20, 0.9), (60, 0.0), (20, 0.9), (50, 0.1)];
        assert_eq!(found(&parts), [(40, 80), (120, 160)]);
    }

    #[test]
    fn weak_scores_and_clicks_are_no_speech() {
        assert!(found(&[(200, 0.4)]).is_empty());
        assert!(found(&[(50, 0.1), (2, 0.9), (50, 0.1)]).is_empty());
        assert!(found(&[]).is_empty());
    }

    #[test]
    fn a_whisper_in_a_quiet_room_counts() {
        let scores = track(&[(100, 0.05), (30, 0.25), (100, 0.05)]);
        let levels = track(&[(100, -70.0), (30, -40.0), (100, -70.0)]);
        assert_eq!(find_spans(&scores, &levels, &settings()).len(), 1);
        let noisy = track(&[(100, -45.0), (30, -40.0), (100, -45.0)]);
        assert!(find_spans(&scores, &noisy, &settings()).is_empty());
    }

    #[test]
    fn spans_stay_inside_the_recording() {
        assert_eq!(found(&[(30, 0.9)]), [(0, 30)]);
    }

    #[test]
    fn silence_and_a_hum_are_no_speech() {
        assert!(find_speech(&vec![0.0; 48_000], &VadSettings::default()).is_empty());
        let hum: Vec<f32> = (0..48_000)
            .map(|n| 0.2 * (n as f32 * 0.0196).sin())
            .collect();
        assert!(find_speech(&hum, &VadSettings::default()).is_empty());
    }
}
