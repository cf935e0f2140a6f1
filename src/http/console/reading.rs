//! A document's text as a page to read, with the quoted words marked.
//!
//! A citation is a byte range of the text, and so is each block. Blocks that do not follow each other
//! in the text are ignored: they could hide the quoted words.

use std::ops::Range;

use crate::extract::BlockKind;
use crate::knowledge::layout::BlockSpan;

/// Most blocks on one page; a longer document is shown around the quoted words.
const MAX_BLOCKS: usize = 3_000;
/// Bytes of context before and after a quoted passage in the drawer.
const CONTEXT_BYTES: usize = 700;

/// A stretch of text, marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub text: String,
    /// Whether they are quoted.
    pub marked: bool,
    /// Whether it is the first marked run, which is scrolled into view.
    pub first: bool,
}

pub type Runs = Vec<Run>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A heading; level 2 to 6, below the page's own.
    Heading {
        /// 2 to 6.
        level: u8,
        runs: Runs,
    },
    Paragraph {
        runs: Runs,
    },
    List {
        items: Vec<Runs>,
    },
    /// Preformatted text.
    Code {
        runs: Runs,
    },
    /// A table; `head` is empty when the columns have no names.
    Table {
        head: Vec<String>,
        /// Cells by row.
        rows: Vec<Vec<Runs>>,
    },
}

#[derive(Debug, Default)]
pub struct Reading {
    /// Its parts in order.
    pub parts: Vec<Part>,
    /// Whether some of the document was left out.
    pub cut: bool,
}

impl Reading {
    /// Removes the first heading if it only repeats the page's title. One with quoted words stays.
    pub fn drop_title(&mut self, title: &str) {
        let repeats = match self.parts.first() {
            Some(Part::Heading { runs, .. }) => {
                let heading: String = runs.iter().map(|run| run.text.as_str()).collect();
                heading.trim() == title && runs.iter().all(|run| !run.marked)
            }
            _ => false,
        };
        if repeats {
            self.parts.remove(0);
        }
    }
}

/// A quoted passage with its context.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Surroundings {
    /// Text before the quoted words, from a line's start where there is one.
    pub before: String,
    /// The quoted words.
    pub quote: String,
    /// Text after them, to a line's end where there is one.
    pub after: String,
}

/// Lays a document out. Without `blocks` the text is cut at blank lines.
pub fn lay_out(text: &str, blocks: Option<&[BlockSpan]>, span: Option<Range<usize>>) -> Reading {
    let span = span.and_then(|span| within(text, span));
    let placed = match blocks {
        Some(blocks) if !blocks.is_empty() => place(text, blocks),
        _ => paragraphs(text),
    };
    let quoted = span.as_ref().and_then(|span| {
        placed
            .iter()
            .position(|(range, _)| range.start < span.end && span.start < range.end)
    });
    let from = quoted.unwrap_or(0).saturating_sub(MAX_BLOCKS / 2);
    let shown = placed.get(from..).unwrap_or_default();
    let shown = shown.get(..MAX_BLOCKS).unwrap_or(shown);
    let mut marker = Marker {
        text,
        span,
        seen: false,
    };
    Reading {
        parts: assemble(shown, &mut marker),
        cut: shown.len() < placed.len(),
    }
}

/// The words at `span` with their context; `None` if the span is not valid in this text.
pub fn surroundings(text: &str, span: Range<usize>) -> Option<Surroundings> {
    let span = within(text, span)?;
    let from = text.floor_char_boundary(span.start.saturating_sub(CONTEXT_BYTES));
    let to = text.ceil_char_boundary((span.end + CONTEXT_BYTES).min(text.len()));
    let before = text.get(from..span.start)?;
    let after = text.get(span.end..to)?;
    let before = match before.find('\n') {
        Some(line) if from > 0 => before.get(line + 1..)?,
        _ => before,
    };
    let after = match after.rfind('\n') {
        Some(line) if to < text.len() => after.get(..line)?,
        _ => after,
    };
    Some(Surroundings {
        before: before.to_owned(),
        quote: text.get(span)?.to_owned(),
        after: after.to_owned(),
    })
}

/// The span, if it falls on character boundaries of the text.
fn within(text: &str, span: Range<usize>) -> Option<Range<usize>> {
    text.get(span.clone())
        .filter(|quote| !quote.is_empty())
        .map(|_| span)
}

type Placed = (Range<usize>, BlockKind);

