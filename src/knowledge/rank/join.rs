//! Passages that say the same, and passages that stand side by side.

use crate::knowledge::found::Passage;
use crate::knowledge::index::fuse::Prints;

/// Of two passages that share this much of their words, only one is kept.
const SAME: f32 = 0.8;
/// Longest passage that is made of neighbours, in bytes.
const LONGEST: usize = 2_600;

/// Drops passages that say nearly the same as a better one. Of two documents, the one with the newer
/// date keeps the better one's place; with other numbers in it the older one stays, but behind: an
/// old and a new price list differ in nothing else.
pub(in crate::knowledge) fn keep_newest(passages: Vec<Passage>) -> Vec<Passage> {
    let mut kept: Vec<(Passage, Prints)> = Vec::new();
    for passage in passages {
        let prints = Prints::of(&passage.text);
        let mut next = (passage, prints);
        let mut dropped = false;
        for better in &mut kept {
            let Some(alike) = better.1.covers(&next.1, SAME) else {
                continue;
            };
            let newer = better.0.document != next.0.document
                && matches!((better.0.dated_at, next.0.dated_at), (Some(old), Some(young)) if young > old);
            if newer {
                // It takes the place, and what made the other one rank there.
                next.0.rank_score = better.0.rank_score;
                std::mem::swap(better, &mut next);
            }
            if alike.same_numbers {
                dropped = true;
                break;
            }
        }
        if !dropped {
            kept.push(next);
        }
    }
    kept.into_iter().map(|(passage, _)| passage).collect()
}

/// Makes one passage of neighbours that were both found; their text is filled in by `text`, which
/// gives the text of a version between two bytes. The better one's place and figures stay.
pub(in crate::knowledge) fn join_neighbours(passages: Vec<Passage>) -> Vec<Passage> {
    let mut kept: Vec<Passage> = Vec::new();
    for passage in passages {
        let neighbour = kept.iter_mut().find(|other| {
            let touches = other.ordinals[0] == passage.ordinals[1] + 1
                || passage.ordinals[0] == other.ordinals[1] + 1;
            let span = union(other.span, passage.span);
            other.version == passage.version && touches && span[1] - span[0] <= LONGEST
        });
        match neighbour {
            None => kept.push(passage),
            Some(other) => {
                if passage.ordinals[0] < other.ordinals[0] {
                    other.page = passage.page;
                }
                other.heading_path = common(&other.heading_path, &passage.heading_path);
                other.span = union(other.span, passage.span);
                other.ordinals = [
                    other.ordinals[0].min(passage.ordinals[0]),
                    other.ordinals[1].max(passage.ordinals[1]),
                ];
                other.coverage = other.coverage.max(passage.coverage);
                other.cosine = match (other.cosine, passage.cosine) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            }
        }
    }
    kept
}

fn union(a: [usize; 2], b: [usize; 2]) -> [usize; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

/// The headings that stand above both.
fn common(a: &[String], b: &[String]) -> Vec<String> {
    a.iter()
        .zip(b)
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DocumentId, VersionId};

    fn passage(document: DocumentId, version: VersionId, ordinal: u32, text: &str) -> Passage {
        let start = usize::try_from(ordinal).unwrap_or(0) * 100;
        Passage {
            chunk: i64::from(ordinal),
            document,
            version,
            title: "Guide".into(),
            heading_path: vec!["A".into(), format!("{ordinal}")],
            page: Some(ordinal + 1),
            text: text.into(),
            span: [start, start + 90],
            ordinals: [ordinal, ordinal],
            dated_at: None,
            cosine: Some(0.1 * ordinal as f32),
            coverage: 0.5,
            rank_score: 1.0 - 0.1 * ordinal as f32,
            signals: Default::default(),
            faq: None,
        }
    }

    #[test]
    fn neighbours_become_one_passage() {
        let (d, v) = (DocumentId::new(), VersionId::new());
        let found = [3, 7, 2, 4].map(|i| passage(d, v, i, "x")).to_vec();
        let joined = join_neighbours(found);
        let got: Vec<_> = joined
            .iter()
            .map(|p| (p.ordinals, p.span, p.page))
            .collect();
        assert_eq!(
            got,
            [([2, 4], [200, 490], Some(3)), ([7, 7], [700, 790], Some(8))]
        );
        assert_eq!(
            joined.first().map(|p| p.heading_path.clone()),
            Some(vec!["A".to_owned()])
        );
        let other = [passage(d, v, 1, "x"), passage(d, VersionId::new(), 2, "x")];
        assert_eq!(join_neighbours(other.to_vec()).len(), 2);
    }

    #[test]
    fn of_two_that_say_the_same_the_newer_stays() {
        let at = |text: &str, dated_at| Passage {
            dated_at,
            ..passage(DocumentId::new(), VersionId::new(), 1, text)
        };
        let price = |n: u32| {
            format!(
                "An adult cleaning at our practice in the main street costs {n} dollars for all members"
            )
        };
        let texts = |all: Vec<Passage>| -> Vec<Option<i64>> {
            keep_newest(all).into_iter().map(|p| p.dated_at).collect()
        };
        // The same words: one stays, the newer.
        assert_eq!(
            texts(vec![at(&price(9), Some(1)), at(&price(9), Some(2))]),
            [Some(2)]
        );
        assert_eq!(
            texts(vec![at(&price(9), Some(2)), at(&price(9), Some(1))]),
            [Some(2)]
        );
        // Another price: both stay, the newer first.
        assert_eq!(
            texts(vec![at(&price(9), Some(1)), at(&price(8), Some(2))]),
            [Some(2), Some(1)]
        );
        // Without dates nothing is known.
        assert_eq!(
            texts(vec![at(&price(9), None), at(&price(8), Some(2))]),
            [None, Some(2)]
        );
        assert_eq!(
            texts(vec![
                at("Parking is free.", Some(1)),
                at(&price(8), Some(2))
            ])
            .len(),
            2
        );
    }
}
