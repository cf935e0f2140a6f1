//! A slide: the texts of its shapes.

use super::records::{self, Record};
use super::table;
use crate::extract::compound::{decode_wide, u16_at, u32_at};
use crate::extract::table::Table;
use crate::extract::{BlockKind, Blocks, ExtractError, LINE_BREAK};

/// Kinds of text (MS-PPT 2.13.33).
const TITLE: u32 = 0;
const BODY: u32 = 1;
const NOTES: u32 = 2;
const OTHER: u32 = 4;
const CENTERED_BODY: u32 = 5;
const CENTERED_TITLE: u32 = 6;
const HALF_BODY: u32 = 7;
const QUARTER_BODY: u32 = 8;
/// The bit of a slide's show that hides it.
const HIDDEN: u16 = 4;
/// The kind of shape that shows a picture.
const PICTURE: u16 = 75;
/// What stands in for the number of the slide, its date or its footer.
const FIELD: &str = "*";
/// Most texts of a slide.
const MAX_TEXTS: usize = 10_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    kind: u32,
    text: String,
}

impl Text {
    fn is_title(&self) -> bool {
        matches!(self.kind, TITLE | CENTERED_TITLE)
    }

    /// The text as one line.
    pub(super) fn joined(&self) -> String {
        self.text.replace(['\r', '\u{b}'], " ")
    }

    fn is_shown(&self) -> bool {
        !matches!(self.text.trim(), "" | FIELD)
    }

    fn append(&self, blocks: &mut Blocks, page: u32) -> Result<(), ExtractError> {
        let text = self
            .text
            .replace('\u{b}', LINE_BREAK.encode_utf8(&mut [0; 4]));
        if self.is_title() {
            let title = text.replace(['\r', LINE_BREAK], " ");
            return blocks.push(BlockKind::Heading(2), &title, Some(page));
        }
        let paragraphs: Vec<&str> = text.split('\r').filter(|p| !p.trim().is_empty()).collect();
        let bulleted = matches!(self.kind, BODY | CENTERED_BODY | HALF_BODY | QUARTER_BODY);
        let kind = match bulleted && paragraphs.len() > 1 {
            true => BlockKind::ListItem,
            false => BlockKind::Paragraph,
        };
        (paragraphs.iter()).try_for_each(|paragraph| blocks.push(kind, paragraph, Some(page)))
    }
}

/// Texts among records: a kind, then the characters.
pub(super) fn split_texts<'s>(records: impl Iterator<Item = Record<'s>>) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    for record in records {
        let text = match record.kind {
            records::TEXT_KIND if texts.len() < MAX_TEXTS => {
                let kind = u32_at(record.content, 0).unwrap_or(OTHER);
                texts.push(Text {
                    kind,
                    text: String::new(),
                });
                continue;
            }
            records::TEXT_WIDE => decode_wide(record.content),
            // The low bytes of UTF-16.
            records::TEXT_NARROW => record.content.iter().copied().map(char::from).collect(),
            _ => continue,
        };
        if let Some(last) = texts.last_mut() {
            last.text.push_str(&text);
        }
    }
    texts
}

/// What a slide shows.
#[derive(Debug)]
pub(super) enum Item {
    Text(Text),
    Table(Table),
}

impl Item {
    pub(super) fn is_title(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_title())
    }

    pub(super) fn is_notes(&self) -> bool {
        matches!(self, Self::Text(text) if text.kind == NOTES)
    }

    pub(super) fn append(&self, blocks: &mut Blocks, page: u32) -> Result<(), ExtractError> {
        match self {
            Self::Text(text) => text.append(blocks, page),
            Self::Table(table) => blocks.push_table(table, Some(page)),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Slide {
    pub items: Vec<Item>,
    pub hidden: bool,
    pub pictures: usize,
    /// The id of its notes; 0 for none.
    pub notes: u32,
}

impl Slide {
    /// `listed` are the texts that the list of slides holds for this one; shapes name them by their number.
    pub(super) fn read(content: &[u8], listed: &[Text]) -> Self {
        let mut out = Self::default();
        let mut named = vec![false; listed.len()];
        records::each(content, &mut |record| {
            match record.kind {
                records::SLIDE => out.notes = u32_at(record.content, 16).unwrap_or(0),
                records::SHOW => {
                    let flags = u16_at(record.content, 10).unwrap_or(0);
                    out.hidden = flags & HIDDEN != 0;
                }
                records::GROUP => {
                    if let Some(table) = table::read(record.content) {
                        out.items.push(Item::Table(table));
                        return false;
                    }
                }
                records::SHAPE => {
                    out.add_shape(record.content, listed, &mut named);
                    return false;
                }
                _ => {}
            }
            true
        });
        out
    }

    fn add_shape(&mut self, content: &[u8], listed: &[Text], named: &mut [bool]) {
        let mut found = Vec::new();
        let mut elsewhere = None;
        records::each(content, &mut |record| {
            match record.kind {
                records::SHAPE_HEAD => self.pictures += usize::from(record.instance == PICTURE),
                records::TEXT_ELSEWHERE => elsewhere = u32_at(record.content, 0),
                _ => found.push(record),
            }
            true
        });
        let number = elsewhere.map(|number| number as usize);
        let mut texts = split_texts(found.into_iter());
        if let Some(number) = number
            && let (Some(text), Some(is_named)) = (listed.get(number), named.get_mut(number))
            && !std::mem::replace(is_named, true)
        {
            texts.insert(0, text.clone());
        }
        let shown = texts.into_iter().filter(Text::is_shown);
        self.items.extend(shown.map(Item::Text));
    }
}
