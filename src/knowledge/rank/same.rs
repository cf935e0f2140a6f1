//! Merges passages that say the same.

use crate::knowledge::found::Passage;
use crate::knowledge::index::fuse::Prints;

/// Two passages that share this much of their words are the same.
const SAME: f32 = 0.8;

/// Drops passages that say nearly the same as a better one. The passage of the newer document gets the
/// better position. If their numbers differ, the older one stays, but behind: an old and a new price list
/// may differ in nothing else.
pub(crate) fn keep_newest(passages: Vec<Passage>) -> Vec<Passage> {
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
                // It takes over the position, with the score that earned it.
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
            ordinal,
            dated_at: None,
            cosine: Some(0.1 * ordinal as f32),
            coverage: 0.5,
            rank_score: 1.0 - 0.1 * ordinal as f32,
            signals: Default::default(),
            faq: None,
        }
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
