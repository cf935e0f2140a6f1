//! OpenDocument files (ISO/IEC 26300): texts, spreadsheets and presentations use the same elements.

mod cells;

use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};

use self::cells::{MAX_COLUMNS, MAX_ROWS, OpenTable};
use super::hidden::Hidden;
use super::package::{self, Package, attribute, each_event, entity, local};
use super::sheet::{self, grid};
use super::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, plain, raised,
};

/// Deepest nesting of tables and text boxes; deeper documents are refused.
const MAX_DEPTH: usize = 100;

pub(super) fn read(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    // The archive of an encrypted file opens without a password; only the manifest tells.
    let encrypted = package.part("META-INF/manifest.xml", |xml| {
        let mut found = false;
        each_event(xml, |event| {
            if let Event::Start(e) | Event::Empty(e) = event {
                found |= local(e.name().as_ref()) == "encryption-data";
            }
            Ok(())
        })?;
        Ok(found)
    })?;
    if encrypted == Some(true) {
        return Err(ExtractError::Encrypted);
    }
    let mut reading = Reading {
        format,
        blocks: Blocks::new(limits),
        paragraphs: Vec::new(),
        tables: Vec::new(),
        lists: 0,
        page: 0,
        class: None,
        skipping: 0,
        sheets: 0,
        cut: false,
        style: Default::default(),
        hidden_styles: HashSet::new(),
        raised_styles: HashSet::new(),
        spans: Vec::new(),
        hidden: Hidden::new(limits),
    };
    package
        .part("content.xml", |xml| {
            each_event(xml, |event| reading.event(event))
        })?
        .ok_or_else(|| ExtractError::malformed("its main part is missing"))?;
    if reading.blocks.blocks.is_empty() && package.has_pictures() {
        return Err(ExtractError::NoText);
    }
    let properties = package
        .part("meta.xml", package::properties)?
        .unwrap_or_default();
    let heading = (reading.blocks.blocks.iter())
        .find(|b| b.kind == BlockKind::Heading(1))
        .map(|b| b.text.clone());
    let (pages, cut) = (reading.page, reading.cut);
    let hidden = reading.hidden;
    let mut out = reading.blocks.finish(format);
    out.title = properties.title.or(heading);
    out.written_at = properties.written_at;
    out.pages = (format == Format::Odp).then_some(pages);
    hidden.add_notes(&mut out);
    if cut {
        out.notes.push(format!(
            "A table has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns; what is beyond them was not read."
        ));
    }
    Ok(out)
}

struct Paragraph {
    kind: BlockKind,
    text: String,
    hidden: bool,
}

struct Reading {
    format: Format,
    blocks: Blocks,
    paragraphs: Vec<Paragraph>,
    tables: Vec<OpenTable>,
    lists: usize,
    page: u32,
    /// The presentation class of the open frame: "title", "outline".
    class: Option<String>,
    skipping: usize,
    sheets: usize,
    cut: bool,
    /// Family and name of the style being read.
    style: (String, String),
    /// Families and names of the styles that hide their content.
    hidden_styles: HashSet<(String, String)>,
    /// Names of the styles with raised text.
    raised_styles: HashSet<String>,
    /// Whether each open span is raised.
    spans: Vec<bool>,
    hidden: Hidden,
}

