//! Presentations: each slide is a page with its title, text and tables.

use quick_xml::events::{BytesStart, Event};

use super::chart::Chart;
use super::hidden::Hidden;
use super::package::{self, Package, Xml, attribute, each_event, entity, local};
use super::table::{Above, Cell, Table};
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, raised};

/// Most columns that a cell may span.
const MAX_SPAN: usize = 60;
/// Most slides to read.
const MAX_SLIDES: usize = 3_000;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    let main = package.main_part("ppt/presentation.xml")?;
    let order = package
        .part(&main, read_slide_order)?
        .ok_or_else(|| ExtractError::malformed("its main part is missing"))?;
    let parts = package.relations(&main)?;
    let slides: Vec<&str> = order
        .iter()
        .filter_map(|id| parts.iter().find(|r| r.id == *id))
        .map(|r| r.target.as_str())
        .take(MAX_SLIDES)
        .collect();
    let mut blocks = Blocks::new(limits);
    let (mut hidden, mut pictures) = (Hidden::new(limits), 0);
    for (number, name) in (1..).zip(&slides) {
        let Some(slide) = package.part(name, Slide::read)? else {
            continue;
        };
        if slide.hidden {
            hidden.slides += 1;
            if !hidden.read {
                continue;
            }
        }
        pictures += usize::from(slide.pictures > 0 && slide.items.is_empty());
        slide.append(&mut blocks, number)?;
        let related = package.relations(name)?;
        for part in related {
            match part.kind.as_str() {
                "notesSlide" => {
                    // Speaker notes are not for the audience.
                    let notes = package.part(&part.target, Slide::read)?;
                    if let Some(notes) = notes.filter(|n| !n.items.is_empty()) {
                        hidden.spoken += 1;
                        if hidden.read {
                            notes.append(&mut blocks, number)?;
                        }
                    }
                }
                "chart" => {
                    if let Some(chart) = package.part(&part.target, Chart::read)? {
                        chart.append(&mut blocks, Some(number))?;
                    }
                }
                "diagramData" => {
                    let points = |xml: &mut Xml<'_>| read_texts(xml, &["t"], &["t"]);
                    for text in package.part(&part.target, points)?.into_iter().flatten() {
                        blocks.push(BlockKind::ListItem, &text, Some(number))?;
                    }
                }
                // Since 2021 a comment has `a:t` in paragraphs and replies within it; before, one `p:text`.
                "comments" => {
                    let comments =
                        |xml: &mut Xml<'_>| read_texts(xml, &["cm", "reply"], &["t", "text"]);
                    let comments = package.part(&part.target, comments)?.unwrap_or_default();
                    hidden.comments += comments.len();
                    for text in comments.iter().filter(|_| hidden.read) {
                        blocks.push(BlockKind::Paragraph, text, Some(number))?;
                    }
                }
                _ => {}
            }
        }
    }
    if blocks.blocks.is_empty() && (pictures > 0 || package.has_pictures()) {
        return Err(ExtractError::NoText);
    }
    let properties = package
        .part("docProps/core.xml", package::properties)?
        .unwrap_or_default();
    let mut out = blocks.finish(Format::Pptx);
    let first_title = out
        .blocks
        .iter()
        .find(|b| matches!(b.kind, BlockKind::Heading(_)))
        .map(|b| b.text.clone());
    out.title = first_title.or(properties
        .title
        // PowerPoint's default title.
        .filter(|t| !t.starts_with("PowerPoint")));
    out.written_at = properties.written_at;
    out.pages = u32::try_from(slides.len()).ok();
    hidden.add_notes(&mut out);
    if pictures > 0 {
        out.notes.push(format!(
            "{pictures} slides hold pictures and no text; what is written in the pictures was not read."
        ));
    }
    Ok(out)
}

/// The relationship ids of the slides in the order in which they are shown.
fn read_slide_order(xml: &mut Xml<'_>) -> Result<Vec<String>, ExtractError> {
    let mut order = Vec::new();
    each_event(xml, |event| {
        if let Event::Start(e) | Event::Empty(e) = event
            && local(e.name().as_ref()) == "sldId"
        {
            // `id` is the slide's number, `r:id` its relationship.
            let relation = e.attributes().flatten().find(|a| {
                let key = a.key.as_ref();
                local(key) == "id" && key.contains(':')
            });
            order.extend(relation.map(|a| a.value.into_owned()));
        }
        Ok(())
    })?;
    Ok(order)
}