/// The blocks that are valid ranges and do not overlap an earlier block.
fn place(text: &str, blocks: &[BlockSpan]) -> Vec<Placed> {
    let mut from = 0;
    let mut placed = Vec::with_capacity(blocks.len());
    for block in blocks {
        if block.start < from || text.get(block.start..block.end).is_none() {
            return paragraphs(text);
        }
        from = block.end;
        placed.push((block.start..block.end, block.kind));
    }
    placed
}

fn paragraphs(text: &str) -> Vec<Placed> {
    let mut from = 0;
    let mut placed = Vec::new();
    for part in text.split("\n\n") {
        let lead = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        if !trimmed.is_empty() {
            let start = from + lead;
            placed.push((start..start + trimmed.len(), BlockKind::Paragraph));
        }
        from += part.len() + 2;
    }
    placed
}

/// Splits ranges of the text at the ends of the quoted span.
struct Marker<'a> {
    text: &'a str,
    span: Option<Range<usize>>,
    seen: bool,
}

impl Marker<'_> {
    fn runs(&mut self, range: Range<usize>) -> Runs {
        let Some(span) = self.span.clone() else {
            return vec![self.plain(range)];
        };
        let (a, b) = (
            span.start.clamp(range.start, range.end),
            span.end.clamp(range.start, range.end),
        );
        if a >= b {
            return vec![self.plain(range)];
        }
        let mut runs = vec![
            self.plain(range.start..a),
            self.plain(a..b),
            self.plain(b..range.end),
        ];
        if let Some(run) = runs.get_mut(1) {
            run.marked = true;
            run.first = !std::mem::replace(&mut self.seen, true);
        }
        runs.retain(|run| !run.text.is_empty());
        runs
    }

    fn plain(&self, range: Range<usize>) -> Run {
        let text = self.text.get(range).unwrap_or_default().to_owned();
        Run {
            text,
            marked: false,
            first: false,
        }
    }
}

fn assemble(placed: &[Placed], marker: &mut Marker<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = placed;
    while let Some((range, kind)) = rest.first().cloned() {
        let same = rest.iter().take_while(|(_, other)| *other == kind).count();
        let (run, after) = rest.split_at(match kind {
            BlockKind::ListItem | BlockKind::TableRow => same,
            _ => 1,
        });
        rest = after;
        match kind {
            BlockKind::Heading(level) => {
                let level = level.saturating_add(1).clamp(2, 6);
                parts.push(Part::Heading {
                    level,
                    runs: marker.runs(range),
                });
            }
            BlockKind::Paragraph => parts.push(Part::Paragraph {
                runs: marker.runs(range),
            }),
            BlockKind::Code => parts.push(Part::Code {
                runs: marker.runs(range),
            }),
            BlockKind::ListItem => {
                let items = run
                    .iter()
                    .map(|(range, _)| marker.runs(range.clone()))
                    .collect();
                parts.push(Part::List { items });
            }
            BlockKind::TableRow => parts.extend(tables(run, marker)),
        }
    }
    parts
}

/// Rows as tables: a new one begins where the names of the columns change.
fn tables(rows: &[Placed], marker: &mut Marker<'_>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (range, _) in rows {
        let cells = cells(marker.text, range);
        let names: Vec<String> = cells.iter().filter_map(|cell| cell.name.clone()).collect();
        let head = if names.len() == cells.len() && names.len() > 1 {
            names
        } else {
            Vec::new()
        };
        let named = !head.is_empty();
        let cells = cells
            .into_iter()
            .map(|cell| marker.runs(if named { cell.value } else { cell.whole }))
            .collect();
        match parts.last_mut() {
            Some(Part::Table { head: last, rows }) if *last == head => rows.push(cells),
            _ => parts.push(Part::Table {
                head,
                rows: vec![cells],
            }),
        }
    }
    parts
}

struct Cell {
    name: Option<String>,
    value: Range<usize>,
    whole: Range<usize>,
}

/// A row reads `Service: Cleaning | Price: $95`.
fn cells(text: &str, row: &Range<usize>) -> Vec<Cell> {
    let line = text.get(row.clone()).unwrap_or_default();
    let mut from = row.start;
    line.split(" | ")
        .map(|cell| {
            let whole = from..from + cell.len();
            from = whole.end + " | ".len();
            match cell.split_once(": ") {
                Some((name, value)) => Cell {
                    name: Some(name.to_owned()),
                    value: whole.end - value.len()..whole.end,
                    whole,
                },
                None => Cell {
                    name: None,
                    value: whole.clone(),
                    whole,
                },
            }
        })
        .collect()
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
