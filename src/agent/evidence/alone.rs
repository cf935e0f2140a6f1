//! Reads the best places a second time: only the line or sentences with the marked words, without
//! their context. Beside its neighbours a row may win that does not answer; by itself it has to.

use std::ops::Range;

use super::{AsRead, EvidencePlace, heading};
use crate::knowledge::Found;
use crate::language::sentences;
use crate::llm::{Claim, ReadPassage, Reader, patiently};

/// How many places the reader reads a second time.
pub(crate) const READ_AGAIN: usize = 4;

/// Records for each of the first places how sure the reader is without context, using the form of the question
/// that gives the highest margin.
pub(super) async fn read(
    places: &mut [EvidencePlace],
    found: &Found,
    reader: &dyn Reader,
    questions: &[&str],
    claim: Claim,
) {
    let places = places
        .get_mut(..READ_AGAIN.min(places.len()))
        .unwrap_or_default();
    let to_read: Vec<ReadPassage> = places
        .iter()
        .filter_map(|place| {
            let passage = found.passages.get(place.passage)?;
            let unit = find_unit(&passage.text, &place.focus);
            Some(ReadPassage {
                heading: heading(passage),
                text: AsRead::new(passage.text.get(unit)?.trim()).text,
            })
        })
        .collect();
    if to_read.is_empty() || to_read.len() < places.len() {
        return;
    }
    for question in questions {
        let ask = || reader.read((*question).to_owned(), to_read.clone(), claim);
        match patiently(ask).await {
            Ok(spans) => {
                for (place, spans) in places.iter_mut().zip(spans) {
                    let margin = spans.first().map(|span| span.margin);
                    let surest = place.features.alone.into_iter().chain(margin);
                    place.features.alone = surest.reduce(f32::max);
                    place.score = place.features.probability();
                }
            }
            Err(error) => tracing::warn!(%error, "places are not read a second time"),
        }
    }
}

/// Expands words to their full line or sentences.
fn find_unit(text: &str, words: &Range<usize>) -> Range<usize> {
    let units = sentences::sentences(text);
    let touched = |unit: &&Range<usize>| unit.start < words.end && words.start < unit.end;
    let first = units.iter().find(touched);
    let last = units.iter().rfind(touched);
    match (first, last) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_a_row_an_item_or_sentences() {
        let text = "Service: Wash | Fee: $90\nService: Cut | Fee: $900\nIt is free. Dogs wait outside. Cats may come.";
        for (words, expected) in [
            ("$900", "Service: Cut | Fee: $900"),
            ("Dogs", "Dogs wait outside."),
            ("outside. Cats", "Dogs wait outside. Cats may come."),
        ] {
            let at = text.find(words).unwrap();
            let found = find_unit(text, &(at..at + words.len()));
            assert_eq!(text.get(found), Some(expected));
        }
    }
}
