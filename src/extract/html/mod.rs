//! Web pages: reads the main content, without menus, scripts and notices.

mod boilerplate;
mod comments;
mod content;
mod depth;
mod folded;
mod grid;
mod page;

use scraper::{ElementRef, Html, Node, node::Element};

use self::content::{find_charset, is_block, is_raised, is_template, main_content, select_first};
use self::folded::Folded;
use self::grid::{Grid, picture_text};
use super::hidden::Hidden;
use super::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, clean, decode, raised,
};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, find_charset(bytes).as_deref());
    depth::check(&text)?;
    let page = Html::parse_document(&text);
    let title =
        select_first(&page, "head > title").map(|t| clean::flowing(&t.text().collect::<String>()));
    let mut reader = Reader::new(Blocks::new(limits), Folded::of(&page));
    reader.hidden = Some(Hidden::new(limits));
    reader.walk(main_content(&page))?;
    if reader.blocks.blocks.is_empty() {
        // Everything looked like boilerplate, so it must be the content.
        reader.keep_all = true;
        reader.hidden = Some(Hidden::new(limits));
        reader.walk(page.root_element())?;
    }
    let hidden = reader.hidden.take().unwrap_or_default();
    let mut out = reader.blocks.finish(Format::Html);
    hidden.add_notes(&mut out);
    out.title = title.filter(|t| !t.is_empty());
    out.web = Some(page::read(&page));
    if out.blocks.is_empty() {
        return Err(ExtractError::Empty);
    }
    Ok(out)
}

/// Appends the text of an HTML fragment in another document.
pub(super) fn append_fragment(html: &str, blocks: &mut Blocks) -> Result<(), ExtractError> {
    depth::check(html)?;
    let page = Html::parse_document(html);
    let borrowed = std::mem::replace(
        blocks,
        Blocks {
            blocks: Vec::new(),
            bytes: 0,
            limit: 0,
        },
    );
    let mut reader = Reader::new(borrowed, Folded::of(&page));
    let done = reader.walk(page.root_element());
    *blocks = reader.blocks;
    done
}

/// Refuses a page whose elements are nested too deeply to parse safely.
pub fn check_depth(page: &str) -> Result<(), ExtractError> {
    depth::check(page)
}

/// Walks the tree without recursion, since a page may be nested arbitrarily deeply.
struct Reader {
    blocks: Blocks,
    text: String,
    kind: BlockKind,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    grid: Option<Grid>,
    /// How many tables inside the table are open; they are read as text.
    inner_tables: usize,
    preformatted: usize,
    /// The term of a description list whose description has not come yet.
    term: String,
    /// Where the text of the open link starts in `text`.
    link_start: usize,
    keep_all: bool,
    /// Sections that others wrote; `None` for a fragment, where we do not look for any.
    hidden: Option<Hidden>,
    folded: Folded,
    /// The open heading is the question of a folded answer.
    in_question: bool,
}

impl Reader {
    fn new(blocks: Blocks, folded: Folded) -> Self {
        Self {
            blocks,
            text: String::new(),
            kind: BlockKind::Paragraph,
            lists: Vec::new(),
            grid: None,
            inner_tables: 0,
            preformatted: 0,
            term: String::new(),
            link_start: 0,
            keep_all: false,
            hidden: None,
            folded,
            in_question: false,
        }
    }

    fn walk(&mut self, root: ElementRef<'_>) -> Result<(), ExtractError> {
        let mut current = *root;
        let mut descend = true;
        loop {
            if descend {
                descend = self.enter(current.value(), ElementRef::wrap(current))?;
                if descend && let Some(child) = current.first_child() {
                    current = child;
                    continue;
                }
                if descend {
                    self.leave(ElementRef::wrap(current))?;
                }
            } else {
                self.leave(ElementRef::wrap(current))?;
            }
            if current.id() == root.id() {
                return self.flush();
            }
            if let Some(next) = current.next_sibling() {
                current = next;
                descend = true;
            } else if let Some(parent) = current.parent() {
                current = parent;
                descend = false;
            } else {
                return self.flush();
            }
        }
    }

