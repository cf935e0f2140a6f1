//! The places in the found passages that may answer a question, best first.
//!
//! The reader marks spans of words in the passages; a span grows into what is quoted: the row, the list
//! item or the sentences that hold it. How likely a place answers is a probability from the reader's
//! margin and a few other features (`agent/decide.rs`). Without a reader every sentence is a place,
//! known by its words only, and the language model has to judge.

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

/// Bytes of passages that the reader reads: about 900 tokens of a European language.
const READ_BYTES: usize = 4_200;
/// Passages that are read in any case.
const READ_AT_LEAST: usize = 4;
/// Sentences that are looked at where there is no reader.
const LOOKED_AT: usize = 12;
/// Of these, most from one passage: a long passage must not push the others out.
const PER_PASSAGE: usize = 5;

/// A place in a passage.
#[derive(Debug, Clone)]
pub(super) struct EvidencePlace {
    /// The passage, by its place in [`Found::passages`].
    pub(super) passage: usize,
    /// What is quoted, in bytes of the passage's text.
    pub(super) range: Range<usize>,
    /// The words that answer.
    pub(super) focus: Range<usize>,
    /// What the score was made of.
    pub(super) features: Features,
    /// How likely it answers, 0 to 1.
    pub(super) score: f32,
}

/// The places that may answer, best first.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) places: Vec<EvidencePlace>,
    /// Places that a newer document contradicts.
    pub(super) superseded: Vec<Superseded>,
    /// Paragraphs that give orders to an assistant and were left out.
    pub(super) injected: usize,
    /// Why the reader did not read, if it should have.
    pub(super) unread: Option<String>,
}

impl Evidence {
    /// Reads the passages. `question` is what is asked, `in_full` the same with the question before it
    /// where it leans on that.
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
        let (mut places, injected) = match read {
            Some(spans) => places_of_spans(found, &asked, &spans),
            None => places_of_sentences(found, &asked),
        };
        places.sort_by(|a, b| b.score.total_cmp(&a.score));
        drop_overlaps(&mut places);
        if let Some(reader) = reader.filter(|_| is_read) {
            alone::read(&mut places, found, reader, &questions, claim).await;
        }
        add_gaps(&mut places);
        let superseded = rivals::supersede(&mut places, found);
        Self {
            places,
            superseded,
            injected,
            unread,
        }
    }

    /// The best place.
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

/// What the reader marks for each form of a question.
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

/// What the reader marks in the first passages.
async fn read(
    reader: &dyn Reader,
    found: &Found,
    question: &str,
    claim: Claim,
) -> Result<Vec<Marked>, LlmError> {
    let mut bytes = 0;
    let (faqs, documents): (Vec<usize>, Vec<usize>) = (0..found.passages.len())
        .partition(|&at| found.passages.get(at).is_some_and(|p| p.faq.is_some()));
    // What the owner approved is read first.
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

/// Title and last heading, as the reader was trained.
fn heading(passage: &Passage) -> String {
    if passage.faq.is_some() {
        return format!("FAQ – {}", passage.title);
    }
    match passage.heading_path.last().filter(|h| **h != passage.title) {
        Some(heading) => format!("{} – {heading}", passage.title),
        None => passage.title.clone(),
    }
}

/// A passage's text as the reader was trained on it, with "·" between the cells of a row.
struct AsRead {
    text: String,
    /// Where in `text` a byte was added.
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

    /// The place in the original of a place in `text`.
    fn original(&self, at: usize) -> usize {
        at - self.added.iter().filter(|a| **a < at).count()
    }
}

/// The marked spans as places.
fn places_of_spans(
    found: &Found,
    asked: &QuestionWords,
    spans: &[Marked],
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
        let better = rows::named_better(asked, &passage.text, &range, &span.bytes);
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
        // Approved answers have a search and an order of their own.
        let before = found.passages.iter().take(span.passage);
        let rank = before
            .filter(|p| p.faq.is_some() == passage.faq.is_some())
            .count();
        let mut features = asked.features(passage, rank, &range);
        features.margin = Some(span.margin);
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

/// By how much the reader prefers each place to the next best one that does not overlap it.
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

/// Every sentence, row and item of the passages, known by its words only.
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
            let range = quote::around(&passage.text, &units, at);
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

/// Of places whose quotes overlap, only the best stays.
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
