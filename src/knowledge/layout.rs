//! The full text of a document, and the position of each block and passage in it.
//!
//! Citations are byte ranges in this text, so a version keeps it until it is read again or a doubtful line of it is decided on.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::chunk::Chunk;
use crate::extract::{Block, BlockKind};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockSpan {
    pub kind: BlockKind,
    pub start: usize,
    /// Exclusive.
    pub end: usize,
    /// From 1; `None` in formats without pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// One block per line, with an empty line before each heading.
    pub text: String,
    pub blocks: Vec<BlockSpan>,
}

impl Layout {
    pub fn of(blocks: &[Block]) -> Self {
        let mut text = String::new();
        let mut spans = Vec::with_capacity(blocks.len());
        for block in blocks {
            if !text.is_empty() {
                text.push('\n');
                if matches!(block.kind, BlockKind::Heading(_)) {
                    text.push('\n');
                }
            }
            let start = text.len();
            text.push_str(&block.text);
            spans.push(BlockSpan {
                kind: block.kind,
                start,
                end: text.len(),
                page: block.page,
            });
        }
        Self {
            text,
            blocks: spans,
        }
    }

    /// The byte range of a passage, from its first word to its last, within the blocks it was cut from.
    pub fn span(&self, chunk: &Chunk) -> Range<usize> {
        let start = self.blocks.get(chunk.start_block).map_or(0, |b| b.start);
        let last = chunk.end_block.saturating_sub(1).max(chunk.start_block);
        let end = self
            .blocks
            .get(last)
            .map_or(self.text.len(), |b| b.end)
            .max(start);
        let within = self.text.get(start..end).unwrap_or_default();
        let mut lines = chunk.text.lines().filter(|l| !l.trim().is_empty());
        let first = lines.next().and_then(|line| within.find(line)).unwrap_or(0);
        let final_end = chunk
            .text
            .lines()
            .rev()
            .find(|l| !l.trim().is_empty())
            .and_then(|line| within.rfind(line).map(|at| at + line.len()))
            .filter(|&to| to > first)
            .unwrap_or(within.len());
        start + first..start + final_end
    }
}

/// The position of `quote` within `range` of `text`; the whole range if it does not occur there word for
/// word.
pub fn locate(text: &str, range: Range<usize>, quote: &str) -> Range<usize> {
    match text
        .get(range.clone())
        .and_then(|within| within.find(quote))
    {
        Some(at) if !quote.is_empty() => range.start + at..range.start + at + quote.len(),
        _ => range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: BlockKind, text: &str) -> Block {
        Block {
            kind,
            text: text.into(),
            page: None,
        }
    }

    #[test]
    fn blocks_stand_where_their_spans_say() {
        let layout = Layout::of(&[
            block(BlockKind::Heading(1), "Opening hours"),
            block(BlockKind::Paragraph, "We are open on weekdays."),
            block(BlockKind::Heading(2), "Holidays"),
        ]);
        assert_eq!(
            layout.text,
            "Opening hours\nWe are open on weekdays.\n\nHolidays"
        );
        for (span, text) in
            layout
                .blocks
                .iter()
                .zip(["Opening hours", "We are open on weekdays.", "Holidays"])
        {
            assert_eq!(&layout.text[span.start..span.end], text);
        }
    }

    #[test]
    fn a_passage_that_takes_a_part_of_a_block_is_found_in_it() {
        let layout = Layout::of(&[block(
            BlockKind::Paragraph,
            "One sentence. Another sentence. A third.",
        )]);
        let chunk = Chunk {
            ordinal: 0,
            heading_path: vec![],
            text: "Another sentence.".into(),
            page: None,
            section: None,
            start_block: 0,
            end_block: 1,
        };
        assert_eq!(&layout.text[layout.span(&chunk)], "Another sentence.");
    }

    #[test]
    fn a_quote_is_located_or_the_range_stands_for_it() {
        assert_eq!(locate("abc def ghi", 4..11, "ghi"), 8..11);
        assert_eq!(locate("abc def ghi", 4..11, "abc"), 4..11);
    }
}