impl Reading {
    fn event(&mut self, event: Event<'_>) -> Result<(), ExtractError> {
        match event {
            Event::Start(e) => {
                let name = e.name();
                let name = local(name.as_ref());
                self.note_style(name, &e);
                if self.skipping > 0 || self.is_skipped(name, &e) {
                    self.skipping += 1;
                    return Ok(());
                }
                self.start(name, &e)
            }
            Event::Empty(e) => {
                let name = e.name();
                let name = local(name.as_ref());
                self.note_style(name, &e);
                if self.skipping > 0 || self.is_skipped(name, &e) {
                    return Ok(());
                }
                self.start(name, &e)?;
                self.end(name)
            }
            Event::End(_) if self.skipping > 0 => {
                self.skipping -= 1;
                Ok(())
            }
            Event::End(e) => self.end(local(e.name().as_ref())),
            Event::Text(t) if self.skipping == 0 => {
                self.add(&t.xml10_content());
                Ok(())
            }
            Event::GeneralRef(e) if self.skipping == 0 => {
                if let Some(c) = entity(&e) {
                    self.add(c.encode_utf8(&mut [0; 4]));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes a style that hides or raises its content; styles come before the content.
    fn note_style(&mut self, name: &str, e: &BytesStart<'_>) {
        match name {
            "style" => {
                let of = |name| attribute(e, name).unwrap_or_default();
                self.style = (of("family"), of("name"));
            }
            "table-properties" | "text-properties" | "drawing-page-properties" => {
                let is = |name, value| attribute(e, name).as_deref() == Some(value);
                if is("display", "false") || is("display", "none") || is("visibility", "hidden") {
                    self.hidden_styles.insert(self.style.clone());
                }
                // "super 58%", or the height it is raised by: "33% 58%".
                let position = attribute(e, "text-position").unwrap_or_default();
                let is_raised = position.starts_with("super")
                    || position.starts_with(|c: char| matches!(c, '1'..='9'));
                if name == "text-properties" && is_raised {
                    self.raised_styles.insert(self.style.1.clone());
                }
            }
            _ => {}
        }
    }

    fn is_hidden(&self, family: &str, e: &BytesStart<'_>) -> bool {
        let hides = |style| self.hidden_styles.contains(&(family.to_owned(), style));
        !self.hidden_styles.is_empty() && attribute(e, "style-name").is_some_and(hides)
    }

    /// Whether to skip content of this kind. Counts it if it is hidden.
    fn leave_out(&mut self, hidden: bool, kind: fn(&mut Hidden) -> &mut usize) -> bool {
        *kind(&mut self.hidden) += usize::from(hidden);
        hidden && !self.hidden.read
    }

    /// Whether to skip an element: deleted and hidden text, comments, and what a layout puts on each slide.
    fn is_skipped(&mut self, name: &str, e: &BytesStart<'_>) -> bool {
        match name {
            "hidden-text" => {
                let hidden = attribute(e, "is-hidden").as_deref() != Some("false");
                self.leave_out(hidden, |h| &mut h.texts)
            }
            "section" => {
                let hidden = attribute(e, "display").as_deref() == Some("none");
                self.leave_out(hidden, |h| &mut h.texts)
            }
            "table" if self.format == Format::Ods => {
                self.leave_out(self.is_hidden("table", e), |h| &mut h.sheets)
            }
            "table" => self.leave_out(self.is_hidden("table", e), |h| &mut h.texts),
            "p" | "h" => self.leave_out(self.is_hidden("paragraph", e), |h| &mut h.texts),
            "span" => self.leave_out(self.is_hidden("text", e), |h| &mut h.texts),
            // Speaker notes; the notes of a text document are "note".
            "notes" => self.leave_out(true, |h| &mut h.spoken),
            "page" => self.leave_out(self.is_hidden("drawing-page", e), |h| &mut h.slides),
            "annotation" => self.leave_out(true, |h| &mut h.comments),
            // Author and date of a comment; fields of these names in a text have the prefix `text:`.
            "creator" | "date" | "creator-initials" => !e.name().as_ref().starts_with("text:"),
            // A form field that was not filled in.
            "placeholder" => true,
            "content-control" => attribute(e, "showing-place-holder").as_deref() == Some("true"),
            "tracked-changes" | "note-citation" | "ruby-text" | "forms" | "automatic-styles"
            | "font-face-decls" | "scripts" | "title" | "desc" => true,
            "frame" => matches!(
                attribute(e, "class").as_deref(),
                Some("page-number" | "date-time" | "footer" | "header" | "page")
            ),
            _ => false,
        }
    }

    fn start(&mut self, name: &str, e: &BytesStart<'_>) -> Result<(), ExtractError> {
        if self.paragraphs.len() + self.tables.len() > MAX_DEPTH {
            return Err(ExtractError::malformed(
                "its tables and boxes are nested too deeply",
            ));
        }
        match name {
            "h" => {
                let level = attribute(e, "outline-level")
                    .and_then(|v| v.parse().ok())
                    .map_or(1, |n: u8| n.clamp(1, 6));
                self.open(BlockKind::Heading(level));
            }
            "p" => {
                let style = attribute(e, "style-name").unwrap_or_default();
                let kind = match (style.as_str(), self.class.as_deref()) {
                    ("Title", _) => BlockKind::Heading(1),
                    (_, Some("title")) => BlockKind::Heading(2),
                    ("Preformatted_20_Text", _) => BlockKind::Code,
                    _ if self.lists > 0 => BlockKind::ListItem,
                    _ => BlockKind::Paragraph,
                };
                self.open(kind);
            }
            "s" => {
                let count = attribute(e, "c").and_then(|v| v.parse().ok());
                self.add(&" ".repeat(count.unwrap_or(1usize).min(200)));
            }
            "hidden-paragraph" if attribute(e, "is-hidden").as_deref() != Some("false") => {
                if let Some(open) = self.paragraphs.last_mut() {
                    open.hidden = !self.hidden.read;
                    self.hidden.texts += 1;
                }
            }
            "span" => {
                let style = attribute(e, "style-name").unwrap_or_default();
                let is_raised = self.raised_styles.contains(&style);
                self.spans.push(is_raised);
                if is_raised {
                    self.add(raised::BEGIN.encode_utf8(&mut [0; 4]));
                }
            }
            "tab" => self.add(" "),
            "line-break" => self.add(LINE_BREAK.encode_utf8(&mut [0; 4])),
            "list" => self.lists += 1,
            "page" => self.page += 1,
            "frame" => self.class = attribute(e, "class"),
            "table" => self.tables.push(OpenTable::new(
                attribute(e, "name").unwrap_or_default(),
                self.hidden.read,
            )),
            _ => {
                if let Some(table) = self.tables.last_mut() {
                    table.start(name, e);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, kind: BlockKind) {
        let text = String::new();
        self.paragraphs.push(Paragraph {
            kind,
            text,
            hidden: false,
        });
    }

    fn add(&mut self, text: &str) {
        if let Some(open) = self.paragraphs.last_mut() {
            open.text.push_str(text);
        }
    }

    fn end(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "h" | "p" => self.end_paragraph(),
            "span" => {
                if self.spans.pop() == Some(true) {
                    self.add(raised::END.encode_utf8(&mut [0; 4]));
                }
                Ok(())
            }
            "list" => {
                self.lists = self.lists.saturating_sub(1);
                Ok(())
            }
            "frame" => {
                self.class = None;
                Ok(())
            }
            "table" => self.end_table(),
            _ => {
                if let Some(table) = self.tables.last_mut() {
                    self.cut |= table.end(name);
                }
                Ok(())
            }
        }
    }

    fn end_paragraph(&mut self) -> Result<(), ExtractError> {
        let Some(mut p) = self.paragraphs.pop() else {
            return Ok(());
        };
        if p.hidden || p.text.trim().is_empty() {
            return Ok(());
        }
        if let Some(table) = self.tables.last_mut() {
            if !table.cell.is_empty() {
                table.cell.push(' ');
            }
            table.cell.push_str(p.text.trim());
            return Ok(());
        }
        // Bullets typed by hand instead of formatted as a list.
        if p.kind == BlockKind::Paragraph
            && plain::list_item(&p.text).is_some_and(|rest| rest.len() < p.text.len())
        {
            p.kind = BlockKind::ListItem;
        }
        self.blocks.push(p.kind, &p.text, self.page_now())
    }

    fn page_now(&self) -> Option<u32> {
        (self.format == Format::Odp && self.page > 0).then_some(self.page)
    }

    fn end_table(&mut self) -> Result<(), ExtractError> {
        let Some(table) = self.tables.pop() else {
            return Ok(());
        };
        let page = self.page_now();
        self.hidden.cells += table.hidden;
        if self.format == Format::Ods && self.tables.is_empty() {
            self.sheets += 1;
            if !table.rows.is_empty() {
                sheet::push_heading(&table.name, false, &mut self.blocks)?;
                grid::append(table.rows, &mut self.blocks)?;
            }
            return Ok(());
        }
        let table = table.into_table();
        if let Some(outer) = self.tables.last_mut() {
            outer.cell.push_str(&table.rows().join("; "));
            return Ok(());
        }
        if table.is_frame() {
            for cell in table.cells() {
                self.blocks.push(BlockKind::Paragraph, cell, page)?;
            }
            return Ok(());
        }
        self.blocks.push_table(&table, page)
    }
}
