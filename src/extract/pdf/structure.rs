//! Turns lines into headings, paragraphs, list items and table rows.

use std::collections::{HashMap, HashSet};

use super::{lines::Line, rows};
use crate::extract::raised::begins_note;
use crate::extract::{BlockKind, Blocks, ExtractError, plain};

/// A heading's font is at least this many times as large as the text's.
const LARGER: f32 = 1.12;
/// A heading in the text's size inks at least this many times as much.
const BOLDER: f32 = 1.18;
/// Longest heading, in characters.
const MAX_HEADING: usize = 140;
/// Longest heading that is only bold, in characters.
const MAX_BOLD_HEADING: usize = 80;

/// The lines of one page in reading order.
pub(super) struct Page {
    pub number: u32,
    pub lines: Vec<Line>,
}

/// The document's usual style, against which headings and bold text stand out.
struct Usual {
    /// Font size of running text, in points.
    size: f32,
    /// Font sizes of headings, largest first.
    heading_sizes: Vec<f32>,
    /// Inked area of each letter in running text.
    ink: HashMap<char, f32>,
    /// All words, to decide whether a hyphen at a line end is part of the word.
    words: HashSet<String>,
}

/// Appends the blocks of all pages.
pub(super) fn append(pages: &[Page], blocks: &mut Blocks) -> Result<(), ExtractError> {
    let usual = Usual::of(pages);
    for page in pages {
        let mut i = 0;
        while let Some(rest) = page.lines.get(i..).filter(|r| !r.is_empty()) {
            if let Some((mut table, taken)) = rows::find_table(rest, &|line| usual.is_bold(line)) {
                // A bold first row above rows that are not bold is a header.
                if let [first, .., last] = rest.get(..taken).unwrap_or_default() {
                    let in_bold = usual.is_bold(first) && !usual.is_bold(last);
                    table.marked_head = table.marked_head.max(usize::from(in_bold));
                }
                blocks.push_table(&table, Some(page.number))?;
                i += taken;
                continue;
            }
            let taken = usual.block_length(rest);
            let body = rest.get(..taken).unwrap_or(rest);
            let text = usual.join(body);
            let kind = usual.kind(body, &text);
            let begins =
                i == 0 || page.lines.get(i - 1).map(|l| l.region) != body.first().map(|l| l.region);
            i += taken;
            if begins && kind == BlockKind::Paragraph && usual.append_rest(blocks, &text) {
                continue;
            }
            blocks.push(
                kind,
                plain::list_item(&text).unwrap_or(&text),
                Some(page.number),
            )?;
        }
    }
    Ok(())
}

impl Usual {
    fn of(pages: &[Page]) -> Self {
        let mut by_size: HashMap<i32, usize> = HashMap::new();
        let mut words = HashSet::new();
        for line in pages.iter().flat_map(|p| &p.lines) {
            for cell in &line.cells {
                *by_size.entry(half_points(cell.size)).or_default() += cell.text.chars().count();
                words.extend(cell.text.split_whitespace().map(normalise));
            }
        }
        let size = by_size
            .iter()
            .max_by_key(|(_, n)| **n)
            .map_or(10.0, |(s, _)| *s as f32 / 2.0);
        let mut heading_sizes: Vec<f32> = by_size
            .keys()
            .map(|s| *s as f32 / 2.0)
            .filter(|s| *s > size * LARGER)
            .collect();
        heading_sizes.sort_by(|a, b| b.total_cmp(a));
        heading_sizes.dedup_by(|a, b| (*b - *a) < size * 0.08);
        Self {
            size,
            heading_sizes,
            ink: usual_ink(pages, size),
            words,
        }
    }

    /// How many lines belong to the block that begins with the first line.
    fn block_length(&self, lines: &[Line]) -> usize {
        let Some(first) = lines.first() else { return 0 };
        let right = lines
            .iter()
            .take_while(|l| l.region == first.region)
            .map(Line::x1)
            .fold(f32::MIN, f32::max);
        let is_item = plain::list_item(&first.text()).is_some();
        let mut taken = 1;
        for pair in lines.windows(2) {
            let [above, line] = pair else { break };
            let gap = line.y() - above.y();
            let size = above.size().max(line.size());
            let same_style = (above.size() / line.size() - 1.0).abs() < 0.08
                && (self.is_bold(above) == self.is_bold(line) || above.text().len() > 60);
            let close = gap > 0.0 && gap < size * 1.75;
            let indented = line.x0() > above.x0() + size * 0.8 && !is_item && taken > 1;
            let ended = above.x1() < right - size * 4.0 && ends_sentence(&above.text());
            if line.region != first.region
                || is_broken_off(above, line, right)
                || !same_style
                || !close
                || indented
                || ended
                || line.cells.len() > 1
                || above.cells.len() > 1
                || plain::list_item(&line.text()).is_some()
                || begins_note(&line.text())
                || (is_item && line.x0() < first.x0() - size * 0.5)
                || (self.is_heading_size(first) && taken >= 4)
            {
                break;
            }
            taken += 1;
        }
        taken
    }

