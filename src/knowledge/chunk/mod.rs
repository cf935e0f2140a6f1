//! Cuts documents into passages of a size that a model can read and a person can check.
//!
//! A passage never crosses the border of a main section. Table rows stay whole, a list stays with the
//! sentence that introduces it, and small neighbouring sections share a passage.

#[cfg(test)]
mod chunk_tests;
mod outline;
mod size;
mod split;

use serde::{Deserialize, Serialize};

use crate::extract::{BlockKind, Extracted};
use outline::Outline;
pub use size::words;

/// Sizes of passages, in words (two characters of Chinese or Japanese count as one word).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkOptions {
    /// A shorter passage takes in the next section, if both fit the target.
    pub min_words: usize,
    /// A passage is closed once it has this size.
    pub target_words: usize,
    /// Hard limit, except for a single longer word.
    pub max_words: usize,
}

impl Default for ChunkOptions {
    fn default() -> Self {
        Self {
            min_words: 25,
            target_words: 80,
            max_words: 140,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// From 0.
    pub ordinal: u32,
    /// Outermost first.
    pub heading_path: Vec<String>,
    /// Verbatim, one line per block. Headings inside the passage are lines of their own.
    pub text: String,
    /// Where it begins, from 1.
    pub page: Option<u32>,
    pub section: Option<String>,
    /// First block of the passage.
    pub start_block: usize,
    /// Exclusive.
    pub end_block: usize,
}

/// A piece of a block that is never split.
#[derive(Debug, Clone)]
struct Unit {
    block: usize,
    kind: BlockKind,
    text: String,
    words: usize,
    path: Vec<String>,
    page: Option<u32>,
    /// Number of its main section.
    part: usize,
    /// Number of its section, of any level.
    section: usize,
    /// For a row: the paragraph before its table that says what the table is about.
    caption: Option<String>,
}

/// Longest caption of a table, in words.
const MAX_CAPTION: usize = 25;
/// A caption with a number may be a sentence: "Table 3. Prices in summer."
const TABLE: [&str; 10] = [
    "table",
    "tab.",
    "tabelle",
    "tableau",
    "tabla",
    "tabella",
    "tabela",
    "tabel",
    "таблица",
    "表",
];

pub fn chunk(doc: &Extracted, options: &ChunkOptions) -> Vec<Chunk> {
    let units = units(doc, options);
    let mut groups: Vec<Vec<Unit>> = Vec::new();
    let mut current: Vec<Unit> = Vec::new();
    for (i, unit) in units.iter().enumerate() {
        let size = total(&current);
        let closes = current.last().is_some_and(|last| {
            if last.part != unit.part {
                return true;
            }
            if last.section != unit.section {
                let rest = section_words(units.get(i..).unwrap_or_default());
                return size >= options.min_words || size + rest > options.target_words;
            }
            size + unit.words + heading_words(&current, unit) > options.max_words
                || (size >= options.target_words && !is_lead_in(last, unit))
        });
        if closes {
            let carried = take_lead_in(&mut current, unit, options);
            groups.push(std::mem::replace(&mut current, carried));
        }
        current.push(unit.clone());
    }
    groups.push(current);
    let groups = join_tails(
        groups.into_iter().filter(|g| !g.is_empty()).collect(),
        options,
    );
    groups
        .iter()
        .enumerate()
        .map(|(i, g)| passage(i as u32, g))
        .collect()
}

/// Splits a document into units: blocks, or pieces of blocks that are too long.
fn units(doc: &Extracted, options: &ChunkOptions) -> Vec<Unit> {
    let mut outline = Outline::new(&doc.blocks);
    let mut out = Vec::new();
    let mut caption: Option<&str> = None;
    for (i, block) in doc.blocks.iter().enumerate() {
        let next = doc.blocks.get(i + 1).map(|b| b.kind);
        if block.kind != BlockKind::TableRow {
            caption = (block.kind == BlockKind::Paragraph && next == Some(BlockKind::TableRow))
                .then_some(block.text.as_str())
                .filter(|text| is_caption(text));
        }
        if let BlockKind::Heading(level) = block.kind {
            let lost = outline.enter(level, &block.text, i);
            out.extend(lost.into_iter().map(|h| outline.unit_of(h, block.page)));
            continue;
        }
        outline.mark_used();
        for text in split::pieces(
            &block.text,
            block.kind,
            options.max_words,
            options.target_words,
        ) {
            out.push(Unit {
                block: i,
                kind: block.kind,
                words: words(&text),
                text,
                path: outline.path(),
                page: block.page,
                part: outline.part(),
                section: outline.section(),
                caption: caption
                    .filter(|_| block.kind == BlockKind::TableRow)
                    .map(str::to_owned),
            });
        }
    }
    let last_page = doc.blocks.last().and_then(|b| b.page);
    let lost = outline.leave();
    out.extend(lost.into_iter().map(|h| outline.unit_of(h, last_page)));
    out
}

/// Whether a paragraph before a table is its caption, and not a sentence of its own.
fn is_caption(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches(|c: char| c.is_numeric() || matches!(c, '.' | ':'));
    let is_table = TABLE
        .iter()
        .any(|word| first.to_lowercase() == word.trim_end_matches('.'));
    words(text) <= MAX_CAPTION && (is_table || !text.ends_with(['.', '!', '?', '。', ';']))
}

fn total(units: &[Unit]) -> usize {
    let mut sum = 0;
    for (i, unit) in units.iter().enumerate() {
        sum += unit.words + heading_words(units.get(..i).unwrap_or_default(), unit);
    }
    sum
}

/// Words of the heading that a passage repeats when it takes in another section.
fn heading_words(before: &[Unit], unit: &Unit) -> usize {
    match before.last() {
        Some(last) if last.section != unit.section => unit.path.last().map_or(0, |h| words(h)),
        _ => 0,
    }
}

fn section_words(units: &[Unit]) -> usize {
    let Some(first) = units.first() else { return 0 };
    units
        .iter()
        .take_while(|u| u.section == first.section)
        .map(|u| u.words)
        .sum::<usize>()
        + first.path.last().map_or(0, |h| words(h))
}

/// Whether a paragraph introduces what follows: "Bring with you:".
fn is_lead_in(unit: &Unit, next: &Unit) -> bool {
    unit.kind == BlockKind::Paragraph
        && unit.section == next.section
        && matches!(next.kind, BlockKind::ListItem | BlockKind::TableRow)
        && (unit.text.ends_with(':') || unit.words <= 25)
}

/// Takes the lead-in off the passage that closes, so that it moves on with what it introduces.
fn take_lead_in(current: &mut Vec<Unit>, next: &Unit, options: &ChunkOptions) -> Vec<Unit> {
    let moves = current.len() > 1
        && current.last().is_some_and(|last| {
            is_lead_in(last, next) && last.words + next.words <= options.max_words
        });
    if moves {
        current.pop().into_iter().collect()
    } else {
        Vec::new()
    }
}

/// Joins a short rest to the passage before it, within one section.
fn join_tails(groups: Vec<Vec<Unit>>, options: &ChunkOptions) -> Vec<Vec<Unit>> {
    let mut out: Vec<Vec<Unit>> = Vec::new();
    for group in groups {
        let size = total(&group);
        if let Some(last) = out.last_mut()
            && size < options.min_words / 2
            && last.last().map(|u| u.section) == group.first().map(|u| u.section)
            && group
                .iter()
                .all(|u| Some(u.section) == group.first().map(|f| f.section))
            && total(last) + size <= options.max_words
        {
            last.extend(group);
        } else {
            out.push(group);
        }
    }
    out
}

fn passage(ordinal: u32, units: &[Unit]) -> Chunk {
    let mut common: Vec<String> = units.first().map(|u| u.path.clone()).unwrap_or_default();
    for unit in units {
        let same = common
            .iter()
            .zip(&unit.path)
            .take_while(|(a, b)| a == b)
            .count();
        common.truncate(same);
    }
    // Rows that go on from the passage before take the caption of their table along.
    let caption = units.first().and_then(|u| u.caption.clone());
    common.extend(caption.filter(|c| units.iter().all(|u| u.caption.as_ref() == Some(c))));
    let several = units
        .iter()
        .any(|u| Some(u.section) != units.first().map(|f| f.section));
    let mut text = String::new();
    let mut previous: Option<&Unit> = None;
    for unit in units {
        if several && previous.is_none_or(|p| p.section != unit.section) {
            // The headings that the passage's own path does not name.
            let known = previous.map_or(common.len(), |p| {
                p.path
                    .iter()
                    .zip(&unit.path)
                    .take_while(|(a, b)| a == b)
                    .count()
                    .max(common.len())
            });
            for heading in unit.path.iter().skip(known) {
                line(&mut text, heading);
            }
        }
        match previous {
            Some(p)
                if p.block == unit.block && p.kind == unit.kind && unit.kind != BlockKind::Code =>
            {
                if !split::joins_without_space(&text, &unit.text) {
                    text.push(' ');
                }
                text.push_str(&unit.text);
            }
            _ => line(&mut text, &unit.text),
        }
        previous = Some(unit);
    }
    Chunk {
        ordinal,
        section: common.last().cloned(),
        heading_path: common,
        text,
        page: units.iter().find_map(|u| u.page),
        start_block: units.iter().map(|u| u.block).min().unwrap_or(0),
        end_block: units.iter().map(|u| u.block + 1).max().unwrap_or(0),
    }
}

fn line(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}
