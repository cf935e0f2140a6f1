//! PowerPoint 97 to 2003 (MS-PPT): a compound file whose stream is a tree of records. Each slide is a page.
//!
//! Saving appends what changed, so slides that are no longer shown stay in the file: only those are read that the last
//! edit names.

mod edits;
#[cfg(test)]
mod ppt97_tests;
mod records;
mod slide;
mod table;

use self::edits::Edits;
use self::records::{Record, children};
use self::slide::{Item, Slide, Text, split_texts};
use super::compound::{Compound, u32_at};
use super::hidden::Hidden;
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, summary};

/// Most slides to read.
const MAX_SLIDES: usize = 3_000;
/// Lists of slides by their instance.
const SLIDES: u16 = 0;
const NOTES: u16 = 2;

/// A slide as the list of slides tells it, with the texts of its placeholders.
struct Listed {
    /// Its number among the parts of the file.
    part: u32,
    id: u32,
    texts: Vec<Text>,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut file = Compound::open(bytes, limits)?;
    let user = file.stream("/Current User")?.unwrap_or_default();
    let stream = file.stream("/PowerPoint Document")?.unwrap_or_default();
    let edits = Edits::read(&stream, &user)?;
    let document = edits
        .document(&stream)
        .ok_or_else(|| ExtractError::malformed("its main part is missing"))?;
    let (mut slides, mut notes) = (Vec::new(), Vec::new());
    for list in children(document.content) {
        match (list.kind, list.instance) {
            (records::LIST_OF_SLIDES, SLIDES) => slides = read_list(list.content),
            (records::LIST_OF_SLIDES, NOTES) => notes = read_list(list.content),
            _ => {}
        }
    }
    let mut blocks = Blocks::new(limits);
    let (mut hidden, mut pictures) = (Hidden::new(limits), 0);
    let mut pages = 0;
    for (number, listed) in (1..).zip(slides.into_iter().take(MAX_SLIDES)) {
        pages = number;
        let Some(record) = edits.part(&stream, listed.part) else {
            continue;
        };
        let slide = Slide::read(record.content, &listed.texts);
        if slide.hidden {
            hidden.slides += 1;
            if !hidden.read {
                continue;
            }
        }
        pictures += usize::from(slide.pictures > 0 && slide.items.is_empty());
        append(&slide.items, &mut blocks, number)?;
        let spoken = notes
            .iter()
            .find(|n| slide.notes != 0 && n.id == slide.notes);
        let spoken = spoken.and_then(|notes| Some((notes, edits.part(&stream, notes.part)?)));
        if let Some((notes, record)) = spoken {
            let mut said = Slide::read(record.content, &notes.texts).items;
            said.retain(Item::is_notes);
            if !said.is_empty() {
                // Speaker notes are not for the audience.
                hidden.spoken += 1;
                if hidden.read {
                    append(&said, &mut blocks, number)?;
                }
            }
        }
    }
    if blocks.blocks.is_empty() && pictures > 0 {
        return Err(ExtractError::NoText);
    }
    let mut titles = blocks.blocks.iter();
    let title = titles.find(|b| matches!(b.kind, BlockKind::Heading(_)));
    let title = title.map(|b| b.text.clone());
    let mut out = blocks.finish(Format::Ppt);
    out.title = title;
    summary::describe(&mut file, &mut out)?;
    out.pages = Some(pages);
    hidden.add_notes(&mut out);
    if pictures > 0 {
        out.notes.push(format!(
            "{pictures} slides hold pictures and no text; what is written in the pictures was not read."
        ));
    }
    Ok(out)
}

/// Reads a list of slides: each begins with its number, and its texts follow.
fn read_list(content: &[u8]) -> Vec<Listed> {
    let all: Vec<Record<'_>> = children(content).collect();
    let begins = |record: &Record<'_>| record.kind == records::SLIDE_IN_LIST;
    let mut slides = Vec::new();
    for group in all.chunk_by(|_, next| !begins(next)) {
        if let Some((head, texts)) = group.split_first()
            && begins(head)
            && let (Some(part), Some(id)) = (u32_at(head.content, 0), u32_at(head.content, 12))
        {
            let texts = split_texts(texts.iter().copied());
            slides.push(Listed { part, id, texts });
        }
    }
    slides
}

/// Appends what a slide shows, its title first.
fn append(items: &[Item], blocks: &mut Blocks, page: u32) -> Result<(), ExtractError> {
    let (titles, others): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|i| i.is_title());
    for item in titles.into_iter().chain(others) {
        item.append(blocks, page)?;
    }
    Ok(())
}
