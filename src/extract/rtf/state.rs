//! Follows the groups of a rich text document and builds paragraphs and tables.

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::charset;
use super::group::{self, Destination, Group, Opened};
use crate::extract::hidden::Hidden;
use crate::extract::table::Table;
use crate::extract::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, clean, plain, raised,
};

/// Deepest nesting of groups; real documents have about ten.
const MAX_DEPTH: usize = 2_000;
/// Longest paragraph that counts as a heading because all of it is bold, in characters.
const MAX_BOLD_HEADING: usize = 80;

#[derive(Default)]
struct Paragraph {
    text: String,
    in_table: bool,
    listed: bool,
    heading: Option<u8>,
    bold: (usize, usize),
}

pub(super) struct Reading {
    blocks: Blocks,
    groups: Vec<Group>,
    encoding: &'static Encoding,
    fonts: HashMap<i32, &'static Encoding>,
    font: Option<i32>,
    /// Heading levels by style number.
    styles: HashMap<i32, u8>,
    style: (i32, String),
    /// Bytes to decode together, since one letter may take two.
    bytes: Vec<u8>,
    /// How many fallback characters are still to be skipped.
    passing: usize,
    surrogate: Option<u16>,
    paragraph: Paragraph,
    cells: Vec<String>,
    row_bold: (usize, usize),
    table: Option<Table>,
    bold_rows: Vec<bool>,
    title: String,
    pictures: usize,
    hidden: Hidden,
    /// The last text was hidden too, so that each run of hidden text is counted once.
    within_hidden: bool,
}

