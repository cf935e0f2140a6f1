//! Styles (MS-DOC 2.9.271): which are headings, which are hidden.

use super::runs::{Letters, Paragraph};
use crate::extract::compound::u16_at;

/// Longest chain of styles based on each other; longer ones are loops.
const MAX_CHAIN: usize = 20;
/// What `base` is for a style without one.
const NONE: u16 = 0x0FFF;
/// The built-in styles "heading 1" to "heading 9", and "Title".
const HEADINGS: std::ops::RangeInclusive<u16> = 1..=9;
const TITLE: u16 = 62;
const OF_PARAGRAPHS: u16 = 1;
const OF_LETTERS: u16 = 2;

#[derive(Default)]
struct Style {
    /// The number that a built-in style has in each file.
    built_in: u16,
    base: u16,
    paragraph: Paragraph,
    letters: Letters,
}

#[derive(Default)]
pub(super) struct Styles(Vec<Option<Style>>);

pub(super) fn read(part: &[u8]) -> Styles {
    read_all(part).unwrap_or_default()
}

fn read_all(part: &[u8]) -> Option<Styles> {
    let head = usize::from(u16_at(part, 0)?);
    let fixed = usize::from(u16_at(part, 4)?);
    let mut rest = part.get(2 + head..)?;
    let mut styles = Vec::new();
    while let Some(length) = u16_at(rest, 0).map(usize::from) {
        let Some(style) = rest.get(2..2 + length) else {
            break;
        };
        styles.push(read_style(style, fixed));
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    Some(Styles(styles))
}

/// `fixed` is the length of what stands before the name.
fn read_style(style: &[u8], fixed: usize) -> Option<Style> {
    let kind = u16_at(style, 2)?;
    let mut out = Style {
        built_in: u16_at(style, 0)? & 0x0FFF,
        base: kind >> 4,
        ..Style::default()
    };
    let name = usize::from(u16_at(style, fixed)?);
    // The name ends with a zero; what follows begins at an even place.
    let mut at = fixed + 2 + (name + 1) * 2;
    let mut next = || {
        let length = usize::from(u16_at(style, at)?);
        let content = style.get(at + 2..at + 2 + length)?;
        at += 2 + length + length % 2;
        Some(content)
    };
    match kind & 0xF {
        OF_PARAGRAPHS => {
            if let Some(properties) = next().and_then(|p| p.get(2..)) {
                out.paragraph.apply(properties);
            }
            out.letters.apply(next().unwrap_or_default());
        }
        OF_LETTERS => out.letters.apply(next().unwrap_or_default()),
        _ => {}
    }
    Some(out)
}

impl Styles {
    /// A style and those it is based on, nearest first.
    fn chain(&self, number: u16) -> impl Iterator<Item = &Style> {
        let get = |number: u16| self.0.get(usize::from(number))?.as_ref();
        std::iter::successors(get(number), move |style| {
            (style.base != NONE).then(|| get(style.base)).flatten()
        })
        .take(MAX_CHAIN)
    }

    /// The level of a heading, from 1.
    pub(super) fn heading(&self, number: u16) -> Option<u8> {
        self.chain(number).find_map(|style| {
            let by_name = match style.built_in {
                TITLE => Some(1),
                level if HEADINGS.contains(&level) => u8::try_from(level.min(6)).ok(),
                _ => None,
            };
            by_name.or_else(|| level(style.paragraph.outline))
        })
    }

    /// The list that its paragraphs belong to, and their level in it; the nearest style that tells counts.
    pub(super) fn list(&self, number: u16) -> (Option<u16>, Option<u8>) {
        let list = self.chain(number).find_map(|style| style.paragraph.list);
        let level = self.chain(number).find_map(|style| style.paragraph.level);
        (list, level)
    }

    pub(super) fn is_hidden(&self, number: u16) -> bool {
        let mut chain = self.chain(number);
        chain.find_map(|style| style.letters.hidden) == Some(true)
    }
}

/// The level of a heading by the outline's, which is 9 for text.
pub(super) fn level(outline: Option<u8>) -> Option<u8> {
    outline.filter(|level| *level < 6).map(|level| level + 1)
}
