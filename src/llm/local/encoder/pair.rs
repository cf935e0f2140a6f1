//! Puts a question and a passage together as tokens, and finds the best spans in the resulting logits.

use std::ops::Range;

use super::words::{Token, Words};
use crate::llm::Span;
use crate::reason::Reason;

/// The most tokens of a question, and of a heading.
pub(super) const QUESTION: usize = 64;
pub(super) const HEADING: usize = 32;
/// The most tokens of question, heading and passage together, as in the training of our own reader.
pub(super) const WINDOW: usize = 256;
/// A window must hold the longest question and heading, the marks, and more of the passage than neighbours share.
pub(super) const LEAST_WINDOW: usize = QUESTION + HEADING + 4 + SHARED + 1;
/// Overlap of neighbouring windows of a long passage, in tokens.
const SHARED: usize = 40;
/// The most tokens of a span.
const LONGEST: usize = 40;
/// The most spans of a passage.
const SPANS: usize = 3;
/// The most tokens of a passage; passages from the search are shorter.
const PASSAGE: usize = 1200;

/// One run of the network: a question and a piece of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) tokens: Vec<u32>,
    /// Index where the second part (heading and passage) begins.
    pub(super) second: usize,
    /// Index where the passage's tokens begin.
    pub(super) first: usize,
    /// The passage's bytes of each of its tokens.
    pub(super) places: Vec<Range<usize>>,
}

/// How a model takes a pair: the marks of its family, and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The mark between the two parts is written twice.
    pub(super) is_doubled: bool,
    /// The most tokens of a pair, at least [`LEAST_WINDOW`].
    pub(super) window: usize,
}

/// Pairs a question with one passage, in several windows if it is long.
pub(super) fn pairs(
    words: &Words,
    form: Form,
    question: &[u32],
    heading: &str,
    text: &str,
) -> Result<Vec<Pair>, Reason> {
    let above: Vec<u32> = if heading.is_empty() {
        Vec::new()
    } else {
        ids(&words.tokens(&format!("{heading}. "), HEADING)?)
    };
    let body = words.tokens(text, PASSAGE)?;
    let mut head = vec![form.start];
    head.extend(question);
    head.push(form.end);
    if form.is_doubled {
        head.push(form.end);
    }
    let second = head.len();
    head.extend(above);
    // At least one token more than the overlap, or the loop would not advance.
    let room = form.window.saturating_sub(head.len() + 1).max(SHARED + 1);
    let mut windows = Vec::new();
    let mut from = 0;
    loop {
        let to = (from + room).min(body.len());
        let part = body.get(from..to).unwrap_or_default();
        let mut tokens = head.clone();
        tokens.extend(part.iter().map(|t| t.id));
        tokens.push(form.end);
        windows.push(Pair {
            tokens,
            second,
            first: head.len(),
            places: part.iter().map(|t| t.bytes.clone()).collect(),
        });
        if to >= body.len() {
            return Ok(windows);
        }
        from = to - SHARED;
    }
}

pub(super) fn ids(tokens: &[Token]) -> Vec<u32> {
    tokens.iter().map(|t| t.id).collect()
}

impl Pair {
    /// Finds the best spans that do not overlap, best first. Their margin is relative to the logits of the
    /// first token, which stand for "no answer here".
    pub(super) fn spans(&self, starts: &[f32], ends: &[f32], text: &str) -> Vec<Span> {
        let none = starts.first().copied().unwrap_or(0.0) + ends.first().copied().unwrap_or(0.0);
        let inside = self.first..self.first + self.places.len();
        let (Some(starts), Some(ends)) = (starts.get(inside.clone()), ends.get(inside)) else {
            return Vec::new();
        };
        let mut kept: Vec<(f32, usize, usize)> = Vec::new();
        for _ in 0..SPANS {
            let mut best: Option<(f32, usize, usize)> = None;
            for (from, start) in starts.iter().enumerate() {
                if kept.iter().any(|k| (k.1..=k.2).contains(&from)) {
                    continue;
                }
                // Stop before the next chosen span.
                let next = kept.iter().map(|k| k.1).filter(|k| *k > from).min();
                let to = (from + LONGEST).min(next.unwrap_or(ends.len()));
                for (to, end) in (from..to).zip(ends.get(from..to).into_iter().flatten()) {
                    let margin = start + end - none;
                    if best.is_none_or(|b| margin > b.0) {
                        best = Some((margin, from, to));
                    }
                }
            }
            kept.extend(best);
        }
        kept.into_iter()
            .filter_map(|(margin, from, to)| {
                let bytes = self.places.get(from)?.start..self.places.get(to)?.end;
                let bytes = trim(text, bytes)?;
                Some(Span { bytes, margin })
            })
            .collect()
    }
}

/// Trims the space that a token includes with its word; `None` if nothing is left.
fn trim(text: &str, bytes: Range<usize>) -> Option<Range<usize>> {
    let words = text.get(bytes.clone())?;
    let start = bytes.start + (words.len() - words.trim_start().len());
    let end = bytes.end - (words.len() - words.trim_end().len());
    (start < end).then_some(start..end)
}

/// Merges the spans from several windows of one passage; overlaps keep the best.
pub(super) fn merge(windows: Vec<Vec<Span>>) -> Vec<Span> {
    let mut all: Vec<Span> = windows.into_iter().flatten().collect();
    all.sort_by(|a, b| {
        b.margin
            .total_cmp(&a.margin)
            .then(a.bytes.start.cmp(&b.bytes.start))
    });
    let mut kept: Vec<Span> = Vec::new();
    for span in all {
        let apart = |k: &Span| span.bytes.end <= k.bytes.start || k.bytes.end <= span.bytes.start;
        if kept.len() < SPANS && kept.iter().all(apart) {
            kept.push(span);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(places: Vec<Range<usize>>) -> Pair {
        Pair {
            tokens: vec![0; places.len() + 4],
            second: 3,
            first: 3,
            places,
        }
    }

    #[test]
    fn the_best_spans_are_told_without_overlaps_and_without_the_space_before_a_word() {
        let text = "Open 9 to 17";
        let pair = pair(vec![0..4, 4..6, 6..9, 9..12]);
        let starts = [1.0, 0.0, 0.0, 0.0, 5.0, 0.0, 3.0, 0.0];
        let ends = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0];
        let spans = pair.spans(&starts, &ends, text);
        let first = spans.first().unwrap();
        assert_eq!(text.get(first.bytes.clone()), Some("9 to 17"));
        assert!((first.margin - 7.0).abs() < 1e-6);
        assert_eq!(spans.get(1).map(|s| s.bytes.clone()), Some(0..4));
    }

    #[test]
    fn a_span_is_not_longer_than_forty_tokens() {
        let places = (0..60).map(|i| i..i + 1).collect();
        let pair = pair(places);
        let mut starts = vec![0.0; 64];
        let mut ends = vec![0.0; 64];
        starts[3] = 9.0;
        ends[3 + 59] = 9.0;
        let text = "x".repeat(60);
        let spans = pair.spans(&starts, &ends, &text);
        assert!(spans.iter().all(|s| s.bytes.len() <= LONGEST));
    }

    #[test]
    fn windows_of_one_passage_become_one_list() {
        let span = |start: usize, end: usize, margin: f32| Span {
            bytes: start..end,
            margin,
        };
        let merged = merge(vec![
            vec![span(0, 5, 1.0), span(8, 9, 0.5)],
            vec![span(3, 6, 2.0)],
        ]);
        assert_eq!(merged, [span(3, 6, 2.0), span(8, 9, 0.5)]);
    }
}
