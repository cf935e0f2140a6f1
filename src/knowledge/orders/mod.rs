//! Finds text in documents that gives orders to an assistant. Such text is data: it is not followed, not quoted in
//! answers, and its owner is warned about it.

mod classifier;
mod features;
mod phrases;

use std::ops::Range;

use self::classifier::{Classifier, pieces};
use super::{Documents, KnowledgeError, Search};
use crate::llm::{Claim, EmbedAs, Embedder, LlmError, Priority, patiently};
use crate::store::chunks::ChunkRow;
use crate::store::{self, VersionId};

/// Paragraphs with fewer words are judged by phrases only.
const LEAST_WORDS: usize = 5;
/// Texts per request to the embedder; few, so that a visitor's question gets in between.
const EMBED_BATCH: usize = 32;
/// How much of such a paragraph its owner is shown, in characters.
const SHOWN: usize = 200;

/// Byte ranges of the paragraphs that contain phrases of orders to an assistant.
pub fn by_phrase(text: &str) -> Vec<Range<usize>> {
    phrases::paragraphs(text)
}

impl Search {
    /// Whether a paragraph that overlaps `range` gives orders to an assistant, judged by meaning. `false`
    /// while the embedding model is unavailable.
    pub async fn gives_orders(&self, passage: &str, range: &Range<usize>, claim: Claim) -> bool {
        let embedder = &self.inner.embedder;
        let Some(classifier) = classifier::of(&embedder.name()) else {
            return false;
        };
        let text = passage.get(around(passage, range)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        if embedder.ready().is_err() {
            return false;
        }
        let judged = judge(embedder.as_ref(), classifier, &lines, claim).await;
        judged.is_ok_and(|judged| judged.contains(&true))
    }
}

impl Documents {
    /// Adds a note to the version of each passage for every paragraph that will not be quoted.
    pub(super) async fn tell_of_orders(&self, rows: &[ChunkRow]) -> Result<(), KnowledgeError> {
        let paragraphs = rows
            .iter()
            .flat_map(|row| row.text.lines().map(move |line| (row.version, line)));
        let (mut orders, others): (Vec<_>, Vec<_>) =
            paragraphs.partition(|(_, line)| phrases::gives_orders(line));
        let embedder = &self.inner.embedder;
        if let Some(classifier) = classifier::of(&embedder.name()) {
            let long = |line: &str| line.split_whitespace().nth(LEAST_WORDS - 1).is_some();
            let others: Vec<(VersionId, &str)> =
                others.into_iter().filter(|(_, l)| long(l)).collect();
            let lines: Vec<&str> = others.iter().map(|(_, line)| *line).collect();
            let claim = Priority::Background.into();
            let judged = judge(embedder.as_ref(), classifier, &lines, claim).await?;
            let found = others.into_iter().zip(judged);
            orders.extend(found.filter(|(_, is_order)| *is_order).map(|(o, _)| o));
        }
        if orders.is_empty() {
            return Ok(());
        }
        let notes: Vec<(VersionId, String)> = orders
            .into_iter()
            .map(|(v, line)| (v, note(line)))
            .collect();
        let told = self.inner.store.write(move |tx| {
            (notes.iter()).try_for_each(|(at, note)| store::versions::add_note(tx, *at, note))
        });
        Ok(told.await?)
    }
}

/// For each paragraph, whether it is an order.
async fn judge(
    embedder: &dyn Embedder,
    classifier: &Classifier,
    paragraphs: &[&str],
    claim: Claim,
) -> Result<Vec<bool>, LlmError> {
    // In training, made-up sites had real top-level domains.
    let usual = |paragraph: &str| paragraph.replace(".example", ".com");
    let pieces: Vec<Vec<String>> = paragraphs.iter().map(|p| pieces(&usual(p))).collect();
    let texts: Vec<String> = pieces.iter().flatten().cloned().collect();
    let mut vectors = Vec::new();
    for some in texts.chunks(EMBED_BATCH) {
        let ask = || embedder.embed(some.to_vec(), EmbedAs::Passage, claim);
        vectors.extend(patiently(ask).await?.vectors);
    }
    let mut vectors = vectors.iter().map(Vec::as_slice);
    Ok(pieces
        .iter()
        .map(|of| {
            let some = vectors.by_ref().take(of.len());
            let some: Vec<&[f32]> = some.collect();
            classifier.is_order(of.iter().map(String::as_str).zip(some))
        })
        .collect())
}

/// The note to the owner about a paragraph that is not quoted.
fn note(paragraph: &str) -> String {
    let paragraph = paragraph.trim();
    let (shown, rest) = match paragraph.char_indices().nth(SHOWN) {
        Some((end, _)) => (paragraph.get(..end).unwrap_or_default(), "…"),
        None => (paragraph, ""),
    };
    format!(
        "Not quoted, because it reads like an order to an assistant: “{shown}{rest}”. If visitors should be told it, write it \
         as an approved answer."
    )
}

/// Widens a range to whole paragraphs.
fn around(passage: &str, range: &Range<usize>) -> Range<usize> {
    let from = passage
        .get(..range.start)
        .and_then(|t| t.rfind('\n'))
        .map_or(0, |at| at + 1);
    let behind = passage.get(range.end..).unwrap_or_default();
    from..behind.find('\n').map_or(passage.len(), |at| range.end + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_judged_with_its_whole_paragraphs() {
        let text = "Hours\nWe open at nine. Come in.\nParking is free.";
        let at = text.find("Come").unwrap();
        let found = text.get(around(text, &(at..at + 5))).unwrap();
        assert_eq!(found, "We open at nine. Come in.");
        let two = text.get(around(text, &(at..text.len() - 3))).unwrap();
        assert_eq!(two, "We open at nine. Come in.\nParking is free.");
        assert_eq!(around("Free.", &(0..5)), 0..5);
    }

    #[test]
    fn the_owner_is_shown_the_beginning_of_a_long_paragraph() {
        let note = note(&"ö".repeat(1000));
        assert!(note.contains("ö…”") && note.chars().count() < 400, "{note}");
    }
}
