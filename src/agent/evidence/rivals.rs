//! Resolves contradictions between documents: two places about the same thing with different
//! figures. The newer one counts.

use std::collections::HashSet;

use super::EvidencePlace;
use crate::knowledge::{Found, Passage, content_words};

/// Smallest share of common words, figures left out, for two places to be about the same thing.
const SAME: f32 = 0.5;
/// A rival that scores below this share of the other is about something else.
const NEAR: f32 = 0.3;

/// A place that a newer one contradicts.
#[derive(Debug, Clone)]
pub(crate) struct Superseded {
    pub(crate) older: EvidencePlace,
    /// Index of the newer passage, and the quoted range in its text.
    pub(crate) newer: (usize, std::ops::Range<usize>),
}

/// Removes places that a newer document contradicts. The newer place inherits the older one's score
/// if that is higher.
pub(super) fn supersede(places: &mut Vec<EvidencePlace>, found: &Found) -> Vec<Superseded> {
    let mut gone: Vec<(usize, usize)> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let Some((ours, our_date)) = read_statement(place, found) else {
            continue;
        };
        let newer = places.iter().enumerate().find(|(other, rival)| {
            *other != at
                && rival.score >= place.score * NEAR
                && document(rival, found) != document(place, found)
                && read_statement(rival, found).is_some_and(|(theirs, their_date)| {
                    their_date > our_date && contradict(&ours, &theirs)
                })
        });
        if let Some((newer, _)) = newer {
            gone.push((at, newer));
        }
    }
    let superseded = gone
        .iter()
        .filter_map(|&(older, newer)| {
            let (older, newer) = (places.get(older)?, places.get(newer)?);
            Some(Superseded {
                older: older.clone(),
                newer: (newer.passage, newer.range.clone()),
            })
        })
        .collect();
    // The newer place answers the same question, so it must not lose to a third place only because it was worded worse.
    for &(older, newer) in &gone {
        let score = places.get(older).map_or(0.0, |p| p.score);
        if let Some(newer) = places.get_mut(newer) {
            newer.score = newer.score.max(score);
        }
    }
    let mut at = 0;
    places.retain(|_| {
        at += 1;
        !gone.iter().any(|(older, _)| *older == at - 1)
    });
    places.sort_by(|a, b| b.score.total_cmp(&a.score));
    superseded
}

fn document(place: &EvidencePlace, found: &Found) -> Option<crate::store::DocumentId> {
    found.passages.get(place.passage).map(|p| p.document)
}

/// The answering words of a place, and the date of its document, Unix ms.
fn read_statement(place: &EvidencePlace, found: &Found) -> Option<(String, i64)> {
    let passage: &Passage = found.passages.get(place.passage)?;
    let words = passage.text.get(place.focus.clone())?;
    Some((words.to_owned(), passage.dated_at?))
}

/// Whether two texts are about the same thing with different figures.
fn contradict(ours: &str, theirs: &str) -> bool {
    let split = |text: &str| -> (HashSet<String>, HashSet<String>) {
        content_words(text)
            .into_iter()
            .partition(|w| w.chars().any(|c| c.is_ascii_digit()))
    };
    let ((our_figures, our_words), (their_figures, their_words)) = (split(ours), split(theirs));
    let least = our_words.len().min(their_words.len());
    if least == 0 || our_figures.is_empty() || their_figures.is_empty() {
        return false;
    }
    let shared = our_words.intersection(&their_words).count() as f32 / least as f32;
    shared >= SAME && our_figures.is_disjoint(&their_figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_with_other_figures_is_a_contradiction() {
        assert!(contradict(
            "Service: All-ceramic crown | Fee: 1450",
            "All-ceramic crown ..... 1290"
        ));
        assert!(!contradict(
            "All-ceramic crown: 1450",
            "All-ceramic crown ..... 1450"
        ));
        assert!(!contradict("Crown: 1450", "Parking costs 5"));
    }
}