    /// Handles the start of a node; returns whether to walk its children.
    fn enter(
        &mut self,
        node: &Node,
        element: Option<ElementRef<'_>>,
    ) -> Result<bool, ExtractError> {
        if let Node::Text(text) = node {
            self.text.push_str(text);
            return Ok(false);
        }
        let (Node::Element(e), Some(element)) = (node, element) else {
            return Ok(matches!(node, Node::Document | Node::Fragment));
        };
        if self.is_left_out(element) || self.is_by_others(element) {
            return Ok(false);
        }
        let name = e.name();
        // A tab is left out in its row and becomes the heading of its panel.
        if let Some(tab) = self.folded.tab_of(element).map(str::to_owned)
            && self.grid.is_none()
        {
            self.flush()?;
            self.blocks.push(BlockKind::Heading(4), &tab, None)?;
        }
        if is_raised(e) {
            self.text.push(raised::BEGIN);
        }
        if self.grid.is_some() {
            self.enter_in_table(name, e);
            return Ok(true);
        }
        match name {
            "table" => {
                self.flush()?;
                if grid::is_data(element) {
                    self.grid = Some(Grid::default());
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes().get(1).map_or(6, |d| d - b'0');
                self.begin(BlockKind::Heading(level))?;
            }
            "summary" => self.begin(BlockKind::Heading(4))?,
            _ if self.begins_question(element) => {
                self.begin(BlockKind::Heading(4))?;
                self.in_question = true;
            }
            "ul" | "menu" => self.open_list(None)?,
            "ol" => {
                let start = e.attr("start").and_then(|s| s.parse().ok()).unwrap_or(1);
                self.open_list(Some(start))?;
            }
            "li" => {
                self.begin(BlockKind::ListItem)?;
                if let Some(Some(number)) = self.lists.last_mut() {
                    self.text = format!("{number}. ");
                    *number += 1;
                }
            }
            "dt" | "dd" => self.begin(BlockKind::ListItem)?,
            "pre" => {
                self.begin(BlockKind::Code)?;
                self.preformatted += 1;
            }
            "a" => self.link_start = self.text.len(),
            "br" if self.preformatted > 0 => self.text.push('\n'),
            "br" => self.text.push(LINE_BREAK),
            _ if is_block(name) => self.flush_inside_item()?,
            _ => {}
        }
        Ok(true)
    }

    fn is_left_out(&self, element: ElementRef<'_>) -> bool {
        let e = element.value();
        boilerplate::is_never_text(e)
            || (boilerplate::is_hidden(e) && !self.folded.has(element))
            || (e.name() == "button" && !self.folded.is_read(element))
            || self.folded.is_tab(element)
            || (!self.keep_all && boilerplate::is_boilerplate(element))
    }

    /// Whether to skip an element because others wrote it. Counts it if so.
    fn is_by_others(&mut self, element: ElementRef<'_>) -> bool {
        let Some(hidden) = &mut self.hidden else {
            return false;
        };
        if !comments::is_by_others(element) {
            return false;
        }
        comments::record(element, hidden);
        !hidden.read
    }

    fn begins_question(&self, element: ElementRef<'_>) -> bool {
        self.kind == BlockKind::Paragraph
            && self.preformatted == 0
            && self.text.trim().is_empty()
            && self.folded.is_question(element)
    }

    fn enter_in_table(&mut self, name: &str, e: &Element) {
        let Some(grid) = &mut self.grid else { return };
        match name {
            "table" => self.inner_tables += 1,
            _ if self.inner_tables > 0 => self.text.push(' '),
            "tr" => grid.open_row(),
            "td" | "th" => {
                self.text.clear();
                grid.open_cell(name == "th", e.attr("colspan"), e.attr("rowspan"));
            }
            "caption" => self.text.clear(),
            "a" => self.link_start = self.text.len(),
            "br" | "p" | "div" | "li" => self.text.push(' '),
            _ => {}
        }
    }

    fn leave(&mut self, element: Option<ElementRef<'_>>) -> Result<(), ExtractError> {
        let Some(element) = element else {
            return Ok(());
        };
        let e = element.value();
        let name = e.name();
        if is_raised(e) {
            self.text.push(raised::END);
        }
        if name == "a" {
            self.add_contact(e.attr("href").unwrap_or_default());
        }
        if self.in_question && self.folded.is_question(element) {
            return self.flush();
        }
        if let Some(grid) = &mut self.grid {
            match name {
                "table" if self.inner_tables > 0 => self.inner_tables -= 1,
                "table" => {
                    self.text.clear();
                    if let Some(grid) = self.grid.take() {
                        self.blocks.push_table(&grid.into_table(), None)?;
                    }
                }
                _ if self.inner_tables > 0 => self.text.push(' '),
                "td" | "th" => {
                    let text = std::mem::take(&mut self.text);
                    grid.close_cell(if is_template(&text) {
                        String::new()
                    } else if text.trim().is_empty() {
                        picture_text(element)
                    } else {
                        text
                    });
                }
                "tr" => grid.close_row(),
                "thead" => grid.end_of_header(),
                "tbody" | "tfoot" => grid.end_of_section(),
                "caption" => {
                    let caption = std::mem::take(&mut self.text);
                    self.blocks.push(BlockKind::Paragraph, &caption, None)?;
                }
                _ => {}
            }
            return Ok(());
        }
        match name {
            "ul" | "ol" | "menu" => {
                self.flush()?;
                self.lists.pop();
            }
            "dt" => {
                // Kept until the description: both become one block, `Term: description`.
                self.term = clean::flowing(&std::mem::take(&mut self.text));
                self.kind = BlockKind::Paragraph;
            }
            "dd" if !self.term.is_empty() => {
                let term = std::mem::take(&mut self.term);
                self.text = format!("{}: {}", term.trim_end_matches(':'), self.text.trim());
                self.flush()?;
            }
            "dl" => {
                self.flush()?;
                let term = std::mem::take(&mut self.term);
                self.blocks.push(BlockKind::ListItem, &term, None)?;
            }
            "pre" => {
                self.flush()?;
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary" | "li" | "dd" => self.flush()?,
            _ if is_block(name) => self.flush_inside_item()?,
            _ => {}
        }
        Ok(())
    }

    /// Adds a phone number or e-mail address that is only in the link: "Call us".
    fn add_contact(&mut self, href: &str) {
        let Some((scheme, target)) = href.split_once(':') else {
            return;
        };
        let shown = self.text.get(self.link_start..).unwrap_or_default();
        let target = target.split('?').next().unwrap_or_default();
        let missing = match scheme {
            "tel" => !shown.chars().any(|c| c.is_ascii_digit()) && target.len() >= 3,
            "mailto" => !shown.contains('@') && target.contains('@'),
            _ => false,
        };
        if missing {
            self.text.push_str(&format!(" ({target})"));
        }
    }

    fn open_list(&mut self, number: Option<u64>) -> Result<(), ExtractError> {
        self.flush()?;
        self.lists.push(number);
        Ok(())
    }

    fn begin(&mut self, kind: BlockKind) -> Result<(), ExtractError> {
        self.flush()?;
        self.kind = kind;
        Ok(())
    }

    /// Ends a paragraph; inside a list item, heading or quotation the block continues.
    fn flush_inside_item(&mut self) -> Result<(), ExtractError> {
        match self.kind {
            BlockKind::Paragraph => self.flush(),
            _ => {
                self.text.push('\n');
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> Result<(), ExtractError> {
        let text = std::mem::take(&mut self.text);
        let kind = std::mem::replace(&mut self.kind, BlockKind::Paragraph);
        let kind = if self.preformatted > 0 {
            BlockKind::Code
        } else {
            kind
        };
        self.link_start = 0;
        self.in_question = false;
        if kind != BlockKind::Code && is_template(&text) {
            return Ok(());
        }
        self.blocks.push(kind, &text, None)
    }
}
