//! Markdown: CommonMark with tables, footnotes and task lists; also MDX.

use pulldown_cmark::{Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::{
    BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, decode, html, plain,
    raised, table::Table,
};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, None);
    if !decode::is_text(&text) {
        return Err(ExtractError::Unsupported {
            seems_to_be: "binary data of an unknown kind".into(),
        });
    }
    let text = strip_module_lines(&text);
    let mut reader = Reader::new(limits);
    reader.width = plain::wrap_width(&text.lines().collect::<Vec<_>>());
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    for event in Parser::new_ext(&text, options) {
        reader.event(event)?;
    }
    reader.flush()?;
    let mut out = reader.blocks.finish(Format::Markdown);
    out.title = reader.title;
    Ok(out)
}

/// Removes the `import` and `export` lines of MDX files, which are code.
fn strip_module_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let module = (line.starts_with("import ")
            && (line.contains(" from ") || line.contains('\'') || line.contains('"')))
            || line.starts_with("export const ")
            || line.starts_with("export default ");
        if fenced || !module {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

struct Reader {
    blocks: Blocks,
    text: String,
    kind: BlockKind,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    table: Option<Table>,
    row: Vec<String>,
    /// The HTML block being collected.
    raw: String,
    metadata: bool,
    /// The width at which the source is wrapped, in characters.
    width: usize,
    title: Option<String>,
}

impl Reader {
    fn new(limits: &Limits) -> Self {
        Self {
            blocks: Blocks::new(limits),
            text: String::new(),
            kind: BlockKind::Paragraph,
            lists: Vec::new(),
            table: None,
            row: Vec::new(),
            raw: String::new(),
            metadata: false,
            width: 0,
            title: None,
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), ExtractError> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::End(tag) => self.end(tag)?,
            Event::Text(t) if self.metadata => self.read_front_matter(&t),
            Event::Text(t) | Event::Code(t) | Event::InlineMath(t) | Event::DisplayMath(t) => {
                self.text.push_str(&t);
            }
            Event::Html(t) => self.raw.push_str(&t),
            Event::InlineHtml(t) => {
                if t.starts_with("<br") {
                    self.text.push(' ');
                } else if t.starts_with("<sup") {
                    self.text.push(raised::BEGIN);
                } else if t.starts_with("</sup") {
                    self.text.push(raised::END);
                }
            }
            Event::SoftBreak => self.text.push('\n'),
            Event::HardBreak => self.text.push(LINE_BREAK),
            Event::FootnoteReference(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), ExtractError> {
        match tag {
            Tag::Heading { level, .. } => self.begin(BlockKind::Heading(rank(*level))),
            Tag::CodeBlock(_) => self.begin(BlockKind::Code),
            Tag::List(number) => {
                self.flush()?;
                self.lists.push(*number);
                Ok(())
            }
            Tag::Item => {
                self.begin(BlockKind::ListItem)?;
                if let Some(Some(number)) = self.lists.last_mut() {
                    self.text = format!("{number}. ");
                    *number += 1;
                }
                Ok(())
            }
            Tag::Paragraph if self.kind == BlockKind::ListItem => Ok(()),
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => {
                self.begin(BlockKind::Paragraph)
            }
            Tag::Table(_) => {
                self.flush()?;
                self.table = Some(Table::new(1));
                Ok(())
            }
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle) => {
                self.metadata = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), ExtractError> {
        match tag {
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.text)),
            TagEnd::TableRow | TagEnd::TableHead => {
                let row = std::mem::take(&mut self.row);
                if let Some(table) = &mut self.table {
                    table.push(row);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.blocks.push_table(&table, None)?;
                }
            }
            TagEnd::List(_) => {
                self.flush()?;
                self.lists.pop();
            }
            TagEnd::HtmlBlock => {
                let raw = std::mem::take(&mut self.raw);
                self.flush()?;
                html::append_fragment(&raw, &mut self.blocks)?;
            }
            TagEnd::MetadataBlock(_) => self.metadata = false,
            TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::Paragraph | TagEnd::Item => {
                self.flush()?
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, kind: BlockKind) -> Result<(), ExtractError> {
        self.flush()?;
        self.kind = kind;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ExtractError> {
        let text = std::mem::take(&mut self.text);
        let kind = std::mem::replace(&mut self.kind, BlockKind::Paragraph);
        match kind {
            BlockKind::Paragraph => {
                self.blocks
                    .push(kind, &plain::unwrap_lines(&text, self.width), None)
            }
            _ => self.blocks.push(kind, &text, None),
        }
    }

    /// Of the front matter, only the title is text for readers.
    fn read_front_matter(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((key, value)) = line.split_once([':', '='])
                && key.trim().eq_ignore_ascii_case("title")
            {
                let value = value.trim().trim_matches(['"', '\'']);
                if !value.is_empty() {
                    self.title = Some(value.to_owned());
                }
            }
        }
    }
}

fn rank(level: HeadingLevel) -> u8 {
    level as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_blocks(text: &str) -> (Option<String>, Vec<(BlockKind, String)>) {
        let read = read(text.as_bytes(), &Limits::default()).expect("Markdown is read");
        (
            read.title,
            read.blocks.into_iter().map(|b| (b.kind, b.text)).collect(),
        )
    }

    #[test]
    fn keeps_headings_lists_tables_and_code() {
        let (title, got) = read_blocks(
            "---\ntitle: \"Fees\"\n---\nimport X from './x'\n\n# Fees\nOne\ntwo **bold** [link](https://a.b).\n\n- first\n- second\n  - nested\n\n1. step\n2. step\n\n| Service | Fee |\n|---|---|\n| Exam | $62 |\n\n```\nlet a;\n```\n<Note>Closed on <b>Monday</b>.</Note>\n",
        );
        assert_eq!(title.as_deref(), Some("Fees"));
        let want = [
            (BlockKind::Heading(1), "Fees"),
            (BlockKind::Paragraph, "One two bold link."),
            (BlockKind::ListItem, "first"),
            (BlockKind::ListItem, "second"),
            (BlockKind::ListItem, "nested"),
            (BlockKind::ListItem, "1. step"),
            (BlockKind::ListItem, "2. step"),
            (BlockKind::TableRow, "Service: Exam | Fee: $62"),
            (BlockKind::Code, "let a;"),
            (BlockKind::Paragraph, "Closed on Monday."),
        ];
        assert_eq!(got, want.map(|(k, t)| (k, t.to_owned())));
    }
}