impl Reading {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            blocks: Blocks::new(limits),
            groups: vec![Group::default()],
            encoding: encoding_rs::WINDOWS_1252,
            fonts: HashMap::new(),
            font: None,
            styles: HashMap::new(),
            style: (0, String::new()),
            bytes: Vec::new(),
            passing: 0,
            surrogate: None,
            paragraph: Paragraph::default(),
            cells: Vec::new(),
            row_bold: (0, 0),
            table: None,
            bold_rows: Vec::new(),
            title: String::new(),
            pictures: 0,
            hidden: Hidden::new(limits),
            within_hidden: false,
        }
    }

    pub(super) fn open(&mut self) -> Result<(), ExtractError> {
        self.decode();
        self.passing = 0;
        if self.groups.len() > MAX_DEPTH {
            return Err(ExtractError::malformed("its groups are nested too deeply"));
        }
        if let Some(mut group) = self.groups.last().cloned() {
            group.ignorable = false;
            self.groups.push(group);
        }
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), ExtractError> {
        self.decode();
        self.passing = 0;
        if self.groups.len() > 1 {
            self.groups.pop();
        }
        Ok(())
    }

    fn group(&mut self) -> Option<&mut Group> {
        self.groups.last_mut()
    }

    fn destination(&self) -> Destination {
        self.groups
            .last()
            .map_or(Destination::Body, |g| g.destination)
    }

    pub(super) fn symbol(&mut self, symbol: char) -> Result<(), ExtractError> {
        match symbol {
            '*' => {
                if let Some(group) = self.group() {
                    group.ignorable = true;
                }
            }
            '~' => self.add(" "),
            '_' => self.add("-"),
            '{' | '}' | '\\' => self.add(symbol.encode_utf8(&mut [0; 4])),
            // A backslash before a line end is a paragraph end.
            '\n' | '\r' => self.end_paragraph()?,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn word(&mut self, name: &str, arg: Option<i32>) -> Result<(), ExtractError> {
        if name == "'" {
            if let Ok(byte) = u8::try_from(arg.unwrap_or(-1)) {
                self.text(&[byte]);
            }
            return Ok(());
        }
        // Any other control word ends the fallback characters after `\u`.
        if name != "u" {
            self.decode();
            self.passing = 0;
        }
        let on = arg != Some(0);
        match name {
            "u" => self.unicode(arg.unwrap_or(0)),
            "uc" => {
                self.with(|g| g.fallback = usize::try_from(arg.unwrap_or(1)).unwrap_or(1).min(8))
            }
            "b" => self.with(|g| g.bold = on),
            "v" => self.with(|g| g.hidden = on),
            "super" => self.with(|g| g.raised = on),
            "nosupersub" | "sub" => self.with(|g| g.raised = false),
            "plain" => self.with(|g| (g.bold, g.hidden, g.raised) = (false, false, false)),
            "ansicpg" => self.encoding = charset::of_code_page(arg.unwrap_or(1252)),
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            "f" => self.set_font(arg.unwrap_or(0)),
            "fcharset" => {
                if let (Some(font), Some(encoding)) =
                    (self.font, charset::of_font(arg.unwrap_or(0)))
                {
                    self.fonts.insert(font, encoding);
                }
            }
            "s" => self.set_style(arg.unwrap_or(0)),
            "outlinelevel" => {
                self.paragraph.heading = arg
                    .and_then(|n| u8::try_from(n).ok())
                    .filter(|n| *n < 6)
                    .map(|n| n + 1);
            }
            "pard" => {
                self.paragraph.in_table = false;
                self.paragraph.listed = false;
                self.paragraph.heading = None;
            }
            "intbl" => self.paragraph.in_table = true,
            "ls" => self.paragraph.listed = on,
            "par" | "sect" | "page" => self.end_paragraph()?,
            "line" => self.add(LINE_BREAK.encode_utf8(&mut [0; 4])),
            "tab" => self.add(" "),
            "cell" | "nestcell" => self.end_cell(),
            "row" | "nestrow" => self.end_row(),
            "emdash" => self.add("—"),
            "endash" => self.add("–"),
            "bullet" => self.add("•"),
            "lquote" => self.add("‘"),
            "rquote" => self.add("’"),
            "ldblquote" => self.add("“"),
            "rdblquote" => self.add("”"),
            "emspace" | "enspace" | "qmspace" => self.add(" "),
            _ => self.enter(name),
        }
        Ok(())
    }

    fn with(&mut self, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.group() {
            change(group);
        }
    }

    /// Handles a word that may open a destination.
    fn enter(&mut self, name: &str) {
        let Some(group) = self.groups.last_mut() else {
            return;
        };
        match group::opened_by(name) {
            Some(Opened::Shown) => group.ignorable = false,
            Some(Opened::Redirects(destination)) => {
                self.pictures += usize::from(name == "pict");
                self.paragraph.listed |= destination == Destination::ListText;
                group.enter(destination);
            }
            None if group.ignorable => group.enter(Destination::Hidden),
            None => {}
        }
    }

    fn set_font(&mut self, font: i32) {
        self.font = Some(font);
        let encoding = self.fonts.get(&font).copied();
        self.with(|g| g.encoding = encoding);
    }

    fn set_style(&mut self, style: i32) {
        if self.destination() == Destination::StyleSheet {
            self.style = (style, String::new());
        } else {
            self.paragraph.heading = self.styles.get(&style).copied();
        }
    }

    fn unicode(&mut self, code: i32) {
        self.decode();
        // Code units above 32767 are written as negative numbers.
        let unit = (code & 0xFFFF) as u16;
        let pending = self.surrogate.take();
        match (pending, unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let text: String = char::decode_utf16([high, unit]).flatten().collect();
                self.add(&text);
            }
            (_, 0xD800..=0xDBFF) => self.surrogate = Some(unit),
            _ => self.add(&String::from_utf16_lossy(&[unit])),
        }
        self.passing = self.groups.last().map_or(1, |g| g.fallback);
    }

    pub(super) fn text(&mut self, bytes: &[u8]) {
        let passed = self.passing.min(bytes.len());
        self.passing -= passed;
        self.bytes
            .extend_from_slice(bytes.get(passed..).unwrap_or_default());
    }

    fn decode(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let own = self.groups.last().and_then(|g| g.encoding);
        let (text, _) = own
            .unwrap_or(self.encoding)
            .decode_without_bom_handling(&bytes);
        self.add(&text);
    }

    fn add(&mut self, text: &str) {
        if !self.bytes.is_empty() {
            self.decode();
        }
        let Some(group) = self.groups.last() else {
            return;
        };
        match group.destination {
            Destination::Body if group.hidden && !self.hidden.read => {
                self.hidden.texts += usize::from(!self.within_hidden);
                self.within_hidden = true;
            }
            Destination::Body => {
                self.hidden.texts += usize::from(group.hidden && !self.within_hidden);
                self.within_hidden = group.hidden;
                let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
                self.paragraph.bold.1 += letters;
                if group.bold {
                    self.paragraph.bold.0 += letters;
                }
                if group.raised {
                    self.paragraph.text.push_str(&raised::mark(text));
                } else {
                    self.paragraph.text.push_str(text);
                }
            }
            Destination::Title => self.title.push_str(text),
            Destination::StyleSheet => self.style_name(text),
            // Keep the numbers of a list, but not its bullets.
            Destination::ListText if text.chars().any(char::is_alphanumeric) => {
                self.paragraph.text.push_str(text.trim());
                self.paragraph.text.push(' ');
            }
            _ => {}
        }
    }

    fn style_name(&mut self, text: &str) {
        self.style.1.push_str(text);
        let Some((name, _)) = self.style.1.split_once(';') else {
            return;
        };
        let level = group::heading_level(name);
        if let Some(level) = level {
            self.styles.insert(self.style.0, level);
        }
        self.style.1.clear();
    }

    fn end_paragraph(&mut self) -> Result<(), ExtractError> {
        if self.destination() != Destination::Body {
            return Ok(());
        }
        if self.paragraph.in_table {
            self.paragraph.text.push(' ');
            return Ok(());
        }
        self.end_table()?;
        let text = std::mem::take(&mut self.paragraph.text);
        let (bold, letters) = std::mem::take(&mut self.paragraph.bold);
        let trimmed = text.trim();
        let kind = if let Some(level) = self.paragraph.heading {
            BlockKind::Heading(level)
        } else if self.paragraph.listed
            || plain::list_item(trimmed).is_some_and(|rest| rest.len() < trimmed.len())
        {
            BlockKind::ListItem
        } else if letters >= 3
            && bold == letters
            && trimmed.chars().count() <= MAX_BOLD_HEADING
            && !trimmed.ends_with(['.', ',', ';', ':'])
        {
            BlockKind::Heading(4)
        } else {
            BlockKind::Paragraph
        };
        self.blocks.push(kind, trimmed, None)
    }

    fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.paragraph.text);
        let (bold, letters) = std::mem::take(&mut self.paragraph.bold);
        self.row_bold.0 += bold;
        self.row_bold.1 += letters;
        if self.cells.len() < 500 {
            self.cells.push(text);
        }
    }

    fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let (bold, letters) = std::mem::take(&mut self.row_bold);
        self.bold_rows.push(letters > 0 && bold == letters);
        self.table.get_or_insert_default().push(cells);
    }

    fn end_table(&mut self) -> Result<(), ExtractError> {
        let bold_rows = std::mem::take(&mut self.bold_rows);
        let Some(mut table) = self.table.take() else {
            return Ok(());
        };
        if let Some((true, rest)) = bold_rows.split_first().map(|(first, rest)| (*first, rest)) {
            table.marked_head = usize::from(rest.iter().any(|bold| !bold));
        }
        if table.is_frame() {
            for cell in table.cells() {
                self.blocks.push(BlockKind::Paragraph, cell, None)?;
            }
            return Ok(());
        }
        self.blocks.push_table(&table, None)
    }

    pub(super) fn finish(mut self) -> Result<Extracted, ExtractError> {
        self.decode();
        self.groups.truncate(1);
        self.paragraph.in_table = false;
        self.end_paragraph()?;
        self.end_table()?;
        if self.blocks.blocks.is_empty() && self.pictures > 0 {
            return Err(ExtractError::NoText);
        }
        let title = clean::flowing(&self.title);
        let mut out = self.blocks.finish(Format::Rtf);
        out.title = (!title.is_empty()).then_some(title);
        if self.pictures > 0 {
            out.notes
                .push("What is written in its pictures was not read.".into());
        }
        self.hidden.add_notes(&mut out);
        Ok(out)
    }
}