    fn kind(&self, body: &[Line], text: &str) -> BlockKind {
        let Some(first) = body.first() else {
            return BlockKind::Paragraph;
        };
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if let Some(rest) = plain::list_item(text)
            && !self.is_heading_size(first)
        {
            // "1. Fees" in bold is a heading; a bold bullet is an item.
            if rest.len() < text.len() || !(self.is_bold_heading(body, text)) {
                return BlockKind::ListItem;
            }
        }
        let short = text.chars().count() <= MAX_HEADING && letters >= 2;
        if short && self.is_heading_size(first) && !text.ends_with([',', ';']) {
            let rank = self
                .heading_sizes
                .iter()
                .take_while(|s| first.size() < **s - self.size * 0.04)
                .count();
            return BlockKind::Heading((rank + 1).min(5) as u8);
        }
        if letters >= 3 && self.is_bold_heading(body, text) {
            return BlockKind::Heading((self.heading_sizes.len() + 1).clamp(2, 6) as u8);
        }
        BlockKind::Paragraph
    }

    fn is_heading_size(&self, line: &Line) -> bool {
        line.size() > self.size * LARGER
    }

    fn is_bold_heading(&self, body: &[Line], text: &str) -> bool {
        body.len() <= 2
            && text.chars().count() <= MAX_BOLD_HEADING
            && !text.ends_with(['.', ',', ';', ':'])
            && body
                .iter()
                .all(|l| self.is_bold(l) && l.size() > self.size * 0.9)
    }

    /// Whether the letters of a line ink clearly more than the same letters in running text.
    fn is_bold(&self, line: &Line) -> bool {
        let (mut ink, mut usual, mut letters) = (0.0, 0.0, 0);
        for (c, area) in line.cells.iter().flat_map(|s| &s.inks) {
            if let Some(expected) = self.ink.get(c).filter(|_| c.is_alphabetic()) {
                ink += area;
                usual += expected;
                letters += 1;
            }
        }
        letters >= 3 && ink > usual * BOLDER
    }

    /// Appends `text`, from the top of a page or column, to the last block if it continues that block's
    /// sentence. Returns whether it did.
    fn append_rest(&self, blocks: &mut Blocks, text: &str) -> bool {
        let Some(last) = blocks.blocks.last_mut() else {
            return false;
        };
        if !matches!(last.kind, BlockKind::Paragraph | BlockKind::ListItem)
            || ends_sentence(&last.text)
            || !text.chars().next().is_some_and(char::is_lowercase)
        {
            return false;
        }
        self.add_line(&mut last.text, text);
        last.text = crate::extract::clean::flowing(&last.text);
        blocks.bytes += text.len();
        true
    }

    /// Joins consecutive lines and removes hyphenation at line ends.
    fn join(&self, body: &[Line]) -> String {
        let mut out = String::new();
        for line in body {
            self.add_line(&mut out, &line.text());
        }
        out
    }

    fn add_line(&self, out: &mut String, text: &str) {
        if let Some(head) = broken_word(out)
            && text.chars().next().is_some_and(char::is_lowercase)
        {
            let tail = text.split_whitespace().next().unwrap_or_default();
            // Drop the hyphen if the document has the whole word, or does not have the hyphenated one.
            let (whole, hyphenated) = (
                normalise(&format!("{head}{tail}")),
                normalise(&format!("{head}-{tail}")),
            );
            if self.words.contains(&whole) || !self.words.contains(&hyphenated) {
                out.pop();
            }
        } else if !(out.is_empty()
            || ends_wide(out) && starts_wide(text)
            || out.ends_with(['/', '\u{2014}']))
        {
            out.push(' ');
        }
        out.push_str(text);
    }
}

/// Whether the author ended the line above deliberately: the next word would have fitted on it.
fn is_broken_off(above: &Line, line: &Line, right: f32) -> bool {
    let text = line.text();
    if text.starts_with(char::is_lowercase) && !ends_sentence(&above.text()) {
        return false;
    }
    let letters = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    // A letter is about half as wide as the font size; one more for the space.
    let word = (letters + 1) as f32 * line.size() * 0.5;
    above.x1() + word < right - (right - above.x0()) * 0.1
}

/// The first part of a word that is hyphenated at the end of `text`, without the hyphen.
fn broken_word(text: &str) -> Option<&str> {
    let word = text.rsplit(char::is_whitespace).next()?;
    let head = word.strip_suffix(['-', '\u{2010}', '\u{00AD}'])?;
    head.chars().last().filter(|c| c.is_lowercase())?;
    Some(head.trim_start_matches(|c: char| !c.is_alphanumeric()))
}

fn normalise(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

/// Whether the character is of a script without spaces, whose lines are joined without one.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}')
}

fn ends_wide(text: &str) -> bool {
    text.chars().last().is_some_and(is_wide)
}

fn starts_wide(text: &str) -> bool {
    text.chars().next().is_some_and(is_wide)
}

fn ends_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '…'])
}

fn half_points(size: f32) -> i32 {
    (size * 2.0).round() as i32
}

/// The median inked area of each letter in text of the usual size.
fn usual_ink(pages: &[Page], size: f32) -> HashMap<char, f32> {
    let mut areas: HashMap<char, Vec<f32>> = HashMap::new();
    for segment in pages.iter().flat_map(|p| &p.lines).flat_map(|l| &l.cells) {
        if half_points(segment.size) == half_points(size) {
            for (c, area) in &segment.inks {
                areas.entry(*c).or_default().push(*area);
            }
        }
    }
    areas
        .into_iter()
        .filter_map(|(c, mut all)| {
            all.sort_by(f32::total_cmp);
            all.get(all.len() / 2)
                .filter(|a| **a > 0.0)
                .map(|a| (c, *a))
        })
        .collect()
}
