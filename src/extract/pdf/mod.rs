//! PDF documents: assembles the glyphs of each page into lines, columns, tables and paragraphs.
//!
//! `hayro-interpret` reads the file and reports which glyph is drawn where; everything else is derived
//! from the positions. [`glyphs`] collects them, [`lines`] finds the reading order, [`raised`] finds
//! superscript, [`ruling`] reads the boxes of ruled tables, [`rows`] finds tables and [`columns`] their columns, [`furniture`] removes running
//! headers, and [`structure`] makes blocks.

mod columns;
mod curves;
mod fields;
mod furniture;
mod glyphs;
mod lines;
mod paint;
mod raised;
mod rows;
mod rtl;
mod ruling;
mod scan;
mod seen;
mod structure;
mod unpacked;

use hayro_interpret::InterpreterCache;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use super::ocr::{Picture, SeenPage};
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, clean};

/// Percentage of unreadable letters above which the owner gets a note.
const UNREADABLE_NOTE: usize = 5;

/// A PDF whose pages are drawn to be looked at.
pub(super) struct Scans {
    pdf: Pdf,
}

impl Scans {
    pub(super) fn open(bytes: &[u8], limits: &Limits) -> Result<Self, ExtractError> {
        open(bytes, limits).map(|pdf| Self { pdf })
    }

    pub(super) fn pages(&self) -> u32 {
        u32::try_from(self.pdf.pages().len()).unwrap_or(u32::MAX)
    }

    /// The pictures on a page (from 1), and the size of one of their points in points of the page.
    pub(super) fn draw(&self, page: u32) -> Option<(Picture, f32)> {
        let at = usize::try_from(page).ok()?.checked_sub(1)?;
        let page = self.pdf.pages().get(at)?;
        scan::draw(&self.pdf, page, &InterpreterCache::new())
    }
}

/// Appends the blocks of pages of which only the looks are known.
pub(super) fn append_seen(seen: &[SeenPage], blocks: &mut Blocks) -> Result<(), ExtractError> {
    let pages: Vec<structure::Page> = seen
        .iter()
        .map(|page| structure::Page {
            number: page.page,
            lines: lines::read(seen::glyphs(page, &[])),
        })
        .collect();
    structure::append(&pages, blocks)
}

fn open(bytes: &[u8], limits: &Limits) -> Result<Pdf, ExtractError> {
    unpacked::check(bytes, limits)?;
    let pdf = Pdf::new(bytes.to_vec()).map_err(|e| match e {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ExtractError::Encrypted,
        LoadPdfError::Decryption(_) => {
            ExtractError::malformed("its encryption is of an unknown or broken kind")
        }
        LoadPdfError::Invalid => ExtractError::malformed("it has no readable pages"),
    })?;
    let count = u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX);
    if count > limits.max_pages {
        return Err(ExtractError::TooManyPages {
            pages: count,
            limit: limits.max_pages,
        });
    }
    Ok(pdf)
}

