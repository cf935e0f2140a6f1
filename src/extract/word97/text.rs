//! The text of an old Word document, in reading order.

use std::ops::Range;

use super::fib::Fib;
use super::pieces::Piece;
use super::runs::{Letters, Paragraph, Runs};
use super::styles::{Styles, level};
use crate::extract::compound::u16_at;
use crate::extract::hidden::Hidden;
use crate::extract::numbering::Numbering;
use crate::extract::table::Table;
use crate::extract::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, plain, raised,
};

/// Longest paragraph that counts as a heading because all of it is bold, in characters.
const MAX_BOLD_HEADING: usize = 80;
/// The level of such a heading, below all headings that have a heading style.
const BOLD_HEADING_LEVEL: u8 = 4;
/// Most cells of a row; more are joined.
const MAX_CELLS: usize = 500;

/// Stories in the order in which they lie (see [`Fib::stories`]) that are read, and the comments.
const READ: [usize; 4] = [0, 1, 4, 5];
const COMMENTS: usize = 3;

pub(super) struct Document<'m> {
    pub main: &'m [u8],
    pub pieces: Vec<Piece>,
    pub styles: Styles,
    pub letters: Runs<Letters>,
    pub paragraphs: Runs<Paragraph>,
}

impl Document<'_> {
    pub(super) fn read(
        &self,
        fib: &Fib,
        numbering: Numbering,
        limits: &Limits,
    ) -> Result<Extracted, ExtractError> {
        let mut reading = Reading {
            document: self,
            blocks: Blocks::new(limits),
            hidden: Hidden::new(limits),
            text: String::new(),
            bold: (0, 0),
            fields: Vec::new(),
            cells: Vec::new(),
            table: None,
            row_bold: (0, 0),
            bold_rows: Vec::new(),
            within_hidden: false,
            numbering,
            pictures: 0,
            bytes: 0,
        };
        let mut stories = Vec::new();
        let mut end = 0u32;
        for length in fib.stories {
            let start = end;
            end = end.saturating_add(length);
            stories.push(start..end);
        }
        for story in READ {
            reading.story(stories.get(story).unwrap_or(&(0..0)))?;
        }
        let comments = stories.get(COMMENTS).cloned().unwrap_or(0..0);
        reading.hidden.comments = self.count_paragraphs(&comments);
        if reading.hidden.read {
            reading.story(&comments)?;
        }
        reading.finish()
    }

    /// Each character with the place of its first byte.
    fn characters(&self, range: &Range<u32>) -> impl Iterator<Item = (usize, char)> {
        self.pieces.iter().flat_map(move |piece| {
            let (at, bytes) = piece.within(self.main, range);
            let width = if piece.wide { 2 } else { 1 };
            let mut high = None;
            bytes
                .chunks(width)
                .enumerate()
                .filter_map(move |(i, unit)| {
                    let c = match u16_at(unit, 0) {
                        Some(unit) => join(&mut high, unit)?,
                        None => windows_1252(*unit.first()?),
                    };
                    Some((at + i * width, c))
                })
        })
    }

    /// How many comments there are: each is a paragraph or more.
    fn count_paragraphs(&self, range: &Range<u32>) -> usize {
        let mut count = 0;
        let mut empty = true;
        for (_, c) in self.characters(range) {
            match c {
                '\r' if !empty => (count, empty) = (count + 1, true),
                c if c.is_alphanumeric() => empty = false,
                _ => {}
            }
        }
        count
    }
}

/// Joins the two halves of a character beyond the first 65,536.
fn join(high: &mut Option<u16>, unit: u16) -> Option<char> {
    if (0xD800..0xDC00).contains(&unit) {
        *high = Some(unit);
        return None;
    }
    let units = high.take().into_iter().chain([unit]);
    char::decode_utf16(units).next()?.ok()
}

/// Bytes 0x80 to 0x9F are punctuation; the others are as in Unicode.
fn windows_1252(byte: u8) -> char {
    let bytes = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
    text.chars().next().unwrap_or(' ')
}

struct Reading<'d, 'm> {
    document: &'d Document<'m>,
    blocks: Blocks,
    hidden: Hidden,
    text: String,
    /// Bold letters and all letters of the open paragraph.
    bold: (usize, usize),
    /// Open fields; true while their instruction is read, which nobody sees.
    fields: Vec<bool>,
    cells: Vec<String>,
    table: Option<Table>,
    row_bold: (usize, usize),
    bold_rows: Vec<bool>,
    /// The last letter was hidden too, so that each run is counted once.
    within_hidden: bool,
    numbering: Numbering,
    pictures: usize,
    /// Text so far, since pieces may claim the same bytes again and again.
    bytes: usize,
}

impl Reading<'_, '_> {
    fn story(&mut self, range: &Range<u32>) -> Result<(), ExtractError> {
        let document = self.document;
        let mut last = 0;
        for (at, c) in document.characters(range) {
            last = at;
            if self.bytes > self.blocks.limit {
                return Err(ExtractError::TooLarge {
                    what: "its text is longer than the limit".into(),
                    limit: self.blocks.limit as u64,
                });
            }
            match c {
                // The marks that end a paragraph, a cell or row, and a page or section.
                '\r' | '\u{7}' | '\u{c}' => self.end_paragraph(c, document.paragraphs.at(at))?,
                '\u{13}' => self.fields.push(true),
                '\u{14}' => {
                    if let Some(instruction) = self.fields.last_mut() {
                        *instruction = false;
                    }
                }
                '\u{15}' => drop(self.fields.pop()),
                '\u{1}' | '\u{8}' => self.pictures += 1,
                '\u{b}' => self.add(LINE_BREAK, at),
                '\t' => self.add(' ', at),
                '\u{1e}' => self.add('-', at),
                c if c.is_control() => {}
                c => self.add(c, at),
            }
        }
        self.fields.clear();
        self.end_paragraph('\r', document.paragraphs.at(last))?;
        self.end_table()
    }

