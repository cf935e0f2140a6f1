//! The text of a Word document, in reading order.

use quick_xml::events::{BytesStart, Event};

use super::math::Math;
use super::styles::{Role, Styles};
use super::table::OpenTable;
use crate::extract::hidden::Hidden;
use crate::extract::numbering::Numbering;
use crate::extract::package::{Xml, attribute, each_event, entity, local};
use crate::extract::{BlockKind, Blocks, ExtractError, LINE_BREAK, plain, raised};

/// Longest paragraph that counts as a heading because all of it is bold, in characters.
const MAX_BOLD_HEADING: usize = 80;
/// The level of such a heading, below all headings that have a heading style.
const BOLD_HEADING_LEVEL: u8 = 4;
/// Text raised by at least this many half points is superscript; by less, only its position was corrected.
const MIN_RAISED: i32 = 4;
/// Deepest nesting of tables and text boxes; deeper documents are refused.
const MAX_DEPTH: usize = 100;

#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    outline: Option<u8>,
    numbered: Option<bool>,
    list: Option<String>,
    level: Option<usize>,
    /// Bold letters and all letters.
    bold: (usize, usize),
    math: Math,
}

#[derive(Default)]
struct Run {
    bold: bool,
    hidden: bool,
    raised: bool,
    /// The prompt of a form field that was not filled in.
    prompt: bool,
}

/// The state of reading. Text boxes and tables contain paragraphs in turn, so both are stacks.
struct Body<'s, 'b> {
    styles: &'s Styles,
    numbering: &'b mut Numbering,
    blocks: &'b mut Blocks,
    hidden: &'b mut Hidden,
    paragraphs: Vec<Paragraph>,
    tables: Vec<OpenTable>,
    run: Run,
    /// Whether each open content control shows its prompt.
    controls: Vec<bool>,
    in_run_properties: bool,
    in_text: bool,
    /// How deep we are inside a skipped element (a fallback rendering, deleted text).
    skipping: usize,
}

/// Appends the text of one part.
pub(super) fn read(
    xml: &mut Xml<'_>,
    styles: &Styles,
    numbering: &mut Numbering,
    blocks: &mut Blocks,
    hidden: &mut Hidden,
) -> Result<(), ExtractError> {
    let mut body = Body {
        styles,
        numbering,
        blocks,
        hidden,
        paragraphs: Vec::new(),
        tables: Vec::new(),
        run: Run::default(),
        controls: Vec::new(),
        in_run_properties: false,
        in_text: false,
        skipping: 0,
    };
    each_event(xml, |event| body.event(event))?;
    // A damaged document may end with open elements.
    while !body.paragraphs.is_empty() {
        body.end_paragraph()?;
    }
    while !body.tables.is_empty() {
        body.with_table(|t| {
            t.end_cell();
            t.end_row();
        });
        body.end_table()?;
    }
    Ok(())
}

/// How many comments a part has.
pub(super) fn count_comments(xml: &mut Xml<'_>) -> Result<usize, ExtractError> {
    let mut count = 0;
    each_event(xml, |event| {
        if let Event::Start(e) = event {
            count += usize::from(local(e.name().as_ref()) == "comment");
        }
        Ok(())
    })?;
    Ok(count)
}