enum Item {
    Text(BlockKind, String),
    Table(Table),
}

#[derive(Default)]
struct Slide {
    items: Vec<Item>,
    hidden: bool,
    pictures: usize,
}

/// The shape being read.
#[derive(Default)]
struct Shape {
    /// The type of its placeholder, such as "title" or "body"; "obj" if it has none.
    placeholder: Option<String>,
    paragraphs: Vec<(bool, String)>,
}

#[derive(Default)]
struct Reading {
    slide: Slide,
    shape: Shape,
    /// The open paragraph: whether it has a bullet, and its text.
    paragraph: Option<(bool, String)>,
    table: Option<Table>,
    row: Vec<Cell>,
    above: Above,
    cell: Option<String>,
    /// How many columns the open cell spans; 0 if the cell before it covers it.
    span: usize,
    /// The open cell continues one of the row above.
    continues: bool,
    in_text: bool,
    /// The open run is superscript.
    is_raised: bool,
}

impl Slide {
    fn read(xml: &mut Xml<'_>) -> Result<Self, ExtractError> {
        let mut reading = Reading::default();
        each_event(xml, |event| {
            match event {
                Event::Start(e) => reading.start(&e),
                Event::Empty(e) => {
                    reading.start(&e);
                    reading.end(local(e.name().as_ref()));
                }
                Event::End(e) => reading.end(local(e.name().as_ref())),
                Event::Text(t) if reading.in_text && reading.is_raised => {
                    reading.add(&raised::mark(&t.xml10_content()));
                }
                Event::Text(t) if reading.in_text => reading.add(&t.xml10_content()),
                Event::GeneralRef(e) if reading.in_text => {
                    if let Some(c) = entity(&e) {
                        reading.add(c.encode_utf8(&mut [0; 4]));
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        reading.end("sp");
        Ok(reading.slide)
    }

    fn append(&self, blocks: &mut Blocks, page: u32) -> Result<(), ExtractError> {
        // The title comes first, wherever it is in the file.
        let is_title = |i: &&Item| matches!(i, Item::Text(BlockKind::Heading(1 | 2), _));
        let (titles, others): (Vec<&Item>, Vec<&Item>) = self.items.iter().partition(is_title);
        for item in titles.into_iter().chain(others) {
            match item {
                Item::Text(kind, text) => blocks.push(*kind, text, Some(page))?,
                Item::Table(table) => blocks.push_table(table, Some(page))?,
            }
        }
        Ok(())
    }
}

impl Reading {
    fn start(&mut self, e: &BytesStart<'_>) {
        match local(e.name().as_ref()) {
            "sld" => self.slide.hidden = attribute(e, "show").is_some_and(|v| v == "0"),
            "sp" => self.shape = Shape::default(),
            "pic" => self.slide.pictures += 1,
            "ph" => {
                self.shape.placeholder = Some(attribute(e, "type").unwrap_or_else(|| "obj".into()));
            }
            "tbl" => (self.table, self.above) = (Some(Table::default()), Above::default()),
            "tblPr" => {
                if let Some(table) = &mut self.table {
                    table.marked_head = usize::from(is_on(e, "firstRow"));
                }
            }
            "tr" => self.row.clear(),
            "tc" => {
                self.cell = Some(String::new());
                let columns = attribute(e, "gridSpan").and_then(|v| v.parse().ok());
                self.span = match is_on(e, "hMerge") {
                    true => 0,
                    false => columns.unwrap_or(1).clamp(1, MAX_SPAN),
                };
                self.continues = is_on(e, "vMerge");
            }
            "r" => self.is_raised = false,
            "rPr" => {
                // In thousandths of a percent of the font size; positive is superscript.
                let baseline = attribute(e, "baseline").and_then(|v| v.parse::<i32>().ok());
                self.is_raised = baseline.is_some_and(|by| by > 0);
            }
            "p" => self.paragraph = Some((self.is_bulleted_body(), String::new())),
            "buNone" => self.with_paragraph(|p| p.0 = false),
            "buChar" | "buAutoNum" | "buBlip" => self.with_paragraph(|p| p.0 = true),
            "br" => self.add(LINE_BREAK.encode_utf8(&mut [0; 4])),
            "t" => self.in_text = true,
            _ => {}
        }
    }

    /// Body placeholders have bullets unless a paragraph removes them.
    fn is_bulleted_body(&self) -> bool {
        matches!(self.shape.placeholder.as_deref(), Some("body" | "obj"))
    }

    fn with_paragraph(&mut self, change: impl FnOnce(&mut (bool, String))) {
        if let Some(paragraph) = &mut self.paragraph {
            change(paragraph);
        }
    }

    fn add(&mut self, text: &str) {
        self.with_paragraph(|p| p.1.push_str(text));
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => {
                let Some((bullet, text)) = self.paragraph.take() else {
                    return;
                };
                if text.trim().is_empty() {
                    return;
                }
                match &mut self.cell {
                    Some(cell) => {
                        cell.push(' ');
                        cell.push_str(text.trim());
                    }
                    None => self.shape.paragraphs.push((bullet, text)),
                }
            }
            "tc" => {
                let text = self.cell.take().unwrap_or_default();
                // A continuation cell is empty in the file; it repeats the text of the cell above.
                let above = match self.continues && text.is_empty() {
                    true => self.above.continue_after(&self.row),
                    false => None,
                };
                if self.span > 0 {
                    self.row.push(Cell {
                        columns: self.span,
                        ..above.unwrap_or(Cell::from(text))
                    });
                }
            }
            "tr" => {
                let row = std::mem::take(&mut self.row);
                self.above.set(&row);
                if let Some(table) = &mut self.table {
                    table.push_cells(row);
                }
            }
            "tbl" => {
                if let Some(table) = self.table.take().filter(|t| !t.is_empty()) {
                    self.slide.items.push(Item::Table(table));
                }
            }
            "sp" | "cxnSp" => self.end_shape(),
            _ => {}
        }
    }

    fn end_shape(&mut self) {
        let shape = std::mem::take(&mut self.shape);
        match shape.placeholder.as_deref() {
            // Slide number, date and footer come from the layout.
            Some("sldNum" | "dt" | "ftr" | "hdr" | "sldImg") => {}
            Some("title" | "ctrTitle") => {
                let lines: Vec<String> = shape.paragraphs.into_iter().map(|(_, t)| t).collect();
                let title = lines.join(" ").replace(LINE_BREAK, " ");
                if !title.trim().is_empty() {
                    self.slide
                        .items
                        .push(Item::Text(BlockKind::Heading(2), title));
                }
            }
            _ => {
                let alone = shape.paragraphs.len() == 1;
                for (bullet, text) in shape.paragraphs {
                    let kind = match bullet && !alone {
                        true => BlockKind::ListItem,
                        false => BlockKind::Paragraph,
                    };
                    self.slide.items.push(Item::Text(kind, text));
                }
            }
        }
    }
}

fn is_on(e: &BytesStart<'_>, name: &str) -> bool {
    attribute(e, name).is_some_and(|v| v == "1" || v == "true")
}

/// Texts of a part that is not a slide. `begins` names the elements that begin one, `holds` those with its words.
fn read_texts(
    xml: &mut Xml<'_>,
    begins: &[&str],
    holds: &[&str],
) -> Result<Vec<String>, ExtractError> {
    let (mut inside, mut found) = (false, Vec::<String>::new());
    // The numbers of those that are open: a comment has its replies before its own words.
    let mut open: Vec<usize> = Vec::new();
    each_event(xml, |event| {
        let mut add = |text: &str| {
            if let Some(text_of) = open.last().and_then(|i| found.get_mut(*i)) {
                text_of.push_str(text);
            }
        };
        match event {
            Event::Start(e) => {
                let name = e.name();
                let name = local(name.as_ref());
                inside = holds.contains(&name);
                if begins.contains(&name) {
                    open.push(found.len());
                    found.push(String::new());
                }
            }
            Event::End(e) => {
                inside = false;
                let name = e.name();
                let name = local(name.as_ref());
                if name == "p" {
                    add(" ");
                }
                if begins.contains(&name) {
                    open.pop();
                }
            }
            Event::Text(t) if inside => add(&t.xml10_content()),
            Event::GeneralRef(e) if inside => {
                if let Some(c) = entity(&e) {
                    add(c.encode_utf8(&mut [0; 4]));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    found.retain(|t| !t.trim().is_empty());
    Ok(found)
}
