//! Adding up the figures of conversations.

use crate::store::UnixMs;
use crate::store::analytics::{Figures, Outcome, Rungs};

/// An open conversation without a message for this long has ended.
pub const IDLE_MS: i64 = 30 * 60 * 1000;

/// The figures of some conversations together. Each conversation counts on the day on which it began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    pub conversations: u64,
    /// Of these, how many go on and have no outcome yet.
    pub going: u64,
    pub resolved: u64,
    pub left: u64,
    pub unanswered: u64,
    pub person: u64,
    pub empty: u64,
    /// Messages of visitors.
    pub questions: u64,
    pub rungs: Rungs,
    pub up: u64,
    pub down: u64,
    pub reported: u64,
    /// How many gave 1, 2, 3, 4, 5.
    pub csat: [u64; 5],
    pub gaps: u64,
    pub leads: u64,
    pub asked: u64,
    pub taken: u64,
    pub missed: u64,
    /// Calls for a person that nobody has taken yet.
    pub waiting: u64,
    pub stepped_in: u64,
    /// From the first call of a conversation to the person, ms.
    takes: Vec<u64>,
    /// Of each answer, ms.
    times: Vec<u64>,
}

impl Totals {
    pub(crate) fn add(&mut self, of: &Figures, now: UnixMs) {
        self.conversations += 1;
        if of.is_going(now, IDLE_MS) {
            self.going += 1;
        } else {
            *match of.outcome {
                Outcome::Resolved => &mut self.resolved,
                Outcome::Left => &mut self.left,
                Outcome::Unanswered => &mut self.unanswered,
                Outcome::Person => &mut self.person,
                Outcome::Empty => &mut self.empty,
            } += 1;
        }
        self.questions += of.questions;
        self.rungs.add(&of.rungs);
        self.up += of.up;
        self.down += of.down;
        self.reported += of.reported;
        let place = of.csat.and_then(|score| usize::from(score).checked_sub(1));
        if let Some(place) = place
            && let Some(number) = self.csat.get_mut(place)
        {
            *number += 1;
        }
        self.gaps += of.gaps;
        self.leads += of.leads;
        self.asked += of.asked;
        self.taken += of.taken;
        self.missed += of.missed;
        self.waiting += u64::from(of.waits);
        self.stepped_in += of.stepped_in;
        self.takes.extend(of.take_ms.map(i64::unsigned_abs));
        self.times.extend(of.times.iter().map(|ms| u64::from(*ms)));
    }

    /// Sorts what percentiles are read from.
    pub(crate) fn finish(&mut self) {
        self.takes.sort_unstable();
        self.times.sort_unstable();
    }

    /// Conversations that have ended and in which something was asked or a person was called: what the shares are of.
    pub fn base(&self) -> u64 {
        self.resolved + self.left + self.unanswered + self.person
    }

    /// The share that was settled without a person; `None` without any.
    pub fn resolution(&self) -> Option<f64> {
        share(self.resolved, self.base())
    }

    /// The share that needed no person, settled or not.
    pub fn containment(&self) -> Option<f64> {
        share(self.base() - self.person, self.base())
    }

    /// The share of questions that got an answer, small talk left out.
    pub fn answering(&self) -> Option<f64> {
        let asked = self.rungs.total() - self.rungs.talk;
        share(asked - self.rungs.refusal - self.rungs.related, asked)
    }

    /// How many said how content they were.
    pub fn rated(&self) -> u64 {
        self.csat.iter().sum()
    }

    /// The mean of 1 to 5.
    pub fn satisfaction(&self) -> Option<f64> {
        let scores = (1_u64..)
            .zip(&self.csat)
            .map(|(score, number)| score * number);
        ratio(scores.sum(), self.rated())
    }

    /// The time that so many percent of the answers took at most, ms.
    pub fn answer_ms(&self, percent: u64) -> Option<u64> {
        percentile(&self.times, percent)
    }

    /// The time within which a person came to so many percent of the visitors who were not left waiting, ms.
    pub fn take_ms(&self, percent: u64) -> Option<u64> {
        percentile(&self.takes, percent)
    }
}

/// 0 to 1.
fn share(part: u64, whole: u64) -> Option<f64> {
    ratio(part, whole)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The nearest-rank percentile of sorted numbers.
fn percentile(sorted: &[u64], percent: u64) -> Option<u64> {
    let count = u64::try_from(sorted.len()).ok()?;
    let rank = (count * percent).div_ceil(100).max(1);
    sorted.get(usize::try_from(rank - 1).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::Channel;

    fn figures(outcome: Outcome) -> Figures {
        Figures {
            started_at: 0,
            last_at: 0,
            channel: Channel::Chat,
            is_test: false,
            closed: false,
            outcome,
            assistant: None,
            version: None,
            questions: 1,
            rungs: Rungs::default(),
            up: 0,
            down: 0,
            reported: 0,
            csat: None,
            gaps: 0,
            leads: 0,
            asked: 0,
            taken: 0,
            missed: 0,
            waits: false,
            stepped_in: 0,
            take_ms: None,
            times: Vec::new(),
        }
    }

    #[test]
    fn whoever_just_leaves_is_not_settled() {
        let mut totals = Totals::default();
        for outcome in [
            Outcome::Left,
            Outcome::Left,
            Outcome::Resolved,
            Outcome::Person,
        ] {
            totals.add(&figures(outcome), IDLE_MS);
        }
        totals.add(&figures(Outcome::Empty), IDLE_MS);
        assert_eq!((totals.conversations, totals.base()), (5, 4));
        assert_eq!(totals.resolution(), Some(0.25));
        assert_eq!(totals.containment(), Some(0.75));
    }

    #[test]
    fn what_goes_on_has_no_outcome_unless_a_person_has_it() {
        let mut totals = Totals::default();
        totals.add(&figures(Outcome::Left), IDLE_MS - 1);
        totals.add(&figures(Outcome::Person), IDLE_MS - 1);
        assert_eq!((totals.going, totals.left, totals.person), (1, 0, 1));
        let closed = Figures {
            closed: true,
            ..figures(Outcome::Left)
        };
        totals.add(&closed, 0);
        assert_eq!(totals.left, 1);
    }

    #[test]
    fn nothing_has_no_shares_and_one_has_all_percentiles() {
        let mut totals = Totals::default();
        assert_eq!(totals.resolution(), None);
        assert_eq!(totals.answering(), None);
        assert_eq!(totals.satisfaction(), None);
        assert_eq!(totals.answer_ms(50), None);
        let one = Figures {
            times: vec![7],
            csat: Some(3),
            ..figures(Outcome::Left)
        };
        totals.add(&one, 0);
        totals.finish();
        assert_eq!(
            (totals.answer_ms(50), totals.answer_ms(95)),
            (Some(7), Some(7))
        );
        assert_eq!(totals.satisfaction(), Some(3.0));
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sorted: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&sorted, 50), Some(10));
        assert_eq!(percentile(&sorted, 95), Some(19));
        assert_eq!(percentile(&sorted, 100), Some(20));
        assert_eq!(percentile(&[5, 9], 50), Some(5));
    }
}
