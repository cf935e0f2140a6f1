//! The places in the found passages that may answer a question: cut out, scored, best first.
//!
//! A place is a sentence, a table row or a list item with what surrounds it. How well it answers is a
//! probability from a few features (see [`score`]), the strongest being the cross-encoder that reads
//! question and place together. The rungs above the model quote a place when the probability is
//! high enough; the model judges and writes from the best ones.

mod expected;
mod injection;
pub(super) mod quote;
mod rivals;
mod score;
mod words;

pub(super) use rivals::Superseded;
use score::{Features, Weights};
use words::Asked;

use std::ops::Range;

use crate::knowledge::{Found, Passage, sentences};
use crate::llm::{Priority, Reranker};

/// Places that the cross-encoder reads. Each costs it some milliseconds.
const READ: usize = 12;
/// Of these, most from one passage: a long passage must not push the others out.
const PER_PASSAGE: usize = 5;

/// A place in a passage.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The passage, by its place in [`Found::passages`].
    pub(super) passage: usize,
    /// What is quoted, in bytes of the passage's text.
    pub(super) range: Range<usize>,
    /// The sentence, row or item itself.
    pub(super) focus: Range<usize>,
    /// What the score was made of.
    pub(super) features: Features,
    /// How likely it answers, 0 to 1.
    pub(super) score: f32,
}

impl Place {
    /// The score that thresholds are held against: nothing where what is asked for is lacking.
    pub(super) fn candidate_score(&self) -> f32 {
        if self.features.lacks { 0.0 } else { self.score }
    }
}

/// The places that may answer, best first.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) places: Vec<Place>,
    /// Places that a newer document contradicts.
    pub(super) superseded: Vec<Superseded>,
    /// Paragraphs that give orders to an assistant and were left out.
    pub(super) injected: usize,
}

impl Evidence {
    /// Cuts the passages into places and scores them.
    pub(super) async fn gather(
        found: &Found,
        question: &str,
        reranker: Option<&dyn Reranker>,
        priority: Priority,
    ) -> Self {
        let asked = Asked::new(found, question);
        let (mut places, injected) = cut(found, question, &asked);
        places.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut taken = vec![0usize; found.passages.len()];
        places.retain(|place| {
            let Some(n) = taken.get_mut(place.passage) else {
                return false;
            };
            *n += 1;
            *n <= PER_PASSAGE
        });
        places.truncate(READ);
        let logits = read(reranker, &asked, found, &places, priority).await;
        for (at, place) in places.iter_mut().enumerate() {
            place.features.logit = logits.as_ref().and_then(|l| l.get(at)).copied();
            place.score = Weights::default().probability(&place.features);
        }
        places.sort_by(|a, b| b.score.total_cmp(&a.score));
        without_overlaps(&mut places);
        let superseded = rivals::supersede(&mut places, found);
        Self {
            places,
            superseded,
            injected,
        }
    }

    /// The best place.
    pub(super) fn best(&self) -> Option<&Place> {
        self.places.first()
    }
}

/// Every sentence, row and item of the passages, scored by its words only.
fn cut(found: &Found, question: &str, asked: &Asked) -> (Vec<Place>, usize) {
    let mut places = Vec::new();
    let mut injected = 0;
    for (rank, passage) in found.passages.iter().enumerate() {
        let orders = injection::paragraphs(&passage.text);
        injected += orders.len();
        let units: Vec<Range<usize>> = sentences::sentences(&passage.text)
            .into_iter()
            .filter(|unit| {
                !orders
                    .iter()
                    .any(|o| o.start < unit.end && unit.start < o.end)
            })
            .collect();
        let mut above = asked.stems_of(&passage.title);
        for heading in &passage.heading_path {
            above.extend(asked.stems_of(heading));
        }
        for (at, unit) in units.iter().enumerate() {
            let range = quote::around(&passage.text, &units, at);
            let Some(text) = passage.text.get(range.clone()) else {
                continue;
            };
            let mut there = asked.stems_of(text);
            let quoted = asked.share(&there);
            there.extend(above.iter().cloned());
            let features = Features {
                logit: None,
                quoted,
                coverage: asked.share(&there),
                unknown: asked.unknown_share(),
                rarest: asked.holds_rarest(&there),
                lacks: !expected::holds(question, &quote::readable(text)),
                cosine: passage.cosine.unwrap_or(0.0),
                rank,
                judged: None,
            };
            let unit_words = asked.stems_of(passage.text.get(unit.clone()).unwrap_or_default());
            places.push(Place {
                passage: rank,
                range,
                focus: unit.clone(),
                score: asked.share(&unit_words) + features.coverage + features.cosine
                    - 0.03 * rank as f32,
                features,
            });
        }
    }
    (places, injected)
}

/// What the cross-encoder says of each place; `None` where there is none.
async fn read(
    reranker: Option<&dyn Reranker>,
    asked: &Asked,
    found: &Found,
    places: &[Place],
    priority: Priority,
) -> Option<Vec<f32>> {
    let reranker = reranker.filter(|r| r.ready().is_ok() && !places.is_empty())?;
    let texts = places.iter().filter_map(|place| {
        let passage = found.passages.get(place.passage)?;
        Some(with_heading(
            passage,
            passage.text.get(place.focus.clone())?,
        ))
    });
    match reranker
        .score(asked.sought().to_owned(), texts.collect(), priority)
        .await
    {
        Ok(logits) => Some(logits),
        Err(error) => {
            tracing::warn!(%error, "places are ranked without the cross-encoder");
            None
        }
    }
}

/// A place's words with the heading above it, which often names what they are about.
pub(super) fn with_heading(passage: &Passage, text: &str) -> String {
    match passage.heading_path.last() {
        Some(heading) => format!("{heading}. {text}"),
        None => text.to_owned(),
    }
}

/// Of places whose quotes overlap, only the best stays.
fn without_overlaps(places: &mut Vec<Place>) {
    let mut kept: Vec<Place> = Vec::with_capacity(places.len());
    for place in places.drain(..) {
        let same = kept.iter().any(|k| {
            k.passage == place.passage
                && k.range.start < place.range.end
                && place.range.start < k.range.end
        });
        if !same {
            kept.push(place);
        }
    }
    *places = kept;
}
