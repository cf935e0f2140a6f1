//! Finds the places in the search results that may answer a question, best first.
//!
//! The reader marks spans of words in the passages. A span grows into the quotation: the row, list
//! item or sentences around it. Its probability comes from the reader's margin and a few other
//! features (`agent/decide.rs`). Without a reader, every sentence is a place, scored by its words
//! alone, and the language model has to judge.

mod alone;
mod essence;
mod explained;
pub(super) mod quote;
mod rivals;
mod rows;
mod words;

pub(super) use alone::READ_AGAIN;
use explained::Meant;
pub(super) use rivals::Superseded;
use words::QuestionWords;

use std::ops::Range;

use super::decide::Features;
use crate::knowledge::{Found, Passage, orders};
use crate::language::sentences;
use crate::llm::{Claim, LlmError, ReadPassage, Reader, patiently};

/// Most bytes of passages to read: about 900 tokens of a European language.
const READ_BYTES: usize = 4_200;
/// Passages to read whatever their size.
const READ_AT_LEAST: usize = 4;
/// Most sentences to consider without a reader.
const LOOKED_AT: usize = 12;
/// Most of these from one passage, so that a long passage does not push the others out.
const PER_PASSAGE: usize = 5;

/// Words in a passage that may answer.
#[derive(Debug, Clone)]
pub(super) struct EvidencePlace {
    /// Index in [`Found::passages`].
    pub(super) passage: usize,
    /// The quotation, as bytes of the passage's text.
    pub(super) range: Range<usize>,
    /// The answering words, as bytes of the passage's text.
    pub(super) focus: Range<usize>,
    pub(super) features: Features,
    /// Probability that it answers, 0 to 1.
    pub(super) score: f32,
}

/// The places that may answer, best first.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) places: Vec<EvidencePlace>,
    /// Places that a newer document contradicts.
    pub(super) superseded: Vec<Superseded>,
    /// Number of paragraphs left out because they give orders to an assistant.
    pub(super) injected: usize,
    /// Why the reader failed, if it did.
    pub(super) unread: Option<String>,
}