impl Body<'_, '_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), ExtractError> {
        match event {
            Event::Start(e) => {
                let name = e.name();
                let name = local(name.as_ref());
                if self.skipping > 0 || is_skipped(name) {
                    self.skipping += 1;
                    return Ok(());
                }
                self.start(name, &e)
            }
            Event::Empty(e) if self.skipping == 0 => {
                let name = e.name();
                let name = local(name.as_ref());
                match name {
                    "p" | "tbl" | "tr" | "tc" | "sdt" => {
                        self.start(name, &e)?;
                        self.end(name)
                    }
                    // An empty `w:t` opens nothing.
                    "t" | "r" | "rPr" => Ok(()),
                    _ => {
                        self.start(name, &e)?;
                        self.with_paragraph(|p| p.math.end(name, &mut p.text));
                        Ok(())
                    }
                }
            }
            Event::End(_) if self.skipping > 0 => {
                self.skipping -= 1;
                Ok(())
            }
            Event::End(e) => self.end(local(e.name().as_ref())),
            Event::Text(t) if self.in_text && self.skipping == 0 => {
                self.add(&t.xml10_content());
                Ok(())
            }
            Event::CData(t) if self.in_text && self.skipping == 0 => {
                self.add(&t.xml10_content());
                Ok(())
            }
            Event::GeneralRef(e) if self.in_text && self.skipping == 0 => {
                if let Some(c) = entity(&e) {
                    self.add(c.encode_utf8(&mut [0; 4]));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, name: &str, e: &BytesStart<'_>) -> Result<(), ExtractError> {
        if self.paragraphs.len() + self.tables.len() > MAX_DEPTH {
            return Err(ExtractError::malformed(
                "its tables and boxes are nested too deeply",
            ));
        }
        // Elements of formulas have names of their own, which others share.
        if e.name().as_ref().starts_with("m:") {
            self.with_paragraph(|p| p.math.start(name, &mut p.text));
        }
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "tbl" => self.tables.push(OpenTable::default()),
            "r" => self.run = Run::default(),
            "rPr" => self.in_run_properties = true,
            "b" if self.in_run_properties => self.run.bold = is_on(e),
            "vanish" if self.in_run_properties => self.run.hidden = is_on(e),
            "vertAlign" if self.in_run_properties => {
                self.run.raised = attribute(e, "val").as_deref() == Some("superscript");
            }
            // In half points.
            "position" if self.in_run_properties => {
                let raised = attribute(e, "val").and_then(|v| v.parse::<i32>().ok());
                self.run.raised |= raised.is_some_and(|by| by >= MIN_RAISED);
            }
            "rStyle" if self.in_run_properties => {
                let style = attribute(e, "val").unwrap_or_default();
                self.run.prompt = self.styles.is_prompt(&style);
                self.run.raised = self.styles.is_raised(&style);
            }
            "sdt" => self.controls.push(false),
            "showingPlcHdr" => {
                if let Some(shows_prompt) = self.controls.last_mut() {
                    *shows_prompt = is_on(e);
                }
            }
            "t" => self.in_text = true,
            "br" | "cr" => self.add(LINE_BREAK.encode_utf8(&mut [0; 4])),
            "tab" | "ptab" if !self.in_properties(e) => self.add(" "),
            "noBreakHyphen" => self.add("-"),
            "pStyle" => self.with_paragraph(|p| p.style = attribute(e, "val")),
            "outlineLvl" => {
                self.with_paragraph(|p| {
                    p.outline = attribute(e, "val").and_then(|v| v.parse().ok())
                });
            }
            "numId" => {
                let list = attribute(e, "val").filter(|id| id != "0");
                self.with_paragraph(|p| (p.numbered, p.list) = (Some(list.is_some()), list));
            }
            "ilvl" => {
                self.with_paragraph(|p| p.level = attribute(e, "val").and_then(|v| v.parse().ok()));
            }
            "tblHeader" => self.with_table(|t| t.mark_row(is_on(e))),
            "gridBefore" => self.with_table(|t| t.skip(number(e))),
            "gridSpan" => self.with_table(|t| t.span(number(e))),
            "vMerge" => {
                let continues = attribute(e, "val").is_none_or(|v| v == "continue");
                self.with_table(|t| t.set_continues(continues));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), ExtractError> {
        self.with_paragraph(|p| p.math.end(name, &mut p.text));
        match name {
            "p" => self.end_paragraph()?,
            "rPr" => self.in_run_properties = false,
            "t" => self.in_text = false,
            "tc" => self.with_table(OpenTable::end_cell),
            "tr" => self.with_table(OpenTable::end_row),
            "sdt" => {
                self.controls.pop();
            }
            "tbl" => self.end_table()?,
            _ => {}
        }
        Ok(())
    }

    /// `w:tab` is a tab character in text and a tab stop in properties; only the latter has a position.
    fn in_properties(&self, e: &BytesStart<'_>) -> bool {
        attribute(e, "pos").is_some()
    }

    fn with_paragraph(&mut self, change: impl FnOnce(&mut Paragraph)) {
        if let Some(p) = self.paragraphs.last_mut() {
            change(p);
        }
    }

    fn with_table(&mut self, change: impl FnOnce(&mut OpenTable)) {
        if let Some(t) = self.tables.last_mut() {
            change(t);
        }
    }

    fn add(&mut self, text: &str) {
        if self.run.prompt || self.controls.contains(&true) {
            return;
        }
        if self.run.hidden && !text.trim().is_empty() {
            self.hidden.texts += 1;
        }
        if self.run.hidden && !self.hidden.read {
            return;
        }
        let (bold, letters) = (
            self.run.bold,
            text.chars().filter(|c| c.is_alphanumeric()).count(),
        );
        let raised = self.run.raised.then(|| raised::mark(text));
        self.with_paragraph(|p| {
            p.text.push_str(raised.as_deref().unwrap_or(text));
            p.bold.1 += letters;
            if bold {
                p.bold.0 += letters;
            }
        });
    }

    fn end_paragraph(&mut self) -> Result<(), ExtractError> {
        let Some(mut p) = self.paragraphs.pop() else {
            return Ok(());
        };
        if let Some(label) = self.label(&p) {
            p.text = format!("{label} {}", p.text);
        }
        if let Some(t) = self.tables.last_mut() {
            if !p.text.trim().is_empty() {
                if !t.cell.is_empty() {
                    t.cell.push(' ');
                }
                t.cell.push_str(p.text.trim());
                t.row_bold.0 += p.bold.0;
                t.row_bold.1 += p.bold.1;
            }
            return Ok(());
        }
        let kind = self.kind(&p);
        self.blocks.push(kind, &p.text, None)
    }

    /// The number that Word shows before a paragraph. An empty one counts too, but its number is not told.
    fn label(&mut self, p: &Paragraph) -> Option<String> {
        if p.numbered == Some(false) {
            return None;
        }
        let style = p.style.as_deref();
        let of_style = style.and_then(|id| self.styles.list(id));
        let list = (p.list.as_deref()).or(of_style.map(|(list, _)| list))?;
        // A level of the list may name the style that it belongs to, which counts more than the style's own level.
        let linked = || {
            let mut chain = style.into_iter().flat_map(|id| self.styles.chain(id));
            chain.find_map(|id| self.numbering.level_of(list, id))
        };
        let level = (p.level)
            .or_else(linked)
            .or(of_style.and_then(|(_, level)| level))
            .unwrap_or(0);
        (self.numbering.next(list, level)).filter(|_| !p.text.trim().is_empty())
    }

    fn kind(&self, p: &Paragraph) -> BlockKind {
        let role = match p.outline {
            Some(level) if level < 6 => Role::Heading(level + 1),
            _ => p
                .style
                .as_deref()
                .map_or(Role::Text, |id| self.styles.role(id)),
        };
        let text = p.text.trim();
        match (role, p.numbered) {
            (Role::Heading(level), _) => BlockKind::Heading(level),
            (_, Some(true)) | (Role::ListItem, None) => BlockKind::ListItem,
            _ if is_bold_heading(text, p.bold) => BlockKind::Heading(BOLD_HEADING_LEVEL),
            // Bullets typed by hand instead of formatted as a list.
            _ if plain::list_item(text).is_some_and(|rest| rest.len() < text.len()) => {
                BlockKind::ListItem
            }
            _ => BlockKind::Paragraph,
        }
    }

    fn end_table(&mut self) -> Result<(), ExtractError> {
        let Some(table) = self.tables.pop().map(OpenTable::into_table) else {
            return Ok(());
        };
        if let Some(outer) = self.tables.last_mut() {
            for row in table.rows() {
                if !outer.cell.is_empty() {
                    outer.cell.push_str("; ");
                }
                outer.cell.push_str(&row);
            }
            return Ok(());
        }
        if table.is_frame() {
            for cell in table.cells() {
                self.blocks.push(BlockKind::Paragraph, cell, None)?;
            }
            return Ok(());
        }
        self.blocks.push_table(&table, None)
    }
}

/// Elements whose text a reader does not see, or sees elsewhere too.
fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "Fallback"
            | "del"
            | "moveFrom"
            | "instrText"
            | "delText"
            | "sectPr"
            // The formatting before a tracked change.
            | "rPrChange"
            | "pPrChange"
            | "tblPrChange"
            | "trPrChange"
            | "tcPrChange"
    )
}

/// The value of a numeric property.
fn number(e: &BytesStart<'_>) -> Option<usize> {
    attribute(e, "val").and_then(|v| v.parse().ok())
}

/// A boolean property is on unless its value says otherwise.
fn is_on(e: &BytesStart<'_>) -> bool {
    !matches!(
        attribute(e, "val").as_deref(),
        Some("0" | "false" | "off" | "none")
    )
}

fn is_bold_heading(text: &str, (bold, letters): (usize, usize)) -> bool {
    letters >= 3
        && bold == letters
        && text.chars().count() <= MAX_BOLD_HEADING
        && !text.ends_with(['.', ',', ';', ':'])
}
