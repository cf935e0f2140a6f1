//! Free times: opening hours without what is taken. Pure.

use crate::store::UnixMs;

/// A stretch of time in Unix ms, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: UnixMs,
    pub until: UnixMs,
}

impl Span {
    /// Whether both share a moment.
    pub(super) fn meets(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }

    pub(super) fn widened(self, by: i64) -> Self {
        Self {
            from: self.from.saturating_sub(by),
            until: self.until.saturating_add(by),
        }
    }
}

/// An event of a calendar that takes its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) uid: String,
    pub(super) span: Span,
}

pub(super) fn is_within(span: Span, whole: Span) -> bool {
    whole.from <= span.from && span.until <= whole.until
}

/// Whether the business is open all the time; hours that follow each other count as one.
pub(super) fn is_open(open: &[Span], span: Span) -> bool {
    let mut at = span.from;
    for hours in open {
        if hours.from <= at && at < hours.until {
            at = hours.until;
        }
    }
    at >= span.until
}

/// Stretches of `length` that begin `step` apart, counted from the beginning of each opening, earliest first.
pub(super) fn free(
    open: &[Span],
    busy: &[Busy],
    within: Span,
    length: i64,
    step: i64,
) -> Vec<Span> {
    let mut found = Vec::new();
    if length <= 0 || step <= 0 {
        return found;
    }
    for hours in open {
        let mut from = hours.from;
        if from < within.from {
            // The first beginning that is not too early.
            let steps = (within.from - from + step - 1) / step;
            from += steps * step;
        }
        while from < hours.until && from < within.until {
            let span = Span {
                from,
                until: from + length,
            };
            let fits = span.until <= within.until && is_open(open, span);
            if fits && !busy.iter().any(|taken| taken.span.meets(span)) && !found.contains(&span) {
                found.push(span);
            }
            from += step;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, until: i64) -> Span {
        Span { from, until }
    }

    fn begins(open: &[Span], busy: &[Span], within: Span, length: i64, step: i64) -> Vec<i64> {
        let busy: Vec<Busy> = (busy.iter())
            .map(|span| Busy {
                uid: String::new(),
                span: *span,
            })
            .collect();
        let found = free(open, &busy, within, length, step);
        found.iter().map(|span| span.from).collect()
    }

    #[test]
    fn free_times_lie_in_opening_hours_and_over_nothing_else() {
        let (open, all) = ([span(100, 200), span(300, 360)], span(0, 1_000));
        assert_eq!(begins(&open, &[], all, 30, 30), [100, 130, 160, 300, 330]);
        assert_eq!(
            begins(&open, &[span(120, 140)], all, 30, 30),
            [160, 300, 330]
        );
        // What ends as another begins does not meet it.
        assert_eq!(
            begins(&open, &[span(130, 160)], all, 30, 30),
            [100, 160, 300, 330]
        );
        assert_eq!(begins(&open, &[], span(131, 331), 30, 30), [160, 300]);
        assert_eq!(begins(&open, &[span(0, 999)], all, 30, 30), [0; 0]);
        assert_eq!(begins(&open, &[], all, 0, 30), [0; 0]);
    }

    #[test]
    fn hours_that_follow_each_other_are_one() {
        let open = [span(100, 200), span(200, 260)];
        assert!(is_open(&open, span(180, 250)));
        assert!(!is_open(&open, span(180, 261)) && !is_open(&open, span(90, 120)));
        assert_eq!(begins(&open, &[], span(0, 999), 60, 50), [100, 150, 200]);
    }
}