impl Evidence {
    /// Reads the passages. `in_full` is the question with the one before it, if it is a
    /// follow-up.
    pub(super) async fn gather(
        found: &Found,
        question: &str,
        in_full: &str,
        reader: Option<&dyn Reader>,
        claim: Claim,
    ) -> Self {
        let meant = Meant::new(
            essence::essence(in_full),
            found.passages.iter().map(|p| p.text.as_str()),
        );
        let asked = QuestionWords::new(found, question).with_short_forms(&meant.shortened);
        let reader = reader.filter(|r| r.ready().is_ok());
        let questions: Vec<&str> = [Some(meant.question.as_str()), meant.in_short.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let (read, unread) = match reader {
            Some(reader) => match read_all(reader, found, &questions, claim).await {
                Ok(spans) => (Some(spans), None),
                Err(error) => {
                    tracing::warn!(%error, "passages are not read");
                    (None, Some(error.to_string()))
                }
            },
            None => (None, None),
        };
        let is_read = read.is_some();
        let uncalibrated = reader.is_some_and(|r| !r.is_calibrated());
        let (mut places, injected) = match read {
            Some(spans) => places_of_spans(found, &asked, &spans, uncalibrated),
            None => places_of_sentences(found, &asked),
        };
        places.sort_by(|a, b| b.score.total_cmp(&a.score));
        drop_overlaps(&mut places);
        if let Some(reader) = reader.filter(|_| is_read) {
            alone::read(&mut places, found, reader, &questions, claim).await;
        }
        // Gaps last: overlapping places are gone by now, and the second reading has changed the scores.
        add_gaps(&mut places);
        let superseded = rivals::supersede(&mut places, found);
        Self {
            places,
            superseded,
            injected,
            unread,
        }
    }

    pub(super) fn best(&self) -> Option<&EvidencePlace> {
        self.places.first()
    }
}

/// A span that the reader marked, in bytes of its passage's own text.
struct Marked {
    passage: usize,
    bytes: Range<usize>,
    margin: f32,
}

/// Reads the passages once for each form of the question.
async fn read_all(
    reader: &dyn Reader,
    found: &Found,
    questions: &[&str],
    claim: Claim,
) -> Result<Vec<Marked>, LlmError> {
    let mut all = Vec::new();
    for question in questions {
        all.extend(read(reader, found, question, claim).await?);
    }
    Ok(all)
}

/// Reads the first passages.
async fn read(
    reader: &dyn Reader,
    found: &Found,
    question: &str,
    claim: Claim,
) -> Result<Vec<Marked>, LlmError> {
    let mut bytes = 0;
    let (faqs, documents): (Vec<usize>, Vec<usize>) = (0..found.passages.len())
        .partition(|&at| found.passages.get(at).is_some_and(|p| p.faq.is_some()));
    // Approved answers come first: they must fit into the byte limit.
    let chosen: Vec<usize> = faqs
        .into_iter()
        .chain(documents)
        .enumerate()
        .take_while(|(n, at)| {
            bytes += found.passages.get(*at).map_or(0, |p| p.text.len());
            *n < READ_AT_LEAST || bytes <= READ_BYTES
        })
        .map(|(_, at)| at)
        .collect();
    let passages: Vec<&Passage> = chosen
        .iter()
        .filter_map(|&at| found.passages.get(at))
        .collect();
    let texts: Vec<AsRead> = passages.iter().map(|p| AsRead::new(&p.text)).collect();
    let to_read: Vec<ReadPassage> = passages
        .iter()
        .zip(&texts)
        .map(|(passage, text)| ReadPassage {
            heading: heading(passage),
            text: text.text.clone(),
        })
        .collect();
    let ask = || reader.read(question.to_owned(), to_read.clone(), claim);
    let spans = patiently(ask).await?;
    Ok(chosen
        .into_iter()
        .zip(texts)
        .zip(spans)
        .flat_map(|((passage, text), spans)| {
            spans.into_iter().map(move |span| Marked {
                passage,
                bytes: text.original(span.bytes.start)..text.original(span.bytes.end),
                margin: span.margin,
            })
        })
        .collect())
}

/// Title and last heading, in the form used to train the reader.
fn heading(passage: &Passage) -> String {
    if passage.faq.is_some() {
        return format!("FAQ – {}", passage.title);
    }
    match passage.heading_path.last().filter(|h| **h != passage.title) {
        Some(heading) => format!("{} – {heading}", passage.title),
        None => passage.title.clone(),
    }
}

/// A passage's text in the form used to train the reader, with "·" between the cells of a row.
struct AsRead {
    text: String,
    /// Offsets of bytes added to `text`: "·" is one byte longer than "|".
    added: Vec<usize>,
}

impl AsRead {
    fn new(original: &str) -> Self {
        let mut text = String::with_capacity(original.len() + 16);
        let mut added = Vec::new();
        let mut parts = original.split(" | ").peekable();
        while let Some(part) = parts.next() {
            text.push_str(part);
            if parts.peek().is_some() {
                text.push_str(" · ");
                added.push(text.len() - 2);
            }
        }
        Self { text, added }
    }