    fn add(&mut self, c: char, at: usize) {
        if self.fields.contains(&true) {
            return;
        }
        let letters = self.document.letters.at(at);
        let by_style = || {
            let style = letters.style;
            style.is_some_and(|style| self.document.styles.is_hidden(style))
        };
        if letters.deleted {
            return;
        }
        let is_hidden = letters.hidden.unwrap_or_else(by_style);
        self.hidden.texts += usize::from(is_hidden && !self.within_hidden);
        self.within_hidden = is_hidden;
        if is_hidden && !self.hidden.read {
            return;
        }
        self.bytes += c.len_utf8();
        if letters.raised {
            self.text
                .push_str(&raised::mark(c.encode_utf8(&mut [0; 4])));
        } else {
            self.text.push(c);
        }
        if c.is_alphanumeric() {
            self.bold.0 += usize::from(letters.bold);
            self.bold.1 += 1;
        }
    }

    fn end_paragraph(&mut self, mark: char, paragraph: Paragraph) -> Result<(), ExtractError> {
        if paragraph.in_table || paragraph.depth > 0 {
            self.end_in_table(mark, paragraph);
            return Ok(());
        }
        self.end_table()?;
        let text = std::mem::take(&mut self.text);
        let bold = std::mem::take(&mut self.bold);
        if self.document.styles.is_hidden(paragraph.style) && !text.trim().is_empty() {
            self.hidden.texts += 1;
            if !self.hidden.read {
                return Ok(());
            }
        }
        let (listed, label) = self.label(paragraph);
        let heading =
            level(paragraph.outline).or_else(|| self.document.styles.heading(paragraph.style));
        let kind = match heading {
            Some(level) => BlockKind::Heading(level),
            None if listed => BlockKind::ListItem,
            None if is_bold_heading(text.trim(), bold) => BlockKind::Heading(BOLD_HEADING_LEVEL),
            None if is_typed_item(text.trim()) => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        self.blocks.push(kind, &with_label(label, text), None)
    }

    /// Whether a paragraph belongs to a list, and the number that Word shows before it. An empty one counts too.
    fn label(&mut self, paragraph: Paragraph) -> (bool, Option<String>) {
        let (by_style, level) = self.document.styles.list(paragraph.style);
        let list = paragraph.list.or(by_style).unwrap_or(0);
        if list == 0 {
            return (false, None);
        }
        let level = paragraph.level.or(level).unwrap_or(0);
        let label = self.numbering.next(&list.to_string(), usize::from(level));
        (true, label)
    }

    fn end_in_table(&mut self, mark: char, paragraph: Paragraph) {
        let outermost = paragraph.depth <= 1;
        if outermost && paragraph.ends_row {
            let row = std::mem::take(&mut self.cells);
            let table = self.table.get_or_insert_with(Table::default);
            let (bold, letters) = std::mem::take(&mut self.row_bold);
            self.bold_rows.push(letters > 0 && bold == letters);
            if paragraph.names_columns && table.len() == table.marked_head {
                table.marked_head += 1;
            }
            table.push(row);
            self.text.clear();
            self.bold = (0, 0);
        } else if outermost && mark == '\u{7}' && self.cells.len() < MAX_CELLS {
            let text = std::mem::take(&mut self.text);
            let (_, label) = self.label(paragraph);
            self.cells.push(with_label(label, text));
            let (bold, letters) = std::mem::take(&mut self.bold);
            self.row_bold.0 += bold;
            self.row_bold.1 += letters;
        } else if paragraph.ends_inner_row {
            self.text.push_str("; ");
        } else {
            self.text.push(' ');
        }
    }

    /// Ends the open table. A bold first row above rows that are not bold is a header.
    fn end_table(&mut self) -> Result<(), ExtractError> {
        let bold_rows = std::mem::take(&mut self.bold_rows);
        let cells = std::mem::take(&mut self.cells);
        if self.table.is_none() && cells.is_empty() {
            return Ok(());
        }
        let mut table = self.table.take().unwrap_or_default();
        table.push(cells);
        if let Some((true, rest)) = bold_rows.split_first()
            && rest.iter().any(|bold| !bold)
        {
            table.marked_head = table.marked_head.max(1);
        }
        if table.is_frame() {
            for cell in table.cells() {
                self.blocks.push(BlockKind::Paragraph, cell, None)?;
            }
            return Ok(());
        }
        self.blocks.push_table(&table, None)
    }

    fn finish(self) -> Result<Extracted, ExtractError> {
        if self.blocks.blocks.is_empty() && self.pictures > 0 {
            return Err(ExtractError::NoText);
        }
        let mut blocks = self.blocks.blocks.iter();
        let title = blocks.find(|b| b.kind == BlockKind::Heading(1));
        let title = title.map(|b| b.text.clone());
        let mut out = self.blocks.finish(Format::Doc);
        out.title = title;
        self.hidden.add_notes(&mut out);
        Ok(out)
    }
}

fn with_label(label: Option<String>, text: String) -> String {
    match label {
        Some(label) if !text.trim().is_empty() => format!("{label} {text}"),
        _ => text,
    }
}

fn is_bold_heading(text: &str, (bold, letters): (usize, usize)) -> bool {
    letters >= 3
        && bold == letters
        && text.chars().count() <= MAX_BOLD_HEADING
        && !text.ends_with(['.', ',', ';', ':'])
}

/// Whether somebody typed a bullet before the text.
fn is_typed_item(text: &str) -> bool {
    plain::list_item(text).is_some_and(|rest| rest.len() < text.len())
}