/// `looks` are the pages that were looked at.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    looks: &[SeenPage],
) -> Result<Extracted, ExtractError> {
    let pdf = open(bytes, limits)?;
    let count = u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX);
    let mut collector = glyphs::Collector::new(&pdf, limits);
    let mut pages = Vec::new();
    for (i, page) in pdf.pages().iter().enumerate() {
        let number = i as u32 + 1;
        let mut drawn = collector.page(page)?;
        if let Some(look) = looks.iter().find(|look| look.page == number) {
            drawn.extend(seen::glyphs(look, &drawn));
        }
        pages.push(structure::Page {
            number,
            lines: lines::read(drawn),
        });
    }
    let seen = collector.seen();
    let unseen = |page: &&u32| !looks.iter().any(|look| look.page == **page);
    let pictured: Vec<u32> = collector
        .pictured()
        .iter()
        .filter(unseen)
        .copied()
        .collect();
    let scans: Vec<u32> = collector.scans().iter().filter(unseen).copied().collect();
    // Running lines with words in them name the document: keep each once, at the start.
    let running = furniture::remove(&mut pages);
    let mut blocks = Blocks::new(limits);
    for line in running {
        blocks.push(BlockKind::Paragraph, &line, Some(1))?;
    }
    structure::append(&pages, &mut blocks)?;
    if blocks.blocks.is_empty() {
        return Err(if !scans.is_empty() {
            ExtractError::Pictures { pages: scans }
        } else if !looks.is_empty() {
            ExtractError::NothingSeen
        } else if seen.pictures > 0 || seen.unreadable > 0 {
            ExtractError::NoText
        } else if count == 0 {
            ExtractError::malformed("it has no pages")
        } else {
            ExtractError::Empty
        });
    }
    let mut out = blocks.finish(Format::Pdf);
    out.pages = Some(count);
    out.scans = scans;
    out.title = title(&pdf);
    if seen.unreadable * 100 > (seen.letters + seen.unreadable) * UNREADABLE_NOTE {
        out.notes.push(format!(
            "{} of {} characters have no known letter in the file's fonts and are missing from the text. \
             If the text looks wrong, save the document as a PDF again, or upload the original.",
            seen.unreadable,
            seen.letters + seen.unreadable
        ));
    }
    out.notes.extend(pictures_note(&pictured));
    if seen.unseen > 0 {
        out.notes.push(format!(
            "{} letters have the colour of the paper and were left out.",
            seen.unseen
        ));
    }
    out.written_at = (pdf.metadata().modification_date)
        .or(pdf.metadata().creation_date)
        .and_then(|at| to_unix_ms(&at));
    Ok(out)
}

/// The note about pages without text: "Pages 2, 5-7 are pictures".
fn pictures_note(pages: &[u32]) -> Option<String> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for page in pages {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *page => *last = *page,
            _ => ranges.push((*page, *page)),
        }
    }
    let named: Vec<String> = ranges
        .iter()
        .map(|(a, b)| match a == b {
            true => a.to_string(),
            false => format!("{a}-{b}"),
        })
        .collect();
    match pages {
        [] => None,
        [page] => Some(format!(
            "Page {page} is a picture: its text was not read. Get text recognition with `frontdesk models get pp-ocrv6-tiny` \
             and read the document again, or upload the text of that page."
        )),
        _ => Some(format!(
            "Pages {} are pictures: their text was not read. Get text recognition with `frontdesk models get pp-ocrv6-tiny` \
             and read the document again, or upload the text of those pages.",
            named.join(", ")
        )),
    }
}

/// Converts a date of the file's properties to Unix ms (noon UTC of that day).
fn to_unix_ms(at: &hayro_interpret::hayro_syntax::object::DateTime) -> Option<i64> {
    let date = jiff::civil::Date::new(
        i16::try_from(at.year).ok()?,
        i8::try_from(at.month).ok()?,
        i8::try_from(at.day).ok()?,
    );
    let noon = date.ok()?.at(12, 0, 0, 0);
    let zoned = noon.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// The title in the file's properties, unless a program put a file name there.
fn title(pdf: &Pdf) -> Option<String> {
    let raw = pdf.metadata().title.as_deref()?;
    // Text strings are UTF-16 or UTF-8 with a byte order mark, or in an encoding close to Latin-1 (ISO 32000-1, 7.9.2.2).
    let text = match encoding_rs::Encoding::for_bom(raw) {
        Some((encoding, _)) => encoding.decode(raw).0.into_owned(),
        None => std::str::from_utf8(raw).map_or_else(
            |_| encoding_rs::WINDOWS_1252.decode(raw).0.into_owned(),
            str::to_owned,
        ),
    };
    let text = clean::flowing(&text);
    let lower = text.to_ascii_lowercase();
    let from_a_program = lower.starts_with("microsoft word")
        || lower.starts_with("untitled")
        || lower.starts_with("(anonymous)")
        || [
            ".doc", ".docx", ".pdf", ".indd", ".tex", ".dvi", ".odt", ".ps", ".rtf",
        ]
        .iter()
        .any(|e| lower.ends_with(e));
    (!text.is_empty() && !from_a_program).then_some(text)
}
