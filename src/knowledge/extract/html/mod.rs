//! Web pages: the main content, without menus, scripts and notices.

mod boilerplate;
mod depth;
mod grid;
mod page;

use scraper::{ElementRef, Html, Node, Selector, node::Element};

use self::grid::Grid;
use super::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, clean, decode,
};

/// Text shorter than this in `main` or `article` is not the page's content, in characters.
const MIN_MAIN_TEXT: usize = 80;

/// Read a web page.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, declared_charset(bytes).as_deref());
    depth::check(&text)?;
    let page = Html::parse_document(&text);
    let title = first(&page, "head > title").map(|t| clean::flowing(&t.text().collect::<String>()));
    let mut reader = Reader::new(Blocks::new(limits));
    reader.walk(main_content(&page))?;
    if reader.blocks.blocks.is_empty() {
        // Everything looked like decoration: then the decoration is the content.
        reader.keep_all = true;
        reader.walk(page.root_element())?;
    }
    let mut out = reader.blocks.finish(Format::Html);
    out.title = title.filter(|t| !t.is_empty());
    out.web = Some(page::read(&page));
    if out.blocks.is_empty() {
        return Err(ExtractError::Empty);
    }
    Ok(out)
}

/// Append the text of a piece of HTML that stands in another document.
pub(super) fn append_fragment(html: &str, blocks: &mut Blocks) -> Result<(), ExtractError> {
    depth::check(html)?;
    let page = Html::parse_document(html);
    let lent = std::mem::replace(
        blocks,
        Blocks {
            blocks: Vec::new(),
            bytes: 0,
            limit: 0,
        },
    );
    let mut reader = Reader::new(lent);
    let done = reader.walk(page.root_element());
    *blocks = reader.blocks;
    done
}

/// Refuses a page whose tags are nested so deeply that walking it would be dangerous.
pub(in crate::knowledge) fn check_depth(page: &str) -> Result<(), String> {
    depth::check(page).map_err(|error| error.to_string())
}

/// The encoding that the page itself names in its first kilobyte.
fn declared_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(1_024))?).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    (!label.is_empty()).then_some(label)
}

fn first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    page.select(&Selector::parse(selector).ok()?).next()
}

/// `main`, else the only `article`, else everything.
fn main_content(page: &Html) -> ElementRef<'_> {
    let long_enough = |e: &ElementRef<'_>| {
        e.text()
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .take(MIN_MAIN_TEXT)
            .count()
            == MIN_MAIN_TEXT
    };
    if let Some(main) = first(page, "main, [role=main]").filter(long_enough) {
        return main;
    }
    let articles: Vec<ElementRef<'_>> = Selector::parse("article")
        .map(|s| page.select(&s).collect())
        .unwrap_or_default();
    if let [only] = articles.as_slice()
        && long_enough(only)
    {
        return *only;
    }
    page.root_element()
}

/// Walks the tree without recursion, since a page may be nested as deeply as it likes.
struct Reader {
    blocks: Blocks,
    text: String,
    kind: BlockKind,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    grid: Option<Grid>,
    /// Tables inside a table whose cells are read as text.
    inner_tables: usize,
    preformatted: usize,
    /// The term of a description list that waits for its description.
    term: String,
    /// Where the text of the open link starts.
    link_start: usize,
    keep_all: bool,
}

impl Reader {
    fn new(blocks: Blocks) -> Self {
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
                    self.leave(current.value())?;
                }
            } else {
                self.leave(current.value())?;
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

    /// Whether to look inside the node.
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
        if boilerplate::is_never_text(e) || (!self.keep_all && boilerplate::is_boilerplate(element))
        {
            return Ok(false);
        }
        let name = e.name();
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

    fn leave(&mut self, node: &Node) -> Result<(), ExtractError> {
        let Node::Element(e) = node else {
            return Ok(());
        };
        let name = e.name();
        if name == "a" {
            self.add_contact(e.attr("href").unwrap_or_default());
        }
        if let Some(grid) = &mut self.grid {
            match name {
                "table" if self.inner_tables > 0 => self.inner_tables -= 1,
                "table" => {
                    self.text.clear();
                    if let Some(grid) = self.grid.take() {
                        self.blocks.table(&grid.into_table(), None)?;
                    }
                }
                _ if self.inner_tables > 0 => self.text.push(' '),
                "td" | "th" => grid.close_cell(std::mem::take(&mut self.text)),
                "tr" => grid.close_row(),
                "thead" => grid.end_of_header(),
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

    /// A telephone number or address may stand only in the link: "Call us".
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

    /// A paragraph inside a list item, heading or quotation continues that block.
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
        self.blocks.push(kind, &text, None)
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "header"
            | "footer"
            | "blockquote"
            | "figure"
            | "figcaption"
            | "address"
            | "details"
            | "form"
            | "fieldset"
            | "hr"
            | "body"
            | "td"
            | "tr"
            | "th"
            | "aside"
            | "nav"
            | "center"
            | "dl"
            | "legend"
            | "hgroup"
            | "label"
    )
}
