//! Groups speech into windows that the model hears at once, and converts a window's times back to the
//! recording's. Whisper was trained on 30 s; windows stay below that and are cut in pauses.

use super::decode::SAMPLE_RATE;
use super::vad::SpeechSpan;

/// Longest window in samples: 28 s.
pub(super) const MAX_WINDOW: usize = 28 * SAMPLE_RATE as usize;
/// Speech without a pause is cut at its quietest point after this many samples: 18 s.
const MIN_CUT: usize = 18 * SAMPLE_RATE as usize;
/// A longer pause than this, in samples (2 s), begins a new window: a new sentence follows it.
const MAX_PAUSE: usize = 2 * SAMPLE_RATE as usize;
/// A sentence that ends within this many samples after a joint of the window is taken to end before
/// it, and likewise for beginnings: 400 ms, since the model's times are no more precise.
const SNAP: usize = SAMPLE_RATE as usize * 2 / 5;
/// Samples over which loudness is measured to find the quietest point: 100 ms.
const CUT_STEP: usize = SAMPLE_RATE as usize / 10;

/// Which end of a sentence a time belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
    Inside,
}

/// Parts of a recording that are heard together.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Window {
    parts: Vec<SpeechSpan>,
}

impl Window {
    pub(super) fn of(parts: Vec<SpeechSpan>) -> Self {
        Self { parts }
    }

    /// In samples.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(SpeechSpan::len).sum()
    }

    pub(super) fn seconds(&self) -> f32 {
        self.len() as f32 / SAMPLE_RATE as f32
    }

    /// How certain it is to contain speech: the highest value of its parts.
    pub(super) fn confidence(&self) -> f32 {
        self.parts
            .iter()
            .map(|part| part.confidence)
            .fold(0.0, f32::max)
    }

    pub(super) fn samples(&self, pcm: &[f32]) -> Vec<f32> {
        self.parts
            .iter()
            .flat_map(|part| pcm[part.start..part.end].iter().copied())
            .collect()
    }

    /// Where it ends in the recording, in samples.
    pub(super) fn end(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// Converts a time in the window to the time in the recording, both in ms.
    pub(super) fn to_recording_ms(&self, ms: u64, edge: Edge) -> u64 {
        let mut left = (ms * u64::from(SAMPLE_RATE) / 1000) as usize;
        let mut before: Option<&SpeechSpan> = None;
        for (index, part) in self.parts.iter().enumerate() {
            let after = self.parts.get(index + 1);
            if left < part.len() || after.is_none() {
                let left = left.min(part.len());
                return samples_to_ms(match (edge, before, after) {
                    (Edge::End, Some(before), _) if left <= SNAP => before.end,
                    (Edge::Start, _, Some(after)) if part.len() - left <= SNAP => after.start,
                    _ => part.start + left,
                });
            }
            left -= part.len();
            before = Some(part);
        }
        0
    }

    /// The rest of the window after `ms`.
    pub(super) fn after_ms(&self, ms: u64) -> Self {
        let mut skip = (ms * u64::from(SAMPLE_RATE) / 1000) as usize;
        let mut parts = Vec::new();
        for part in &self.parts {
            if skip >= part.len() {
                skip -= part.len();
            } else {
                parts.push(SpeechSpan {
                    start: part.start + skip,
                    ..*part
                });
                skip = 0;
            }
        }
        Self { parts }
    }
}

pub(super) fn samples_to_ms(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(SAMPLE_RATE)
}

/// Groups neighbouring speech into windows of at most 28 s.
pub(super) fn cut(pcm: &[f32], spans: &[SpeechSpan]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for span in spans.iter().flat_map(|&span| split_long(pcm, span)) {
        match windows.last_mut() {
            Some(window)
                if window.len() + span.len() <= MAX_WINDOW
                    && span.start - window.end() <= MAX_PAUSE =>
            {
                window.parts.push(span);
            }
            _ => windows.push(Window::of(vec![span])),
        }
    }
    windows
}

/// Cuts speech without a long pause where it is quietest.
fn split_long(pcm: &[f32], mut span: SpeechSpan) -> Vec<SpeechSpan> {
    let mut pieces = Vec::new();
    while span.len() > MAX_WINDOW {
        let offset = find_quietest(&pcm[span.start + MIN_CUT..span.start + MAX_WINDOW]);
        let middle = span.start + MIN_CUT + offset;
        pieces.push(SpeechSpan {
            end: middle,
            ..span
        });
        span.start = middle;
    }
    pieces.push(span);
    pieces
}

/// Offset of the middle of the quietest 100 ms.
fn find_quietest(samples: &[f32]) -> usize {
    let energy = |step: &[f32]| step.iter().map(|sample| sample * sample).sum::<f32>();
    samples
        .chunks_exact(CUT_STEP)
        .enumerate()
        .min_by(|(_, a), (_, b)| energy(a).total_cmp(&energy(b)))
        .map_or(0, |(index, _)| index * CUT_STEP + CUT_STEP / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = SAMPLE_RATE as usize;

    fn span(start: usize, end: usize) -> SpeechSpan {
        SpeechSpan {
            start: start * SECOND,
            end: end * SECOND,
            confidence: 0.9,
        }
    }

    #[test]
    fn neighbours_share_a_window_until_it_is_full() {
        let pcm = vec![0.0; 100 * SECOND];
        let windows = cut(
            &pcm,
            &[span(1, 11), span(12, 22), span(24, 34), span(35, 36)],
        );
        let lengths: Vec<_> = windows.iter().map(Window::len).collect();
        assert_eq!(lengths, [20 * SECOND, 11 * SECOND]);
    }

    #[test]
    fn a_long_pause_begins_a_new_window() {
        let pcm = vec![0.0; 100 * SECOND];
        assert_eq!(cut(&pcm, &[span(1, 3), span(6, 9)]).len(), 2);
    }

    #[test]
    fn speech_without_a_pause_is_cut_where_it_is_quiet() {
        let mut pcm = vec![0.5; 70 * SECOND];
        pcm[22 * SECOND..22 * SECOND + SECOND / 2].fill(0.01);
        let windows = cut(&pcm, &[span(0, 70)]);
        let total: usize = windows.iter().map(Window::len).sum();
        assert_eq!(total, 70 * SECOND);
        assert!(windows.iter().all(|window| window.len() <= MAX_WINDOW));
        let first = windows[0].len();
        assert!(
            (22 * SECOND..=22 * SECOND + SECOND / 2).contains(&first),
            "{first}"
        );
    }

    #[test]
    fn times_lead_back_to_the_recording() {
        let window = Window::of(vec![span(2, 4), span(10, 13)]);
        for (ms, edge, expected) in [
            (0, Edge::Start, 2_000),
            (1_500, Edge::Inside, 3_500),
            (1_900, Edge::Inside, 3_900),
            (1_900, Edge::Start, 10_000),
            (2_000, Edge::Start, 10_000),
            (2_300, Edge::End, 4_000),
            (2_300, Edge::Inside, 10_300),
            (3_000, Edge::End, 11_000),
            (99_000, Edge::End, 13_000),
        ] {
            assert_eq!(window.to_recording_ms(ms, edge), expected, "{ms} {edge:?}");
        }
    }

    #[test]
    fn the_rest_of_a_window_keeps_its_place() {
        let window = Window::of(vec![span(2, 4), span(10, 13)]);
        let rest = window.after_ms(2_500);
        assert_eq!(rest.len(), 5 * SECOND / 2);
        assert_eq!(rest.to_recording_ms(0, Edge::Start), 10_500);
        assert_eq!(window.after_ms(60_000).len(), 0);
    }
}