    /// Maps an offset in `text` to the original.
    fn original(&self, at: usize) -> usize {
        at - self.added.iter().filter(|a| **a < at).count()
    }
}

/// Turns marked spans into places; also counts the paragraphs that give orders.
fn places_of_spans(
    found: &Found,
    asked: &QuestionWords,
    spans: &[Marked],
    uncalibrated: bool,
) -> (Vec<EvidencePlace>, usize) {
    let mut places = Vec::new();
    let given: Vec<Vec<Range<usize>>> = found
        .passages
        .iter()
        .map(|p| orders::by_phrase(&p.text))
        .collect();
    let ranges: Vec<(usize, Range<usize>)> = spans
        .iter()
        .filter_map(|span| {
            let passage = found.passages.get(span.passage)?;
            Some((span.passage, quote::of_span(&passage.text, &span.bytes)))
        })
        .collect();
    for span in spans {
        let Some(passage) = found.passages.get(span.passage) else {
            continue;
        };
        let range = quote::of_span(&passage.text, &span.bytes);
        let better = rows::find_better_named(asked, &passage.text, &range, &span.bytes);
        let is_marked = |row: &Range<usize>| ranges.contains(&(span.passage, row.clone()));
        let outdone = better.as_ref().is_some_and(|(row, _)| is_marked(row));
        let (range, focus) = better
            .filter(|_| !outdone)
            .unwrap_or_else(|| (range, span.bytes.clone()));
        let ordered = given.get(span.passage).into_iter().flatten();
        let within = |o: &Range<usize>| o.start < range.end && range.start < o.end;
        if range.is_empty() || ordered.clone().any(within) {
            continue;
        }
        // Approved answers come from a search of their own, so they rank among themselves.
        let before = found.passages.iter().take(span.passage);
        let rank = before
            .filter(|p| p.faq.is_some() == passage.faq.is_some())
            .count();
        let mut features = asked.features(passage, rank, &range);
        features.margin = Some(span.margin);
        features.uncalibrated = uncalibrated;
        features.outdone = outdone;
        features.named_alone = rows::is_named_alone(asked, passage, &range);
        let words = passage.text.get(focus.clone()).unwrap_or_default();
        features.marked = words.chars().count();
        places.push(EvidencePlace {
            passage: span.passage,
            score: features.probability(),
            range,
            focus,
            features,
        });
    }
    (places, given.iter().map(Vec::len).sum())
}

/// Sets each place's lead over the best other place, and updates the scores.
fn add_gaps(places: &mut [EvidencePlace]) {
    let margins: Vec<Option<f32>> = places.iter().map(|p| p.features.margin).collect();
    for (at, place) in places.iter_mut().enumerate() {
        let others = margins.iter().enumerate().filter(|(other, _)| *other != at);
        let next = others.filter_map(|(_, m)| *m).reduce(f32::max);
        if let (Some(margin), Some(next)) = (place.features.margin, next) {
            place.features.gap = margin - next;
            place.score = place.features.probability();
        }
    }
    places.sort_by(|a, b| b.score.total_cmp(&a.score));
}

/// Makes a place of every sentence, row and item, scored by its words alone.
fn places_of_sentences(found: &Found, asked: &QuestionWords) -> (Vec<EvidencePlace>, usize) {
    let mut places = Vec::new();
    let mut injected = 0;
    for (rank, passage) in found.passages.iter().enumerate() {
        let given = orders::by_phrase(&passage.text);
        injected += given.len();
        let units: Vec<Range<usize>> = sentences::sentences(&passage.text)
            .into_iter()
            .filter(|unit| {
                !given
                    .iter()
                    .any(|o| o.start < unit.end && unit.start < o.end)
            })
            .collect();
        for (at, unit) in units.iter().enumerate() {
            let range = quote::grow_around(&passage.text, &units, at);
            let features = asked.features(passage, rank, &range);
            places.push(EvidencePlace {
                passage: rank,
                score: features.probability(),
                range,
                focus: unit.clone(),
                features,
            });
        }
    }
    places.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut taken = vec![0usize; found.passages.len()];
    places.retain(|place| {
        let Some(n) = taken.get_mut(place.passage) else {
            return false;
        };
        *n += 1;
        *n <= PER_PASSAGE
    });
    places.truncate(LOOKED_AT);
    (places, injected)
}

/// Keeps the best of places whose quotations overlap. Expects the best first.
fn drop_overlaps(places: &mut Vec<EvidencePlace>) {
    let mut kept: Vec<EvidencePlace> = Vec::with_capacity(places.len());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_points_and_spans_lead_back() {
        let original = "Service: Filling | Fee: $90\nService: Crown | Fee: $900";
        let read = AsRead::new(original);
        assert_eq!(
            read.text,
            "Service: Filling · Fee: $90\nService: Crown · Fee: $900"
        );
        let at = read.text.find("$900").unwrap();
        assert_eq!(original.get(read.original(at)..), Some("$900"));
        assert_eq!(read.original(read.text.len()), original.len());
        let first = read.text.find("$90").unwrap();
        let back = read.original(first)..read.original(first + 3);
        assert_eq!(original.get(back), Some("$90"));
    }
}
